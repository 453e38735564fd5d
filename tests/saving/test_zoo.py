"""Models saved by Keras and loaded here, and the other way: they predict and train on alike."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import minikeras
from minikeras import tree

pytest.importorskip("h5py")

if "zoo" not in sys.modules:
    spec = importlib.util.spec_from_file_location("zoo", Path(__file__).with_name("zoo.py"))
    sys.modules["zoo"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["zoo"])
ZOO = sys.modules["zoo"].ZOO

assert len(ZOO) >= 55


def shows_alike(model):
    """Whether Keras's summary of a model is ours.

    Keras shows the operation that makes a mask as a layer, and its Adafactor has integers of 64 bits
    where JAX has them.
    """
    masked = any(getattr(layer, "mask_zero", False) for layer in model.layers)
    return not masked and type(model.optimizer).__name__ != "Adafactor"


def data_for(model, seed):
    """Return inputs and targets of the shapes that a model has."""
    rng = np.random.default_rng(seed)

    def array(t):
        shape = (4, *t.shape[1:])
        if "int" in str(t.dtype):
            return rng.integers(0, 6, shape).astype("int32")
        return rng.uniform(0, 1, shape).astype(str(t.dtype))

    # Keras's Sequential has no `input` where it was made by `load_model`.
    inputs = model.inputs[0] if len(model.inputs) == 1 else model.input
    outputs = model.outputs[0] if len(model.outputs) == 1 else model.output
    return tree.map_structure(array, inputs), tree.map_structure(array, outputs)


def summary_of(model):
    lines: list[str] = []
    model.summary(print_fn=lambda line, **_: lines.append(line), line_length=100)
    return "\n".join(lines)


def train(model, seed, steps):
    losses = []
    for i in range(steps):
        x, y = data_for(model, seed + i)
        losses.append(np.asarray(model.train_on_batch(x, y)))
    return losses


def assert_alike(ours, theirs, tolerance):
    """The two predict the same, go on training the same, and predict the same again."""
    x, _ = data_for(ours, 3)
    if shows_alike(ours):
        assert summary_of(ours) == summary_of(theirs)
    for precision in (tolerance, 1e-2):  # steps by the sign of tiny gradients carry rounding on
        for a, b in zip(
            tree.flatten(ours.predict_on_batch(x)),
            tree.flatten(theirs.predict_on_batch(x)),
            strict=True,
        ):
            np.testing.assert_allclose(a, b, rtol=precision, atol=precision)
        if precision == tolerance:
            np.testing.assert_allclose(
                train(ours, 20, 5), train(theirs, 20, 5), rtol=1e-4, atol=1e-4
            )


@pytest.mark.parametrize("name", ZOO)
def test_a_model_goes_to_keras_and_back(keras, name, tmp_path):
    keras.utils.clear_session()
    minikeras.utils.clear_session()
    minikeras.utils.set_random_seed(1)
    original = ZOO[name](minikeras)
    train(original, 10, 2)
    original.save(tmp_path / "ours.keras")
    theirs = keras.saving.load_model(tmp_path / "ours.keras")
    # Compiled, Keras's Adafactor gives NaN for some weights; step by step it does not.
    theirs.run_eagerly = type(theirs.optimizer).__name__ == "Adafactor"
    assert_alike(original, theirs, 1e-5)
    theirs.save(tmp_path / "theirs.keras")
    back = minikeras.saving.load_model(tmp_path / "theirs.keras")
    assert_alike(back, theirs, 1e-5)
