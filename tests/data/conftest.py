"""Makes the tables of `cases/` importable as `data_cases`."""

from importlib.util import find_spec

from case_tables import make_importable

make_importable("data_cases", "data")

# The tables hold what tf.data gives; where TensorFlow is installed, they are checked against it.
collect_ignore = [] if find_spec("tensorflow") else ["test_with_tensorflow.py"]
