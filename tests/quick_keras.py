"""What makes Keras on JAX cheap enough to be compared with in thousands of tests.

JAX compiles every operation anew for every shape, which is most of the time of these tests. Five
things save time, and none of them touches what is compared:

- What Keras's initializers draw comes from NumPy here, with their means, ranges and dtypes, and so do
  zeros and ones. Nobody compares the numbers: tests give both sides the same weights.
- Compiled programs are kept in a folder that the workers of a run share, and the next run finds them.
- JAX writes its programs in one context of MLIR, whose making takes a third of a small compilation.
- XLA optimizes next to nothing.
- Keras's `clear_session`, which hundreds of tests call, leaves garbage to Python.
"""

from __future__ import annotations

import functools
import gc
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def set_environment(folder: Path | str) -> None:
    """Choose how JAX compiles, for this process and those that it starts; before JAX is imported.

    Args:
        folder: where compiled programs are kept.
    """
    defaults = {
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
        "JAX_COMPILATION_CACHE_DIR": str(folder),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        "JAX_PERSISTENT_CACHE_ENABLE_XLA_CACHES": "none",
        "XLA_FLAGS": "--xla_cpu_use_fusion_emitters=false",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


class Instead:
    """A module in which a few functions are others."""

    def __init__(self, module: Any, **functions: Any) -> None:
        self._module = module
        self.__dict__.update(functions)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def keep_compiler_context() -> None:
    """Let JAX write programs in one context until `forget_programs`."""
    from jax._src.interpreters import mlir

    if not hasattr(mlir.make_ir_context, "cache_clear"):
        mlir.make_ir_context = functools.cache(mlir.make_ir_context)


def share_programs() -> None:
    """Let JAX put programs into the folder whole, as several processes read and write there."""
    from jax._src.lru_cache import LRUCache

    def put(self: Any, key: str, value: bytes) -> None:
        path = Path(self.path) / f"{key}-cache"
        begun = path.with_name(f"{os.getpid()}-{key}")
        begun.write_bytes(value)
        begun.replace(path)

    LRUCache.put = put


def forget_programs() -> None:
    """Free the memory of compiled programs; the more JAX keeps, the slower it compiles, too."""
    if "jax" in sys.modules:
        from jax._src.interpreters import mlir

        sys.modules["jax"].clear_caches()
        getattr(mlir.make_ir_context, "cache_clear", int)()


def leave_garbage() -> None:
    """Let Keras's `clear_session` count names anew alone; to look for garbage took 0.3 s each time."""
    from keras.src.backend.common import global_state

    global_state.gc = Instead(gc, collect=lambda: 0)


def draw_weights_with_numpy() -> None:
    """Let Keras's initializers draw with NumPy, from the seeds that they have."""
    import jax.numpy as jnp
    from keras.src import backend
    from keras.src.initializers import constant_initializers, random_initializers

    def as_tensor(array: Any, dtype: Any) -> Any:
        return jnp.asarray(np.asarray(array).astype(backend.standardize_dtype(dtype)))

    def generator(seed: Any) -> np.random.Generator:
        return np.random.default_rng(np.asarray(draw_seed(seed)).astype("int64"))

    def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype=None, seed=None) -> Any:
        return as_tensor(generator(seed).normal(mean, stddev, shape), dtype)

    def truncated_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype=None, seed=None):
        rng = generator(seed)
        x = rng.normal(size=shape)
        while (far := abs(x) > 2).any():
            x = np.where(far, rng.normal(size=shape), x)
        return as_tensor(x * stddev + mean, dtype)

    def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype=None, seed=None) -> Any:
        return as_tensor(generator(seed).uniform(minval, maxval, shape), dtype)

    def orthogonal(self: Any, shape: Any, dtype: Any = None) -> Any:
        if len(shape) < 2:
            return its_own(self, shape, dtype)
        rows, columns = math.prod(shape[:-1]), shape[-1]
        drawn = generator(self.seed).normal(size=(max(rows, columns), min(rows, columns)))
        q = np.linalg.qr(drawn)[0]
        return as_tensor(self.gain * (q if rows >= columns else q.T).reshape(shape), dtype)

    def constant(value: float) -> Any:
        return lambda shape, dtype=None: as_tensor(np.full(shape, value), dtype)

    module = random_initializers.random

    def where_it_can(quick: Callable) -> Callable:
        """Leave what is no shape to Keras, whose errors are compared."""
        its = getattr(module, quick.__name__)

        def draw(shape: Any, *args: Any, **kwargs: Any) -> Any:
            fits = isinstance(shape, (tuple, list)) and all(isinstance(n, int) for n in shape)
            return (quick if fits else its)(shape, *args, **kwargs)

        return draw

    draw_seed, its_own = module.draw_seed, random_initializers.Orthogonal.__call__
    random_initializers.random = Instead(
        module,
        **{f.__name__: where_it_can(f) for f in (normal, truncated_normal, uniform)},
    )
    random_initializers.Orthogonal.__call__ = orthogonal
    constant_initializers.ops = Instead(
        constant_initializers.ops, zeros=constant(0), ones=constant(1)
    )
