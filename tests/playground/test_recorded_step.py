"""The arrays of one step are those of the model's own layers, tape and optimizer."""

import numpy as np
import pytest

import minikeras
from minikeras import layers, ops
from minikeras.autodiff import state
from minikeras.playground.recorded_step import recorded_step

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 2)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


def model(optimizer, seed=0):
    minikeras.utils.clear_session()
    minikeras.utils.set_random_seed(seed)
    parts = [layers.Dense(3, "tanh", name="a"), layers.Dense(1, "sigmoid", name="b")]
    made = minikeras.Sequential([minikeras.Input((2,)), *parts])
    made.compile(optimizer, "mse", metrics=["mae"])
    return made


def by_hand(made):
    """Return outputs and gradients of the mean squared error, by the chain rule."""
    w, b, v, c = (w.numpy().astype("float64") for w in made.trainable_variables)
    a = np.tanh(X @ w + b)
    y = 1 / (1 + np.exp(-(a @ v + c)))
    of_y = 2 * (y - Y) / len(Y)
    of_sum = of_y * y * (1 - y)
    of_a = of_sum @ v.T
    of_inner = of_a * (1 - a**2)
    found = {"output of a": a, "output of b": y, "loss": np.mean((y - Y) ** 2)}
    found |= {"mae": np.mean(np.abs(y - Y))}
    found |= {"gradient of output of b": of_y, "gradient of output of a": of_a}
    found |= {"gradient of b/bias": of_sum.sum(axis=0), "gradient of b/kernel": a.T @ of_sum}
    found |= {"gradient of a/bias": of_inner.sum(axis=0), "gradient of a/kernel": X.T @ of_inner}
    return found


def assert_equal(arrays, wanted):
    for name, value in wanted.items():
        np.testing.assert_allclose(arrays[name], value, rtol=2e-4, atol=1e-6, err_msg=name)


def test_they_are_what_the_chain_rule_gives_in_the_order_of_the_step():
    made = model(minikeras.optimizers.SGD(0.5))
    wanted = by_hand(made)
    weights = [f"{layer}/{kind}" for layer in "ab" for kind in ("kernel", "bias")]
    before = dict(zip(weights, made.get_weights()))
    arrays = recorded_step(made, X, Y)
    assert_equal(arrays, wanted)
    assert list(arrays) == [
        *("x", "y"),
        *(f"{name} before" for name in weights),
        *wanted,
        *(f"{name} after" for name in weights),
    ]
    for name, after in zip(weights, made.get_weights()):
        np.testing.assert_array_equal(arrays[f"{name} before"], before[name])
        np.testing.assert_array_equal(arrays[f"{name} after"], after)
        step = before[name] - 0.5 * arrays[f"gradient of {name}"]
        np.testing.assert_allclose(after, step, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"clipnorm": 0.01},
        {"loss_scale_factor": 64.0},
        {"clipnorm_per_sample": 0.05},
        {"gradient_accumulation_steps": 2},
        "scaled",
    ],
)
def test_the_step_is_the_one_that_train_on_batch_makes(options):
    def optimizer():
        if options == "scaled":
            adam = minikeras.optimizers.Adam(0.1)
            return minikeras.optimizers.LossScaleOptimizer(adam, initial_scale=256.0)
        return minikeras.optimizers.Adam(0.1, **options)

    watched, alone = model(optimizer()), model(optimizer())
    for _ in range(2):
        wanted = by_hand(watched)
        arrays = recorded_step(watched, X, Y)
        alone.train_on_batch(X, Y)
        for a, b in zip(watched.get_weights(), alone.get_weights()):
            np.testing.assert_array_equal(a, b)
    if "clipnorm_per_sample" in options:
        names = [name for name in arrays if name.startswith("gradient of ")]
        length = np.sqrt(sum(np.sum(arrays[name] ** 2) for name in names))
        assert length <= 0.05 * (1 + 1e-5)
        assert not any("output" in name for name in names)
    else:  # before clipping, and without the scale
        assert_equal(arrays, wanted)


class Doubled(minikeras.Model):
    """A model with a step, a `call` and a weight of its own."""

    def __init__(self):
        super().__init__(name="doubled")
        self.inner = layers.Dense(3, "tanh", name="inner")
        self.own = self.add_weight((3, 1), "glorot_uniform", name="own")

    def call(self, x):
        return ops.sigmoid(self.inner(x) @ self.own)

    def train_step(self, data):
        x, y = data
        with minikeras.GradientTape() as tape:
            loss = 2 * ops.mean(ops.square(self(x, training=True) - y))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"seen": 7.0, "loss": loss}


def test_a_train_step_of_the_users_is_the_one_that_is_shown():
    made = Doubled()
    made.compile(minikeras.optimizers.SGD(1.0))
    made(X)
    arrays = recorded_step(made, X, Y)
    of_output = 2 * 2 * (arrays["output of doubled"] - Y) / len(Y)
    np.testing.assert_allclose(arrays["gradient of output of doubled"], of_output, rtol=1e-5)
    assert arrays["seen"] == 7
    loss = 2 * np.mean((arrays["output of doubled"] - Y) ** 2)
    np.testing.assert_allclose(arrays["loss"], loss, rtol=1e-5)
    for name in ("own", "inner/kernel"):
        change = arrays[f"{name} before"] - arrays[f"{name} after"]
        np.testing.assert_allclose(change, arrays[f"gradient of {name}"], rtol=1e-4, atol=1e-6)


def test_low_precision_and_layers_in_layers():
    pytest.importorskip("ml_dtypes")
    minikeras.utils.clear_session()
    deep = layers.Dense(3, name="deep", dtype="mixed_bfloat16")
    inner = minikeras.Sequential([deep, layers.Dropout(0.5, seed=1)])
    last = layers.Dense(1, name="last", dtype="mixed_bfloat16")
    made = minikeras.Sequential([minikeras.Input((2,)), inner, last])
    made.compile("sgd", "mse")
    arrays = recorded_step(made, X, Y)
    assert {"output of deep", "output of dropout", "gradient of output of deep"} <= set(arrays)
    assert arrays["output of last"].dtype == "float32"
    dropped = arrays["output of dropout"] == 0
    assert (arrays["gradient of output of deep"][dropped] == 0).all() and dropped.any()


def test_nothing_is_left_behind_when_a_step_fails():
    class Failing(layers.Layer):
        fails = False

        def call(self, x):
            if self.fails:
                raise ArithmeticError("no")
            return x * 1.0

    def kept():
        return [
            set(vars(part)) for part in (failing, made.optimizer, made)
        ], state.thread.state.play

    failing = Failing()
    made = minikeras.Sequential([minikeras.Input((2,)), layers.Dense(1), failing])
    made.compile("sgd", "mse")
    made.train_on_batch(X, Y)
    before = kept()
    Failing.fails = True
    with pytest.raises(ArithmeticError):
        recorded_step(made, X, Y)
    assert kept() == before
