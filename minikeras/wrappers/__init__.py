"""Models as estimators of scikit-learn, which is imported when one of them is asked for."""

from minikeras.common.late_names import late_names as _late_names

_LATE = dict.fromkeys(
    ("SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"),
    "minikeras.wrappers.sklearn_wrapper",
)

__getattr__, __dir__, __all__ = _late_names(globals(), _LATE)
