import pytest


def test_functions_are_called_as_hooks(api, fit):
    calls = []

    def tell(name):
        return lambda *args, **kwargs: calls.append((name, args, kwargs))

    names = ["on_train_begin", "on_epoch_begin", "on_train_batch_begin", "on_train_batch_end"]
    names += ["on_epoch_end", "on_train_end", "on_test_end"]
    callback = api.LambdaCallback(**{name: tell(name) for name in names})
    fit(api, callback, [{"loss": 1.0}], batch_logs=[{"loss": 2.0}])
    assert calls == [
        ("on_train_begin", ({},), {}),
        ("on_epoch_begin", (0, {}), {}),
        ("on_train_batch_begin", (0,), {"logs": {}}),
        ("on_train_batch_end", (0,), {"logs": {"loss": 2.0}}),
        ("on_epoch_end", (0, {"loss": 1.0}), {}),
        ("on_train_end", ({"loss": 1.0},), {}),
    ]


def test_bad_arguments(ours):
    with pytest.raises(TypeError, match="unknown argument 'on_epoch_ends'"):
        ours.LambdaCallback(on_epoch_ends=print)
    with pytest.raises(TypeError, match=r"`on_epoch_end` must be a function or None. Received"):
        ours.LambdaCallback(on_epoch_end=3)


def test_other_names_become_attributes(api):
    callback = api.LambdaCallback(custom_method=lambda a: a + 1, note="text")
    assert callback.custom_method(1) == 2 and callback.note == "text"


@pytest.mark.parametrize("name", ["on_epoch_ends", "_model", "params", "model"])
def test_names_that_are_taken_or_near_a_hooks(ours, name):
    with pytest.raises(TypeError, match=f"unknown argument '{name}'"):
        ours.LambdaCallback(**{name: print})
