"""Convolutional LSTMs: masks, which Keras cannot take on JAX, and gradients by example."""

import numpy as np
import pytest

import minikeras
from minikeras import layers, ops


def by_hand(layer, x, keep):
    """Run the layer's cell step by step; where `keep` is false the state stays."""
    h = c = np.zeros((x.shape[0], *layer.compute_output_shape(x.shape)[0][2:]))
    outputs = []
    for t in reversed(range(x.shape[1])):
        _, (new_h, new_c) = layer.cell(x[:, t], [h, c])
        rows = keep[:, t].reshape(-1, *[1] * (x.ndim - 2))
        h, c = ops.where(rows, new_h, h), ops.where(rows, new_c, c)
        outputs.append(h)
    return ops.stack(outputs, axis=1), h, c


@pytest.mark.parametrize("zeros", [False, True])
def test_masked_steps_leave_the_state(zeros):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 4, 5, 4, 2))
    keep = np.array([[1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0]], bool)
    layer = layers.ConvLSTM2D(
        3,
        (3, 2),
        return_sequences=True,
        return_state=True,
        go_backwards=True,
        zero_output_for_mask=zeros,
        dtype="float64",
    )
    got, wanted = [], []
    for results, run in ((got, lambda: layer(x, mask=keep)), (wanted, None)):
        with minikeras.GradientTape() as tape:
            y, h, c = run() if run else by_hand(layer, x, keep)
            if zeros and not run:
                y = ops.where(keep[:, ::-1, None, None, None], y, 0.0)
            total = ops.sum(ops.sin(y)) + ops.sum(ops.square(c)) + ops.sum(h)
        results += [y, h, c, *tape.gradient(total, layer.trainable_weights)]
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


def test_gradients_of_single_examples():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 2, 4, 4, 2)), rng.normal(size=(3, 3, 3, 2))
    model = minikeras.Sequential([layers.ConvLSTM2D(2, 2, dtype="float64")])
    model.build(x.shape)
    weights = model.trainable_weights

    def gradients(x, y):
        with minikeras.GradientTape() as tape:
            loss = ops.sum(ops.square(model(x) - y))
        return [np.asarray(g) for g in tape.gradient(loss, weights)]

    clip, wanted = 0.5, [0] * len(weights)
    for i in range(3):
        one = gradients(x[i : i + 1], y[i : i + 1])
        factor = min(1, clip / np.sqrt(sum((g**2).sum() for g in one)))
        wanted = [total + factor * g for total, g in zip(wanted, one)]
    optimizer = minikeras.optimizers.SGD(1.0, clipnorm_per_sample=clip)
    optimizer.build(weights)
    before = model.get_weights()
    with minikeras.GradientTape() as tape:
        outputs = model(tape.watch_examples(x))
        loss = ops.sum(ops.square(outputs - y))
    optimizer.apply_flat(optimizer.clipped_gradients(tape, loss, outputs, averaged=False))
    for a, b, total in zip(before, model.get_weights(), wanted, strict=True):
        np.testing.assert_allclose(a - b, total, rtol=1e-6, atol=1e-9)


def test_what_it_refuses():
    with pytest.raises(ValueError, match="spatial axes of the inputs must have known sizes"):
        layers.ConvLSTM1D(2, 2)(minikeras.Input((3, None, 2)))
    with pytest.raises(
        ValueError, match=r"initial_state.*shape \(1, 3, 2\).*Received: \(1, 4, 2\)"
    ):
        layers.ConvLSTM1D(2, 2)(np.ones((1, 2, 4, 1)), initial_state=[np.ones((1, 4, 2))] * 2)
