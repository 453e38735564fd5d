"""Libraries that are only needed for some things, imported when these are asked for."""

from __future__ import annotations

import importlib
from types import ModuleType

from minikeras.version import DISTRIBUTION


def installation(*extras: str) -> str:
    """Return the command that installs extras of minikeras.

    >>> installation("plot", "io")
    'pip install "minikeras-numpy[plot,io]"'
    """
    return f'pip install "{DISTRIBUTION}[{",".join(extras)}]"'


def require(module: str, extra: str) -> ModuleType:
    """Import an optional library.

    Args:
        module: its name.
        extra: the extra of minikeras that brings it.

    Raises:
        ImportError: if it is not installed, with the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"This needs {module.partition('.')[0]}, which is not installed. "
            f"Run: {installation(extra)}"
        ) from error
