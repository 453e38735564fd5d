"""Public names take Keras's arguments, in its order and with its defaults."""

import inspect
import types

import pytest

import minikeras

PACKAGES = (
    *("layers", "losses", "metrics", "optimizers", "initializers", "regularizers", "constraints"),
    *("callbacks", "activations", "random", "ops", "utils", "models", "preprocessing"),
)
BEYOND = {
    "optimizers": {"clipnorm_per_sample", "noise_multiplier", "noise_seed"},
    "callbacks.TerminateOnNaN": {"locate"},
}
"""Arguments that Keras has not got."""
OTHERWISE = {
    "layers.Layer": "written out, where Keras takes anything",
    "models.Sequential": "the same",
    "layers.serialize": "the first argument goes by place",
}


def arguments(obj):
    """Return name and default of each argument; objects count by their class."""
    return [
        (p.name, p.default if _is_plain(p.default) else type(p.default).__name__)
        for p in inspect.signature(obj).parameters.values()
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]


def _is_plain(default):
    return default is inspect.Parameter.empty or isinstance(
        default, (int, float, str, tuple, type(None))
    )


def in_both(keras, package):
    theirs, ours = getattr(keras, package), getattr(minikeras, package)
    for name in dir(theirs):
        obj = getattr(theirs, name)
        public = not name.startswith("_") and not isinstance(obj, types.ModuleType)
        if public and callable(obj) and hasattr(ours, name):
            yield name, obj, getattr(ours, name)


@pytest.mark.parametrize("package", PACKAGES)
def test_arguments_and_defaults_are_keras_own(keras, package):
    compared = 0
    for name, theirs, ours in in_both(keras, package):
        path = f"{package}.{name}"
        if path not in OTHERWISE:
            more = BEYOND.get(path, BEYOND.get(package, set()))
            assert [a for a in arguments(ours) if a[0] not in more] == arguments(theirs), path
            compared += 1
    assert compared >= 2
