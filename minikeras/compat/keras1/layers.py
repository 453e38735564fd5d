"""`keras.layers` of Keras 0.x and 1.x."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras import initializers
from minikeras.compat.adapters import Adapted, Lazy
from minikeras.compat.keras1 import initializations
from minikeras.compat.keras1.arguments import (
    guess_data_format,
    initializer,
    layer,
    values_of,
)
from minikeras.compat.keras2.activations import of_then

_OWN = "minikeras.compat.keras1"

_WEIGHTS = "W_regularizer b_regularizer activity_regularizer W_constraint b_constraint bias"
_WITHIN = "init activation weights"  # begins the arguments of most layers


def _ints(args: tuple) -> int:
    """Return how many integers positional arguments begin with."""
    n = 0
    while (
        n < len(args) and isinstance(args[n], (int, np.integer)) and not isinstance(args[n], bool)
    ):
        n += 1
    return n


def _since(before: str, now: str, ints: int) -> Callable[[tuple], str]:
    """Return what tells the order of arguments of the summer of 2015 from the one that came then.

    Args:
        before: the older order, which had so many integers first.
        now: the later one.
        ints: how many.
    """
    return lambda args: before if _ints(args) >= ints else now


_ORDER_SINCE_2 = (
    "filters kernel_size strides padding data_format dilation_rate activation use_bias "
    "kernel_initializer bias_initializer"
)


def _or_of_keras_2(positional: Callable[[tuple], str] | str) -> Callable[[tuple], str]:
    """Return an order of arguments that becomes Keras 2's where the size of the kernel is a tuple.

    Scripts of 2017 were written for both.
    """

    def order(args: tuple) -> str:
        if len(args) > 1 and isinstance(args[1], (tuple, list)):
            return _ORDER_SINCE_2
        return positional(args) if callable(positional) else positional

    return order


def _given(*initial: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return a `prepare` that gives arrays of `weights=` to arguments that are initializers today."""

    def prepare(kwargs: dict[str, Any]) -> dict[str, Any]:
        weights = kwargs.pop("weights", None)
        if weights is not None:
            if len(initial) == 3 and len(weights) > 3:
                weights = _joined(weights)
            for name, array in zip(initial, weights):
                array = _channels_last(np.asarray(array), kwargs)
                kwargs[name] = initializers.Constant(array)
            if "unit_forget_bias" in kwargs:
                kwargs["unit_forget_bias"] = False
        return kwargs

    return prepare


def _joined(weights: list) -> list:
    """Return the weights of a recurrent layer, which were three arrays for each gate, as three."""
    if len(weights) == 12:  # i, c, f, o; today i, f, c, o
        weights = [w for gate in (0, 2, 1, 3) for w in weights[3 * gate : 3 * gate + 3]]
    return [np.concatenate(weights[i::3], axis=-1) for i in range(3)]


def _channels_last(array: np.ndarray, kwargs: dict[str, Any]) -> np.ndarray:
    """Return a kernel as today's: Theano's order of its axes was (filters, channels, rows, columns)."""
    filters = kwargs.get("filters")
    if array.ndim in (4, 5) and array.shape[0] == filters and array.shape[-1] != filters:
        return np.moveaxis(array, (0, 1), (-1, -2))
    return array


# Layers with weights.

_kernel_and_bias = _given("kernel_initializer", "bias_initializer")


def _full(rank: int) -> Callable[[dict[str, Any]], str | None]:
    """Return what chooses our own convolution where Theano's border mode `"full"` is asked for."""
    return lambda kwargs: (
        f"{_OWN}.full_convolution:FullConv{rank}D" if kwargs.get("padding") == "full" else None
    )


def _one_init(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Give both kernels of a separable convolution the one `init`."""
    init = kwargs.pop("kernel_initializer", None)
    if init is not None:
        kwargs["depthwise_initializer"] = kwargs["pointwise_initializer"] = init
    return _given("depthwise_initializer", "pointwise_initializer", "bias_initializer")(kwargs)


def _unit_forget_bias(kwargs: dict[str, Any]) -> dict[str, Any]:
    init = kwargs.pop("forget_bias_init", "one")
    init = getattr(init, "__name__", init)
    kwargs["unit_forget_bias"] = init in ("one", "ones")
    if init not in ("one", "ones", "zero", "zeros"):
        raise ValueError(f"LSTM: forget_bias_init must be 'one' or 'zero'. Received: {init!r}")
    return _recurrent(kwargs)


def _recurrent(kwargs: dict[str, Any]) -> dict[str, Any]:
    kwargs.setdefault("recurrent_initializer", initializer("orthogonal"))
    return _given("kernel_initializer", "recurrent_initializer", "bias_initializer")(kwargs)


_RECURRENT = (
    "W_regularizer U_regularizer b_regularizer dropout_W dropout_U weights return_sequences go_backwards "
    "stateful unroll consume_less input_dim input_length"
)
_RECURRENT_OF_2015 = "weights truncate_gradient return_sequences"


def _recurrent_layer(name: str, own: str, prepare: Any = _recurrent, **defaults: Any) -> Adapted:
    today = values_of(defaults)
    return layer(
        name,
        _since(
            f"input_dim output_dim {own} {_RECURRENT_OF_2015}",
            f"output_dim {own} {_RECURRENT}",
            ints=2,
        ),
        prepare=prepare,
        defaults={k: today[k](v) if k in today else v for k, v in defaults.items()},
        ignored={
            "consume_less": "there is one way to compute it",
            "truncate_gradient": "gradients run through all time steps",
        },
    )


_CONV_1D = (
    f"nb_filter filter_length {_WITHIN} border_mode subsample_length "
    "W_regularizer b_regularizer activity_regularizer W_constraint b_constraint bias input_dim input_length"
)
_CONV_2D = f"nb_filter nb_row nb_col {_WITHIN} border_mode subsample dim_ordering {_WEIGHTS}"
_CONV_2D_OF_2015 = f"nb_filter stack_size nb_row nb_col {_WITHIN} border_mode subsample {_WEIGHTS}"
_IN_2D, _IN_3D = ("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3")


def _conv_2d(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Bring a convolution's arguments up to date."""
    if kwargs.pop("stack_size", None) is not None:  # there was only Theano then
        kwargs.setdefault("data_format", "channels_first")
    return _kernel_and_bias(kwargs)


_CONVOLUTIONS = {
    "Convolution1D": layer(
        "Convolution1D",
        _or_of_keras_2(
            _since(
                f"input_dim nb_filter filter_length {_WITHIN} border_mode subsample_length",
                _CONV_1D,
                ints=3,
            )
        ),
        {"filter_length": "kernel_size"},
        today="Conv1D",
        prepare=_kernel_and_bias,
        chosen=_full(1),
    ),
    "AtrousConvolution1D": layer(
        "AtrousConvolution1D",
        _CONV_1D.replace("subsample_length", "subsample_length atrous_rate"),
        today="Conv1D",
        prepare=_kernel_and_bias,
    ),
    "Convolution2D": layer(
        "Convolution2D",
        _or_of_keras_2(_since(_CONV_2D_OF_2015, _CONV_2D, ints=4)),
        today="Conv2D",
        prepare=_conv_2d,
        chosen=_full(2),
        sizes=_IN_2D,
    ),
    "AtrousConvolution2D": layer(
        "AtrousConvolution2D",
        _CONV_2D.replace("subsample", "subsample atrous_rate"),
        today="Conv2D",
        prepare=_kernel_and_bias,
        sizes=_IN_2D,
    ),
    "Deconvolution2D": layer(
        "Deconvolution2D",
        _CONV_2D.replace("nb_col", "nb_col output_shape"),
        today="Conv2DTranspose",
        place=f"{_OWN}.deconvolution",
        prepare=_kernel_and_bias,
        sizes=_IN_2D,
    ),
    "SeparableConvolution2D": layer(
        "SeparableConvolution2D",
        _or_of_keras_2(
            f"nb_filter nb_row nb_col {_WITHIN} border_mode subsample depth_multiplier dim_ordering "
            "depthwise_regularizer pointwise_regularizer b_regularizer activity_regularizer "
            "depthwise_constraint pointwise_constraint b_constraint bias",
        ),
        today="SeparableConv2D",
        prepare=_one_init,
        sizes=_IN_2D,
    ),
    "Convolution3D": layer(
        "Convolution3D",
        _or_of_keras_2(
            f"nb_filter {' '.join(_IN_3D)} {_WITHIN} border_mode subsample dim_ordering {_WEIGHTS}",
        ),
        today="Conv3D",
        prepare=_kernel_and_bias,
        chosen=_full(3),
        sizes=_IN_3D,
    ),
    "LocallyConnected1D": layer(
        "LocallyConnected1D", _CONV_1D, place=f"{_OWN}.local", prepare=_kernel_and_bias
    ),
    "LocallyConnected2D": layer(
        "LocallyConnected2D",
        _CONV_2D,
        place=f"{_OWN}.local",
        prepare=_kernel_and_bias,
        sizes=_IN_2D,
    ),
}
for _name in ("1D", "2D", "3D"):  # Keras 1.1 knew the short names, too
    _CONVOLUTIONS[f"Conv{_name}"] = _CONVOLUTIONS[f"Convolution{_name}"]
_CONVOLUTIONS["Deconv2D"] = _CONVOLUTIONS["Deconvolution2D"]
_CONVOLUTIONS["AtrousConv1D"] = _CONVOLUTIONS["AtrousConvolution1D"]
_CONVOLUTIONS["AtrousConv2D"] = _CONVOLUTIONS["AtrousConvolution2D"]
_CONVOLUTIONS["SeparableConv2D"] = _CONVOLUTIONS["SeparableConvolution2D"]

_DENSE = f"output_dim {_WITHIN} {_WEIGHTS} input_dim"


def _dense(args: tuple) -> str:
    """Return the order of arguments: of 2015, of Keras 1, or, if an activation comes second, of Keras 2."""
    if len(args) > 1 and isinstance(args[1], str) and args[1] not in initializations.NAMES:
        return "units activation use_bias kernel_initializer bias_initializer"
    return _DENSE_OF_2015 if _ints(args) >= 2 else _DENSE


_DENSE_OF_2015 = f"input_dim output_dim {_WITHIN} name {_WEIGHTS}"


def _embedding(kwargs: dict[str, Any]) -> dict[str, Any]:
    if not kwargs.get("dropout"):
        kwargs.pop("dropout", None)
    weights = kwargs.get("weights")
    if isinstance(weights, (list, tuple)) and not len(weights):
        del kwargs["weights"]
    return kwargs


_WEIGHTED = {
    "Dense": layer("Dense", _dense, prepare=_kernel_and_bias),
    "TimeDistributedDense": layer(
        "TimeDistributedDense",
        _since(_DENSE_OF_2015, f"{_DENSE} input_length", ints=2),
        today="Dense",
        prepare=_kernel_and_bias,
    ),
    "MaxoutDense": layer(
        "MaxoutDense",
        _since(
            f"input_dim output_dim nb_feature init weights {_WEIGHTS}",
            f"output_dim nb_feature init weights {_WEIGHTS} input_dim",
            ints=3,
        ),
        {"nb_feature": "features"},
        place=f"{_OWN}.maxout_dense",
        prepare=_kernel_and_bias,
    ),
    "Highway": layer(
        "Highway",
        lambda args: (
            f"init {'transform_bias ' if _ints(args[1:]) else ''}activation weights {_WEIGHTS} input_dim"
        ),
        place=f"{_OWN}.highway",
        prepare=_given(
            "kernel_initializer",
            "carry_kernel_initializer",
            "bias_initializer",
            "carry_bias_initializer",
        ),
    ),
    "Embedding": layer(
        "Embedding",
        "input_dim output_dim init input_length W_regularizer activity_regularizer W_constraint mask_zero "
        "weights dropout",
        prepare=_embedding,
        chosen=lambda kwargs: (
            f"{_OWN}.word_dropout:WordDropoutEmbedding" if "dropout" in kwargs else None
        ),
    ),
    "SimpleRNN": _recurrent_layer("SimpleRNN", "init inner_init activation"),
    "GRU": _recurrent_layer(
        "GRU",
        "init inner_init activation inner_activation",
        recurrent_activation="hard_sigmoid",
        reset_after=False,
    ),
    "LSTM": _recurrent_layer(
        "LSTM",
        "init inner_init forget_bias_init activation inner_activation",
        _unit_forget_bias,
        recurrent_activation="hard_sigmoid",
    ),
    "ConvLSTM2D": layer(
        "ConvLSTM2D",
        "nb_filter nb_row nb_col init inner_init forget_bias_init activation inner_activation "
        "dim_ordering border_mode subsample W_regularizer U_regularizer b_regularizer dropout_W dropout_U",
        prepare=_unit_forget_bias,
        defaults={"recurrent_activation": of_then("hard_sigmoid")},
        sizes=_IN_2D,
    ),
}


# Normalization.

_NORMALIZATION = (
    "mode axis momentum weights beta_init gamma_init gamma_regularizer beta_regularizer"
)
_of_sample = {"momentum", "moving_mean_initializer", "moving_variance_initializer", "axis"}


def _normalization(kwargs: dict[str, Any]) -> dict[str, Any]:
    kwargs.pop("input_shape_of_2015", None)
    mode = kwargs.pop("mode", 0)
    if mode not in (0, 1, 2):
        raise ValueError(f"BatchNormalization: mode must be 0, 1 or 2. Received: {mode!r}")
    kwargs = _given(
        "gamma_initializer",
        "beta_initializer",
        "moving_mean_initializer",
        "moving_variance_initializer",
    )(kwargs)
    if mode == 1:  # each sample by itself, along its last axis
        kwargs = {k: v for k, v in kwargs.items() if k not in _of_sample}
    return {**kwargs, "mode": mode}


def _kind_of_normalization(kwargs: dict[str, Any]) -> str | None:
    return {
        0: None,
        1: "minikeras.layers:LayerNormalization",
        2: f"{_OWN}.batch_statistics:BatchStatisticsNormalization",
    }[kwargs.pop("mode")]


_NORMALIZATIONS = {
    "BatchNormalization": layer(
        "BatchNormalization",
        lambda args: (
            f"input_shape_of_2015 epsilon {_NORMALIZATION}"
            if args and isinstance(args[0], (tuple, list, int))
            else f"epsilon {_NORMALIZATION}"
        ),
        prepare=_normalization,
        chosen=_kind_of_normalization,
    ),
}


# Images without weights.

_DIM_ORDERING = "dim_ordering"


def _pooling(rank: int, kind: str) -> Adapted:
    name = f"{kind}Pooling{rank}D"
    if rank == 1:
        return layer(
            name, "pool_length stride border_mode", ignored=_BORDER, defaults={"pool_size": 2}
        )
    return layer(
        name,
        f"pool_size strides border_mode {_DIM_ORDERING}",
        {"poolsize": "pool_size"},
        ignored=_BORDER,
        defaults={"pool_size": 2},
    )


_BORDER = {"ignore_border": "what is beyond the last whole window is left out"}


def _padding(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Bring four numbers, or a dict of them, into pairs."""
    padding = kwargs.get("padding")
    if isinstance(padding, dict):
        sides = ("top", "bottom", "left", "right")
        if set(padding) <= {"left_pad", "right_pad"}:
            kwargs["padding"] = tuple(padding.get(s, 0) for s in ("left_pad", "right_pad"))
            return kwargs
        padding = [padding.get(f"{s}_pad", 0) for s in sides]
    if isinstance(padding, (list, tuple)) and len(padding) == 4:
        kwargs["padding"] = (tuple(padding[:2]), tuple(padding[2:]))
    return kwargs


_IMAGES = {
    **{
        f"{kind}Pooling{rank}D": _pooling(rank, kind)
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
    },
    **{
        f"Global{kind}Pooling{rank}D": layer(
            f"Global{kind}Pooling{rank}D", _DIM_ORDERING if rank > 1 else ""
        )
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
    },
    "UpSampling1D": layer("UpSampling1D", "length"),
    "ZeroPadding1D": layer("ZeroPadding1D", "padding", prepare=_padding),
    "Cropping1D": layer("Cropping1D", "cropping"),
    **{
        f"{name}{rank}D": layer(
            f"{name}{rank}D",
            f"{argument} {_DIM_ORDERING}",
            {"pad": "padding"},
            prepare=_padding if name == "ZeroPadding" else None,
        )
        for name, argument in (
            ("UpSampling", "size"),
            ("ZeroPadding", "padding"),
            ("Cropping", "cropping"),
        )
        for rank in (2, 3)
    },
}


# Everything else.

_OTHERS = {
    "Activation": layer("Activation", "activation", ignored={"target": "it had no effect"}),
    "Dropout": layer("Dropout", "p noise_shape seed"),
    "SpatialDropout1D": layer("SpatialDropout1D", "p"),
    "SpatialDropout2D": layer("SpatialDropout2D", "p dim_ordering"),
    "SpatialDropout3D": layer("SpatialDropout3D", "p dim_ordering"),
    "GaussianNoise": layer("GaussianNoise", "sigma"),
    "GaussianDropout": layer("GaussianDropout", "p"),
    "Masking": layer("Masking", "mask_value"),
    "Flatten": layer(
        "Flatten", "", defaults={"data_format": "channels_last"}
    ),  # in the order of memory
    "Reshape": layer(
        "Reshape",
        lambda args: (
            " ".join(f"dims_{i}" for i in range(len(args))) if _ints(args) else "target_shape"
        ),
        {"dims": "target_shape"},
        prepare=lambda kwargs: _reshape(kwargs),
    ),
    "Permute": layer("Permute", "dims"),
    "RepeatVector": layer("RepeatVector", "n"),
    "Lambda": Adapted("minikeras.layers:Lambda", "function output_shape arguments"),
    "MaskedLambda": Adapted(
        "minikeras.layers:Lambda",
        "function output_shape arguments",
        name="MaskedLambda",
        old_name=True,
    ),
    "ActivityRegularization": layer("ActivityRegularization", "l1 l2"),
    "TimeDistributed": layer("TimeDistributed", "layer"),
    "Bidirectional": layer("Bidirectional", "layer merge_mode weights"),
    "TimeDistributedMerge": layer(
        "TimeDistributedMerge", "mode", place=f"{_OWN}.time_distributed_merge"
    ),
    "AutoEncoder": layer(
        "AutoEncoder",
        "encoder decoder output_reconstruction weights",
        place=f"{_OWN}.auto_encoder",
        ignored={"tie_weights": "it had no effect"},
    ),
    "Merge": Lazy(f"{_OWN}.merge:Merge"),
    "merge": Lazy(f"{_OWN}.merge:merge"),
    "LambdaMerge": Lazy(f"{_OWN}.merge:lambda_merge"),
    "Layer": Lazy(f"{_OWN}.custom_layer:Layer"),
    "MaskedLayer": Lazy(f"{_OWN}.custom_layer:MaskedLayer"),
    "Container": Adapted(
        "minikeras.models:Model", "input output name", {"input": "inputs", "output": "outputs"}
    ),
}


def _reshape(kwargs: dict[str, Any]) -> dict[str, Any]:
    dims = [kwargs.pop(f"dims_{i}") for i in range(len(kwargs)) if f"dims_{i}" in kwargs]
    if dims:
        kwargs["target_shape"] = tuple(dims)
    guess_data_format(kwargs.get("target_shape"), reshaped=True)
    return kwargs


_ADVANCED_ACTIVATIONS = {
    "LeakyReLU": layer("LeakyReLU", "alpha", {"alpha": "negative_slope"}),
    "ELU": layer("ELU", "alpha"),
    "PReLU": layer("PReLU", "init weights shared_axes", prepare=_given("alpha_initializer")),
    "ThresholdedReLU": layer(
        "ThresholdedReLU",
        "theta",
        {"theta": "threshold"},
        today="ReLU",
        defaults={"threshold": 1.0},
    ),
    "ThresholdedLinear": layer("ThresholdedLinear", "theta", place=f"{_OWN}.advanced_activations"),
    "ParametricSoftplus": layer(
        "ParametricSoftplus",
        "alpha_init beta_init weights shared_axes",
        {"alpha_init": "alpha_initializer", "beta_init": "beta_initializer"},
        place=f"{_OWN}.advanced_activations",
        prepare=_given("alpha_initializer", "beta_initializer"),
    ),
    "SReLU": layer(
        "SReLU",
        "t_left_init a_left_init t_right_init a_right_init shared_axes",
        {f"{n}_init": f"{n}_initializer" for n in ("t_left", "a_left", "t_right", "a_right")},
        place=f"{_OWN}.advanced_activations",
    ),
}


def _input(kwargs: dict[str, Any]) -> dict[str, Any]:
    guess_data_format(kwargs.get("shape") or (kwargs.get("batch_shape") or (None,))[1:])
    return kwargs


_INPUTS = {
    "Input": Adapted(
        "minikeras.compat.keras_backend.functions:Input",
        "shape batch_shape name dtype sparse tensor",
        prepare=_input,
    ),
    "InputLayer": Adapted(
        "minikeras.layers:InputLayer",
        "input_shape batch_input_shape input_dtype input_tensor sparse name",
        {"input_dtype": "dtype"},
    ),
}

NAMES = {
    **_CONVOLUTIONS,
    **_WEIGHTED,
    **_NORMALIZATIONS,
    **_IMAGES,
    **_OTHERS,
    **_ADVANCED_ACTIVATIONS,
    **_INPUTS,
}
