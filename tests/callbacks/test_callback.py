from minikeras.callbacks import Callback


def test_hooks_of_a_plain_callback_do_nothing_and_aliases_are_called():
    seen = []

    class Older(Callback):
        def __init__(self):  # without that of the base class
            pass

        def on_batch_begin(self, batch, logs=None):
            seen.append(("begin", batch, logs))

        def on_batch_end(self, batch, logs=None):
            seen.append(("end", batch, logs))

    callback = Older()
    assert callback.model is None and callback.params is None
    callback.on_train_batch_begin(3)
    callback.on_train_batch_end(3, {"loss": 1.0})
    assert seen == [("begin", 3, None), ("end", 3, {"loss": 1.0})]


def test_every_hook_of_keras_is_there(theirs):
    missing = [
        n for n in dir(theirs.Callback) if not n.startswith("_") and not hasattr(Callback, n)
    ]
    assert missing == []
