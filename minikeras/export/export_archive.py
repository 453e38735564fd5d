"""`ExportArchive`, which minikeras leaves out."""

from __future__ import annotations

from typing import Any

from minikeras.common.left_out import LeftOut


class ExportArchive(LeftOut):
    """Keras's writer of TensorFlow SavedModels."""

    reason = "it writes a SavedModel, which only TensorFlow can"
    instead = 'Write an ONNX graph with `model.export(path, format="onnx")`.'

    def __init__(self, format: str = "saved_model", **kwargs: Any) -> None: ...
