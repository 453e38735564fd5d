"""fit, evaluate, predict and the `*_on_batch` methods beside Keras: histories, results, weights."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import minikeras

rng = np.random.default_rng(0)
N = 22  # so that the last batch of 8 is a smaller one
x = rng.normal(size=(N, 4))
real = rng.normal(size=(N, 1))
binary = (rng.random((N, 1)) < 0.5).astype(float)
sparse = rng.integers(0, 3, N)
onehot = np.eye(3)[sparse]
weight = rng.uniform(0.2, 2, N)
dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


def net(k, units=1, activation=None, **kwargs):
    return k.Sequential(
        [
            k.Input((4,)),
            k.layers.Dense(5, activation="tanh", **kwargs),
            k.layers.Dense(units, activation=activation),
        ]
    )


def whole_round(pair, build, y, dtype="float32", fit=None, listed=True, **extra):
    """Train, evaluate, predict; compare everything on the way.

    `listed=False`: Keras gives a metric twice in lists where a weighted one has its name.
    """
    p = pair(build, dtype)
    p.call("fit", x, y, batch_size=8, epochs=2, shuffle=False, verbose=0, **extra, **(fit or {}))
    p.compare_weights()
    extra = {k: v for k, v in extra.items() if k == "sample_weight"}
    if listed:
        p.call("evaluate", x, y, batch_size=8, verbose=0, **extra)
    p.call("evaluate", x, y, batch_size=8, verbose=0, return_dict=True, **extra)
    p.call("predict", x, batch_size=8, verbose=0)
    assert p.ours.metrics_names == p.theirs.metrics_names
    return p


@dtypes
@pytest.mark.parametrize(
    "units, activation, loss, metrics, y",
    [
        (1, None, "mse", ["mae", "mse"], real),
        (1, None, "huber", [], real),
        (1, "sigmoid", "binary_crossentropy", ["accuracy"], binary),
        (1, "sigmoid", "crossentropy", ["acc"], binary[:, 0]),
        (3, "softmax", "categorical_crossentropy", ["accuracy", "mae"], onehot),
        (3, "softmax", "sparse_categorical_crossentropy", ["accuracy"], sparse),
        (3, "softmax", "sparse_categorical_crossentropy", ["acc"], sparse[:, None]),
        (3, "softmax", "ce", ["accuracy"], sparse),
    ],
)
def test_one_output(pair, units, activation, loss, metrics, y, dtype):
    def build(k):
        model = net(k, units, activation)
        model.compile("sgd", loss, metrics=list(metrics))
        return model

    whole_round(pair, build, y, dtype)


def test_losses_and_metrics_as_objects_and_functions(pair):
    def build(k):
        def bent(y_true, y_pred):
            return k.ops.mean(k.ops.abs(y_true - y_pred) ** 1.5, axis=-1)

        def largest(y_true, y_pred):
            return k.ops.max(k.ops.abs(y_true - y_pred))

        model = net(k)
        model.compile(
            k.optimizers.SGD(0.05),
            bent,
            metrics=[
                k.metrics.MeanAbsoluteError(name="mine"),
                largest,
                k.losses.MeanSquaredError(),
                "mean_squared_error",
                k.metrics.RootMeanSquaredError(),
            ],
        )
        return model

    whole_round(pair, build, real, listed=False)


def test_loss_objects_with_reductions(pair):
    for reduction in ("sum", "sum_over_batch_size", "mean_with_sample_weight"):

        def build(k, reduction=reduction):
            model = net(k)
            model.compile(k.optimizers.SGD(0.01), k.losses.MeanSquaredError(reduction=reduction))
            return model

        whole_round(pair, build, real, sample_weight=weight)


@dtypes
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "momentum", "decayed"])
def test_weights_after_each_of_20_steps(pair, optimizer, dtype):
    def build(k):
        model = net(k)
        chosen = {
            "momentum": lambda: k.optimizers.SGD(0.05, momentum=0.9, nesterov=True, clipnorm=0.5),
            "decayed": lambda: k.optimizers.AdamW(0.05, weight_decay=0.1, use_ema=True),
        }
        model.compile(chosen[optimizer]() if optimizer in chosen else optimizer, "mse")
        return model

    p = pair(build, dtype)
    for step in range(20):
        batch = slice(step % 2 * 8, step % 2 * 8 + 8)
        p.call("train_on_batch", x[batch], real[batch])
        p.compare_weights()


def test_sample_weights_and_weighted_metrics(pair):
    def build(k):
        model = net(k, 1, "sigmoid")
        model.compile(
            "sgd",
            "binary_crossentropy",
            metrics=["accuracy", "mae"],
            weighted_metrics=["accuracy", "mse", k.metrics.MeanAbsoluteError(name="weighted")],
        )
        return model

    whole_round(pair, build, binary, sample_weight=weight, listed=False)
    whole_round(pair, build, binary, listed=False)


def test_class_weights(pair):
    def build(loss, units):
        def make(k):
            model = net(k, units, "softmax" if units > 1 else "sigmoid")
            model.compile("sgd", loss, metrics=["accuracy"], weighted_metrics=["accuracy"])
            return model

        return make

    for loss, units, y in (
        ("binary_crossentropy", 1, binary),
        ("categorical_crossentropy", 3, onehot),
        ("sparse_categorical_crossentropy", 3, sparse),
    ):
        given = {i: 0.5 + i for i in range(max(units, 2))}
        whole_round(pair, build(loss, units), y, fit={"class_weight": given}, listed=False)


def test_class_weight_on_one_batch(pair):
    def build(k):
        model = net(k, 3, "softmax")
        model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
        return model

    p = pair(build)
    p.call("train_on_batch", x, sparse, class_weight={0: 1.0, 1: 2.0, 2: 0.5}, return_dict=True)
    p.compare_weights()


def test_one_batch_at_a_time(pair):
    def build(k):
        model = net(k, 1, "sigmoid")
        model.compile("adam", "binary_crossentropy", metrics=["accuracy", "mae"])
        return model

    p = pair(build)
    for i in range(0, 20, 5):
        batch = slice(i, i + 5)
        p.call("train_on_batch", x[batch], binary[batch])
        p.call("train_on_batch", x[batch], binary[batch], return_dict=True)
        p.call("train_on_batch", x[batch], binary[batch], sample_weight=weight[batch])
        p.call("test_on_batch", x[batch], binary[batch])
        p.call("test_on_batch", x[batch], binary[batch], weight[batch], return_dict=True)
        p.call("predict_on_batch", x[batch])
    for model in p.models:
        model.reset_metrics()
    p.call("test_on_batch", x, binary)
    p.compare_weights()


def test_regularizers_and_added_losses(pair, keras, monkeypatch):
    # Keras 3.15.1 tells the losses that layers add apart by their `id`, which Python gives to another
    # object when one is gone; then a loss counts twice. Here none goes before the test ends.
    kept, add_loss = [], keras.layers.Layer.add_loss

    def add_and_keep(layer, loss):
        kept.append(loss)
        add_loss(layer, loss)

    monkeypatch.setattr(keras.layers.Layer, "add_loss", add_and_keep)

    def build(k):
        class Activity(k.layers.Layer):
            def call(self, inputs):
                self.add_loss(0.1 * k.ops.mean(k.ops.square(inputs)))
                return inputs

        inputs = k.Input((4,))
        h = k.layers.Dense(
            5, kernel_regularizer="l2", bias_regularizer="l1", activity_regularizer="l2"
        )(inputs)
        h = Activity()(h)
        h = k.layers.ActivityRegularization(l1=0.01)(h)
        model = k.Model(inputs, k.layers.Dense(1)(h))
        model.compile("sgd", "mse", metrics=["mae"])
        return model

    whole_round(pair, build, real)


def test_only_added_losses(pair):
    def build(k):
        class Own(k.layers.Layer):
            def build(self, shape):
                self.w = self.add_weight(shape=(4,), initializer="ones")

            def call(self, inputs):
                self.add_loss(k.ops.mean(k.ops.square(inputs * self.w)))
                return inputs * self.w

        inputs = k.Input((4,))
        model = k.Model(inputs, Own()(inputs))
        model.compile(optimizer="sgd")
        return model

    p = pair(build)
    p.call("fit", x, batch_size=8, epochs=2, shuffle=False, verbose=0)
    p.compare_weights()
    p.call("evaluate", x, batch_size=8, verbose=0)


# Several inputs and outputs.

first, second = x, rng.normal(size=(N, 3))


def two(k, inputs="list", outputs="list"):
    a, b = k.Input((4,), name="a"), k.Input((3,), name="b")
    h = k.layers.Concatenate()([k.layers.Dense(4, activation="relu")(a), b])
    u = k.layers.Dense(1, name="u")(h)
    v = k.layers.Dense(3, activation="softmax", name="v")(h)
    return k.Model(
        [a, b] if inputs == "list" else {"a": a, "b": b},
        [u, v] if outputs == "list" else {"u": u, "v": v},
    )


MANY = {
    "lists": dict(loss=["mse", "sparse_categorical_crossentropy"]),
    "one loss": dict(loss="mse"),
    "weights": dict(
        loss=["mse", "sparse_categorical_crossentropy"],
        loss_weights=[0.3, 2.0],
        metrics=[["mae"], ["accuracy"]],
    ),
    "dicts": dict(
        loss={"u": "mse", "v": "sparse_categorical_crossentropy"},
        loss_weights={"u": 0.3, "v": 2.0},
        metrics={"u": ["mae", "mse"], "v": "accuracy"},
    ),
    "some metrics": dict(
        loss={"u": "mse", "v": "sparse_categorical_crossentropy"}, metrics={"v": ["accuracy"]}
    ),
    "weighted": dict(
        loss=["mse", "sparse_categorical_crossentropy"],
        metrics=[["mae"], []],
        weighted_metrics=[["mae"], ["accuracy"]],
    ),
}


# Lists for a dict of outputs are an error in Keras.
@pytest.mark.parametrize(
    "name, outputs",
    [(n, "list") for n in MANY] + [(n, "dict") for n in ("one loss", "dicts", "some metrics")],
)
def test_two_inputs_and_outputs(pair, name, outputs):
    targets = [real, onehot if name == "one loss" else sparse]
    if outputs == "dict":
        targets = {"u": targets[0], "v": targets[1]}
    inputs = [first, second] if outputs == "list" else {"a": first, "b": second}

    def build(k):
        model = two(k, outputs, outputs)
        model.compile("sgd", **MANY[name])
        return model

    p = pair(build)
    p.call("fit", inputs, targets, batch_size=8, epochs=2, shuffle=False, verbose=0)
    p.compare_weights()
    p.call("evaluate", inputs, targets, batch_size=8, verbose=0)
    p.call("evaluate", inputs, targets, verbose=0, return_dict=True)
    p.call("predict", inputs, batch_size=8, verbose=0)
    p.call("train_on_batch", inputs, targets, return_dict=True)
    p.call("train_on_batch", inputs, targets)
    p.call("test_on_batch", inputs, targets)
    assert p.ours.metrics_names == p.theirs.metrics_names


def test_inputs_by_name_into_a_list_model(pair):
    def build(k):
        model = two(k)
        model.compile("sgd", ["mse", "sparse_categorical_crossentropy"])
        return model

    p = pair(build)
    inputs = {"a": first, "b": second}
    p.call("fit", inputs, [real, sparse], batch_size=8, shuffle=False, verbose=0)
    p.call("predict", inputs, verbose=0)


def test_sample_weights_of_several_outputs(pair):
    for outputs in ("list", "dict"):
        weights, targets = [weight, weight[::-1].copy()], [real, sparse]
        if outputs == "dict":
            weights, targets = dict(zip("uv", weights)), dict(zip("uv", targets))

        def build(k, outputs=outputs):
            model = two(k, outputs=outputs)
            weighted = {"u": ["mae"], "v": ["accuracy"]}
            loss = {"u": "mse", "v": "sparse_categorical_crossentropy"}
            model.compile("sgd", loss, weighted_metrics=weighted)
            return model

        p = pair(build)
        p.call(
            "fit", [first, second], targets, sample_weight=weights, batch_size=8, shuffle=False,
            verbose=0,
        )  # fmt: skip
        p.compare_weights()
        p.call("evaluate", [first, second], targets, sample_weight=weights, verbose=0)


def test_an_output_without_a_loss(pair):
    def build(k):
        model = two(k)
        model.compile(
            "sgd", [None, "sparse_categorical_crossentropy"], metrics=[None, ["accuracy"]]
        )
        return model

    p = pair(build)
    p.call("fit", [first, second], [real, sparse], batch_size=8, shuffle=False, verbose=0)
    p.compare_weights()


# Steps of the user's own.


def own_train_step(k):
    class Own(k.Model):
        def __init__(self):
            super().__init__()
            self.a = k.layers.Dense(5, activation="tanh")
            self.b = k.layers.Dense(1)
            self.seen = k.metrics.Mean(name="seen")

        def call(self, inputs, training=False):
            return self.b(self.a(inputs))

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            error = k.ops.mean(k.ops.square(y - y_pred))
            self.seen.update_state(error, sample_weight=2.0)
            return error + 0.1 * k.ops.mean(k.ops.abs(y_pred))

        @property
        def metrics(self):
            return [self._loss_tracker, self.seen]

    model = Own()
    model.compile("sgd")
    model(np.zeros((1, 4)))
    return model


def test_own_compute_loss_and_metrics_property(pair):
    p = pair(own_train_step)
    p.call("fit", x, real, batch_size=8, epochs=2, shuffle=False, verbose=0)
    p.compare_weights()


def test_own_compute_metrics(pair):
    def build(k):
        class Own(k.Model):
            def compute_metrics(self, x, y, y_pred, sample_weight=None):
                logs = super().compute_metrics(x, y, y_pred, sample_weight)
                logs["double"] = 2.0 * logs["loss"]
                logs.pop("mae")
                return logs

        inputs = k.Input((4,))
        model = Own(inputs, k.layers.Dense(1)(inputs))
        model.compile("sgd", "mse", metrics=["mae"])
        return model

    p = pair(build)
    p.call("fit", x, real, batch_size=8, epochs=2, shuffle=False, verbose=0, validation_split=0.3)
    p.call("evaluate", x, real, verbose=0)
    p.call("evaluate", x, real, verbose=0, return_dict=True)


def test_own_test_step(pair):
    def build(k):
        class Own(k.Model):
            def test_step(self, data):
                xs, ys = data
                error = self(xs, training=False) - ys
                return {"largest": k.ops.max(k.ops.abs(error)), "b": k.ops.mean(error)}

        inputs = k.Input((4,))
        model = Own(inputs, k.layers.Dense(1)(inputs))
        model.compile("sgd", "mse")
        return model

    # Keras on JAX hands `test_step` a state; the steps are compared with what they compute.
    model = build(minikeras)
    logs = model.evaluate(x, real, batch_size=N, verbose=0, return_dict=True)
    error = np.asarray(model(x)) - real
    assert logs == pytest.approx({"largest": np.abs(error).max(), "b": error.mean()}, abs=1e-5)


# Epochs, validation, data.


@pytest.mark.parametrize(
    "arguments",
    [
        dict(validation_split=0.25),
        dict(validation_split=0.3, sample_weight=weight),
        dict(validation_data=(x[:7], real[:7])),
        dict(validation_data=(x[:7], real[:7], weight[:7]), validation_batch_size=3),
        dict(validation_data=(x[:7], real[:7]), validation_freq=2),
        dict(validation_data=(x[:7], real[:7]), validation_freq=[1, 3]),
        dict(validation_data=(x[:17], real[:17]), validation_steps=2),
        dict(initial_epoch=1),
        dict(initial_epoch=1, validation_split=0.2),
        dict(steps_per_epoch=2),
        dict(steps_per_epoch=1, batch_size=4),
        dict(batch_size=None),
        dict(batch_size=64),
        dict(batch_size=1, epochs=1),
    ],
    ids=lambda a: ",".join(a),
)
def test_arguments_of_fit(pair, arguments):
    def build(k):
        model = net(k)
        model.compile("sgd", "mse", metrics=["mae"])
        return model

    p = pair(build)
    usual = dict(batch_size=8, epochs=3, shuffle=False, verbose=0)
    p.call("fit", x, real, **{**usual, **arguments})
    p.compare_weights()
    assert p.ours.history.epoch == p.theirs.history.epoch


@pytest.mark.parametrize("size", [2, 3, 10])
def test_steps_per_execution(pair, size):
    def build(k):
        model = net(k)
        model.compile("sgd", "mse", metrics=["mae"], steps_per_execution=size)
        return model

    seen = {}

    def callbacks(model):
        k = minikeras if type(model).__module__.startswith("minikeras") else None
        base = (k or pytest.importorskip("keras")).callbacks.Callback
        found = seen.setdefault(k is None, [])

        class Note(base):
            def on_train_batch_begin(self, batch, logs=None):
                found.append(("begin", batch))

            def on_train_batch_end(self, batch, logs=None):
                found.append(("end", batch, sorted(logs)))

            def on_test_batch_end(self, batch, logs=None):
                found.append(("test", batch))

        return [Note()]

    p = pair(build)
    p.call(
        "fit", x, real, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=callbacks,
        validation_split=0.3,
    )  # fmt: skip
    p.compare_weights()
    p.call("evaluate", x, real, batch_size=4, verbose=0)
    p.call("predict", x, batch_size=4, verbose=0)
    # Where an execution takes fewer batches, it still counts as full at its end.
    assert seen[False] == seen[True]
    assert ("end", -(-4 // size) * size - 1, ["loss", "mae"]) in seen[False]


def batches(with_weight=False):
    for i in range(0, 20, 5):
        part = slice(i, i + 5)
        if with_weight:
            yield x[part].astype("float32"), real[part].astype("float32"), weight[part]
        else:
            yield x[part].astype("float32"), real[part].astype("float32")


def simple(k):
    model = net(k)
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def test_generators(pair):
    p = pair(simple)
    p.call("fit", x=batches, verbose=0, epochs=1)
    p.call("fit", x=lambda: batches(True), verbose=0, epochs=1)

    def endless():
        while True:
            yield from batches()

    p.call("fit", x=endless, steps_per_epoch=3, epochs=3, verbose=0)
    p.call(
        "fit", x=endless, steps_per_epoch=3, verbose=0, validation_data=endless, validation_steps=2
    )
    p.call("evaluate", x=batches, verbose=0)
    p.call("predict", x=lambda: ((b[0],) for b in batches()), verbose=0)
    p.compare_weights()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_py_dataset(pair, count, keras):
    def dataset(k, workers):
        class Data(k.utils.PyDataset):
            def __init__(self):
                super().__init__(workers=workers)
                self.ends = 0

            def __len__(self):
                return 4

            def __getitem__(self, i):
                part = slice(5 * i, 5 * i + 5)
                return x[part].astype("float32"), real[part].astype("float32")

            def on_epoch_end(self):
                self.ends += 1

        return Data()

    p = pair(simple)
    for method, kwargs in (
        ("fit", dict(epochs=3, shuffle=False)),
        ("evaluate", {}),
        ("predict", {}),
    ):
        data = [dataset(minikeras, count), dataset(keras, 0)]
        results = [getattr(m, method)(d, verbose=0, **kwargs) for m, d in zip(p.models, data)]
        if method == "fit":
            assert data[0].ends == 3
            results = [r.history for r in results]
        p.compare(*results)


def test_pandas_frames(pair):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(x.astype("float32"), columns=list("abcd"))
    target = pd.Series(real[:, 0].astype("float32"))
    p = pair(simple)
    p.call("fit", frame, target, batch_size=8, epochs=2, shuffle=False, verbose=0)
    p.call("evaluate", frame, target, verbose=0)
    p.call("predict", frame, verbose=0)
    p.compare_weights()


def test_masks_weigh_losses_and_metrics(pair):
    def build(k):
        model = k.Sequential(
            [
                k.Input((None,), dtype="int32"),
                k.layers.Embedding(6, 3, mask_zero=True),
                k.layers.Dense(2, activation="softmax"),
            ]
        )
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    p = pair(build)
    words = rng.integers(0, 6, (N, 5)) * (np.arange(5) < rng.integers(1, 6, (N, 1)))
    tags = rng.integers(0, 2, (N, 5))
    histories = [
        m.fit(words, tags, batch_size=8, epochs=2, shuffle=False, verbose=0) for m in p.models
    ]
    # On JAX, masks get lost on the way to the metrics of a training step, not to the loss.
    p.compare(histories[0].history["loss"], histories[1].history["loss"])
    p.compare_weights()
    p.call("evaluate", words, tags, batch_size=8, verbose=0)
    p.call(
        "evaluate", words, tags, batch_size=8, verbose=0, sample_weight=weight[:, None] * (tags + 1)
    )
    p.call("predict", words, verbose=0)


def test_early_stopping_and_other_callbacks(pair, keras):
    def build(k):
        model = net(k)
        model.compile(k.optimizers.Adam(0.2), "mse", metrics=["mae"])
        return model

    def callbacks(model):
        k = minikeras if type(model).__module__.startswith("minikeras") else keras
        return [
            k.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True),
            k.callbacks.ReduceLROnPlateau("val_loss", patience=1, factor=0.5),
            k.callbacks.LearningRateScheduler(lambda epoch, lr: lr * 0.9),
        ]

    p = pair(build)
    p.call(
        "fit", x, real, batch_size=8, epochs=30, shuffle=False, verbose=0, validation_split=0.4,
        callbacks=callbacks,
    )  # fmt: skip
    assert len(p.ours.history.epoch) < 30
    assert p.ours.history.epoch == p.theirs.history.epoch
    p.compare_weights()


@pytest.mark.parametrize("verbose", [1, 2])
def test_printed_lines(pair, capsys, verbose):
    import re

    p = pair(simple)
    printed = []
    for model in p.models:
        model.fit(
            x, real, batch_size=8, epochs=2, shuffle=False, verbose=verbose, validation_split=0.2
        )
        model.evaluate(x, real, batch_size=8, verbose=verbose)
        model.predict(x, batch_size=8, verbose=verbose)
        text = capsys.readouterr().out
        # The last state of each line, without times.
        lines = [line.split("\r")[-1].split("\x08")[-1] for line in text.split("\n")]
        text = "\n".join(re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in lines)
        text = re.sub(r"\d+(s|ms|us|μs)(/step|/epoch)?", "T", text)
        printed.append(re.sub(r"(\d\.\d{3})\d+", r"\1", text))
    assert printed[0] == printed[1]


# Outputs in other outputs, and outputs without names.


def dense(k, name, inputs):
    return k.layers.Dense(1, name=name)(inputs)


NESTED = {
    "lists in a dict": (
        lambda k, i: {"x": dense(k, "a", i), "n": [dense(k, "b", i), dense(k, "c", i)]},
        {"x": "mse", "n": ["mae", "mse"]},
        {"x": ["mae"], "n": [["mae", "mse"], ["mse"]]},
        {"x": real, "n": [real, 2 * real]},
    ),
    "one metric each": (
        lambda k, i: {"x": dense(k, "a", i), "n": [dense(k, "b", i), dense(k, "c", i)]},
        {"x": "mse", "n": ["mae", "mse"]},
        {"x": "mae", "n": ["mae", "mse"]},
        {"x": real, "n": [real, 2 * real]},
    ),
    "a list in a list": (
        lambda k, i: [dense(k, "a", i), [dense(k, "b", i), dense(k, "c", i)]],
        ["mse", ["mae", "mse"]],
        [["mae"], [["mae"], ["mse"]]],
        [real, [real, 2 * real]],
    ),
    "dicts in a dict": (
        lambda k, i: {"x": dense(k, "a", i), "n": {"p": dense(k, "b", i), "q": dense(k, "c", i)}},
        {"x": "mse", "n": {"p": "mae", "q": "mse"}},
        {"x": ["mae"], "n": {"p": ["mae"], "q": ["mse"]}},
        {"x": real, "n": {"p": real, "q": 2 * real}},
    ),
}


@pytest.mark.parametrize("name", NESTED)
def test_nested_outputs(pair, name):
    outputs, loss, metrics, y = NESTED[name]

    def build(k):
        inputs = k.Input((4,))
        model = k.Model(inputs, outputs(k, inputs))
        model.compile("sgd", loss, metrics=metrics)
        return model

    p = pair(build)
    p.call("fit", x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    p.compare_weights()


def test_a_list_of_outputs_without_names(pair):
    def build(k):
        class Two(k.Model):
            def __init__(self):
                super().__init__()
                self.a, self.b = k.layers.Dense(1), k.layers.Dense(1)

            def call(self, inputs):
                return self.a(inputs), self.b(inputs)

        model = Two()
        model.compile("sgd", ["mse", "mae"], metrics=[["mae", "mape"], ["mae"]])
        model(np.zeros((1, 4)))
        return model

    p = pair(build)
    p.call("fit", x, [real, 2 * real], batch_size=8, epochs=2, shuffle=False, verbose=0)
    p.call("evaluate", x, [real, 2 * real], verbose=0, return_dict=True)


def test_a_loss_of_the_users_may_know_what_to_do_with_nan(pair):
    def build(k):
        def known_only(y_true, y_pred):
            known = k.ops.logical_not(k.ops.isnan(y_true))
            error = k.ops.where(known, y_true, 0.0) - y_pred
            return k.ops.mean(k.ops.where(known, k.ops.square(error), 0.0), axis=-1)

        model = k.Sequential([k.Input((4,)), k.layers.Dense(1)])
        model.compile("sgd", known_only)
        return model

    y = real.copy()
    y[3] = np.nan
    p = pair(build)
    p.call("fit", x, y, batch_size=8, shuffle=False, verbose=0, validation_data=(x, y))
    p.call("evaluate", x, y, verbose=0)
    p.call("train_on_batch", x, y)
    p.compare_weights()


def test_compute_loss_without_an_argument_training(pair):
    def build(k):
        class Own(k.Sequential):
            def compute_loss(self, x, y, y_pred, sample_weight):
                return k.ops.mean((y - y_pred) ** 4)

        model = Own([k.Input((4,)), k.layers.Dense(1)])
        model.compile("sgd", metrics=["mae"])
        return model

    p = pair(build)
    p.call("fit", x, real / 10, batch_size=8, shuffle=False, verbose=0, validation_split=0.3)
    p.compare_weights()


def several(k, **kwargs):
    inputs = k.Input((4,))
    outputs = [k.layers.Dense(1, name="a")(inputs), k.layers.Dense(2, name="b")(inputs)]
    model = k.Model(inputs, outputs)
    model.compile("sgd", **kwargs)
    return model


two_targets = [real, np.concatenate([real, -real], axis=1)]


@pytest.mark.parametrize(
    "kwargs",
    [
        {"loss": [["mse"], ["mae"]]},
        {"loss": {"a": ["mse"], "b": ["mae"]}},
        {"loss": "mse", "metrics": [["mae"], ["mse"]], "weighted_metrics": [["mse"], None]},
    ],
)
def test_lists_of_one_loss_and_the_order_of_metrics(pair, kwargs):
    p = pair(lambda k: several(k, **kwargs))
    p.call("fit", x, two_targets, shuffle=False, verbose=0)
    p.compare_weights()
    assert p.ours.metrics_names == p.theirs.metrics_names
    p.call("evaluate", x, two_targets, verbose=0)


def test_metrics_of_layers_come_after_those_of_compile(pair):
    def build(k):
        class Watched(k.Sequential):
            def __init__(self, layers):
                super().__init__(layers)
                self.z, self.a = k.metrics.Mean(name="z"), k.metrics.Mean(name="a")

        model = Watched([k.Input((4,)), k.layers.Dense(1)])
        model.compile("sgd", "mse", metrics=["mae"])
        return model

    p = pair(build)
    assert p.ours.metrics_names == p.theirs.metrics_names == ["loss", "compile_metrics", "z", "a"]


@pytest.mark.parametrize("n", [6, 7, 8])
@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_numbers_of_batches_with_several_steps_an_execution(pair, n, method):
    p = pair(lambda k: compiled_with_steps(k, 3))
    seen = {}
    for base, model in ((minikeras, p.ours), (pytest.importorskip("keras"), p.theirs)):
        kind = {"fit": "train", "evaluate": "test", "predict": "predict"}[method]
        numbers = seen.setdefault(model is p.ours, [])

        def note(self, batch, logs=None, numbers=numbers):
            numbers.append(batch)

        names = (f"on_{kind}_batch_begin", f"on_{kind}_batch_end")
        spy = type("Spy", (base.callbacks.Callback,), dict.fromkeys(names, note))()
        data = (x[:n], real[:n]) if method != "predict" else (x[:n],)
        getattr(model, method)(*data, batch_size=1, verbose=0, callbacks=[spy])
    assert seen[True] == seen[False]
    assert n != 7 or seen[True] == [0, 2, 3, 5, 6, 8]


def compiled_with_steps(k, steps):
    model = net(k)
    model.compile("sgd", "mse", steps_per_execution=steps)
    return model


def test_an_evaluate_of_the_users_is_called_for_validation(pair):
    def build(k):
        class Own(k.Sequential):
            def evaluate(self, *args, **kwargs):
                self.calls = [*getattr(self, "calls", []), (len(args), kwargs["batch_size"])]
                logs = super().evaluate(*args, **kwargs)
                return {**logs, "more": 2.0}

        model = Own([k.Input((4,)), k.layers.Dense(1)])
        model.compile("sgd", "mse", metrics=["mae"])
        return model

    p = pair(build)
    data = (x[:5], real[:5], weight[:5])
    fit = {"epochs": 3, "shuffle": False, "verbose": 0, "validation_freq": 2}
    history = p.call("fit", x, real, validation_data=data, validation_batch_size=2, **fit)
    assert history["val_more"] == [2.0] and p.ours.calls == p.theirs.calls == [(0, 2)]


F_SCORES = [
    ("F1Score", {}),
    ("F1Score", {"average": "macro", "threshold": 0.5}),
    ("FBetaScore", {"beta": 2.0}),
    ("R2Score", {"class_aggregation": None}),
    ("Own", {}),
]


def with_vector_metric(k, name, arguments):
    class Own(k.metrics.Metric):
        def __init__(self):
            super().__init__(name="own")
            self.total = self.add_variable((1,), "zeros", name="total")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign_add(k.ops.reshape(k.ops.sum(y_pred), (1,)))

        def result(self):
            return self.total * 1.0

    model = net(k, activation="sigmoid")
    metric = Own() if name == "Own" else getattr(k.metrics, name)(**arguments)
    model.compile("sgd", "mse", metrics=[metric])
    return model


@pytest.mark.parametrize("name, arguments", F_SCORES)
def test_metrics_of_one_number_in_a_vector(pair, name, arguments, tmp_path, capsys):
    p = pair(lambda k: with_vector_metric(k, name, arguments))
    p.compare = lambda got, wanted: _compare_flat(got, wanted, p.tolerance)
    data = {"validation_data": (x[:7], binary[:7]), "shuffle": False, "batch_size": 8}
    history = p.call("fit", x, binary, epochs=2, verbose=0, **data)
    key = next(k for k in history if k != "loss" and not k.startswith("val_"))
    p.call("evaluate", x, binary, verbose=0)
    p.call("evaluate", x, binary, verbose=0, return_dict=True)
    p.call("train_on_batch", x, binary)
    p.call("train_on_batch", x, binary, return_dict=True)
    p.call("test_on_batch", x, binary)
    # What reads logs takes them as numbers.
    stop = minikeras.callbacks.EarlyStopping(f"val_{key}", mode="max", patience=0)
    plateau = minikeras.callbacks.ReduceLROnPlateau(f"val_{key}", mode="max")
    log = minikeras.callbacks.CSVLogger(tmp_path / "log.csv")
    p.ours.fit(x, binary, epochs=3, verbose=1, callbacks=[stop, plateau, log], **data)
    row = (tmp_path / "log.csv").read_text().splitlines()
    columns = row[0].split(",")
    value = float(row[1].split(",")[columns.index(key)])
    assert value == p.ours.history.history[key][0] and isinstance(value, float)
    assert f"{key}: {value:.4f}" in capsys.readouterr().out.splitlines()[1] or abs(value) < 1e-3


def _compare_flat(got, wanted, tolerance):
    """Compare results where Keras gives an array of shape (1,) and minikeras its number."""
    if isinstance(wanted, dict):
        assert list(got) == list(wanted)
        got, wanted = list(got.values()), list(wanted.values())
    got, wanted = (np.concatenate([np.ravel(v) for v in r]) for r in (got, wanted))
    np.testing.assert_allclose(got, wanted, rtol=tolerance * 10, atol=tolerance)


@pytest.mark.parametrize(
    "method",
    [
        "compile",
        "fit",
        "evaluate",
        "predict",
        "train_on_batch",
        "test_on_batch",
        "predict_on_batch",
    ],
)
def test_arguments_and_their_defaults_as_in_keras(keras, method):
    ours, theirs = (
        [(p.name, p.default) for p in inspect.signature(getattr(m, method)).parameters.values()]
        for m in (minikeras.Model, keras.Model)
    )
    assert ours == theirs
