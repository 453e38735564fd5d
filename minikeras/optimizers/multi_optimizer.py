"""MultiOptimizer, and OptimizerMap, which says what optimizer a variable gets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any

from minikeras.autodiff import Variable
from minikeras.common.arguments import Positive
from minikeras.common.configurable import Configurable
from minikeras.optimizers.loss_scale_optimizer import LossScaleOptimizer
from minikeras.optimizers.optimizer import Optimizer


class OptimizerMap(Configurable, MutableMapping):
    """A dict from regular expressions to optimizers; a variable's path looks its optimizer up.

    Args:
        default_optimizer: optimizer of the variables that no expression matches.
        optimizer_map: dict from regular expressions, that match whole paths, to optimizers.

    Example:

    >>> from minikeras.optimizers import SGD, Adam, OptimizerMap
    >>> chosen = OptimizerMap(SGD(), {".*/embeddings": Adam()})
    >>> type(chosen["model/embedding/embeddings"]).__name__, type(chosen["dense/kernel"]).__name__
    ('Adam', 'SGD')
    """

    argument_sources = {
        "default_optimizer": "_default_optimizer",
        "optimizer_map": "_optimizer_map",
    }

    def __init__(
        self, default_optimizer: Optimizer, optimizer_map: dict[str, Optimizer] | None = None
    ) -> None:
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(
                "OptimizerMap: `default_optimizer` must be an Optimizer. Received: "
                f"default_optimizer={default_optimizer!r}"
            )
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(
                "OptimizerMap: `optimizer_map` must be a dictionary. Received: "
                f"optimizer_map={optimizer_map!r}"
            )
        self._default_optimizer = default_optimizer
        self._optimizer_map = optimizer_map or {}

    @property
    def default_optimizer(self) -> Optimizer:
        """Optimizer of the variables that no expression matches."""
        return self._default_optimizer

    def __call__(self, variable: Variable) -> Optimizer:
        """Return the optimizer of a variable."""
        return self[variable.path]

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._optimizer_map:
            return self._optimizer_map[key]
        matching = [pattern for pattern in self._optimizer_map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(f"Several optimizers are assigned to variable '{key}': {matching}")
        return self._optimizer_map[matching[0]] if matching else self._default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if not isinstance(key, str):
            raise ValueError(f"OptimizerMap: keys must be strings. Received: {key!r}")
        if key in self._optimizer_map:
            raise ValueError(
                f"OptimizerMap: '{key}' is taken already, by {self._optimizer_map[key]!r}."
            )
        _check_inner(optimizer, f"OptimizerMap['{key}']")
        self._optimizer_map[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._optimizer_map[key]

    def __len__(self) -> int:
        return len(self._optimizer_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizer_map)


class MultiOptimizer(Optimizer):
    """Several optimizers, each for variables of its own.

    Args:
        optimizer_map: an `OptimizerMap`, or a function from a variable to its optimizer.
        loss_scale_factor: what `scale_loss` multiplies the loss by.
        name: name.

    Example:

    >>> import minikeras
    >>> from minikeras.optimizers import SGD, MultiOptimizer, OptimizerMap
    >>> slow, fast = minikeras.Variable(1.0, name="slow"), minikeras.Variable(1.0, name="fast")
    >>> optimizer = MultiOptimizer(OptimizerMap(SGD(0.1), {"fast": SGD(0.5)}))
    >>> optimizer.apply([1.0, 1.0], [slow, fast])
    >>> round(float(slow), 3), float(fast)
    (0.9, 0.5)
    """

    argument_sources = {"optimizer_map": "_optimizer_map"}

    _is_flat = False

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: Positive | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate=0.0, name=name)
        self._optimizer_map = optimizer_map
        self._inner_optimizers: list[Optimizer] = []
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in [*optimizer_map.values(), optimizer_map.default_optimizer]:
                self._index_of(optimizer)
        self.loss_scale_factor = loss_scale_factor

    def _index_of(self, optimizer: Optimizer) -> int:
        """Return the index of an inner optimizer, which is added if it is new."""
        for i, known in enumerate(self._inner_optimizers):
            if known is optimizer:
                return i
        _check_inner(optimizer, "MultiOptimizer")
        self._inner_optimizers.append(optimizer)
        return len(self._inner_optimizers) - 1

    def build(self, variables: Sequence[Variable]) -> None:
        """Build each inner optimizer with its variables."""
        if self.built:
            return
        super().build(variables)
        self._inner_of = {v: self._index_of(self._optimizer_map(v)) for v in variables}
        self.loss_scale_factor = self.loss_scale_factor  # for those that came by now
        for i, optimizer in enumerate(self._inner_optimizers):
            members = [v for v in variables if self._inner_of[v] == i]
            if members:
                optimizer.build(members)

    @property
    def optimizers(self) -> list[Optimizer]:
        """The inner optimizers."""
        return self._inner_optimizers

    def own_variables(self) -> list[Variable]:
        """Return the variables of this optimizer, then those of each inner one."""
        inner = [v for optimizer in self._inner_optimizers for v in optimizer.variables]
        return super().own_variables() + inner

    @property
    def learning_rate(self) -> Any:
        """Not available: each inner optimizer has its own."""
        raise AttributeError(
            "A MultiOptimizer has no learning rate. Read it from one of its `optimizers`."
        )

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise AttributeError(
            "A MultiOptimizer has no learning rate. Set it on one of its `optimizers`."
        )

    @property
    def loss_scale_factor(self) -> float | None:
        """What `scale_loss` multiplies the loss by; that of the inner optimizers too."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value: float | None) -> None:
        self._loss_scale_factor = value
        for optimizer in self.__dict__.get("_inner_optimizers", ()):
            optimizer.loss_scale_factor = value

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None
    ) -> None:
        """Let each inner optimizer update its variables.

        Args:
            grads: the gradients.
            trainable_variables: the variables, all if None. The first call builds the optimizer.
        """
        grads = list(grads)
        if not grads:
            return
        if trainable_variables is not None and not self.built:  # outside this one's name scope
            trainable_variables = list(trainable_variables)
            self.build(trainable_variables)
        pairs = list(zip(grads, self._variables_for(grads, trainable_variables)))
        for i, optimizer in enumerate(self._inner_optimizers):
            own = [(g, v) for g, v in pairs if self._inner_of[v] == i]
            if own:
                optimizer.apply([g for g, _ in own], [v for _, v in own])
        self._iterations.assign_add(1)

    def gradient_targets(self) -> dict:
        """Return, for each leaf of the tape, the array that its gradient should be written into."""
        targets: dict = {}
        for optimizer in self._inner_optimizers:
            targets.update(optimizer.gradient_targets())
        return targets

    def apply_flat(self, grads: dict) -> None:
        """Update by the gradients that the tape has found; see `Optimizer.apply_flat`.

        Args:
            grads: gradient by leaf.
        """
        for optimizer in self._inner_optimizers:
            if optimizer.built:
                optimizer.apply_flat(grads)
        self._iterations.assign_add(1)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """End training of each inner optimizer.

        Args:
            var_list: the variables.
        """
        for i, optimizer in enumerate(self._inner_optimizers):
            own = [v for v in var_list if self._inner_of[v] == i]
            if own:
                optimizer.finalize_variable_values(own)


def _check_inner(optimizer: Any, place: str) -> None:
    if not isinstance(optimizer, Optimizer):
        raise ValueError(f"{place}: expected an Optimizer. Received: {optimizer!r}")
    if isinstance(optimizer, (LossScaleOptimizer, MultiOptimizer)):
        raise ValueError(f"{place}: {type(optimizer).__name__} cannot be used inside another.")
    if optimizer.clipnorm_per_sample is not None:
        raise ValueError(
            f"{place}: `clipnorm_per_sample` bounds an example's gradient over all variables, so it "
            "cannot be set on one optimizer of several. Received: "
            f"clipnorm_per_sample={optimizer.clipnorm_per_sample}"
        )
