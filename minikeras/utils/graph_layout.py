"""Where the boxes of a graph go, so that arrows point down and cross little.

The method is Sugiyama's. Boxes get rows: each is below all that point at it. An arrow over more than
one row bends in between, and rows are sorted until few arrows cross. Places within the rows follow
from a least-squares problem: arrows are short, boxes keep their distance, and what stands in a line
is exactly below each other.

A frame holds boxes and frames. It is laid out by itself, and is a box for what is around it. Arrows
go through its border at ports, which are boxes without a size in its first or last row.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from minikeras.kernels import linalg

BESIDE = 24.0
"""Points between two boxes in a row."""

BESIDE_ARROW = 14.0
"""Points between a passing arrow and its neighbour."""

BELOW = 34.0
"""Points between two rows."""

LOOP = 22.0
"""Points that the arrow from a box to itself takes at its side."""


@dataclass(eq=False)
class Block:
    """A box or, with `children`, a frame. Sizes and places are in points; y grows downwards.

    Args:
        key: what it is called by in arrows.
        width: width of a box, least width of a frame.
        height: height of a box, least height of a frame.
        children: what is in a frame, in an order in which most arrows point from one to a later one.
        padding: what a frame keeps free inside: left, top, right, bottom.
    """

    key: str
    width: float
    height: float
    children: list[Block] | None = None
    padding: tuple[float, float, float, float] = (0, 0, 0, 0)
    left: float = 0
    top: float = 0
    entries: dict[str, Port] = field(default_factory=dict)
    exits: dict[str, Port] = field(default_factory=dict)
    links: dict[tuple, Link] = field(default_factory=dict)
    loops: bool = False

    @property
    def needed(self) -> float:
        """The width that it takes in its row."""
        return self.width + 2 * LOOP * self.loops

    def walk(self) -> Iterator[Block]:
        """Iterate over this and all blocks in it."""
        yield self
        for child in self.children or ():
            yield from child.walk()


@dataclass(eq=False)
class Port:
    """Where arrows to or from one box go through the border of a frame."""

    x: float = 0  # from the frame's left side
    needed: float = 0.0
    height: float = 0.0


@dataclass(eq=False)
class Bend:
    """Where an arrow passes a row."""

    needed: float = 0.0
    height: float = 0.0


Node = Block | Port | Bend
Run = tuple[float, float, float]
"""A piece of an arrow that goes straight down: x, where it begins, where it ends."""


@dataclass(eq=False)
class Link:
    """The part of an arrow that is in one frame, from a higher to a lower node.

    `leaving` and `entering` are the ports of these nodes, if they are frames.
    """

    upper: Block | Port
    lower: Block | Port
    leaving: Port | None
    entering: Port | None
    chain: list[Node] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def offset(self, node: Node) -> float:
        """Return how far right of the middle of a node in the chain the arrow touches it."""
        port = self.leaving if node is self.upper else self.entering if node is self.lower else None
        return 0.0 if port is None else port.x - node.width / 2


def layout(root: Block, arrows: Sequence[tuple[str, str]]) -> list[list[Run]]:
    """Place everything in a frame, and find the ways of the arrows.

    Args:
        root: the frame. Its blocks get `left` and `top`, and frames their sizes.
        arrows: pairs of the keys of boxes.

    Returns:
        for each arrow the pieces in which it goes straight down (or up, where arrows form a circle);
        it bends in between.
    """
    parent: dict[Block, Block] = {c: b for b in root.walk() for c in b.children or ()}
    boxes = {b.key: b for b in root.walk() if b.children is None}
    ways = [_way(boxes[source], boxes[target], parent) for source, target in arrows]
    _place(root)
    _move(root, 0, 0)
    runs = []
    for (source, _), (links, upwards) in zip(arrows, ways):
        if not links:
            runs.append(_loop(boxes[source]))
            continue
        way = [
            (x + frame.left, y0 + frame.top, y1 + frame.top)
            for frame, link in links
            for x, y0, y1 in link.runs
        ]
        runs.append([(x, y1, y0) for x, y0, y1 in reversed(way)] if upwards else way)
    return runs


def _way(source: Block, target: Block, parent: dict) -> tuple[list[tuple[Block, Link]], bool]:
    """Return the links of an arrow with their frames, downwards, and whether it points upwards."""
    if source is target:
        source.loops = True
        return [], False
    ways = []
    for box in (source, target):
        way = [box]
        while way[0] in parent:
            way.insert(0, parent[way[0]])
        ways.append(way)
    common = next(i for i, (a, b) in enumerate(zip(*ways)) if a is not b)
    frame = ways[0][common - 1]
    first, second = (frame.children.index(way[common]) for way in ways)
    upper, lower = (way[common:] for way in (ways if first < second else reversed(ways)))
    links = []
    for around, node in zip(upper[-2::-1], upper[:0:-1]):  # out of the frames, one after the other
        port = around.exits.setdefault(upper[-1].key, Port())
        links.append((around, _link(around, node, port, node.exits.get(upper[-1].key), None)))
    leaving, entering = upper[0].exits.get(upper[-1].key), None
    entries = [b.entries.setdefault(lower[-1].key, Port()) for b in lower[:-1]] + [None]
    links.append((frame, _link(frame, upper[0], lower[0], leaving, entries[0])))
    for i, around in enumerate(lower[:-1]):
        entering = entries[i + 1]
        links.append((around, _link(around, entries[i], lower[i + 1], None, entering)))
    return links, first > second


def _link(
    frame: Block,
    upper: Block | Port,
    lower: Block | Port,
    leaving: Port | None,
    entering: Port | None,
) -> Link:
    """Return the link between two nodes of a frame, one and the same for all arrows there."""
    return frame.links.setdefault(
        (upper, lower, leaving, entering), Link(upper, lower, leaving, entering)
    )


def _loop(box: Block) -> list[Run]:
    """Return the way of an arrow from a box to itself: out below, back in at the top."""
    x, top, bottom = box.left + box.width - 12, box.top, box.top + box.height
    side = box.left + box.width + LOOP - 6
    return [(x, bottom, bottom + 10), (side, bottom + 10, top - 10), (x, top - 10, top)]


def _move(frame: Block, x: float, y: float) -> None:
    """Turn places inside frames into places in the whole picture."""
    frame.left += x
    frame.top += y
    for child in frame.children or ():
        _move(child, frame.left, frame.top)


def _place(frame: Block) -> None:
    """Place the nodes of a frame, measured from its upper left corner, and give it its size."""
    for child in frame.children:
        if child.children is not None:
            _place(child)
    rows = _rows(frame)
    edges = _edges(rows, frame)
    _sort(rows, edges)
    left, top, right, bottom = frame.padding
    x = _columns(rows, edges)
    content = max((x[n] + n.needed / 2 for row in rows for n in row), default=0.0)
    free = frame.width - left - content - right
    frame.width -= min(free, 0)
    x = {node: left + max(free, 0) / 2 + place for node, place in x.items()}

    y = 0.0 if frame.entries else top
    spans = []  # of each row, from where to where
    for i, row in enumerate(rows):
        spans.append((y, y + max(n.height for n in row)))
        at_top, at_bottom = frame.entries and i == 0, frame.exits and i == len(rows) - 2
        gap = top if at_top else bottom if at_bottom else BELOW
        y = spans[-1][1] + gap + _room_for_bends(edges[i], x)
    frame.height = max(frame.height, spans[-1][1] + (0 if frame.exits else bottom))
    if frame.exits:
        spans[-1] = (frame.height, frame.height)
    for row, (start, end) in zip(rows, spans):
        for node in row:
            if type(node) is Block:
                node.left = x[node] - node.width / 2
                node.top = start + (end - start - node.height) / 2
            elif type(node) is Port:
                node.x = x[node]
    of_row = {node: i for i, row in enumerate(rows) for node in row}
    for link in frame.links.values():
        link.runs = []
        for node in link.chain:
            start, end = spans[of_row[node]]
            if type(node) is Block and node is link.upper:
                start = node.top + node.height
            elif type(node) is Block:
                end = node.top
            link.runs.append((x[node] + link.offset(node), start, end))


def _room_for_bends(edges: list[Edge], x: dict[Node, float]) -> float:
    """Return how much more room there is below a row, for arrows that go far to the side."""
    far = max((abs(x[a] + of_a - x[b] - of_b) for a, b, of_a, of_b in edges), default=0)
    return min(far * 0.06, BELOW)


def _rows(frame: Block) -> list[list[Node]]:
    """Return the frame's nodes in rows; arrows over more than one get bends in between."""
    links = list(frame.links.values())
    above, below = defaultdict(list), defaultdict(list)
    for link in links:
        above[link.lower].append(link.upper)
        below[link.upper].append(link.lower)
    rank: dict[Node, int] = {}
    for child in frame.children:  # what points at a child comes before it
        rank[child] = max((rank[u] + 1 for u in above[child] if u in rank), default=0)
    for child in reversed(frame.children):
        inside = [u for u in above[child] if u in rank]
        targets = [rank[v] for v in below[child] if v in rank]
        if targets and len(inside) == len(above[child]) and len(targets) > len(inside):
            rank[child] = max(rank[child], min(targets) - 1)  # near to what it is for
    used = {r: i for i, r in enumerate(sorted(set(rank.values())))}
    shift = bool(frame.entries)
    rank = {node: used[r] + shift for node, r in rank.items()}
    rank |= dict.fromkeys(frame.entries.values(), 0)
    rank |= dict.fromkeys(frame.exits.values(), max(rank.values(), default=0) + 1)

    rows: list[list[Node]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for node, r in rank.items():
        rows[r].append(node)
    for link in links:
        link.chain = [link.upper]
        for r in range(rank[link.upper] + 1, rank[link.lower]):
            rows[r].append(Bend())
            link.chain.append(rows[r][-1])
        link.chain.append(link.lower)
    return rows


# Which comes left of which.


def _sort(rows: list[list[Node]], edges: list[list[Edge]]) -> None:
    """Sort the rows so that few arrows cross, sweeping down and up."""
    best, best_rows = math.inf, []
    for sweep in range(12):
        crossings = sum(_crossings(rows[i], rows[i + 1], edges[i]) for i in range(len(rows) - 1))
        if crossings < best:
            best, best_rows = crossings, [list(row) for row in rows]
        if not crossings:
            break
        downwards = sweep % 2 == 0
        for i in range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1):
            near = rows[i - 1] if downwards else rows[i + 1]
            lines = edges[i - 1] if downwards else edges[i]
            _sort_by_neighbours(rows[i], near, lines, downwards)
    for row, sorted_row in zip(rows, best_rows):
        row[:] = sorted_row
    _swap_neighbours(rows, edges)


Edge = tuple[Node, Node, float, float]
"""Two nodes in rows below each other, and how far from their middles an arrow touches them."""


def _edges(rows: list[list[Node]], frame: Block) -> list[list[Edge]]:
    """Return the pieces of arrows below each row."""
    of_row = {node: i for i, row in enumerate(rows) for node in row}
    edges: list[list[Edge]] = [[] for _ in rows]
    for link in frame.links.values():
        for a, b in pairwise(link.chain):
            edges[of_row[a]].append((a, b, link.offset(a), link.offset(b)))
    return edges


def _places(row: list[Node]) -> dict[Node, int]:
    return {node: i for i, node in enumerate(row)}


def _part(node: Node, offset: float) -> float:
    """Return an offset as part of a place in a row, between -0.5 and 0.5."""
    return offset / node.needed if node.needed else 0.0


def _crossings(upper: list[Node], lower: list[Node], edges: list[Edge]) -> int:
    """Return how many pairs of arrows between two rows cross."""
    if len(edges) < 2:
        return 0
    above, below = _places(upper), _places(lower)
    a = np.array([above[u] + _part(u, o) for u, _, o, _ in edges])
    b = np.array([below[v] + _part(v, o) for _, v, _, o in edges])
    return int(((a[:, None] < a) & (b[:, None] > b)).sum())


def _sort_by_neighbours(
    row: list[Node], near: list[Node], edges: list[Edge], downwards: bool
) -> None:
    """Sort a row by the mean place of what each node is connected to in the row beside it."""
    place = _places(near)
    pulls = defaultdict(list)
    for a, b, of_a, of_b in edges:
        node, other, offset = (b, a, of_a) if downwards else (a, b, of_b)
        pulls[node].append(place[other] + _part(other, offset))
    own = _places(row)
    scale = len(near) / len(row)
    row.sort(key=lambda n: sum(pulls[n]) / len(pulls[n]) if pulls[n] else own[n] * scale)


def _swap_neighbours(rows: list[list[Node]], edges: list[list[Edge]]) -> None:
    """Swap neighbours in rows as long as arrows cross less."""

    def crossings(i: int) -> int:
        above = _crossings(rows[i - 1], rows[i], edges[i - 1]) if i else 0
        return above + (_crossings(rows[i], rows[i + 1], edges[i]) if i + 1 < len(rows) else 0)

    better = True
    while better:
        better = False
        for i, row in enumerate(rows):
            now = crossings(i)
            for j in range(len(row) - 1):
                if not now:
                    break
                row[j], row[j + 1] = row[j + 1], row[j]
                then = crossings(i)
                if then < now:
                    now, better = then, True
                else:
                    row[j], row[j + 1] = row[j + 1], row[j]


# Where exactly.


def _columns(rows: list[list[Node]], edges: list[list[Edge]]) -> dict[Node, float]:
    """Return the x of each node's middle; the leftmost side is at 0."""
    line, shift = _lines(rows, edges)
    number = {root: i for i, root in enumerate(dict.fromkeys(line.values()))}
    at = {node: number[root] for node, root in line.items()}
    n = len(number)

    pulls, wanted, weights = [], [], []
    for row_edges in edges:
        for a, b, of_a, of_b in row_edges:
            if at[a] != at[b]:
                pulls.append((at[a], at[b]))
                wanted.append(shift[b] + of_b - shift[a] - of_a)
                weights.append(1.0)
    distances: dict[tuple[int, int], float] = {}
    for row in rows:
        for a, b in pairwise(row):
            gap = BESIDE_ARROW if Bend in (type(a), type(b)) else BESIDE
            needed = (a.needed + b.needed) / 2 + gap + shift[a] - shift[b]
            pair = at[a], at[b]
            distances[pair] = max(distances.get(pair, -math.inf), needed)
    for pair, distance in distances.items():  # what nothing pulls stays near
        pulls.append(pair)
        wanted.append(-distance)
        weights.append(0.03)
    x = _least_squares(n, pulls, np.array(wanted), np.array(weights), distances)
    places = {node: x[at[node]] + shift[node] for node in at}
    left = min((p - node.needed / 2 for node, p in places.items()), default=0)
    return {node: float(p - left) for node, p in places.items()}


def _lines(
    rows: list[list[Node]], edges: list[list[Edge]]
) -> tuple[dict[Node, Node], dict[Node, float]]:
    """Return which nodes stand exactly below each other: the first one of each node's line.

    Also return how far right of this line a node's middle is. Lines do not cross.
    """
    line: dict[Node, Node] = {node: node for row in rows for node in row}
    shift: dict[Node, float] = dict.fromkeys(line, 0.0)
    for upper, lower, row_edges in zip(rows, rows[1:], edges):
        above, below = _places(upper), _places(lower)
        taken: list[tuple[int, int]] = []
        importance = _importance(row_edges)
        for a, b, of_a, of_b in sorted(row_edges, key=importance):
            if importance((a, b, of_a, of_b)) == _FREE:
                break
            i, j = above[a], below[b]
            if all((i < k and j < m) or (i > k and j > m) for k, m in taken):
                taken.append((i, j))
                line[b], shift[b] = line[a], shift[a] + of_a - of_b
    return line, shift


_FREE = 3


def _importance(row_edges: list[Edge]) -> Callable[[Edge], int]:
    """Return the function that says how much a piece of an arrow should be straight, 0 most."""
    outs, ins = defaultdict(int), defaultdict(int)
    short_outs, short_ins = defaultdict(int), defaultdict(int)
    for a, b, *_ in row_edges:
        outs[a] += 1
        ins[b] += 1
        if Bend not in (type(a), type(b)):
            short_outs[a] += 1
            short_ins[b] += 1

    def importance(edge: Edge) -> int:
        a, b, *_ = edge
        if type(a) is type(b) is Bend:
            return 0
        if Bend not in (type(a), type(b)) and short_outs[a] == short_ins[b] == 1:
            return 1
        return 2 if outs[a] == ins[b] == 1 else _FREE

    return importance


def _least_squares(
    n: int,
    pulls: list[tuple[int, int]],
    wanted: np.ndarray,
    weights: np.ndarray,
    distances: dict[tuple[int, int], float],
) -> np.ndarray:
    """Return the x that minimizes `sum((weights * (x[a] - x[b] - wanted))**2)` over pulls `(a, b)`.

    Args:
        n: the number of unknowns.
        distances: `x[b] - x[a]` is at least `distances[a, b]`.
    """
    from scipy.optimize import nnls

    if not distances:
        return np.zeros(n)
    rows = len(pulls)
    f = np.zeros((rows + n, n))
    a, b = np.array(pulls).T
    f[np.arange(rows), a] = weights
    f[np.arange(rows), b] = -weights
    f[rows:] = np.eye(n) * 1e-3  # one answer where pulls leave many
    target = np.concatenate([weights * wanted, np.zeros(n)])
    q, r = linalg.qr(f)
    # With u = r @ x - q.T @ target, this is: the shortest u with g @ u >= h. Lawson and Hanson
    # (Solving Least Squares Problems, chapter 23) find it by a non-negative least-squares problem.
    g = np.zeros((len(distances), n))
    a, b = np.array(list(distances)).T
    g[np.arange(len(g)), a] = -1
    g[np.arange(len(g)), b] = 1
    g = linalg.solve(r.T, g.T).T
    h = np.array(list(distances.values())) - g @ (q.T @ target)
    unit = max(np.abs(h).max(), 1.0)
    problem = np.concatenate([g.T, h[None] / unit])
    right = np.append(np.zeros(n), 1.0)
    solution, _ = nnls(problem, right, maxiter=50 * len(g))
    residual = problem @ solution - right
    u = -unit * residual[:-1] / residual[-1]
    return linalg.solve(r, u + q.T @ target)
