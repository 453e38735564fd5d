from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Eighths are exact in float32, in which Keras compares.
eighths = st.integers(-8, 8).map(lambda n: n / 8)
arguments = st.fixed_dictionaries(
    {
        "monitor": st.sampled_from(["loss", "val_loss"]),
        "min_delta": st.sampled_from([0, 0.125, -0.25]),
        "patience": st.integers(0, 3),
        "verbose": st.sampled_from([0, 1]),
        "mode": st.sampled_from(["auto", "min", "max"]),
        "baseline": st.one_of(st.none(), eighths),
        "restore_best_weights": st.booleans(),
        "start_from_epoch": st.integers(0, 3),
    }
)
epochs = st.lists(
    st.fixed_dictionaries({"loss": eighths}, optional={"val_loss": eighths}), min_size=1, max_size=8
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arguments, epochs)
def test_as_keras(ours, theirs, fit, capsys, arguments, epochs):
    def run(api):
        callback = api.EarlyStopping(**arguments)
        model, warned = fit(api, callback, epochs)
        fit(api, callback, epochs[::-1], model=model)
        state = callback.wait, callback.stopped_epoch, callback.best, callback.best_epoch
        return model.trace, float(model.weight), state, warned, capsys.readouterr().out

    assert run(ours) == run(theirs)


def test_restores_the_best_weights(api, fit, capsys):
    callback = api.EarlyStopping("loss", patience=2, restore_best_weights=True, verbose=1)
    model, _ = fit(api, callback, [{"loss": v} for v in (3.0, 1.0, 2.0, 2.0, 0.5)])
    assert model.trace[-1][0] == 3
    assert model.weight == 2
    assert callback.best == 1.0 and callback.stopped_epoch == 3
    assert capsys.readouterr().out == (
        "Epoch 4: early stopping\nRestoring model weights from the end of the best epoch: 2.\n"
    )


def test_warns_of_an_unknown_metric(api, fit):
    model, warned = fit(api, api.EarlyStopping("val_loss"), [{"loss": 1.0, "acc": 0.5}] * 3)
    assert len(model.trace) == 3
    assert warned[0] == (
        "Early stopping conditioned on metric `val_loss` which is not available. "
        "Available metrics are: acc,loss"
    )


@pytest.mark.parametrize("direction, stops", [("up", 1), ("down", 2)])
def test_auto_mode_asks_the_metric(ours, fit, tiny_model, direction, stops):
    inner = SimpleNamespace(name="score", _direction=direction)
    model = tiny_model(metrics=[SimpleNamespace(name="compile_metrics", metrics=[inner])])
    fit(ours, ours.EarlyStopping("val_score"), [{"val_score": v} for v in (2, 1, 3)], model=model)
    assert model.trace[-1][0] == stops


def test_auto_mode_asks_the_metric_of_keras(ours, keras, fit, tiny_model):
    metric = keras.metrics.BinaryAccuracy(name="accuracy")
    model = tiny_model(metrics=[metric])
    callback = ours.EarlyStopping("val_accuracy")
    fit(ours, callback, [{"val_accuracy": v} for v in (0.5, 0.75, 0.7)], model=model)
    assert callback.best == 0.75


def test_auto_mode_for_an_unknown_direction(api, fit):
    with pytest.raises(ValueError, match=r"EarlyStopping.*monitor='?mystery"):
        fit(api, api.EarlyStopping("mystery"), [{"mystery": 1.0}])


def test_unknown_mode(api):
    with pytest.warns(UserWarning, match="EarlyStopping mode 'up' is unknown, fallback to auto"):
        assert api.EarlyStopping(mode="up").mode == "auto"
