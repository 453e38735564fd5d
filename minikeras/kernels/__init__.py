"""The arithmetic: arrays in, arrays out. Knows nothing of graphs, layers or Keras.

Each file holds one heavy operation, its forward and its backward as neighbours. A forward returns the
result and what its backward needs; the backward returns one gradient per input.
"""
