"""Settings that every test shares."""

import contextlib
import gc
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

# The oracle is Keras on JAX, in float64 too. Chosen before anything imports keras.
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("MPLBACKEND", "agg")
# Hundreds of tests start processes, which need not compile the package anew each.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import hypothesis
import pytest

sys.path.append(str(Path(__file__).parent))  # for option_cover.py and others

import quick_keras

sys.dont_write_bytecode = False

# A machine that is busy is no fault of what is tested.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


def pytest_configure(config):
    cache = getattr(config, "cache", None)
    if cache is None:  # switched off: for this run only
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        config.add_cleanup(folder.cleanup)
    quick_keras.set_environment(cache.mkdir("jax") if cache else folder.name)
    gc.set_threshold(100_000, 50, 50)  # what is collected stays: there is little garbage


SLOW_FIXTURES = {"run_example", *(["keras"] if find_spec("keras") else [])}
SLOW_FIXTURES |= {"run_ranks"} if find_spec("mpi4py") else set()


def pytest_collection_modifyitems(items):
    """Mark what is slow for what it needs, and let tests of one layer or op stand together.

    Those need the same calls and compiled programs.
    """
    for item in items:
        if not SLOW_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    folders = {item.path.parent: place for place, item in reversed(list(enumerate(items)))}

    def place(item):
        params = item.callspec.params if hasattr(item, "callspec") else {}
        own = item.path.parent
        beside = getattr(item.module, "STANDS_WITH", {}).get(item.originalname, own.name)
        return folders.get(own.parent / beside, folders[own]), str(params.get("name", ""))

    items.sort(key=place)


def pytest_collection_finish():
    keep_out_of_collections()
    # JAX makes so many objects that collecting them was a twentieth of the time.
    gc.set_threshold(10_000, 20, 20)


def keep_out_of_collections():
    """Tests that collect garbage need not look through modules and tests, which stay anyway."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def keras():
    """Keras on JAX, in which float64 and int64 stay what they are."""
    keras = pytest.importorskip("keras")
    from keras.src.backend.common import dtypes

    dtypes.BIT64_TO_BIT32_DTYPE = {k: k for k in dtypes.BIT64_TO_BIT32_DTYPE}
    quick_keras.draw_weights_with_numpy()
    quick_keras.keep_compiler_context()
    quick_keras.share_programs()
    quick_keras.leave_garbage()
    keep_out_of_collections()
    return keras


@pytest.fixture
def narrow_keras(keras):
    """Keras on JAX as it comes, without 64 bits: `with narrow_keras() as keras`."""
    jax = pytest.importorskip("jax")
    from keras.src.backend.common import dtypes

    table = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex128": "complex64"}

    @contextlib.contextmanager
    def as_it_comes():
        kept, dtypes.BIT64_TO_BIT32_DTYPE = dtypes.BIT64_TO_BIT32_DTYPE, table
        try:
            with jax.enable_x64(False):
                yield keras
        finally:
            dtypes.BIT64_TO_BIT32_DTYPE = kept

    return as_it_comes


_tests_since_clearing = 0
_jax_before: bool = False


# Fixtures that every test has would take a tenth of the time of the fast ones.


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Tests that fail show where in minikeras they did."""
    from minikeras.common.settings import settings

    global _jax_before
    settings.traceback_filtering = False
    _jax_before = "keras.src.backend.jax" in sys.modules


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item):
    """What a test sets for the whole process is set back, so that tests do not depend on order.

    JAX keeps every program that it compiled; now and then they are forgotten.
    """
    from minikeras import dtype_policies
    from minikeras.common.settings import settings

    global _tests_since_clearing
    settings.__dict__.clear()  # back to the class's defaults
    dtype_policies.reset_dtype_policy()
    _tests_since_clearing += 1
    if _tests_since_clearing >= 50:
        _tests_since_clearing = 0
        quick_keras.forget_programs()
    imported = "keras.src.backend.jax" in sys.modules and not _jax_before
    if imported and item.get_closest_marker("slow") is None:
        pytest.fail("A test that needs Keras is slow: it takes the fixture `keras`.")


@pytest.fixture(scope="session")
def run_example():
    """Run an example in a process of its own; give its return code and output.

    Called as `run_example(name, *arguments, folder=..., blocked=...)`: `folder` is where it runs
    and writes its pictures, `blocked` are packages made unimportable.
    """
    root = Path(__file__).resolve().parent.parent

    def run(name, *arguments, folder, blocked=()):
        code = (
            "import runpy, sys\n"
            f"for name in {tuple(blocked)!r}: sys.modules[name] = None\n"
            f"sys.argv[1:] = {list(arguments)!r}\n"
            f"runpy.run_path({str(root / 'examples' / name)!r}, run_name='__main__')\n"
        )
        env = dict(os.environ, PYTHONPATH=str(root), PYTHONIOENCODING="utf-8")
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )

    return run
