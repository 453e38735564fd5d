from types import SimpleNamespace

import numpy as np
import pytest


@pytest.mark.parametrize(
    "schedule",
    [
        lambda epoch, lr: lr * 0.5,
        lambda epoch: 0.1 / (epoch + 1),
        lambda epoch, lr: np.float32(0.25),
    ],
)
def test_as_keras(ours, theirs, fit, capsys, schedule):
    def run(api):
        history = api.History()
        model, _ = fit(
            api, [api.LearningRateScheduler(schedule, verbose=1), history], [{"loss": 1.0}] * 3
        )
        return model.trace, history.history, capsys.readouterr().out

    mine = run(ours)
    assert mine == run(theirs)
    assert "Epoch 3: LearningRateScheduler setting learning rate to" in mine[2]
    assert len(mine[1]["learning_rate"]) == 3


def test_several_optimizers(ours, theirs, fit, tiny_model, capsys):
    def run(api):
        model, history = tiny_model(), api.History()
        inner = [SimpleNamespace(name="a", learning_rate=1.0)]
        inner.append(SimpleNamespace(name="b", learning_rate=8.0))
        model.optimizer.optimizers = inner
        scheduler = api.LearningRateScheduler(lambda epoch, lr: lr / 2, verbose=1)
        fit(api, [scheduler, history], [{"loss": 1.0}] * 2, model=model)
        return history.history, capsys.readouterr().out

    mine = run(ours)
    assert mine == run(theirs)
    assert mine[0]["learning_rate_b"] == [4.0, 2.0]


def test_scalar_tensor(ours, fit):
    from minikeras.autodiff import Tensor

    scheduler = ours.LearningRateScheduler(lambda epoch, lr: Tensor(np.array(0.5)))
    model, _ = fit(ours, scheduler, [{"loss": 1.0}])
    assert model.optimizer.learning_rate == 0.5


def test_type_error_inside_of_the_schedule_is_not_hidden(ours, fit):
    def schedule(epoch, lr=None):
        return lr + "x"

    with pytest.raises(TypeError, match="unsupported operand"):
        fit(ours, ours.LearningRateScheduler(schedule), [{"loss": 1.0}])


@pytest.mark.parametrize("result", [1, "0.1", None])
def test_schedule_that_returns_no_float(api, fit, result):
    with pytest.raises(ValueError, match=r"should be a float\. Got: "):
        fit(api, api.LearningRateScheduler(lambda epoch, lr: result), [{"loss": 1.0}])


def test_optimizer_without_learning_rate(api, fit, tiny_model):
    model = tiny_model()
    del model.optimizer.learning_rate
    callback = api.LearningRateScheduler(lambda epoch, lr: 0.5)
    callback.set_model(model)
    with pytest.raises(ValueError, match='must have a "learning_rate" attribute'):
        callback.on_epoch_begin(0)


def test_schedule_that_cannot_be_called(ours):
    with pytest.raises(TypeError, match="`schedule` must be a function"):
        ours.LearningRateScheduler(0.1)
