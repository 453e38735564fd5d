import numpy as np
import pytest

from minikeras.callbacks import CallbackList, TerminateOnNaN
from minikeras.common.settings import settings

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_stops(api, fit, capsys, bad):
    model, _ = fit(
        api,
        api.TerminateOnNaN(),
        [{"loss": 1.0}] * 3,
        batch_logs=[{"acc": NAN}, {"loss": 1.0}, {"loss": bad}],
    )
    assert capsys.readouterr().out == "Batch 2: Invalid loss, terminating training\n"
    assert model.trace == [(0, 0.1, True)]


def test_raises(api, fit):
    with pytest.raises(
        RuntimeError, match=r"NaN or Inf loss encountered at batch 0. Loss value: nan"
    ):
        fit(api, api.TerminateOnNaN(raise_error=True), [{"loss": 1.0}], batch_logs=[{"loss": NAN}])


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("end", ["on_train_end", "on_train_abort"])
def test_locate_checks_while_training_only(monkeypatch, before, end):
    monkeypatch.setattr(settings, "debug_numerics", before)
    callbacks = CallbackList(TerminateOnNaN(locate=True))
    assert settings.debug_numerics is before
    callbacks.on_train_begin()
    callbacks.on_train_begin()  # once more, after a loop that did not tell how it ended
    assert settings.debug_numerics
    getattr(callbacks, end)()
    assert settings.debug_numerics is before
    getattr(callbacks, end)()
    assert settings.debug_numerics is before


def test_without_locate_the_setting_stays(monkeypatch):
    monkeypatch.setattr(settings, "debug_numerics", False)
    callbacks = CallbackList(TerminateOnNaN())
    callbacks.on_train_begin()
    assert not settings.debug_numerics


def test_locate_names_the_operation(monkeypatch):
    from minikeras import ops

    monkeypatch.setattr(settings, "debug_numerics", False)
    callbacks = CallbackList(TerminateOnNaN(locate=True))
    callbacks.on_train_begin()
    with pytest.raises(FloatingPointError, match="multiply"), np.errstate(invalid="ignore"):
        ops.multiply(INF, 0.0)
    callbacks.on_train_abort()
