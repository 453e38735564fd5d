"""`Metric`: state in variables, updated batch by batch, and a result."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minikeras import initializers
from minikeras.autodiff.journal import note_change
from minikeras.autodiff.state import thread
from minikeras.autodiff.tape import no_recording
from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.tracking import Trackable, substituted
from minikeras.autodiff.variable import RoundedTensor, Variable
from minikeras.common.call_errors import explained_metric
from minikeras.common.configurable import Configurable, unusual_arguments_of
from minikeras.common.dtypes import to_np_dtype
from minikeras.common.naming import auto_name
from minikeras.common.object_family import FamilyMember, ObjectFamily
from minikeras.common.ranks import running
from minikeras.losses.loss import compute_dtype

FAMILY = ObjectFamily("metric")
"""Every metric by name."""


class Metric(Trackable, FamilyMember, Configurable, family=FAMILY):
    """Base class of metrics.

    A subclass makes variables in `__init__` with `add_variable`, changes them in `update_state`,
    and computes a number (or a dict of numbers) from them in `result`. Whatever happens in these
    two is not recorded by gradient tapes.

    Args:
        dtype: dtype of the computation, `floatx` if None.
        name: name, counted from the class name if None.

    Example:

    >>> from minikeras import metrics, ops
    >>> class Largest(metrics.Metric):
    ...     def __init__(self, name="largest", **kwargs):
    ...         super().__init__(name=name, **kwargs)
    ...         self.value = self.add_variable((), "zeros", name="value")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.value.assign(ops.maximum(self.value, ops.max(y_pred)))
    ...     def result(self):
    ...         return self.value
    >>> metric = Largest()
    >>> metric.update_state([0.0, 0.0], [1.0, 3.0])
    >>> float(metric.result())
    3.0
    """

    argument_sources = {"name": "name", "dtype": "_dtype"}

    _direction: str | None = None
    """Whether training should bring it "up" or "down", where that is known; Keras's name for it."""

    _state_to_come: Any = ()
    """Values of variables that are still to be made, with their exact sums: see `set_state`."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("update_state", "result"):
            if name in cls.__dict__:
                method = _unrecorded(cls.__dict__[name])
                setattr(cls, name, _noted(method) if name == "result" else method)

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self._dtype = compute_dtype(dtype)
        self._np_dtype = to_np_dtype(self._dtype)

    @property
    def dtype(self) -> str:
        """The dtype that the metric computes in."""
        return self._dtype

    @property
    def variables(self) -> list[Variable]:
        """The state: own variables in the order of their making, then those of metrics held."""
        self._check_super_called()
        own, held = self._own_and_held()
        return own + [v for m in held for v in m.variables]

    def _own_and_held(self) -> tuple[list[Variable], list[Metric]]:
        """Return the variables of the metric itself, and the metrics that it holds."""
        tracked = self.tracked_objects()
        own = [v for v in tracked if isinstance(v, Variable)]
        return own, [m for m in tracked if isinstance(m, Metric)]

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """Make a variable that belongs to the state.

        Args:
            shape: its shape, `()` for a number.
            initializer: initializer, its name, or an array of first values; zeros if None.
            dtype: its dtype, `floatx` if None.
            aggregation: kept, without effect on one machine.
            name: its name.
        """
        self._check_super_called()
        variable = self.make_variable(
            [*thread.state.scopes, self.name.replace("/", ">")],
            initializers.get("zeros" if initializer is None else initializer),
            shape=shape,
            dtype=dtype,
            trainable=False,
            aggregation=aggregation,
            synchronization="on_read",
            name=name,
        )
        if self._state_to_come:
            self._put_back(variable, *self._state_to_come.pop(0))
        return variable

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = None,
        dtype: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable that belongs to the state; see `add_variable`."""
        return self.add_variable(shape, initializer, dtype=dtype, name=name)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take a batch into account; every metric writes its own."""
        raise NotImplementedError(
            f"{type(self).__name__}: a metric must have a method `update_state`."
        )

    def result(self) -> Any:
        """Compute the metric from the state; every metric writes its own."""
        raise NotImplementedError(f"{type(self).__name__}: a metric must have a method `result`.")

    def reset_state(self) -> None:
        """Set all variables to zero."""
        self.__dict__.pop("_state_to_come", None)
        for v in self.variables:
            note_change(v)
            v.array = np.zeros_like(v.array)

    def get_state(self) -> dict[str, Any]:
        """Return the state with all its digits, as plain data, for `set_state`.

        A metric that keeps more than variables adds to it.
        """
        own, held = self._own_and_held()
        return {
            "values": [np.asarray(v.array) for v in own],
            "exact": [v.total for v in own],
            "held": [m.get_state() for m in held],
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Put back what `get_state` returned.

        Variables that the metric makes with its first batch get their values when they are made.
        """
        exact = state["exact"]
        own, held = self._own_and_held()
        self.__dict__["_state_to_come"] = list(zip(state["values"], exact))[len(own) :]
        for v, value, total in zip(own, state["values"], exact):
            self._put_back(v, value, total)
        for m, inner in zip(held, state["held"]):
            m.set_state(inner)

    def _put_back(self, variable: Variable, value: np.ndarray, total: Any) -> None:
        variable.assign(value)
        if total is not None:
            variable.exact = variable.array, total

    def _accumulate(self, variable: Variable, amount: Any) -> None:
        """Add to a variable without losing what is small beside the sum so far.

        The exact sum is kept next to the variable, in float64. It counts while the variable holds
        what it was rounded to; whoever puts another value there begins anew.
        """
        if variable.array.dtype.kind not in "fV":
            variable.assign_add(amount)
            return
        total = self._exactly(variable) + np.asarray(amount, np.float64)
        note_change(variable)
        rounded = variable.array = np.asarray(total.astype(variable.array.dtype))
        variable.exact = rounded, total

    @staticmethod
    def _exactly(variable: Variable) -> np.ndarray:
        """Return a variable's value in float64, with the digits that `_accumulate` kept."""
        total = variable.total
        return np.asarray(variable.array if total is None else total, np.float64)

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Take a batch into account and return the result so far."""
        self._check_super_called()
        self.update_state(*args, **kwargs)
        return self.result()

    # Without changing the metric: state in, state out.

    def stateless_update_state(self, metric_variables: Sequence, *args: Any, **kwargs: Any) -> list:
        """Return what `update_state` would make of the given values of the variables.

        Raises:
            ValueError: if there are not as many values as variables.
        """
        return self._on_values(metric_variables, lambda: self.update_state(*args, **kwargs))[1]

    def stateless_result(self, metric_variables: Sequence) -> Any:
        """Return the result for the given values of the variables.

        Raises:
            ValueError: if there are not as many values as variables.
        """
        return self._on_values(metric_variables, self.result)[0]

    def stateless_reset_state(self) -> list:
        """Return the values of the variables after a reset."""
        return self._on_values([v.array for v in self.variables], self.reset_state)[1]

    def _on_values(self, values: Sequence, f: Callable) -> tuple[Any, list[Tensor]]:
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                f"{type(self).__name__}: argument `metric_variables` must hold one value for each "
                f"variable of the metric. Received {len(values)} values, expected {len(variables)}."
            )
        with substituted(variables, values):
            result = f()
            if isinstance(result, Variable):
                result = result.value
            return result, [
                Tensor(v.array) if v.total is None else RoundedTensor(v.array, v.total)
                for v in variables
            ]

    def _check_super_called(self) -> None:
        if "_dtype" not in self.__dict__:
            raise RuntimeError(
                f"{type(self).__name__}: call `super().__init__()` first thing in `__init__()`."
            )


def _noted(result: Callable) -> Callable:
    """Have what a metric is asked noted in steps on batches that ranks share."""

    @functools.wraps(result)
    def call(*args: Any, **kwargs: Any) -> Any:
        value = result(*args, **kwargs)
        if running.results is not None:
            running.results.append((args[0], value))
        return value

    return call


def _unrecorded(method: Callable) -> Callable:
    """Keep a method's operations off the tapes, and have its errors told."""

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        here = thread.state
        if here.describing and method.__name__ == "update_state":
            return None
        try:
            if not here.tapes:
                return method(*args, **kwargs)
            with no_recording():
                return method(*args, **kwargs)
        except Exception as error:
            metric = args[0]
            told = explained_metric(
                error, metric, method, args[1:], kwargs, lambda: unusual_arguments_of(metric)
            )
            if told is error:
                raise
            raise told from None

    return call
