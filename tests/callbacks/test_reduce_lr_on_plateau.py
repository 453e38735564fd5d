from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

eighths = st.integers(-8, 8).map(lambda n: n / 8)
arguments = st.fixed_dictionaries(
    {
        "monitor": st.sampled_from(["loss", "val_loss"]),
        "factor": st.sampled_from([0.1, 0.5]),
        "patience": st.integers(0, 2),
        "verbose": st.sampled_from([0, 1]),
        "mode": st.sampled_from(["auto", "min", "max"]),
        "min_delta": st.sampled_from([0, 1e-4, 0.125]),
        "cooldown": st.integers(0, 2),
        "min_lr": st.sampled_from([0.0, 0.02, 0.1]),
    }
)
epochs = st.lists(
    st.fixed_dictionaries({"loss": eighths}, optional={"val_loss": eighths}),
    min_size=1,
    max_size=10,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arguments, epochs)
def test_as_keras(ours, theirs, fit, capsys, arguments, epochs):
    def run(api):
        callback, history = api.ReduceLROnPlateau(**arguments), api.History()
        model, warned = fit(api, [callback, history], epochs)
        state = callback.wait, callback.best, callback.cooldown_counter, callback.in_cooldown()
        return model.trace, history.history, state, warned, capsys.readouterr().out

    assert run(ours) == run(theirs)


def test_known_values(api, fit, capsys):
    callback = api.ReduceLROnPlateau("loss", factor=0.5, patience=2, cooldown=1, verbose=1)
    model, _ = fit(api, callback, [{"loss": 1.0}] * 7)
    assert [rate for _, rate, _ in model.trace] == [0.1, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025]
    assert capsys.readouterr().out.startswith(
        "\nEpoch 3: ReduceLROnPlateau reducing learning rate to 0.05.\n"
    )


def test_several_optimizers(ours, theirs, fit, tiny_model, capsys):
    def run(api):
        model = tiny_model()
        inner = [SimpleNamespace(name="a", learning_rate=1.0)]
        inner.append(SimpleNamespace(name="b", learning_rate=0.25))
        model.optimizer.optimizers = inner
        callback = api.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_lr=0.25, verbose=1)
        fit(api, callback, [{"loss": 1.0}] * 3, model=model)
        return [o.learning_rate for o in inner], capsys.readouterr().out

    mine = run(ours)
    assert mine == run(theirs)
    assert mine[0] == [0.25, 0.25]


def test_a_float32_rate_of_min_lr_is_not_above_it(api, fit, tiny_model):
    import numpy as np

    model = tiny_model(learning_rate=np.float32(0.001))
    callback = api.ReduceLROnPlateau("loss", patience=1, min_lr=0.001)
    fit(api, callback, [{"loss": 1.0}] * 3, model=model)
    assert type(model.optimizer.learning_rate) is np.float32
    assert not callback.in_cooldown()


def test_bad_arguments(api):
    with pytest.raises(ValueError, match=r"does not support a factor >= 1.0. Received factor=1.5"):
        api.ReduceLROnPlateau(factor=1.5)


def test_arguments_of_old_versions(ours):
    with pytest.warns(UserWarning, match=r"ignores arguments \['epsilon'\]"):
        ours.ReduceLROnPlateau(epsilon=0.1)
