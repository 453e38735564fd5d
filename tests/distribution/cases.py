"""Trainings that must come out alike on any number of ranks.

As a script it runs them all and lets rank 0 write what came out: `cases.py FILE [NAME...]`.
"""

from __future__ import annotations

import sys

import numpy as np

import minikeras as keras
from minikeras import layers, ops

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def data(n=23, features=5, classes=3):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, features)).astype("float32")
    y = rng.integers(0, classes, n)
    return x, y


def outcome(model, history=None, *arrays):
    found = {f"weight {i}": np.array(w) for i, w in enumerate(model.get_weights())}
    for name, values in (history.history if history is not None else {}).items():
        found[f"history {name}"] = np.array(values)
    for i, a in enumerate(arrays):
        for j, b in enumerate(keras.tree.flatten(a)):
            found[f"array {i} {j}"] = np.asarray(b)
    return found


def mlp(*inner, features=5, classes=3, **kwargs):
    return keras.Sequential(
        [
            keras.Input((features,)),
            layers.Dense(8, activation="relu"),
            *inner,
            layers.Dense(classes, activation="softmax"),
        ],
        **kwargs,
    )


def fitted(model, x, y, **kwargs):
    kwargs = {"epochs": 2, "batch_size": 8, "verbose": 0, **kwargs}
    return model.fit(x, y, **kwargs)


@case
def plain():
    x, y = data()
    model = mlp()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = fitted(model, x, y, validation_split=0.3)
    scores = model.evaluate(x, y, batch_size=5, verbose=0)
    return outcome(model, history, scores, model.predict(x, batch_size=7, verbose=0))


@case
def tiny_batches():  # more ranks than rows
    x, y = data(7)
    model = mlp(layers.BatchNormalization(), layers.Dropout(0.5, seed=3))
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = fitted(model, x, y, batch_size=2)
    return outcome(model, history, model.predict(x, batch_size=2, verbose=0))


@case
def sample_and_class_weights():
    x, y = data()
    model = mlp()
    model.compile(
        "rmsprop",
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        weighted_metrics=["accuracy", "sparse_categorical_crossentropy"],
    )
    w = np.linspace(0, 2, 23)
    first = fitted(model, x, y, sample_weight=w, validation_data=(x, y, w))
    second = fitted(model, x, y, class_weight={0: 1.0, 1: 0.2, 2: 3.0}, initial_epoch=1)
    return outcome(model, first, *second.history.values())


@case
def reductions():
    x, y = data()
    target = np.eye(3, dtype="float32")[y]
    w = np.linspace(0.5, 2, 23)
    results = []
    for reduction in ("sum", "mean", "mean_with_sample_weight", "none"):
        model = mlp()
        loss = keras.losses.CategoricalCrossentropy(reduction=reduction, label_smoothing=0.1)
        model.compile(keras.optimizers.SGD(0.01), loss)
        history = fitted(model, x, target, sample_weight=w)
        results += [history.history["loss"], *model.get_weights()]
    return outcome(model, None, *results)


@case
def several_outputs():
    x, y = data()
    inputs = keras.Input((5,))
    h = layers.Dense(6, activation="tanh")(inputs)
    a = layers.Dense(3, activation="softmax", name="a")(h)
    b = layers.Dense(1, name="b")(h)
    model = keras.Model(inputs, {"a": a, "b": b})
    model.compile(
        "adam",
        {"a": "sparse_categorical_crossentropy", "b": "mse"},
        loss_weights={"a": 1.0, "b": 0.3},
        metrics={"a": ["accuracy", "sparse_top_k_categorical_accuracy"], "b": ["mae"]},
    )
    targets = {"a": y, "b": x[:, :1]}
    w = {"a": np.linspace(0, 1, 23), "b": np.linspace(1, 0, 23)}
    history = fitted(model, x, targets, sample_weight=w)
    return outcome(model, history, model.predict(x, batch_size=4, verbose=0))


class Penalty(layers.Layer):
    def call(self, x):
        self.add_loss(0.1 * ops.mean(ops.square(x)))
        self.add_loss(0.01 * ops.sum(ops.abs(x), axis=-1))  # one for each example
        self.add_loss(0.02 * ops.sum(ops.abs(x)))
        return x


@case
def penalties():
    x, y = data()
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(6, kernel_regularizer="l2", activity_regularizer="l1"),
            layers.Dropout(0.3, seed=1),
            layers.BatchNormalization(),
            Penalty(),
            layers.Dense(3, bias_regularizer="l1", activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return outcome(model, fitted(model, x, y))


@case
def accumulation_clipping_average():
    x, y = data()
    model = mlp()
    optimizer = keras.optimizers.AdamW(
        0.01,
        gradient_accumulation_steps=2,
        global_clipnorm=0.1,
        use_ema=True,
        ema_momentum=0.9,
        loss_scale_factor=8.0,
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", steps_per_execution=2)
    return outcome(model, fitted(model, x, y, epochs=3))


@case
def accumulation():
    """Rounds of three steps that end in the midst of epochs, or of steps of one execution."""
    x, y = data()
    results = []
    for options in (
        {"clipnorm": 0.05, "weight_decay": 0.1},
        {"clipvalue": 0.01, "use_ema": True, "ema_overwrite_frequency": 2},
        {"loss_scale_factor": 64.0},
        {"clipnorm_per_sample": 0.05, "noise_multiplier": 0.5, "noise_seed": 2},
    ):
        model = mlp()
        optimizer = keras.optimizers.Adam(0.01, gradient_accumulation_steps=3, **options)
        model.compile(optimizer, "sparse_categorical_crossentropy", steps_per_execution=2)
        history = fitted(model, x, y, epochs=3, batch_size=5)
        fitted(model, x, y, epochs=1, batch_size=5, steps_per_epoch=4)
        results += [history.history["loss"], *model.get_weights()]
        results += [model.train_on_batch(x[:4], y[:4])]
        results += [v.numpy() for v in optimizer.variables]
    return outcome(model, None, *results)


@case
def accumulation_within_a_loss_scale():
    x, y = data()
    model = mlp()
    inner = keras.optimizers.Adam(0.01, gradient_accumulation_steps=3)
    optimizer = keras.optimizers.LossScaleOptimizer(inner, initial_scale=2.0**127)  # too large
    model.compile(optimizer, "sparse_categorical_crossentropy")
    history = fitted(model, x, y, epochs=3, batch_size=5)
    return outcome(model, history, [v.numpy() for v in optimizer.variables])


class Trains(keras.Sequential):
    """Gradients of some variables in some steps, two updates in one step."""

    def train_step(self, data):
        x, y = data
        for chosen in (self.trainable_variables[:2], self.trainable_variables):
            with keras.GradientTape() as tape:
                loss = ops.mean(keras.losses.mean_squared_error(y, self(x, training=True)))
            self.optimizer.apply(tape.gradient(loss, chosen), chosen)
        return {"own": loss}


@case
def accumulation_of_some_variables():
    x, _ = data()
    model = Trains([keras.Input((5,)), layers.Dense(4, activation="tanh"), layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.1, momentum=0.5, gradient_accumulation_steps=3)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, "mse")
    history = fitted(model, x, x[:, :1], batch_size=5)
    return outcome(model, history, [v.numpy() for v in optimizer.variables])


@case
def several_optimizers():
    x, y = data()
    model = mlp()
    model.build((None, 5))
    chosen = keras.optimizers.OptimizerMap(
        keras.optimizers.Adafactor(0.01), {".*/kernel": keras.optimizers.Lamb(0.01)}
    )
    optimizer = keras.optimizers.MultiOptimizer(chosen)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return outcome(model, fitted(model, x, y))


@case
def mixed_precision():
    x, y = data()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = mlp(layers.BatchNormalization())
    finally:
        keras.config.set_dtype_policy("float32")
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(), initial_scale=2.0**20, dynamic_growth_steps=3
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = fitted(model, x, y, epochs=3)
    scale = [model.optimizer.dynamic_scale.numpy(), model.optimizer.iterations.numpy()]
    return outcome(model, history, scale)


@case
def examples_clipped():
    x, y = data()
    results = []
    for loss in (
        "sparse_categorical_crossentropy",
        keras.losses.SparseCategoricalCrossentropy(reduction="sum"),
        keras.losses.SparseCategoricalCrossentropy(reduction="none"),
        lambda y, p: ops.square(ops.cast(ops.reshape(y, (-1,)), "float32") - p[:, 0]),
    ):
        model = mlp()
        optimizer = keras.optimizers.SGD(
            0.1, clipnorm_per_sample=0.05, noise_multiplier=0.5, noise_seed=2
        )
        model.compile(optimizer, loss)
        history = fitted(model, x, y, batch_size=3)
        results += [history.history["loss"], *model.get_weights()]
    return outcome(model, None, *results)


@case
def batch_statistics():
    rng = np.random.default_rng(2)
    x = rng.normal(2, 3, (18, 6, 6, 2)).astype("float32")
    y = rng.normal(size=(18, 1)).astype("float32")
    images = keras.Input((6, 6, 2))
    first = layers.Conv2D(4, 3)(images)
    around = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(first))
    model = keras.Sequential(
        [
            keras.Model(images, layers.ReLU()(layers.Add()([around, first]))),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Conv2D(4, 2, use_bias=False),
            layers.BatchNormalization(axis=1, renorm=True),
            layers.MaxPooling2D(),
            layers.GlobalAveragePooling2D(),
            layers.BatchNormalization(scale=False),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    history = fitted(model, x, y, batch_size=5)
    return outcome(model, history, model.predict(x, verbose=0))


@case
def masks():
    rng = np.random.default_rng(3)
    words = rng.integers(0, 7, (14, 5))
    words[:, 3:] *= rng.integers(0, 2, (14, 2))
    model = keras.Sequential(
        [
            keras.Input((5,), dtype="int32"),
            layers.Embedding(7, 4, mask_zero=True),
            layers.BatchNormalization(),
            layers.LSTM(5, return_sequences=True, dropout=0.2, recurrent_dropout=0.2, seed=1),
            layers.Dense(7, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = fitted(model, words, words, batch_size=5)
    ignoring = keras.Sequential([keras.Input((5,)), layers.Embedding(7, 4), layers.Dense(7)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    ignoring.compile("adam", loss)
    other = fitted(ignoring, words, words, batch_size=5)
    return outcome(model, history, other.history["loss"], ignoring.get_weights())


@case
def draws():
    x, y = data()
    model = mlp(
        layers.Dropout(0.4, seed=1),
        layers.GaussianNoise(0.3, seed=2),
        layers.GaussianDropout(0.3, seed=3),
        layers.AlphaDropout(0.2, seed=4),
        layers.Dropout(0.5, noise_shape=(1, None), seed=5),
        layers.Dropout(0.5, noise_shape=(None, 1), seed=6),
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return outcome(model, fitted(model, x, y, batch_size=5))


@case
def augmentation():
    """Layers that draw something for the batch, or for some of its images, or look at all of them."""
    images = np.random.default_rng(4).integers(0, 256, (11, 8, 8, 3)).astype("float32")
    results = []
    for layer in (
        layers.RandomGaussianBlur(seed=1),
        layers.RandomElasticTransform(0.6, seed=1),
        layers.RandAugment(seed=1),
        layers.AugMix(seed=1),
        layers.Equalization(),
        layers.SpatialDropout2D(0.5, seed=1),
    ):
        model = keras.Sequential([keras.Input((8, 8, 3)), layer, layers.Flatten(), layers.Dense(1)])
        model.compile("adam", "mse")
        history = fitted(model, images, images[:, 0, 0, :1], batch_size=5)  # 2 and 3 rows, or 1
        results += [history.history["loss"], *model.get_weights()]
    return outcome(model, None, *results)


def whole_loss(y_true, y_pred):
    return ops.max(ops.abs(y_true - y_pred)) + ops.mean(ops.square(y_true - y_pred))


def whole_metric(y_true, y_pred):
    return ops.max(ops.abs(y_true - y_pred))


class Largest(keras.metrics.Metric):
    def __init__(self, name="largest", **kwargs):
        super().__init__(name=name, **kwargs)
        self.value = self.add_variable((), "zeros", name="value")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.value.assign(ops.maximum(self.value, ops.max(y_pred)))

    def result(self):
        return self.value


@case
def own_losses_and_metrics():
    x, y = data()
    target = np.eye(3, dtype="float32")[y]
    results = []
    for loss in (whole_loss, "dice", keras.losses.Tversky(axis=(1,)), "cosine_similarity"):
        model = mlp()
        model.compile("sgd", loss, metrics=[whole_metric, Largest(), "mse", "auc", "f1_score"])
        history = fitted(model, x, target, batch_size=5)
        results += [list(history.history.values()), *model.get_weights()]
    return outcome(model, history, *results)


@case
def many_metrics():
    x, y = data()
    target = np.eye(3, dtype="float32")[y]
    m = keras.metrics
    model = mlp()
    metrics = [
        *(m.AUC(), m.AUC(multi_label=True, num_labels=3, name="areas"), m.Precision(), m.Recall()),
        *(m.F1Score(average="macro"), m.R2Score(), m.RootMeanSquaredError(), m.KLDivergence()),
        *(
            m.TruePositives(),
            m.SensitivityAtSpecificity(0.5),
            m.OneHotMeanIoU(3),
            m.CosineSimilarity(),
        ),
        m.PearsonCorrelation(),
    ]
    model.compile("sgd", "categorical_crossentropy", metrics=metrics)
    history = fitted(model, x, target, batch_size=5, validation_data=(x, target))
    return outcome(model, history)


@case
def callbacks_decide_alike():
    x, y = data()
    model = mlp()
    model.compile(keras.optimizers.SGD(3.0), "sparse_categorical_crossentropy")
    history = fitted(
        model,
        x,
        y,
        epochs=12,
        validation_split=0.3,
        callbacks=[
            keras.callbacks.ReduceLROnPlateau("val_loss", patience=1),
            keras.callbacks.EarlyStopping("val_loss", patience=3, restore_best_weights=True),
        ],
    )
    bad = mlp()
    bad.compile("sgd", "mse")
    poisoned = x.copy()
    poisoned[17] = np.inf
    stopped = fitted(
        bad, poisoned, x[:, :3], shuffle=False, callbacks=[keras.callbacks.TerminateOnNaN()]
    )
    return outcome(model, history, len(stopped.history["loss"]))


class Squares(keras.utils.PyDataset):
    def __init__(self, x, y, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y = x, y

    def __len__(self):
        return 4

    def __getitem__(self, i):
        part = slice(6 * i, 6 * i + 6)
        return self.x[part], self.y[part]


@case
def kinds_of_data():
    x, y = data()
    model = mlp(layers.Dropout(0.3, seed=1))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    histories = [fitted(model, Squares(x, y, workers=2), None, batch_size=None)]
    dataset = keras.data.Dataset.from_tensor_slices((x, y)).shuffle(30, seed=4).batch(5)
    histories.append(fitted(model, dataset, None, batch_size=None, validation_data=dataset))
    for made in (
        dataset.repeat(3).take(11).prefetch(1),  # of which ranks make their rows
        keras.data.Dataset.from_tensor_slices((x, y)).map(lambda x, y: (2 * x, y)).batch(2),
    ):
        weights = {0: 0.5, 1: 1.0, 2: 2.0}
        histories.append(fitted(model, made, None, batch_size=None, class_weight=weights))
        histories.append(fitted(model, made, None, batch_size=None, steps_per_epoch=4))

    def batches():
        while True:
            for i in range(0, 23, 7):
                yield x[i : i + 7], y[i : i + 7]

    histories.append(fitted(model, batches(), None, batch_size=None, steps_per_epoch=3))
    histories.append(fitted(model, x, y, steps_per_epoch=2, shuffle="batch"))
    return outcome(model, None, [list(h.history.values()) for h in histories])


@case
def on_batch():
    x, y = data()
    model = mlp(layers.BatchNormalization())
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    results = [model.train_on_batch(x, y), model.train_on_batch(x[:2], y[:2])]
    results += [model.test_on_batch(x, y), model.predict_on_batch(x)]
    return outcome(model, None, *results)


class SuperStep(keras.Sequential):
    def train_step(self, data):
        logs = super().train_step(data)
        return {**logs, "twice": 2 * logs["loss"]}


class OwnStep(keras.Sequential):
    """Keras's guide to training steps of one's own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen = keras.metrics.Mean(name="loss")
        self.error = keras.metrics.MeanAbsoluteError(name="mae")

    def train_step(self, data):
        x, y = data
        with keras.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = ops.mean(keras.losses.mean_squared_error(y, y_pred))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        self.seen.update_state(loss)
        self.error.update_state(y, y_pred)
        return {"loss": self.seen.result(), "mae": self.error.result()}

    @property
    def metrics(self):
        return [self.seen, self.error]


@case
def own_steps():
    x, _ = data()
    results = []
    for kind in (SuperStep, OwnStep):
        model = kind([keras.Input((5,)), layers.Dense(4), layers.Dense(1)])
        model.compile("adam", "mse", metrics=None if kind is OwnStep else ["mae"])
        history = fitted(model, x, x[:, :1], batch_size=5)
        for name in ("loss", "mae"):
            results.append(history.history[name])
        results += model.get_weights()
    return outcome(model, None, *results)


class Pair(keras.Model):
    """Two nets, built in the first step, with two optimizers and two tapes; one is penalized."""

    def __init__(self):
        super().__init__()
        self.one = keras.Sequential([layers.Dense(5, activation="tanh"), layers.Dense(1)])
        self.two = keras.Sequential([layers.Dense(6, activation="tanh"), layers.Dense(1)])
        self.loss_of_two = keras.metrics.Mean(name="two")

    def compile(self, first, second):
        super().compile()
        self.first, self.second = first, second

    def train_step(self, data):
        x, y = data
        noise = keras.random.normal((ops.shape(x)[0], 5))
        with keras.GradientTape() as tape:
            error = keras.losses.mean_squared_error(y, self.one(x + 0.1 * noise))
            loss = ops.mean(error)
        variables = self.one.trainable_variables
        self.first.apply(tape.gradient(loss, variables), variables)
        with keras.GradientTape() as tape:
            with keras.GradientTape() as inner:
                inputs = ops.convert_to_tensor(x)
                inner.watch(inputs)
                output = self.two(inputs)
            slope = inner.gradient(output, inputs)
            loss = ops.mean(ops.square(ops.norm(slope, axis=-1) - 1)) + ops.mean(
                ops.abs(output - y)
            )
        variables = self.two.trainable_variables
        self.second.apply(tape.gradient(loss, variables), variables)
        self.loss_of_two.update_state(loss)
        return {"two": self.loss_of_two.result()}

    @property
    def metrics(self):
        return [self.loss_of_two]


@case
def two_optimizers():
    x, _ = data(25)
    model = Pair()
    model.compile(keras.optimizers.Adam(), keras.optimizers.SGD(0.1))
    history = model.fit(x, x[:, :1], epochs=2, batch_size=15, verbose=0)
    return outcome(model, history)


class Apart(keras.Model):
    """Two nets with losses of their own; the optimizer of one scales its loss."""

    def __init__(self, at_once):
        super().__init__()
        self.at_once = at_once
        self.one, self.two = (
            keras.Sequential([layers.Dense(4), layers.BatchNormalization(), layers.Dense(1)])
            for _ in range(2)
        )
        self.second = keras.optimizers.SGD(0.1)

    def call(self, x):
        return self.one(x) + self.two(x)

    def train_step(self, data):
        x, y = data
        with keras.GradientTape(persistent=not self.at_once) as tape:
            first = ops.mean((self.one(x, training=True) - y) ** 2)
            second = ops.mean(ops.abs(self.two(x, training=True) - y))
            scaled = self.optimizer.scale_loss(first)
        of_one, of_two = self.one.trainable_variables, self.two.trainable_variables
        if self.at_once:
            found = tape.gradient([scaled, second], [of_one, of_two])
        else:
            found = tape.gradient(scaled, of_one), tape.gradient(second, of_two)
        self.optimizer.apply_gradients(zip(found[0], of_one))
        self.second.apply(found[1], of_two)
        return {"first": first, "second": second}


@case
def a_scaled_loss_beside_a_plain_one():
    x, _ = data()
    results = []
    for at_once in (False, True):
        model = Apart(at_once)
        model(x[:2])
        inner = keras.optimizers.SGD(0.1)
        model.compile(keras.optimizers.LossScaleOptimizer(inner, initial_scale=2.0**127))
        history = fitted(model, x, x[:, :1], batch_size=5)
        scale = model.optimizer.dynamic_scale.numpy()
        results += [*history.history.values(), *model.get_weights(), scale]
    return outcome(model, None, *results)


class Adversaries(keras.Model):
    """A generator in half precision whose loss is scaled, a critic in single precision."""

    def __init__(self):
        super().__init__()
        half = {"dtype": "mixed_float16"}
        self.generator = keras.Sequential(
            [
                layers.Dense(8, activation="tanh", **half),
                layers.BatchNormalization(**half),
                layers.Dense(5, **half),
            ]
        )
        self.critic = keras.Sequential([layers.Dense(6, activation="tanh"), layers.Dense(1)])

    def call(self, x):
        return self.critic(ops.cast(self.generator(x), "float32"))

    def compile(self, of_generator, of_critic):
        super().compile()
        self.of_generator, self.of_critic = of_generator, of_critic

    def train_step(self, x):
        with keras.GradientTape() as tape:
            fake = ops.cast(self.generator(ops.flip(x, -1), training=True), "float32")
            loss = ops.mean(ops.softplus(-self.critic(x))) + ops.mean(
                ops.softplus(self.critic(fake))
            )
        variables = self.critic.trainable_variables
        self.of_critic.apply(tape.gradient(loss, variables), variables)
        with keras.GradientTape() as tape:
            deceit = ops.mean(ops.softplus(-self(ops.flip(x, -1), training=True)))
            scaled = self.of_generator.scale_loss(deceit)
        variables = self.generator.trainable_variables
        self.of_generator.apply(tape.gradient(scaled, variables), variables)
        return {"critic": loss, "generator": deceit}


@case
def adversaries_in_mixed_precision():
    x, _ = data()
    model = Adversaries()
    model(x[:2])
    of_generator = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.02), initial_scale=2.0**10, dynamic_growth_steps=3
    )
    model.compile(of_generator, keras.optimizers.Adam(0.01))
    history = model.fit(x, epochs=3, batch_size=5, verbose=0)
    state = [of_generator.dynamic_scale.numpy(), of_generator.iterations.numpy()]
    return outcome(model, history, state)


class AddsUp(keras.Sequential):
    """Clips the gradient of each step by its length, and adds up those of two."""

    def train_step(self, data):
        x, y = data
        variables = self.trainable_variables
        with keras.GradientTape(persistent=True) as tape:
            loss = ops.mean(keras.losses.mean_squared_error(y, self(x, training=True)))
            if len(self.seen) % 3 == 0:  # while the tape records
                found = tape.gradient(loss, variables)
        if len(self.seen) % 3:
            found = tape.gradient(loss, variables)
        arrays = [g.numpy() for g in found]
        length = sum(np.vdot(a, a) for a in arrays) ** 0.5
        self.seen.append(length)
        arrays = [a * min(1, 0.3 / length) for a in arrays]
        if self.kept is None:
            self.kept = arrays
        else:
            total = [a + b for a, b in zip(arrays, self.kept)]
            self.optimizer.apply_gradients(zip(total, variables))
            self.kept = None
        return {"loss": loss, "length": length}


@case
def gradients_clipped_and_added_up_by_a_step():
    x, _ = data()
    model = AddsUp([keras.Input((5,)), layers.Dense(4, activation="tanh"), layers.Dense(1)])
    model.seen, model.kept = [], None
    model.compile(keras.optimizers.SGD(0.5, momentum=0.5))
    return outcome(model, fitted(model, x, x[:, :1], epochs=3, batch_size=5))


class OwnApply(keras.optimizers.SGD):
    def apply(self, grads, trainable_variables=None):
        longest = max(float(ops.norm(g)) for g in grads)
        super().apply([g / longest for g in grads], trainable_variables)


class Adapts(keras.Sequential):
    """Learns weights from which one step of descent goes far."""

    def train_step(self, data):
        x, y = data
        variables = self.trainable_variables
        with keras.GradientTape() as tape:
            with keras.GradientTape() as inner:
                before = ops.mean((self(x) - y) ** 2)
            steps = inner.gradient(before, variables)
            kernel, bias = (v - 0.1 * g for v, g in zip(variables, steps))
            after = ops.mean((x @ kernel + bias - y) ** 2)
        self.optimizer.apply(tape.gradient(after, variables), variables)
        return {"before": before, "after": after}


@case
def gradients_that_a_user_changes_or_differentiates():
    x, y = data()
    model = mlp()
    model.compile(OwnApply(0.01), "sparse_categorical_crossentropy")
    first = fitted(model, x, y, batch_size=5)
    other = Adapts([keras.Input((5,)), layers.Dense(1)])
    other.compile("sgd")
    second = fitted(other, x, x[:, :1], batch_size=5)
    return outcome(model, first, *second.history.values(), other.get_weights())


class UpdatesMetrics(keras.Sequential):
    """Updates the metrics of `compile` as Keras's guide does, and returns a dict in the logs."""

    def train_step(self, data):
        x, y = data
        with keras.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred)
        variables = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        logs = {metric.name: metric.result() for metric in self.metrics}
        return {**logs, "more": {"of_batch": ops.reshape(loss, (1,))}}


@case
def metrics_that_a_step_updates():
    x, _ = data()
    model = UpdatesMetrics([keras.Input((5,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae", keras.metrics.RootMeanSquaredError()])
    return outcome(model, fitted(model, x, x[:, :1], batch_size=5))


class NamesMetrics(keras.Sequential):
    """Returns what its metrics say under other names; one begins anew with each batch."""

    def train_step(self, data):
        x, y = data
        error, area = self.own
        error.update_state(y, self(x))
        area.update_state(y > 0, ops.sigmoid(self(x)))
        self.each.reset_state()
        self.each.update_state(ops.mean(y))
        logs = {"loss": error.result(), "auc": area.result(), "of_batch": self.each.result()}
        self.each.reset_state()
        return logs


@case
def metrics_that_a_step_names():
    x, _ = data()
    model = NamesMetrics([keras.Input((5,)), layers.Dense(1)])
    model.own = [keras.metrics.RootMeanSquaredError(name="error"), keras.metrics.AUC(name="area")]
    model.each = keras.metrics.Mean(name="each")
    model.compile("sgd")
    return outcome(model, fitted(model, x, x[:, :1], batch_size=5))


class AsksForMuch(keras.Sequential):
    """Takes gradients by inputs, also while a tape records, and leaves every third step to Keras."""

    count = 0

    def train_step(self, data):
        self.count += 1
        if self.count % 3 == 0:
            super().train_step(data)
            return {"total": 0.0, "slope": 0.0, "jacobian": 0.0}
        x, y = map(ops.convert_to_tensor, data)
        variables = self.trainable_variables
        with keras.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y_pred = self(x)
            total = ops.sum(y_pred**2)
            slope = tape.gradient(total, x)
            loss = ops.mean((y_pred - y) ** 2) + 0.1 * ops.mean(slope**2)
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        slope = ops.mean(tape.gradient(total, x) ** 2)
        some = self.count < 9  # one by one: not for ranks without rows
        jacobian = ops.mean(tape.jacobian(y_pred, variables[0])) if some else 0.0
        return {"total": loss, "slope": slope, "jacobian": jacobian}


@case
def gradients_by_inputs_and_steps_of_both_kinds():
    x, _ = data()
    model = AsksForMuch([keras.Input((5,)), layers.Dense(4, activation="tanh"), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.5, gradient_accumulation_steps=4), "mse")
    first = fitted(model, x, x[:, :1], batch_size=5)
    second = fitted(model, x[:7], x[:7, :1], batch_size=2)
    return outcome(model, first, *second.history.values())


def run(names):
    results = {}
    for name in names or CASES:
        keras.utils.set_random_seed(5)
        for key, value in CASES[name]().items():
            results[f"{name}: {key}"] = value
    return results


if __name__ == "__main__":
    _, file, *names = sys.argv
    keras.distribution.set_distribution(keras.distribution.DataParallel())
    from minikeras.common.ranks import ranks

    results = run(names)
    everybody = ranks()
    everybody.agree(
        "outcome", {k: np.asarray(v).tobytes().hex()[:4000] for k, v in results.items()}
    )
    if everybody.rank == 0:
        np.savez(file, **results)
