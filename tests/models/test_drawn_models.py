"""Functional models drawn at random, made by the same code with Keras and with minikeras."""

from __future__ import annotations

import json

import numpy as np
import pytest

import minikeras
from minikeras import tree

MODELS = 30
BATCH, STEPS = 4, 3


class Drawing:
    """Draws a model step by step; the same numbers with another library give the same model.

    Tensors are rows `(batch, n)` or sequences `(batch, 3, n)`. A step is a layer, a layer that was
    there already, a merge of several tensors, a function of `ops` or an operator, or a model inside.

    Args:
        k: `minikeras` or `keras`.
        seed: number of the model.
    """

    def __init__(self, k, seed):
        self.k = k
        self.rng = np.random.default_rng(seed)
        self.count = 0
        self.shared = []  # layers that may be called again, with the shape that they take

    def pick(self, items):
        return items[self.rng.integers(len(items))]

    def name(self, kind):
        self.count += 1
        return f"{kind}_{self.count}"

    def model(self, inputs=None, steps=None):
        """Draw a model, on inputs of given shapes or on drawn ones."""
        depth = 0 if inputs is None else 1
        if inputs is None:
            shapes = [
                (STEPS,) * self.rng.integers(2) + (self.number(),) for _ in range(self.number() - 1)
            ]
            inputs = [self.k.Input(s, name=self.name("input")) for s in shapes]
        tensors = list(inputs)
        for _ in range(steps or self.rng.integers(4, 10)):
            tensors.append(self.step(tensors, depth))
        used = [t for t in tensors if any(t is x for x in inputs)]
        ends = tensors[len(inputs) :][-1 - self.rng.integers(3) :]
        outputs = ends[0] if len(ends) == 1 else self.structure(ends, "output")
        given = used[0] if len(used) == 1 else self.structure(used, "given")
        # Inputs that lead nowhere are left out, as both libraries would otherwise warn of them.
        return self.k.Model(given, outputs, name=self.name("model"))

    def structure(self, items, stem):
        kind = self.pick(["list", "tuple", "dict"])
        if kind == "dict":
            return {f"{stem}_{9 - i}": t for i, t in enumerate(items)}
        return items if kind == "list" else tuple(items)

    def number(self):
        return int(self.rng.integers(2, 5))

    def step(self, tensors, depth):
        x = self.pick(tensors[-4:])
        alike = [t for t in tensors if t.shape == x.shape]
        again = [layer for layer, shape in self.shared if shape == tuple(x.shape)]
        kind = self.pick(["layer"] * 4 + ["merge"] * 3 + ["op"] * 2 + ["again", "model"])
        if kind == "again" and again:
            return self.pick(again)(x)
        if kind == "model" and depth == 0:
            inner = self.model([self.k.Input(x.shape[1:], name=self.name("inside"))], steps=3)
            y = inner(x)
            return tree.flatten(y)[0]
        if kind == "merge":
            return self.merge(x, alike)
        if kind == "op":
            return self.op(x, self.pick(alike))
        layer = self.layer(len(x.shape) == 3)
        self.shared.append((layer, tuple(x.shape)))
        return layer(x)

    def layer(self, sequence):
        layers, n = self.k.layers, self.number()
        made = [
            lambda **o: layers.Dense(n, activation=self.pick(["relu", "tanh", None]), **o),
            lambda **o: layers.Dense(n, use_bias=False, kernel_regularizer="l2", **o),
            lambda **o: layers.Activation(self.pick(["gelu", "softmax", "sigmoid"]), **o),
            lambda **o: layers.LayerNormalization(**o),
            lambda **o: layers.BatchNormalization(trainable=bool(n % 2), **o),
            lambda **o: layers.Dropout(0.3, **o),
            lambda **o: layers.PReLU(**o),
        ]
        if sequence:
            made += [
                lambda **o: layers.Conv1D(n, 2, padding="causal", activation="relu", **o),
                lambda **o: layers.LSTM(n, return_sequences=bool(n % 2), **o),
                lambda **o: layers.GRU(n, go_backwards=bool(n % 2), **o),
                lambda **o: layers.Flatten(**o),
                lambda **o: layers.GlobalAveragePooling1D(**o),
                lambda **o: layers.Permute((2, 1), **o),
                lambda **o: layers.TimeDistributed(layers.Dense(n, name=self.name("inner")), **o),
                lambda **o: layers.Bidirectional(
                    layers.SimpleRNN(n, name=self.name("inner")), merge_mode="sum", **o
                ),
            ]
        else:
            made += [lambda **o: layers.RepeatVector(STEPS, **o)]
        return self.pick(made)(name=self.name("layer"))

    def merge(self, x, alike):
        layers = self.k.layers
        kind = self.pick(["Add", "Multiply", "Average", "Maximum", "Concatenate", "Dot"])
        others = [self.pick(alike) for _ in range(self.number() - 1)]
        if kind == "Dot":
            return (
                layers.Dot(axes=-1, name=self.name("dot"))([x, others[0]])
                if len(x.shape) == 3
                else x * 2
            )
        options = {"axis": -1} if kind == "Concatenate" else {}
        return getattr(layers, kind)(name=self.name("merge"), **options)([x, *others])

    def op(self, x, other):
        ops = self.k.ops
        return self.pick(
            [
                lambda: x + other,
                lambda: x * 0.5 - other,
                lambda: 1.0 / (1.0 + ops.exp(-x)),
                lambda: ops.concatenate([x, other], axis=-1),
                lambda: x - ops.mean(x, axis=-1, keepdims=True),
                lambda: ops.sqrt(ops.square(x) + 1.0),
                lambda: x[..., :1] * other,
                lambda: ops.maximum(x, other),
                lambda: ops.nn.relu(-x),
            ]
        )()


def draw(k, seed):
    k.utils.clear_session()
    return Drawing(k, seed).model()


def data_for(model):
    rng = np.random.default_rng(1)
    return tree.map_structure(
        lambda t: rng.normal(size=(BATCH, *t.shape[1:])).astype("float32"), model.input
    )


def text_of(model):
    parts = []
    model.summary(print_fn=lambda text, **_: parts.append(text), expand_nested=True)
    return "\n".join(parts)


def assert_alike(got, wanted):
    tree.assert_same_paths(got, wanted)
    for a, b in zip(tree.flatten(got), tree.flatten(wanted), strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=2e-5, atol=2e-5)


equal = []


@pytest.mark.parametrize("seed", range(MODELS))
def test_as_keras_makes_it(keras, seed, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    ours, theirs = draw(minikeras, seed), draw(keras, seed)
    for attribute in ("weights", "trainable_weights", "non_trainable_weights"):
        shapes = [[tuple(w.shape) for w in getattr(m, attribute)] for m in (ours, theirs)]
        assert shapes[0] == shapes[1]
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    assert ours.count_params() == theirs.count_params()
    rng = np.random.default_rng(2)
    weights = [rng.uniform(0.2, 0.6, w.shape) * rng.choice([-1, 1], w.shape) for w in ours.weights]
    weights = [
        abs(v) if "variance" in w.name else v for v, w in zip(weights, ours.weights, strict=True)
    ]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    x = data_for(ours)
    wanted = theirs.predict(x, verbose=0)
    assert_alike(ours.predict(x, verbose=0), wanted)
    assert text_of(ours) == text_of(theirs)
    # Configs, both ways; a model made from one is the same model.
    mine, other = ours.to_json(), theirs.to_json()
    read, reread = minikeras.models.model_from_json(other), keras.models.model_from_json(mine)
    again = minikeras.models.model_from_json(mine)
    for model in (read, reread, again, minikeras.models.clone_model(ours)):
        model.set_weights(weights)
        given = tree.pack_sequence_as(model.input, tree.flatten(x))
        assert_alike(tree.flatten(model.predict(given, verbose=0)), tree.flatten(wanted))
    assert json.loads(again.to_json()) == json.loads(mine)
    for model in (read, again):  # what was frozen stays frozen
        assert len(model.trainable_weights) == len(ours.trainable_weights)
    equal.append(seed)


def test_figure():
    """Printed with `pytest -s`."""
    print(f"\ndrawn models equal to Keras: {len(equal)}")
