"""`Model.export` without the library onnx, and for formats that it cannot write."""

from __future__ import annotations

import sys

import pytest

import minikeras as keras
from minikeras import layers


def small():
    return keras.Sequential([keras.Input((4,)), layers.Dense(2)], name="small")


def test_without_onnx(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r'pip install "minikeras-numpy\[onnx\]"'):
        small().export(tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", [None, "tf_saved_model", "openvino", "litert", "torch", "other"])
def test_other_formats(format, tmp_path):
    with pytest.raises(ValueError, match="exported to ONNX files only") as error:
        small().export(tmp_path / "model", format=format)
    if format == "torch":
        assert "needs PyTorch" in str(error.value)
