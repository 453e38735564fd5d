"""Ops on KerasTensors: steps of a functional graph."""

import numpy as np
import pytest

import minikeras
from minikeras import ops
from minikeras.autodiff import KerasTensor, SymbolicTensorError
from minikeras.ops.function import Function
from minikeras.ops.symbolic import OPS


def test_a_graph_of_ops_runs_on_data():
    x, y = KerasTensor((None, 3)), KerasTensor((3, 2))
    z = ops.softmax(ops.matmul(x, y) * 2 + 1.0, axis=-1)
    parts = ops.split(z, 2, axis=1)
    f = Function([x, y], [z, ops.concatenate(parts, axis=0)])
    a, b = np.random.default_rng(0).normal(size=(4, 3)), np.ones((3, 2))
    values, joined = f([a, b])
    np.testing.assert_allclose(values, ops.softmax(a @ b * 2 + 1))
    assert joined.shape == (8, 1)


def test_every_op_keeps_its_name_and_signature():
    for name, function in OPS.items():
        assert function.__name__ == name
        assert function.__doc__
        assert "return" in function.__annotations__, name


def test_the_result_of_a_step_is_a_tensor_of_its_own():
    x = KerasTensor((None, 3))
    for f in (ops.stop_gradient, ops.copy, ops.sum, ops.exp):
        assert f(x) is not x


def test_unknown_sizes_stay_unknown():
    x = KerasTensor((None, None, 4))
    assert ops.sum(x, axis=-1).shape == (None, None)
    assert ops.reshape(x, (-1, 8)).shape == (None, 8)
    assert ops.einsum("btd,df->btf", x, KerasTensor((4, 6))).shape == (None, None, 6)
    assert ops.concatenate([x, KerasTensor((None, 2, 4))], axis=1).shape == (None, None, 4)
    assert ops.transpose(x).shape == (4, None, None)
    assert ops.broadcast_to(KerasTensor((None, 1)), (5, 3)).shape == (5, 3)
    assert ops.where(KerasTensor((None, 1), "bool"), KerasTensor((None, 3)), 0.0).shape == (None, 3)


def test_a_slice_of_an_unknown_size_is_unknown():
    x = KerasTensor((None, None, 4))
    assert x[:, 5:].shape == (None, None, 4)
    assert x[:, :1, 1:3].shape == (None, None, 2)
    assert x[0, ..., None, -1].shape == (None, 1)
    with pytest.raises(IndexError, match="index 4 is out of bounds"):
        x[..., 4]


def test_missing_values_are_told_by_type():
    x = KerasTensor((None, 3))
    for ask in (float, bool, iter, np.asarray, np.exp, np.sum, lambda x: x.numpy(), range):
        with pytest.raises(SymbolicTensorError):
            ask(x)
    assert not hasattr(x, "numpy")


def test_an_op_inside_an_op_is_no_step_of_its_own():
    x = minikeras.Input((3,))
    names = [o.name for o in minikeras.Model(x, ops.normalize(ops.std(x, axis=1))).operations]
    assert [n.rstrip("_0123456789") for n in names[1:]] == ["std", "normalize"]


@pytest.mark.parametrize("space", [None, "numpy", "nn", "linalg"])
def test_namespaces_have_what_keras_has(space, keras):
    ours, theirs = [k.ops if space is None else getattr(k.ops, space) for k in (minikeras, keras)]
    later = {"adaptive_average_pool", "adaptive_max_pool", "ctc_decode", "image"}
    names = {n for n in dir(theirs) if not n.startswith("_")} - later
    assert sorted(n for n in names if not hasattr(ours, n)) == []


def test_mixed_arguments():
    x = KerasTensor((None, 3))
    for y in (x + np.ones((3,), "float32"), np.ones((3,), "float32") + x, x + 1, 1 + x):
        assert isinstance(y, KerasTensor) and y.shape == (None, 3) and y.dtype == "float32"
    assert (x == 1).dtype == "bool" and (x / 2).dtype == "float32"
    assert x[:, 1:].shape == (None, 2) and x[..., None].shape == (None, 3, 1)
    assert x.sum(axis=-1).shape == (None,) and x.T.shape == (3, None)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda x: ops.matmul(x, KerasTensor((4, 2))), r"inner sizes .*\(None, 3\).*\(4, 2\)"),
        (lambda x: ops.add(x, KerasTensor((None, 4))), r"add: shapes \(None, 3\) and \(None, 4\)"),
        (lambda x: ops.concatenate([x, KerasTensor((None, 3, 1))]), "number of axes"),
        (lambda x: ops.sum(x, axis=2), "axis 2 is out of bounds"),
        (lambda x: ops.expand_dims(x, 4), "out of bounds"),
        (lambda x: ops.transpose(x, (0, 0)), "transpose"),
        (lambda x: ops.reshape(KerasTensor((2, 3)), (4, -1)), r"cannot reshape \(2, 3\)"),
        (lambda x: ops.einsum("ij,jk->ik", x, KerasTensor((4, 2))), "label 'j'"),
        (lambda x: ops.inv(KerasTensor((None, 2, 3))), "square"),
        (lambda x: ops.broadcast_to(x, (2, 4)), "cannot broadcast"),
    ],
)
def test_errors_appear_while_the_graph_is_described(call, match):
    with pytest.raises(ValueError, match=match):
        call(KerasTensor((None, 3)))


def test_a_function_of_values_with_five_unknown_sizes():
    x = KerasTensor((None,) * 5)
    layer = minikeras.layers.Lambda(lambda t: ops.flip(np.asarray(t).max(0)))
    assert layer(x).shape == (None,) * 4
