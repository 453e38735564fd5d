"""Freed memory is kept where the C library can be told so, and nobody's choice is overruled."""

import os
import subprocess
import sys

import numpy as np
import pytest

from minikeras.kernels import blas, memory, parallel

SCRIPT = """
import os, resource
{before}
import numpy as np
from minikeras.kernels import memory
print(memory.keep_freed())
x = [np.ones({size}, "float32") for _ in range(3)]
del x
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
x = [np.ones({size}, "float32") for _ in range(3)]
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def run(before="", size=3 << 20):
    out = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(before=before, size=size)],
        env={**{k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return out[0] == "True", int(out[1])


@pytest.mark.parametrize("size", [3 << 20, 12 << 20])  # of 12 and 48 MiB: malloc would map them
def test_arrays_get_memory_that_was_freed(size):
    if sys.platform != "linux":
        assert memory.keep_freed() in (True, False)
        return
    kept, faults = run(size=size)
    assert not kept or faults < 500  # an array of 12 MiB is 3072 pages, or 6 large ones


def test_a_choice_in_the_environment_stays():
    if sys.platform == "linux":
        assert not run("os.environ['MALLOC_TRIM_THRESHOLD_'] = '1000000'")[0]


def test_blas_has_its_threads_back_after_products():
    library = blas.blas()
    a = np.ones((64, 64))
    seen = []

    def task():
        seen.append(library.get() if library.get else 1)
        np.dot(a, a)

    before = library.get() if library.get else 1
    parallel.run_products([task, task, task])
    assert seen == [1, 1, 1]
    assert (library.get() if library.get else 1) == before


def test_aligned_arrays_begin_with_a_line_of_the_cache():
    for shape, dtype in (((3, 5), "float32"), ((7,), "float64"), ((1, 2), "float16")):
        x = memory.aligned(shape, dtype)
        assert (x.shape, x.dtype, x.ctypes.data % 64) == (shape, np.dtype(dtype), 0)
        assert x.flags.c_contiguous and x.flags.writeable
