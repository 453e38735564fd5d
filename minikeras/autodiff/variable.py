"""`Variable`: a named tensor whose value can be replaced; layers' weights are Variables."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np

from minikeras import tree
from minikeras.autodiff.journal import note_change
from minikeras.autodiff.keras_tensor import has_values
from minikeras.autodiff.state import thread
from minikeras.autodiff.tape import Leaf
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import TRUTH, checked
from minikeras.common.dtypes import own_dtype, standardize_dtype, to_np_dtype
from minikeras.common.naming import auto_name

find_initializer: list[Callable] = []
"""`initializers.get`, which that package, storeys above, hands down for initializers by name."""


class Variable(Tensor):
    """A tensor with a name, whose value changes by `assign`.

    A trainable float variable is followed by every tape. Arrays once read from it keep their
    values: `assign` puts a new array in place, and an optimizer that updates in place first makes
    sure that nobody else holds the old one.

    Args:
        initializer: initial value, or a function `initializer(shape, dtype=...)`, or the name of
            one of `minikeras.initializers`.
        shape: shape, needed where `initializer` is a function or a name.
        dtype: dtype; that of the value, or `floatx`, if None.
        trainable: whether tapes follow it and optimizers may change it.
        autocast: whether mixed-precision layers read it in their compute dtype.
        aggregation, synchronization: for distribution; kept, without effect on one machine.
        name: name, a counted `variable` if None.

    Attributes:
        initially_trainable: whether it was made to be trained, whatever `trainable` says now: what
            thawing a frozen layer gives back.
        leaf: where tapes find its gradient, the same whether it is trainable now or frozen; None for
            what has no gradient.
        exact: of a sum, `(array, total)`: what its value `array` was rounded from, in float64 (see
            `Metric._accumulate`). It says nothing about any other value.

    Example:

    >>> import minikeras
    >>> v = minikeras.Variable([1.0, 2.0], name="v")
    >>> v.assign_add([10.0, 10.0])
    <Variable path=v, shape=(2,), dtype=float32, value=[11. 12.]>
    """

    __slots__ = (
        "_aggregation",
        "_autocast",
        "_constraint",
        "_initializer",
        "_overwritten",
        "_regularizer",
        "_synchronization",
        "_trainable",
        "exact",
        "initially_trainable",
        "leaf",
        "name",
        "path",
    )

    @checked
    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: Literal[None, "none", "mean", "sum", "only_first_replica"] = "none",
        synchronization: Literal[None, "none", "on_read", "on_write", "auto"] = "auto",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise TypeError(f"Variable: unknown arguments {sorted(kwargs)}.")
        self.name = name or auto_name("variable")
        if "/" in self.name:
            raise ValueError(f"Variable: argument `name` cannot contain '/'. Received: {name!r}")
        self.path = "/".join([*thread.state.scopes, self.name])
        self._autocast = autocast
        self._aggregation = aggregation
        self._synchronization = synchronization
        self._regularizer = None
        self._constraint = None
        self._initializer = None
        self.exact = None
        self.overwrite_with_gradient = False
        if isinstance(initializer, str):
            initializer = find_initializer[0](initializer)
        if callable(initializer) and not isinstance(initializer, Tensor):
            if shape is None:
                raise ValueError(
                    f"Variable '{self.name}': argument `shape` is needed when the initializer is a "
                    f"function. Received: initializer={initializer!r}, shape=None"
                )
            self._initializer = initializer
            shape = standardize_variable_shape(shape, self.name)
            dtype = standardize_dtype(dtype)
            given = initializer(shape, dtype=dtype)
            value = to_array(given, dtype)
            if value.shape != shape:
                raise ValueError(
                    f"Variable '{self.name}': the initializer gave shape {value.shape}, expected "
                    f"{shape}."
                )
        else:
            given = initializer
            value = to_array(given, None if dtype is None else standardize_dtype(dtype))
            if shape is not None and tuple(shape) != value.shape:
                raise ValueError(
                    f"Variable '{self.name}': the value has shape {value.shape}, expected "
                    f"shape={tuple(shape)}."
                )
        # Arrays of tensors never change, so they need no copy.
        super().__init__(np.asarray(value) if type(given) is Tensor else np.array(value))
        self._trainable = self.initially_trainable = bool(trainable)
        self._begin()

    def _begin(self) -> None:
        self.leaf = Leaf(self) if self.array.dtype.kind in "fcV" else None
        self._follow()

    def _follow(self) -> None:
        watched = self.leaf is not None and self.leaf.watchers > 0
        self.node = self.leaf if self._trainable or watched else None

    def count_watchers(self, change: int) -> None:
        """Note that so many more open tapes watch this variable (`GradientTape.watch`)."""
        self.leaf.watchers += change
        self._follow()

    def _casts(self, dtype: np.dtype) -> bool:
        """Whether a layer that computes in `dtype` reads this variable through a cast."""
        return self._autocast and self.array.dtype != dtype and self.array.dtype.kind in "fV"

    @property
    def dtype(self) -> str:
        return self.array.dtype.name

    @property
    def value(self) -> Tensor:
        """The current value as a tensor, which later assignments do not change."""
        return Tensor(self.array, self.node)

    @property
    def total(self) -> Any:
        """What the value was rounded from, in float64; None if that is not known."""
        return self.exact[1] if self.exact is not None and self.exact[0] is self.array else None

    @property
    def trainable(self) -> bool:
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if bool(value) != self._trainable:
            self._trainable = bool(value)
            if value and self.leaf is not None:
                self.leaf.thaw()
            self._follow()

    @property
    def regularizer(self) -> Callable | None:
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value: Callable | None) -> None:
        if value is not None and not callable(value):
            raise ValueError(
                f"Variable '{self.path}': regularizer must be callable. Received: {value!r}"
            )
        self._regularizer = value

    @property
    def constraint(self) -> Callable | None:
        return self._constraint

    @constraint.setter
    def constraint(self, value: Callable | None) -> None:
        if value is not None and not callable(value):
            raise ValueError(
                f"Variable '{self.path}': constraint must be callable. Received: {value!r}"
            )
        self._constraint = value

    @property
    def overwrite_with_gradient(self) -> bool:
        """Whether optimizers put the gradient in its place, rather than step along it."""
        return self._overwritten

    @overwrite_with_gradient.setter
    def overwrite_with_gradient(self, value: bool) -> None:
        TRUTH.check(value, "overwrite_with_gradient", f"Variable '{self.path}'")
        self._overwritten = value

    @property
    def aggregation(self) -> str:
        return self._aggregation

    @property
    def synchronization(self) -> str:
        return self._synchronization

    @property
    def initializer(self) -> Callable | None:
        return self._initializer

    @initializer.setter
    def initializer(self, value: Callable) -> None:
        self._initializer = value

    def numpy(self) -> np.ndarray:
        """Return a copy of the value as a NumPy array."""
        return np.array(self.array)

    def _shared_view(self) -> np.ndarray:
        raise AttributeError("The values of a variable change: NumPy and others get a copy.")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.array, dtype=dtype)

    def assign(self, value: Any) -> Variable:
        """Replace the value; it is cast to this variable's dtype.

        Raises:
            ValueError: if the shape differs.
        """
        array = to_array(value)
        if not has_values(array):
            array.assigned_to(self)
        if array.shape != self.array.shape:
            raise ValueError(
                f"The shape of the target variable and the shape of the target value in "
                f"`variable.assign(value)` must match. variable '{self.path}' has shape="
                f"{self.array.shape}, Received: value.shape={array.shape}"
            )
        if thread.state.describing:
            return self  # a call that is only described changes nothing
        note_change(self)
        if type(value) is Tensor and array.dtype == self.array.dtype:
            self.array = np.asarray(array)  # tensors are immutable: no copy
        else:
            self.array = np.array(array, dtype=self.array.dtype)
        return self

    def assign_add(self, value: Any) -> Variable:
        """Add `value`."""
        return self._shift(value, np.add)

    def assign_sub(self, value: Any) -> Variable:
        """Subtract `value`."""
        return self._shift(value, np.subtract)

    def _shift(self, value: Any, ufunc: np.ufunc) -> Variable:
        array = to_array(value)
        if not has_values(array):
            array.assigned_to(self)
        new = np.asarray(ufunc(self.array, array, dtype=self.array.dtype, casting="unsafe"))
        if new.shape != self.array.shape:
            raise ValueError(
                f"Variable '{self.path}' has shape {self.array.shape} and cannot be changed by a "
                f"value of shape {array.shape}."
            )
        if not thread.state.describing:
            note_change(self)
            self.array = new
        return self

    def __bool__(self) -> bool:
        raise TypeError(
            f"Variable '{self.path}' has no truth: ask for its value's, `bool(variable.value)`, or "
            "compare with None."
        )

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        return VariableSlice(part, self, key) if isinstance(part, Tensor) else part

    def __setitem__(self, key: Any, value: Any) -> None:
        new = np.array(self.array)
        new[key] = to_array(value)
        if not thread.state.describing:
            note_change(self)
            self.array = new

    def __copy__(self) -> Variable:
        return copy.deepcopy(self)

    # Tensors, which never change, have shorter ways to be copied and pickled.
    __deepcopy__ = None

    def __reduce__(self) -> Any:
        names = [n for n in (*Tensor.__slots__, *Variable.__slots__) if n not in _NOT_COPIED]
        return _blank, (type(self),), {**{n: getattr(self, n) for n in names}, "exact": self.total}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, own_dtype(value))
        self.exact = None if self.exact is None else (self.array, self.exact)
        self._begin()

    def __repr__(self) -> str:
        return (
            f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, "
            f"value={np.asarray(self.array)}>"
        )


class RoundedTensor(Tensor):
    """The value of a sum, with what it was rounded from, so that it may go on where it is put back."""

    __slots__ = ("total",)

    def __init__(self, array: Any, total: Any) -> None:
        super().__init__(array)
        self.total = total

    @property
    def value(self) -> Tensor:
        """The value as a plain tensor."""
        return Tensor(self.array)


class VariableSlice(Tensor):
    """A part of a variable: a tensor, by which the variable can be changed too, as in TensorFlow.

    Example:

    >>> import minikeras
    >>> v = minikeras.Variable([[1.0, 2.0], [3.0, 4.0]], name="v")
    >>> v[0].assign([5.0, 6.0])
    <Variable path=v, shape=(2, 2), dtype=float32, value=[[5. 6.]
     [3. 4.]]>
    """

    __slots__ = ("_key", "_variable")

    def __init__(self, part: Tensor, variable: Variable, key: Any) -> None:
        super().__init__(part.array, part.node)
        self._variable = variable
        self._key = tree.map_structure(lambda k: k.array if isinstance(k, Tensor) else k, key)

    @property
    def value(self) -> Tensor:
        """This part of the variable as a tensor."""
        return Tensor(self.array, self.node)

    def assign(self, value: Any) -> Variable:
        """Put a value in place of this part; return the whole variable.

        Raises:
            ValueError: if the shape differs.
        """
        return self._change(value, lambda old, new: new)

    def assign_add(self, value: Any) -> Variable:
        """Add `value` to this part; return the whole variable."""
        return self._change(value, np.add)

    def assign_sub(self, value: Any) -> Variable:
        """Subtract `value` from this part; return the whole variable."""
        return self._change(value, np.subtract)

    def _change(self, value: Any, change: Callable) -> Variable:
        variable = self._variable
        array = to_array(value, variable.array.dtype)
        if array.shape != self.array.shape:
            raise ValueError(
                f"Variable '{variable.path}': the part that is assigned to has shape "
                f"{self.array.shape}. Received: value.shape={array.shape}"
            )
        variable[self._key] = change(variable.array[self._key], array)
        return variable


_NOT_COPIED = frozenset({"__weakref__", "leaf", "node", "_keras_mask"})


def _blank(cls: type) -> Variable:
    variable = cls.__new__(cls)
    variable._keras_mask = None
    return variable


def standardize_variable_shape(shape: Any, name: str) -> tuple[int, ...]:
    """Return `shape` as a tuple of integers; None and negative sizes raise."""
    shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if not all(isinstance(d, (int, np.integer)) and d >= 0 for d in shape):
        raise ValueError(
            f"Variable '{name}': shapes must be tuples of non-negative integers. "
            f"Received: shape={shape}"
        )
    return tuple(int(d) for d in shape)


def is_float(variable: Variable) -> bool:
    """Whether the variable holds floats."""
    return to_np_dtype(variable.dtype).kind in "fV"


def is_split(variables: Iterable[Variable]) -> bool:
    """Whether one of some variables is split over ranks."""
    return any(v._split is not None for v in variables)
