"""Makes the tables of cases, `tests/ops/cases/` and the like, importable by a name."""

import importlib.util
import sys
from pathlib import Path


def make_importable(name: str, of: str) -> None:
    """Make the tables of the tests `of` something importable as `name`, if they are not yet."""
    if name in sys.modules:
        return
    folder = Path(__file__).parent / of / "cases"
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
