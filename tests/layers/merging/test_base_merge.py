"""What layers that merge say about inputs that are no list."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from minikeras import Input, layers
from minikeras.layers.merging.base_merge import Merge

MERGING = sorted(
    name
    for name, value in inspect.getmembers(layers)
    if inspect.isclass(value) and issubclass(value, Merge)
)


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("name", MERGING)
def test_one_input_is_refused(name, symbolic):
    layer = getattr(layers, name)(**({"axes": 1} if name == "Dot" else {}))
    with pytest.raises(ValueError, match="should be called on a list of"):
        layer(Input((3,)) if symbolic else np.ones((2, 3), "float32"))
