"""Rows of the layers in `minikeras/layers/merging/`."""

from layer_cases import Array, Call, Case, st


def arrays(shapes):
    return [Array(s, seed=i) for i, s in enumerate(shapes)]


alike = [
    [(2, 3), (2, 3)],
    [(2, 3, 4), (2, 3, 4), (2, 3, 4)],
    [(2, 3, 4), (2, 1, 4)],
    [(3, 4), (3, 1), (3, 4)],
    [(2, 3, 4), (2, 4)],
]
elementwise = [Call({}, arrays(shapes)) for shapes in alike]


@st.composite
def concatenate(draw):
    rank = draw(st.integers(2, 4))
    base = [draw(st.integers(2, 3)) for _ in range(rank)]
    axis = draw(st.sampled_from([-1, *range(1, rank)]))
    shapes = []
    for _ in range(draw(st.sampled_from([2, 3, 2, 1]))):
        shape = list(base)
        shape[axis] = draw(st.integers(1, 3))
        shapes.append(tuple(shape))
    return Call({"axis": axis}, arrays(shapes))


@st.composite
def dot(draw):
    axes, shapes = draw(
        st.sampled_from(
            [
                (1, [(2, 3), (2, 3)]),
                (-1, [(2, 3), (2, 3)]),
                (2, [(2, 3, 4), (2, 5, 4)]),
                ((2, 1), [(2, 3, 4), (2, 4, 5)]),
                ((1, 2), [(2, 3, 4), (2, 5, 3)]),
                ([1, 1], [(2, 3, 4), (2, 3)]),
                ((-1, -1), [(2, 3, 4), (2, 2, 4)]),
            ]
        )
    )
    return Call({"axes": axes, "normalize": draw(st.booleans())}, arrays(shapes))


CASES = {
    "Add": Case(elementwise),
    "Average": Case(elementwise),
    "Concatenate": Case(concatenate(), examples=12),
    "Dot": Case(dot(), examples=12),
    "Maximum": Case(elementwise),
    "Minimum": Case(elementwise),
    "Multiply": Case(elementwise),
    "Subtract": Case([c for c in elementwise if len(c.inputs) == 2]),
}
