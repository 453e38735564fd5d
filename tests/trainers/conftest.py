"""Models of minikeras and Keras side by side."""

from __future__ import annotations

import numpy as np
import pytest

import minikeras

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}


class Pair:
    """The same model in both libraries, with the same weights."""

    def __init__(self, keras, build, dtype="float32"):
        self.tolerance = TOLERANCE[dtype]
        self.models = []
        weights = None
        for k in (minikeras, keras):
            k.utils.clear_session()
            k.config.set_floatx(dtype)
            model = build(k)
            if model.built:
                weights = weights or self.random_weights(model)
                model.set_weights(weights)
            self.models.append(model)
        self.ours, self.theirs = self.models

    def random_weights(self, model):
        rng = np.random.default_rng(11)
        return [rng.normal(size=w.shape).astype(w.dtype) / 2 for w in model.weights]

    def call(self, method, *args, **kwargs):
        """Call a method of both models and compare what they return."""
        results = []
        for model in self.models:
            # Callbacks and generators are made anew for each model.
            made = {n: v(model) if n == "callbacks" else v for n, v in kwargs.items()}
            for name in ("x", "validation_data"):
                if callable(made.get(name)):
                    made[name] = made[name]()
            results.append(getattr(model, method)(*args, **made))
        if method == "fit":
            results = [h.history for h in results]
        self.compare(*results)
        return results[0]

    def compare(self, got, wanted):
        """Compare numbers, arrays, lists and dicts (whose order counts)."""
        if isinstance(wanted, dict):
            assert list(got) == list(wanted)
            for key in wanted:
                self.compare(got[key], wanted[key])
        elif isinstance(wanted, (list, tuple)):
            assert isinstance(got, (list, tuple)) and len(got) == len(wanted)
            for a, b in zip(got, wanted):
                self.compare(a, b)
        elif wanted is None:
            assert got is None
        else:
            a, b = np.asarray(got), np.asarray(wanted)
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=self.tolerance, atol=self.tolerance)

    def compare_weights(self):
        self.compare(self.ours.get_weights(), self.theirs.get_weights())


@pytest.fixture
def pair(keras):
    """Makes a `Pair` of `build(k)`, and puts the default dtype back afterwards."""

    def make(build, dtype="float32"):
        return Pair(keras, build, dtype)

    yield make
    for k in (minikeras, keras):
        k.config.set_floatx("float32")


@pytest.fixture(autouse=True)
def fresh_names():
    minikeras.utils.clear_session()
