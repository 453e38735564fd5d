"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.export.export_archive import ExportArchive as ExportArchive

__all__ = [
    "ExportArchive",
]
