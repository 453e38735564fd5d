"""Gradients where values tie, meet a bound, are zero or negative: what JAX gives there.

Finite differences cannot tell what a derivative is at a corner, and data drawn at random never lie on
one. Here all numbers come from a grid of five.
"""

from __future__ import annotations

import numpy as np
import pytest
from op_cases import Call, Draw, all_cases
from op_cases import call as call_of

from minikeras import ops, tree
from minikeras.autodiff import GradientTape, Tensor

CORNERS = """
floor ceil round trunc maximum minimum max min amax amin ptp sign relu relu6 leaky_relu elu selu celu
hard_sigmoid hard_silu hard_tanh hard_shrink soft_shrink threshold sparse_plus softsign sinc heaviside
sort median nanmedian nanmax nanmin top_k prod nanprod cumprod nancumprod segment_max segment_min
max_pool logaddexp logaddexp2 mod fmod divide_no_nan take_along_axis logsumexp multiply divide where
"""
CORNERS = CORNERS.split()


class Grid(Draw):
    """Draws numbers from -1, -0.5, 0, 0.5 and 1."""

    def uniform(self, low, high, shape=None):
        x = super().uniform(-1.25, 1.25, shape)
        return np.round(2 * x) / 2


def drawn(name: str, seed: int) -> Call:
    chance = np.random.default_rng(seed)
    return call_of(all_cases()[name], Grid(lambda n: int(chance.integers(n)), seed))


@pytest.mark.parametrize("name", CORNERS)
def test_gradients_at_corners_as_in_jax(name, keras):
    jax = pytest.importorskip("jax")
    for seed in (0, 1):
        call = drawn(name, seed)
        leaves = tree.flatten((call.args, call.kwargs))
        places = [i for i, x in enumerate(leaves) if getattr(x, "dtype", np.dtype(int)).kind == "f"]
        xs = [leaves[i] for i in places]

        def f(library, *xs, call=call, leaves=leaves, places=places):
            values = list(leaves)
            for i, x in zip(places, xs):
                values[i] = x
            args, kwargs = tree.pack_sequence_as((call.args, call.kwargs), values)
            out = tree.flatten(getattr(library, name)(*args, **kwargs))
            return [y for y in out if "float" in str(y.dtype)]

        tensors = [Tensor(x) for x in xs]
        with np.errstate(all="ignore"), GradientTape() as tape:
            tape.watch(tensors)
            outputs = f(ops, *tensors)
            rng = np.random.default_rng(2)
            factors = [np.asarray(rng.standard_normal(y.shape)) for y in outputs]
        with np.errstate(all="ignore"):
            got = tape.gradient(outputs, tensors, factors, unconnected_gradients="zero")

        def total(*xs, f=f, factors=factors):
            return sum((y * c).sum() for y, c in zip(f(keras.ops, *xs), factors))

        wanted = jax.grad(total, argnums=tuple(range(len(xs))))(*xs)
        for a, b in zip(got, wanted):
            np.testing.assert_allclose(a, np.asarray(b), rtol=1e-9, atol=1e-9, err_msg=str(xs))


@pytest.mark.parametrize(
    ("f", "inputs", "wanted"),
    [
        # Both sides of a tie get half, whichever op finds it.
        (ops.maximum, [1.0, 1.0], [0.5, 0.5]),
        (ops.minimum, [1.0, 1.0], [0.5, 0.5]),
        (ops.fmax, [1.0, 1.0], [0.5, 0.5]),
        (ops.fmin, [1.0, 1.0], [0.5, 0.5]),
        (ops.max, [[1.0, 1.0]], [[0.5, 0.5]]),
        (ops.amin, [[1.0, 0.0, 0.0]], [[0.0, 0.5, 0.5]]),
        # At its bounds clip is still the identity; JAX gives half there, TensorFlow and PyTorch 1.
        (lambda x: ops.clip(x, -1, 1), [[-1.0, 1.0, 2.0]], [[1.0, 1.0, 0.0]]),
        # 0, as TensorFlow and PyTorch have it; JAX gives 1.
        (ops.abs, [[0.0, -0.0, 2.0, -2.0]], [[0.0, 0.0, 1.0, -1.0]]),
        (ops.sparse_sigmoid, [[-1.0, 1.0, 0.5]], [[0.0, 0.0, 0.5]]),
        # Of remainders by the divisor: minus the whole number that was subtracted.
        (ops.fmod, [-7.0, 2.0], [1.0, 3.0]),
        (ops.fmod, [7.0, -2.0], [1.0, 3.0]),
        (ops.mod, [-7.0, 2.0], [1.0, 4.0]),
        (ops.mod, [7.0, -2.0], [1.0, 4.0]),
        # Negative indices count from the end.
        (lambda x: ops.take(x, [-1]), [[1.0, 2.0, 3.0]], [[0.0, 0.0, 1.0]]),
        (lambda x: ops.take(x, [-1, -1, 0]), [[1.0, 2.0, 3.0]], [[1.0, 0.0, 2.0]]),
        (lambda x: x[-1] * 2, [[1.0, 2.0, 3.0]], [[0.0, 0.0, 2.0]]),
    ],
)
def test_gradient_at_a_corner(f, inputs, wanted):
    tensors = [Tensor(np.asarray(x)) for x in inputs]
    with GradientTape() as tape:
        tape.watch(tensors)
        total = ops.sum(f(*tensors))
    for got, w in zip(tape.gradient(total, tensors, unconnected_gradients="zero"), wanted):
        np.testing.assert_allclose(got, w)


def test_ties_are_found_in_order(keras):
    """The first of equal values wins, in indices as in what is taken."""
    x = np.array([[1.0, 3.0, 3.0, 2.0, 3.0], [2.0, 2.0, 2.0, 2.0, 2.0]])
    for library in (ops, keras.ops):
        assert np.asarray(library.top_k(x, 2)[1]).tolist() == [[1, 2], [0, 1]]
        assert np.asarray(library.argmax(x, axis=1)).tolist() == [1, 0]
        assert np.asarray(library.argmin(x, axis=1)).tolist() == [0, 0]
        assert np.asarray(library.argsort(x, axis=1)).tolist() == [[0, 3, 1, 2, 4], [0, 1, 2, 3, 4]]
