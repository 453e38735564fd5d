"""Names that are imported when they are asked for."""

import subprocess
import sys

from minikeras import layers


def test_star_import_brings_layers_and_no_modules():
    found: dict = {}
    exec("from minikeras.layers import *", found)
    del found["__builtins__"]
    assert {"Dense", "Input", "LSTM", "add", "serialize"} <= set(found)
    assert "activations" not in found and not [name for name in found if name.startswith("_")]
    assert set(layers.__all__) <= set(dir(layers))


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
