"""What the C library does with memory that is given back.

Every training step asks for the same large arrays and gives them back. GNU's `malloc` hands what is
at the end of its heap to the system at once and takes it anew in the next step, page by page, which
can take a fifth of the step. Told to keep it, the process is no larger at its peak.
"""

from __future__ import annotations

import functools
import os

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # from malloc.h
_KEPT = 1 << 30
_LARGEST = 1 << 25  # the largest that glibc accepts: arrays beyond are mapped one by one


@functools.lru_cache(maxsize=1)
def keep_freed() -> bool:
    """Let the process keep up to a GiB that it has freed; return whether that could be arranged.

    Only GNU's C library is asked. A user's own choice in the environment stays.
    """
    if any(name.startswith("MALLOC_") for name in os.environ):
        return False
    try:
        import ctypes  # which Python in a browser may lack

        if not os.confstr("CS_GNU_LIBC_VERSION"):
            return False
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, ImportError, OSError, TypeError, ValueError):
        return False
    mallopt.argtypes, mallopt.restype = [ctypes.c_int, ctypes.c_int], ctypes.c_int
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST)) and bool(mallopt(_TRIM_THRESHOLD, _KEPT))
