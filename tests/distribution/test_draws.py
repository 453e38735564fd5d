"""Random numbers of a batch that ranks share: each rank draws what one process draws for its rows."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from minikeras import layers, random
from minikeras.common.ranks import rows_of, running
from minikeras.kernels.random import dropout_mask


@pytest.fixture
def on_ranks(monkeypatch):
    """Call a function with the number of each rank's rows; return the results one after the other."""

    def call(function, total, size=3):
        results = []
        for rank in range(size):
            rows = rows_of(total, rank, size)
            monkeypatch.setattr(running, "rows", rows)
            results.append(np.asarray(function(rows.count)))
            monkeypatch.setattr(running, "rows", None)
        return np.concatenate(results)

    return call


@pytest.mark.parametrize("shape", [(7, 5), (7, 100_000), (2, 3)])
def test_masks(shape, on_ranks):
    n, *rest = shape
    whole, _ = dropout_mask(shape, 0.3, (1, 2))
    np.testing.assert_array_equal(
        on_ranks(lambda rows: dropout_mask((rows, *rest), 0.3, (1, 2))[0], n), whole
    )


@pytest.mark.parametrize(
    "draw",
    [
        lambda n: random.normal((n, 3), seed=1),
        lambda n: random.uniform((n,), seed=1),
        lambda n: random.randint((n, 2, 2), 0, 9, seed=1),
        lambda n: random.truncated_normal((n, 3), seed=1),
        lambda n: random.dropout(np.ones((n, 4), "float32"), 0.5, seed=1),
    ],
)
def test_numbers(draw, on_ranks):
    np.testing.assert_array_equal(on_ranks(draw, 7), np.asarray(draw(7)))


@pytest.mark.parametrize("total", [3, 7])  # one row on each rank, or more
@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.Dropout(0.5, noise_shape=(1, None, None), seed=1),
        lambda: layers.Dropout(0.5, noise_shape=(1, 2, 1), seed=1),
        lambda: layers.Dropout(0.5, noise_shape=(2, 3), seed=1),
        lambda: layers.Dropout(0.5, noise_shape=(None, 1, 1), seed=1),
        lambda: layers.AlphaDropout(0.5, noise_shape=(1, 2, None), seed=1),
        lambda: layers.SpatialDropout1D(0.5, seed=1),
        lambda: lambda x, **_: random.dropout(x, 0.5, noise_shape=(len(x), 1, 1), seed=1),
    ],
)
def test_rows_that_share_their_fate(make, total, on_ranks):
    def drop(n):
        return make()(np.ones((n, 2, 3), "float32"), training=True)

    np.testing.assert_array_equal(on_ranks(drop, total), np.asarray(drop(total)))


def test_weights_of_all_rows_are_drawn_once(on_ranks):
    whole = random.normal((50, 3), seed=1)
    np.testing.assert_array_equal(
        on_ranks(lambda n: random.normal((50, 3), seed=1), 7), np.concatenate([whole] * 3)
    )


def test_other_threads_draw_for_whole_batches(monkeypatch):
    monkeypatch.setattr(running, "rows", rows_of(6, 1, 2))
    found = []
    thread = threading.Thread(target=lambda: found.append(random.normal((3, 2), seed=1)))
    thread.start()
    thread.join()
    monkeypatch.setattr(running, "rows", None)
    np.testing.assert_array_equal(found[0], random.normal((3, 2), seed=1))
