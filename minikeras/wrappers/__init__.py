"""Models as estimators of scikit-learn, which is imported when one of them is asked for."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minikeras.wrappers.sklearn_wrapper import (
        SKLearnClassifier,
        SKLearnRegressor,
        SKLearnTransformer,
    )

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'minikeras.wrappers' has no attribute {name!r}")
    from minikeras.wrappers import sklearn_wrapper

    return getattr(sklearn_wrapper, name)


def __dir__() -> list[str]:
    return __all__
