"""Makes the tables of `cases/` importable as `op_cases`."""

import importlib.util
import sys
from pathlib import Path

if "op_cases" not in sys.modules:
    folder = Path(__file__).parent / "cases"
    spec = importlib.util.spec_from_file_location(
        "op_cases", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["op_cases"] = module
    spec.loader.exec_module(module)
