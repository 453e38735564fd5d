"""The Sequential model: building late, popping, features, debugging by summary."""

import numpy as np
import keras
from keras import layers, ops

keras.utils.set_random_seed(11)

model = keras.Sequential(
    [
        layers.Dense(2, activation="relu", name="layer1"),
        layers.Dense(3, activation="relu", name="layer2"),
        layers.Dense(4, name="layer3"),
    ]
)
x = ops.ones((3, 3))
y = model(x)
assert tuple(y.shape) == (3, 4)
model.pop()
assert len(model.layers) == 2

model = keras.Sequential(name="my_sequential")
model.add(layers.Dense(2, activation="relu", name="layer1"))
model.add(layers.Dense(4, name="layer3"))
assert model.layers[0].weights == []
x = ops.ones((1, 4))
y = model(x)
assert len(model.weights) == 4

model = keras.Sequential()
model.add(keras.Input(shape=(32, 32, 3)))
model.add(layers.Conv2D(4, 5, strides=2, activation="relu"))
model.add(layers.Conv2D(4, 3, activation="relu"))
model.add(layers.MaxPooling2D(3))
model.summary()
assert model.output_shape == (None, 4, 4, 4)
model.add(layers.GlobalMaxPooling2D())
model.add(layers.Dense(10))

feature_extractor = keras.Model(
    inputs=model.inputs, outputs=[layer.output for layer in model.layers]
)
features = feature_extractor(ops.ones((1, 32, 32, 3)))
assert [tuple(f.shape) for f in features][-2:] == [(1, 4), (1, 10)]

for layer in model.layers[:-1]:
    layer.trainable = False
assert len(model.trainable_weights) == 2
before = [w.copy() for w in model.get_weights()]
model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(np.random.rand(8, 32, 32, 3), np.arange(8) % 10, verbose=0)
after = model.get_weights()
assert all(np.array_equal(a, b) for a, b in zip(before[:-2], after[:-2]))
assert not np.array_equal(before[-2], after[-2])
