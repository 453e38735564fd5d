"""A training with split weights that begins in one library and goes on in another (`LIBRARY FOLDER`)."""

import importlib
import json
import os
import sys

import numpy as np

_, library, folder = sys.argv
keras = importlib.import_module(library)
distribution = keras.distribution
file = os.path.join(folder, "model.keras")

keras.utils.set_random_seed(0)
n = distribution.get_device_count()
mesh = distribution.DeviceMesh((n // 2, 2), ["batch", "model"], distribution.list_devices())
layouts = distribution.LayoutMap(mesh)
layouts["hidden/kernel"] = (None, "model")
layouts["hidden/bias"] = ("model",)
layouts["words/embeddings"] = ("model", None)
distribution.set_distribution(
    distribution.ModelParallel(layout_map=layouts, batch_dim_name="batch")
)
rng = np.random.default_rng(0)
x, y = rng.integers(0, 30, (64, 6)), rng.normal(size=(64, 1)).astype("float32")
options = {"batch_size": 16, "epochs": 4, "verbose": 0, "shuffle": False}
if os.path.exists(file):
    model = keras.saving.load_model(file)
    history = model.fit(x, y, initial_epoch=2, **options)
else:
    inputs = keras.Input((6,), dtype="int32")
    h = keras.layers.Flatten()(keras.layers.Embedding(30, 8, name="words")(inputs))
    h = keras.layers.Dense(16, "relu", name="hidden")(h)
    model = keras.Model(inputs, keras.layers.Dense(1)(h))
    model.compile("adam", "mse")
    history = model.fit(x, y, **{**options, "epochs": 2})
    model.save(file)
with open(os.path.join(folder, f"{library}.json"), "w") as out:  # all ranks write the same
    json.dump(history.history["loss"], out)
