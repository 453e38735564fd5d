"""What `compile` was given, matched to a model's outputs: losses and metrics per output."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Container
from typing import Any

import numpy as np

from minikeras import losses as losses_module
from minikeras import metrics as metrics_module
from minikeras import tree
from minikeras.autodiff.tape import GradientTape
from minikeras.autodiff.tensor import Tensor
from minikeras.common.naming import to_snake_case, unknown_name_message
from minikeras.common.ranks import running, unshared


class UnknownOutput(ValueError, KeyError):
    """A loss, metric or weight for an output that the model has not got.

    Keras raises KeyError for losses and ValueError for metrics; code that catches either catches this.
    """

    __str__ = Exception.__str__  # KeyError shows its message in quotes


def output_keys(y_pred: Any, output_names: list[str] | None) -> list[str]:
    """Return a name for each output: dict keys, the model's output names, or numbers."""
    if isinstance(y_pred, dict) and not any(tree.is_nested(v) for v in y_pred.values()):
        return sorted(y_pred)
    flat = tree.flatten(y_pred)
    names = _one_each(output_names, len(flat))
    if names is not None:
        return names
    if isinstance(y_pred, dict) or any(tree.is_nested(v) for v in _values(y_pred)):
        paths = [p for p, _ in tree.flatten_with_path(y_pred)]
        return ["/".join(str(k) for k in p) for p in paths]
    return [f"output_{i}" for i in range(len(flat))]


def _one_each(output_names: list[str] | None, n: int) -> list[str] | None:
    """Return the model's own names of its `n` outputs, None if it has none or other outputs."""
    return list(output_names) if output_names and len(output_names) == n else None


def _loss_labels(y_pred: Any, output_names: list[str] | None, losses: list[Any]) -> list[str]:
    """Return what the outputs' losses are called in logs.

    An output is called by its key or its name, with the path to it if it is nested; an output that
    has neither, as in a list that a subclassed model returns, by its loss.
    """
    labels: list[str] = []
    names = _one_each(output_names, len(losses))
    for i, (path, _) in enumerate(tree.flatten_with_path(y_pred)):
        if path and isinstance(path[-1], str):
            last = path[-1]
        elif names is not None:
            last = names[i]
        else:
            last = losses[i] if isinstance(losses[i], str) else _name_of(losses[i])
        if isinstance(losses[i], _LossOverPart):
            path = path[: len(path) - losses[i].depth]
            last = path[-1] if path else losses[i].name
        labels.append(_unique("/".join([*map(str, path[:-1]), f"{last}_loss"]), labels))
    return labels


def _unique(name: str, taken: Container[str]) -> str:
    """Return `name`, with a number behind it if it is taken."""
    numbered = (f"{name}_{i}" for i in itertools.count(1))
    return next(n for n in itertools.chain([name], numbered) if n not in taken)


def _values(structure: Any) -> Any:
    if isinstance(structure, dict):
        return structure.values()
    return structure if isinstance(structure, (list, tuple)) else ()


def per_output(
    given: Any,
    y_pred: Any,
    keys: list[str],
    names: list[str],
    what: str,
    is_leaf: Callable[[Any, Any], bool],
    spread: Callable[[Any, Any, int], list[Any]] = lambda item, part, n: [item] * n,
) -> list[Any]:
    """Spread a structure that the user gave over the flat outputs.

    Args:
        given: None, one item for all outputs, a list in the order of the outputs, a dict by output
            name, or the nested structure of the outputs.
        y_pred: the outputs.
        keys: their names, and `names` what else they may be called.
        what: the argument's name, for messages.
        is_leaf: tells an item from a structure of items, by the item and the outputs it is for.
        spread: makes one item for a part of the outputs, of so many tensors, an item for each.

    Raises:
        ValueError: if it does not match the outputs.
    """
    n = len(keys)
    if given is None or is_leaf(given, y_pred):
        return spread(given, y_pred, n)
    if isinstance(given, dict):
        nested = isinstance(y_pred, dict) and any(tree.is_nested(p) for p in y_pred.values())
        if nested and set(given) <= set(y_pred):
            result: list[Any] = []
            for key in sorted(y_pred):
                part = y_pred[key]
                sub_keys = output_keys(part, None)
                result += per_output(
                    given.get(key), part, sub_keys, sub_keys, what, is_leaf, spread
                )
            return result
        _check_names(given, keys, names, what)
        return [given.get(k, given.get(m)) for k, m in zip(keys, names)]
    items = list(given)
    nested = isinstance(y_pred, (list, tuple)) and any(tree.is_nested(p) for p in y_pred)
    if nested and len(items) == len(y_pred):
        result = []
        for item, part in zip(items, y_pred):
            sub_keys = output_keys(part, None)
            result += per_output(item, part, sub_keys, sub_keys, what, is_leaf, spread)
        return result
    if len(items) == n:
        return items
    raise UnknownOutput(
        f"Argument `{what}` must be one item, a dict by output name, or match the model's {n} "
        f"outputs {keys}. Received {len(items)} item(s): {what}={given}"
    )


def _check_names(given: dict, keys: list[str], names: list[str], what: str) -> None:
    """Refuse a dict with a key that is no output's."""
    known = sorted({*keys, *names})
    for k in given:
        if k not in known:
            raise UnknownOutput(
                f"In the dict argument `{what}`, key '{k}' does not correspond to any model output. "
                + unknown_name_message("output", str(k), known)
            )


def match_targets(y: Any, y_pred: Any, keys: list[str], names: list[str], what: str) -> list[Any]:
    """Return targets (or sample weights) in the order of the flat outputs, None where missing."""
    n = len(keys)
    if isinstance(y, dict):
        if isinstance(y_pred, dict) and not any(tree.is_nested(v) for v in y.values()):
            return [y.get(k) for k in keys]
        if not any(tree.is_nested(v) for v in y.values()):
            _check_names(y, keys, names, what)
            return [y.get(k, y.get(m)) for k, m in zip(keys, names)]
    flat = tree.flatten(y)
    if len(flat) != n:
        raise ValueError(
            f"`{what}` has {len(flat)} array(s), but the model has {n} output(s): {keys}."
        )
    return flat


class Matched:
    """Something with metrics that are made when the outputs are first seen."""

    built: bool
    metrics: list[Any]
    state_to_come: list[Any] | None = None

    def get_state(self) -> list[Any]:
        """Return the states of the metrics, as plain data."""
        return [m.get_state() for m in self.metrics if hasattr(m, "get_state")]

    def set_state(self, state: list[Any]) -> None:
        """Put back what `get_state` returned, now or when the metrics are made."""
        self.state_to_come = state
        if self.built:
            self.take_state_to_come()

    def take_state_to_come(self) -> None:
        """Give metrics that have just been made the state that was put back before."""
        state, self.state_to_come = self.state_to_come, None
        if state:
            metrics = [m for m in self.metrics if hasattr(m, "set_state")]
            for metric, own in zip(metrics, state, strict=True):
                metric.set_state(own)


class CompileLoss(Matched):
    """The total loss of a model: the weighted sum over its outputs.

    Args:
        loss: what `compile` was given.
        loss_weights: number for each output, in a list or dict.
        output_names: names of the model's outputs.
    """

    def __init__(
        self, loss: Any, loss_weights: Any = None, output_names: list[str] | None = None
    ) -> None:
        if loss_weights is not None and not isinstance(
            loss_weights, (list, tuple, dict, int, float)
        ):
            raise ValueError(
                "Expected `loss_weights` argument to be a float, list, tuple, or dict. "
                f"Received instead: loss_weights={loss_weights} (of type {type(loss_weights)})"
            )
        self.user_loss = loss
        self.user_loss_weights = loss_weights
        self.output_names = output_names
        self.built = False
        self.trackers: list[Any] = []
        # What is wrong raises at once, before any training.
        for weight in tree.flatten(loss_weights):
            if weight is not None and not isinstance(weight, (int, float, np.number)):
                raise ValueError(
                    f"`loss_weights` must hold numbers. Received: {weight!r} in {loss_weights}"
                )
        for item in tree.flatten(loss):
            if item is not None and not is_crossentropy(item):
                _loss(item)

    @property
    def known(self) -> bool:
        """Whether all losses are minikeras's own, none a class or function of the user's."""
        return all(item is None or _is_own(item) for item in tree.flatten(self.user_loss))

    @property
    def metrics(self) -> list[Any]:
        """The mean loss of each output, if there are several."""
        return [t for t in self.trackers if t is not None]

    def match(self, y_pred: Any) -> tuple[list[Any], list[Any]]:
        """Return what was given as loss, and as weight of it, for each of the flat outputs.

        Args:
            y_pred: the outputs, or KerasTensors that describe them.

        Raises:
            ValueError: if it does not match the outputs.
        """
        self.keys = output_keys(y_pred, self.output_names)
        self.names = _one_each(self.output_names, len(self.keys)) or self.keys
        items = per_output(
            self.user_loss,
            y_pred,
            self.keys,
            self.names,
            "loss",
            lambda x, _: callable(x) or isinstance(x, (str, losses_module.Loss)),
            lambda x, part, n: _losses_of_part(x, part, n, whole=part is y_pred),
        )
        weights = per_output(
            self.user_loss_weights,
            y_pred,
            self.keys,
            self.names,
            "loss_weights",
            lambda x, _: isinstance(x, (int, float, np.number)),
        )
        items = [_only(i, key, "loss") for i, key in zip(items, self.keys)]
        weights = [_only(w, key, "loss_weights") for w, key in zip(weights, self.keys)]
        return items, weights

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Match losses and weights with outputs."""
        items, weights = self.match(y_pred)
        if any(is_crossentropy(i) for i in items):
            flat_true = self._spread(y_true, y_pred, items)
            flat_pred = tree.flatten(y_pred)
            items = [
                _crossentropy(t, p) if is_crossentropy(i) else i
                for i, t, p in zip(items, flat_true, flat_pred)
            ]
        self.losses = [None if i is None else _loss(i) for i in items]
        if all(loss is None for loss in self.losses):
            raise ValueError(f"`loss` names no loss for any output. Received: {self.user_loss}")
        self.weights = weights
        if sum(loss is not None for loss in self.losses) > 1:
            labels = _loss_labels(y_pred, self.output_names, items)
            self.trackers = [
                None if loss is None else metrics_module.Mean(name=label)
                for label, loss in zip(labels, self.losses)
            ]
        self.single = self.losses[0] if len(self.keys) == 1 and weights[0] is None else None
        self.alone = False
        self.built = True
        self.take_state_to_come()

    def averages(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> bool:
        """Return whether the losses are means over examples; if not, they are sums over them.

        Losses that have not been called, because a model computes its loss itself, count as means.

        Args:
            y_true, y_pred, sample_weight: a batch that the loss was computed of.

        Raises:
            ValueError: if they are both, or the loss of an example depends on the others.
        """
        if not self.built:
            return True
        if not self.alone:
            self._check_alone(y_true, y_pred, sample_weight)
        losses = [getattr(loss, "loss", loss) for loss in self.losses if loss is not None]
        reductions = {getattr(loss, "reduction", "mean") for loss in losses}
        if reductions <= {"sum_over_batch_size", "mean"}:
            return True
        if reductions <= {"sum", "none", None}:
            return False
        raise ValueError(
            "`clipnorm_per_sample` needs losses that are all means over the examples, or all sums: "
            f"each example's part has to be known. Received: reductions {sorted(map(str, reductions))}"
        )

    def _check_alone(self, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
        """Refuse a loss whose gradient for an example changes with the outputs for its neighbours."""
        outputs = tree.flatten(y_pred)
        if outputs[0].shape[0] < 2:  # there is nothing to see
            return
        others = [np.array(t.array) for t in outputs]
        for a in others:
            a[1::2] = a[: a.shape[0] // 2 * 2 : 2]
        trackers, self.trackers = self.trackers, []
        try:
            with unshared():  # of this rank's rows alone
                pair = [
                    self._gradients(y_true, y_pred, sample_weight, arrays)
                    for arrays in ([t.array for t in outputs], others)
                ]
        finally:
            self.trackers = trackers
        for i, (a, b) in enumerate(zip(*pair)):
            if a is not None and not np.allclose(a[::2], b[::2], 1e-4, 1e-8, equal_nan=True):
                raise ValueError(
                    f"`clipnorm_per_sample`: with loss '{_name_of(self.losses[i])}' the gradient for "
                    "one example depends on the outputs for others, so no example has a gradient of "
                    "its own. Use a loss that gives a number for each example."
                )
        self.alone = True

    def _gradients(
        self, y_true: Any, y_pred: Any, sample_weight: Any, arrays: list[np.ndarray]
    ) -> list[Any]:
        """Return the gradients by the outputs, if these were some arrays."""
        tensors = [Tensor(a) for a in arrays]
        for tensor, known in zip(tensors, tree.flatten(y_pred)):
            tensor._keras_mask = getattr(known, "_keras_mask", None)
        with GradientTape() as tape:
            tape.watch(tensors)
            loss = self(y_true, tree.pack_sequence_as(y_pred, tensors), sample_weight)
        return [None if g is None else g.array for g in tape.gradient(loss, tensors)]

    def unbuild(self) -> None:
        """Forget the outputs that losses were matched with."""
        self.built, self.trackers = False, []

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """Return the total loss as a scalar tensor."""
        if not self.built:
            self.build(y_true, y_pred)
        if self.single is not None and isinstance(y_pred, Tensor) and isinstance(y_true, Tensor):
            if running.rows is None:
                return self.single(y_true, y_pred, sample_weight=sample_weight)
            return _loss_over_ranks(self.single, y_true, y_pred, sample_weight)
        flat_pred = tree.flatten(y_pred)
        if len(flat_pred) != len(self.keys):
            raise ValueError(
                f"The model gave {len(flat_pred)} outputs; it had {len(self.keys)} before."
            )
        flat_true = self._spread(y_true, y_pred, self.losses)
        if sample_weight is None or not tree.is_nested(sample_weight):
            flat_weight = [sample_weight] * len(flat_pred)
        else:
            flat_weight = match_targets(
                sample_weight, y_pred, self.keys, self.names, "sample_weight"
            )
        total = None
        for i, loss in enumerate(self.losses):
            if loss is None:
                continue
            if flat_true[i] is None:
                raise ValueError(f"Output '{self.keys[i]}' has a loss but no target in `y`.")
            here: Any = slice(i, i + loss.size) if isinstance(loss, _LossOverPart) else i
            if running.rows is None:
                value = loss(flat_true[here], flat_pred[here], sample_weight=flat_weight[i])
            else:
                value = _loss_over_ranks(loss, flat_true[here], flat_pred[here], flat_weight[i])
            if self.trackers:
                self.trackers[i].add_mean(value, flat_pred[i].shape[0])
            if self.weights[i] is not None:
                value = value * float(self.weights[i])
            total = value if total is None else total + value
        return total

    def _spread(self, y_true: Any, y_pred: Any, losses: list[Any]) -> list[Any]:
        """Return the targets by output; outputs without a loss may go without a target."""
        flat = tree.flatten(y_true)
        wanted = [i for i, loss in enumerate(losses) if loss is not None]
        if not isinstance(y_true, dict) and len(flat) == len(wanted) < len(self.keys):
            filled: list[Any] = [None] * len(self.keys)
            for i, t in zip(wanted, flat):
                filled[i] = t
            return filled
        return match_targets(y_true, y_pred, self.keys, self.names, "y")


def _loss_over_ranks(loss: Any, y_true: Any, y_pred: Any, sample_weight: Any) -> Tensor:
    """Compute a loss where ranks share the batch."""
    from minikeras.trainers.over_ranks import loss_of_all_rows, needs_all_rows

    if needs_all_rows(loss):
        return loss_of_all_rows(loss, y_true, y_pred, sample_weight)
    return loss(y_true, y_pred, sample_weight=sample_weight)


class _LossOverPart:
    """A loss that takes a nested part of the outputs as a whole, as a loss of the user's may.

    Args:
        loss: function or `Loss`.
        part: that part of the outputs.
    """

    def __init__(self, loss: Any, part: Any) -> None:
        self.loss = _loss(loss)
        self.name = self.loss.name
        self.part = part
        self.size = len(tree.flatten(part))
        self.depth = len(tree.flatten_with_path(part)[0][0])

    def __call__(self, y_true: list[Any], y_pred: list[Any], sample_weight: Any) -> Tensor:
        y_true, y_pred = (tree.pack_sequence_as(self.part, flat) for flat in (y_true, y_pred))
        return self.loss(y_true, y_pred, sample_weight=sample_weight)


def _losses_of_part(loss: Any, part: Any, n: int, whole: bool) -> list[Any]:
    """Return the losses of `n` outputs that one was given for.

    The losses of minikeras are for one tensor, and so is what is given for all outputs; a loss of
    the user's that is given for a nested part takes that part.
    """
    if whole or n == 1 or loss is None or _is_own(loss):
        return [loss] * n
    return [_LossOverPart(loss, part), *[None] * (n - 1)]


def _is_own(loss: Any) -> bool:
    """Whether a loss is one of minikeras's, not a function or class of the user's."""
    module = getattr(loss, "__module__", "")
    return isinstance(loss, str) or module.partition(".")[0] == __package__.partition(".")[0]


def _only(item: Any, key: str, what: str) -> Any:
    """Return the one item that an output's list may hold in place of the item itself."""
    if not isinstance(item, (list, tuple)):
        return item
    if len(item) != 1:
        raise ValueError(f"`{what}`: output '{key}' takes one item. Received: {item}")
    return item[0]


def is_crossentropy(identifier: Any) -> bool:
    """Whether it stands for the crossentropy that fits the targets."""
    return isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce")


def _crossentropy(y_true: Any, y_pred: Any) -> str:
    binary, sparse = metrics_module.is_binary_or_sparse_categorical(y_true, y_pred)
    if binary:
        return "binary_crossentropy"
    return "sparse_categorical_crossentropy" if sparse else "categorical_crossentropy"


def _loss(identifier: Any) -> Any:
    if isinstance(identifier, _LossOverPart):
        return identifier
    loss = losses_module.get(identifier)
    if isinstance(loss, losses_module.Loss):
        return loss
    if not callable(loss):
        raise ValueError(
            f"`loss` must be a loss, its name, or a function. Received: {identifier!r}"
        )
    _check_takes_two(loss, "loss")
    return losses_module.LossFunctionWrapper(loss, name=_name_of(loss))


class CompileMetrics(Matched):
    """The metrics of a model, matched with its outputs.

    Args:
        metrics: what `compile` was given, updated without sample weights.
        weighted_metrics: the same, updated with sample weights.
        output_names: names of the model's outputs.
    """

    name = "compile_metrics"

    def __init__(
        self, metrics: Any, weighted_metrics: Any, output_names: list[str] | None = None
    ) -> None:
        for given, what in ((metrics, "metrics"), (weighted_metrics, "weighted_metrics")):
            if given is not None and not isinstance(given, (list, tuple, dict)):
                raise ValueError(
                    f"Expected `{what}` argument to be a list, tuple, or dict. Received instead: "
                    f"{what}={given} of type {type(given)}"
                )
            for item in tree.flatten(given):
                if item is not None and not _is_accuracy(item):
                    metric = metrics_module.get(item)  # what is wrong raises at once
                    if not isinstance(metric, metrics_module.Metric):
                        _check_takes_two(metric, what)
        self.user_metrics = metrics
        self.user_weighted = weighted_metrics
        self.output_names = output_names
        self.built = False
        self.entries: list[tuple[int, str | None, Any, bool]] = []
        self.fast: list[tuple[Any, bool]] | None = None

    @property
    def metrics(self) -> list[Any]:
        """The metric objects, in order."""
        return [m for _, _, m, _ in self.entries]

    @property
    def variables(self) -> list[Any]:
        """The metrics' variables."""
        return [v for m in self.metrics for v in m.variables]

    def match(self, y_pred: Any) -> tuple[list[list[Any]], list[list[Any]]]:
        """Return what was given as metrics and weighted metrics, in a list for each flat output.

        Args:
            y_pred: the outputs, or KerasTensors that describe them.

        Raises:
            ValueError: if it does not match the outputs.
        """
        self.keys = output_keys(y_pred, self.output_names)
        self.names = _one_each(self.output_names, len(self.keys)) or self.keys
        return (
            self._groups(self.user_metrics, y_pred, "metrics"),
            self._groups(self.user_weighted, y_pred, "weighted_metrics"),
        )

    def unbuild(self) -> None:
        """Forget the outputs that metrics were matched with."""
        self.built, self.entries, self.fast = False, [], None

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Match metrics with outputs and resolve "accuracy" by the outputs' shapes."""
        matched = self.match(y_pred)
        keys, own_names = self.keys, _one_each(self.output_names, len(self.keys))
        flat_true = _loose_targets(y_true, y_pred, keys, self.names)
        flat_pred = tree.flatten(y_pred)
        self.entries = []
        # Outputs that nobody has named lend no name to their metrics.
        flat_dict = isinstance(y_pred, dict) and not any(map(tree.is_nested, y_pred.values()))
        named = flat_dict or own_names is not None
        for groups, weighted in zip(matched, (False, True)):
            for i, group in enumerate(groups):
                for item in group:
                    metric = _metric(item, flat_true[i], flat_pred[i])
                    prefix = keys[i] if named and len(keys) > 1 else None
                    self.entries.append((i, prefix, metric, weighted))
        single = len(keys) == 1 and all(hasattr(m, "update_state") for m in self.metrics)
        self.fast = [(m, w) for _, _, m, w in self.entries] if single else None
        self.built = True
        self.take_state_to_come()

    def _groups(self, given: Any, y_pred: Any, what: str) -> list[list[Any]]:
        n = len(self.keys)
        if given is None:
            return [[]] * n
        if n == 1:
            if isinstance(given, dict):
                _check_names(given, self.keys, self.names, what)
            return [tree.flatten(given)]  # all of them belong to the only output
        if isinstance(given, dict) or any(tree.is_nested(p) for p in _values(y_pred)):
            items = per_output(given, y_pred, self.keys, self.names, what, _is_metric)
            return [_as_list(i) for i in items]
        items = list(given)
        if len(items) != n:
            raise ValueError(
                f"Invalid `{what}`. `{what}` should contain metrics objects and either be a dict "
                "or a list matching the output names of the functional model "
                f"{self.keys}. Received: {what}={given}"
            )
        return [_as_list(i) for i in items]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Update all metrics with one batch."""
        if not self.built:
            self.build(y_true, y_pred)
        if not self.entries:
            return
        update = _update if running.rows is None else _update_over_ranks
        if self.fast is not None and isinstance(y_pred, Tensor) and isinstance(y_true, Tensor):
            for metric, weighted in self.fast:
                update(metric, y_true, y_pred, sample_weight if weighted else None)
            return
        flat_pred = tree.flatten(y_pred)
        flat_true = _loose_targets(y_true, y_pred, self.keys, self.names)
        if sample_weight is None or not tree.is_nested(sample_weight):
            weights = [sample_weight] * len(flat_pred)
        else:
            weights = match_targets(sample_weight, y_pred, self.keys, self.names, "sample_weight")
        for i, _, metric, weighted in self.entries:
            if flat_true[i] is None:
                continue
            update(metric, flat_true[i], flat_pred[i], weights[i] if weighted else None)

    def reset_state(self) -> None:
        """Set all metrics back, also those that may come from another model and are not matched yet."""
        given = tree.flatten((self.user_metrics, self.user_weighted))
        for m in self.metrics if self.built else given:
            if isinstance(m, metrics_module.Metric):
                m.reset_state()

    def result(self) -> dict[str, Any]:
        """Return the metrics' values by name.

        Raises:
            ValueError: if they have not been updated yet.
        """
        if not self.built:
            raise ValueError("Cannot get result() since the metric has not yet been built.")
        results: dict[str, Any] = {}
        for _, prefix, metric, weighted in self.entries:
            value = metric.result()
            for name, v in value.items() if isinstance(value, dict) else [(metric.name, value)]:
                start = f"{prefix}_" if prefix else ""
                key = start + name
                if key in results and weighted:
                    key = f"{start}weighted_{name}"
                results[_unique(key, results)] = v
        return results


def _update(metric: Any, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
    metric.update_state(y_true, y_pred, sample_weight)


def _update_over_ranks(metric: Any, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
    from minikeras.trainers.over_ranks import update_metric

    update_metric(metric, y_true, y_pred, sample_weight)


def _loose_targets(y_true: Any, y_pred: Any, keys: list[str], names: list[str]) -> list[Any]:
    """Targets by output; without an error where only some outputs have one."""
    flat = tree.flatten(y_true)
    if not isinstance(y_true, dict) and len(flat) < len(keys):
        return flat + [None] * (len(keys) - len(flat))
    return match_targets(y_true, y_pred, keys, names, "y")


def _is_metric(x: Any, y_pred: Any) -> bool:
    """Whether it is a metric, or a list of metrics for one output."""
    if isinstance(x, (list, tuple)):
        return not tree.is_nested(y_pred)
    return isinstance(x, (str, metrics_module.Metric)) or callable(x)


def _as_list(x: Any) -> list[Any]:
    return [] if x is None else list(x) if isinstance(x, (list, tuple)) else [x]


def _metric(identifier: Any, y_true: Any, y_pred: Any) -> Any:
    """Return a metric object; "accuracy" becomes the one that fits the shapes."""
    if identifier is None:
        raise ValueError("Expected metric, received `None`.")
    if _is_accuracy(identifier):
        binary, sparse = metrics_module.is_binary_or_sparse_categorical(y_true, y_pred)
        if binary:
            return metrics_module.BinaryAccuracy(name=identifier)
        if sparse:
            return metrics_module.SparseCategoricalAccuracy(name=identifier)
        return metrics_module.CategoricalAccuracy(name=identifier)
    metric = metrics_module.get(identifier)
    if isinstance(metric, metrics_module.Metric):
        if isinstance(identifier, str):
            metric.name = identifier  # history keys are what the user wrote
        return metric
    name = identifier if isinstance(identifier, str) else _name_of(metric)
    return metrics_module.MeanMetricWrapper(metric, name=name)


def _is_accuracy(identifier: Any) -> bool:
    """Whether it stands for the accuracy that fits the targets."""
    return isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc")


def _check_takes_two(function: Callable, what: str) -> None:
    """Refuse a loss or metric that cannot be called with targets and predictions."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # one of NumPy's, which does not tell
        return
    try:
        signature.bind(None, None)
    except TypeError as error:
        raise TypeError(
            f"`{what}`: a function must take two arguments, (y_true, y_pred). "
            f"Received: {_name_of(function)}{signature}"
        ) from error


def _name_of(function: Any) -> str:
    """Return the name of a function, or of an object that is called like one."""
    name = getattr(function, "name", None)
    return name or to_snake_case(getattr(function, "__name__", type(function).__name__))
