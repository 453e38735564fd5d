"""`LazyLogs`: the metrics of a step, computed when somebody reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter, is_
from typing import Any

from minikeras.autodiff.tracking import substituted
from minikeras.autodiff.variable import Variable
from minikeras.trainers.compile_utils import CompileMetrics

_array_of = attrgetter("array")


class LazyLogs(dict):
    """The results of metrics at the time when it was made, computed when it is first read.

    For whoever reads it, it is the dict that `results_of(metrics)` would have been. It keeps the
    arrays of the metrics' variables, which never change (an update puts others in their place), so
    it may be read at any time. Entries that are set before stay beside the results, or in their
    place.

    `lazy_results_of` makes it.

    Example:

    >>> from minikeras import metrics
    >>> from minikeras.trainers.logs import lazy_results_of
    >>> mean = metrics.Mean(name="loss")
    >>> mean.update_state([1.0, 3.0])
    >>> logs = lazy_results_of([mean], mean.variables)
    >>> mean.update_state([100.0])
    >>> logs["rate"] = 0.1
    >>> {name: float(value) for name, value in logs.items()}
    {'loss': 2.0, 'rate': 0.1}
    """

    __slots__ = (
        "_unread",
    )  # the metrics, their variables, and the values of these; None once read

    def _read(self) -> None:
        """Compute the results, for the values that the variables had then."""
        metrics, variables, values = self._unread
        if all(map(is_, map(_array_of, variables), values)):  # nothing has changed since
            results = results_of(metrics)
        else:
            with substituted(variables, values):
                results = results_of(metrics)
        self._unread = None
        own = dict.copy(self)
        del own[None]
        dict.clear(self)
        dict.update(self, results)
        dict.update(self, own)

    def __reduce__(self) -> tuple:
        return dict, (dict(self),)


_UNREAD = {None: None}
"""What stands in the dict until it is read: C code, that of `json`, may ask nothing but its size."""


def lazy_results_of(metrics: Sequence[Any], variables: Sequence[Variable]) -> LazyLogs:
    """Return what `results_of(metrics)` would return now, to be computed when it is read.

    Args:
        metrics: the metrics.
        variables: their variables.
    """
    logs = LazyLogs(_UNREAD)  # an `__init__` of its own would cost a hundredth of a small step
    logs._unread = metrics, variables, list(map(_array_of, variables))
    return logs


def results_of(metrics: Sequence[Any]) -> dict[str, Any]:
    """Return the current results of metrics by name."""
    results: dict[str, Any] = {}
    for metric in metrics:
        if isinstance(metric, CompileMetrics) and not metric.built:
            continue
        value = metric.result()
        results.update(value if isinstance(value, dict) else {metric.name: value})
    # A variable would change with the next step.
    return {k: v.value if isinstance(v, Variable) else v for k, v in results.items()}


def _after_reading(name: str) -> Callable:
    method = getattr(dict, name)

    def read_first(self: LazyLogs, *args: Any, **kwargs: Any) -> Any:
        if self._unread is not None:
            self._read()
        return method(self, *args, **kwargs)

    read_first.__name__, read_first.__doc__ = name, method.__doc__
    return read_first


# All that looks at entries. `dict(logs)` and `{**logs}` go by `keys` where `__iter__` is its own.
for _name in (
    *("__contains__", "__delitem__", "__eq__", "__getitem__", "__ior__", "__iter__", "__len__"),
    *("__ne__", "__or__", "__repr__", "__reversed__", "__ror__", "clear", "copy", "get", "items"),
    *("keys", "pop", "popitem", "setdefault", "values"),
):
    setattr(LazyLogs, _name, _after_reading(_name))
