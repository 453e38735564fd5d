"""What an op costs over the NumPy call that it stands for, outside any tape.

    python benchmarks/op_overhead.py [name ...]

Prints a table: op, microseconds of minikeras, of NumPy, and the difference. The target is 1.5.
"""

from __future__ import annotations

import sys
import timeit

import numpy as np

from minikeras import ops
from minikeras.autodiff import Tensor

x = np.random.default_rng(0).random((4, 4), "float32") + 0.5
y = np.random.default_rng(1).random((4, 4), "float32") + 0.5
v = x[0].copy()
mask = x > y
t, u, w, m = Tensor(x), Tensor(y), Tensor(v), Tensor(mask)


def np_softmax(a):
    e = np.exp(a - np.max(a, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def np_sigmoid(a):
    return 1 / (1 + np.exp(-a))


CASES = {
    "exp": (lambda: ops.exp(t), lambda: np.exp(x)),
    "exp(array)": (lambda: ops.exp(x), lambda: np.exp(x)),
    "tanh": (lambda: ops.tanh(t), lambda: np.tanh(x)),
    "square": (lambda: ops.square(t), lambda: np.square(x)),
    "abs": (lambda: ops.abs(t), lambda: np.abs(x)),
    "-t": (lambda: -t, lambda: -x),
    "add": (lambda: ops.add(t, u), lambda: np.add(x, y)),
    "add(arrays)": (lambda: ops.add(x, y), lambda: np.add(x, y)),
    "add(tensor, array)": (lambda: ops.add(t, y), lambda: np.add(x, y)),
    "t + u": (lambda: t + u, lambda: x + y),
    "t + array": (lambda: t + y, lambda: x + y),
    "t + 1": (lambda: t + 1, lambda: x + 1),
    "t * 2.0": (lambda: t * 2.0, lambda: x * 2.0),
    "1 - t": (lambda: 1 - t, lambda: 1 - x),
    "t / u": (lambda: t / u, lambda: x / y),
    "t / 2": (lambda: t / 2, lambda: x / 2),
    "t ** 2": (lambda: t**2, lambda: x**2),
    "power": (lambda: ops.power(t, 1.5), lambda: np.power(x, 1.5)),
    "t > u": (lambda: t > u, lambda: x > y),
    "t > 0": (lambda: t > 0, lambda: x > 0),
    "maximum": (lambda: ops.maximum(t, u), lambda: np.maximum(x, y)),
    "maximum(t, 0)": (lambda: ops.maximum(t, 0), lambda: np.maximum(x, 0)),
    "logical_and": (lambda: ops.logical_and(m, m), lambda: np.logical_and(mask, mask)),
    "clip": (lambda: ops.clip(t, 0.0, 1.0), lambda: np.clip(x, 0.0, 1.0)),
    "sum": (lambda: ops.sum(t), lambda: np.sum(x)),
    "sum(axis=-1)": (lambda: ops.sum(t, axis=-1), lambda: np.sum(x, axis=-1)),
    "sum(axis=(0, 1))": (lambda: ops.sum(t, axis=(0, 1)), lambda: np.sum(x, axis=(0, 1))),
    "sum(array)": (lambda: ops.sum(x, axis=-1), lambda: np.sum(x, axis=-1)),
    "mean": (lambda: ops.mean(t), lambda: np.mean(x)),
    "mean(axis=-1)": (lambda: ops.mean(t, axis=-1), lambda: np.mean(x, axis=-1)),
    "max(axis=-1)": (lambda: ops.max(t, axis=-1), lambda: np.max(x, axis=-1)),
    "var(axis=-1)": (lambda: ops.var(t, axis=-1), lambda: np.var(x, axis=-1)),
    "argmax(axis=-1)": (lambda: ops.argmax(t, axis=-1), lambda: np.argmax(x, axis=-1)),
    "any": (lambda: ops.any(m), lambda: np.any(mask)),
    "cumsum": (lambda: ops.cumsum(t, axis=-1), lambda: np.cumsum(x, axis=-1)),
    "reshape": (lambda: ops.reshape(t, (2, -1)), lambda: np.reshape(x, (2, -1))),
    "transpose": (lambda: ops.transpose(t, (1, 0)), lambda: np.transpose(x, (1, 0))),
    "expand_dims": (lambda: ops.expand_dims(t, -1), lambda: np.expand_dims(x, -1)),
    "squeeze": (lambda: ops.squeeze(t), lambda: np.squeeze(x)),
    "broadcast_to": (lambda: ops.broadcast_to(w, (4, 4)), lambda: np.broadcast_to(v, (4, 4))),
    "concatenate": (lambda: ops.concatenate([t, u], -1), lambda: np.concatenate([x, y], -1)),
    "stack": (lambda: ops.stack([t, u], -1), lambda: np.stack([x, y], -1)),
    "split": (lambda: ops.split(t, 2, -1), lambda: np.split(x, 2, -1)),
    "t[0]": (lambda: t[0], lambda: x[0]),
    "t[:, 1:3]": (lambda: t[:, 1:3], lambda: x[:, 1:3]),
    "take": (lambda: ops.take(t, v_int, axis=0), lambda: np.take(x, v_int, axis=0)),
    "where": (lambda: ops.where(m, t, u), lambda: np.where(mask, x, y)),
    "where(t > 0, t, 0.0)": (lambda: ops.where(m, t, 0.0), lambda: np.where(mask, x, 0.0)),
    "cast": (lambda: ops.cast(t, "float64"), lambda: x.astype("float64")),
    "cast(same)": (lambda: ops.cast(t, "float32"), lambda: x.astype("float32", copy=False)),
    "convert_to_tensor": (lambda: ops.convert_to_tensor(x), lambda: np.array(x)),
    "zeros_like": (lambda: ops.zeros_like(t), lambda: np.zeros_like(x)),
    "zeros": (lambda: ops.zeros((4, 4)), lambda: np.zeros((4, 4), "float32")),
    "matmul": (lambda: ops.matmul(t, u), lambda: np.matmul(x, y)),
    "t @ u": (lambda: t @ u, lambda: x @ y),
    "einsum": (lambda: ops.einsum("ij,jk->ik", t, u), lambda: np.einsum("ij,jk->ik", x, y)),
    "relu": (lambda: ops.relu(t), lambda: np.maximum(x, 0)),
    "sigmoid": (lambda: ops.sigmoid(t), lambda: np_sigmoid(x)),
    "softmax": (lambda: ops.softmax(t), lambda: np_softmax(x)),
    "leaky_relu": (lambda: ops.leaky_relu(t), lambda: np.where(x > 0, x, 0.2 * x)),
    "one_hot": (lambda: ops.one_hot(v_int, 4), lambda: np.eye(4, dtype="float32")[v_int]),
    "stop_gradient": (lambda: ops.stop_gradient(t), lambda: None),
    "shape": (lambda: ops.shape(t), lambda: x.shape),
}
v_int = np.array([0, 2, 1])


def per_call(f, number: int = 2000, repeat: int = 9) -> float:
    f()
    return min(timeit.repeat(f, number=number, repeat=repeat)) / number * 1e6


def main(names: list[str]) -> None:
    empty = per_call(lambda: None)
    print(f"{'op':<24}{'minikeras us':>14}{'numpy us':>10}{'over':>8}")
    for name, (ours, theirs) in CASES.items():
        if names and name not in names:
            continue
        a, b = per_call(ours) - empty, per_call(theirs) - empty
        print(f"{name:<24}{a:>14.2f}{b:>10.2f}{a - b:>8.2f}{'  *' if a - b > 1.5 else ''}")


if __name__ == "__main__":
    main(sys.argv[1:])
