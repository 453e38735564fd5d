"""Gradients of what `keras.backend` composes, beside differences of values."""

import numpy as np
import pytest

from .cases import EXPRESSIONS, INPUTS, halves

WITHOUT = (
    *(
        "K.all",
        "K.any",
        "K.arg",
        "K.equal",
        "K.not_equal",
        "K.greater",
        "K.less",
        "K.cast(",
        "K.one_hot",
    ),
    *(
        "K.in_top_k",
        "K.round",
        "K.sign(",
        "K.shape",
        "K.ones",
        "K.zeros",
        "K.eye",
        "K.arange",
        "K.const",
    ),
    *(
        "K.random",
        "K.truncated",
        "K.to_dense",
        "K.update",
        "K.moving",
        "K.stop_gradient",
        "K.ctc_decode",
    ),
    *(
        "K.mean(flags",
        "K.mean(n",
        "K.sum(n",
        "K.prod(n",
        "K.sqrt",
        "K.binary_crossentropy(bits, bits)",
        "K.binary_crossentropy(1 -",
    ),
)
"""Beginnings of expressions that have no gradient, or none everywhere."""

SMOOTH = [e for e in EXPRESSIONS if not e.startswith(WITHOUT)]
NAMES = [name for name, a in INPUTS.items() if a.dtype == "float32" and name not in ("t", "bits")]


@pytest.mark.parametrize("expression", SMOOTH)
def test_gradients_are_differences_of_values(K, expression):
    used = [name for name in NAMES if name in eval_names(expression) and name != "ctc_labels"]
    inputs = dict(INPUTS)
    variables = {name: K.variable(INPUTS[name], "float64", name=name) for name in used}
    result = eval(expression, {"K": K, "np": np, "halves": halves, **inputs, **variables})
    weights = np.cos(np.arange(np.size(result))).reshape(np.shape(result))
    loss = K.sum(K.cast(result, "float64") * weights)
    gradients = K.gradients(loss, list(variables.values()))
    f = K.function(list(variables.values()), [loss])
    values = [np.where(INPUTS[name] == 0, 0.05, INPUTS[name]) for name in used]  # no edges
    found = K.function(list(variables.values()), gradients)(values)
    for i, (name, g) in enumerate(zip(used, found)):
        direction = np.sin(1 + np.arange(values[i].size)).reshape(values[i].shape)
        step = 1e-4 * direction
        moved = [f([*values[:i], values[i] + s * step, *values[i + 1 :]])[0] for s in (1, -1)]
        wanted = (moved[0] - moved[1]) / 2e-4
        g = 0 if g is None else g
        assert np.sum(g * direction) == pytest.approx(wanted, rel=2e-3, abs=2e-3), name


def eval_names(expression):
    """Return the names that an expression uses."""
    return compile(expression, "", "eval").co_names
