"""What this machine and this installation are: what `python -m minikeras` shows."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import numpy as np

from minikeras.common.extras import installation
from minikeras.kernels.blas import blas_threads
from minikeras.kernels.parallel import count_cores, threads
from minikeras.version import KERAS_VERSION, __version__

EXTRAS = {
    "arrow": {"pyarrow": "pyarrow"},
    "bfloat16": {"ml_dtypes": "ml_dtypes"},
    "image": {"pillow": "PIL"},
    "io": {"h5py": "h5py", "safetensors": "safetensors"},
    "modernize": {"libcst": "libcst"},
    "mpi": {"mpi4py": "mpi4py"},
    "onnx": {"onnx": "onnx"},
    "pandas": {"pandas": "pandas"},
    "plot": {"matplotlib": "matplotlib", "pydot": "pydot"},
    "sklearn": {"scikit-learn": "sklearn"},
    "tensorboard": {"tensorboardX": "tensorboardX"},
}
"""Of each extra, the distributions that it brings and the modules that these hold."""


def environment_report() -> str:
    """Return lines that tell of versions, processor, threads and extras: the head of a bug report.

    Example:

    >>> from minikeras.utils.environment import environment_report
    >>> print(environment_report())  # doctest: +ELLIPSIS
    minikeras ...
    Python    ...
    """
    facts = {
        "minikeras": f"{__version__}, with the names and files of Keras {KERAS_VERSION}, in "
        f"{os.path.dirname(os.path.dirname(os.path.abspath(__file__)))}",
        "Python": f"{platform.python_version()} ({platform.python_implementation()}), "
        f"{platform.system()} {platform.machine()}",
        "NumPy": f"{np.__version__}, SciPy {_version_of('scipy')}",
        "BLAS": _blas(),
        "threads": f"{threads()} for kernels, on {count_cores()} cores",
        "devices": f"cpu:0{_vectors()}; there are no others",
    }
    installed, missing = [], []
    for extra, parts in EXTRAS.items():
        if all(find_spec(module) is not None for module in parts.values()):
            brought = ", ".join(f"{name} {_version_of(name)}" for name in parts)
            installed.append(f"{extra} ({brought})")
        else:
            missing.append(extra)
    facts["extras"] = "; ".join(installed) or "none"
    if missing:
        facts["missing"] = f"{', '.join(missing)}: {installation(*missing)}"
    return "\n".join(f"{name:9} {fact}" for name, fact in facts.items())


def _version_of(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "of unknown version"


def _build_facts(*keys: str) -> Any:
    """Return what NumPy tells of how it was built."""
    facts: Any = np.show_config(mode="dicts")
    for key in keys:
        facts = (facts or {}).get(key)
    return facts


def _blas() -> str:
    blas = _build_facts("Build Dependencies", "blas") or {}
    name = f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
    count = blas_threads()
    return name if count is None else f"{name}, {count} threads where minikeras leaves it alone"


def _vectors() -> str:
    found = _build_facts("SIMD Extensions", "found")
    return f" ({', '.join(found)})" if found else ""
