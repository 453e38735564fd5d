"""`keras.config`: global settings."""

from __future__ import annotations

from minikeras.common.settings import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    settings,
)
from minikeras.dtype_policies import dtype_policy, set_dtype_policy
from minikeras.kernels.parallel import get_threads, set_threads
from minikeras.utils.io_utils import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)


def backend() -> str:
    """Return the name of the backend: always `"numpy"`."""
    return "numpy"


def set_backend(backend: str) -> None:
    """Keras's switch between backends; there is one here.

    Raises:
        ValueError: for any name but `"numpy"`.
    """
    if backend != "numpy":
        raise ValueError(
            f"minikeras has one backend, 'numpy'. Received: backend={backend!r}. For other "
            "backends use Keras."
        )


def enable_debug_numerics() -> None:
    """Check every result: the first op that gives NaN or Inf raises FloatingPointError.

    The message names the op and the layer that it ran in.
    """
    settings.debug_numerics = True


def disable_debug_numerics() -> None:
    """Stop checking results."""
    settings.debug_numerics = False


def is_debug_numerics_enabled() -> bool:
    """Return whether results are checked for NaN and Inf."""
    return settings.debug_numerics


def enable_traceback_filtering() -> None:
    """Leave minikeras's own lines out of the tracebacks of errors, as it is by default.

    What is left are the lines of the user's: a layer's `call`, a callback, a generator, and where
    `fit`, a model or a layer was called.
    """
    settings.traceback_filtering = True


def disable_traceback_filtering() -> None:
    """Show every line in the tracebacks of errors, to look for a fault in minikeras itself."""
    settings.traceback_filtering = False


def is_traceback_filtering_enabled() -> bool:
    """Return whether minikeras's own lines are left out of tracebacks."""
    return settings.traceback_filtering


def enable_flash_attention() -> None:
    """Keras's switch to faster kernels of attention on GPUs, on by default.

    minikeras has one implementation of attention, so it changes nothing here.
    """
    settings.flash_attention = None


def disable_flash_attention() -> None:
    """Keras's switch, noted and without effect: see `enable_flash_attention`."""
    settings.flash_attention = False


def is_flash_attention_enabled() -> bool | None:
    """Return False if it was disabled, else None: Keras's way of leaving the choice to attention."""
    return settings.flash_attention


def is_nnx_enabled() -> bool:
    """Return whether Flax's NNX is in use: never, it belongs to JAX."""
    return False


def enable_unsafe_deserialization() -> None:
    """Let configs with Python lambdas be loaded, whose code runs when it is called."""
    settings.unsafe_deserialization = True


def max_epochs() -> int | None:
    """Return the largest number of epochs that `fit` runs, None for no limit."""
    return settings.max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Limit the epochs of every `fit`, for trying scripts out."""
    settings.max_epochs = max_epochs


def max_steps_per_epoch() -> int | None:
    """Return the largest number of steps an epoch, None for no limit."""
    return settings.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limit the steps of every epoch, for trying scripts out."""
    settings.max_steps_per_epoch = max_steps_per_epoch
