import time
from collections import OrderedDict, defaultdict, deque, namedtuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minikeras import tree

Pair = namedtuple("Pair", "a b")


class MyList(list):
    pass


class MyDict(dict):
    pass


leaves = st.one_of(st.none(), st.integers(), st.text(max_size=3))
keys = st.text(max_size=3)
structures = st.recursive(
    leaves,
    lambda child: st.one_of(
        st.lists(child, max_size=3),
        st.lists(child, max_size=3).map(tuple),
        st.lists(child, max_size=3).map(lambda items: deque(items, maxlen=5)),
        st.lists(child, max_size=3).map(MyList),
        st.dictionaries(keys, child, max_size=3),
        st.dictionaries(keys, child, max_size=3).map(MyDict),
        st.dictionaries(keys, child, max_size=3).map(OrderedDict),
        st.dictionaries(keys, child, max_size=3).map(lambda d: defaultdict(int, d)),
        st.tuples(child, child).map(lambda pair: Pair(*pair)),
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def oracle(keras):
    return keras.tree


def test_leaves_come_in_order_and_dicts_by_sorted_key():
    assert tree.flatten({"b": 1, "a": [2, None, (3, Pair(4, 5))]}) == [2, None, 3, 4, 5, 1]
    assert tree.flatten(OrderedDict([("b", 1), ("a", 2)])) == [1, 2]
    assert tree.flatten({1: "int", "a": "str", 0: "zero"}) == ["zero", "int", "str"]
    assert tree.flatten([]) == []
    assert tree.flatten(None) == [None]


def test_one_array_is_one_leaf():
    x = np.ones((2, 3))
    assert tree.flatten(x)[0] is x
    assert tree.map_structure(lambda leaf: leaf, x) is x
    assert not tree.is_nested(x)


@pytest.mark.parametrize(
    "leaf", [None, "text", {1}, range(3), MyList([1]), MyDict(a=1), time.gmtime(0)]
)
def test_leaves(leaf):
    assert not tree.is_nested(leaf)
    assert tree.flatten([leaf])[0] is leaf


@pytest.mark.parametrize("node", [[], (), {}, deque(), OrderedDict(), defaultdict(int), Pair(1, 2)])
def test_nodes(node):
    assert tree.is_nested(node)
    rebuilt = tree.map_structure(lambda x: x, node)
    assert type(rebuilt) is type(node)
    assert rebuilt == node


@given(structures)
def test_flatten_and_pack_are_inverse(structure):
    flat = tree.flatten(structure)
    packed = tree.pack_sequence_as(structure, flat)
    assert packed == structure
    assert repr(packed) == repr(structure)  # types and the order of keys as well
    assert [leaf for _, leaf in tree.flatten_with_path(structure)] == flat


@given(structures)
def test_paths_lead_to_their_leaves(structure):
    for path, leaf in tree.flatten_with_path(structure):
        node = structure
        for key in path:
            node = node[key]
        assert node is leaf


def visits(module, structure, top_down):
    seen = []
    module.traverse(lambda x: seen.append(repr(x)), structure, top_down=top_down)
    return seen


@given(structures)
def test_same_as_keras(oracle, structure):
    assert tree.flatten(structure) == oracle.flatten(structure)
    assert tree.flatten_with_path(structure) == oracle.flatten_with_path(structure)
    assert tree.is_nested(structure) == oracle.is_nested(structure)
    assert repr(tree.lists_to_tuples(structure)) == repr(oracle.lists_to_tuples(structure))
    for none_is_leaf in (True, False):
        ours = tree.map_structure(lambda x: [x], structure, none_is_leaf=none_is_leaf)
        theirs = oracle.map_structure(lambda x: [x], structure, none_is_leaf=none_is_leaf)
        assert repr(ours) == repr(theirs)
    for top_down in (True, False):
        assert visits(tree, structure, top_down) == visits(oracle, structure, top_down)


def outcome(function, *args):
    try:
        return repr(function(*args))
    except (ValueError, TypeError) as error:
        return type(error)


@settings(max_examples=200)
@given(structures, structures)
def test_two_structures_as_keras(oracle, a, b):
    for name in ("assert_same_structure", "assert_same_paths", "pack_sequence_as"):
        ours, theirs = getattr(tree, name), getattr(oracle, name)
        if name == "pack_sequence_as":
            b = tree.flatten(b)
        assert outcome(ours, a, b) == outcome(theirs, a, b)
    assert outcome(tree.map_structure, lambda x, y: (x, y), a, b) == outcome(
        oracle.map_structure, lambda x, y: (x, y), a, b
    )


def test_map_structure_over_several():
    result = tree.map_structure(
        lambda x, y: (x, y), OrderedDict([("b", 1), ("a", 2)]), {"a": "A", "b": "B"}
    )
    assert result == OrderedDict([("b", (1, "B")), ("a", (2, "A"))])
    assert isinstance(result, OrderedDict)


@pytest.mark.parametrize(
    "a, b",
    [
        ([1, 2], (1, 2)),
        ([1, 2], [1]),
        ([1, 2], [1, [2]]),
        ([1, [2]], [1, 2]),
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, [1]),
        (Pair(1, 2), (1, 2)),
        ((1, 2), Pair(1, 2)),
        ([1], MyList([1])),
        (1, []),
    ],
)
def test_mismatches_raise(a, b):
    with pytest.raises(ValueError, match="same nested structure"):
        tree.assert_same_structure(a, b)
    with pytest.raises(ValueError, match="same nested structure"):
        tree.map_structure(lambda x, y: x, a, b)


def test_none_that_is_no_leaf_matches_only_none():
    assert tree.map_structure(lambda x, y: x + y, [1, None], [2, None], none_is_leaf=False) == [
        3,
        None,
    ]
    for a, b in [([1, None], [1, 2]), ([1, 2], [1, None])]:
        with pytest.raises(ValueError, match="same nested structure"):
            tree.map_structure(lambda x, y: x, a, b, none_is_leaf=False)


def test_map_structure_up_to():
    assert tree.map_structure_up_to([0, 0], lambda x: x, [[1], {"a": 3}]) == [[1], {"a": 3}]
    assert tree.map_structure_up_to(0, lambda x: x, [1]) == [1]
    assert tree.map_structure_up_to(
        {"b": 0, "a": 0}, lambda x, y: (x, y), {"a": 1, "b": [2]}, {"a": 3, "b": 4}
    ) == {"b": ([2], 4), "a": (1, 3)}
    with pytest.raises(ValueError, match="same nested structure"):
        tree.map_structure_up_to([0, [0]], lambda x: x, [[1], 3])


def test_assert_same_paths_names_the_paths():
    with pytest.raises(ValueError, match=r"only in `a`: \[\(1, 0\)\]\n.*only in `b`: \[\(1,\)\]"):
        tree.assert_same_paths([1, (2,)], (1, 2))


def test_traverse_replaces():
    assert tree.traverse(lambda x: tree.MAP_TO_NONE if x == 1 else None, [1, (1, 2)]) == [
        None,
        (None, 2),
    ]
    # Going down, what replaces a node is not walked into.
    assert tree.traverse(lambda x: [1] if isinstance(x, tuple) else None, {"a": (2,)}) == {"a": [1]}
    # Going up, a parent sees what its children have become.
    assert (
        tree.traverse(
            lambda x: x + 1 if isinstance(x, int) else sum(x) if isinstance(x, list) else None,
            [1, [2, 3]],
            top_down=False,
        )
        == 2 + 3 + 4
    )


def test_map_shape_structure():
    assert tree.map_shape_structure(len, {"a": (None, 3), "b": [(2,), ()]}) == {"a": 2, "b": [1, 0]}
    assert tree.map_shape_structure(len, [1, 2, None]) == 3


@pytest.mark.parametrize(
    "call",
    [
        lambda: tree.map_structure(3, [1]),
        lambda: tree.map_structure_up_to([0], 3, [1]),
        lambda: tree.map_shape_structure(3, [1]),
        lambda: tree.traverse(3, [1]),
        lambda: tree.pack_sequence_as([1], 5),
    ],
)
def test_wrong_types(call):
    with pytest.raises(TypeError):
        call()


def test_no_structures():
    with pytest.raises(ValueError, match="at least one structure"):
        tree.map_structure(len)
    with pytest.raises(ValueError, match="at least one structure"):
        tree.map_structure_up_to([], len)


def test_wrong_counts():
    for items in ([1], [1, 2, 3]):
        with pytest.raises(ValueError, match=f"2 leaves, but `flat_sequence` has {len(items)}"):
            tree.pack_sequence_as({"a": 0, "b": 0}, items)


def test_check_types_is_deprecated():
    with pytest.warns(DeprecationWarning, match="check_types"):
        tree.assert_same_structure([1], [2], check_types=True)
