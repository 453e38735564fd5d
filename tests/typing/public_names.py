"""What checkers of types know of the public names. mypy reads this file; nobody runs it.

`assert_type` fails where a result has another type, and where it has none (`Any`).
"""

from typing import Any

import numpy as np
from typing_extensions import assert_type

import minikeras
from minikeras import (
    KerasTensor,
    Model,
    Sequential,
    activations,
    applications,
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    ops,
    optimizers,
    random,
    regularizers,
    utils,
)
from minikeras.autodiff.tensor import Tensor
from minikeras.callbacks import EarlyStopping, History, TensorBoard
from minikeras.data import Dataset
from minikeras.layers import *  # noqa: F403  # names that are loaded late are among them
from minikeras.optimizers.schedules import CosineDecay

x = np.ones((4, 2), "float32")

# Training.

model = Sequential([minikeras.Input((2,)), layers.Dense(3, activation="relu"), Dense(1)])  # noqa: F405
model.compile(
    optimizers.Adam(CosineDecay(0.01, 100), clipnorm=1.0), losses.Huber(delta=2.0), ["mae"]
)
history = model.fit(
    x, x[:, :1], epochs=2, callbacks=[EarlyStopping(patience=3), TensorBoard("logs")]
)
assert_type(history, History)
assert_type(history.history["loss"], list[Any])
assert_type(model.predict(x), np.ndarray)
assert_type(model.predict_on_batch(x), np.ndarray)
assert_type(model.layers, list[layers.Layer])
assert_type(model(x), Tensor)
assert_type(utils.to_categorical([0, 1]), np.ndarray)
assert_type(minikeras.models.clone_model(model), Model)

# Functional models.

inputs = minikeras.Input((8, 8, 3))
assert_type(inputs, KerasTensor)
y = layers.Conv2D(4, 3)(inputs)
assert_type(y, KerasTensor)
y = layers.Concatenate()([layers.MaxPooling2D()(y), layers.AveragePooling2D(2)(y)])
y = layers.RandomFlip("horizontal")(y) + 1
assert_type(y, KerasTensor)
assert_type(y.shape, tuple[int | None, ...])
assert_type(Model(inputs, y), Model)
assert_type(layers.RandomFlip(), RandomFlip)  # noqa: F405
assert_type(applications.VGG16(weights=None, classes=10), Model)

# Operations, and the operators of tensors.

t = ops.exp(x)
assert_type(t, Tensor)
assert_type(ops.image.resize(t, (2, 2)), Tensor)
assert_type(ops.sum(t, axis=0, keepdims=True), Tensor)
assert_type(2 * t @ t.T - t[0] ** 2, Tensor)
assert_type(-minikeras.Variable(1.0) / 2, Tensor)
assert_type(t > 1, Tensor)
assert_type(t.mean(), Tensor)
assert_type(t.numpy(), np.ndarray)
assert_type(float(t.sum()), float)
assert_type(activations.gelu(t), Tensor)
assert_type(random.normal((2, 3), seed=1), Tensor)

# Losses, metrics, and what layers are made of.

assert_type(losses.huber(t, t, delta=1.0), Tensor)
assert_type(losses.MeanSquaredError(reduction="sum")(t, t), Tensor)
metric = metrics.SparseCategoricalAccuracy(name="right")
metric.update_state(t, t)
assert_type(metric.result(), Tensor)
assert_type(metric(t, t), Tensor)
assert_type(metrics.binary_accuracy(t, t), Tensor)
assert_type(initializers.HeNormal(seed=1)((2, 3)), Tensor)
assert_type(regularizers.L2(0.1)(t), Tensor)
assert_type(constraints.MaxNorm(2)(t), Tensor)

# Data, and classes of one's own.

assert_type(Dataset.range(8).map(lambda i: i * i).batch(2), Dataset)


@utils.register_keras_serializable("mine")
class Scaled(layers.Layer):
    """Multiplies by one number, which it learns."""

    def build(self, input_shape: tuple) -> None:
        self.scale = self.add_weight((), "ones")

    def call(self, inputs: Tensor) -> Tensor:
        return inputs * self.scale


class Stop(callbacks.Callback):
    """Ends training when the loss is small."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs and logs["loss"] < 0.1:
            self.model.stop_training = True


assert_type(Scaled(name="s")(x), Tensor)

with minikeras.GradientTape() as tape:
    loss = ops.mean(ops.square(model(x) - 1.0))
gradients = tape.gradient(loss, model.trainable_weights)
optimizers.SGD(0.1, momentum=0.9).apply(gradients, model.trainable_weights)

# What is not there is told.

layers.Dens(3)  # type: ignore[attr-defined]
ops.expp(x)  # type: ignore[attr-defined]
losses.Huber(delt=2.0)  # type: ignore[call-arg]
