"""Classifier, regressor and transformer of scikit-learn, made of models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.callbacks import History
from minikeras.common.extras import require
from minikeras.models import Model, clone_model
from minikeras.utils.numerical_utils import to_categorical

_base = require("sklearn.base", "sklearn")
_validation = require("sklearn.utils.validation", "sklearn")
_multiclass = require("sklearn.utils.multiclass", "sklearn")


class _Wrapper(_base.BaseEstimator):
    """What all have in common."""

    _several_targets = True
    model_: Model
    history_: History

    def __init__(
        self,
        model: Model | Callable[..., Model],
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Train a model.

        Args:
            X: array of shape `(n_samples, n_features)`.
            y: targets.
            **kwargs: for the model's `fit`, before those of `fit_kwargs`.

        Returns:
            The estimator itself.

        Raises:
            ValueError: if the data are not what the estimator takes.
            RuntimeError: if the model is not compiled.
        """
        X, y = _validation.validate_data(self, X, y, multi_output=self._several_targets)
        y = self._encode(y)
        model = self._model_for(X, y)
        if not (model.compiled and model.loss and model.optimizer):
            raise RuntimeError(
                f"{type(self).__name__}: the model must be compiled, with a loss and an optimizer."
            )
        self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def _model_for(self, X: np.ndarray, y: np.ndarray) -> Model:
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if isinstance(self.model, Model):
            return self.model if self.warm_start else clone_model(self.model)
        return self.model(X=X, y=y, **(self.model_kwargs or {}))

    @property
    def epoch_(self) -> int:
        """How many epochs the last `fit` took."""
        return len(self.history_.epoch) if hasattr(self, "history_") else 0

    def set_fit_request(self, **kwargs: Any) -> Any:
        """Say which metadata `fit` wants from a pipeline, `sample_weight=True`.

        Needs `sklearn.set_config(enable_metadata_routing=True)`.

        Args:
            **kwargs: by name of the metadata, what `set_fit_request` of scikit-learn takes.

        Returns:
            The estimator itself.

        Raises:
            RuntimeError: if metadata routing is not enabled.
        """
        sklearn = require("sklearn", "sklearn")
        if not sklearn.get_config().get("enable_metadata_routing"):
            raise RuntimeError(
                "set_fit_request: first run `sklearn.set_config(enable_metadata_routing=True)`."
            )
        requests = self._get_metadata_request()
        for name, alias in kwargs.items():
            requests.fit.add_request(param=name, alias=alias)
        self._metadata_request = requests
        return self

    def _outputs(self, X: Any) -> np.ndarray:
        _validation.check_is_fitted(self)
        X = _validation.validate_data(self, X, reset=False)
        return np.asarray(self.model_.predict(X, verbose=0))

    def predict(self, X: Any) -> np.ndarray:
        """Return predictions, of the shape and precision of the targets that `fit` saw.

        Args:
            X: array of shape `(n_samples, n_features)`.
        """
        return self._decode(self._outputs(X))

    def _encode(self, y: np.ndarray) -> np.ndarray:
        """Note what targets are like, and return what the model gets."""
        self._check_target(y)
        self._target_ndim = y.ndim
        self._target_dtype = y.dtype
        return y[:, None] if y.ndim == 1 else y

    def _decode(self, outputs: np.ndarray) -> np.ndarray:
        if self._target_dtype.kind == "f":
            outputs = outputs.astype(self._target_dtype)
        one_column = outputs.ndim == 2 and outputs.shape[1] == 1
        return outputs[:, 0] if self._target_ndim == 1 and one_column else outputs

    def _check_target(self, y: Any) -> str:
        kind = _multiclass.type_of_target(y, input_name="y")
        if kind == "unknown":
            raise ValueError(f"{type(self).__name__}: Unknown label type for y: {y!r}")
        return kind

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        tags.target_tags.multi_output = self._several_targets
        return tags


class SKLearnClassifier(_base.ClassifierMixin, _Wrapper):
    """A model as a classifier of scikit-learn.

    The model gets classes as one-hot rows, in the order of `classes_`.

    Args:
        model: a compiled model, or a function that returns one. A model is copied before each `fit`, with
            new weights. A function is called as `model(X=X, y=y, **model_kwargs)`, with the data that the
            model is going to get.
        warm_start: whether `fit` goes on with the model and weights that there are.
        model_kwargs: arguments for `model`, if that is a function.
        fit_kwargs: arguments for the model's `fit`: `{"epochs": 10}`.

    Attributes:
        model_: the model, after `fit`.
        history_: what the model's `fit` returned.
        classes_: the classes.

    Example:

    >>> import numpy as np
    >>> import minikeras
    >>> from minikeras.wrappers import SKLearnClassifier
    >>> def build(X, y):
    ...     model = minikeras.Sequential(
    ...         [minikeras.layers.Dense(y.shape[1], activation="softmax")]
    ...     )
    ...     model.compile(minikeras.optimizers.Adam(0.1), "categorical_crossentropy")
    ...     return model
    >>> x = np.repeat([[-1.0], [1.0]], 10, axis=0)
    >>> y = np.repeat(["low", "high"], 10)
    >>> classifier = SKLearnClassifier(build, fit_kwargs={"epochs": 20, "verbose": 0}).fit(x, y)
    >>> classifier.predict([[-2.0], [3.0]])
    array(['low', 'high'], dtype='<U4')
    """

    _several_targets = False

    def _encode(self, y: np.ndarray) -> np.ndarray:
        kind = self._check_target(y)
        if kind not in ("binary", "multiclass"):
            raise ValueError(
                f"{type(self).__name__}: Only binary and multiclass targets are supported. "
                f"Unknown label type: {kind}"
            )
        self.classes_ = np.unique(y)
        if len(self.classes_) == 1:
            raise ValueError(
                f"{type(self).__name__}: Classifier can't train when only one class is present."
            )
        return to_categorical(np.searchsorted(self.classes_, y), len(self.classes_))

    def _decode(self, outputs: np.ndarray) -> np.ndarray:
        return self.classes_[outputs.argmax(axis=1)]

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the model's outputs; for two classes how much the second's is above the first's.

        Args:
            X: array of shape `(n_samples, n_features)`.

        Returns:
            Array of shape `(n_samples, n_classes)`, or `(n_samples,)` for two classes.
        """
        outputs = self._outputs(X)
        return outputs[:, 1] - outputs[:, 0] if len(self.classes_) == 2 else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


class SKLearnRegressor(_base.RegressorMixin, _Wrapper):
    """A model as a regressor of scikit-learn.

    Args:
        model: a compiled model, or a function that returns one. A model is copied before each `fit`, with
            new weights. A function is called as `model(X=X, y=y, **model_kwargs)`, with the data that the
            model is going to get.
        warm_start: whether `fit` goes on with the model and weights that there are.
        model_kwargs: arguments for `model`, if that is a function.
        fit_kwargs: arguments for the model's `fit`: `{"epochs": 10}`.

    Attributes:
        model_: the model, after `fit`.
        history_: what the model's `fit` returned.

    Example:

    >>> import numpy as np
    >>> import minikeras
    >>> from minikeras.wrappers import SKLearnRegressor
    >>> model = minikeras.Sequential([minikeras.Input((1,)), minikeras.layers.Dense(1)])
    >>> model.compile(minikeras.optimizers.Adam(0.1), "mse")
    >>> regressor = SKLearnRegressor(model, fit_kwargs={"epochs": 100, "verbose": 0})
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> bool(regressor.fit(x, 3 * x[:, 0]).score(x, 3 * x[:, 0]) > 0.99)
    True
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


class SKLearnTransformer(_base.TransformerMixin, _Wrapper):
    """A model as a transformer of scikit-learn: its outputs are features for what comes after it.

    Args:
        model: a compiled model, or a function that returns one. A model is copied before each `fit`, with
            new weights. A function is called as `model(X=X, y=y, **model_kwargs)`, with the data that the
            model is going to get.
        warm_start: whether `fit` goes on with the model and weights that there are.
        model_kwargs: arguments for `model`, if that is a function.
        fit_kwargs: arguments for the model's `fit`: `{"epochs": 10}`.

    Attributes:
        model_: the model, after `fit`.
        history_: what the model's `fit` returned.
    """

    def transform(self, X: Any) -> np.ndarray:
        """Return the model's outputs.

        Args:
            X: array of shape `(n_samples, n_features)`.
        """
        return self._outputs(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
