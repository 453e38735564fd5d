"""Makes `files/feature_space.zip` with Keras on TensorFlow, which its `FeatureSpace` needs; not run by
the tests.

    KERAS_BACKEND=tensorflow python make_feature_space.py FOLDER

was run with keras 3.15.1 and tensorflow-cpu 2.21.0. The folder is kept as `feature_space.zip`:

    data.npz        columns of a table; `encoded`, what the space makes of them; `predicted`, what the
                    model does; `batched` and `bounds`, a column and what its bins begin with
    space.keras     a `FeatureSpace`
    model.keras     a functional model on its raw columns
"""

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras.utils import FeatureSpace

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(0)
n = 40
table = {
    "age": rng.integers(20, 40, n),
    "bmi": rng.normal(25, 4, n).astype("float32"),
    "cholesterol": rng.normal(200, 30, n).astype("float32"),
    "thal": rng.choice(["normal", "fixed", "réversible"], n),
    "town": rng.choice(["A", "Bb", "Ccc", "Dddd"], n),
    "postcode": rng.integers(0, 1000, n),
    "sex": rng.integers(0, 2, n),
    "score": rng.normal(size=n).astype("float32"),
    "raw": rng.normal(size=n).astype("float32"),
}
keras.utils.set_random_seed(1)
space = FeatureSpace(
    {
        "age": "integer_categorical",
        "bmi": "float_normalized",
        "cholesterol": FeatureSpace.float_discretized(num_bins=5),
        "thal": "string_categorical",
        "town": FeatureSpace.string_hashed(num_bins=7),
        "postcode": FeatureSpace.integer_hashed(num_bins=6),
        "sex": FeatureSpace.integer_categorical(num_oov_indices=0),
        "score": FeatureSpace.float_rescaled(scale=2.0, offset=1.0),
        "raw": "float",
    },
    crosses=[("sex", "thal"), FeatureSpace.cross(("thal", "town"), crossing_dim=11)],
    crossing_dim=9,
)
space.adapt(table)
space.save(folder / "space.keras")
outputs = keras.layers.Dense(1, activation="sigmoid")(space.get_encoded_features())
model = keras.Model(space.get_inputs(), outputs)
model.save(folder / "model.keras")

batched = rng.normal(size=500).astype("float32")
bins = FeatureSpace({"x": FeatureSpace.float_discretized(num_bins=4)})
bins.adapt({"x": batched})
columns = {name: tf.constant(column[:, None]) for name, column in table.items()}
np.savez_compressed(
    folder / "data.npz",
    **table,
    encoded=np.asarray(space(table)),
    predicted=np.asarray(model(columns)),
    batched=batched,
    bounds=bins.preprocessors["x"].bin_boundaries,
)
