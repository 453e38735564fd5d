"""Layers that prepare tables: numbers normalized or in bins, categories as vectors, crosses."""

from __future__ import annotations

from layer_cases import Array, Call, Case

MEANS, VARIANCES = [0.5, -1.0, 2.0], [2.0, 0.5, 1.0]


def neutral_moments(rng, name, shape):
    """What they begin with: Keras does not look at the weights again when they are set."""
    return {"mean": 0.0, "variance": 1.0}.get(name, 0.0) * (0 * rng.normal(size=shape) + 1)


def bins(**kwargs):
    return {"bin_boundaries": [-1.0, 0.0, 0.7], **kwargs}


CASES = {
    "Normalization": Case(
        [
            Call({"axis": -1, "mean": MEANS, "variance": VARIANCES}, Array((4, 3))),
            Call({"axis": None, "mean": 0.5, "variance": 2.0}, Array((4, 3))),
            Call({"axis": -1, "invert": True, "mean": MEANS, "variance": 3 * [0.0]}, Array((4, 3))),
            Call({"axis": (1, 2), "mean": MEANS, "variance": VARIANCES}, Array((2, 5, 3))),
            Call({"axis": [-2], "mean": MEANS, "variance": VARIANCES}, Array((2, 3, 5))),
            Call({}, Array((4, 3))),
            Call({"axis": (1,), "invert": True}, Array((2, 3, 5))),
        ],
        weights=neutral_moments,
    ),
    "Discretization": Case(
        [
            Call(bins(), Array((5, 3))),
            Call(bins(output_mode="one_hot"), Array((5, 1))),
            Call(bins(output_mode="multi_hot"), Array((5, 3))),
            Call(bins(output_mode="count"), Array((5, 3))),
        ],
        also=[
            Call(bins(output_mode="one_hot"), Array((5,))),
            Call(bins(output_mode="count"), Array((2, 3, 4))),
            Call({"bin_boundaries": []}, Array((5, 3))),
        ],
        keras_gradient=False,  # JAX has none of integers, where zero will do
    ),
    "CategoryEncoding": Case(
        [
            Call({"num_tokens": 4}, Array((5, 3), "int64", -1, 6)),
            Call({"num_tokens": 4, "output_mode": "one_hot"}, Array((5, 1), "int32", 0, 4)),
            Call({"num_tokens": 4, "output_mode": "one_hot"}, Array((5, 3), "int32", 0, 4)),
            Call({"num_tokens": 4, "output_mode": "count"}, Array((5, 3), "int32", -1, 6)),
            Call(
                {"num_tokens": 4, "output_mode": "count"},
                Array((5, 3), "int32", -1, 6),
                {"count_weights": Array((5, 3))},
            ),
        ],
        also=[Call({"num_tokens": 4, "output_mode": "binary"}, Array((5,), "int32", 0, 4))],
    ),
    # Compared with TensorFlow's numbers in preprocessing/.
    "HashedCrossing": Case(
        [
            Call({"num_bins": 9}, [Array((5, 1), "int64", -9, 9), Array((5, 1), "int32", -9, 9)]),
            Call(
                {"num_bins": 9, "output_mode": "one_hot"},
                [Array((5,), "int64", -9, 9), Array((5,), "int64", 0, 9)],
            ),
        ],
        keras=False,
    ),
}
