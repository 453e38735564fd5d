"""Layouts of random graphs keep what a picture must keep; places solve their least-squares problem."""

import random
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import minimize

from minikeras.utils.graph_layout import BESIDE, Block, _least_squares, layout


def random_graph(seed):
    """A frame with boxes and frames in it, and arrows, some of them in circles."""
    rng = random.Random(seed)
    boxes = []

    def frame(count, depth):
        children = []
        for _ in range(count):
            if depth and rng.random() < 0.2:
                children.append(frame(rng.randint(1, 5), depth - 1))
            else:
                boxes.append(Block(f"b{len(boxes)}", rng.uniform(40, 300), rng.uniform(20, 60)))
                children.append(boxes[-1])
        return Block(f"f{rng.random()}", rng.choice([0, 200]), 0, children, (16, 36, 16, 16))

    root = frame(rng.randint(1, 30), 2)
    arrows = set()
    for j in range(1, len(boxes)):
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            i = max(0, j - rng.choice([1, 1, 1, 2, 3, 8]))
            arrows.add((boxes[i].key, boxes[j].key))
    if rng.random() < 0.3:
        arrows |= {(boxes[-1].key, boxes[0].key), (boxes[0].key, boxes[0].key)}
    return root, boxes, sorted(arrows)


def corners(block):
    return block.left, block.top, block.left + block.width, block.top + block.height


def overlap(a, b):
    return a[0] < b[2] - 1e-6 and b[0] < a[2] - 1e-6 and a[1] < b[3] - 1e-6 and b[1] < a[3] - 1e-6


@pytest.mark.parametrize("seed", range(40))
def test_nothing_overlaps_and_frames_hold_what_is_in_them(seed):
    root, _, arrows = random_graph(seed)
    layout(root, arrows)
    for frame in root.walk():
        places = [corners(child) for child in frame.children or ()]
        x0, y0, x1, y1 = corners(frame)
        for place in places:
            assert x0 + 15.99 < place[0] and place[2] < x1 - 15.99
            assert y0 + 15.99 < place[1] and place[3] < y1 - 15.99
        assert not any(overlap(a, b) for i, a in enumerate(places) for b in places[:i])


@pytest.mark.parametrize("seed", range(40))
def test_arrows_lead_from_box_to_box_and_through_none(seed):
    root, boxes, arrows = random_graph(seed)
    ways = layout(root, arrows)
    place = {box.key: corners(box) for box in boxes}
    for (source, target), way in zip(arrows, ways):
        for key, (x, y) in ((source, way[0][:2]), (target, (way[-1][0], way[-1][2]))):
            x0, y0, x1, y1 = place[key]
            assert x0 < x < x1 and min(abs(y - y0), abs(y - y1)) < 1e-6
        if source == target:
            continue
        for x, start, end in way:
            run = x, min(start, end), x, max(start, end)
            for key, box in place.items():
                assert key in (source, target) or not overlap(run, box)


def test_rows_and_lines():
    """A residual connection: one line of boxes, and an arrow beside them."""
    boxes = [Block(key, 60, 20) for key in "abcd"]
    arrows = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")]
    ways = layout(Block("all", 0, 0, boxes), arrows)
    assert len({box.left for box in boxes}) == 1
    assert all(upper.top + 20 < lower.top for upper, lower in pairwise(boxes))
    beside = {x for x, *_ in ways[3][1:-1]}
    assert len(beside) == 1 and not 60 > beside.pop() - boxes[0].left > 0


def test_a_fan_is_symmetric():
    boxes = [Block(key, 60, 20) for key in ("top", "l", "m", "r", "bottom")]
    arrows = [("top", k) for k in "lmr"] + [(k, "bottom") for k in "lmr"]
    layout(Block("all", 0, 0, boxes), arrows)
    top, left, middle, right, bottom = (box.left for box in boxes)
    np.testing.assert_allclose([top, middle, bottom], 60 + BESIDE, atol=0.1)
    np.testing.assert_allclose([left, right], [0, 120 + 2 * BESIDE], atol=0.1)


def test_an_arrow_upwards():
    a, b = Block("a", 60, 20), Block("b", 60, 20)
    there, back = layout(Block("all", 0, 0, [a, b]), [("a", "b"), ("b", "a")])
    assert there[0][1] == a.top + 20 and there[-1][2] == b.top
    assert back[0][1] == b.top and back[-1][2] == a.top + 20


@pytest.mark.parametrize("seed", range(10))
def test_least_squares(seed):
    rng = np.random.default_rng(seed)
    n, m = 7, 14
    pulls = [tuple(map(int, rng.choice(n, 2, replace=False))) for _ in range(m)]
    wanted, weights = rng.normal(0, 40, m), rng.uniform(0.5, 2, m)
    distances = {(i, i + 1): float(rng.uniform(10, 60)) for i in range(0, n - 1, 2)}
    distances[1, 4] = 30.0
    x = _least_squares(n, pulls, wanted, weights, distances)

    def cost(x):
        pulled = [w * (x[a] - x[b] - t) for (a, b), w, t in zip(pulls, weights, wanted)]
        return np.sum(np.square(pulled)) + 1e-6 * np.sum(np.square(x))

    bounds = [
        {"type": "ineq", "fun": lambda x, a=a, b=b, d=d: x[b] - x[a] - d}
        for (a, b), d in distances.items()
    ]
    other = minimize(cost, np.arange(n) * 60.0, method="SLSQP", constraints=bounds, tol=1e-12)
    assert all(x[b] - x[a] > d - 1e-6 for (a, b), d in distances.items())
    assert cost(x) <= other.fun * (1 + 1e-6) + 1e-6
