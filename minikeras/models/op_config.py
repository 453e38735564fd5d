"""How functions of `minikeras.ops` are written in the configs of functional models: in Keras's form.

In Keras each function is a class, such as `Mean(axis, keepdims)`, called on the data. So the
arguments of one call are split: data stay with the call, the others make the config.
"""

from __future__ import annotations

import inspect
from typing import Any

from minikeras.autodiff.keras_tensor import any_symbolic
from minikeras.ops.symbolic import OPS, OpCall

_MODULES = {
    "core": "associative_scan cast cond fori_loop map saturate_cast scan scatter scatter_update slice "
    "slice_update stop_gradient switch unstack vectorized_map while_loop",
    "einops": "rearrange",
    "linalg": "cholesky cholesky_inverse det eig eigh inv jvp lstsq lu_factor matrix_rank norm pinv qr "
    "solve solve_triangular svd",
    "math": "cdist erf erfc erfinv extract_sequences fft fft2 ifft2 in_top_k irfft istft logdet "
    "logsumexp rfft rsqrt segment_max segment_min segment_prod segment_sum stft top_k "
    "view_as_complex view_as_real",
    "nn": "adaptive_average_pool adaptive_max_pool average_pool batch_norm binary_crossentropy "
    "categorical_crossentropy celu conv conv_transpose ctc_decode ctc_loss depth_to_space "
    "depthwise_conv dot_product_attention elu fold gelu glu hard_shrink hard_sigmoid hard_silu "
    "hard_tanh layer_norm leaky_relu log_sigmoid log_softmax max_pool moments multi_hot normalize "
    "one_hot polar psnr relu relu6 rms_norm selu separable_conv sigmoid silu soft_shrink softmax "
    "softplus softsign space_to_depth sparse_categorical_crossentropy sparse_plus sparse_sigmoid "
    "sparsemax squareplus tanh_shrink threshold unfold",
}
_MODULE_OF = {f: module for module, names in _MODULES.items() for f in names.split()}

# Classes that are not the function's name in capitals.
_CLASSES = {
    "allclose": "AllClose",
    "cdist": "CDist",
    "fft": "FFT",
    "fft2": "FFT2",
    "ifft2": "IFFT2",
    "irfft": "IRFFT",
    "isin": "IsIn",
    "istft": "ISTFT",
    "psnr": "PSNR",
    "rfft": "RFFT",
    "searchsorted": "SearchSorted",
    "stft": "STFT",
    "svd": "SVD",
}

# Parameters that belong to the call even where no tensor is given for them.
_DATA = frozenset(
    [
        "x",
        "x1",
        "x2",
        "xs",
        "y",
        "a",
        "b",
        "key",
        "condition",
        "indices",
        "index",
        "inputs",
        "values",
        "updates",
        "target",
        "start_indices",
        "constant_values",
        "mean",
        "variance",
        "choicelist",
        "condlist",
        "default",
    ]
)


def class_name(function: str) -> str:
    """Return the name of Keras's class for a function.

    Example:

    >>> class_name("expand_dims")
    'ExpandDims'
    """
    return _CLASSES.get(function) or "".join(w.capitalize() for w in function.split("_"))


def is_op_entry(entry: dict) -> bool:
    """Whether an entry of a config's layers stands for a function."""
    return str(entry.get("module")).startswith("keras.src.ops.")


def op_entry(operation: OpCall) -> tuple[dict, tuple, dict]:
    """Return the entry of a call of a function, and what it is called on, by place and by name."""
    name = operation.function
    node = operation._inbound_nodes[0]
    bound = inspect.signature(OPS[name].on_data).bind(*node.args, **node.kwargs)
    config: dict[str, Any] = {"name": operation.name}
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    gap = False  # whether data were left out, so that later ones have no place
    for parameter in bound.signature.parameters.values():
        key = parameter.name
        if key not in bound.arguments:
            gap |= key in _DATA
            continue
        value = bound.arguments[key]
        if parameter.kind is parameter.VAR_POSITIONAL:
            args.extend(value)
        elif parameter.kind is parameter.VAR_KEYWORD:
            config.update(value)
        elif key not in _DATA and not any_symbolic((value,)):
            config[key] = value
        elif gap:
            kwargs[key] = value
        else:
            args.append(value)
    entry = {
        "module": f"keras.src.ops.{_MODULE_OF.get(name, 'numpy')}",
        "class_name": class_name(name),
        "config": config,
        "registered_name": class_name(name),
        "name": operation.name,
    }
    return entry, tuple(args), kwargs


def op_from_entry(entry: dict) -> OpCall:
    """Return an operation for an entry.

    Raises:
        ValueError: if no function of `minikeras.ops` has the name of the class.
    """
    wanted = entry["class_name"].lower()
    for function in OPS:
        if function.replace("_", "") == wanted:
            return OpCall(function, name=entry["config"].get("name"))
    raise ValueError(
        f"The config holds '{entry['class_name']}' of {entry['module']}, and minikeras.ops has no "
        "such function."
    )


def op_arguments(function: str, config: dict, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """Return the arguments of a function, given what its config holds and what it is called on."""
    settings = {k: v for k, v in config.items() if k != "name"}
    rest = list(args)
    positional: list[Any] = []
    for parameter in inspect.signature(OPS[function].on_data).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional += rest
            rest = []
        if not rest or parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            break
        if parameter.name in settings:
            positional.append(settings.pop(parameter.name))
        else:
            positional.append(rest.pop(0))
    if function == "get_item" and isinstance(positional[1], list):
        positional[1] = tuple(positional[1])  # JSON has no tuples
    return tuple(positional), {**settings, **kwargs}
