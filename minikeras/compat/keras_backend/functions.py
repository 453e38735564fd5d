"""Placeholders, gradients, and functions that compute parts of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras import layers, ops, tree
from minikeras.autodiff.expression import Expression, symbol_of
from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.autodiff.variable import Variable
from minikeras.common.naming import auto_name
from minikeras.compat.graph_session import BoundTensor, Evaluation, Session, evaluate
from minikeras.compat.keras_backend.calls import live, plain_name
from minikeras.ops.gradients import gradients as symbolic_gradients


def placeholder(
    shape: Any = None,
    ndim: int | None = None,
    dtype: str | None = None,
    sparse: bool = False,
    name: str | None = None,
    ragged: bool = False,
) -> KerasTensor:
    """Return a KerasTensor whose value is given later.

    Args:
        shape: shape, None where a size is not known.
        ndim: number of axes, of which no size is known; where `shape` is not given.
        dtype: dtype, the default float if None.
        sparse: accepted: what is fed may be a sparse matrix of SciPy, and is made dense.
        name: name, counted if None.
        ragged: must be false.

    Raises:
        ValueError: if neither `shape` nor `ndim` is given.
    """
    if ragged:
        raise ValueError("K.placeholder: ragged tensors are not supported.")
    if shape is None:
        if ndim is None:
            raise ValueError("K.placeholder: give `shape` or `ndim`.")
        shape = (None,) * ndim
    name = plain_name(name) or auto_name("placeholder")
    return layers.Input(batch_shape=tuple(shape), dtype=dtype, name=name)


def Input(shape: Any = None, *args: Any, tensor: Any = None, **kwargs: Any) -> KerasTensor:
    """Return the entrance of a model, which may have a value of its own.

    Args:
        shape: shape of one example, or the size of its only axis.
        *args, **kwargs: as of `minikeras.Input`.
        tensor: a variable, or what was computed from variables, which is the input where none is given; or
            a tensor of a graph, which is returned.
    """
    if tensor is None:
        shape = (shape,) if isinstance(shape, int) else shape  # as in `Input(shape=(32))`
        return layers.Input(shape, *args, **kwargs)
    if isinstance(tensor, KerasTensor):
        return tensor
    name = kwargs.get("name")
    bound = BoundTensor(tensor, (None, *tensor.shape[1:]), str(tensor.dtype), name)
    return layers.InputLayer(input_tensor=bound, name=name).output


class Function:
    """Computes tensors of a graph from the values of others; `function` makes one."""

    def __init__(
        self,
        inputs: Any,
        outputs: Any,
        updates: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        updates = () if updates is None else updates
        if not isinstance(updates, (list, tuple)):
            raise TypeError(f"K.function: `updates` must be a list. Received: {updates!r}")
        self.inputs = inputs
        self.outputs = outputs
        self.name = name
        self._single = not isinstance(inputs, (list, tuple, dict))
        feeds = [inputs] if self._single else tree.flatten(inputs)
        for t in feeds:
            if not isinstance(t, (KerasTensor, Tensor, int)):
                raise TypeError(f"K.function: `inputs` must be tensors. Received: {t!r}")
        self._evaluation = Evaluation(
            tree.map_structure(live, outputs), feeds, _flat_updates(updates), "K.function"
        )

    def __call__(self, inputs: Any = ()) -> Any:
        """Compute the outputs.

        Args:
            inputs: values in the structure of the function's inputs.

        Returns:
            NumPy arrays in the structure of the outputs.
        """
        values = [inputs] if self._single else _values(inputs, self.inputs)
        return self._evaluation.run(values)


def _flat_updates(updates: Sequence) -> list:
    """Return updates that may be nested in lists as pairs and updates."""
    flat: list = []
    for u in updates:
        pair = isinstance(u, (list, tuple)) and len(u) == 2 and isinstance(u[0], Variable)
        if isinstance(u, (list, tuple)) and not pair:
            flat += _flat_updates(u)
        elif u is not None:
            flat.append(u)
    return flat


def _values(given: Any, wanted: Any) -> list:
    if isinstance(wanted, dict):
        return [given[key] for key in sorted(wanted)]
    if not isinstance(given, (list, tuple)):
        if len(wanted) != 1:
            raise TypeError(f"K.function: expected a list of {len(wanted)} values.")
        given = [given]
    if len(given) != len(wanted):
        raise ValueError(
            f"K.function: expected {len(wanted)} values, one for each input. Received: {len(given)}"
        )
    return list(given)


def function(
    inputs: Any, outputs: Any, updates: Any = None, name: str | None = None, **kwargs: Any
) -> Function:
    """Return a function that computes tensors of a graph from the values of others.

    Args:
        inputs: list of the tensors whose values it takes: placeholders, tensors in between,
            `K.learning_phase()` (as 0 or 1), variables.
        outputs: list of the tensors that it gives, or one.
        updates: list of pairs `(variable, new value)`, or of what `K.update` and the like return; they are
            carried out after each call.
        name: without effect.
        **kwargs: options of TensorFlow's sessions, without effect.

    Returns:
        `f(values) -> NumPy arrays`.

    Example:

    >>> from minikeras.compat.keras_backend.variables import variable
    >>> x, w = placeholder((None, 2)), variable([1.0, 2.0])
    >>> f = function([x], [x * w], updates=[(w, w + 1)])
    >>> f([[[1.0, 1.0]]]), f([[[1.0, 1.0]]])
    ([array([[1., 2.]], dtype=float32)], [array([[2., 3.]], dtype=float32)])
    """
    return Function(inputs, outputs, updates, name, **kwargs)


def gradients(loss: Any, variables: Any) -> list:
    """Return the gradients of a loss, which can be computed with further.

    Args:
        loss: tensor (or a list of them), whose sum is differentiated.
        variables: placeholder, tensor in between, or variable; or a list of them.

    Returns:
        List with a tensor of the shape of each, or None where the loss does not depend on it.
    """
    many = isinstance(variables, (list, tuple))
    sources = [symbol_of(v) for v in (variables if many else [variables])]
    losses = list(loss) if isinstance(loss, (list, tuple)) else [loss]
    targets = [symbol_of(t) for t in losses]
    if not all(isinstance(t, KerasTensor) for t in targets):
        found = [_of_itself(t, sources) for t in targets]
        return [next((g for g in gs if g is not None), None) for gs in zip(*found)]
    described = symbolic_gradients(targets, sources)
    if all(isinstance(t, Expression) for t in losses):  # it has a value, and so have they
        values = iter(evaluate([g for g in described if g is not None]))
        return [None if g is None else Expression(to_array(next(values)), g) for g in described]
    return described


def _of_itself(target: Any, sources: list) -> list:
    """Return the gradients of a variable, or of what depends on nothing."""
    if isinstance(target, (KerasTensor, Expression)):
        raise TypeError("K.gradients: losses with and without a graph cannot be mixed.")
    if not isinstance(target, Tensor):
        raise TypeError(f"K.gradients: `loss` must be a tensor. Received: {target!r}")
    return [ops.ones_like(target) if s is target else None for s in sources]


_session: list[Session] = []


def get_session(op_input_list: Any = ()) -> Session:
    """Return the session: its `run(fetches, feed_dict)` computes tensors."""
    if not _session:
        _session.append(Session())
    return _session[0]


def set_session(session: Any) -> None:
    """Take a session; its configuration changes nothing."""
    _session[:] = [session]


def forget_session() -> None:
    """Start anew."""
    _session.clear()
