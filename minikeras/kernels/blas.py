"""The libraries of linear algebra that NumPy and SciPy bring: what can be asked of them directly.

NumPy shows their products of matrices. How many threads these take, and combinations of vectors in one
pass, are asked of the library itself where it is an OpenBLAS; elsewhere NumPy does what can be done.
"""

from __future__ import annotations

import functools
import glob
import importlib
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

add, multiply, subtract = np.add, np.multiply, np.subtract

LEAST = 16_384
"""Numbers from which one pass by BLAS pays: to call it takes 2 us, three calls of NumPy only one."""


class Blas:
    """What can be asked of a library's own BLAS, where that is an OpenBLAS.

    Args:
        package: the library, `"numpy"` or `"scipy"`: each brings its own.
        linked: a module of it that is linked to BLAS.
    """

    def __init__(self, package: str, linked: str) -> None:
        self.set: Callable | None = None
        self.get: Callable | None = None
        self.core: str | None = None
        """For which processors its kernels are."""
        self.axpby: dict[np.dtype, Callable] = {}
        """The library's functions of this name, by dtype."""
        self.addresses: tuple = ()
        """What gives the memory of an array, and what gives the address of that."""
        self.users = 0
        self.before = 1
        self.lock = threading.Lock()
        for library in _libraries(package, linked):
            for prefix, suffix in (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", "")):
                name = f"{prefix}openblas_{{}}{suffix}".format
                self.set = getattr(library, name("set_num_threads"), None)
                self.get = getattr(library, name("get_num_threads"), None)
                if self.set is not None and self.get is not None:
                    self.core = _core_of(library, name("get_corename"))
                    name = f"{prefix}cblas_{{}}axpby{suffix}".format
                    self.axpby, self.addresses = _combinations(library, name)
                    return
        self.set = self.get = None

    def __enter__(self) -> None:
        if self.set is None:
            return
        with self.lock:
            first = self.users == 0
            if first:
                self.before = self.get()
            self.users += 1  # before the number changes: a fork in between must know of it
            if first and self.before != 1:
                self.set(1)

    def __exit__(self, *error: object) -> None:
        if self.set is None:
            return
        with self.lock:
            if self.users == 1 and self.before != 1:
                self.set(self.before)
            self.users -= 1

    def forget_users(self) -> None:
        """In the child of a fork: give the library its threads back, whoever had taken them."""
        self.lock = threading.Lock()  # another thread, which the child lacks, may hold the old one
        if self.users > 0 and self.before != 1:
            self.set(self.before)
        self.users = 0


def _core_of(library: Any, name: str) -> str | None:
    """Ask a library by its function of that name for which processors its kernels are."""
    import ctypes

    function = getattr(library, name, None)
    if function is None:
        return None
    function.restype = ctypes.c_char_p
    return function().decode()


def _combinations(
    library: Any, name: Callable[[str], str]
) -> tuple[dict[np.dtype, Callable], tuple]:
    """Return a library's functions `axpby` by dtype, and what they need: see `Blas`.

    Args:
        library: the library.
        name: the function's name, of the letter that stands for a dtype.
    """
    import ctypes

    found: dict[np.dtype, Callable] = {}
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        return found, ()
    for code, dtype, kind in (
        ("s", np.float32, ctypes.c_float),
        ("d", np.float64, ctypes.c_double),
    ):
        function = getattr(library, name(code), None)
        if function is None:
            continue
        # Whether it counts with 32 or 64 bits: in a register of 64 small numbers are the same.
        count, vector = ctypes.c_int64, ctypes.c_void_p
        function.argtypes = [count, kind, vector, count, kind, vector, count]
        function.restype = None
        found[np.dtype(dtype)] = function
    return found, (ctypes.c_char.from_buffer, ctypes.byref)


def _libraries(package: str, linked: str) -> list:
    """Return what may hold the symbols: a module that is linked to BLAS, and the library's own."""
    try:
        import ctypes  # which Python in a browser may lack

        module = importlib.import_module(linked)
        home = os.path.dirname(importlib.import_module(package).__file__)
        near = os.path.join(home, os.pardir, f"{package}.libs", "*openblas*")
        paths = [module.__file__, *glob.glob(near)]
    except (ImportError, AttributeError):
        return []
    libraries = []
    for path in paths:
        try:
            libraries.append(ctypes.CDLL(path))
        except OSError:
            continue
    return libraries


_asked: dict[tuple[str, str], Blas] = {}


@functools.lru_cache(maxsize=2)
def blas(package: str = "numpy", linked: str = "numpy.linalg._umath_linalg") -> Blas:
    # One object, also when two threads ask for the first time at once: it counts its users.
    return _asked.setdefault((package, linked), Blas(package, linked))


def forget_users() -> None:
    """In the child of a fork: give all libraries their threads back, whoever had taken them."""
    for library in _asked.values():
        library.forget_users()


@functools.lru_cache(maxsize=1)
def multiplies_small_in_place() -> bool:
    """Return whether NumPy's BLAS multiplies small matrices as they lie, without packing them first.

    OpenBLAS does so on processors with AVX-512.
    """
    core = blas().core
    return core is not None and core.lower() in ("skylakex", "cooperlake", "sapphirerapids")


def blas_threads() -> int | None:
    """Return how many threads NumPy's BLAS uses by itself, None where it does not tell."""
    library = blas()
    return None if library.get is None else library.get()


def axpby(a: Any, x: np.ndarray, b: Any, y: np.ndarray, t: np.ndarray) -> None:
    """Compute `y = a * x + b * y` in place; BLAS does so in one pass, and rounds once less.

    Args:
        a, b: numbers, or arrays without axes.
        x, y: arrays of one shape.
        t: one more, whose contents do not matter.
    """
    if x.size < LEAST or not _combine(a, x, b, y):
        multiply(x, a, t)
        multiply(y, b, y)
        add(y, t, y)


def descend(y: np.ndarray, a: Any, x: np.ndarray, t: np.ndarray) -> None:
    """Compute `y -= a * x` in place, as `axpby` does; `t` may be `x`."""
    if x.size < LEAST or not _combine(-float(a), x, 1.0, y):
        multiply(x, a, t)
        subtract(y, t, y)


def _combine(a: Any, x: np.ndarray, b: Any, y: np.ndarray) -> bool:
    """Compute `y = a * x + b * y` in place by BLAS; return whether it has."""
    library = blas()
    function = library.axpby.get(x.dtype)
    if function is None or x.dtype is not y.dtype or not (x.flags.carray and y.flags.carray):
        return False
    if not (a and b):  # BLAS does not look at what is multiplied by zero: there may be NaN in it
        return False
    memory, address = library.addresses
    function(x.size, a, address(memory(x)), 1, b, address(memory(y)), 1)
    return True
