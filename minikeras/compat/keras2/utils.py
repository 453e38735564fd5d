"""`keras.utils` of Keras 2."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from minikeras.common.traceback_utils import warn
from minikeras.compat.adapters import Adapted, Gone, Lazy
from minikeras.compat.keras2 import data_utils
from minikeras.compat.namespaces import Names
from minikeras.compat.spelling import tell


def multi_gpu_model(
    model: Any, gpus: Any = None, cpu_merge: bool = True, cpu_relocation: bool = False
) -> Any:
    """Return the model as it is: there are no GPUs to spread it over."""
    warn("multi_gpu_model: minikeras computes on the CPU, so the model stays as it is.")
    return model


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Any = None,
    print_fn: Callable[[str], Any] | None = None,
) -> None:
    """Print a summary of a model: what `model.summary()` does."""
    tell("print_summary(model)", "model.summary()")
    model.summary(line_length=line_length, positions=positions, print_fn=print_fn)


def has_arg(function: Callable, name: str, accept_all: bool = False) -> bool:
    """Return whether a function takes an argument of that name.

    Args:
        function: the function.
        name: the argument's name.
        accept_all: whether `**kwargs` count.
    """
    parameters = inspect.signature(function).parameters
    if name in parameters:
        return parameters[name].kind is not inspect.Parameter.POSITIONAL_ONLY
    return accept_all and any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def to_list(x: Any, allow_tuple: bool = False) -> list:
    """Return a list as it is, and what is none in a list of its own."""
    if isinstance(x, list) or (allow_tuple and isinstance(x, tuple)):
        return list(x)
    return [x]


def interface(*args: Any, **kwargs: Any) -> Any:
    """Decorate nothing: `keras.legacy.interfaces` renamed old arguments, which is done elsewhere here."""
    if len(args) == 1 and not kwargs and callable(args[0]):
        return args[0]
    return lambda function: function


_KINDS = (
    "add_weight batchnorm conv1d conv2d conv3d convlstm2d cropping2d deconv2d dense dropout embedding "
    "gaussiandropout gaussiannoise generator_methods get_updates global_pooling input lambda "
    "model_constructor pooling1d pooling2d pooling3d prelu recurrent separable_conv2d spatialdropout1d "
    "spatialdropoutNd upsampling1d upsampling2d upsampling3d zeropadding2d zeropadding3d"
)
INTERFACES: Names = {
    "generate_legacy_interface": interface,
    **dict.fromkeys([f"legacy_{kind}_support" for kind in _KINDS.split()], interface),
}

NAMES: Names = {
    "get_file": data_utils.get_file,
    "OrderedEnqueuer": data_utils.OrderedEnqueuer,
    "GeneratorEnqueuer": data_utils.GeneratorEnqueuer,
    "SequenceEnqueuer": data_utils.OrderedEnqueuer,
    "HDF5Matrix": data_utils.HDF5Matrix,
    "threadsafe_generator": data_utils.threadsafe_iterator,
    "to_categorical": Adapted(
        "minikeras.utils:to_categorical",
        "x num_classes dtype",
        {"y": "x", "nb_classes": "num_classes"},
        ignored={"dtype": "the result is of floats; call .astype(dtype)"},
    ),
    "multi_gpu_model": multi_gpu_model,
    "print_summary": print_summary,
    "has_arg": has_arg,
    "to_list": to_list,
    "get_custom_objects": Lazy("minikeras.utils:get_custom_objects"),
    "convert_all_kernels_in_model": Gone(
        "keras.utils.convert_all_kernels_in_model",
        "Load the file with load_model or load_weights, which turn the kernels of Theano themselves.",
        "Keras removed it",
    ),
    "convert_kernel": Gone(
        "keras.utils.convert_kernel", "Use kernel[::-1, ::-1].", "Keras removed it"
    ),
}
