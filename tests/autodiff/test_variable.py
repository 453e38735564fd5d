"""Variables: assignment, names, and what tapes and copies make of them."""

import copy
import pickle

import numpy as np
import pytest

from minikeras import Variable, ops
from minikeras.autodiff import GradientTape


def test_from_values_functions_and_names():
    assert Variable([1, 2]).dtype == "int32"
    assert Variable([1.0, 2.0]).dtype == "float32"
    assert Variable(np.ones(2)).dtype == "float64"
    v = Variable(lambda shape, dtype: np.full(shape, 3.0, dtype), shape=(2,), dtype="float16")
    assert (v.dtype, v.numpy().tolist()) == ("float16", [3.0, 3.0])
    np.testing.assert_array_equal(Variable("ones", shape=(2, 1)), [[1.0], [1.0]])


@pytest.mark.parametrize(
    ("kwargs", "match"),
    [
        ({"initializer": "ones"}, "shape"),
        ({"initializer": np.ones(3), "shape": (2,)}, "expected shape"),
        ({"initializer": 1.0, "name": "a/b"}, "cannot contain"),
        ({"initializer": lambda shape, dtype: np.ones(3), "shape": (2,)}, "the initializer gave"),
    ],
)
def test_wrong_arguments(kwargs, match):
    with pytest.raises(ValueError, match=match):
        Variable(**kwargs)


def test_the_value_is_a_copy():
    data = np.array([1.0, 2.0])
    v = Variable(data)
    data[0] = 9.0
    v.numpy()[0] = 9.0
    np.array(v)[0] = 9.0
    np.testing.assert_array_equal(v, [1.0, 2.0])


def test_assign():
    v = Variable([1.0, 2.0])
    old = v.value
    assert v.assign([3.0, 4.0]) is v
    v.assign_add([1.0, 1.0])
    v.assign_sub(2.0)
    np.testing.assert_array_equal(v, [2.0, 3.0])
    np.testing.assert_array_equal(old, [1.0, 2.0])
    v.assign(np.array([1, 2], "int64"))
    assert v.dtype == "float32"
    source = np.array([5.0, 6.0], "float32")
    v.assign(source)
    source[0] = 0.0
    np.testing.assert_array_equal(v, [5.0, 6.0])
    with pytest.raises(ValueError, match=r"shape=\(2,\)"):
        v.assign([1.0, 2.0, 3.0])
    with pytest.raises(ValueError):
        v.assign_add(np.ones((2, 2)))


def test_trainable_decides_whether_tapes_follow():
    v = Variable([1.0, 2.0])
    for trainable in (False, True):
        v.trainable = trainable
        with GradientTape() as tape:
            y = ops.sum(v * v)
        assert (tape.gradient(y, v) is not None) == trainable
    assert Variable([1, 2]).node is None


def test_gradient_flows_through_value_and_constraints_are_checked():
    v = Variable([1.0, 2.0])
    with GradientTape() as tape:
        y = ops.sum(v.value * v.value)
    np.testing.assert_array_equal(tape.gradient(y, v), [2.0, 4.0])
    for what in ("regularizer", "constraint"):
        with pytest.raises(ValueError, match=what):
            setattr(v, what, 3)


def test_copies_and_pickles_are_independent():
    v = Variable([1.0, 2.0], name="w", trainable=False)
    for twin in (copy.copy(v), copy.deepcopy(v), pickle.loads(pickle.dumps(v))):
        twin.assign([0.0, 0.0])
        assert (twin.name, twin.path, twin.trainable) == ("w", "w", False)
    np.testing.assert_array_equal(v, [1.0, 2.0])


def test_parts_of_a_variable_can_be_assigned():
    v = Variable(np.arange(6.0).reshape(2, 3), name="v")
    before = v.value
    assert v[0].assign([9, 9, 9]) is v
    v[:, 1].assign_add([1.0, 2.0])
    v[1, 2].assign_sub(5)
    np.testing.assert_array_equal(v, [[9, 10, 9], [3, 6, 0]])
    v[ops.convert_to_tensor([1])].assign([[1, 1, 1]])
    np.testing.assert_array_equal(v, [[9, 10, 9], [1, 1, 1]])
    np.testing.assert_array_equal(before, np.arange(6.0).reshape(2, 3))  # arrays read stay
    with pytest.raises(ValueError, match=r"'v': the part .* shape \(3,\). Received: .*\(2,\)"):
        v[0].assign([1.0, 2.0])
    with GradientTape() as tape:
        y = ops.sum(v[0] * v[0]) + v[1][2]
    np.testing.assert_array_equal(tape.gradient(y, v), [[18, 20, 18], [0, 0, 1]])
