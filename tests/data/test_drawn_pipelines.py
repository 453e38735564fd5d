"""Pipelines drawn at random do what lists do."""

import contextlib
import itertools
from unittest import mock

import numpy as np
import pytest

pytest.importorskip("hypothesis")
from hypothesis import given, settings
from hypothesis import strategies as st

from minikeras.data import Dataset


def batches(items, n, drop):
    groups = [items[i : i + n] for i in range(0, len(items), n)]
    return [g for g in groups if len(g) == n or not drop]


def windows(items, size, shift, stride, drop):
    found = [items[i::stride][:size] for i in range(0, len(items), shift)]
    return [w for w in found if len(w) == size or not drop]


def interleaved(lists, cycle, block):
    """What `interleave` gives, from the rules: a place's turn ends with its list."""
    source, places, result = iter(lists), [None] * cycle, []
    more = True
    while more or any(p is not None for p in places):
        for i in range(cycle):
            if places[i] is None and more:
                fresh = next(source, None)
                more = fresh is not None
                places[i] = list(fresh) if more else None
            if places[i] is None:
                continue
            taken, places[i] = places[i][:block], places[i][block:]
            result += taken
            if len(taken) < block:
                places[i] = None
    return result


n = st.integers(1, 7)
STEPS = st.one_of(
    st.tuples(st.just("take"), st.integers(0, 12)),
    st.tuples(st.just("skip"), st.integers(0, 12)),
    st.tuples(st.just("repeat"), st.integers(0, 3)),
    st.tuples(st.just("shard"), n).flatmap(
        lambda s: st.tuples(st.just("shard"), st.just(s[1]), st.integers(0, s[1] - 1))
    ),
    st.tuples(st.just("shuffle"), n, st.integers(0, 5), st.booleans()),
    st.tuples(st.just("cache")),
    st.tuples(st.just("prefetch"), st.integers(0, 3)),
    st.tuples(st.just("map"), st.sampled_from([None, 1, 2])),
    st.tuples(st.just("filter"), n),
    st.tuples(st.just("take_while"), st.integers(0, 40)),
    st.tuples(st.just("unique")),
    st.tuples(st.just("concatenate"), n),
    st.tuples(st.just("rebatched"), n, n, st.booleans()),
    st.tuples(st.just("windowed"), n, n, n, st.booleans()),
    st.tuples(st.just("interleaved"), n, n, st.sampled_from([None, 2])),
    st.tuples(st.just("numbered"), n),
    st.tuples(st.just("zipped"), n),
)


def on_dataset(dataset, step, *a):
    if step == "map":
        return dataset.map(lambda i: i + 1, num_parallel_calls=a[0])
    if step == "filter":
        return dataset.filter(lambda i: i % a[0] != 0)
    if step == "take_while":
        return dataset.take_while(lambda i: i < a[0])
    if step == "concatenate":
        return dataset.concatenate(Dataset.range(a[0]))
    if step == "rebatched":
        return dataset.batch(a[0], a[2]).rebatch(a[1]).unbatch()
    if step == "windowed":
        return dataset.window(*a).flat_map(lambda w: w.batch(100)).map(lambda w: w[-1] + w.shape[0])
    if step == "interleaved":
        return dataset.interleave(
            lambda i: Dataset.range(i % 4), a[0], a[1], num_parallel_calls=a[2]
        )
    if step == "numbered":
        return dataset.enumerate(a[0]).map(lambda i, j: i + j)
    if step == "zipped":
        return Dataset.zip((dataset, dataset.skip(a[0]))).map(lambda i, j: i - j)
    return getattr(dataset, step)(*a)


def on_list(items, step, *a):
    if step in ("cache", "prefetch"):
        return items
    if step == "rebatched":
        return [i for b in batches(items, a[0], a[2]) for i in b]
    if step == "windowed":
        return [w[-1] + len(w) for w in windows(items, *a)]
    return {
        "take": lambda: items[: a[0]],
        "skip": lambda: items[a[0] :],
        "repeat": lambda: items * a[0],
        "shard": lambda: items[a[1] :: a[0]],
        "map": lambda: [i + 1 for i in items],
        "filter": lambda: [i for i in items if i % a[0] != 0],
        "take_while": lambda: list(itertools.takewhile(lambda i: i < a[0], items)),
        "unique": lambda: list(dict.fromkeys(items)),
        "concatenate": lambda: items + list(range(a[0])),
        "interleaved": lambda: interleaved([range(i % 4) for i in items], a[0], a[1]),
        "numbered": lambda: [i + j for i, j in enumerate(items, a[0])],
        "zipped": lambda: [i - j for i, j in zip(items, items[a[0] :])],
    }[step]()


def values(dataset):
    return [int(i) for i in dataset]


CHUNKS = st.sampled_from([1, 2, 5, 100])
"""How many row numbers are handed on at once."""


@contextlib.contextmanager
def chunks_of(n):
    with (
        mock.patch("minikeras.data.stage.CHUNK", n),
        mock.patch("minikeras.data.batching.CHUNK", n),
    ):
        yield


@settings(max_examples=150)
@given(st.lists(st.integers(0, 30), max_size=25), st.lists(STEPS, max_size=5), CHUNKS)
def test_pipelines_do_what_lists_do(numbers, steps, chunk):
    with chunks_of(chunk):
        check_against_lists(numbers, steps)


def check_against_lists(numbers, steps):
    array = np.array(numbers, np.int64)
    table = Dataset.from_tensor_slices(array)
    generated = Dataset.from_generator(lambda: iter(array))  # whose rows have no numbers
    expected = numbers
    for step in steps:
        if step[0] == "shuffle" and any(s[0] in ("zipped", "repeat") for s in steps):
            continue  # each beginning of a shuffle has an order of its own
        table, generated = on_dataset(table, *step), on_dataset(generated, *step)
        if step[0] == "shuffle":
            # Both ways give the same order, and leave nothing out.
            expected, before = values(generated), expected
            assert sorted(expected) == sorted(before)
            # Later steps see the order of the next passes: that of the first again only if fixed.
            table, generated = (
                Dataset.from_tensor_slices(np.array(values(table), np.int64)),
                Dataset.from_generator(lambda e=expected: iter(np.array(e, np.int64))),
            )
            assert values(table) == expected
        else:
            expected = on_list(expected, *step)
    assert values(table) == values(generated) == expected
    if (length := int(table.cardinality())) >= 0:
        assert length == len(expected)


@settings(max_examples=60)
@given(
    count=st.integers(0, 40),
    size=st.integers(1, 50),
    seed=st.integers(0, 3),
    batch=st.integers(1, 9),
    drop=st.booleans(),
    times=st.integers(1, 3),
    chunk=CHUNKS,
)
def test_shuffled_batches(count, size, seed, batch, drop, times, chunk):
    """Rows by number and elements one by one: the same batches, pass after pass."""

    def pipeline(source):
        return source.shuffle(size, seed).repeat(times).batch(batch, drop)

    x = np.arange(count * 2).reshape(count, 2)
    one = pipeline(Dataset.from_tensor_slices({"x": x}))
    other = pipeline(Dataset.from_tensor_slices(x).map(lambda x: {"x": x}))
    with chunks_of(chunk):
        for _ in range(2):
            a, b = ([e["x"].tolist() for e in d] for d in (one, other))
            assert a == b
            rows = [row for group in a for row in group]
            lost = count * times % batch if drop else 0
            assert len(rows) == count * times - lost
            if not lost:
                assert sorted(rows) == sorted(x.tolist() * times)
