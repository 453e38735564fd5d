"""Names that are imported when they are asked for."""

import importlib
import subprocess
import sys
import types

import keras_api
import pytest


def test_star_import_brings_layers_and_no_modules():
    found: dict = {}
    exec("from minikeras.layers import *", found)
    del found["__builtins__"]
    assert {"Dense", "Input", "LSTM", "add", "serialize"} <= set(found)
    assert "activations" not in found and not [name for name in found if name.startswith("_")]


SPACES = """
    minikeras activations applications callbacks constraints data datasets distillation dtype_policies
    export initializers layers losses metrics models ops optimizers optimizers.schedules preprocessing
    quantizers random regularizers saving utils visualization wrappers
"""
OURS_ALONE = {
    *("data", "datasets", "visualization"),
    *("preprocessing.image", "preprocessing.sequence"),
}


@pytest.mark.parametrize("space", SPACES.split())
def test_each_namespace_shows_what_is_public_and_nothing_else(space):
    """Neither files of the package, nor NumPy, `Any` and what else it imports for itself."""
    prefix = "" if space == "minikeras" else f"{space}."
    module = importlib.import_module(f"minikeras.{prefix}".rstrip("."))
    shown = [name for name in dir(module) if not name.startswith("__")]
    assert shown == sorted(set(module.__all__))
    public_modules = {path.rpartition(".")[0] for path in keras_api.read_names()} | OURS_ALONE
    for name in shown:
        try:
            value = getattr(module, name)
        except ImportError:  # of the library that it is for
            continue
        if isinstance(value, types.ModuleType):
            assert prefix + name in public_modules
        else:
            assert getattr(value, "__module__", "minikeras").startswith("minikeras"), name


def test_a_late_name_is_known_before_it_is_loaded():
    script = (
        "import sys, types\n"
        "from minikeras.common.late_names import late_names\n"
        "package = {'__name__': 'p'}\n"
        "get, names, everything = late_names(package, {'Decimal': 'decimal'})\n"
        "assert 'Decimal' in names() and everything == ['Decimal'] and 'decimal' not in sys.modules\n"
        "assert get('Decimal') is package['Decimal'] and 'decimal' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
