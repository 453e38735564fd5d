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
        self._note_targets(y)
        y = self._encode(y)
        warm = self.warm_start and hasattr(self, "model_")
        return self._train(self.model_ if warm else self._new_model(X, y), X, y, kwargs)

    def partial_fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Train the model that there is for one more epoch, on more data.

        The first call makes the model, as `fit` does.

        Args:
            X: array of shape `(n_samples, n_features)`.
            y: targets.
            **kwargs: for the model's `fit`, before those of `fit_kwargs`; `epochs` is 1 if it is not here.

        Returns:
            The estimator itself.

        Raises:
            ValueError: if the data are not what the estimator takes, or not like those of the first call.
            RuntimeError: if the model is not compiled.
        """
        return self._partial_fit(X, y, kwargs)

    def _partial_fit(self, X: Any, y: Any, kwargs: dict, classes: Any = None) -> Any:
        first = not hasattr(self, "model_")
        X, y = _validation.validate_data(
            self, X, y, reset=first, multi_output=self._several_targets
        )
        if first:
            self._note_targets(y if classes is None else classes)
        y = self._encode(y)
        model = self._new_model(X, y) if first else self.model_
        return self._train(model, X, y, {"epochs": 1, **kwargs})

    def _train(self, model: Model, X: np.ndarray, y: np.ndarray, kwargs: dict) -> Any:
        if not (model.compiled and model.loss and model.optimizer):
            raise RuntimeError(
                f"{type(self).__name__}: the model must be compiled, with a loss and an optimizer."
            )
        self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def _new_model(self, X: np.ndarray, y: np.ndarray) -> Model:
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

    def _note_targets(self, y: np.ndarray) -> None:
        """Note what targets are like."""
        self._check_target(y)
        self._target_ndim = y.ndim
        self._target_dtype = y.dtype

    def _encode(self, y: np.ndarray) -> np.ndarray:
        """Return what the model gets as targets."""
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

    def partial_fit(self, X: Any, y: Any, classes: Any = None, **kwargs: Any) -> Any:
        """Train the model that there is for one more epoch, on more data.

        The first call makes the model, as `fit` does.

        Args:
            X: array of shape `(n_samples, n_features)`.
            y: classes of the samples.
            classes: all classes that there are; needed by the first call alone.
            **kwargs: for the model's `fit`, before those of `fit_kwargs`; `epochs` is 1 if it is not here.

        Returns:
            The estimator itself.

        Raises:
            ValueError: if the data are not what the estimator takes, if `classes` is not given to the
                first call, or is another one later, or if `y` has a class that is not in it.
            RuntimeError: if the model is not compiled.
        """
        known = getattr(self, "classes_", None) if hasattr(self, "model_") else None
        if classes is not None:
            classes = np.unique(classes)
            if known is not None and not np.array_equal(classes, known):
                raise ValueError(
                    f"{type(self).__name__}: `classes` must stay what the first call was given: "
                    f"{known}. Received: {classes}"
                )
        elif known is None:
            raise ValueError(
                f"{type(self).__name__}: `classes` must be given to the first call of partial_fit."
            )
        return self._partial_fit(X, y, kwargs, classes)

    def _note_targets(self, y: np.ndarray) -> None:
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

    def _encode(self, y: np.ndarray) -> np.ndarray:
        index = np.searchsorted(self.classes_, y).clip(max=len(self.classes_) - 1)
        unknown = np.unique(y[self.classes_[index] != y])
        if unknown.size:
            raise ValueError(
                f"{type(self).__name__}: `y` has classes {unknown} that are not in {self.classes_}."
            )
        return to_categorical(index, len(self.classes_))

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


class SKLearnTransformer(_base.ClassNamePrefixFeaturesOutMixin, _base.TransformerMixin, _Wrapper):
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

    Example:

    >>> import numpy as np
    >>> import minikeras
    >>> from minikeras.wrappers import SKLearnTransformer
    >>> model = minikeras.Sequential([minikeras.Input((4,)), minikeras.layers.Dense(2)])
    >>> model.compile("sgd", "mse")
    >>> codes = SKLearnTransformer(model, fit_kwargs={"verbose": 0}).fit(np.eye(4), np.eye(4)[:, :2])
    >>> codes.transform(np.eye(4)).shape, codes.get_feature_names_out().tolist()
    ((4, 2), ['sklearntransformer0', 'sklearntransformer1'])
    """

    def transform(self, X: Any) -> np.ndarray:
        """Return the model's outputs, as a table if `set_output` has asked for one.

        Args:
            X: array of shape `(n_samples, n_features)`.
        """
        return self._outputs(X)

    @property
    def _n_features_out(self) -> int:
        return self.model_.compute_output_shape((None, self.n_features_in_))[-1]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
