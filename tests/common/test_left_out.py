"""What needs another framework is there, and says so when it is made."""

import pytest

import minikeras
from minikeras import callbacks, layers
from minikeras.export import ExportArchive


@pytest.mark.parametrize(
    ("cls", "needs"),
    [
        (layers.TFSMLayer, "TensorFlow"),
        (layers.TorchModuleWrapper, "PyTorch"),
        (layers.JaxLayer, "JAX"),
        (layers.FlaxLayer, "Flax"),
        (ExportArchive, r"model.export\(path, format=\"onnx\"\)"),
        (callbacks.OrbaxCheckpoint, "ModelCheckpoint"),
    ],
)
def test_making_one_says_why_not(cls, needs):
    with pytest.raises(ImportError, match=f"{cls.__name__} is not in minikeras: .*{needs}"):
        cls("anything", 1, unknown=2)
    assert not issubclass(cls, (layers.Layer, minikeras.callbacks.Callback))
