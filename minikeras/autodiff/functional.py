"""`grad` and `value_and_grad`: gradients of functions, as JAX users write them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.primitive import elementary
from minikeras.autodiff.state import thread
from minikeras.autodiff.tape import GradientTape, Leaf
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import Variable

IDENTITY = elementary("identity", lambda x: x, lambda g: g)


def grad(f: Callable, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable:
    """Return a function that computes the gradient of `f`.

    Args:
        f: function that returns a scalar; `(scalar, aux)` with `has_aux`.
        argnums: which argument, or arguments, to differentiate by. They may be arrays, tensors,
            variables, numbers, or nested lists, tuples and dicts of them.
        has_aux: whether `f` returns something else beside the scalar, which is passed on.

    Returns:
        A function of the arguments of `f`. It returns gradients in the structure of the argument
        (a tuple of such, if `argnums` is a sequence), and `(gradients, aux)` with `has_aux`.

    Raises:
        TypeError: when called, if the result of `f` is not a scalar, or an argument to
            differentiate by is not made of floats.

    Example:

    >>> import minikeras
    >>> f = lambda x: x**3
    >>> float(minikeras.grad(f)(2.0)), float(minikeras.grad(minikeras.grad(f))(2.0))
    (12.0, 12.0)
    """
    both = value_and_grad(f, argnums, has_aux)

    @functools.wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, gradients = both(*args, **kwargs)
        return (gradients, value[1]) if has_aux else gradients

    return gradient


def value_and_grad(
    f: Callable, argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable:
    """Return a function that computes `f` and its gradient.

    Args:
        f: function that returns a scalar; `(scalar, aux)` with `has_aux`.
        argnums: which argument, or arguments, to differentiate by; see `grad`.
        has_aux: whether `f` returns something else beside the scalar, which is passed on.

    Returns:
        A function of the arguments of `f` that returns `(result of f, gradients)`.

    Raises:
        TypeError: when called, if the result of `f` is not a scalar, or an argument to
            differentiate by is not made of floats.

    Example:

    >>> import minikeras
    >>> from minikeras import ops
    >>> value, gradient = minikeras.value_and_grad(lambda w, x: (w["a"] * x).sum())(
    ...     {"a": ops.ones(2)}, 3.0
    ... )
    >>> value, gradient["a"]
    (<Tensor shape=() dtype=float32 6.>, <Tensor shape=(2,) dtype=float32 [3. 3.]>)
    """
    single = isinstance(argnums, (int, np.integer))
    places = (int(argnums),) if single else tuple(int(a) for a in argnums)

    @functools.wraps(f)
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        call = list(args)
        for i in places:
            if not -len(args) <= i < len(args):
                raise TypeError(
                    f"grad: argnums={argnums} names an argument that is missing: "
                    f"{len(args)} positional arguments were given."
                )
            call[i] = tree.map_structure(_leaf, args[i])
        wanted = [call[i] for i in places]
        with GradientTape() as tape:
            tape.watch([t for t in tree.flatten(wanted) if t is not None])
            result = f(*call, **kwargs)
        value = result[0] if has_aux else result
        _check_scalar(value)
        flat = [t for t in tree.flatten(wanted) if t is not None]
        grads = iter(tape.gradient(value, flat, unconnected_gradients="zero"))
        packed = tree.map_structure(lambda t: None if t is None else next(grads), wanted)
        return result, packed[0] if single else tuple(packed)

    return value_and_gradient


def _leaf(x: Any) -> Tensor | None:
    """Return an argument as a tensor of its own to differentiate by."""
    if x is None:
        return None
    if isinstance(x, Tensor) and x.node is not None and thread.state.tapes:
        return IDENTITY(x if not isinstance(x, Variable) else x.value)  # an outer tape follows it
    value = to_array(x)
    if value.dtype.kind not in "fcV":
        raise TypeError(
            "grad: arguments to differentiate by must be floats. "
            f"Received: dtype={value.dtype} in {type(x).__name__}"
        )
    return Tensor(np.array(value) if value is x else np.asarray(value), Leaf())


def _check_scalar(value: Any) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(
            f"grad: the function must return a tensor. Received: {type(value).__name__}"
        )
    if value.shape != ():
        raise TypeError(f"grad: the function must return a scalar. Received shape {value.shape}.")
    if value.array.dtype.kind not in "fV":
        raise TypeError(f"grad: the function must return a float. Received dtype {value.dtype}.")
