"""Gradients in which the part of each example of a batch is clipped to a length.

The tape is played backwards once. Where a primitive uses a weight, it gives, in place of the weight's
gradient, what the gradients of single examples are made of (`kernels/per_example.py`). From that come
the length of each example's gradient, over all weights, and then the sum of the gradients, each scaled
to at most the length allowed.

What belongs to which example is not guessed. When a tape of a new structure comes, gradients of the
outputs are sent back through it three times, the second and third time with the signs of some
examples changed. Wherever an element of a gradient belongs to one example, its sign changes with that
example's, to the last bit; where it does not, examples interact, and there is no gradient of one
example to be clipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from minikeras.autodiff.primitive import PER_EXAMPLE
from minikeras.autodiff.tape import (
    ONCE,
    RELEASED,
    GradientTape,
    Leaf,
    Node,
    Pick,
    backpropagate,
    check_backward,
    dependents,
    loss_seed,
    put_output,
)
from minikeras.autodiff.tensor import Tensor
from minikeras.common.settings import settings
from minikeras.kernels.per_example import KEPT, PerExample, Sums, squared_norms

_TOLERANCE = 1e-5
"""Of a gradient's largest element: where a kernel adds in another order, last bits may differ."""


def clipped_gradients(
    tape: GradientTape,
    loss: Tensor,
    outputs: Sequence[Tensor],
    leaves: Iterable[Leaf],
    bound: float,
    arrays: dict,
    plans: dict,
) -> dict:
    """Differentiate a loss, with each example's part of the gradient clipped to a length.

    What the loss holds beside the examples, such as penalties on weights, is added unclipped.

    Args:
        tape: tape that was asked to `watch_examples`.
        loss: scalar tensor.
        outputs: what the loss is made of, each of shape `(n, ...)`.
        leaves: leaves of the variables whose gradients are wanted.
        bound: length that the part of each example is clipped to.
        arrays: arrays by leaf that gradients are to be written into.
        plans: what was found out about other tapes; the caller keeps it.

    Returns:
        The gradients by leaf, as arrays.

    Raises:
        ValueError: if examples interact, or a weight is used in the loss beside the outputs.
    """
    walk = _Walk(tape, set(leaves), outputs)
    plan = walk.plan(loss, plans)
    collected, grads = walk.collect(loss, plan)
    norms = walk.squared_norms(collected)
    with np.errstate(divide="ignore", invalid="ignore"):  # not finite: neither will the result be
        factors = np.minimum(1, bound / np.sqrt(norms))
        for place, parts in collected.items():
            for part in parts:
                old = grads.get(place)
                if old is None:
                    grads[place] = part.weighted_sum(factors, arrays.get(place))
                else:
                    grads[place] = old + part.weighted_sum(factors)
    beside = [node for node in walk.nodes if node not in walk.data]
    return backpropagate(beside, grads, walk.useful, out=arrays, release=walk.release)


class _Layout(NamedTuple):
    """Where the examples lie in a gradient.

    Args:
        axis: the axis that they lie along.
        run: how many places of one example lie side by side; then come those of the next, and after
            the last one the first's again.
        first: whether each example is one part of the first axis, as rules expect it.
        certain: whether the gradient showed it; one of zeros does not.
    """

    axis: int
    run: int
    first: bool
    certain: bool

    def owners(self, shape: tuple, n: int) -> np.ndarray:
        """Return whose each element is, in a shape that broadcasts to `shape`."""
        size = shape[self.axis]
        run = size // n if self.first else self.run  # of series, they may be longer than before
        owners = np.arange(size) // max(run, 1) % n
        return owners.reshape([-1 if i == self.axis else 1 for i in range(len(shape))])


_UNSEEN = _Layout(0, 1, True, False)
"""What is assumed where no gradient came by: it adds nothing, whosever it is."""
_MIXED = "mixed"
"""In place of a layout: elements belong to several examples."""
_UNKNOWN = "unknown"
"""In place of a layout: each element belongs to one example, in an order that is not known."""


_ENOUGH = 16
"""Examples whose signs tell as much as those of more."""


class _Plan(NamedTuple):
    """What was found out about a tape.

    Args:
        readers: indices of nodes that take data which the tape does not follow, such as indices.
        layouts: by the index of each node that uses a weight, the layouts of its results.
        certain: whether the gradients showed all of it.
    """

    readers: list[int]
    layouts: dict[int, list[_Layout | None]]
    certain: bool


class _Walk:
    """One tape, and who depends on what in it.

    Args:
        tape: the tape.
        leaves: leaves of the weights.
        outputs: outputs of the model.
    """

    def __init__(self, tape: GradientTape, leaves: set, outputs: Sequence[Tensor]) -> None:
        self.nodes, self.release = tape.take_nodes()
        """The tape's nodes, oldest first, and whether what they saved can be freed."""
        self.examples, self.shapes = tape._examples.keys(), tuple(tape._examples.values())
        """Leaves of the batch, and the shapes of what they stand for."""
        self.ends = [y.node for y in outputs if y.node is not None]
        self.useful = dependents(self.nodes, leaves)
        self.n = outputs[0].array.shape[0]
        self.data: set = set()
        """Nodes that depend on the examples; the others are of weights alone."""

    @cached_property
    def inside(self) -> set:
        """The nodes that the outputs are made of, with their leaves; the loss's lie outside."""
        return self._origins(self.ends)

    def _origins(self, ends: Iterable[Any]) -> set:
        """Return nodes with all nodes and leaves that they are made of."""
        found = set(ends)
        for node in reversed(self.nodes):
            if node in found:
                found.update([node.node] if type(node) is Pick else node.parents)
        found.discard(None)
        return found

    # Finding out what belongs to which example.

    def plan(self, loss: Tensor, plans: dict) -> _Plan:
        """Return what is known about tapes like this one; find it out if it is new."""
        structure = tuple([n.primitive if type(n) is Node else n.index for n in self.nodes])
        # Of few examples signs tell less. Orders that depend on sizes are good for these sizes alone.
        keys = [(min(self.n, _ENOUGH), structure), (self.shapes, structure)]
        for key in keys:
            plan = plans.get(key)
            if plan is not None:
                self._follow(plan.readers)
                if all(i in plan.layouts for i in self._users()):
                    return plan
        plan = self._find_out(loss)
        if plan.certain:
            if len(plans) >= 64:
                plans.clear()
            every = [x for found in plan.layouts.values() for x in found]
            plans[keys[0 if all(x is None or x.first for x in every) else 1]] = plan
        return plan

    def _follow(self, readers: Iterable[int]) -> None:
        """Note which nodes depend on the examples."""
        self.data = dependents(self.nodes, self.examples | {self.nodes[i] for i in readers})

    def _users(self) -> Iterator[int]:
        """Return the indices of the nodes, inside, that put examples and weights together."""
        for i, node in enumerate(self.nodes):
            if type(node) is not Node or node not in self.data or node not in self.inside:
                continue
            if any(p in self.useful and p not in self.data for p in node.parents):
                yield i

    def _find_out(self, loss: Tensor) -> _Plan:
        for node in self.nodes:
            if type(node) is Node and node.primitive.mixes_examples:
                raise _interaction(node)
        seen, reached = self._seen(loss) if self.n > 1 else ({}, self.inside)
        unseen = [_Layout(0, 1, True, self.n == 1)]
        readers: list[int] = []
        self._follow(readers)
        for i, node in enumerate(self.nodes):
            if self._may_read(node) and all(
                layout is None or (type(layout) is _Layout and layout.first and layout.certain)
                for layout in seen.get(i, unseen)
            ):
                readers.append(i)
                self._follow(readers)
        for i in sorted(seen):
            if _MIXED in seen[i] and (i < 0 or self.nodes[i] in self.data):
                raise _interaction(self._mixer(i, seen))
        if not all(end in self.data for end in self.ends if end in self.useful):
            raise ValueError(
                "Gradients of single examples: an output does not depend on the examples. Use what "
                "`tape.watch_examples` returns in the place of the inputs."
            )
        # Where no gradient arrives, because an output has no loss, there is nothing to find out.
        layouts = {
            i: seen.get(i, unseen) if self.nodes[i] in reached else [] for i in self._users()
        }
        for i, found in layouts.items():
            if _UNKNOWN in found:
                raise ValueError(
                    f"Gradients of single examples: {_place(self.nodes[i])} brings its examples "
                    "into an order in which they cannot be followed."
                )
        certain = all(x is None or x.certain for found in layouts.values() for x in found)
        return _Plan(readers, layouts, certain)

    def _may_read(self, node: Any) -> bool:
        """Whether a node of weights may take data as well, which the tape does not follow."""
        if type(node) is not Node or node in self.data or node not in self.inside:
            return False
        return (
            None in node.parents
            or node.primitive.per_example is not None
            or any(isinstance(value, np.ndarray) for value in node.params.values())
        )

    def _seen(self, loss: Tensor) -> tuple[dict[int, list], set]:
        """Send gradients of the outputs back with some examples' signs changed.

        Returns:
            By index, the layouts that the gradients of each node show; the batch has negative
            indices. And the nodes that gradients of the loss arrive at, by whatever way.
        """
        # Every other sign, so that neighbours differ; and signs without any order.
        others = np.random.default_rng(self.n).integers(0, 2, self.n) * 2 - 1
        signs = [np.ones(self.n), 1 - np.arange(self.n) % 2 * 2, others]
        codes = (signs[1] < 0) + 2 * (signs[2] < 0)
        outside = [node for node in self.nodes if node not in self.inside]
        at_ends = backpropagate(
            outside, {loss.node: np.ones_like(loss.array)}, keep=set(self.ends), release=False
        )
        reached = self._origins(set(at_ends) & self.inside)
        grads: dict = {}
        for end in dict.fromkeys(self.ends):
            g = at_ends.get(end)
            if g is not None:
                shape = (-1, *[1] * (g.ndim - 1))
                grads[end] = [g * s.astype(g.dtype).reshape(shape) for s in signs]
        seen: dict[int, list] = {}
        for i in range(len(self.nodes) - 1, -1, -1):
            node = self.nodes[i]
            if node not in self.inside or node not in grads:
                continue
            gs = grads.pop(node)
            if type(node) is Pick:
                seen[i] = [_layout_of(gs, codes)]
                source = node.node
                if source not in grads:
                    count = source.primitive.outputs(source)
                    grads[source] = [[None] * count for _ in signs]
                for slots, g in zip(grads[source], gs):
                    slots[node.index] = g if slots[node.index] is None else slots[node.index] + g
                continue
            each = zip(*gs) if type(gs[0]) is list else [gs]
            seen[i] = [None if g[0] is None else _layout_of(g, codes) for g in each]
            needs = [p in self.examples or type(p) in (Node, Pick) for p in node.parents]
            if not any(needs):
                continue
            for k, g in enumerate(gs):
                found = node.primitive.backward(g, node.saved, needs, None, **node.params)
                for parent, need, pg in zip(node.parents, needs, found):
                    if need and pg is not None:
                        slots = grads.setdefault(parent, [None] * len(signs))
                        slots[k] = pg if slots[k] is None else slots[k] + pg
        for k, leaf in enumerate(self.examples):
            if leaf in grads:
                seen[-1 - k] = [_layout_of(grads[leaf], codes)]
        return seen, reached

    def _mixer(self, i: int, seen: dict[int, list]) -> Any:
        """Return the node that mixed the examples of a node, or of a leaf of the batch."""
        mixed = self.nodes[i] if i >= 0 else list(self.examples)[-1 - i]
        after = [mixed]
        for k, node in enumerate(self.nodes):
            if type(node) is Pick:
                if node.node in after:
                    after.append(node)
            elif any(p in after for p in node.parents):
                if _MIXED not in seen.get(k, [_MIXED]):
                    return node
                after.append(node)
        return mixed

    # Gradients.

    def collect(self, loss: Tensor, plan: _Plan) -> tuple[dict, dict]:
        """Play back what depends on the examples.

        Returns:
            By leaf or node of weights alone, the gradients of each example in all places that use it;
            and the gradients by node that are not of examples.
        """
        grads: dict = {loss.node: loss_seed(loss.array)}
        collected: dict = {}
        for i in range(len(self.nodes) - 1, -1, -1):
            node = self.nodes[i]
            if node not in self.data:
                continue
            g = grads.pop(node, None) if node in self.useful else None
            if type(node) is Pick:
                if g is not None:
                    put_output(grads, node, g)
                continue
            saved = node.saved
            if saved is RELEASED:
                raise RuntimeError(ONCE)
            if self.release:
                node.saved = RELEASED
            if g is None:
                continue
            needs = [
                0 if p not in self.useful else 1 if p in self.data else PER_EXAMPLE
                for p in node.parents
            ]
            if PER_EXAMPLE not in needs:
                found = node.primitive.backward(g, saved, needs, None, **node.params)
            elif i in plan.layouts:
                found = self._per_example(node, saved, g, needs, plan.layouts[i])
            elif node.primitive.name == "add" and np.ndim(g) == 0:  # a penalty
                found = node.primitive.backward(g, saved, needs, None, **node.params)
            else:
                raise ValueError(
                    f"Gradients of single examples: {_place(node)} uses weights in the loss that the "
                    "outputs do not depend on. Only terms of weights alone may be added to it."
                )
            if settings.debug_numerics:
                check_backward(node, found)
            for parent, need, pg in zip(node.parents, needs, found):
                if not need or pg is None:
                    continue
                if isinstance(pg, PerExample):
                    collected.setdefault(parent, []).append(pg)
                else:
                    old = grads.get(parent)
                    grads[parent] = pg if old is None else old + pg
        return collected, grads

    def _per_example(
        self, node: Node, saved: Any, g: Any, needs: list[int], layouts: list[_Layout | None]
    ) -> Sequence[Any]:
        """Return the gradients of a node's inputs, those of weights for each example."""
        rule = node.primitive.per_example
        results = g if type(g) is list else [g]
        regular = all(
            x is None
            or (layout is not None and layout.first and x.ndim and not x.shape[0] % self.n)
            for x, layout in zip(results, layouts)
        )
        if rule is not None and regular:
            found = rule(g, saved, needs, self.n, **node.params)
            if found is not None and all(
                not need or isinstance(pg, PerExample) == (need == PER_EXAMPLE)
                for pg, need in zip(found, needs)
            ):
                return found
        plain = [need == 1 for need in needs]
        found = [None] * len(needs)
        if any(plain):
            found = list(node.primitive.backward(g, saved, plain, None, **node.params))
        masked = _Masked(node, saved, g, layouts, self.n)
        for k, need in enumerate(needs):
            if need == PER_EXAMPLE:
                found[k] = masked.of(k)
        return found

    def squared_norms(self, collected: dict) -> np.ndarray:
        """Return the squared length of each example's gradient over all weights, `(n,)`."""
        # By node and output, as far as the leaves.
        pulled = {place: {0: list(parts)} for place, parts in collected.items()}
        for node in reversed(self.nodes):
            parts = pulled.pop(node, None)
            if parts is None:
                continue
            if type(node) is Pick:
                by_output = pulled.setdefault(node.node, {})
                by_output.setdefault(node.index, []).extend(parts[0])
                continue
            for k, parent in enumerate(node.parents):
                if parent in self.useful:
                    part = _Through(node, k, parts, self.n)
                    pulled.setdefault(parent, {}).setdefault(0, []).append(part)
        total = np.zeros(self.n)
        for parts in pulled.values():
            total += squared_norms(parts[0])
        return total


class _Masked:
    """Gradients of a primitive without a rule: its backward, with all examples but one left out.

    Args:
        node: the recorded call.
        saved: what its backward needs.
        g: gradient of the result, or of the results.
        layouts: where their examples lie.
        n: number of examples.
    """

    def __init__(
        self, node: Node, saved: Any, g: Any, layouts: list[_Layout | None], n: int
    ) -> None:
        self.node, self.saved, self.g, self.n = node, saved, g, n
        results = g if type(g) is list else [g]
        self.owners = [
            None if x is None or n == 1 else (layout or _UNSEEN).owners(x.shape, n)
            for x, layout in zip(results, layouts)
        ]

    def of(self, k: int) -> PerExample:
        """Return the gradients of input `k`."""
        first = self.gradient(k, 0)
        lazy = _OneByOne(self, k, first)
        return Sums(lazy.arrays(0, self.n)) if first.size * self.n <= KEPT else lazy

    def gradient(self, k: int, example: int) -> np.ndarray:
        """Return the gradient of input `k` for one example."""
        if self.n == 1:
            g = self.g
        else:
            results = self.g if type(self.g) is list else [self.g]
            masked = [
                None if x is None else np.where(owner == example, x, x.dtype.type(0))
                for x, owner in zip(results, self.owners)
            ]
            g = masked if type(self.g) is list else masked[0]
        needs = [i == k for i in range(len(self.node.parents))]
        found = self.node.primitive.backward(g, self.saved, needs, None, **self.node.params)
        return np.asarray(found[k])


class _OneByOne(PerExample):
    """Gradients that are too large to be kept: worked out where they are wanted."""

    def __init__(self, masked: _Masked, k: int, first: np.ndarray) -> None:
        super().__init__(masked.n, first.shape)
        self.masked, self.k = masked, k

    def arrays(self, first: int, last: int) -> np.ndarray:
        return np.stack([self.masked.gradient(self.k, i) for i in range(first, last)])


class _Through(PerExample):
    """Gradients of an input of a call that only weights take part in, such as a cast.

    Args:
        node: the recorded call.
        k: number of the input.
        by_output: the gradients of its results in each place that uses them.
        n: number of examples.
    """

    def __init__(self, node: Node, k: int, by_output: dict[int, list], n: int) -> None:
        self.n, self.node, self.k, self.by_output = n, node, k, by_output

    @cached_property
    def shape(self) -> tuple:
        """Shape of the input."""
        return self.arrays(0, 1).shape[1:]

    def arrays(self, first: int, last: int) -> np.ndarray:
        primitive, several = self.node.primitive, self.node.primitive.outputs(self.node)
        sums = {
            index: sum(part.arrays(first, last) for part in parts)
            for index, parts in self.by_output.items()
        }
        needs = [i == self.k for i in range(len(self.node.parents))]
        found = []
        for i in range(last - first):
            if several == 1 and sums.keys() == {0}:
                g = sums[0][i]
            else:
                g = [sums[j][i] if j in sums else None for j in range(several)]
            found.append(
                primitive.backward(g, self.node.saved, needs, None, **self.node.params)[self.k]
            )
        return np.stack(found)

    def squared_norms(self) -> np.ndarray:
        if self.node.primitive.rearranges:
            return squared_norms(self.by_output[0])
        return super().squared_norms()


def _layout_of(gs: Sequence[np.ndarray], codes: np.ndarray) -> Any:
    """Return the layout of a gradient.

    Args:
        gs: the gradient, and how it came with some examples' signs changed.
        codes: for each example in which of the two it was changed, 1 and 2.
    """
    g, *others = gs
    n = codes.size
    top = np.abs(g).max(initial=0)
    if not (0 < top < np.inf):
        return _UNSEEN
    small = _TOLERANCE * top
    changed = np.zeros(g.shape, np.int8)
    for bit, other in enumerate(others):
        if not np.abs(np.abs(other) - np.abs(g)).max() <= small:
            return _MIXED
        changed += (np.abs(other - g) > small).astype(np.int8) << bit
    shown = np.abs(g) > small
    certain = np.unique(changed[shown]).size > 1
    for axis, size in enumerate(g.shape):
        if size % n:
            continue
        whole = size // n
        for run in [r for r in range(whole, 0, -1) if whole % r == 0]:
            layout = _Layout(axis, run, axis == 0 and run == whole, certain)
            if not (shown & (codes[layout.owners(g.shape, n)] != changed)).any():
                return layout
    return _UNKNOWN


def _place(node: Any) -> str:
    if type(node) is not Node:
        return "a layer"
    return f"operation '{node.primitive.name}'" + (f" in {node.layer}" if node.layer else "")


def _interaction(node: Any) -> ValueError:
    return ValueError(
        f"Gradients of single examples: in {_place(node)} the result for one example depends on the "
        "others in the batch, so no example has a gradient of its own. Use a layer that looks at each "
        "example by itself (GroupNormalization or LayerNormalization in place of BatchNormalization)."
    )
