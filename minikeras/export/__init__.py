"""Models for other programs: `Model.export` writes them as ONNX files.

Three storeys of its own: `tracing.py` runs a model on arrays that are not there (with `sizes.py` for sizes
that are not known); `graph.py` collects what comes of it; the files beside it say, by subject, what each
primitive is in ONNX. `onnx_format.py` puts them together, `export_lib.py` is what users call.
"""

from minikeras.common.late_names import late_names as _late_names
from minikeras.export.export_archive import ExportArchive as ExportArchive

__getattr__, __dir__, __all__ = _late_names(globals())
