"""`keras.wrappers.scikit_learn` of Keras 2 with today's scikit-learn."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_iris, make_classification, make_regression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RandomizedSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import minikeras
from minikeras.callbacks import EarlyStopping, History
from minikeras.compat.keras2.wrappers.scikit_learn import KerasClassifier, KerasRegressor
from minikeras.compat.spelling import OldSpelling, forget_what_was_told

pytestmark = pytest.mark.filterwarnings("ignore::minikeras.compat.spelling.OldSpelling")


def classifier(units=8, rate=0.02, loss="categorical_crossentropy", outputs=3, metrics=("acc",)):
    activation = "sigmoid" if outputs == 1 else "softmax"
    layers = minikeras.layers
    model = minikeras.Sequential(
        [layers.Dense(units, activation="relu"), layers.Dense(outputs, activation=activation)]
    )
    model.compile(minikeras.optimizers.Adam(rate), loss, metrics=list(metrics))
    return model


def binary(units=8):
    return classifier(units, loss="binary_crossentropy", outputs=1)


def regressor(units=8):
    layers = minikeras.layers
    model = minikeras.Sequential([layers.Dense(units, activation="relu"), layers.Dense(1)])
    model.compile(minikeras.optimizers.Adam(0.02), "mse")
    return model


IRIS = load_iris(return_X_y=True)
TWO = make_classification(120, 5, n_informative=4, n_redundant=0, class_sep=2, random_state=0)
LINE = make_regression(120, 4, n_informative=4, random_state=0)


@pytest.mark.parametrize("labels", ["numbers", "names", "one-hot"])
def test_classes_of_all_kinds(labels):
    x, y = IRIS
    y = {"numbers": y, "names": np.array(["p", "q", "r"])[y], "one-hot": np.eye(3)[y]}[labels]
    estimator = KerasClassifier(build_fn=classifier, epochs=60, batch_size=16, verbose=0)
    history = estimator.fit(x, y)
    assert isinstance(history, History) and len(history.epoch) == 60
    assert estimator.score(x, y, verbose=0) > 0.9
    assert estimator.n_classes_ == 3
    predicted = estimator.predict(x)
    assert predicted.shape == (150,)
    assert set(predicted) == ({"p", "q", "r"} if labels == "names" else {0, 1, 2})
    assert estimator.predict_proba(x).shape == (150, 3)


def test_one_output_for_two_classes():
    x, y = TWO
    estimator = KerasClassifier(binary, epochs=30, verbose=0)
    estimator.fit(x, np.where(y, "yes", "no"))
    assert estimator.score(x, np.where(y, "yes", "no")) > 0.9
    assert estimator.predict(x).shape == (120, 1)  # as Keras has it
    proba = estimator.predict_proba(x)
    assert proba.shape == (120, 2)
    np.testing.assert_allclose(proba.sum(1), 1, rtol=1e-6)
    np.testing.assert_array_equal(proba[:, 1] > 0.5, estimator.predict(x)[:, 0] == "yes")


def test_class_numbers_stay_such_for_sparse_losses():
    x, y = IRIS
    estimator = KerasClassifier(
        classifier, loss="sparse_categorical_crossentropy", epochs=40, verbose=0
    )
    estimator.fit(x, y)
    assert estimator.score(x, y) > 0.8


def test_a_regressor():
    x, y = LINE
    y = y / y.std()
    estimator = KerasRegressor(regressor, epochs=60, verbose=0)
    assert is_regressor(estimator)
    estimator.fit(x, y)
    assert estimator.predict(x).shape == (120,)
    assert estimator.predict(x[:1]).shape == (1,)
    mse = np.mean((estimator.predict(x) - y) ** 2)
    assert estimator.score(x, y) == pytest.approx(-mse, rel=1e-4)
    assert mse < 0.1


def test_cross_validation_in_a_pipeline():
    x, y = TWO
    pipeline = Pipeline(
        [("scale", StandardScaler()), ("net", KerasClassifier(binary, epochs=20, verbose=0))]
    )
    folds = StratifiedKFold(n_splits=3, shuffle=True, random_state=7)
    scores = cross_val_score(pipeline, x, y, cv=folds)
    assert scores.shape == (3,) and scores.mean() > 0.85
    assert cross_val_predict(pipeline, x, y, cv=folds).shape[0] == 120
    assert is_classifier(pipeline)
    pipeline.fit(x, y, net__epochs=1)
    assert len(pipeline.named_steps["net"].model.history.epoch) == 1


def test_cross_validation_of_a_regressor():
    x, y = LINE
    estimator = KerasRegressor(build_fn=regressor, epochs=5, batch_size=5, verbose=0)
    scores = cross_val_score(estimator, x, y, cv=KFold(n_splits=3))
    assert np.all(scores < 0)  # losses, negative


def test_searches_over_arguments_of_both():
    x, y = TWO
    grid = {"units": [1, 8], "epochs": [1, 15], "batch_size": [16]}
    search = GridSearchCV(KerasClassifier(binary, verbose=0), grid, cv=2)
    result = search.fit(x, y)
    assert len(result.cv_results_["params"]) == 4
    assert result.best_params_["epochs"] == 15
    assert result.best_estimator_.model.layers[0].units == result.best_params_["units"]
    assert result.score(x, y) == result.best_estimator_.score(x, y)
    some = RandomizedSearchCV(KerasClassifier(binary, verbose=0), grid, n_iter=2, cv=2)
    assert some.fit(x, y).predict(x).shape[0] == 120


def test_copies_have_the_same_arguments():
    callbacks = [EarlyStopping("loss")]
    estimator = KerasClassifier(classifier, units=3, callbacks=callbacks)
    copy = clone(estimator)
    assert copy.get_params()["units"] == 3 and copy.build_fn is classifier
    assert copy.get_params()["callbacks"][0] is not callbacks[0]
    estimator.set_params(units=4, build_fn=binary)
    assert estimator.get_params() == {"units": 4, "callbacks": callbacks, "build_fn": binary}
    assert "KerasClassifier" in repr(estimator)


def test_nb_epoch_is_epochs():
    x, y = IRIS
    assert len(KerasClassifier(classifier, nb_epoch=3, verbose=0).fit(x, y).epoch) == 3
    assert len(KerasClassifier(classifier, verbose=0).fit(x, y, nb_epoch=2).epoch) == 2
    assert len(KerasClassifier(classifier, nb_epoch=3, verbose=0).fit(x, y, epochs=1).epoch) == 1


def test_all_that_may_build_a_model():
    class Builder:
        def __call__(self, units=2):
            return classifier(units)

    class Mine(KerasClassifier):
        def __call__(self, units=2):
            return classifier(units)

    x, y = IRIS
    for estimator in (KerasClassifier(Builder(), units=5), Mine(units=5)):
        estimator.fit(x, y, verbose=0)
        assert estimator.model.layers[0].units == 5
    with pytest.raises(ValueError, match="give `build_fn`, or define `__call__`"):
        KerasClassifier(units=3)


def test_a_fit_estimator_is_pickled():
    x, y = IRIS
    estimator = KerasClassifier(classifier, epochs=1, verbose=0)
    estimator.fit(x, y)
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(again.predict(x), estimator.predict(x))


def test_what_does_not_fit_is_said():
    x, y = IRIS
    for call in (
        lambda: KerasClassifier(classifier, unit=3),
        lambda: KerasClassifier(classifier).set_params(unit=3),
    ):
        with pytest.raises(ValueError, match="unit is not a legal parameter"):
            call()
    with pytest.raises(ValueError, match="invalid shape for y"):
        KerasClassifier(classifier).fit(x, np.zeros((150, 2, 2)))
    estimator = KerasClassifier(classifier, metrics=[], verbose=0)
    estimator.fit(x, y)
    with pytest.raises(ValueError, match='Compile it with `metrics=\\["accuracy"\\]`'):
        estimator.score(x, y)


def test_the_old_names_are_told():
    forget_what_was_told()
    with pytest.warns(OldSpelling, match="Today it is `keras.wrappers.SKLearnClassifier`"):
        KerasClassifier(classifier)
    with pytest.warns(OldSpelling, match="Today it is `keras.wrappers.SKLearnRegressor`"):
        KerasRegressor(regressor)


WITH_WORKERS = """
import keras, pickle
import numpy as np
from keras.layers import Dense
from keras.models import Sequential
from keras.wrappers.scikit_learn import KerasClassifier
from sklearn.model_selection import GridSearchCV

assert pickle.loads(pickle.dumps(keras.layers)) is keras.layers

def create_model(units=2):
    model = Sequential()
    model.add(Dense(units, activation="tanh"))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(keras.optimizers.Adam(lr=0.05), "binary_crossentropy", metrics=["accuracy"])
    return model

x = np.random.RandomState(0).normal(size=(60, 3))
y = (x[:, 0] > 0).astype(int)
grid = GridSearchCV(KerasClassifier(create_model, verbose=0), {"nb_epoch": [1, 30]}, n_jobs=2, cv=2)
print(grid.fit(x, y).best_params_)
"""


@pytest.mark.slow
def test_workers_know_the_dialect(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(WITH_WORKERS)
    root = str(Path(minikeras.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "minikeras", str(script)],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "{'nb_epoch': 30}\n", done.stderr
