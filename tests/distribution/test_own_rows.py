"""A rank makes its own rows of a data set's batches, and no others, where that is the same."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import minikeras as keras
from minikeras.common.ranks import OwnRows
from minikeras.data import Dataset
from minikeras.data.stage import Table
from minikeras.trainers.data_adapters import IterableDataAdapter

x, y = np.arange(46, dtype="float32").reshape(23, 2), np.arange(23) % 3
rows = Dataset.from_tensor_slices(({"a": x, "b": x[:, 0]}, y))
words = Dataset.from_tensor_slices(([f"word {i}" for i in range(23)], y))

CUT = {
    "rows": lambda: rows.batch(5),
    "dropped rest": lambda: rows.batch(5, drop_remainder=True),
    "fewer rows than ranks": lambda: rows.batch(2),
    "shuffled": lambda: rows.shuffle(7, seed=3).batch(5),
    "repeated and shuffled": lambda: rows.shuffle(30, seed=3).repeat(2).batch(6).prefetch(2),
    "batches that are chosen": lambda: rows.batch(4).shuffle(3, seed=1).repeat(2).skip(1).take(7),
    "shards": lambda: rows.shard(2, 1).cache().batch(3),
    "words": lambda: words.batch(5),
    "time series": lambda: keras.utils.timeseries_dataset_from_array(
        x, y[:, None], 4, batch_size=5, shuffle=True, seed=1
    ),
}
WHOLE = {  # what looks at elements or at batches
    "elements that are mapped": lambda: rows.map(lambda x, y: (x, y + 1)).batch(5),
    "batches that are mapped": lambda: rows.batch(5).map(lambda x, y: (x, y + 1)),
    "batches that are kept": lambda: rows.batch(5).cache(),
    "batches that are zipped": lambda: Dataset.zip(rows.batch(5), rows.batch(5)),
    "batches taken apart": lambda: rows.batch(3).unbatch().batch(5),
    "padded": lambda: Dataset.from_tensor_slices(x).padded_batch(4),
    "generator": lambda: Dataset.from_generator(lambda: iter(x), output_signature=None).batch(5),
}


def passes(make, cut=None, look=True, **options):
    """Two passes through a data set, as one rank sees them."""
    keras.utils.set_random_seed(7)
    adapter = IterableDataAdapter(make(), **options)
    if look:
        adapter.peek()
    adapter.cut = cut
    return [list(adapter), list(adapter)]


@pytest.mark.parametrize("look", [True, False])
@pytest.mark.parametrize("name", CUT)
def test_ranks_rows_make_the_batches(name, look):
    make = CUT[name]
    whole, parts = passes(make), [passes(make, (rank, 3), look) for rank in range(3)]
    for i, batches in enumerate(whole):
        assert [len(part[i]) for part in parts] == [len(batches)] * 3
        if i or not look:  # what was made for a look is whole
            assert {type(own) for part in parts for own in part[i]} == {OwnRows}
        for j, batch in enumerate(batches):
            of_ranks = [part[i][j] for part in parts]
            if type(of_ranks[0]) is not OwnRows:
                continue
            own = [keras.tree.flatten(each.batch) for each in of_ranks]
            for joined, array in zip(zip(*own), keras.tree.flatten(batch), strict=True):
                np.testing.assert_array_equal(np.concatenate(joined), array)
                assert {a.dtype.kind for a in joined} == {array.dtype.kind}
                assert [len(a) for a in joined] == [each.rows.count for each in of_ranks]


@pytest.mark.parametrize("name", WHOLE)
def test_what_looks_at_rows_gets_all(name):
    make = WHOLE[name]
    for a, b in zip(itertools.chain(*passes(make)), itertools.chain(*passes(make, (1, 3)))):
        for array, same in zip(keras.tree.flatten(a), keras.tree.flatten(b), strict=True):
            np.testing.assert_array_equal(array, same)


def test_no_other_rows_are_touched(monkeypatch):
    touched = []
    gather = Table.gather
    monkeypatch.setattr(
        Table, "gather", lambda self, n: (touched.extend(n[0].tolist()), gather(self, n))[1]
    )
    passes(lambda: rows.batch(6), (1, 3), look=False)
    assert sorted(touched) == sorted(2 * [2, 3, 8, 9, 14, 15, 19, 20])


def test_weights_of_classes():
    options = {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}}
    whole = passes(lambda: rows.batch(6), **options)[1]
    own = passes(lambda: rows.batch(6), (2, 3), **options)[1]
    for batch, part in zip(whole, own, strict=True):
        np.testing.assert_array_equal(part.batch[2], batch[2][part.rows.slice])


def test_files(tmp_path, monkeypatch):
    pillow = pytest.importorskip("PIL.Image", reason="needs Pillow")
    for i in range(11):
        folder = tmp_path / "ab"[i % 2]
        folder.mkdir(exist_ok=True)
        pillow.fromarray(np.full((4, 4, 3), 20 * i, "uint8")).save(folder / f"{i}.png")

    def make():
        return keras.utils.image_dataset_from_directory(
            tmp_path, batch_size=4, image_size=(4, 4), seed=1, verbose=False
        )

    opened = []
    open_image = pillow.open
    monkeypatch.setattr(pillow, "open", lambda f: (opened.append(f), open_image(f))[1])
    whole = passes(make, look=False)
    assert len(opened) == 22
    for ranks in (3, 6):
        del opened[:]
        parts = [passes(make, (rank, ranks), look=False) for rank in range(ranks)]
        lone = 2 * sum(each.rows.count == 0 for part in parts for each in part[0])
        assert len(opened) == 22 + lone  # what the rows of no file look like
        for i, batches in enumerate(whole):
            for j, batch in enumerate(batches):
                own = [part[i][j].batch for part in parts]
                for joined, array in zip(zip(*own), batch, strict=True):
                    np.testing.assert_array_equal(np.concatenate(joined), array)
