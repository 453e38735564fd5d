"""Each example's gradient is clipped before the mean: as if examples came one at a time."""

import copy

import numpy as np
import pytest

import minikeras
from minikeras import GradientTape, layers, losses, ops, optimizers
from minikeras.kernels import per_example

N = 6
RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(N, 5)).astype("float32")
SERIES = RNG.normal(size=(N, 9, 4)).astype("float32")
IMAGES = RNG.normal(size=(N, 8, 8, 2)).astype("float32")
FILMS = RNG.normal(size=(N, 3, 6, 6, 2)).astype("float32")
# Words come again within an example, and 0 is padding.
WORDS = np.where(np.arange(9) < RNG.integers(4, 10, (N, 1)), RNG.integers(1, 6, (N, 9)), 0)
TARGETS = RNG.normal(size=(N, 3)).astype("float32")


def one_at_a_time(model, x, y, bound, weights=None):
    """Return the mean of the clipped gradients, each computed alone, and the lengths before."""
    variables = model.trainable_variables
    total = [np.zeros(v.shape) for v in variables]
    norms = []
    n = len(minikeras.tree.flatten(y)[0])
    for i in range(n):
        part = minikeras.tree.map_structure(
            lambda a, i=i: None if a is None else ops.convert_to_tensor(a[i : i + 1]),
            (x, y, weights),
        )
        with GradientTape() as tape:
            outputs = model(part[0], training=True)
            loss = model._compile_loss(part[1], outputs, part[2])
        grads = [
            np.zeros(v.shape) if g is None else g.numpy().astype("float64")
            for g, v in zip(tape.gradient(loss, variables), variables)
        ]
        norms.append(np.sqrt(sum((g**2).sum() for g in grads)))
        for t, g in zip(total, grads):
            t += g * min(1, bound / max(norms[-1], 1e-30)) / n
    return total, norms


def step(model, x, y, weights=None):
    """Return what a step of a model that learns with a rate of 1 takes off the weights."""
    before = [v.numpy().copy() for v in model.trainable_variables]
    model.train_on_batch(x, y, sample_weight=weights)
    return [b - v.numpy() for b, v in zip(before, model.trainable_variables)]


def assert_close(got, wanted, tolerance=2e-6):
    scale = max(np.abs(w).max() for w in wanted)
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale)


def middle_bound(model, x, y, weights=None, loss="mse"):
    """Return a bound that clips half of the examples."""
    model.compile("sgd", loss)
    model._compile_loss(*minikeras.tree.map_structure(ops.convert_to_tensor, (y, model(x))))
    norms = one_at_a_time(model, x, y, 1.0, weights)[1]
    assert max(norms) > 1.05 * min(norms)
    return float(np.median(norms))


def check(model, x, y=TARGETS, weights=None, loss="mse"):
    x = minikeras.tree.map_structure(ops.convert_to_tensor, x)
    bound = middle_bound(model, x, y, weights, loss)
    model.compile(optimizers.SGD(1.0, clipnorm_per_sample=bound), loss)
    for _ in range(2):  # of a new structure, and of one that is known
        wanted, _ = one_at_a_time(model, x, y, bound, weights)
        assert_close(step(model, x, y, weights), wanted)


def chain(shape, *inner, dtype=None):
    return minikeras.Sequential([minikeras.Input(shape, dtype=dtype), *inner, layers.Dense(3)])


class Tied(layers.Layer):
    """A table that is read, and that gives the logits too; places by an index of their own."""

    def build(self, _):
        self.table = self.add_weight(shape=(6, 4), name="table")
        self.places = self.add_weight(shape=(9, 4), name="places")

    def call(self, x):
        h = ops.take(self.table, x, axis=0) + ops.take(self.places, ops.arange(9), axis=0)
        return ops.matmul(ops.mean(ops.tanh(h), axis=1), ops.transpose(self.table))


class TimeMajor(layers.Layer):
    """Examples lie along the second axis, and the weight is used through functions of it."""

    def build(self, _):
        self.w = self.add_weight(shape=(4, 4), name="w")
        self.scale = self.add_weight(shape=(4,), initializer="ones", name="scale")

    def call(self, x):
        left, right = ops.split(self.w * self.w, 2, axis=1)
        x = ops.transpose(x, (1, 0, 2))
        h = ops.tanh(ops.matmul(x, ops.concatenate([right, left], axis=1)) * ops.exp(self.scale))
        return ops.transpose(h, (1, 0, 2))


class Token(layers.Layer):
    """A learnt vector in front of each series."""

    def build(self, shape):
        self.token = self.add_weight(shape=(1, 1, shape[-1]), name="token")

    def call(self, x):
        token = ops.broadcast_to(self.token, (ops.shape(x)[0], 1, x.shape[-1]))
        return ops.concatenate([token, x], axis=1)


MODELS = {
    "dense": lambda: (chain((5,), layers.Dense(7, activation="tanh")), VECTORS),
    "dense on series": lambda: (chain((9, 4), layers.Dense(8), layers.Flatten()), SERIES),
    "long series": lambda: (chain((9, 4), layers.Dense(2), layers.Flatten()), SERIES),
    "conv1d": lambda: (
        chain((9, 4), layers.Conv1D(5, 3, padding="causal", dilation_rate=2), layers.Flatten()),
        SERIES,
    ),
    "conv2d": lambda: (
        chain(
            (8, 8, 2),
            layers.Conv2D(4, 3, activation="relu", padding="same", strides=2),
            layers.Conv2D(6, 3, groups=2),
            layers.Flatten(),
        ),
        IMAGES,
    ),
    "many filters": lambda: (
        chain((8, 8, 2), layers.Conv2D(40, 3), layers.Conv2D(40, 5, groups=2), layers.Flatten()),
        IMAGES,
    ),
    "transposed and depthwise": lambda: (
        chain(
            (8, 8, 2),
            layers.Conv2DTranspose(4, 3, activation="relu", strides=2),
            layers.DepthwiseConv2D(3, depth_multiplier=2, activation="tanh"),
            layers.SeparableConv2D(3, 3),
            layers.GlobalAveragePooling2D(),
        ),
        IMAGES,
    ),
    "normalization": lambda: (
        chain(
            (9, 4),
            layers.Dense(6),
            layers.LayerNormalization(),
            layers.GroupNormalization(2),
            layers.RMSNormalization(),
            layers.PReLU(),
            layers.Flatten(),
        ),
        SERIES,
    ),
    "embedding": lambda: (
        chain(
            (9,),
            layers.Embedding(6, 4, mask_zero=True),
            layers.GlobalAveragePooling1D(),
            dtype="int32",
        ),
        WORDS,
    ),
    "lstm and gru": lambda: (
        chain(
            (9,),
            layers.Embedding(6, 4, mask_zero=True),
            layers.LSTM(5, return_sequences=True),
            layers.Bidirectional(layers.GRU(4)),
            dtype="int32",
        ),
        WORDS,
    ),
    "other recurrent layers": lambda: (
        chain(
            (9, 4),
            layers.GRU(5, reset_after=False, return_sequences=True),
            layers.SimpleRNN(4, go_backwards=True, return_sequences=True),
            layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)]),
        ),
        SERIES,
    ),
    "films": lambda: (
        chain(
            (3, 6, 6, 2),
            layers.TimeDistributed(layers.Conv2D(4, 3, activation="relu")),
            layers.TimeDistributed(layers.Flatten()),
            layers.LSTM(4),
        ),
        FILMS,
    ),
    "tied table": lambda: (chain((9,), Tied(), dtype="int32"), WORDS),
    "time first": lambda: (chain((9, 4), TimeMajor(), layers.Flatten()), SERIES),
    "token": lambda: (chain((9, 4), Token(), layers.LSTM(4)), SERIES),
    "einsum": lambda: (chain((9, 4), layers.EinsumDense("abc,cd->ad", 5)), SERIES),
    "attention": lambda: (attention(), SERIES),
    "shared layer": lambda: (shared(), [VECTORS, VECTORS[::-1].copy()]),
}


def attention():
    x = minikeras.Input((9, 4))
    h = layers.Add()([x, layers.MultiHeadAttention(2, 3)(x, x)])
    h = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(h))
    return minikeras.Model(x, layers.Dense(3)(h))


def shared():
    a, b = minikeras.Input((5,)), minikeras.Input((5,))
    layer = layers.Dense(5, activation="tanh")
    return minikeras.Model([a, b], layers.Dense(3)(layers.Subtract()([layer(layer(a)), layer(b)])))


@pytest.fixture(autouse=True)
def seed():
    minikeras.utils.set_random_seed(1)


@pytest.mark.parametrize("name", MODELS)
def test_as_one_at_a_time(name):
    check(*MODELS[name]())


@pytest.mark.parametrize("name", ["conv2d", "long series", "tied table", "time first", "films"])
def test_in_small_pieces(name, monkeypatch):
    """Where gradients of single examples are too large to be kept."""
    from minikeras.autodiff import per_example as tapes

    monkeypatch.setattr(per_example, "CHUNK", 40)
    monkeypatch.setattr(per_example, "KEPT", 1)
    monkeypatch.setattr(tapes, "KEPT", 1)
    check(*MODELS[name]())


def test_several_outputs_and_weights_of_samples():
    x = minikeras.Input((5,))
    h = layers.Dense(4, activation="tanh")(x)
    model = minikeras.Model(x, [layers.Dense(3, name="a")(h), layers.Dense(1, name="b")(h)])
    y = [TARGETS, TARGETS[:, :1].copy()]
    weights = [RNG.random(N).astype("float32"), RNG.random(N).astype("float32")]
    check(model, VECTORS, y, weights)
    check(model, VECTORS, y, weights, loss=["mae", "mse"])


def test_weights_of_samples_scale_gradients_before_they_are_clipped():
    model = chain((5,))
    check(model, VECTORS, TARGETS, np.arange(N, dtype="float32"))


def test_a_batch_of_one_and_a_smaller_last_batch():
    model = chain((5,), layers.Dense(4, activation="tanh"), layers.LayerNormalization())
    bound = middle_bound(model, VECTORS, TARGETS)
    model.compile(optimizers.SGD(1.0, clipnorm_per_sample=bound), "mse")
    for n in (1, 4, 2, 1):
        wanted, _ = one_at_a_time(model, VECTORS[:n], TARGETS[:n], bound)
        assert_close(step(model, VECTORS[:n], TARGETS[:n]), wanted)
    start = model.get_weights()
    model.fit(VECTORS, TARGETS, batch_size=4, shuffle=False, verbose=0)
    fitted = model.get_weights()
    model.set_weights(start)
    for part in (slice(0, 4), slice(4, 6)):
        step(model, VECTORS[part], TARGETS[part])
    for a, b in zip(fitted, model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_what_is_known_of_a_structure_serves_batches_of_other_sizes():
    model = chain((5,))
    model.compile(optimizers.SGD(0.1, clipnorm_per_sample=1.0), "mse")
    x, y = np.tile(VECTORS, (6, 1)), np.tile(TARGETS, (6, 1))
    for n in (36, 20, 17, 30):
        model.train_on_batch(x[:n], y[:n])
    assert len(model.optimizer._plans) == 1


def test_an_output_without_a_loss():
    x = minikeras.Input((5,))
    h = layers.Dense(4, activation="tanh")(x)
    model = minikeras.Model(x, {"a": layers.Dense(3)(h), "b": layers.Dense(2)(h)})
    bound = middle_bound(model, VECTORS, {"a": TARGETS}, loss={"a": "mse"})
    model.compile(optimizers.SGD(1.0, clipnorm_per_sample=bound), {"a": "mse"})
    for _ in range(2):
        wanted, _ = one_at_a_time(model, VECTORS, {"a": TARGETS}, bound)
        assert_close(step(model, VECTORS, {"a": TARGETS}), wanted)
    assert len(model.optimizer._plans) == 1


def test_a_sum_of_losses_is_a_sum_of_clipped_gradients():
    model = chain((5,))
    bound = middle_bound(model, VECTORS, TARGETS)
    wanted, _ = one_at_a_time(model, VECTORS, TARGETS, bound)
    loss = losses.MeanSquaredError(reduction="sum")
    model.compile(optimizers.SGD(1.0, clipnorm_per_sample=bound), loss)
    assert_close(step(model, VECTORS, TARGETS), [N * w for w in wanted])


def test_penalties_on_weights_are_added_unclipped():
    inner = layers.Dense(4, kernel_regularizer="l2", activity_regularizer="l2")
    model = chain((5,), inner)
    model.compile(optimizers.SGD(1.0, clipnorm_per_sample=1e-4), "mse")
    model.build()
    penalty = 2 * 0.01 * inner.kernel.numpy()
    taken = step(model, VECTORS, TARGETS)
    np.testing.assert_allclose(taken[0], penalty, atol=1.1e-4)
    # The penalty on activities is an example's own: it is clipped with the rest.
    assert np.sqrt(sum((t**2).sum() for t in [taken[0] - penalty, *taken[1:]])) < 1.01e-4


def test_mixed_precision_and_loss_scales():
    pytest.importorskip("ml_dtypes")

    def trained(policy="float32", **options):
        minikeras.utils.set_random_seed(1)
        model = minikeras.Sequential([layers.LSTM(5), layers.Dense(4), layers.Dense(3)])
        for layer in model.layers:
            layer.dtype_policy = policy
        model.build(SERIES.shape)
        optimizer = optimizers.SGD(1.0, clipnorm_per_sample=0.5, **options)
        if policy == "mixed_float16":
            optimizer = optimizers.LossScaleOptimizer(optimizer)
        model.compile(optimizer, "mse")
        return step(model, SERIES, TARGETS)

    plain = trained()
    assert_close(trained(loss_scale_factor=8.0), plain)
    assert_close(trained("mixed_float16"), plain, 1e-2)
    assert_close(trained("mixed_bfloat16"), plain, 5e-2)


def test_accumulated_steps_make_one_of_all_their_examples():
    model = chain((5,), layers.Dense(4))
    bound = middle_bound(model, VECTORS, TARGETS)
    wanted, _ = one_at_a_time(model, VECTORS, TARGETS, bound)
    optimizer = optimizers.SGD(1.0, clipnorm_per_sample=bound, gradient_accumulation_steps=2)
    model.compile(optimizer, "mse")
    start = model.get_weights()
    for part in (slice(0, 3), slice(3, 6)):
        model.train_on_batch(VECTORS[part], TARGETS[part])
    assert_close([a - b for a, b in zip(start, model.get_weights())], wanted)


def test_the_mean_may_be_clipped_too_and_averaged():
    model = chain((5,))
    bound = middle_bound(model, VECTORS, TARGETS)
    wanted, _ = one_at_a_time(model, VECTORS, TARGETS, bound)
    half = np.sqrt(sum((w**2).sum() for w in wanted)) / 2
    model.compile(optimizers.SGD(1.0, clipnorm_per_sample=bound, global_clipnorm=half), "mse")
    assert_close(step(model, VECTORS, TARGETS), [w / 2 for w in wanted])
    model.compile(optimizers.SGD(1.0, clipnorm_per_sample=bound, use_ema=True), "mse")
    wanted, _ = one_at_a_time(model, VECTORS, TARGETS, bound)
    assert_close(step(model, VECTORS, TARGETS), wanted)


# A training step of one's own.


class OwnStep(minikeras.Sequential):
    def train_step(self, data):
        x, y = data
        with GradientTape() as tape:
            x = tape.watch_examples(x)
            outputs = self(x, training=True)
            loss = self.optimizer.scale_loss(ops.mean((outputs - y) ** 2))
        grads = self.optimizer.clipped_gradients(tape, loss, outputs)
        self.optimizer.apply_flat(grads)
        return {"loss": loss}


@pytest.mark.parametrize("options", [{}, {"loss_scale_factor": 4.0}])
def test_a_step_of_ones_own(options):
    model = OwnStep([minikeras.Input((5,)), layers.Dense(4), layers.Dense(3)])
    bound = middle_bound(model, VECTORS, TARGETS)
    for clip in (bound, None):
        model.compile(optimizers.SGD(1.0, clipnorm_per_sample=clip, **options), "mse")
        wanted, _ = one_at_a_time(model, VECTORS, TARGETS, clip or np.inf)
        assert_close(step(model, VECTORS, TARGETS), wanted)


@pytest.mark.parametrize("layer", [layers.Flatten, lambda: layers.LSTM(4)])
def test_a_tape_around_has_its_gradients_yet(layer):
    model = chain((9, 4), layer())
    optimizer = optimizers.SGD(1.0, clipnorm_per_sample=1.0)
    optimizer.build(model.trainable_variables)
    with GradientTape() as plain:
        expected = ops.mean(model(SERIES, training=True) ** 2)
    with GradientTape() as around:
        with GradientTape() as tape:
            outputs = model(tape.watch_examples(SERIES), training=True)
            loss = ops.mean(outputs**2)
        optimizer.clipped_gradients(tape, loss, outputs)
    wanted = plain.gradient(expected, model.trainable_variables)
    for a, b in zip(around.gradient(loss, model.trainable_variables), wanted, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5)


def test_gradients_that_are_not_clipped_are_refused():
    v = minikeras.Variable([1.0])
    optimizer = optimizers.SGD(clipnorm_per_sample=1.0)
    optimizer.build([v])
    for call in (
        lambda: optimizer.apply([[1.0]], [v]),
        lambda: optimizer.apply_flat({v.node: np.ones(1, "float32")}),
        lambda: optimizers.LossScaleOptimizer(optimizer).apply([[1.0]], [v]),
    ):
        with pytest.raises(ValueError, match="clipped_gradients"):
            call()
    with GradientTape() as tape:
        y = ops.reshape(v * np.ones((2, 1), "float32"), (2, 1))
        loss = ops.mean(y)
    with pytest.raises(ValueError, match="watch_examples"):
        optimizer.clipped_gradients(tape, loss, y)


# What has no gradient of one example.


class Centred(layers.Layer):
    def call(self, x):
        return x - ops.mean(x, axis=0)


class Accumulated(layers.Layer):
    def call(self, x):
        return ops.cumsum(x, axis=0)


@pytest.mark.parametrize("rows", [N, 1])
def test_batch_normalization_is_refused_whatever_the_batch(rows):
    model = chain((5,), layers.BatchNormalization(name="bn"))
    model.compile(optimizers.SGD(clipnorm_per_sample=1.0), "mse")
    with pytest.raises(ValueError, match="/bn' the result"):
        model.train_on_batch(VECTORS[:rows], TARGETS[:rows])


@pytest.mark.parametrize(
    "inner, place",
    [
        ([Accumulated(name="accumulated")], "/accumulated'"),
        ([layers.Dense(4), layers.BatchNormalization(name="bn")], "/bn'"),
        ([layers.BatchNormalization(name="bn")], "/bn'"),
        ([layers.Dense(4), Centred(name="centred")], "/centred'"),
        ([Centred(name="centred")], "/centred'"),
    ],
)
def test_layers_in_which_examples_interact_are_named(inner, place):
    model = chain((5,), *[layer.from_config(layer.get_config()) for layer in inner])
    model.compile(optimizers.SGD(clipnorm_per_sample=1.0), "mse")
    start = model.get_weights()[:2]
    with pytest.raises(
        ValueError, match=f"{place} the result for one example depends on the others"
    ):
        model.train_on_batch(VECTORS, TARGETS)
    for a, b in zip(start, model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_frozen_batch_normalization_is_no_interaction():
    frozen = layers.BatchNormalization()
    model = chain((5,), layers.Dense(4), frozen)
    frozen.trainable = False
    check(model, VECTORS)


def test_losses_in_which_examples_interact_are_refused():
    def spread(y_true, y_pred):
        return ops.mean(ops.abs(y_pred - ops.mean(y_pred, axis=0)), axis=-1)

    model = chain((5,))
    for loss, message in (
        (spread, "'spread'"),
        ("dice", "'dice'"),
        (losses.MeanSquaredError(reduction="mean_with_sample_weight"), "mean_with_sample_weight"),
    ):
        model.compile(optimizers.SGD(clipnorm_per_sample=1.0), loss)
        with pytest.raises(ValueError, match=message):
            model.train_on_batch(VECTORS, np.abs(TARGETS))


def test_weights_that_only_the_loss_uses_are_refused():
    class Learnt(minikeras.Sequential):
        def build(self, shape=None):
            super().build(shape)
            self.factor = self.add_weight(shape=(3,), initializer="ones", name="factor")

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return ops.mean((y_pred - y) ** 2 * self.factor)

    model = Learnt([layers.Dense(3)])
    model.build((None, 5))
    model.compile(optimizers.SGD(clipnorm_per_sample=1.0), "mse")
    with pytest.raises(ValueError, match="uses weights in the loss"):
        model.train_on_batch(VECTORS, TARGETS)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: optimizers.SGD(noise_multiplier=1.0), "set `clipnorm_per_sample` too"),
        (lambda: optimizers.SGD(clipnorm_per_sample=-1.0), "clipnorm_per_sample"),
        (
            lambda: optimizers.SGD(clipnorm_per_sample=1.0, noise_multiplier=-1.0),
            "noise_multiplier",
        ),
        (
            lambda: optimizers.MultiOptimizer(
                optimizers.OptimizerMap(optimizers.SGD(clipnorm_per_sample=1.0))
            ),
            "over all variables",
        ),
        (
            lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), clipnorm_per_sample=1.0),
            "`inner_optimizer`",
        ),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# Noise.


def noise_of(seed=3, steps=1, loss="mse", **options):
    """Return what noise added to the updates of 40,200 weights, by steps."""
    taken = []
    for multiplier in (0.0, 2.0):
        minikeras.utils.set_random_seed(1)
        model = minikeras.Sequential([minikeras.Input((200,)), layers.Dense(200)])
        model.compile(
            optimizers.SGD(
                1.0,
                clipnorm_per_sample=0.5,
                noise_multiplier=multiplier,
                noise_seed=seed,
                **options,
            ),
            loss,
        )
        x = np.random.default_rng(0).normal(size=(10, 200)).astype("float32")
        before = np.concatenate([v.numpy().ravel() for v in model.trainable_variables])
        for _ in range(steps):
            model.train_on_batch(x, x)
        after = np.concatenate([v.numpy().ravel() for v in model.trainable_variables])
        taken.append(before - after)
    return taken[1] - taken[0]


@pytest.mark.parametrize(
    "options, deviation",
    [
        ({}, 2 * 0.5 / 10),
        ({"loss": losses.MeanSquaredError(reduction="sum")}, 2 * 0.5),
        ({"steps": 4, "gradient_accumulation_steps": 4}, 2 * 0.5 / 40),
        ({"loss_scale_factor": 16.0}, 2 * 0.5 / 10),
    ],
)
def test_noise_has_the_deviation_that_was_asked_for(options, deviation):
    noise = noise_of(**options)
    assert noise.std() == pytest.approx(deviation, rel=0.015)
    assert abs(noise.mean()) < 4 * deviation / noise.size**0.5
    # Normal, not just of that spread.
    assert np.mean(np.abs(noise) < deviation) == pytest.approx(0.6827, abs=0.01)


def test_noise_comes_from_its_seed():
    first = noise_of()
    np.testing.assert_array_equal(first, noise_of())
    assert np.corrcoef(first, noise_of(seed=4))[0, 1] < 0.05
    both = noise_of(steps=2)  # another draw at each step
    assert np.corrcoef(first, both - first)[0, 1] < 0.05


def test_saved_and_copied_optimizers_go_on_with_the_same_noise(tmp_path):
    pytest.importorskip("h5py")
    model = chain((5,))
    optimizer = optimizers.Adam(
        clipnorm_per_sample=1.0, noise_multiplier=0.5, noise_seed=7, learning_rate=0.1
    )
    model.compile(optimizer, "mse")
    model.fit(VECTORS, TARGETS, epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded, copied = minikeras.models.load_model(tmp_path / "model.keras"), copy.deepcopy(model)
    config = loaded.optimizer.get_config()
    assert config == optimizer.get_config()
    assert (config["clipnorm_per_sample"], config["noise_multiplier"]) == (1.0, 0.5)
    for m in (model, loaded, copied):
        m.fit(VECTORS, TARGETS, epochs=2, verbose=0, shuffle=False)
    for m in (loaded, copied):
        for a, b in zip(model.get_weights(), m.get_weights()):
            np.testing.assert_array_equal(a, b)


def test_configs_name_these_arguments_only_where_they_are_given():
    """So Keras, which does not know them, reads the files of models that do without."""
    assert not {"clipnorm_per_sample", "noise_multiplier", "noise_seed"} & set(
        optimizers.Adam().get_config()
    )
    config = optimizers.Adam(clipnorm_per_sample=2.0).get_config()
    assert optimizers.Adam.from_config(config).clipnorm_per_sample == 2.0


def test_noise_and_a_mean_over_masked_steps_do_not_go_together():
    model = minikeras.Sequential(
        [layers.Embedding(6, 4, mask_zero=True), layers.LSTM(3, return_sequences=True)]
    )
    targets = np.zeros((N, 9, 3), "float32")
    for loss in ("mse", losses.MeanSquaredError(reduction="sum")):
        model.compile(optimizers.SGD(clipnorm_per_sample=1.0, noise_multiplier=1.0), loss)
        if loss == "mse":
            with pytest.raises(ValueError, match="reduction='sum'"):
                model.train_on_batch(WORDS, targets)
        else:
            model.train_on_batch(WORDS, targets)
