"""`keras.backend` as Keras 1 and 2 had it.

On values its functions compute at once; on KerasTensors (`K.placeholder`, `Input`, `model.output`) they
describe, and `K.function` computes. Variables of `K.variable` do both: `y = x * 2` has a value, and
`K.function([], [y])` computes it anew. Files are by subject; which name lies where is said here.
"""

from __future__ import annotations

from typing import Any

from minikeras.compat.adapters import Adapted, Gone, Lazy, no_effect
from minikeras.compat.keras_backend.orderings import data_format_of
from minikeras.compat.namespaces import Contents
from minikeras.compat.spelling import tell

_HERE = "minikeras.compat.keras_backend"


class Told(Lazy):
    """A function of `keras.backend`; who asks for it first is told what it is today.

    Args:
        place: where it is.
        name: its name.
        today: today's spelling.
    """

    def __init__(self, place: str, name: str, today: str) -> None:
        super().__init__(place)
        self._name = name
        self._today = today

    def get(self) -> Any:
        """Import and return the function."""
        tell(f"keras.backend.{self._name}", self._today)
        return super().get()


_TODAY = {
    "elementwise": {
        "abs cast clip cos elu equal exp greater greater_equal less less_equal log maximum minimum": (
            "keras.ops."
        ),
        "not_equal relu round sigmoid sign sin softmax softplus softsign sqrt square stop_gradient tanh": (
            "keras.ops."
        ),
        "dropout": "keras.random.",
        "dtype": "x.dtype",
        "hard_sigmoid": "keras.ops.clip(0.2 * x + 0.5, 0, 1)",
        "identity": "keras.ops.copy",
        "l2_normalize": "keras.ops.normalize",
        "lesser": "keras.ops.less",
        "lesser_equal": "keras.ops.less_equal",
        "pow": "keras.ops.power",
        "print_tensor": "print, in a model that runs eagerly",
    },
    "reductions": {
        "all any argmax argmin cumprod cumsum in_top_k logsumexp max mean min prod std sum var": (
            "keras.ops."
        ),
    },
    "shapes": {
        "arange expand_dims one_hot repeat reshape shape size slice squeeze stack tile transpose": (
            "keras.ops."
        ),
        "concatenate": "keras.ops.",
        "asymmetric_spatial_2d_padding asymmetric_temporal_padding": "keras.ops.pad",
        "batch_flatten flatten": "keras.ops.reshape",
        "count_params": "keras.ops.size",
        "gather": "keras.ops.take",
        "get_variable_shape int_shape": "x.shape",
        "ndim": "keras.ops.ndim",
        "pack": "keras.ops.stack",
        "pattern_broadcast": "the tensor itself",
        "permute_dimensions": "keras.ops.transpose",
        "repeat_elements": "keras.ops.repeat",
        "resize_images": "keras.ops.image.resize",
        "resize_volumes": "keras.ops.repeat",
        "reverse": "keras.ops.flip",
        "spatial_2d_padding spatial_3d_padding temporal_padding": "keras.ops.pad",
        "to_dense": "the tensor itself",
    },
    "products": {
        "batch_dot": "keras.ops.einsum",
        "dot": "keras.ops.tensordot",
    },
    "losses": {
        "binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy": "keras.ops.",
        "batch_normalization": "keras.ops.",
        "binary_focal_crossentropy categorical_focal_crossentropy": "keras.losses.",
        "normalize_batch_in_training": "keras.ops.moments and keras.ops.batch_normalization",
    },
    "images": {
        "atrous_conv2d conv1d conv2d conv3d": "keras.ops.conv",
        "bias_add": "x + bias",
        "conv2d_transpose conv3d_transpose deconv2d": "keras.ops.conv_transpose",
        "depthwise_conv2d": "keras.ops.depthwise_conv",
        "local_conv1d local_conv2d": "keras.ops.einsum",
        "pool2d pool3d": "keras.ops.max_pool or keras.ops.average_pool",
        "separable_conv1d separable_conv2d": "keras.ops.separable_conv",
    },
    "control": {
        "foldl foldr": "keras.ops.scan",
        "map_fn": "keras.ops.map",
        "rnn": "keras.layers.RNN",
        "switch": "keras.ops.cond or keras.ops.where",
    },
    "ctc": {
        "ctc_batch_cost": "keras.losses.CTC",
        "ctc_decode": "keras.ops.ctc_decode",
        "ctc_label_dense_to_sparse": "the labels themselves",
    },
    "variables": {
        "ones_like zeros_like": "keras.ops.",
        "batch_get_value": "[v.numpy() for v in variables]",
        "batch_set_value set_value": "variable.assign",
        "constant": "keras.ops.convert_to_tensor",
        "eval": "keras.ops.convert_to_numpy",
        "eye": "keras.ops.eye",
        "get_value": "variable.numpy()",
        "moving_average_update update": "variable.assign",
        "ones": "keras.ops.ones",
        "random_bernoulli random_binomial": "keras.random.binomial",
        "random_normal random_normal_variable": "keras.random.normal",
        "random_uniform random_uniform_variable": "keras.random.uniform",
        "truncated_normal": "keras.random.",
        "update_add": "variable.assign_add",
        "update_sub": "variable.assign_sub",
        "variable": "keras.Variable",
        "zeros": "keras.ops.zeros",
    },
    "phases": {
        "in_test_phase in_train_phase": "the argument `training` of a layer's `call`",
        "learning_phase learning_phase_scope set_learning_phase": (
            "the argument `training` of a model's call"
        ),
        "symbolic_learning_phase": "the argument `training` of a model's call",
    },
    "functions": {
        "Function function": "keras.Model(inputs, outputs)",
        "get_session set_session": "nothing: there are no sessions",
        "gradients": "tf.GradientTape",
        "placeholder": "keras.Input",
    },
    "settings": {
        "backend cast_to_floatx": "",
        "clear_session": "",
        "control_dependencies v1_variable_initialization": "nothing",
        "eager symbolic": "the function itself",
        "image_dim_ordering": "keras.config.image_data_format",
        "is_explicit_shape is_placeholder is_sparse is_symbolic": "isinstance",
        "is_keras_tensor": "",
        "is_tensor": "",
        "is_variable": "isinstance(x, keras.Variable)",
        "legacy_weight_ordering manual_variable_initialization set_legacy_weight_ordering": "nothing",
        "name_scope": "",
        "normalize_data_format": "keras.config.image_data_format",
        "reset_uids": "keras.utils.clear_session",
        "set_image_dim_ordering": "keras.config.set_image_data_format",
    },
}
"""Which file has which functions, and how they are spelled today; a spelling that ends in a dot goes before
the name, an empty one says nothing."""


def _names() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for file, groups in _TODAY.items():
        for names, today in groups.items():
            for name in names.split():
                place = f"{_HERE}.{file}:{name}"
                spelled = f"{today}{name}" if today.endswith(".") else today
                found[name] = Told(place, name, spelled) if spelled else Lazy(place)
    return found


_SETTINGS = {
    name: Lazy(f"minikeras.backend:{name}")
    for name in (
        *("epsilon", "floatx", "get_uid", "image_data_format", "set_epsilon", "set_floatx"),
        "set_image_data_format",
    )
}

_THEANO = "It was a part of the Theano backend's `ctc_batch_cost`, and nothing that scripts call."
_NUMPY = "It was a helper of the NumPy backend, with which Keras tested the others."

GONE = {
    **dict.fromkeys(
        (
            *("ctc_cost", "ctc_create_skip_idxs", "ctc_interleave_blanks", "ctc_path_probs"),
            "ctc_update_log_p",
        ),
        f"Use K.ctc_batch_cost. {_THEANO}",
    ),
    **{
        name: f"Use K.{instead}. {_NUMPY}"
        for name, instead in {
            "conv": "conv1d, K.conv2d or K.conv3d",
            "conv_transpose": "conv2d_transpose or K.conv3d_transpose",
            "depthwise_conv": "depthwise_conv2d",
            "separable_conv": "separable_conv1d or K.separable_conv2d",
            "pool": "pool2d or K.pool3d",
        }.items()
    },
    "normalize_conv": f"Use K.conv2d. {_NUMPY}",
    "normalize_axis": "Negative axes are taken everywhere. It was a helper of the TensorFlow backend.",
}
"""Names that the modules of backends had, and nobody needs, with what to use instead."""

NAMES: dict[str, Any] = {
    **_SETTINGS,
    **_names(),
    **{name: Gone(f"keras.backend.{name}", why) for name, why in GONE.items()},
    "_BACKEND": "tensorflow",
    "_get_available_gpus": Lazy(f"{_HERE}.settings:no_gpus"),
    "tf": Lazy("tensorflow"),
    "np": Lazy("numpy"),
}


# Keras 1: other names of arguments, another order, other defaults.

_ORDERING = {"dim_ordering": "data_format"}
_IMAGES = {"border_mode": "padding", **_ORDERING}
_UNUSED = dict.fromkeys(
    ("image_shape", "filter_shape", "volume_shape", "input_shape"), "shapes are found out"
)


def _old(file: str, name: str, positional: str, renamed: dict[str, str], **values: Any) -> Adapted:
    place = f"{_HERE}.{file}:{name}"
    values = {"data_format": data_format_of, **values}
    return Adapted(place, positional, renamed, values=values, ignored=_UNUSED)


def _pairs(padding: Any) -> Any:
    return tuple((p, p) for p in padding)


def _pair(padding: Any) -> Any:
    return padding if isinstance(padding, (tuple, list)) else (padding, padding)


_LOSS = "output target from_logits"
_POOL = "x pool_size strides border_mode dim_ordering pool_mode"
_CONV = "x kernel strides border_mode dim_ordering image_shape filter_shape"

KERAS1_NAMES: dict[str, Any] = {
    **NAMES,
    "batch_normalization": _old(
        "losses", "batch_normalization", "x mean var beta gamma epsilon", {}
    ),
    "binary_crossentropy": _old("losses", "binary_crossentropy", _LOSS, {}),
    "categorical_crossentropy": _old("losses", "categorical_crossentropy", _LOSS, {}),
    "sparse_categorical_crossentropy": _old("losses", "sparse_categorical_crossentropy", _LOSS, {}),
    "conv1d": _old(
        "images",
        "conv1d",
        "x kernel stride border_mode image_shape filter_shape",
        {"stride": "strides", **_IMAGES},
    ),
    "conv2d": _old(
        "images",
        "conv2d",
        f"{_CONV} filter_dilation",
        {"filter_dilation": "dilation_rate", **_IMAGES},
    ),
    "conv3d": _old(
        "images",
        "conv3d",
        "x kernel strides border_mode dim_ordering volume_shape filter_shape",
        _IMAGES,
    ),
    "expand_dims": _old("shapes", "expand_dims", "x dim", {"dim": "axis"}),
    "l2_normalize": _old("elementwise", "l2_normalize", "x axis", {}),
    "one_hot": _old("shapes", "one_hot", "indices nb_classes", {"nb_classes": "num_classes"}),
    "pool2d": _old("images", "pool2d", _POOL, _IMAGES),
    "pool3d": _old("images", "pool3d", _POOL, _IMAGES),
    "random_normal": _old(
        "variables", "random_normal", "shape mean std dtype seed", {"std": "stddev"}
    ),
    "random_uniform": _old(
        "variables",
        "random_uniform",
        "shape low high dtype seed",
        {"low": "minval", "high": "maxval"},
    ),
    "resize_images": _old(
        "shapes",
        "resize_images",
        "X height_factor width_factor dim_ordering",
        {"X": "x", **_ORDERING},
    ),
    "resize_volumes": _old(
        "shapes",
        "resize_volumes",
        "X depth_factor height_factor width_factor dim_ordering",
        {"X": "x", **_ORDERING},
    ),
    "separable_conv2d": _old(
        "images",
        "separable_conv2d",
        "x depthwise_kernel pointwise_kernel strides border_mode dim_ordering",
        _IMAGES,
    ),
    "spatial_2d_padding": _old(
        "shapes",
        "spatial_2d_padding",
        "x padding dim_ordering",
        _ORDERING,
        padding=_pairs,
    ),
    "spatial_3d_padding": _old(
        "shapes",
        "spatial_3d_padding",
        "x padding dim_ordering",
        _ORDERING,
        padding=_pairs,
    ),
    "temporal_padding": _old("shapes", "temporal_padding", "x padding", {}, padding=_pair),
}


_EXPERIMENTAL = Contents(
    {
        "disable_tf_random_generator": no_effect("disable_tf_random_generator"),
        "enable_tf_random_generator": no_effect("enable_tf_random_generator"),
        "is_tf_random_generator_enabled": no_effect("is_tf_random_generator_enabled", True),
    }
)


def _modules(names: dict[str, Any]) -> dict[str, Contents]:
    contents = Contents(names, doc=__doc__)
    parts = ("tensorflow_backend", "theano_backend", "common", "load_backend")
    return {
        "backend": contents,
        **{f"backend.{part}": contents for part in parts},
        "backend.experimental": _EXPERIMENTAL,
    }


MODULES = _modules(NAMES)
KERAS1_MODULES = _modules(KERAS1_NAMES)
