"""Into which pieces work is cut."""

import numpy as np
import pytest

from minikeras.kernels import gemm
from minikeras.kernels.windows import Piece, part, pieces, window

BUDGET = 1 << 18


def test_little_work_is_one_piece():
    assert pieces(8, 16, 16 * 24, BUDGET) == (Piece(0, 8, 0, 16),)
    assert pieces(1, 16, 16 * 24, BUDGET) == (Piece(0, 1, 0, 16),)


def test_few_elements_of_much_work_are_shared():
    elements = 4 * 14 * 1000
    depth = gemm.PARALLEL // elements + 1
    assert len(pieces(4, 14, 1000, BUDGET, depth)) == 2
    assert len(pieces(4, 14, 1000, BUDGET, depth - 1)) == 1


def test_one_image_is_shared_if_it_is_more_work():
    elements = 14 * 4000
    depth = 2 * gemm.PARALLEL // elements + 1
    assert pieces(1, 14, 4000, BUDGET, depth) == (Piece(0, 1, 0, 7), Piece(0, 1, 7, 14))
    assert len(pieces(1, 14, 4000, BUDGET, depth - 1)) == 1
    assert len(pieces(1, 2, BUDGET, BUDGET)) == 1
    assert len(pieces(1, 2, BUDGET + 1, BUDGET)) == 2
    assert len(pieces(1, 1, elements, BUDGET, 2 * depth)) == 1  # nothing to cut it at


@pytest.mark.parametrize("depth", [1, 1000])
@pytest.mark.parametrize("shape", [(1, 7, 90_000), (5, 9, 40_000), (37, 1, 9000), (3, 28, 100)])
def test_pieces_are_everything_once(shape, depth):
    n, rows, row = shape
    seen = [
        (i, r)
        for p in pieces(n, rows, row, BUDGET, depth)
        for i in range(p.first, p.last)
        for r in range(p.top, p.bottom)
    ]
    assert sorted(seen) == [(i, r) for i in range(n) for r in range(rows)]


def test_no_piece_is_empty():
    for n in (2, 3, 5, 7):
        cut = pieces(n, 1, 2 * BUDGET, BUDGET)
        assert all(piece.count for piece in cut)
        assert (cut[0].first, cut[-1].last) == (0, n)


@pytest.mark.parametrize("images_inside", [False, True])
def test_borders_are_zero_whatever_was_padded_before(images_inside):
    x = np.random.default_rng(0).normal(size=(3, 6, 5, 8)).astype("float32")
    piece = Piece(0, 3, 0, 6)
    for pads in [((2, 0), (1, 1)), ((1, 1), (1, 1)), ((1, 1), (0, 2)), ((0, 2), (2, 0))] * 2:
        for scale in (1, 2):  # the second time the borders are those of the first
            w = window((6, 5), (3, 3), (1, 1), pads, (1, 1))
            seen = part(scale * x, piece, w, images_inside=images_inside)
            seen = np.moveaxis(seen, -2, 0) if images_inside else seen
            np.testing.assert_array_equal(seen, np.pad(scale * x, ((0, 0), *pads, (0, 0))))
