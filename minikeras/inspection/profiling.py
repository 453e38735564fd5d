"""`profile`: where the time of a step goes, by layer and by op."""

from __future__ import annotations

import copy
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.primitive import Elementary, Primitive, WithoutGradient, intercepted
from minikeras.autodiff.state import thread
from minikeras.autodiff.tape import Node
from minikeras.common.arguments import Count, PositiveInt, checked
from minikeras.common.html import escape, table
from minikeras.common.naming import to_snake_case
from minikeras.common.shadowing import shadowed
from minikeras.inspection import op_counts
from minikeras.inspection.page import inside, text_table, whole
from minikeras.trainers.trainer import Trainer

PYTHON = "(Python)"
"""What stands in the place of an op for the time between ops."""

FORWARD, BACKWARD, UPDATE, OTHER = "forward", "backward", "update", "other"

EXAMPLES = "gradients of examples"
"""What the backward is called where each example's gradient is clipped; its ops are not told apart."""


class Span:
    """A stretch of time, and those within it.

    Attributes:
        kind: `"step"`, `"part"` (of a step), `"layer"` or `"op"`.
        name: what ran.
        start, end: seconds.
        children: the spans within, in order.
        flops, moved: operations and bytes of an op.
        owner: for the backward of an op: names of the layers that its forward ran in.
    """

    __slots__ = ("automatic", "children", "end", "flops", "kind", "moved", "name", "owner", "start")

    def __init__(self, kind: str, name: str, automatic: bool = False) -> None:
        self.kind, self.name, self.automatic = kind, name, automatic
        self.children: list[Span] = []
        self.start = self.end = 0.0
        self.flops = self.moved = 0
        self.owner: tuple[str, ...] | None = None

    @property
    def seconds(self) -> float:
        return self.end - self.start

    @property
    def own_seconds(self) -> float:
        """What none of the spans within accounts for."""
        return max(self.seconds - sum(c.seconds for c in self.children), 0.0)


class _Recorder:
    """Takes down what the thread that made it does."""

    def __init__(self) -> None:
        self.ident = threading.get_ident()
        self.root = Span("root", "")
        self.stack = [self.root]
        self.owners: dict[Any, tuple] = {}
        self.last: tuple | None = None

    @property
    def watches(self) -> bool:
        return len(self.stack) > 1 and threading.get_ident() == self.ident

    def enter(self, kind: str, name: str, automatic: bool = False) -> Span:
        if not automatic:
            self.close_automatic()
        span = Span(kind, name, automatic)
        self.stack[-1].children.append(span)
        self.stack.append(span)
        span.start = time.perf_counter()
        return span

    def leave(self) -> None:
        now = time.perf_counter()
        self.close_automatic()
        self.stack.pop().end = now

    def close_automatic(self) -> None:
        """Close the spans that were opened for backwards: they end with the last of these."""
        while self.stack[-1].automatic:
            span = self.stack.pop()
            span.end = span.children[-1].end

    def part(self, name: str, f: Callable) -> Callable:
        """Return `f`, whose time is that of a part of the step."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            self.enter("part", name)
            try:
                return f(*args, **kwargs)
            finally:
                self.leave()

        return timed

    def path(self) -> tuple[str, ...]:
        """Return the names of the layers, or of the part of the step, that run now."""
        return tuple(
            [s.name for s in self.stack if s.kind in ("layer", "part") and not s.automatic]
        )

    def forward(self, primitive: Primitive, forward: Callable, arrays: tuple, params: Any) -> Any:
        """Run a forward; see `intercepted`."""
        if not self.watches:
            return forward(*arrays, **params)
        span = self.enter("op", primitive.name)
        try:
            answer = forward(*arrays, **params)
        finally:
            self.leave()
        results = answer if isinstance(primitive, (Elementary, WithoutGradient)) else answer[0]
        results = results if type(results) is tuple else (results,)
        shapes = list(map(np.shape, arrays)), list(map(np.shape, results))
        span.flops = op_counts.forward_flops(primitive.name, *shapes, params)
        if primitive.name not in _VIEWS:
            span.moved = op_counts.bytes_of([arrays, params, results])
        self.last = primitive, self.path(), shapes
        return answer

    def note(self, node: Any) -> None:
        """Take down where a call ran that a tape has just recorded."""
        if type(node) is Node and self.last is not None and self.last[0] is node.primitive:
            self.owners[node] = self.last

    def play(self, node: Node, g: Any, saved: Any, needs: Any, out: Any) -> Any:
        """Run the backward of a call; see `State.play`."""
        primitive = node.primitive
        if not self.watches:
            return primitive.backward(g, saved, needs, out, **node.params)
        _, path, shapes = self.owners.get(node, (None, self.path(), None))
        inner = self.stack[-1]
        if inner.automatic and inner.kind == "layer" and inner.owner != path:
            inner.end = self.stack.pop().children[-1].end
        if not self.stack[-1].automatic:
            self.enter("part", BACKWARD, automatic=True)
        if self.stack[-1].kind == "part":
            self.enter("layer", path[-1] if path else "", automatic=True).owner = path
        span = Span("op", primitive.name)
        self.stack[-1].children.append(span)
        self.stack.append(span)
        kept = op_counts.bytes_of([saved, node.params]) if primitive.name not in _VIEWS else 0
        span.start = time.perf_counter()
        try:
            grads = primitive.backward(g, saved, needs, out, **node.params)
        finally:
            span.end = time.perf_counter()
            self.close_automatic()
            self.stack.pop()
        span.owner = path
        if shapes is not None:
            wanted = [need is not None and need is not False for need in needs]
            span.flops = op_counts.backward_flops(primitive.name, *shapes, node.params, wanted)
        if primitive.name not in _VIEWS:
            span.moved = kept + op_counts.bytes_of([g, grads])
        return grads


_VIEWS = {"broadcast_to", "diagonal", "identity", "reshape", "stop_gradient", "transpose", "view"}
"""Primitives whose result is another view of the same bytes."""


class _Layers(list):
    """The layers that run, of a thread that is watched."""

    def __init__(self, recorder: _Recorder, layers: list) -> None:
        super().__init__(layers)
        self.recorder = recorder

    def append(self, layer: Any) -> None:
        super().append(layer)
        if self.recorder.watches:
            self.recorder.enter("layer", layer.name)

    def pop(self, *index: int) -> Any:
        if self.recorder.watches and self.recorder.stack[-1].kind != "step":
            self.recorder.leave()
        return super().pop(*index)


class _Enough(Exception):
    """So many steps have run as were asked for."""


@contextmanager
def _watched(recorder: _Recorder) -> Iterator[None]:
    """Have the recorder told of what this thread does."""

    class Nodes(list):
        def append(self, node: Any) -> None:
            super().append(node)
            recorder.note(node)

    here = thread.state
    before = here.layers, here.new_nodes, here.play
    here.layers, here.new_nodes, here.play = _Layers(recorder, here.layers), Nodes, recorder.play
    try:
        with intercepted(recorder.forward):
            yield
    finally:
        here.layers, here.new_nodes, here.play = before


class Row:
    """The work of one layer or op, in one step.

    Attributes:
        name: the layer's name, or the op's.
        calls: number of forwards and backwards.
        forward, backward, other: seconds.
        flops: operations.
        moved: bytes that went in and out.
        least: seconds that the same operations and bytes would take this computer at its best.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls = 0
        self.forward = self.backward = self.other = 0.0
        self.flops = self.moved = 0
        self.least = 0.0

    def __repr__(self) -> str:
        return f"<Row {self.name}: {1e3 * self.seconds:.3g} ms>"

    @property
    def seconds(self) -> float:
        return self.forward + self.backward + self.other

    @property
    def share_of_peak(self) -> float:
        """The part of this computer's best that was reached, 0 where nothing was computed."""
        return self.least / self.seconds if self.seconds else 0.0


class Profile:
    """What `profile` found.

    Attributes:
        name: the model's.
        training: whether steps of `fit` were watched, or of `predict`.
        examples: examples a step.
        seconds: time of a step when nobody watches, the median of several.
        watched_seconds: time of a watched step, the median.
        layers: a `Row` for each layer and each further part of a step, in the order of their work.
        ops: a `Row` for each op, the longest first.
        machine: the best that this computer does: operations a second, bytes a second.
        span: the step in the middle, with all that happened in it.
    """

    def __init__(
        self, name: str, training: bool, examples: int, plain: list[float], steps: list[Span]
    ) -> None:
        self.name, self.training, self.examples = name, training, examples
        self.seconds = statistics.median(plain)
        self.watched_seconds = statistics.median([s.seconds for s in steps])
        self.machine = op_counts.machine()
        self.span = min(steps, key=lambda s: abs(s.seconds - self.watched_seconds))
        found = [_rows(step, self.machine) for step in steps]
        self.layers = _medians([layers for layers, _ in found])
        self.ops = sorted(_medians([ops for _, ops in found]), key=lambda r: -r.seconds)

    @property
    def heading(self) -> str:
        """One line: what was watched, and how fast it is."""
        what = "training" if self.training else "prediction"
        rate = f", {self.examples / self.seconds:,.0f} examples/s" if self.examples else ""
        return (
            f"Model '{self.name}': a step of {what} on {self.examples} examples takes "
            f"{_time(self.seconds)}{rate} ({_time(self.watched_seconds)} while watched)"
        )

    @property
    def footnote(self) -> str:
        """What the share of the peak refers to."""
        best = self.machine
        return (
            f"Of peak: against {best.flops / 1e9:.0f} GF/s (a product of 1024x1024 float32), "
            f"{best.memory / 1e9:.0f} GB/s from memory, {best.cache / 1e9:.0f} GB/s from cache, "
            "whichever bounds."
        )

    def _table(self, rows: list[Row], what: str) -> tuple[list[str], list[list[str]]]:
        total = sum(r.seconds for r in self.layers) or 1.0
        header = [what, "calls", "forward", "backward", "other", "of step"]
        header += ["Mflop", "MB", "GF/s", "of peak"]
        lines = []
        for r in rows:
            cells = [r.name, str(r.calls) if r.calls else ""]
            cells += [_time(t) if t else "" for t in (r.forward, r.backward, r.other)]
            cells.append(f"{r.seconds / total:.1%}")
            rate = r.flops / r.seconds if r.seconds else 0
            cells += [_short(n) for n in (r.flops / 1e6, r.moved / 1e6, rate / 1e9)]
            cells.append(f"{r.share_of_peak:.0%}" if r.least else "")
            lines.append(cells)
        used = [i for i in range(len(header)) if i == 0 or any(line[i] for line in lines)]
        return [header[i] for i in used], [[line[i] for i in used] for line in lines]

    def __str__(self) -> str:
        layers = text_table(*self._table(self.layers, "layer"))
        ops = text_table(*self._table(self.ops, "op"))
        return f"{self.heading}\n\n{layers}\n\n{ops}\n\n{self.footnote}"

    def __repr__(self) -> str:
        return f"<Profile of {self.name}: {_time(self.seconds)} a step>"

    def svg(self, width: int = 1000) -> str:
        """Return a picture of one step: time from left to right, what runs within what downwards."""
        return _flames(self.span, width)

    def to_html(self, path: str | Path | None = None, theme: str | None = None) -> str:
        """Return a page with the picture and the tables.

        Args:
            path: file to write it to as well.
            theme: `"light"` or `"dark"`; what the reader's system says if None.

        Raises:
            ValueError: if the theme is neither.
        """
        page = whole("Profile.to_html", f"Profile of {self.name}", self._content(), theme)
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def _repr_html_(self) -> str:
        return inside(self._content())

    def _content(self) -> str:
        tables = ""
        for header, lines in (self._table(self.layers, "layer"), self._table(self.ops, "op")):
            tables += table(header, lines, "l" + "r" * (len(header) - 1))
        return (
            f"<h3>{escape(self.heading)}</h3>{self.svg()}{tables}"
            f'<p class="faint">{escape(self.footnote)}</p>'
        )


@checked
def profile(
    model: Any,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: PositiveInt = 32,
    steps: PositiveInt = 10,
    warmup: Count = 2,
) -> Profile:
    """Watch a model train, or predict, and tell where the time goes, by layer and by op.

    A compiled model is trained by its own `fit`, on a copy: the model, its optimizer and its metrics
    stay as they are. One that is not compiled predicts. What runs is what always runs, the fused
    kernels and threads too; each forward, backward and update is timed where it is called. To watch
    costs some microseconds for each op, so the time of a step is also taken without.

    What is not seen: the work inside of an op (a fused activation belongs to its product), and which
    part of it ran on which thread. Operations are those of the formula, also where a convolution
    after Winograd makes do with fewer, so it may go beyond the peak. Bytes are those of inputs and
    results, and of what is kept for the backward. The sums of gradients between two backwards count
    as Python's time, and what a layer under `remat` does again belongs to the backward of `remat`.
    Where an optimizer clips the gradient of each example, the backward is one piece.

    Args:
        model: the model.
        x: inputs, as `fit` takes them.
        y: targets, likewise.
        sample_weight: weights of the examples, for a model that is compiled.
        batch_size: examples a step, where `x` is not a data set that says it.
        steps: number of steps to watch; the tables have medians.
        warmup: steps before, which make weights and caches.

    Returns:
        A `Profile`. It prints as a table; a notebook shows a picture of the step above it.

    Raises:
        TypeError: if `model` is not a model.
        ValueError: if the model's steps cannot be watched.

    Example:

    >>> import numpy as np, minikeras
    >>> from minikeras import layers
    >>> dense = layers.Dense(64, activation="relu", name="first")
    >>> model = minikeras.Sequential([dense, layers.Dense(1, name="last")], name="chain")
    >>> model.compile("adam", "mse")
    >>> found = minikeras.profile(model, np.ones((128, 20)), np.ones((128, 1)), steps=3)
    >>> [row.name for row in found.layers]
    ['chain', 'first', 'last', 'loss', 'update (adam)', 'metrics', 'fit']
    >>> found.layers[1].flops == 2 * 32 * 20 * 64 * 2  # of the product and of its kernel's gradient
    True
    """
    if not isinstance(model, Trainer):
        raise TypeError(
            "profile: argument `model` must be a Model or Sequential. "
            f"Received: {model!r} of type {type(model).__name__}"
        )
    training = bool(model.compiled)
    model = copy.deepcopy(model)
    data = (x, y, sample_weight)
    _run(model, training, data, batch_size, warmup + 1)
    recorder = _Recorder()
    with _watched(recorder):
        _run(model, training, data, batch_size, steps + 1, recorder=recorder)
    plain: list[float] = []
    examples = _run(model, training, data, batch_size, steps + 1, times=plain)
    # The first step of each run is left out: what `fit` does before it took longer.
    return Profile(model.name, training, examples, plain[1:], recorder.root.children[1:])


def _run(
    model: Any,
    training: bool,
    data: tuple,
    batch_size: int,
    steps: int,
    times: list[float] | None = None,
    recorder: _Recorder | None = None,
) -> int:
    """Run steps of `fit` or `predict`, and return how many examples there were in the last one.

    Args:
        data: `(x, y, sample_weight)`.
        times: list that gets the time of each step, with what was done since the one before.
        recorder: who is told of the steps.
    """
    x, y, sample_weight = data
    arrays = y is not None or all(hasattr(a, "shape") for a in tree.flatten(x))
    many = {"batch_size": batch_size} if arrays else {}
    name = "train_step" if training else "predict_step"
    step = getattr(model, name)
    done = examples = 0
    end = 0.0

    def counted(batch: Any) -> Any:
        nonlocal done, examples, end
        start = time.perf_counter()
        if recorder is not None and not done:
            recorder.enter("step", "fit" if training else "predict")
        try:
            return step(batch)
        finally:
            now = time.perf_counter()
            if times is not None:
                times.append(now - (end or start))
            end = now
            done += 1
            examples = _examples(batch)
            if recorder is not None:
                recorder.leave()
                recorder.owners.clear()
            if done == steps:
                raise _Enough
            if recorder is not None:  # what `fit` does before the next step belongs to that one
                recorder.enter("step", "fit" if training else "predict")

    with ExitStack() as stack:
        stack.enter_context(shadowed(model, **{name: counted}))
        if recorder is not None and training:
            timed, optimizer = recorder.part, model.optimizer
            parts = {"compute_loss": timed("loss", model.compute_loss)}
            parts["compute_metrics"] = timed("metrics", model.compute_metrics)
            stack.enter_context(shadowed(model, **parts))
            if optimizer is not None:
                update = f"update ({to_snake_case(type(optimizer).__name__)})"
                parts = {n: timed(update, getattr(optimizer, n)) for n in ("apply_flat", "apply")}
                parts["clipped_gradients"] = timed(EXAMPLES, optimizer.clipped_gradients)
                stack.enter_context(shadowed(optimizer, **parts))
        try:
            if training:
                model.fit(x, y, sample_weight=sample_weight, epochs=steps, verbose=0, **many)
            else:
                for _ in range(steps):
                    model.predict(x, verbose=0, **many)
        except _Enough:
            return examples
    raise ValueError(
        f"profile: model '{model.name}' made {done} calls of its {name} in {steps} rounds; there is "
        "nothing to watch if a `make_train_function` of its own does not call it."
    )


def _examples(batch: Any) -> int:
    """Return the size of the first axis of a batch's first tensor."""
    shapes = (getattr(a, "shape", ()) for a in tree.flatten(batch))
    return next((int(shape[0]) for shape in shapes if shape), 0)


# From what was recorded to tables.


def _rows(step: Span, best: op_counts.Machine) -> tuple[dict[Any, Row], dict[Any, Row]]:
    """Return what each layer and each op did in a step."""
    layers: dict[Any, Row] = {}
    ops: dict[Any, Row] = {}

    def walk(span: Span, path: tuple[str, ...], phase: str) -> None:
        if span.kind == "part":
            phase = _phase_of(span)
            path = path if span.automatic else (span.name,)
        elif span.owner is not None:
            path = span.owner
        elif span.kind == "layer":
            path, phase = (*path, span.name), FORWARD if phase == OTHER else phase
        own = span.own_seconds
        row = layers.setdefault(path, Row("/".join(path[1:]) or (*path, step.name)[0]))
        updates = span.kind == "part" and span.name.startswith(UPDATE)
        named = span.kind == "op" or updates
        op_name = span.name if named else PYTHON
        op = ops.setdefault(op_name, Row(op_name))
        for each in (row, op):
            setattr(each, phase, getattr(each, phase) + own)
            if span.kind == "op":
                each.calls += 1
                each.flops += span.flops
                each.moved += span.moved
                each.least += best.least_seconds(span.flops, span.moved)
        for child in span.children:
            walk(child, path, phase)

    walk(step, (), OTHER)
    layers[()] = layers.pop(())  # what is in none of them comes last
    return layers, ops


def _phase_of(part: Span) -> str:
    """Return which phase of a step a part of it belongs to."""
    return {"loss": FORWARD, BACKWARD: BACKWARD, EXAMPLES: BACKWARD}.get(part.name, OTHER)


def _medians(tables: list[dict[Any, Row]]) -> list[Row]:
    """Return the rows of several steps as one: medians of their times."""
    first = tables[len(tables) // 2]
    result = []
    for key, row in first.items():
        same = [t[key] for t in tables if key in t]
        for phase in (FORWARD, BACKWARD, OTHER):
            setattr(row, phase, statistics.median([getattr(r, phase) for r in same]))
        result.append(row)
    return result


def _time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    if seconds >= 1e-3:
        return f"{1e3 * seconds:.2f} ms"
    return f"{1e6 * seconds:.0f} µs"


def _short(number: float) -> str:
    """Return a number with three digits at least, or nothing for zero."""
    if not number:
        return ""
    return f"{number:,.1f}" if number >= 100 else f"{number:.3g}"


# The picture.

ROW = 22
"""Height of a row of the picture."""


def _flames(step: Span, width: int) -> str:
    start, scale = step.start, width / max(step.seconds, 1e-9)
    boxes: list[str] = []
    deepest = 0

    def draw(span: Span, depth: int, colour: str) -> None:
        nonlocal deepest
        deepest = max(deepest, depth)
        if span.kind == "part":
            colour = UPDATE if span.name.startswith(UPDATE) else _phase_of(span)
        elif span.kind == "layer" and colour == OTHER:
            colour = FORWARD
        left, wide = (span.start - start) * scale, span.seconds * scale
        if wide >= 0.3:
            rate = f", {span.flops / span.seconds / 1e9:.1f} GF/s" if span.flops else ""
            text = f"{span.name}: {_time(span.seconds)}{rate}"
            box = (
                f'<g><title>{escape(text)}</title><rect x="{left:.1f}" y="{depth * ROW}" '
                f'width="{max(wide - 0.4, 0.3):.1f}" height="{ROW - 1}" '
                f'style="fill:var(--{colour})" opacity="{1 if span.kind != "op" else 0.8}"/>'
            )
            letters = int(wide / 7)
            if letters >= 3:
                shown = span.name if len(span.name) <= letters else span.name[: letters - 1] + "…"
                if len(text) <= letters:
                    shown = text
                box += f'<text x="{left + 4:.1f}" y="{depth * ROW + 15}">{escape(shown)}</text>'
            boxes.append(box + "</g>")
        for child in span.children:
            draw(child, depth + 1, colour)

    draw(step, 0, OTHER)
    height = (deepest + 1) * ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="100%" '
        f'style="max-width:{width}px" font-family="system-ui, sans-serif" font-size="12" '
        f'role="img" aria-label="Time of a step">{"".join(boxes)}</svg>'
    )
