"""The tape: records primitives while somebody wants gradients, and plays them backwards.

A `Node` is one recorded call. It holds what its backward needs (`saved`) and the nodes of its
inputs (`parents`), never a tensor, so dropping the outputs frees everything by reference counts.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.state import thread, where_am_i
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.ranks import Rows, own_exchanges, shared_rows, sums_over_ranks, unshared
from minikeras.common.settings import settings
from minikeras.common.traceback_utils import warn
from minikeras.kernels import parallel

RELEASED: Any = object()
"""What a node has saved once its backward has run: nothing any more (None may be all it needs)."""

ONCE = (
    "A non-persistent GradientTape gives gradients once only. Use GradientTape(persistent=True) to "
    "call it again."
)


class Node:
    """One recorded call of a primitive."""

    __slots__ = ("inputs", "layer", "params", "parents", "primitive", "saved")

    def __init__(self, primitive: Any, parents: Sequence[Any], saved: Any, params: dict) -> None:
        self.primitive = primitive
        self.parents = parents
        self.saved = saved
        self.params = params
        self.inputs = None  # the input tensors, kept only where a gradient of a gradient may come
        self.layer = None  # where it ran, kept only with debug numerics on, or for messages


class Leaf:
    """Where a gradient comes to rest: a variable, or a watched tensor.

    Args:
        variable: the variable, None for a watched tensor.

    Attributes:
        watchers: how many open tapes watch the variable, which is followed then though it be frozen.
        thawed: the how manieth of all thaws of variables this variable's last one was, 0 if there was none.
    """

    __slots__ = ("thawed", "variable", "watchers")

    thaws = 0
    """How often variables that were not trainable have become so."""

    def __init__(self, variable: Any = None) -> None:
        # Weakly: the variable holds its leaf, and a cycle would wait for the garbage collector.
        self.variable = None if variable is None else weakref.ref(variable)
        self.thawed = self.watchers = 0

    def thaw(self) -> None:
        """Note that the variable is trainable again: tapes that began before know little of it."""
        Leaf.thaws += 1
        self.thawed = Leaf.thaws


class Pick:
    """Output `index` of a node that has several."""

    __slots__ = ("index", "node")

    def __init__(self, node: Node, index: int) -> None:
        self.node = node
        self.index = index


def record(
    tapes: list[GradientTape],
    primitive: Any,
    inputs: Sequence[Any],
    parents: Sequence[Any],
    saved: Any,
    params: dict,
) -> Node:
    """Append a call to the tapes, all that record."""
    node = Node(primitive, parents, saved, params)
    if settings.debug_numerics:
        node.layer = where_am_i()
    if len(tapes) == 1 and tapes[0]._keeps_least:
        tapes[0]._nodes.append(node)
        return node
    if any(tape._examples for tape in tapes):
        node.layer = where_am_i()
        if len(tapes) == 1 and not tapes[0]._persistent:
            tapes[0]._nodes.append(node)
            return node
    # As they are now: a variable may have another value by the time of the backward.
    node.inputs = [
        Tensor(a.array, a.node) if isinstance(a, Tensor) and type(a) is not Tensor else a
        for a in inputs
    ]
    for tape in tapes:
        tape._nodes.append(node)
    return node


def backpropagate(
    nodes: list,
    grads: dict,
    useful: set | None = None,
    keep: set | tuple = (),
    out: dict | None = None,
    release: bool = True,
    graph: bool = False,
) -> dict:
    """Play `nodes` backwards.

    Args:
        nodes: recorded nodes, oldest first.
        grads: gradient of the target by node; consumed and returned.
        useful: nodes that lead to a wanted leaf; None for all.
        keep: nodes in the middle whose gradient is wanted too.
        out: arrays by leaf that the gradient is to be written into.
        release: free what each node saved as soon as it is used.
        graph: record the backward itself, for gradients of gradients.

    Returns:
        Gradients by node: those of leaves and of `keep`.
    """
    play = thread.state.play or (checked_play if settings.debug_numerics else None)
    for node in reversed(nodes):
        g = grads.get(node) if node in keep else grads.pop(node, None)
        if g is None:
            if release and type(node) is Node:
                node.saved = RELEASED
            continue
        if type(node) is Pick:
            put_output(grads, node, g)
            continue
        parents = node.parents
        primitive = node.primitive
        needs = parents if useful is None else [p in useful for p in parents]
        if graph:
            parent_grads = primitive.backward_graph(g, node, needs)
        else:
            targets = None
            if out is not None and primitive.writes_out:
                targets = list(map(out.get, parents))
                if not grads.keys().isdisjoint(parents):  # the second use of a weight: add to it
                    targets = [None if p in grads else t for p, t in zip(parents, targets)]
            saved = node.saved
            if saved is RELEASED:
                raise RuntimeError(ONCE)
            if play is None:
                parent_grads = primitive.backward(g, saved, needs, targets, **node.params)
            else:
                parent_grads = play(node, g, saved, needs, targets)
        if release:
            node.saved = saved = RELEASED
        for need, parent, pg in zip(needs, parents, parent_grads):
            if pg is None or not need:
                continue
            old = grads.get(parent)
            if old is None:
                grads[parent] = pg
            elif out is not None and out.get(parent) is old:
                parallel.settle()
                np.add(old, pg, out=old)
            else:
                grads[parent] = old + pg
    return grads


def loss_seed(value: np.ndarray) -> Any:
    """Return the gradient that the backward of a training step's loss begins with: one.

    Where ranks share a batch, a rank's loss is the mean over its rows and counts for their share. So all
    that is played back are terms of the gradient of the whole batch's loss, as large as those of one
    process, and exchanges on the way add them as they are (`distribution/collectives.py`).
    """
    rows = shared_rows()
    share = 1 if rows is None else rows.share
    if not value.ndim:
        return value.dtype.type(share)
    if rows is not None:
        _check_mean(value.shape, rows)
    return np.full_like(value, share)


def put_output(grads: dict, pick: Pick, g: Any) -> None:
    """Add the gradient of one of several results to those of the call."""
    source, i = pick.node, pick.index
    slots = grads.get(source)
    if slots is None:
        slots = grads[source] = [None] * source.primitive.outputs(source)
    slots[i] = g if slots[i] is None else slots[i] + g


def checked_play(node: Node, g: Any, saved: Any, needs: Any, out: Any) -> Any:
    """Run the backward of a recorded call, and look at its gradients (debug numerics)."""
    grads = node.primitive.backward(g, saved, needs, out, **node.params)
    check_backward(node, grads)
    return grads


def check_backward(node: Node, grads: Iterable[Any]) -> None:
    """Raise FloatingPointError if a gradient holds NaN or Inf (debug numerics)."""
    for g in grads:
        if isinstance(g, np.ndarray) and not np.isfinite(g).all():
            place = f" in {node.layer}" if node.layer else ""
            raise FloatingPointError(
                f"NaN or Inf in the backward pass: first produced by op "
                f"'{node.primitive.name}'{place}."
            )


class GradientTape:
    """Record operations so that their gradients can be taken, as in TensorFlow.

    Trainable variables are followed by themselves; other tensors, and variables that are frozen while the
    tape records, after `watch`. TensorFlow follows the latter too, and keeps all that their gradients
    would need; here what is frozen costs nothing.

    Args:
        persistent: keep what was recorded so that `gradient` can be called more than once.
        watch_accessed_variables: follow trainable variables without `watch`.

    Example:

    >>> import minikeras
    >>> x = minikeras.Variable(3.0)
    >>> with minikeras.GradientTape() as tape:
    ...     y = x * x
    >>> float(tape.gradient(y, x))
    6.0
    """

    _watched: frozenset = frozenset()
    _variables: tuple = ()
    """Variables that `watch` was given: while this tape is open they are followed though they be frozen."""
    _open = False
    """Whether its `with` block is running."""
    _begun = 0
    """How many thaws there had been when it began to record."""
    _examples: dict = {}
    """What `watch_examples` was given: shapes by leaf."""
    _keeps_least = True
    """Whether a recorded call needs to know neither its inputs nor the layer that it ran in."""
    _used = False
    sum_of_ranks: Any = None
    """Adds a recorded tensor over ranks: `distribution/collectives.py`, which stands above, says how."""

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        if persistent:
            self._keeps_least = False
        self._accessed = watch_accessed_variables
        self._nodes: list = thread.state.new_nodes()

    def __enter__(self) -> GradientTape:
        tapes = thread.state.tapes
        if tapes and self in tapes:
            raise ValueError("This tape is recording already.")
        tapes.append(self)
        self._open = True
        if not self._nodes:
            self._begun = Leaf.thaws
        if self._variables:
            self._count_watchers(1)
        return self

    def __exit__(self, *exc: Any) -> None:
        thread.state.tapes.remove(self)
        self._open = False
        if self._variables:
            self._count_watchers(-1)

    def _count_watchers(self, change: int) -> None:
        for v in self._variables:
            v.count_watchers(change)

    def watch(self, tensor: Any) -> None:
        """Follow a tensor, or each tensor of a structure, that is not a trainable variable.

        A variable that is not trainable is followed by this tape, and while it records.

        Raises:
            TypeError: if it is not a floating point tensor.

        Example:

        >>> import minikeras
        >>> v = minikeras.Variable(3.0, trainable=False)
        >>> with minikeras.GradientTape() as tape:
        ...     tape.watch(v)
        ...     y = v * v
        >>> float(tape.gradient(y, v))
        6.0
        """
        for t in tree.flatten(tensor):
            if not isinstance(t, Tensor):
                raise TypeError(
                    f"GradientTape.watch takes tensors or variables. Received: {type(t).__name__}. "
                    "Make a tensor of an array with minikeras.ops.convert_to_tensor first."
                )
            if t.array.dtype.kind not in "fcV":
                raise TypeError(f"Only floating point tensors have gradients. Received: {t!r}")
            if (leaf := _leaf_of(t)) is not None:
                self._variables += (t,)
                self._watched |= {leaf}
                if self._open:
                    t.count_watchers(1)
                continue
            if t.node is None:
                t.node = Leaf()
            self._watched |= {t.node}

    def watch_examples(self, x: Any) -> Any:
        """Follow a batch, so that the gradient of each of its examples can be clipped.

        See `Optimizer.clipped_gradients`.

        Args:
            x: array or tensor whose first axis is that of the examples, or a structure of them.

        Returns:
            Tensors in the structure of `x`, to be used in its place.

        Example:

        >>> import numpy as np, minikeras
        >>> with minikeras.GradientTape() as tape:
        ...     x = tape.watch_examples(np.ones((4, 2), "float32"))
        >>> x.shape
        (4, 2)
        """
        found = dict(self._examples)

        def followed(a: Any) -> Any:
            if not isinstance(a, (Tensor, np.ndarray)) or a.dtype == object:
                return a
            tensor = Tensor(to_array(a))
            leaf = Leaf()
            found[leaf] = tensor.shape
            if tensor.array.dtype.kind in "fV":
                tensor.node = leaf
            tensor._keras_mask = getattr(a, "_keras_mask", None)
            return tensor

        x = tree.map_structure(followed, x)
        self._examples = found
        self._keeps_least = False
        return x

    def stop_recording(self) -> _Paused:
        """Return a context in which this tape records nothing."""
        return _Paused(self)

    def reset(self) -> None:
        """Forget what was recorded."""
        self._nodes = []
        if self._open:
            self._count_watchers(-1)
        self._watched, self._variables, self._examples = frozenset(), (), {}
        self._keeps_least = not self._persistent
        self._used = False
        self._begun = Leaf.thaws

    def watched_variables(self) -> tuple:
        """Return the variables that recorded operations used, in the order of their first use."""
        leaves = [p for n in self._nodes if type(n) is Node for p in n.parents]
        owners = [p.variable() for p in dict.fromkeys(leaves) if type(p) is Leaf and p.variable]
        return tuple(v for v in owners if v is not None)

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: str = "none",
    ) -> Any:
        """Return the gradient of `target` with respect to each of `sources`.

        Args:
            target: tensor, or a structure of them, whose sum is differentiated.
            sources: variable or watched tensor, or a structure of them.
            output_gradients: gradient of each target, ones if None.
            unconnected_gradients: `"none"` gives None, `"zero"` gives zeros, where target does not
                depend on a source.

        Returns:
            Tensors in the structure of `sources`. Where ranks share a batch, the target is taken for the
            mean over this rank's rows, and gradients by variables are those of the mean over all rows,
            on every rank.

        Raises:
            RuntimeError: on a second call of a tape that is not persistent.
        """
        if unconnected_gradients not in ("none", "zero"):
            raise ValueError(
                "unconnected_gradients must be 'none' or 'zero'. "
                f"Received: {unconnected_gradients!r}"
            )
        if self._used and not self._persistent:
            raise RuntimeError(ONCE)
        inside = self in thread.state.tapes
        if inside and not self._persistent:
            thread.state.tapes.remove(self)
        try:
            with contextlib.nullcontext() if shared_rows() is None else own_exchanges():
                return self._gradient(target, sources, output_gradients, unconnected_gradients)
        finally:
            if not self._persistent:
                self._used = True
                self._nodes = []
                if not self._open:
                    self._variables = ()
            if inside and not self._persistent:
                thread.state.tapes.append(self)

    def _gradient(self, target: Any, sources: Any, output_gradients: Any, unconnected: str) -> Any:
        flat_sources = tree.flatten(sources)
        for s in flat_sources:
            if not isinstance(s, Tensor):
                raise TypeError(
                    "sources must be variables or tensors that the tape watches. "
                    f"Received: {type(s).__name__}"
                )
        places = [_leaf_of(s) if s.node is None else s.node for s in flat_sources]
        wanted = {p for p in places if p is not None}
        if not self._accessed:
            recorded = set(self._nodes)
            wanted = {n for n in wanted if n in self._watched or n in recorded}
        targets = [t for t in tree.flatten(target) if t is not None]
        if output_gradients is None:
            seeds = [None] * len(targets)
        else:
            seeds = tree.flatten(output_gradients)
            if len(seeds) != len(targets):
                raise ValueError(
                    "output_gradients must have one gradient for each target. Received: "
                    f"{len(seeds)} gradients for {len(targets)} targets"
                )
        graph = bool(thread.state.tapes)  # somebody records what we do now
        rows = shared_rows()
        by_variables = rows is not None and any(map(_is_variable, flat_sources))
        if graph and not by_variables:
            rows = None
        if by_variables and output_gradients is None:
            for t in targets:
                _check_mean(getattr(t, "shape", ()), rows)
        grads: dict = {}
        for t, seed in zip(targets, seeds):
            if not isinstance(t, Tensor):
                raise TypeError(f"target must be a tensor. Received: {type(t).__name__}")
            if t.node is None:
                continue
            if seed is None:
                seed = np.ones_like(t.array)
            elif not graph or not isinstance(seed, Tensor):  # a tensor may be followed itself
                seed = to_array(seed, t.array.dtype)
            if seed.shape != t.shape:
                raise ValueError(
                    "output_gradients must have the shapes of the targets. Received: "
                    f"shape {seed.shape} for a target of shape {t.shape}"
                )
            if graph and not isinstance(seed, Tensor):
                seed = Tensor(seed)
            if rows is not None:  # terms of the whole batch's gradient, as in `loss_seed`
                seed = _times(seed, rows.share)
            old = grads.get(t.node)
            grads[t.node] = seed if old is None else old + seed
        nodes = list(self._nodes) if graph else self._nodes
        useful = dependents(nodes, wanted)
        alone = not thread.state.tapes and not self._persistent
        grads = backpropagate(
            nodes, grads, useful, keep=wanted, release=alone and not _shared(nodes), graph=graph
        )
        found = [grads.get(p) if p in wanted else None for p in places]
        missing = [s for s, g in zip(flat_sources, found) if g is None]
        if missing and self._accessed:
            self._warn_of_frozen(missing)
        if rows is not None:
            found = _of_all_ranks(found, flat_sources, rows)
        result = []
        for s, g in zip(flat_sources, found):
            if g is None and unconnected == "zero":
                g = np.zeros_like(s.array)
            result.append(g if g is None or isinstance(g, Tensor) else Tensor(np.asarray(g)))
        return tree.pack_sequence_as(sources, result)

    def _warn_of_frozen(self, missing: Sequence[Tensor]) -> None:
        """Say which sources have no gradient because they were frozen while this tape recorded."""
        frozen = [
            s.path
            for s in missing
            if _leaf_of(s) is not None
            and s.initially_trainable  # else there is none in TensorFlow either
            and s.leaf not in self._watched
            and (s.node is None or (s.node is s.leaf and s.leaf.thawed > self._begun))
        ]
        if frozen:
            warn(
                f"GradientTape.gradient: variables {frozen} have no gradient: they were not trainable "
                "(`trainable=False`) while the tape recorded. Make them trainable before the tape "
                "begins, or call `tape.watch(variables)` first thing in its `with` block."
            )

    def gradients_into(self, loss: Tensor, arrays: dict) -> dict:
        """Differentiate a loss by all variables at once, and write the gradients into given arrays.

        For training steps: nothing is copied on the way from the tape to the optimizer.

        Args:
            loss: tensor, whose sum is differentiated.
            arrays: for the node of a variable, the array that its gradient is written into where
                that can be done. See `Optimizer.gradient_targets`.

        Returns:
            The gradients by node, as arrays; those of variables that `loss` does not depend on are
            missing. Where ranks share a batch they are this rank's terms of the gradient of the whole
            batch's loss, which `Optimizer.apply_flat` adds.

        Raises:
            RuntimeError: on a second call of a tape that is not persistent.

        Example:

        >>> import numpy as np, minikeras
        >>> v = minikeras.Variable([1.0, 2.0])
        >>> with minikeras.GradientTape() as tape:
        ...     loss = minikeras.ops.sum(v * v)
        >>> tape.gradients_into(loss, {v.node: np.empty(2, "float32")})[v.node]
        array([2., 4.], dtype=float32)
        """
        nodes, release = self.take_nodes()
        seed = loss_seed(loss.array)
        if thread.state.play or settings.debug_numerics:  # who looks at each gradient waits for it
            return backpropagate(nodes, {loss.node: seed}, out=arrays, release=release)
        with parallel.deferring():
            return backpropagate(nodes, {loss.node: seed}, out=arrays, release=release)

    def take_nodes(self) -> tuple[list, bool]:
        """Return what was recorded, and whether what it saved can be freed as soon as it is used.

        A tape that is not persistent keeps none of it.

        Raises:
            RuntimeError: on a second call of such a tape.
        """
        if self._used:
            raise RuntimeError(ONCE)
        nodes = self._nodes
        if not self._persistent:
            self._nodes, self._used = [], True
        # What another tape recorded too, that one needs yet.
        return nodes, not (self._persistent or thread.state.tapes)

    def jacobian(self, target: Any, sources: Any) -> Any:
        """Return d target[i] / d source[j] for every element.

        Args:
            target: tensor.
            sources: variable or watched tensor, or a structure of them.

        Returns:
            Tensors of shape `target.shape + source.shape`, in the structure of `sources`.

        Raises:
            RuntimeError: on a second call of a tape that is not persistent.

        Example:

        >>> import minikeras
        >>> x = minikeras.Variable([1.0, 2.0])
        >>> with minikeras.GradientTape() as tape:
        ...     y = x * x
        >>> tape.jacobian(y, x)
        <Tensor shape=(2, 2) dtype=float32
        [[2. 0.]
         [0. 4.]]>
        """
        rows = self._rows(target, sources, blocks=1)
        flat = [Tensor(r.reshape(target.shape + r.shape[1:])) for r in rows]
        return tree.pack_sequence_as(sources, flat)

    def batch_jacobian(self, target: Any, source: Any) -> Tensor:
        """Return d target[b, i] / d source[b, j], where no example depends on another.

        Args:
            target: tensor of shape `(batch, ...)`.
            source: watched tensor (or variable) of shape `(batch, ...)`.

        Returns:
            Tensor of shape `target.shape + source.shape[1:]`.

        Raises:
            ValueError: if the batches differ.
            RuntimeError: on a second call of a tape that is not persistent.

        Example:

        >>> import minikeras
        >>> x = minikeras.Variable([[1.0, 2.0], [3.0, 4.0]])
        >>> with minikeras.GradientTape() as tape:
        ...     y = x * x
        >>> tape.batch_jacobian(y, x)
        <Tensor shape=(2, 2, 2) dtype=float32
        [[[2. 0.]
          [0. 4.]]
        <BLANKLINE>
         [[6. 0.]
          [0. 8.]]]>
        """
        if not target.shape or not source.shape or target.shape[0] != source.shape[0]:
            raise ValueError(
                "batch_jacobian: target and source must have the same first axis, of the batch. "
                f"Received: target.shape={target.shape}, source.shape={source.shape}"
            )
        (rows,) = self._rows(target, source, blocks=target.shape[0])
        return Tensor(np.moveaxis(rows, 0, 1).reshape(target.shape + source.shape[1:]))

    def _rows(self, target: Any, sources: Any, blocks: int) -> list[np.ndarray]:
        """Return, for each source, the gradients of one element of each block of `target`.

        Args:
            target: tensor, whose flat elements are divided into equal blocks.
            sources: a source, or a structure of them.
            blocks: number of blocks.

        Returns:
            For each source an array of shape `(elements of a block, *source.shape)`.
        """
        once = not self._persistent
        if once and self._used:
            raise RuntimeError(ONCE)
        self._persistent = True  # for as long as the rows take
        rows = []
        try:
            for i in range(target.array.size // max(blocks, 1)):
                seed = np.zeros_like(target.array, order="C")
                seed.reshape(blocks, -1)[:, i] = 1
                with unshared():  # rows of a matrix that is this rank's own
                    rows.append(tree.flatten(self.gradient(target, sources, seed, "zero")))
        finally:
            if once:
                self._persistent, self._used, self._nodes = False, True, []
        if not rows:
            return [np.zeros((0, *s.shape), s.array.dtype) for s in tree.flatten(sources)]
        return [np.stack([g.array for g in gradients]) for gradients in zip(*rows)]


def dependents(nodes: list, wanted: set) -> set:
    """Return `wanted` and every node that depends on one of them."""
    useful = set(wanted)
    for node in nodes:
        if type(node) is Pick:
            if node.node in useful:
                useful.add(node)
        else:
            for p in node.parents:
                if p in useful:
                    useful.add(node)
                    break
    return useful


def _leaf_of(t: Tensor) -> Leaf | None:
    """Return a variable's leaf, which it keeps while it is frozen; None for other tensors."""
    return getattr(t, "leaf", None)


def _is_variable(source: Tensor) -> bool:
    place = _leaf_of(source) if source.node is None else source.node
    return type(place) is Leaf and place.variable is not None


def _check_mean(shape: tuple, rows: Rows) -> None:
    """Refuse a loss by row, whose sum would be taken for the mean over this rank's rows."""
    if shape and shape[0] == rows.count > 1 and rows.count < rows.total:
        raise ValueError(
            f"GradientTape.gradient: a target of shape {tuple(shape)} is summed over the "
            f"{rows.count} rows that this rank has of a batch of {rows.total}, but ranks put "
            "gradients of means together. Take `ops.mean` of it, or a loss with reduction='sum'."
        )


def _of_all_ranks(grads: Sequence[Any], sources: Sequence[Tensor], rows: Rows) -> list[Any]:
    """Return gradients by variables as one process has them, those by tensors as of this rank's target."""
    found, places = list(grads), []
    for i, (g, source) in enumerate(zip(grads, sources)):
        if g is not None and _is_variable(source):
            places.append(i)
        elif g is not None:
            found[i] = _times(g, rows.inverse)
    terms = [found[i] for i in places]
    if any(isinstance(g, Tensor) for g in terms):  # somebody records what we do now
        sums = map(GradientTape.sum_of_ranks, terms)
    else:
        sums = sums_over_ranks(terms, rows)
    for i, total in zip(places, sums):
        found[i] = total
    return found


def _times(g: Any, factor: float) -> Any:
    return g * factor if isinstance(g, Tensor) else g * g.dtype.type(factor)


def _shared(nodes: list) -> bool:
    """Whether another tape holds these nodes too (they were recorded with inputs kept)."""
    return any(type(n) is Node and n.inputs is not None for n in nodes)


class _Paused:
    def __init__(self, tape: GradientTape) -> None:
        self.tape = tape

    def __enter__(self) -> None:
        thread.state.tapes.remove(self.tape)

    def __exit__(self, *exc: Any) -> None:
        thread.state.tapes.append(self.tape)


class no_recording:
    """A context in which nothing is recorded on this thread."""

    def __enter__(self) -> None:
        self.tapes, thread.state.tapes = thread.state.tapes, []

    def __exit__(self, *exc: Any) -> None:
        thread.state.tapes = self.tapes
