"""`gradient_check`: compare hand-written gradients with finite differences."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from minikeras import tree
from minikeras.autodiff.tape import GradientTape
from minikeras.autodiff.tensor import Tensor
from minikeras.autodiff.variable import Variable
from minikeras.common.settings import settings


class GradientCheckError(AssertionError):
    """A gradient differs from what finite differences say."""


class Entry(NamedTuple):
    """One derivative, as the backward and as finite differences give it."""

    name: str
    index: tuple[int, ...]
    analytic: complex
    numeric: complex
    error: float

    def __str__(self) -> str:
        at = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        return (
            f"{self.name}{at}: the backward gives {self.analytic:.10g}, finite differences "
            f"{self.numeric:.10g} (difference {self.error:.3g})"
        )


class GradientCheck:
    """What `gradient_check` found.

    Attributes:
        ok: whether all derivatives agree.
        worst: the `Entry` that is furthest off, relative to the tolerance.
        wrong: number of derivatives that disagree.
        checked: number of derivatives compared.
        skipped: number left out because the function has a kink or a jump there.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.worst: Entry | None = None
        self.wrong = self.checked = self.skipped = 0
        self._worst_ratio = -1.0

    @property
    def ok(self) -> bool:
        return self.wrong == 0

    def __bool__(self) -> bool:
        return self.ok

    def _add(self, entry: Entry, ratio: float) -> None:
        self.checked += 1
        self.wrong += not ratio <= 1
        if not ratio <= self._worst_ratio:  # NaN is the worst of all
            self.worst, self._worst_ratio = entry, ratio if ratio == ratio else np.inf

    def __repr__(self) -> str:
        skipped = f", {self.skipped} skipped at kinks" if self.skipped else ""
        verdict = "ok" if self.ok else f"{self.wrong} wrong"
        text = f"<GradientCheck of {self.target}: {verdict} of {self.checked}{skipped}"
        return f"{text}; worst: {self.worst}>" if self.worst else text + ">"


def gradient_check(
    target: Any,
    *inputs: Any,
    variables: Sequence[Variable] | None = None,
    eps: float | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    raise_exception: bool = True,
    seed: int = 0,
    max_entries: int | None = None,
    **kwargs: Any,
) -> GradientCheck:
    """Compare the gradients of a layer, loss, op or model with central finite differences.

    Everything runs in float64, layers and models with float32 weights too: their values and dtypes
    come back afterwards, and so do all states. Random layers draw the same numbers in every run.
    What is differentiated is the sum of the outputs, each element weighted by a fixed random
    number.

    Args:
        target: callable on tensors.
        *inputs: its arguments. Float arrays, also those in lists and dicts, become float64 and are
            checked; everything else is passed as it is.
        variables: variables to check; `target.trainable_variables` if None.
        eps: step of the differences, times `max(1, |x|)`; 6e-6 if None.
        rtol: relative tolerance.
        atol: absolute tolerance.
        raise_exception: whether a wrong gradient raises.
        seed: seed of the weights, and of the choice of entries.
        max_entries: the most elements to check of each input and variable, chosen at random; all
            if None.
        **kwargs: further arguments of `target`.

    Returns:
        A `GradientCheck` with `ok`, `worst`, `checked` and `skipped`.

    Raises:
        GradientCheckError: if a gradient is wrong.
        ValueError: if there is nothing to check.

    Example:

    >>> import minikeras, numpy as np
    >>> minikeras.gradient_check(minikeras.ops.tanh, np.array([0.5, -1.0])).ok
    True
    >>> wrong = minikeras.ops.custom_gradient(lambda x: (x * x, lambda g: g * x))
    >>> result = minikeras.gradient_check(wrong, np.array([3.0]), raise_exception=False)
    >>> result.ok, result.worst.name, round(result.worst.analytic / result.worst.numeric, 3)
    (False, 'inputs[0]', 0.5)
    """
    name = getattr(target, "name", None) or getattr(target, "__name__", type(target).__name__)
    rng = np.random.default_rng(seed)
    result = GradientCheck(str(name))
    _build(target, inputs, kwargs)
    with _in_float64(target, variables):
        problem = _Problem(target, inputs, kwargs, variables, rng)
        analytic = problem.gradients()
        middle = None
        sources = problem.sources
        for source, gradient in zip(sources, analytic):
            for flat in _choose(source.value.size, max_entries, rng):
                index = tuple(int(i) for i in np.unravel_index(flat, source.value.shape))
                if np.isnan(source.value[index]):
                    continue  # cannot be moved
                step = (6e-6 if eps is None else eps) * max(1.0, abs(source.value[index]))
                numeric = noise = 0.0
                kink = False
                # A complex number moves in two directions: d/dx - i d/dy, as the backward has it.
                for direction in (1, 1j) if source.value.dtype.kind == "c" else (1,):
                    high = problem.outputs(source, index, step * direction)
                    low = problem.outputs(source, index, -step * direction)
                    if middle is None:
                        middle = problem.outputs(source, index, 0)
                    change, rounding = problem.difference(high, low)
                    numeric += change / (2 * float(step)) / direction
                    noise += rounding / (2 * float(step))
                    right = problem.difference(high, middle)[0] / step
                    left = problem.difference(middle, low)[0] / step
                    least = 1e-6 + 2 * rounding / step
                    kink |= abs(right - left) > least + 0.01 * max(abs(right), abs(left))
                    kink |= not high.masks == middle.masks == low.masks
                error = abs(gradient[index] - numeric)
                size = max(abs(gradient[index]), abs(numeric))
                ratio = error / (atol + rtol * size + noise)
                if ratio > 1 and not kink and gradient[index] == 0:
                    kink = problem.is_exception(sources.index(source), index, step, numeric, size)
                if kink and ratio > 1:
                    result.skipped += 1
                    continue
                entry = Entry(source.name, index, gradient[index].item(), numeric, float(error))
                result._add(entry, float(ratio))
    if raise_exception and not result.ok:
        raise GradientCheckError(
            f"gradient_check of {name}: {result.wrong} of {result.checked} derivatives are wrong. "
            f"Worst: {result.worst}"
        )
    return result


class _Source:
    """An array to differentiate by: an input, or a variable's value."""

    def __init__(self, name: str, value: np.ndarray, variable: Variable | None) -> None:
        self.name = name
        self.value = value
        self.variable = variable


class _Outputs(NamedTuple):
    """What a function returned: arrays, and the masks on them."""

    arrays: list[np.ndarray]
    masks: list[bytes | None]


class _Problem:
    """A scalar function of several arrays."""

    def __init__(
        self, target: Callable, inputs: tuple, kwargs: dict, variables: Any, rng: Any
    ) -> None:
        self.target = target
        self.structure = (list(inputs), dict(kwargs))
        self.leaves = []
        self.sources = []
        for path, leaf in tree.flatten_with_path(self.structure):
            if type(leaf) is Tensor or isinstance(leaf, (np.ndarray, np.generic)):
                value = np.asarray(leaf)
                if value.dtype.kind in "fc":
                    wide = np.array(value, np.complex128 if value.dtype.kind == "c" else np.float64)
                    leaf = _Source(_path_name(path), wide, None)
                    self.sources.append(leaf)
                else:
                    leaf = value
            self.leaves.append(leaf)
        if variables is None:
            variables = list(getattr(target, "trainable_variables", ()))
            variables += [v for v in self.leaves if isinstance(v, Variable) and v.trainable]
        self.sources += [
            _Source(getattr(v, "path", None) or v.name, np.array(v.array), v) for v in variables
        ]
        if not self.sources:
            raise ValueError(
                "gradient_check: nothing to check: no input is a float array, and there are no "
                "trainable variables."
            )
        checked = {id(v) for v in variables}
        self.states = [(v, v.array) for v in _all_variables(target) if id(v) not in checked]
        self.rng = rng
        self.weights: list[np.ndarray] | None = None

    def _run(self, arrays: dict[int, Any]) -> list[Tensor]:
        """Call the target, with `arrays` (by source) in place of its inputs, from a fixed state."""
        for v, value in self.states:
            v.array = value
        leaves = [arrays[id(x)] if isinstance(x, _Source) else x for x in self.leaves]
        args, kwargs = tree.pack_sequence_as(self.structure, leaves)
        flat = tree.flatten(self.target(*args, **kwargs))
        outputs = [y for y in flat if isinstance(y, Tensor) and y.array.dtype.kind in "fc"]
        if not outputs:
            raise ValueError("gradient_check: the target returned no float tensor.")
        if self.weights is None:
            self.weights = [self._random_like(y.array) for y in outputs]
        return outputs

    def _random_like(self, y: np.ndarray) -> np.ndarray:
        weights = self.rng.standard_normal(np.shape(y))
        if y.dtype.kind == "c":
            weights = weights + 1j * self.rng.standard_normal(np.shape(y))
        return np.asarray(weights).astype(y.dtype)

    def gradients(self) -> list[np.ndarray]:
        """Return the gradients that the backward gives."""
        tensors = {id(s): Tensor(s.value) for s in self.sources if s.variable is None}
        wanted = [tensors.get(id(s), s.variable) for s in self.sources]
        with GradientTape() as tape:
            tape.watch(wanted)
            outputs = self._run(tensors)
        grads = tape.gradient(outputs, wanted, self.weights, unconnected_gradients="zero")
        for s, g in zip(self.sources, grads):
            if g.shape != s.value.shape:
                raise GradientCheckError(
                    f"gradient_check: the gradient of {s.name} has shape {g.shape}, expected "
                    f"{s.value.shape}."
                )
        return [np.asarray(g) for g in grads]

    def outputs(self, source: _Source, index: tuple, step: complex) -> _Outputs:
        """Return the function's outputs with one element of one array moved by `step`."""
        moved = source.value.copy()
        moved[index] += step
        arrays = {id(s): Tensor(s.value) for s in self.sources if s.variable is None}
        if source.variable is None:
            arrays[id(source)] = Tensor(moved)
            outputs = self._run(arrays)
        else:
            source.variable.array = moved
            try:
                outputs = self._run(arrays)
            finally:
                source.variable.array = source.value
        masks = [getattr(y, "_keras_mask", None) for y in outputs]
        return _Outputs(
            [y.array for y in outputs],
            [None if m is None else np.asarray(m).tobytes() for m in masks],
        )

    def difference(self, high: _Outputs, low: _Outputs) -> tuple[float, float]:
        """Return by how much the weighted sum of outputs changes, and how exact that is.

        Outputs that stay what they are add nothing to either, however large they are.
        """
        change = rounding = 0.0
        for a, b, w in zip(high.arrays, low.arrays, self.weights):
            with np.errstate(invalid="ignore"):
                d = np.where(a == b, 0, a - b)
            change += float(np.sum(d * w).real)
            size = np.where(d == 0, 0, np.maximum(np.abs(a), np.abs(b)))
            rounding += 16 * np.finfo(np.float64).eps * float(np.sum(size * np.abs(w)))
        return change, rounding

    def is_exception(
        self, which: int, index: tuple, step: float, numeric: complex, size: float
    ) -> bool:
        """Whether the backward gives no gradient at this very place, but the right one beside it.

        So it is where a condition like `x == 0` picks a place out, of a function without a jump.
        """
        source = self.sources[which]
        place = source.value[index]
        try:
            beside = []
            for moved in (place + step, place - step):
                source.value[index] = moved
                if source.variable is not None:
                    source.variable.array = source.value
                beside.append(self.gradients()[which][index])
        finally:
            source.value[index] = place
        return all(abs(g - numeric) <= 1e-3 * size for g in beside)


def _path_name(path: tuple) -> str:
    """Name a place in `(inputs, kwargs)`."""
    what, *rest = path
    if what == 0:
        return "inputs" + "".join(f"[{p!r}]" for p in rest)
    return str(rest[0]) + "".join(f"[{p!r}]" for p in rest[1:])


def _choose(size: int, max_entries: int | None, rng: Any) -> Any:
    if max_entries is None or size <= max_entries:
        return range(size)
    return np.sort(rng.choice(size, max_entries, replace=False))


def _all_variables(target: Any) -> list[Variable]:
    found = {id(v): v for v in getattr(target, "variables", ())}
    for name in ("trainable_variables", "non_trainable_variables"):
        found.update({id(v): v for v in getattr(target, name, ())})
    for part in _parts(target):  # what a stateful layer remembers is none of its variables
        states = tree.flatten(getattr(part, "states", None))
        found.update({id(v): v for v in states if isinstance(v, Variable)})
    return list(found.values())


def _build(target: Any, inputs: tuple, kwargs: dict) -> None:
    """Let a layer or model make its variables, in their own dtype, without changing a state."""
    if getattr(target, "built", True):
        return
    target(*inputs, **{k: v for k, v in kwargs.items() if k != "training"})


@contextlib.contextmanager
def _in_float64(target: Any, variables: Any) -> Iterator[None]:
    """Make `target`, what it consists of, and the default dtype float64 for a while."""
    undo: list[Callable[[], None]] = []
    floatx = settings.floatx
    undo.append(lambda: setattr(settings, "floatx", floatx))
    settings.floatx = "float64"
    try:
        for part in _parts(target):
            if getattr(part, "dtype_policy", None) is not None:
                undo.append(functools.partial(part.replace_policy, part.dtype_policy))
                part.replace_policy(part.policy_for_gradient_check())
            for name, wide in (("_dtype", "float64"), ("_np_dtype", np.dtype("float64"))):
                old = getattr(part, "__dict__", {}).get(name)
                if isinstance(old, (str, np.dtype)) and "float" in str(old):
                    undo.append(lambda part=part, name=name, old=old: setattr(part, name, old))
                    setattr(part, name, wide)
        found = {id(v): v for v in [*_all_variables(target), *(variables or ())]}
        for v in found.values():
            value = v.array
            undo.append(lambda v=v, value=value: setattr(v, "array", value))
            if value.dtype.kind in "fV":
                v.array = value.astype(np.float64)
        yield
    finally:
        for step in reversed(undo):
            step()


def _parts(target: Any) -> list[Any]:
    """Return the target and the layers in it."""
    walk = getattr(target, "_flatten_layers", None)
    layers = list(walk()) if callable(walk) else [target]
    # Functional models cast their inputs to the dtype of these KerasTensors.
    return layers + [t for layer in layers if _has_graph(layer) for t in layer.graph.inputs]


def _has_graph(layer: Any) -> bool:
    try:
        return hasattr(getattr(layer, "graph", None), "inputs")
    except AttributeError:  # a Sequential that is not built
        return False
