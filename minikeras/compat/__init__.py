"""Older dialects of Keras, and the part of TensorFlow that its scripts touch.

`python -m minikeras script.py` runs a script that says `import keras` or `import tensorflow as tf`, written
for Keras 1, Keras 2, tf.keras or Keras 3, as it is. Everything that knows of older Keras lies in here, one
folder a period; `import minikeras` does not load it, and nothing below knows of it.

- `importer.py` lets `import keras` find what lies in here, while it is active.
- `namespaces.py`: the modules that scripts import, with their names.
- `adapters.py`: a class or function of today under the signature that it once had.
- `extensions.py`: methods that classes of today have in addition, while a dialect is in use.
- `dialects.py`: which period a script is written for; each period has its `signs.py`.
- `runner.py`: the command line; `pytest_plugin.py`: the same for tests.
- `modernize.py`: a script translated into Keras 3, by the same tables.
- `keras1/`, `keras2/`, `keras3/`: tables of names, and what is gone from Keras since.
- `keras_backend/`: `keras.backend` as Keras 1 and 2 had it; `graph_session.py`: graphs of KerasTensors, run
  as sessions ran them.
- `tensorflow/`: TensorFlow's names; `cntk.py`: the few of CNTK that notes show; `other_backends.py`: what
  scripts for JAX and PyTorch are told.
"""

from minikeras.compat.importer import install_as_keras, uninstall

__all__ = ["install_as_keras", "uninstall"]
