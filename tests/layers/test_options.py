"""No option of a layer is left out of the comparisons, and none is without effect."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from layer_cases import Array, Make, all_cases, covering, drawn, options

import minikeras
from minikeras import layers, tree

NAMES = sorted([name for name, case in all_cases().items() if case.options])
OF_EVERY_LAYER = {"activity_regularizer", "trainable", "dtype", "autocast", "name"}

# Values that every layer with an argument of this name is compared with.
VALUES = {
    "padding": {"valid", "same"},
    "data_format": {"channels_first", "channels_last"},
    "merge_mode": {"concat", "sum", "mul", "ave", None},
    "score_mode": {"dot", "concat"},
    "interpolation": {"nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"},
    "groups": {1, 2},
    "dilation_rate": {1, 2},
    "depth_multiplier": {1, 2},
    "attention_axes": {None, 1, 2, (1, 2)},
}
# Amounts of padding, which Keras calls by the same name.
OTHER_VALUES = {"ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "GroupNormalization"}

# What no comparison can show, and why.
REFUSED = {"lora_rank", "lora_alpha", "quantization_config", "gptq_unpacked_column_size", "sparse"}
WITHOUT_EFFECT = {
    "flash_attention": "one implementation computes the same either way",
    "use_cudnn": "says how to compute",
    "unroll": "says how to compute",
    "synchronized": "needs several devices; refused",
    "name": "tested with paths of weights",
}
# What Keras takes and forgets; ours is tested in rnn/test_rnn.py.
DROPPED_BY_KERAS = {("SimpleRNN", "activity_regularizer"), ("Bidirectional", "weights")}
# What `adapt` alone looks at; tested with it in preprocessing/.
FOR_ADAPT = {("Discretization", "num_bins"), ("Discretization", "epsilon")}
ONE_VALUE = {("Resizing", "fill_mode")}
# Values that say what the default does.
SAME = {
    ("CategoryEncoding", "output_mode", "'binary'"),
    ("Concatenate", "axis", "3"),  # the last one of four
    ("Conv3DTranspose", "output_padding", "1"),  # what None comes to
    ("MultiHeadAttention", "attention_axes", "(1, 2)"),  # all axes there are
    ("MultiHeadAttention", "value_dim", "3"),  # the key's
}
# Options that show only beside others.
BESIDE = {
    "seed": {"rate": 0.5, "stddev": 1.0, "dropout": 0.5},
    "renorm_clipping": {"renorm": True},
    "renorm_momentum": {"renorm": True},
    "output_padding": {"strides": 2},
    "backward_layer": {},
    "unit_forget_bias": {"use_bias": True},
}


def parameters(name):
    """Return the defaults of the arguments that a layer's constructor names."""
    found = inspect.signature(getattr(layers, name)).parameters.values()
    return {p.name: p.default for p in found if p.kind is not p.VAR_KEYWORD}


def values_of(name):
    """Return every argument of a layer's constructor with the values that are compared."""
    found: dict = {}
    for call in covering(name):
        for k in parameters(name):
            value = call.kwargs.get(k, parameters(name)[k])
            found.setdefault(k, {})[repr(value)] = value
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_every_option_is_compared(name):
    compared = frozenset().union(*(options(call) for call in covering(name)))
    assert compared == frozenset().union(*(options(call) for call in drawn(name)))
    found, missing = values_of(name), []
    for k, default in parameters(name).items():
        if k in OF_EVERY_LAYER - {"activity_regularizer"} | REFUSED | set(WITHOUT_EFFECT):
            continue
        if (name, k) in DROPPED_BY_KERAS | FOR_ADAPT | ONE_VALUE:
            continue
        others = [v for v in found[k].values() if repr(v) != repr(default)]
        if not others:
            missing.append(k)
        if isinstance(default, bool) and repr(not default) not in found[k]:
            missing.append(f"{k}={not default}")
        wanted = set() if name in OTHER_VALUES else VALUES.get(k, set())
        one_size = {repr(tuple([1] * n)): "1" for n in (1, 2, 3)}
        seen = {one_size.get(v, v) for v in found[k]}
        missing += [f"{k}={v!r}" for v in wanted if repr(v) not in seen]
    assert not missing, "no call of the row in tests/layers/cases/ has these"


@pytest.mark.slow
def test_the_number_of_options_that_are_compared():
    assert sum(len(v) for name in NAMES for v in values_of(name).values()) > 1000


def make(name, kwargs):
    minikeras.utils.clear_session()
    kwargs = {k: v.function(minikeras) if isinstance(v, Make) else v for k, v in kwargs.items()}
    return getattr(layers, name)(**{"name": "tested", **kwargs})


def array(x):
    return x.value() if isinstance(x, Array) else x


def observed(name, kwargs, call):
    """Everything about a layer that somebody could see, but for its config."""
    minikeras.utils.set_random_seed(3)
    layer = make(name, kwargs)
    inputs = call.inputs if isinstance(call.inputs, tuple) else (call.inputs,)
    args = tuple(tree.map_structure(array, x) for x in inputs)
    options = {k: tree.map_structure(array, v) for k, v in call.call.items()}
    layer(*args, **options)
    seen = []
    for w in layer.weights:
        seen += [w.path, w.dtype, w.trainable, np.asarray(w).tobytes()]
        for o in (w.regularizer, w.constraint):
            seen.append(None if o is None else (type(o).__name__, repr(o.get_config())))
    rng = np.random.default_rng(0)
    layer.set_weights(
        [
            rng.uniform(0.5, 1.5, w.shape).astype(w.dtype) if "float" in w.dtype else np.asarray(w)
            for w in layer.weights
        ]
    )
    modes = [{}]
    if "training" in inspect.signature(layer.call).parameters:
        modes += [{"training": True}, {}]  # what training changed shows afterwards
    for mode in modes:
        outputs = tree.flatten(layer(*args, **options, **mode))
        seen += [(y.shape, y.dtype, np.asarray(y).tobytes()) for y in outputs if y is not None]
        masks = [getattr(y, "_keras_mask", None) for y in outputs]
        seen += [None if m is None else np.asarray(m).tobytes() for m in masks]
        seen += [np.asarray(loss).tobytes() for loss in layer.losses]
        seen += [np.asarray(w).tobytes() for w in layer.weights if "seed" not in w.path]
    return seen


def without(name, call, kept):
    """Return the arguments of a call that are needed, and those that an option shows beside."""
    needed = {k for k, default in parameters(name).items() if default is inspect.Parameter.empty}
    beside = {k: v for k, v in BESIDE.get(kept, {}).items() if k in parameters(name)}
    return {**{k: v for k, v in call.kwargs.items() if k in needed}, **beside}


def shows(name, call, k):
    """Whether an option of a call changes what is seen, alone or beside the call's others."""
    value = call.kwargs[k]
    for plain in (without(name, call, k), {o: v for o, v in call.kwargs.items() if o != k}):
        try:
            after = observed(name, {**plain, k: value}, call)
        except (ValueError, TypeError):  # an option that others of its call make possible
            continue
        try:
            before = observed(name, plain, call)
        except (ValueError, TypeError):  # or one that makes the call possible
            return True
        if before != after:
            return True
    return False


@pytest.mark.parametrize("name", NAMES)
def test_no_option_is_ignored(name):
    """Each value of an option changes something that can be seen, in one of the calls drawn."""
    defaults, ignored, seen = parameters(name), {}, set()
    for call in [*covering(name), *drawn(name)]:
        for k, value in call.kwargs.items():
            option = (k, repr(value))
            default = defaults.get(k)
            if default is inspect.Parameter.empty or option in seen or k in WITHOUT_EFFECT:
                continue
            if option[1] == repr(default) or same_by_nature(name, k, value, default):
                continue
            ignored[option] = ignored.get(option, 0) + 1
            if ignored[option] > 20:
                continue
            if shows(name, call, k):
                seen.add(option)
    assert {o for o in ignored if o not in seen and (name, *o) not in SAME} == set()


def same_by_nature(name, k, value, default):
    """Whether a value says the same as the default."""
    if isinstance(value, (bool, str, type(None), Make)) or default is None:
        same = {
            "data_format": "channels_last",
            "activation": "linear",
            "output_shape": value,  # of a Lambda: said, not computed
        }
        return value is None or (k in same and same[k] == value and name != "EinsumDense")
    if k == "axis":  # the last one, in another way
        return value in ([-1], [1], 1, 2, 3) and "Normalization" in name
    return len(set(np.ravel(value)) | set(np.ravel(default))) == 1


@pytest.mark.parametrize("name", NAMES)
def test_options_of_every_layer_are_not_ignored(name):
    call = covering(name)[0]
    if "trainable" in inspect.signature(layers.Layer).parameters and takes(name, "trainable"):
        args = [tree.map_structure(array, x) for x in as_tuple(call.inputs)]
        layer = make(name, {**call.kwargs, "trainable": False})
        layer(*args)
        assert not layer.trainable and layer.trainable_weights == []
    floats = [a for a in tree.flatten(as_tuple(call.inputs)) if a.dtype == "float"]
    if takes(name, "activity_regularizer") and floats and name != "ActivityRegularization":
        kwargs = {k: v for k, v in call.kwargs.items() if not k.endswith("regularizer")}
        layer = make(name, {**kwargs, "activity_regularizer": "l2"})
        layer(*[tree.map_structure(array, x) for x in as_tuple(call.inputs)])
        assert len(layer.losses) > 0
    args = [tree.map_structure(array, x) for x in as_tuple(call.inputs)]
    if floats:
        layer = make(name, {**call.kwargs, "dtype": "float64"})
        layer(*args)
        assert {w.dtype for w in layer.weights if "float" in w.dtype} <= {"float64"} | {
            w.dtype for part in layer._flatten_layers() if part is not layer for w in part.weights
        }
        assert layer.compute_dtype == "float64"


def as_tuple(x):
    return x if isinstance(x, tuple) else (x,)


def takes(name, argument):
    found = inspect.signature(getattr(layers, name)).parameters
    return argument in found or "kwargs" in found
