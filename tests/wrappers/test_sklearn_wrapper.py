import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.6")

import sklearn
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import make_classification, make_regression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import minikeras
from minikeras.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer


def build(X, y, loss="mse", layers=(10,), rate=0.01):
    """Build a network for the data, always with the same weights: the checks compare two of them."""
    minikeras.utils.set_random_seed(0)
    dense = minikeras.layers.Dense
    activation = "softmax" if loss == "categorical_crossentropy" else None
    model = minikeras.Sequential(
        [
            minikeras.Input((X.shape[1],)),
            *(dense(units, activation="relu") for units in layers),
            dense(y.shape[1], activation=activation),
        ]
    )
    model.compile(minikeras.optimizers.Adam(rate), loss)
    return model


CLASSES = {"loss": "categorical_crossentropy"}
QUIET = {"epochs": 5, "verbose": 0}


def checks():
    """Give scikit-learn's checks; its own names of them hold addresses of functions."""
    for estimator in (
        SKLearnClassifier(build, model_kwargs=CLASSES, fit_kwargs={**QUIET, "epochs": 20}),
        SKLearnRegressor(build, fit_kwargs=QUIET),
        SKLearnTransformer(build, fit_kwargs=QUIET),
    ):
        for _, check in estimator_checks_generator(estimator, mark="skip"):
            options = "".join(f"-{k}={v}" for k, v in check.keywords.items())
            name = f"{type(estimator).__name__}-{check.func.__name__}{options}"
            yield pytest.param(estimator, check, id=name)


@pytest.mark.parametrize("estimator, check", list(checks()))
@pytest.mark.filterwarnings("ignore")
def test_it_is_an_estimator(estimator, check):
    check(estimator)


def classification(n_classes=3):
    return make_classification(
        200, 6, n_informative=5, n_redundant=0, n_classes=n_classes, random_state=0, class_sep=2
    )


def test_a_classifier_learns_and_names_its_classes():
    x, y = classification()
    names = np.array(["a", "b", "c"])[y]
    estimator = SKLearnClassifier(build, model_kwargs=CLASSES, fit_kwargs={"verbose": 0})
    assert estimator.fit(x, names, epochs=50) is estimator
    assert is_classifier(estimator) and estimator.epoch_ == 50
    assert estimator.score(x, names) > 0.9
    assert estimator.classes_.tolist() == ["a", "b", "c"]
    scores = estimator.decision_function(x)
    assert scores.shape == (200, 3)
    np.testing.assert_array_equal(estimator.classes_[scores.argmax(1)], estimator.predict(x))


def test_two_classes_have_one_score():
    x, y = classification(2)
    estimator = SKLearnClassifier(build, model_kwargs=CLASSES, fit_kwargs={**QUIET, "epochs": 30})
    score = cross_val_score(estimator, x, y, cv=3, scoring="roc_auc")
    assert score.shape == (3,) and score.min() > 0.9


def test_a_regressor_takes_one_target_or_several():
    for n_targets in (1, 2):
        x, y = make_regression(200, 4, n_targets=n_targets, random_state=0)
        y = (y - y.mean(0)) / y.std(0)
        estimator = SKLearnRegressor(build, fit_kwargs={**QUIET, "epochs": 60})
        assert is_regressor(estimator)
        assert estimator.fit(x, y).predict(x).shape == y.shape
        assert estimator.score(x, y) > 0.9


def test_a_transformer_makes_features():
    x, y = classification(2)
    model = minikeras.Sequential([minikeras.Input((6,)), minikeras.layers.Dense(4, "tanh")])
    model.add(minikeras.layers.Dense(1))
    model.compile("adam", "mse")
    features = SKLearnTransformer(model, fit_kwargs=QUIET)
    assert features.fit_transform(x, y).shape == (200, 1)
    pipeline = make_pipeline(StandardScaler(), features, LogisticRegression())
    assert pipeline.fit(x, y).score(x, y) > 0.5


def test_a_model_is_copied_unless_it_starts_warm():
    x, y = make_regression(50, 2, random_state=0)
    model = minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    estimator = SKLearnRegressor(model, fit_kwargs=QUIET).fit(x, y)
    assert estimator.model_ is not model
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    warm = SKLearnRegressor(model, warm_start=True, fit_kwargs=QUIET).fit(x, y)
    assert warm.model_ is model
    assert warm.fit(x, y).model_ is model
    built = SKLearnRegressor(build, warm_start=True, fit_kwargs=QUIET).fit(x, y)
    first = built.model_
    assert built.fit(x, y).model_ is first


def test_copies_and_searches():
    x, y = classification(2)
    estimator = SKLearnClassifier(build, True, CLASSES, dict(QUIET))
    copy = clone(estimator)
    assert copy.get_params() == estimator.get_params()
    search = GridSearchCV(
        SKLearnClassifier(build),
        {"model_kwargs": [{**CLASSES, "layers": n} for n in [(), (8,)]], "fit_kwargs": [QUIET]},
        cv=2,
    )
    search.fit(x, y)
    assert len(search.cv_results_["mean_test_score"]) == 2
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(again.predict(x), search.predict(x))


def by_hand(x, y, **fit):
    """Train a classifier's network without scikit-learn."""
    model = build(x, minikeras.utils.to_categorical(y), **CLASSES)
    model.fit(x, minikeras.utils.to_categorical(y), verbose=0, **fit)
    return model


def test_scores_are_those_of_a_loop_by_hand():
    x, y = classification()
    weights = np.linspace(0, 2, len(x))
    folds = StratifiedKFold(3)
    scores = []
    for train, test in folds.split(x, y):
        model = by_hand(x[train], y[train], epochs=4, sample_weight=weights[train])
        scores.append((model.predict(x[test], verbose=0).argmax(1) == y[test]).mean())
    estimator = SKLearnClassifier(build, model_kwargs=CLASSES, fit_kwargs={**QUIET, "epochs": 4})
    names = np.array(["a", "b", "c"])[y]
    params = {"sample_weight": weights}
    assert cross_val_score(estimator, x, names, cv=folds, params=params).tolist() == scores


def test_partial_fit_goes_on_with_the_model():
    x, y = classification()
    estimator = SKLearnClassifier(
        build, model_kwargs=CLASSES, fit_kwargs={**QUIET, "shuffle": False}
    )
    parts = [slice(0, 60), slice(60, 150), slice(150, 200)]
    for part in parts:
        seen = y[part] * (y[part] != 2)  # the third class is known of, but never shown
        estimator.partial_fit(x[part], seen, classes=None if part.start else [0, 1, 2])
    assert estimator.epoch_ == 1
    model = build(x, minikeras.utils.to_categorical(y), **CLASSES)
    for part in parts:
        seen = minikeras.utils.to_categorical(y[part] * (y[part] != 2), 3)
        model.fit(x[part], seen, verbose=0, shuffle=False)
    np.testing.assert_array_equal(estimator.decision_function(x), model.predict(x, verbose=0))

    regressor = SKLearnRegressor(build, fit_kwargs=QUIET).partial_fit(x, x[:, 0])
    first = regressor.model_
    assert regressor.partial_fit(x, x[:, 0], epochs=3).model_ is first and regressor.epoch_ == 3


def test_what_partial_fit_cannot_take_is_said():
    x, y = classification()
    estimator = SKLearnClassifier(build, model_kwargs=CLASSES, fit_kwargs=QUIET)
    with pytest.raises(ValueError, match="`classes` must be given to the first call"):
        estimator.partial_fit(x, y)
    estimator.partial_fit(x, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"what the first call was given: \[0 1 2\]"):
        estimator.partial_fit(x, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"classes \[3 7\] that are not in \[0 1 2\]"):
        estimator.partial_fit(x[:4], [0, 7, 3, 3])


@pytest.mark.slow
def test_a_search_over_processes_finds_what_one_process_finds():
    x, y = make_regression(60, 3, random_state=0)

    def network(X, y, units):  # nested, so that it is sent as code
        minikeras.utils.set_random_seed(1)
        model = minikeras.Sequential([minikeras.layers.Dense(units), minikeras.layers.Dense(1)])
        model.compile(minikeras.optimizers.Adam(0.1), "mse")
        return model

    model = network(x, y, 2)
    grid = [
        {"model": [network], "model_kwargs": [{"units": 1}, {"units": 4}]},
        {"model": [model], "fit_kwargs": [{"epochs": 2, "verbose": 0, "shuffle": False}]},
    ]
    found = [
        GridSearchCV(SKLearnRegressor(network, fit_kwargs=QUIET), grid[:1], cv=2, n_jobs=n).fit(
            x, y
        )
        for n in (1, 2)
    ]
    alone, together = (search.cv_results_["mean_test_score"] for search in found)
    assert alone.tolist() == together.tolist() and len(set(alone)) == 2
    np.testing.assert_array_equal(found[0].predict(x), found[1].predict(x))
    both = GridSearchCV(SKLearnRegressor(network), grid[1:], cv=2, n_jobs=2).fit(x, y)
    assert np.isfinite(both.cv_results_["mean_test_score"]).all()


@pytest.fixture
def no_number_of_threads(monkeypatch):
    for name in ("MINIKERAS", "OPENBLAS", "OMP"):
        monkeypatch.delenv(f"{name}_NUM_THREADS", raising=False)


def threads_of_workers(backend):
    """Search over two processes; return on how many threads these compute in `predict`."""
    import joblib

    def threads_at_work(estimator, X, y):  # nested, so that it is sent as code
        import threading

        from minikeras.kernels import parallel

        parallel.run([lambda: None] * 64)  # more than there are threads: all of them start
        return 1 + sum(t.name == "minikeras-kernel" for t in threading.enumerate())

    model = minikeras.Sequential([minikeras.Input((3,)), minikeras.layers.Dense(1)])
    model.compile("sgd", "mse")
    estimator = SKLearnRegressor(model, fit_kwargs=QUIET)
    x, y = make_regression(20, 3, random_state=0)
    grid = {"warm_start": [False, True]}
    with joblib.parallel_config(backend=backend):
        search = GridSearchCV(estimator, grid, scoring=threads_at_work, cv=2, n_jobs=2, refit=False)
        return set(search.fit(x, y).cv_results_["mean_test_score"])


@pytest.mark.slow
def test_workers_of_joblib_share_the_threads(no_number_of_threads):
    joblib = pytest.importorskip("joblib")
    loky = pytest.importorskip("joblib.externals.loky")
    try:
        assert threads_of_workers("loky") == {max(joblib.cpu_count() // 2, 1)}
    finally:
        loky.get_reusable_executor().shutdown(wait=True)


@pytest.mark.slow
def test_workers_of_dask_compute_on_one_thread(no_number_of_threads, tmp_path):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=tmp_path
        ) as cluster,
        distributed.Client(cluster),
    ):
        assert threads_of_workers("dask") == {1}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_names_of_features_come_and_go(library):
    frames = pytest.importorskip(library)
    x, y = classification(2)
    table = frames.DataFrame({name: x[:, i] for i, name in enumerate("abcdef")})
    features = SKLearnTransformer(build, fit_kwargs=QUIET).set_output(transform=library)
    features.fit(table, np.stack([y, 1 - y], 1))
    assert features.feature_names_in_.tolist() == list("abcdef")
    names = ["sklearntransformer0", "sklearntransformer1"]
    assert features.get_feature_names_out().tolist() == names
    made = features.transform(table)
    assert type(made) is frames.DataFrame and list(made.columns) == names
    np.testing.assert_array_equal(made.to_numpy(), features.model_.predict(x, verbose=0))
    with pytest.raises(ValueError, match="feature names should match"):
        features.transform(table[list("bacdef")])


def test_a_pipeline_hands_on_weights_and_names():
    x, y = classification()
    estimator = SKLearnClassifier(build, model_kwargs=CLASSES, fit_kwargs=QUIET)
    pipeline = Pipeline([("scale", StandardScaler()), ("network", estimator)])
    weights = (y != 2).astype(float)
    pipeline.fit(x, y, network__sample_weight=weights, network__epochs=30)
    model = by_hand(StandardScaler().fit_transform(x), y, epochs=30, sample_weight=weights)
    expected = model.predict(StandardScaler().fit_transform(x), verbose=0).argmax(1)
    np.testing.assert_array_equal(pipeline.predict(x), expected)
    assert 2 not in expected  # what weighs nothing is not learnt


def test_fit_kwargs_are_left_as_they_are():
    x, y = make_regression(20, 2, random_state=0)
    options = dict(QUIET)
    estimator = SKLearnRegressor(build, fit_kwargs=options).fit(x, y, epochs=1)
    assert options == QUIET and estimator.epoch_ == 1


def test_metadata_is_routed_to_fit():
    x, y = make_regression(20, 2, random_state=0)
    estimator = SKLearnRegressor(build, fit_kwargs=QUIET)
    with pytest.raises(RuntimeError, match="enable_metadata_routing=True"):
        estimator.set_fit_request(sample_weight=True)
    with sklearn.config_context(enable_metadata_routing=True):
        estimator.set_fit_request(sample_weight=True)
        pipeline = make_pipeline(estimator)
        seen = []
        estimator.fit = lambda X, y, **kwargs: seen.append(kwargs) or estimator
        pipeline.fit(x, y, sample_weight=np.ones(20))
    assert list(seen[0]) == ["sample_weight"]


def test_what_does_not_fit_is_said():
    x, y = make_regression(20, 2, random_state=0)
    model = minikeras.Sequential([minikeras.Input((2,)), minikeras.layers.Dense(1)])
    with pytest.raises(RuntimeError, match="SKLearnRegressor: the model must be compiled"):
        SKLearnRegressor(lambda X, y: model).fit(x, y)
    with pytest.raises(ValueError, match="when only one class is present"):
        SKLearnClassifier(build).fit(x, np.zeros(20, int))
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        SKLearnClassifier(build).fit(x, y)


def test_names_are_there_without_importing_scikit_learn():
    import subprocess
    import sys

    code = (
        "import sys, minikeras\n"
        "assert 'sklearn' not in sys.modules\n"
        "print([name for name in dir(minikeras.wrappers) if name[0] != '_'])\n"
        "sys.modules['sklearn.base'] = None\n"
        "try: minikeras.wrappers.SKLearnClassifier\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    names, message = done.stdout.splitlines()
    assert names == "['SKLearnClassifier', 'SKLearnRegressor', 'SKLearnTransformer']"
    assert 'pip install "minikeras-numpy[sklearn]"' in message
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        minikeras.wrappers.Nonsense  # noqa: B018
