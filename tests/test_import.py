"""What `import minikeras` brings in, and what it offers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import minikeras

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def loaded():
    """The names of the modules that a fresh process has after `import minikeras`."""
    code = "import json, sys; import minikeras; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_import_loads_nothing_heavy(loaded):
    heavy = {
        "h5py",
        "matplotlib",
        "pydot",
        "pandas",
        "sklearn",
        "PIL",
        "jax",
        "keras",
        "tensorflow",
        "torch",
    }
    found = {name for name in loaded if name.partition(".")[0] in heavy}
    assert not found


def test_import_loads_no_part_of_scipy(loaded):
    assert not [name for name in loaded if name.startswith("scipy.")]


def test_import_loads_no_slow_part_of_the_standard_library(loaded):
    slow = {"asyncio", "multiprocessing.pool", "unittest", "xml.etree.ElementTree", "http.client"}
    slow |= {"csv", "difflib", "logging", "zipfile"}
    assert not slow & set(loaded)


def test_import_loads_nothing_that_only_quantized_layers_need(loaded):
    own = ("minikeras.quantizers", "minikeras.kernels.quantized", "minikeras.models.calibration")
    modes = ("int8", "int4", "float8", "calibrated", "products")
    assert not {*own, *[f"minikeras.layers.quantization.{mode}" for mode in modes]} & set(loaded)


def test_top_level_names_are_those_of_keras(keras):
    missing = {
        name
        for name in dir(keras)
        if not name.startswith("_") and name[0].isupper() and not hasattr(minikeras, name)
    }
    # Things of Keras's backends, without a counterpart here yet.
    assert missing <= {"Quantizer", "RematScope", "StatelessScope", "SymbolicScope"}


def test_pipelines_of_data_are_loaded_when_they_are_asked_for(loaded):
    assert "minikeras.data" not in loaded
    assert minikeras.data.Dataset.range(3) and "Dataset" not in dir(minikeras)
    with pytest.raises(AttributeError, match="no attribute 'dat'"):
        minikeras.dat  # noqa: B018


def test_gradients_are_at_the_top_level():
    for name in ("GradientTape", "grad", "value_and_grad", "gradient_check"):
        assert callable(getattr(minikeras, name))


def test_version_is_the_package_s():
    from importlib.metadata import PackageNotFoundError, version

    try:
        installed = version("minikeras")
    except PackageNotFoundError:
        pytest.skip("minikeras is not installed, only importable")
    assert minikeras.__version__ == installed == minikeras.version()
