"""Data that is written as JSON and arrays comes back as it was, and nothing in it is executed."""

import collections
import random

import numpy as np
import pytest

import minikeras
from minikeras.random.random_state import get_random_state, random_mark, set_random_state
from minikeras.saving.plain_data import NotPlain, Packed, plain_attributes, put_back

VALUES = [
    None,
    True,
    -3,
    2**100,
    0.1,
    float("inf"),
    "täxt",
    1 + 2j,
    b"\x00\xff",
    [1, [2.5, "a"], ()],
    {"a": 1, 2: [3], (4, 5): {"b": None}, "dict": []},
    {1, 2},
    frozenset({"a"}),
    collections.deque([1, 2, 3], maxlen=5),
    np.float32(0.1),
    np.arange(6).reshape(2, 3),
    np.zeros((0, 3), "float16"),
    np.array(-0.0),
]


def through_a_file(value):
    """As `save_training` writes it and `load_training` reads it."""
    return Packed.of_arrays({k: a.copy() for k, a in Packed(value).arrays().items()}).value()


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_comes_back_with_its_type_and_its_bits(value):
    again = through_a_file(value)
    assert type(again) is type(value)
    assert Packed(again) == Packed(value)
    if isinstance(value, np.ndarray):
        assert (again.dtype, again.shape) == (value.dtype, value.shape)
        assert again.tobytes() == value.tobytes()
    else:
        assert again == value
    if isinstance(value, collections.deque):
        assert again.maxlen == value.maxlen


def test_bfloat16_comes_back():
    pytest.importorskip("ml_dtypes")
    value = np.asarray(minikeras.ops.cast([1.5, 2.5], "bfloat16").numpy())
    again = through_a_file(value)
    assert again.dtype == value.dtype and again.tobytes() == value.tobytes()


def test_differences_in_bits_count():
    assert Packed(np.array(0.0)) != Packed(np.array(-0.0))
    assert Packed([np.zeros(2)]) != Packed([np.zeros(2, "float32")])
    assert Packed([np.zeros(2)]) != Packed([])
    assert Packed([1]) != Packed((1,))


@pytest.mark.parametrize(
    "make", [lambda: np.random.default_rng(1), np.random.RandomState, random.Random]
)
def test_random_generators_go_on(make):
    before = make()
    draw = before.random if hasattr(before, "random") else before.random_sample
    draw()
    packed = Packed({"rng": before})
    expected = [draw() for _ in range(3)]
    again = {"rng": make()}
    held = again["rng"]
    put_back(again, Packed.of_arrays(packed.arrays()).value())
    assert again["rng"] is held
    assert [held.random() for _ in range(3)] == expected


def test_variables_and_streams_of_seeds_are_filled():
    made = [minikeras.Variable([1.0, 2.0]), minikeras.random.SeedGenerator(3)]
    made[1].next()
    fresh = [minikeras.Variable([0.0, 0.0]), minikeras.random.SeedGenerator(0)]
    put_back(fresh, through_a_file(made))
    assert fresh[0].numpy().tolist() == [1.0, 2.0]
    assert fresh[1].state.numpy().tolist() == [3, 1]


def test_containers_are_filled_so_that_all_who_hold_them_see_it():
    held = {"list": [1], "dict": collections.defaultdict(list), "set": {9}}
    parts = dict(held)
    put_back(held, through_a_file({"list": [2, 3], "dict": {"a": [1]}, "set": {1}}))
    assert all(held[key] is part for key, part in parts.items())
    assert parts == {"list": [2, 3], "dict": {"a": [1]}, "set": {1}}


@pytest.mark.parametrize("value", [print, object(), int, np.array([None]), np.array(["a"]), [open]])
def test_what_is_not_plain_is_refused(value):
    with pytest.raises(NotPlain):
        Packed(value)


def test_what_holds_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(NotPlain):
        Packed(loop)


def test_attributes():
    class Some:
        def __init__(self):
            self.a, self.f, self.big = 1, print, np.zeros(100)

    assert plain_attributes(Some(), most=100) == {"a": 1}
    assert list(plain_attributes(Some())) == ["a", "big"]


@pytest.mark.parametrize(
    "text",
    ["{", '{"state": 1', '{"os.system": "ls"}', '{"array": 5}', '{"dict": [1]}', "[" * 10**5],
)
def test_damage_is_a_value_error(text):
    with pytest.raises(ValueError, match="plain data|kind of data|JSON|Expecting"):
        Packed.of_arrays({"json": np.frombuffer(text.encode(), np.uint8)})


def test_global_random_streams():
    minikeras.utils.set_random_seed(5)
    np.random.normal()  # leaves another for the next call

    def draw():
        ours = float(minikeras.random.normal(()))
        return random.random(), random.gauss(0, 1), np.random.normal(), ours

    state, mark = through_a_file(get_random_state()), random_mark()
    expected = draw()
    assert random_mark() != mark
    minikeras.utils.clear_session()
    minikeras.utils.set_random_seed(6)
    set_random_state(state)
    assert random_mark() == mark
    assert draw() == expected
