from types import SimpleNamespace

import pytest

from minikeras.autodiff import Variable


def averaging(values):
    return SimpleNamespace(
        name="sgd",
        use_ema=True,
        _trainable_variables=[Variable(w) for w, _ in values],
        _model_variables_moving_average=[Variable(a) for _, a in values],
    )


@pytest.fixture
def optimizer():
    return averaging([(1.0, 0.5), ([2.0, 3.0], [4.0, 5.0])])


def with_model(callback, optimizer, epochs=2):
    callback.set_model(SimpleNamespace(optimizer=optimizer, stop_training=False))
    callback.set_params({"epochs": epochs})
    return callback


def first(optimizer):
    return (
        float(optimizer._trainable_variables[0]),
        float(optimizer._model_variables_moving_average[0]),
    )


@pytest.mark.parametrize("kind", ["test", "predict"])
def test_evaluation_sees_the_averages(ours, optimizer, kind):
    callback = with_model(ours.SwapEMAWeights(), optimizer)
    getattr(callback, f"on_{kind}_begin")()
    assert first(optimizer) == (0.5, 1.0)
    assert optimizer._trainable_variables[1].numpy().tolist() == [4.0, 5.0]
    assert optimizer._model_variables_moving_average[1].numpy().tolist() == [2.0, 3.0]
    getattr(callback, f"on_{kind}_end")()
    assert first(optimizer) == (1.0, 0.5)
    callback.on_epoch_end(0)
    assert first(optimizer) == (1.0, 0.5)


def test_epochs(ours, optimizer):
    callback = with_model(ours.SwapEMAWeights(swap_on_epoch=True), optimizer)
    callback.on_epoch_begin(0)
    assert first(optimizer) == (1.0, 0.5)
    callback.on_test_begin()
    assert first(optimizer) == (0.5, 1.0)
    callback.on_test_end()
    callback.on_epoch_end(0)
    assert first(optimizer) == (0.5, 1.0)
    callback.on_epoch_begin(1)
    assert first(optimizer) == (1.0, 0.5)
    callback.on_epoch_end(1)
    assert first(optimizer) == (0.5, 0.5)  # so that the optimizer ends with the averages


def test_epochs_that_end_early(ours, optimizer):
    callback = with_model(ours.SwapEMAWeights(swap_on_epoch=True), optimizer, epochs=9)
    callback.on_epoch_begin(0)
    callback.model.stop_training = True
    callback.on_epoch_end(0)
    assert first(optimizer) == (0.5, 0.5)


def test_interrupted_evaluation(ours, optimizer):
    callback = with_model(ours.SwapEMAWeights(), optimizer)
    callback.on_test_begin()
    callback.on_train_abort()
    assert first(optimizer) == (1.0, 0.5)


def test_as_keras(ours, theirs, keras):
    import numpy as np

    def run(api):
        variables = [keras.Variable(np.arange(3.0)), keras.Variable(np.ones((2, 2)))]
        optimizer = keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5)
        optimizer.build(variables)
        callback = with_model(api.SwapEMAWeights(swap_on_epoch=True), optimizer)
        seen = []
        for epoch in range(2):
            for hook in ("on_epoch_begin", "step", "on_test_begin", "on_test_end", "on_epoch_end"):
                if hook == "step":
                    optimizer.apply([np.ones(3), np.ones((2, 2))])
                elif "epoch" in hook:
                    getattr(callback, hook)(epoch)
                else:
                    getattr(callback, hook)()
                seen.append(np.concatenate([np.ravel(v) for v in variables]).tolist())
        optimizer.finalize_variable_values(variables)
        seen.append(np.concatenate([np.ravel(v) for v in variables]).tolist())
        return seen

    assert run(ours) == run(theirs)


def test_inner_optimizers(ours, optimizer):
    plain = SimpleNamespace(name="plain", use_ema=False)
    several = SimpleNamespace(optimizers=[plain, optimizer])
    with_model(ours.SwapEMAWeights(), SimpleNamespace(inner_optimizer=several)).on_test_begin()
    assert first(optimizer) == (0.5, 1.0)


def test_no_averages(api, optimizer):
    for without in (
        SimpleNamespace(use_ema=False),
        SimpleNamespace(optimizers=[SimpleNamespace(use_ema=False)]),
        SimpleNamespace(use_ema=True),  # not built
    ):
        with pytest.raises(ValueError, match="SwapEMAWeights"):
            with_model(api.SwapEMAWeights(), without).on_test_begin()
