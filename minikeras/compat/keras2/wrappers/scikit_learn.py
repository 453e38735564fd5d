"""`KerasClassifier` and `KerasRegressor`: functions that build models as scikit-learn's estimators."""

from __future__ import annotations

import copy
import inspect
import multiprocessing
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.callbacks import History
from minikeras.common.extras import require
from minikeras.compat.importer import import_as_there, imported_here
from minikeras.compat.spelling import tell
from minikeras.models import Model, Sequential
from minikeras.utils import to_categorical

_base = require("sklearn.base", "sklearn")

_OF_QUEUES = ("workers", "use_multiprocessing", "max_queue_size")


class BaseWrapper(_base.BaseEstimator):
    """What both have in common.

    Args:
        build_fn: a function, or another callable, that returns a compiled model. If None the class itself
            must be one: a subclass with `__call__`.
        **sk_params: arguments for `build_fn`, and for `fit`, `predict` and `evaluate` of the model:
            `epochs`, `batch_size`. scikit-learn's searches may vary them all.

    Raises:
        ValueError: if an argument is none of these.
    """

    _today = "keras.wrappers.SKLearnClassifier"

    def __init__(self, build_fn: Callable[..., Model] | None = None, **sk_params: Any) -> None:
        tell(type(self).__name__, self._today)
        self.build_fn = build_fn
        self.sk_params = sk_params
        self.check_params(sk_params)

    def check_params(self, params: dict[str, Any]) -> None:
        """Check that arguments are those of `build_fn`, `fit`, `predict` or `evaluate`.

        Raises:
            ValueError: if one is not.
        """
        methods = (Sequential.fit, Sequential.predict, Sequential.evaluate, self._builder)
        legal = {"nb_epoch", *_OF_QUEUES}.union(*map(_arguments_of, methods))
        for name in params:
            if name not in legal:
                raise ValueError(
                    f"{type(self).__name__}: {name} is not a legal parameter. It is an argument neither of "
                    "`build_fn` nor of the model's `fit`, `predict` or `evaluate`."
                )

    @property
    def _builder(self) -> Callable[..., Model]:
        if self.build_fn is not None:
            return self.build_fn
        if not callable(self):
            raise ValueError(
                f"{type(self).__name__}: give `build_fn`, or define `__call__` in a subclass."
            )
        return self.__call__

    def get_params(self, deep: bool = True, **params: Any) -> dict[str, Any]:
        """Return all arguments by name."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> BaseWrapper:
        """Set arguments.

        Raises:
            ValueError: if one is not an argument.
        """
        if "build_fn" in params:
            self.build_fn = params.pop("build_fn")
        self.check_params(params)
        self.sk_params.update(params)
        return self

    def filter_sk_params(
        self, fn: Callable, override: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return those arguments that a function has.

        Args:
            fn: the function.
            override: arguments to add, or to take instead.
        """
        names = _arguments_of(fn)
        return {**{k: v for k, v in self.sk_params.items() if k in names}, **(override or {})}

    def fit(self, x: Any, y: Any, **kwargs: Any) -> History:
        """Build a model and train it.

        Args:
            x: inputs, `(n_samples, n_features)`.
            y: targets.
            **kwargs: for the model's `fit`, before those of the constructor.

        Returns:
            What the model's `fit` returns.
        """
        self.model = self._builder(**self.filter_sk_params(self._builder))
        options = copy.deepcopy(self.filter_sk_params(Sequential.fit))
        if "nb_epoch" in self.sk_params:
            options["epochs"] = self.sk_params["nb_epoch"]
        options.update(kwargs)
        if "nb_epoch" in options:
            options["epochs"] = options.pop("nb_epoch")
        for name in _OF_QUEUES:  # nothing to queue in arrays
            options.pop(name, None)
        return self.model.fit(x, self._as_one_hot(y), **options)

    def _as_one_hot(self, y: Any) -> Any:
        """Return class numbers as one-hot rows, where the loss wants these."""
        loss = self.model.loss
        name = getattr(loss, "__name__", None) or getattr(loss, "name", None) or loss
        if name == "categorical_crossentropy" and np.ndim(y) != 2:
            return to_categorical(y)
        return y

    def _predictions(self, x: Any, kwargs: dict[str, Any]) -> np.ndarray:
        options = self.filter_sk_params(Sequential.predict, kwargs)
        return np.asarray(self.model.predict(x, **{"verbose": 0, **options}))

    def _evaluation(self, x: Any, y: Any, kwargs: dict[str, Any]) -> dict[str, float]:
        options = self.filter_sk_params(Sequential.evaluate, kwargs)
        return self.model.evaluate(x, self._as_one_hot(y), **{**options, "return_dict": True})

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model")

    # joblib's workers (`n_jobs=2`) are new processes, which know of no dialect.

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_imported": imported_here()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        imported = state.pop("_imported")
        if multiprocessing.current_process().name != "MainProcess":
            import_as_there(*imported)
        super().__setstate__(state)


def _arguments_of(function: Callable) -> set[str]:
    """Return the names of a function's arguments."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(function).parameters.values()
    return {p.name for p in parameters if p.kind in kinds and p.name != "self"}


class KerasClassifier(_base.ClassifierMixin, BaseWrapper):
    """A function that builds a model as a classifier of scikit-learn.

    Classes may be numbers or strings, or one-hot rows; the model gets their numbers, as one-hot rows if its
    loss is `categorical_crossentropy`. The arguments are those of `BaseWrapper`.

    Attributes:
        model: the model, after `fit`.
        classes_: the classes.
        n_classes_: how many they are.
    """

    def fit(self, x: Any, y: Any, **kwargs: Any) -> History:
        """Build a model and train it; see `BaseWrapper.fit`.

        Args:
            x: inputs, `(n_samples, n_features)`.
            y: classes `(n_samples,)`, or one-hot rows `(n_samples, n_classes)`.
            **kwargs: for the model's `fit`.

        Raises:
            ValueError: if `y` has another rank.
        """
        y = np.array(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1):
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y)
        else:
            raise ValueError(f"KerasClassifier.fit: invalid shape for y: {y.shape}")
        self.n_classes_ = len(self.classes_)
        return super().fit(x, y, **kwargs)

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Return classes.

        Args:
            x: inputs, `(n_samples, n_features)`.
            **kwargs: for the model's `predict`.

        Returns:
            Array of shape `(n_samples,)`; `(n_samples, 1)` for a model with one output, as Keras has it.
        """
        outputs = self._predictions(x, kwargs)
        found = outputs.argmax(axis=-1) if outputs.shape[-1] > 1 else (outputs > 0.5).astype(int)
        return self.classes_[found]

    def predict_proba(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Return probabilities of classes, `(n_samples, n_classes)`.

        Args:
            x: inputs, `(n_samples, n_features)`.
            **kwargs: for the model's `predict`.
        """
        outputs = self._predictions(x, kwargs)
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Return the accuracy.

        Args:
            x: inputs, `(n_samples, n_features)`.
            y: classes.
            **kwargs: for the model's `evaluate`.

        Raises:
            ValueError: if the model was not compiled with `metrics=["accuracy"]`.
        """
        y = np.searchsorted(self.classes_, y)
        for name, value in self._evaluation(x, y, kwargs).items():
            if name in ("accuracy", "acc"):
                return value
        raise ValueError(
            "KerasClassifier.score: the model does not compute accuracy. Compile it with "
            '`metrics=["accuracy"]`.'
        )


class KerasRegressor(_base.RegressorMixin, BaseWrapper):
    """A function that builds a model as a regressor of scikit-learn; arguments as `BaseWrapper`'s.

    Attributes:
        model: the model, after `fit`.
    """

    _today = "keras.wrappers.SKLearnRegressor"

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Return predictions, `(n_samples,)` if the model has one output.

        Args:
            x: inputs, `(n_samples, n_features)`.
            **kwargs: for the model's `predict`.
        """
        outputs = self._predictions(x, kwargs)
        return outputs[..., 0] if outputs.shape[-1] == 1 else outputs

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Return the loss, negative, so that greater is better.

        Args:
            x: inputs, `(n_samples, n_features)`.
            y: targets.
            **kwargs: for the model's `evaluate`.
        """
        return -self._evaluation(x, y, kwargs)["loss"]
