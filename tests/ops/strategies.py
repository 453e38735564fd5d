"""What each op is called with in the registry tests.

`CASES[name]` tells how to draw arguments: its `make(r)` returns `args`, or `(args, kwargs)`, with
float64 arrays for whatever is differentiated. `r` draws sizes and choices from hypothesis and
values from a seeded generator. Arrays whose first size is `BATCH` are batches: in the symbolic test
that size becomes None, in the tests of empty and single batches it is 0 and 1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

BATCH = 5


class Draw:
    """Draws arguments: choices from hypothesis, so that they shrink, and values from a seed."""

    def __init__(self, choose: Callable, seed: int, batch: int = BATCH) -> None:
        self.choose = choose
        self.rng = np.random.default_rng(seed)
        self.batch = batch

    def one_of(self, *options: Any) -> Any:
        return options[self.choose(len(options))]

    def shape(self, *more: int) -> tuple[int, ...]:
        """A batch of something: few different shapes, which JAX compiles anew each."""
        return (self.batch, *self.one_of((3,), (2, 3)), *more)

    def uniform(self, low: float, high: float, shape: Any = None) -> np.ndarray:
        return self.rng.uniform(low, high, self.shape() if shape is None else shape)

    def real(self, *shape: int) -> np.ndarray:
        return self.uniform(-2, 2, shape or None)

    def positive(self, *shape: int) -> np.ndarray:
        return self.uniform(0.2, 3, shape or None)

    def complex(self, *shape: int) -> np.ndarray:
        return self.real(*shape) + 1j * self.real(*shape)

    def ints(self, low: int, high: int, *shape: int) -> np.ndarray:
        return self.rng.integers(low, high, shape or self.shape()).astype(np.int32)

    def bools(self, *shape: int) -> np.ndarray:
        return self.rng.random(shape or self.shape()) < 0.5

    def axis(self, ndim: int) -> int:
        return self.one_of(*range(-ndim, ndim))

    def axes(self, ndim: int) -> Any:
        return self.one_of(None, -1, 0, tuple(range(ndim))[-2:])

    def matrix(self, *batch: int, n: int = 3) -> np.ndarray:
        """A square matrix far from singular."""
        return self.uniform(-1, 1, (*batch, n, n)) + 2 * np.eye(n)

    def definite(self, *batch: int, n: int = 3) -> np.ndarray:
        """A symmetric positive definite matrix with eigenvalues well apart."""
        q, _ = np.linalg.qr(self.uniform(-1, 1, (*batch, n, n)))
        return (q * np.arange(1.0, n + 1)) @ np.swapaxes(q, -1, -2)

    def with_nan(self, *shape: int) -> np.ndarray:
        x = self.real(*shape)
        return np.where(self.rng.random(x.shape) < 0.2, np.nan, x)


@dataclasses.dataclass
class Case:
    """How an op is tested.

    Attributes:
        make: draws the arguments.
        gradient: whether it has one, checked against finite differences and JAX.
        jax: whether JAX has the same gradient.
        twice: whether gradients of gradients exist.
        symbolic: whether KerasTensors may take the place of arrays in Keras.
        batched: whether batches of 0 and 1 make sense.
        keras: whether it is compared with Keras.
        dtype: whether Keras on JAX gives the dtype that its own shape rule promises.
        same_spec: whether Keras's shape rule agrees with its own results.
        rtol32: relative tolerance in float32.
        rtol64: in float64, wider where Keras on JAX computes in float32 all the same.
        result: what is compared, a function of the list of results as arrays.
        differentiate: what is differentiated, a function of the results; None for all.
    """

    make: Callable[[Draw], Any]
    gradient: bool = True
    jax: bool = True
    twice: bool = True
    symbolic: bool = True
    batched: bool = True
    keras: bool = True
    dtype: bool = True
    same_spec: bool = True
    rtol32: float = 1e-5
    rtol64: float = 1e-10
    result: Callable | None = None
    differentiate: Callable | None = None


@dataclasses.dataclass
class Call:
    args: tuple
    kwargs: dict


def call(case: Case, draw: Draw) -> Call:
    made = case.make(draw)
    if len(made) == 2 and isinstance(made[0], tuple) and isinstance(made[1], dict):
        return Call(*made)
    return Call(made, {})


def calls(case: Case, batch: int = BATCH) -> st.SearchStrategy[Call]:
    """Return a hypothesis strategy for calls of an op."""

    @st.composite
    def strategy(draw: Any) -> Call:
        seed = draw(st.integers(0, 2**16))
        chooser = Draw(lambda n: draw(st.integers(0, n - 1)), seed, batch)
        return call(case, chooser)

    return strategy()


CASES: dict[str, Case] = {}


def add(names: str, make: Callable[[Draw], Any], **options: Any) -> None:
    for name in names.split():
        assert name not in CASES, name
        CASES[name] = Case(make, **options)


# Elementwise, one argument.

add(
    "abs absolute fabs negative square exp exp2 expm1 sin cos tanh sinh cosh arctan arcsinh sinc "
    "i0 deg2rad rad2deg erf erfc copy ravel conj conjugate real imag relu relu6 sigmoid softplus "
    "softsign hard_sigmoid hard_tanh "
    "hard_silu selu silu log_sigmoid tanh_shrink sparse_plus sparse_sigmoid "
    "nan_to_num angle",
    lambda r: (r.real(),),
)
add("log log2 log10 log1p sqrt rsqrt cbrt reciprocal", lambda r: (r.positive(),))
add("arcsin arccos arctanh erfinv", lambda r: (r.uniform(-0.9, 0.9),))
add("arccosh", lambda r: (r.uniform(1.2, 3),))
add("tan", lambda r: (r.uniform(-1, 1),))
add("floor ceil trunc sign", lambda r: (r.real(),))
add("stop_gradient", lambda r: (r.real(),), gradient=False)
add("round", lambda r: ((r.real(),), {"decimals": r.one_of(0, 1)}))
add(
    "isnan isinf isfinite isposinf isneginf isreal signbit logical_not",
    lambda r: (r.with_nan(),),
    gradient=False,
)
add("zeros_like ones_like empty_like", lambda r: (r.real(),), gradient=False)
add("full_like", lambda r: (r.real(), 2.5), gradient=False)
add("elu celu", lambda r: ((r.real(),), {"alpha": r.one_of(1.0, 0.7)}))
add("leaky_relu", lambda r: ((r.real(),), {"negative_slope": r.one_of(0.2, 0.1)}))
add("gelu", lambda r: ((r.real(),), {"approximate": r.one_of(True, False)}))
add("soft_shrink hard_shrink", lambda r: ((r.real(),), {"threshold": r.one_of(0.5, 1.0)}))
add("threshold", lambda r: (r.real(), 0.3, -1.0))
add("squareplus", lambda r: ((r.real(),), {"b": r.one_of(4, 2)}))
add("cast", lambda r: (r.real(), "float64"))
add(
    "saturate_cast",
    lambda r: (r.uniform(-300, 300), r.one_of("uint8", "int8", "float16")),
    gradient=False,
)
add("clip", lambda r: (r.real(), r.one_of(-1, -0.5), r.one_of(1, 0.25)))
add("view", lambda r: (r.real(), r.one_of("int32", "uint8")), gradient=False)

# Elementwise, two arguments, which broadcast.


def two(draw: Callable = Draw.real) -> Callable:
    def make(r: Draw) -> tuple:
        shape = r.shape()
        other = r.one_of(shape, shape[1:], (1, *shape[1:]), ())
        pair = [draw(r, *shape), np.reshape(draw(r, *other) if other else draw(r, 1), other)]
        if other == () and r.one_of(False, True):
            pair[1] = pair[1].item()
        return tuple(pair[::-1] if r.one_of(False, True) else pair)

    return make


add("add subtract multiply maximum minimum fmax fmin logaddexp logaddexp2", two())
add("divide true_divide divide_no_nan power hypot mod fmod", two(Draw.positive))
add("arctan2 heaviside", two())
add("nextafter", two(), jax=False)
add("ldexp", lambda r: (r.real(r.batch, 3), r.ints(-3, 4, r.batch, 3)))
add("floor_divide", two(Draw.positive), gradient=False)
add(
    "equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor",
    two(lambda r, *s: r.ints(0, 2, *s).astype(float)),
    gradient=False,
)
add(
    "isclose",
    lambda r: ((r.with_nan(r.batch, 3), r.real(r.batch, 3)), {"rtol": 0.5, "equal_nan": True}),
    gradient=False,
)
add(
    "allclose",
    lambda r: ((r.real(r.batch, 3), r.real(r.batch, 3)), {"rtol": r.one_of(1e-5, 10.0)}),
    gradient=False,
)
add(
    "bitwise_and bitwise_or bitwise_xor gcd lcm",
    two(lambda r, *s: r.ints(0, 30, *s)),
    gradient=False,
)
add("bitwise_not bitwise_invert", lambda r: (r.ints(-9, 9),), gradient=False)
add(
    "left_shift right_shift bitwise_left_shift bitwise_right_shift",
    two(lambda r, *s: r.ints(0, 6, *s)),
    gradient=False,
)

# Complex numbers.

add("polar", lambda r: (r.positive(r.batch, 3), r.real(r.batch, 3)), same_spec=False)
add("view_as_complex", lambda r: (r.real(*r.shape(2)),), rtol64=1e-6, dtype=False)
add("view_as_real", lambda r: (r.complex(*r.shape()),), jax=True)

# Reductions.


def reduction(draw: Callable = Draw.real, axes: Callable | None = None) -> Callable:
    def make(r: Draw) -> tuple:
        x = draw(r, *r.shape())
        axis = r.axes(x.ndim) if axes is None else axes(r, x.ndim)
        return (x,), {"axis": axis, "keepdims": r.one_of(False, True)}

    return make


def one_axis(r: Draw, ndim: int) -> Any:
    return r.one_of(None, *range(-ndim, ndim))


def inner_axes(r: Draw, ndim: int) -> Any:
    """Axes that are never empty."""
    return r.one_of(-1, 1, tuple(range(1, ndim)))


add("sum mean var std logsumexp", reduction())
add("max min", reduction(axes=inner_axes))
add("amax amin ptp", reduction(axes=inner_axes))
add("prod", reduction(), rtol32=1e-4)
add("median", reduction(axes=inner_axes))
add("nanmedian", reduction(Draw.with_nan, inner_axes))
add("nansum nanprod nanmean nanvar nanmax nanmin", reduction(Draw.with_nan, inner_axes))
add("nanstd", reduction(Draw.with_nan, lambda r, n: tuple(range(n))))
add("any all", reduction(Draw.bools), gradient=False)
add("argmax argmin", reduction(axes=lambda r, n: r.one_of(-1, 1)), gradient=False)
add("nanargmax nanargmin", reduction(Draw.with_nan, lambda r, n: r.one_of(-1, 1)), gradient=False)
add(
    "count_nonzero",
    lambda r: ((r.bools().astype(float),), {"axis": r.one_of(None, 0, -1)}),
    gradient=False,
)
add(
    "moments",
    lambda r: (
        (r.real(),),
        {"axes": r.one_of([0], [1], [0, 1]), "keepdims": r.one_of(False, True)},
    ),
)


def quantiles(scale: float, draw: Callable) -> Callable:
    def make(r: Draw) -> tuple:
        x = draw(r, *r.shape())
        q = r.one_of(0.25, np.array([0.125, 0.5, 0.875]))  # exact in float32, which Keras takes
        method = r.one_of("linear", "lower", "higher", "midpoint", "nearest")
        return (x, q * scale), {
            "axis": inner_axes(r, x.ndim),
            "method": method,
            "keepdims": r.one_of(False, True),
        }

    return make


# q is no tensor to differentiate by.
add("quantile", quantiles(1, Draw.real), gradient=False)
add("percentile", quantiles(100, Draw.real), gradient=False)
add("nanquantile", quantiles(1, Draw.with_nan), gradient=False)
add("nanpercentile", quantiles(100, Draw.with_nan), gradient=False)
add(
    "average",
    lambda r: (
        (r.real(r.batch, 3),),
        r.one_of(
            {},
            {"axis": 1},
            {"axis": -1, "weights": r.positive(3)},
            {"axis": 1, "weights": r.positive(r.batch, 3)},
        ),
    ),
)
add("cumsum cumprod", lambda r: ((r.real(),), {"axis": r.one_of(None, 0, -1)}))
add("nancumsum nancumprod", lambda r: ((r.with_nan(),), {"axis": r.one_of(None, 0, -1)}))
add("diff", lambda r: ((r.real(*r.shape(4)),), {"n": r.one_of(1, 2), "axis": r.one_of(-1, 2)}))
add(
    "trapezoid",
    lambda r: (
        (r.real(r.batch, 4),),
        r.one_of({}, {"dx": 0.5}, {"x": r.real(4)}, {"x": r.real(r.batch, 4)}),
    ),
)
add("corrcoef", lambda r: (r.real(4, 6),), batched=False, symbolic=False, rtol32=1e-4)
add(
    "correlate",
    lambda r: ((r.real(5), r.real(r.one_of(3, 5, 4))), {"mode": r.one_of("valid", "same", "full")}),
    batched=False,
    symbolic=False,
)

# Shapes.

add("reshape", lambda r: (r.real(r.batch, 4), r.one_of((-1, 2), (4, -1), (-1,))), batched=False)
add(
    "transpose", lambda r: (r.real(r.batch, 2, 3), r.one_of(None, (0, 2, 1), (2, 0, 1), (-1, 0, 1)))
)
add("swapaxes", lambda r: (r.real(r.batch, 2, 3), r.axis(3), r.axis(3)))
add("moveaxis", lambda r: (r.real(r.batch, 2, 3), *r.one_of((0, 2), (-1, 0), ((0, 1), (1, 2)))))
add("expand_dims", lambda r: (r.real(r.batch, 3), r.one_of(0, 1, -1, (0, 3))))
add("squeeze", lambda r: (r.real(r.batch, 1, 3, 1), r.one_of(1, -1, (1, 3))))
add("broadcast_to", lambda r: (r.real(1, 3), r.one_of((4, 3), (2, 5, 3))), batched=False)
add("flip", lambda r: ((r.real(),), {"axis": r.one_of(None, 0, -1, (0, 1))}))
add("fliplr flipud", lambda r: (r.real(),))
add(
    "roll",
    lambda r: (
        (r.real(r.batch, 4),),
        r.one_of({"shift": 1}, {"shift": 2, "axis": 1}, {"shift": (1, 2), "axis": (0, 1)}),
    ),
)
add(
    "rot90",
    lambda r: (
        (r.real(r.batch, 2, 3),),
        {"k": r.one_of(0, 1, 2, 3, -1), "axes": r.one_of((0, 1), (1, 2), (2, 0))},
    ),
    same_spec=False,
)
add(
    "rearrange",
    lambda r: (
        (
            r.real(r.batch, 6, 2),
            r.one_of("b (h w) c -> b c h w", "b (h w) c -> (b h) (w c)", "b (w h) c -> c b (h w)"),
        ),
        {"h": r.one_of(2, 3)},
    ),
    symbolic=False,
)

# Joining and splitting.

add(
    "concatenate",
    lambda r: (([r.real(r.batch, 3), r.real(r.batch, r.one_of(3, 2))],), {"axis": r.one_of(1, -1)}),
)
add("append", lambda r: (r.real(r.batch, 3), r.real(r.batch, 2), r.one_of(None, 1)))
add("stack", lambda r: (([r.real(r.batch, 3), r.real(r.batch, 3)],), {"axis": r.one_of(0, 1, -1)}))
add("hstack", lambda r: ([r.real(r.batch, 3), r.real(r.batch, 2)],))
add("vstack", lambda r: ([r.real(r.batch, 3), r.real(r.batch, 3)],))
add("dstack", lambda r: ([r.real(r.batch, 3, 1), r.real(r.batch, 3, 2)],))
add("split", lambda r: (r.real(r.batch, 6), r.one_of(2, 3, [1, 4]), 1))
add("array_split", lambda r: (r.real(r.batch, 7), r.one_of(2, 3), 1))
add("hsplit", lambda r: (r.real(r.batch, 6), r.one_of(2, 3)))
add("vsplit", lambda r: (r.real(4, 3), 2), batched=False)
add("dsplit", lambda r: (r.real(r.batch, 2, 4), 2))
add("unstack", lambda r: ((r.real(r.batch, 3),), {"axis": r.one_of(1, -1)}))
add("tile", lambda r: (r.real(r.batch, 3), r.one_of((1, 2), (2, 1, 1), 2)), symbolic=False)
add(
    "repeat",
    lambda r: (
        (r.real(r.batch, 3),),
        r.one_of(
            {"repeats": 2}, {"repeats": 2, "axis": 1}, {"repeats": np.array([1, 2, 0]), "axis": 1}
        ),
    ),
    symbolic=False,
)
add(
    "pad",
    lambda r: (
        (r.real(r.batch, 4, 3), ((0, 0), (1, 2), r.one_of((0, 0), (2, 1)))),
        r.one_of({}, {"constant_values": 2.0}, {"mode": "reflect"}, {"mode": "symmetric"}),
    ),
    batched=True,
)
add(
    "meshgrid",
    lambda r: ((r.real(3), r.real(2)), {"indexing": r.one_of("xy", "ij")}),
    batched=False,
)

# Indexing.

add(
    "get_item",
    lambda r: (
        r.real(r.batch, 4, 3),
        r.one_of(
            (slice(None), 1),
            (Ellipsis, slice(None, None, 2)),
            (slice(None), None, slice(1, 3)),
            (slice(None), np.array([0, 3, 3])),
            (slice(None), slice(None), -1),
        ),
    ),
    symbolic=False,
)
add(
    "take",
    lambda r: (
        (
            r.real(r.batch, 4),
            r.one_of(np.array([0, 3, 1, 1], np.int32), np.array([[0, -1]], np.int32), 2),
        ),
        {"axis": 1},
    ),
)
add("take_along_axis", lambda r: ((r.real(r.batch, 4), r.ints(0, 4, r.batch, 2)), {"axis": 1}))
add(
    "where",
    lambda r: (
        r.bools(r.batch, 3),
        r.real(r.batch, 3),
        r.one_of(r.real(r.batch, 3), r.real(3), r.real(r.batch, 1)),
    ),
)
add(
    "select",
    lambda r: (
        [r.bools(r.batch, 3), r.bools(r.batch, 3)],
        [r.real(r.batch, 3), r.real(r.batch, 3)],
        0.5,
    ),
)
add("nonzero", lambda r: (r.bools(4, 3),), gradient=False, symbolic=False, batched=False)
add("unravel_index", lambda r: (r.ints(0, 12, r.batch, 2), (3, 4)), gradient=False, symbolic=False)
add(
    "diagonal",
    lambda r: ((r.real(r.batch, 3, 4),), {"offset": r.one_of(0, 1, -1), "axis1": 1, "axis2": 2}),
    symbolic=False,
)
add(
    "trace",
    lambda r: ((r.real(r.batch, 3, 4),), {"offset": r.one_of(0, 1, -1), "axis1": 1, "axis2": 2}),
)
add(
    "diag",
    lambda r: ((r.one_of(r.real(3), r.real(3, 4)),), {"k": r.one_of(0, 1, -2)}),
    batched=False,
)
add("diagflat", lambda r: ((r.real(2, 2),), {"k": r.one_of(0, 1, -1)}), batched=False)
add("tril triu", lambda r: ((r.real(r.batch, 3, 4),), {"k": r.one_of(0, 1, -1)}))
add(
    "vander",
    lambda r: ((r.real(3),), {"N": r.one_of(None, 4), "increasing": r.one_of(False, True)}),
    batched=False,
    rtol32=1e-4,
)
add("slice", lambda r: (r.real(4, 5), r.one_of((1, 2), (0, 1)), (2, 3)), batched=False)
add("slice_update", lambda r: (r.real(4, 5), r.one_of((1, 2), (0, 1)), r.real(2, 3)), batched=False)
add(
    "scatter",
    lambda r: (np.array([[0], [2], [0]]), r.real(3, 2), (4, 2)),
    batched=False,
    symbolic=False,
)
add(
    "scatter_update",
    lambda r: (
        (r.real(4, 2), np.array([[0], [2]]), r.real(2, 2)),
        {"reduction": r.one_of(None, "add", "max", "min", "mul")},
    ),
    batched=False,
    symbolic=False,
)

# Sorting and counting.

add("sort", lambda r: ((r.real(),), {"axis": r.one_of(-1, 0, 1)}))
add("argsort", lambda r: ((r.real(),), {"axis": r.one_of(-1, 0, 1)}), gradient=False)
add(
    "argpartition",
    lambda r: (r.real(r.batch, 5), r.one_of(1, 3)),
    gradient=False,
    result=lambda out: [],
)
add("top_k", lambda r: (r.real(r.batch, 4), r.one_of(1, 3)))
add(
    "in_top_k",
    lambda r: (r.ints(0, 4, r.batch), r.real(r.batch, 4), r.one_of(1, 2)),
    gradient=False,
)
add(
    "searchsorted",
    lambda r: ((np.sort(r.real(6)), r.real(r.batch, 3)), {"side": r.one_of("left", "right")}),
    gradient=False,
    symbolic=False,
)
add("digitize", lambda r: (r.real(), np.array([-1.0, 0.0, 0.5])), gradient=False)
add(
    "unique",
    lambda r: (
        (r.ints(0, 4, 4, 3),),
        r.one_of(
            {},
            {"return_counts": True},
            {"return_index": True, "return_inverse": True},
            {"axis": 0},
            {"size": 5, "fill_value": -1},
        ),
    ),
    gradient=False,
    symbolic=False,
    batched=False,
)
add(
    "isin",
    lambda r: ((r.ints(0, 6, r.batch, 3), r.ints(0, 6, 4)), {"invert": r.one_of(False, True)}),
    gradient=False,
)
add(
    "bincount",
    lambda r: ((r.ints(0, 5, 8),), {"minlength": r.one_of(0, 7)}),
    gradient=False,
    symbolic=False,
    batched=False,
)
add(
    "histogram",
    lambda r: ((r.real(9),), {"bins": r.one_of(10, 3), "range": r.one_of(None, (-1, 1))}),
    gradient=False,
    dtype=False,
    symbolic=False,
    batched=False,
)
add(
    "segment_sum segment_max segment_min",
    lambda r: (r.real(6, 2), np.array([0, 1, 1, 2, 0, 2], np.int32), 3),
    symbolic=False,
    batched=False,
)

add(
    "segment_prod",
    lambda r: (r.real(6, 2), np.array([0, 1, 1, 2, 0, 2], np.int32), 3),
    symbolic=False,
    batched=False,
    jax=False,
)

# Products.


def matrices(r: Draw) -> tuple:
    return r.one_of(
        (r.real(r.batch, 3), r.real(3, 4)),
        (r.real(r.batch, 2, 3), r.real(3, 4)),
        (r.real(r.batch, 2, 3), r.real(r.batch, 3, 2)),
        (r.real(r.batch, 2, 3), r.real(1, 3, 2)),
        (r.real(r.batch, 2, 3), r.real(3)),
        (r.real(3), r.real(r.batch, 3, 4)),
        (r.real(3), r.real(3)),
    )


add("matmul", matrices)
add(
    "dot",
    lambda r: r.one_of(
        (r.real(r.batch, 3), r.real(3, 4)),
        (r.real(r.batch, 2, 3), r.real(4, 3, 2)),
        (r.real(r.batch, 3), r.real(3)),
        (r.real(r.batch, 3), np.array(2.0)),
    ),
)
add("inner", lambda r: r.one_of((r.real(r.batch, 3), r.real(4, 3)), (r.real(3), r.real(3))))
add("outer", lambda r: (r.real(3), r.real(2, 2)), batched=False)
add("vdot", lambda r: (r.real(2, 3), r.real(2, 3)), batched=False)
add(
    "tensordot",
    lambda r: (
        (
            r.real(r.batch, 3, 4),
            *r.one_of((r.real(4, 3), ((1, 2), (1, 0))), (r.real(3, 4, 2), 2), (r.real(4, 2), 1)),
        )
    ),
)
add(
    "kron",
    lambda r: r.one_of(
        (r.real(2, 3), r.real(3, 2)), (r.real(3), r.real(2)), (r.real(2, 2, 1), r.real(2, 3))
    ),
    batched=False,
    same_spec=False,
)
add(
    "cross",
    lambda r: r.one_of(
        (r.real(r.batch, 3), r.real(3)),
        (r.real(r.batch, 3), r.real(r.batch, 3)),
        (r.real(r.batch, 2), r.real(r.batch, 3)),
        (r.real(r.batch, 2), r.real(r.batch, 2)),
    ),
    same_spec=False,
)
add(
    "einsum",
    lambda r: r.one_of(
        ("ij,jk->ik", r.real(r.batch, 3), r.real(3, 4)),
        ("ij,kj->ki", r.real(r.batch, 3), r.real(4, 3)),
        ("bij,bjk->bik", r.real(r.batch, 2, 3), r.real(r.batch, 3, 2)),
        ("...ij,jk->...ik", r.real(r.batch, 2, 3), r.real(3, 4)),
        ("bqhd,bkhd->bhqk", r.real(r.batch, 2, 3, 4), r.real(r.batch, 3, 3, 4)),
        ("ij,k->j", r.real(r.batch, 3), r.real(2)),
        ("bii->bi", r.real(r.batch, 3, 3)),
        ("bij->b", r.real(r.batch, 2, 3)),
        ("bi,bj,bk->bijk", r.real(r.batch, 2), r.real(r.batch, 3), r.real(r.batch, 2)),
        ("ab,bc", r.real(r.batch, 3), r.real(3, 2)),
        ("bij,bjk->bik", r.real(r.batch, 2, 3), r.real(1, 3, 2)),
    ),
    symbolic=True,
    rtol32=1e-4,
)
add("cdist", lambda r: (r.real(r.batch, 3, 2), r.real(r.batch, 4, 2)), symbolic=False)

# Linear algebra.


def magnitudes(out: list) -> list:
    """Vectors are determined but for their signs."""
    return [np.abs(x) for x in out]


add("inv det", lambda r: (r.matrix(r.batch),), rtol32=1e-4)
add("slogdet", lambda r: (r.matrix(r.batch),), rtol32=1e-4, same_spec=False)
add("logdet cholesky", lambda r: (r.definite(r.batch),), rtol32=1e-4)
add(
    "cholesky_inverse", lambda r: (np.linalg.cholesky(r.definite()),), rtol32=1e-4, batched=False
)  # JAX: no batches
add(
    "solve",
    lambda r: r.one_of((r.matrix(r.batch), r.real(r.batch, 3, 2)), (r.matrix(), r.real(3))),
    rtol32=1e-4,
)
add(
    "solve_triangular",
    lambda r: ((r.matrix(r.batch), r.real(r.batch, 3, 2)), {"lower": r.one_of(False, True)}),
    rtol32=1e-4,
)
add("pinv", lambda r: (r.real(*r.one_of((3, 4), (4, 3))),), batched=False, rtol32=1e-3)
add(
    "lstsq",
    lambda r: (r.real(5, 3), r.one_of(r.real(5), r.real(5, 2))),
    batched=False,
    rtol32=1e-3,
    symbolic=False,
)
add("qr", lambda r: (r.real(r.batch, *r.one_of((4, 3), (3, 3))),), rtol32=1e-3)
add(
    "svd",
    lambda r: ((r.real(r.batch, *r.one_of((4, 3), (3, 3), (3, 4))),), {"full_matrices": False}),
    rtol32=1e-3,
    result=magnitudes,
    jax=True,
)
add("eigh", lambda r: (r.definite(r.batch),), rtol32=1e-3, result=magnitudes)
add(
    "eig",
    lambda r: (r.matrix(r.batch),),
    rtol32=1e-3,
    result=lambda out: [np.sort_complex(out[0])],
    differentiate=lambda out: out[0],
    same_spec=False,
    twice=False,
    jax=False,
)
add(
    "lu_factor",
    lambda r: (r.matrix(r.batch),),
    same_spec=False,
    rtol32=1e-4,
    differentiate=lambda out: out[0],
)
add("matrix_rank", lambda r: (r.matrix(r.batch),), gradient=False)
add(
    "norm",
    lambda r: r.one_of(
        (
            (r.real(r.batch, 3),),
            {"axis": -1, "ord": r.one_of(None, 1, 2, 3, 0, float("inf"), -float("inf"))},
        ),
        (
            (r.real(r.batch, 3, 2),),
            {"axis": (1, 2), "ord": r.one_of(None, "fro", "nuc", 1, -1, 2, -2, float("inf"))},
        ),
        ((r.real(r.batch, 3),), {"keepdims": True}),
    ),
    rtol32=1e-4,
)

# Fourier transforms.

add("fft", lambda r: ((r.real(r.batch, 6), r.real(r.batch, 6)),), rtol32=1e-4)
add("fft2 ifft2", lambda r: ((r.real(r.batch, 3, 4), r.real(r.batch, 3, 4)),), rtol32=1e-4)
add("rfft", lambda r: (r.real(r.batch, 6), r.one_of(None, 4, 7, 8)), rtol32=1e-4)
add(
    "irfft",
    lambda r: ((r.real(r.batch, 5), r.real(r.batch, 5)), r.one_of(None, 7, 6, 10)),
    rtol32=1e-4,
)
add("extract_sequences", lambda r: (r.real(r.batch, 9), 4, r.one_of(2, 3)))
add(
    "stft",
    lambda r: (
        (r.real(r.batch, 20), 8, 4, r.one_of(8, 10)),
        {"window": r.one_of("hann", "hamming", None), "center": r.one_of(True, False)},
    ),
    rtol32=1e-3,
    symbolic=False,
)
add(
    "istft",
    lambda r: (
        ((r.real(r.batch, 6, 5), r.real(r.batch, 6, 5)), 8, 4, 8),
        {"window": "hann", "center": True, "length": r.one_of(None, 18)},
    ),
    rtol32=1e-3,
    symbolic=False,
)

# Windows.

add(
    "bartlett blackman hamming hanning",
    lambda r: (r.one_of(4, 7, 1),),
    gradient=False,
    symbolic=False,
    batched=False,
)
add(
    "kaiser",
    lambda r: (r.one_of(4, 7), r.one_of(2.0, 5.0)),
    gradient=False,
    symbolic=False,
    batched=False,
)

# Neural networks.

add(
    "softmax log_softmax",
    lambda r: ((r.real(),), {"axis": r.one_of(-1, 1, (0, 1), None)}),
    batched=False,
)
# Keras 3.15.1 adds up too much in its threshold, so that its results do not sum to 1.
add("sparsemax", lambda r: ((r.real(r.batch, 4),), {"axis": -1}), keras=False, jax=False)
add("glu", lambda r: (r.real(r.batch, 4),))
add("normalize", lambda r: ((r.real(),), {"axis": r.one_of(-1, 1), "order": r.one_of(2, 1, 3)}))
add(
    "one_hot",
    lambda r: ((r.ints(-1, 5, r.batch, 2), 4), {"axis": r.one_of(-1, 0, 1)}),
    gradient=False,
)
add("multi_hot", lambda r: (r.ints(0, 4, r.batch, 3), 4), gradient=False, same_spec=False)
add("psnr", lambda r: (r.real(r.batch, 3), r.real(r.batch, 3), 1.0), rtol32=1e-4, batched=False)
add(
    "binary_crossentropy",
    lambda r: r.one_of(
        ((r.uniform(0, 1, (r.batch, 3)), r.uniform(0.05, 0.95, (r.batch, 3))), {}),
        ((r.uniform(0, 1, (r.batch, 3)), r.real(r.batch, 3)), {"from_logits": True}),
    ),
)
add(
    "categorical_crossentropy",
    lambda r: r.one_of(
        ((r.uniform(0, 1, (r.batch, 3)), r.uniform(0.1, 0.9, (r.batch, 3))), {}),
        ((r.uniform(0, 1, (r.batch, 3)), r.real(r.batch, 3)), {"from_logits": True}),
        (
            (r.uniform(0, 1, (r.batch, 3, 2)), r.real(r.batch, 3, 2)),
            {"from_logits": True, "axis": 1},
        ),
    ),
    same_spec=False,
)
add(
    "sparse_categorical_crossentropy",
    lambda r: r.one_of(
        ((r.ints(0, 3, r.batch), r.uniform(0.1, 0.9, (r.batch, 3))), {}),
        ((r.ints(0, 3, r.batch, 2), r.real(r.batch, 2, 3)), {"from_logits": True}),
    ),
    dtype=False,
)
add(
    "unfold",
    lambda r: (
        (r.real(r.batch, 2, 5, 5), r.one_of(2, (2, 3))),
        {"dilation": r.one_of(1, 2), "padding": r.one_of(0, 1), "stride": r.one_of(1, 2)},
    ),
)
add("fold", lambda r: ((r.real(r.batch, 8, 16), 5, 2), {}))
add("depth_to_space", lambda r: ((r.real(r.batch, 2, 3, 8), 2), {}))
add("space_to_depth", lambda r: ((r.real(r.batch, 4, 2, 3), 2), {}))

# Convolution and pooling.


def windows(rank_two: tuple, rank_one: tuple, kernels: Callable) -> Callable:
    """Images or sequences with kernels for them."""

    def make(r: Draw) -> tuple:
        images = r.one_of(True, False)
        x = r.real(r.batch, *(rank_two if images else rank_one))
        kwargs = {"strides": r.one_of(1, 2), "padding": r.one_of("valid", "same")}
        return (x, *kernels(r, 2 if images else 1)), kwargs

    return make


add(
    "conv",
    windows((6, 5, 3), (7, 3), lambda r, n: (r.real(*[3, 2][:n], 3, 4),)),
    rtol32=1e-4,
)
add(
    "conv_transpose",
    windows((4, 3, 3), (4, 3), lambda r, n: (r.real(*[3, 2][:n], 4, 3),)),
    rtol32=1e-4,
)
add(
    "depthwise_conv",
    windows((6, 5, 3), (7, 3), lambda r, n: (r.real(*[3, 2][:n], 3, 2),)),
    rtol32=1e-4,
)
add(
    "separable_conv",
    windows((6, 5, 3), (7, 3), lambda r, n: (r.real(*[3, 2][:n], 3, 2), r.real(*[1, 1][:n], 6, 4))),
    rtol32=1e-4,
)
add(
    "max_pool average_pool",
    windows((6, 5, 3), (7, 3), lambda r, n: (r.one_of(2, 3),)),
)

# Normalization and attention.

add(
    "batch_normalization",
    lambda r: (
        (r.real(r.batch, 4, 3), r.real(3), r.positive(3), -1),
        r.one_of({}, {"offset": r.real(3), "scale": r.real(3)}),
    ),
    rtol32=1e-4,
)
add(
    "layer_normalization",
    lambda r: ((r.real(r.batch, 3, 4),), r.one_of({}, {"gamma": r.real(4), "beta": r.real(4)})),
    rtol32=1e-4,
)
add(
    "rms_normalization",
    lambda r: ((r.real(r.batch, 3, 4),), r.one_of({}, {"scale": r.real(4)})),
    rtol32=1e-4,
)
add(
    "dot_product_attention",
    lambda r: (
        (r.real(r.batch, 4, 2, 3), r.real(r.batch, 6, 2, 3), r.real(r.batch, 6, 2, 3)),
        r.one_of(
            {},
            {"is_causal": True},
            {"mask": r.bools(r.batch, 2, 4, 6) | (np.arange(6) == 0)},
            {"bias": r.real(1, 2, 4, 6), "scale": 0.5},
        ),
    ),
    rtol32=1e-4,
    rtol64=1e-5,
)


def spoken(r: Draw) -> tuple:
    targets = np.concatenate([r.ints(1, 4, r.batch, 2), np.zeros((r.batch, 1), np.int32)], axis=-1)
    lengths = np.full(r.batch, 2, np.int32), np.full(r.batch, r.one_of(6, 5), np.int32)
    return targets, r.real(r.batch, 6, 4), *lengths


add("ctc_loss", spoken, rtol32=1e-4, batched=False, symbolic=False, twice=False)

# Control flow: the functions are passed the library's own `ops` by the tests.


@dataclasses.dataclass
class Function:
    """An argument that is a function of tensors, written for either library's ops."""

    write: Callable

    def of(self, ops: Any) -> Callable:
        return self.write(ops)


add(
    "cond",
    lambda r: (
        np.array(r.one_of(True, False)),
        Function(lambda ops: lambda: ops.ones((2,))),
        Function(lambda ops: lambda: ops.zeros((2,))),
    ),
    gradient=False,
    symbolic=False,
    batched=False,
)
add(
    "switch",
    lambda r: (
        r.one_of(0, 1, 2),
        [Function(lambda ops: lambda x: x * 2), Function(lambda ops: lambda x: ops.exp(x))],
        r.real(3),
    ),
    symbolic=False,
    batched=False,
)
add(
    "while_loop",
    lambda r: (
        Function(lambda ops: lambda i, x: i < 3),
        Function(lambda ops: lambda i, x: (i + 1, x * x)),
        (np.array(0, np.int32), r.real(3)),
    ),
    symbolic=False,
    batched=False,
    jax=False,
)
add(
    "fori_loop",
    lambda r: (0, 3, Function(lambda ops: lambda i, x: x * ops.sin(x)), r.real(3)),
    symbolic=False,
    batched=False,
)
add(
    "scan",
    lambda r: (
        Function(lambda ops: lambda carry, x: (carry + x * x, carry * x)),
        r.real(2),
        r.real(4, 2),
    ),
    symbolic=False,
    batched=False,
)
add(
    "map",
    lambda r: (Function(lambda ops: lambda x: ops.exp(x) * 2), r.real(4, 2)),
    symbolic=False,
    batched=False,
)
add(
    "vectorized_map",
    lambda r: (Function(lambda ops: lambda x: ops.sin(x)), r.real(4, 2)),
    symbolic=False,
    batched=False,
)
add(
    "associative_scan",
    lambda r: (
        (Function(lambda ops: lambda a, b: a + b), r.real(r.one_of(5, 8), 2)),
        {"reverse": r.one_of(False, True)},
    ),
    symbolic=False,
    batched=False,
)


# Primitives that layers, losses and gradients of gradients use, rather than ops: `FUSED[name](rng)`
# gives something to call, its inputs, and perhaps a dict of further arguments.


def on_layer(make: Callable, *shape: int, **kwargs: Any) -> Callable:
    def call(rng: Any) -> tuple:
        from minikeras import layers

        return make(layers), rng.uniform(-1, 1, shape), kwargs

    return call


def on_loss(make: Callable, targets: Callable) -> Callable:
    def call(rng: Any) -> tuple:
        from minikeras import losses

        p = rng.uniform(0.1, 0.9, (5, 3))
        loss, y = make(losses), targets(rng)
        return (lambda p: loss(y, p)), p

    return call


def probabilities(rng: Any) -> np.ndarray:
    return rng.uniform(0.1, 0.9, (5, 3))


def labels(rng: Any) -> np.ndarray:
    return rng.integers(0, 3, 5)


def on_ops(write: Callable, *shape: int) -> Callable:
    def call(rng: Any) -> tuple:
        from minikeras import ops

        return write(ops), rng.uniform(-1, 1, shape)

    return call


def slope_of_i0(ops: Any) -> Callable:
    from minikeras import grad

    return grad(lambda x: ops.sum(ops.i0(x)))


def slope_of_slope(ops: Any) -> Callable:
    from minikeras import grad

    slope = grad(lambda x: ops.sum(ops.sin(x)))
    return grad(lambda x: ops.sum(ops.square(slope(x))))


FUSED: dict[str, Callable] = {
    "cast": on_ops(lambda ops: lambda x: ops.cast(x, "complex128") * (1 + 2j), 3),
    "i1": on_ops(slope_of_i0, 3),
    "identity": on_ops(slope_of_slope, 3),
    "dense": on_layer(lambda layers: layers.Dense(3, activation="tanh"), 4, 2),
    "embedding": lambda rng: embedding(rng),
    "lstm": on_layer(lambda layers: layers.LSTM(3, return_sequences=True), 2, 4, 2),
    "gru": on_layer(lambda layers: layers.GRU(3), 2, 4, 2),
    "simple_rnn": on_layer(lambda layers: layers.SimpleRNN(3), 2, 4, 2),
    "batch_normalization_of_batch": on_layer(
        lambda layers: layers.BatchNormalization(), 6, 2, 3, training=True
    ),
    "dropout": on_layer(lambda layers: layers.Dropout(0.4, seed=1), 5, 4, training=True),
    "ramp": on_layer(lambda layers: layers.ReLU(negative_slope=0.1, threshold=0.2), 4, 3),
    "global_average": on_layer(lambda layers: layers.GlobalAveragePooling2D(), 2, 3, 4, 2),
    "upsample": on_layer(lambda layers: layers.UpSampling2D(2), 2, 3, 2, 2),
    "interpolate": on_layer(
        lambda layers: layers.UpSampling2D(2, interpolation="bilinear"), 2, 3, 2, 2
    ),
    "mean_squared_error": on_loss(
        lambda losses: losses.MeanSquaredError(dtype="float64"), probabilities
    ),
    "mean_absolute_error": on_loss(
        lambda losses: losses.MeanAbsoluteError(dtype="float64"), probabilities
    ),
    "mean_binary_crossentropy": on_loss(
        lambda losses: losses.BinaryCrossentropy(dtype="float64"), probabilities
    ),
    "mean_binary_crossentropy_logits": on_loss(
        lambda losses: losses.BinaryCrossentropy(from_logits=True, dtype="float64"), probabilities
    ),
    "mean_categorical_crossentropy": on_loss(
        lambda losses: losses.CategoricalCrossentropy(dtype="float64"), probabilities
    ),
    "mean_categorical_crossentropy_logits": on_loss(
        lambda losses: losses.CategoricalCrossentropy(from_logits=True, dtype="float64"),
        probabilities,
    ),
    "mean_sparse_categorical_crossentropy": on_loss(
        lambda losses: losses.SparseCategoricalCrossentropy(dtype="float64"), labels
    ),
    "mean_sparse_categorical_crossentropy_logits": on_loss(
        lambda losses: losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float64"),
        labels,
    ),
}


def embedding(rng: Any) -> tuple:
    from minikeras import layers

    return layers.Embedding(6, 3), rng.integers(0, 6, (4, 2))
