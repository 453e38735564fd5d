"""The operators that type checkers are told of are those that tensors have."""

import inspect

import pytest

from minikeras import KerasTensor, Variable, ops
from minikeras.autodiff.arithmetic import Arithmetic, ArrayArithmetic
from minikeras.autodiff.tensor import Tensor


def told(cls):
    return {
        name for base in cls.__mro__ for name in vars(base) if base.__module__ == cls.__module__
    }


NOT_TOLD = {"__module__", "__doc__", "__parameters__", "__orig_bases__", "__hash__", "__dict__"}


@pytest.mark.parametrize(
    ("cls", "declared"),
    [(Tensor, ArrayArithmetic), (Variable, ArrayArithmetic), (KerasTensor, Arithmetic)],
)
def test_what_is_told_is_there(cls, declared):
    names = told(declared) - NOT_TOLD - set(dir(type("Empty", (), {}))) | {"__eq__", "__lt__"}
    assert len(names) > 40
    for name in names:
        assert hasattr(cls, name), name
        assert getattr(cls, name) is not getattr(object, name, None), name


@pytest.mark.parametrize(
    ("cls", "declared"), [(Tensor, ArrayArithmetic), (KerasTensor, Arithmetic)]
)
def test_what_is_there_is_told(cls, declared):
    """Whatever `ops/operators.py` gave the class, which its own file does not write."""
    source = inspect.getsource(cls)
    given = {
        name
        for name in vars(cls)
        if (f"def {name}(" not in source and not name.startswith("_"))
        or (name.startswith("__") and name not in source)
    }
    plumbing = {"__array_ufunc__", "__array_function__", "__array_priority__", "__slots__"}
    plumbing.add("__slotnames__")  # which `copyreg` puts there when it copies one
    plumbing |= (
        {"__weakref__", "__annotations__", "array", "node", "dtype"} | set(dir(object)) | NOT_TOLD
    )
    assert given - plumbing - told(declared) == set()


def test_checkers_alone_inherit_from_it():
    assert Tensor.__mro__ == (Tensor, object)
    assert isinstance(ops.ones(2) + 1, Tensor)
