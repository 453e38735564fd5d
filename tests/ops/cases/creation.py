"""Cases of the ops in `minikeras/ops/creation.py`."""

from __future__ import annotations

from collections.abc import Callable

from op_cases import Cases, Draw

CASES = Cases()

CASES.add(
    "copy",
    lambda r: (r.real(),),
)
CASES.add(
    "zeros_like ones_like",
    lambda r: ((r.real(),), {"dtype": r.one_of(None, "int32", "float16")}),
    gradient=False,
)
CASES.add(
    "empty_like",
    lambda r: ((r.real(),), {"dtype": r.one_of(None, "int32")}),
    gradient=False,
    result=lambda out: [out[0] * 0],
)
CASES.add(
    "full_like",
    lambda r: ((r.real(), 2.5), {"dtype": r.one_of(None, "int32")}),
    gradient=False,
)
CASES.add("view", lambda r: (r.real(), r.one_of("int32", "uint8")), gradient=False)


def spaced(**more: tuple) -> Callable:
    """Where numbers begin and end, with the options of both ops and `more` of one."""

    def make(r: Draw) -> tuple:
        kwargs = {
            "num": r.one_of(5, 2),
            "endpoint": r.one_of(True, False),
            "axis": r.one_of(0, -1, 1),
            "dtype": r.one_of(None, "float64"),
        }
        kwargs.update({name: r.one_of(*values) for name, values in more.items()})
        return (r.real(r.batch, 3), r.one_of(r.real(r.batch, 3), r.real(3), 2.0)), kwargs

    return make


CASES.add("linspace", spaced())
CASES.add("logspace", spaced(base=(10, 2.5)))
CASES.add(
    "meshgrid",
    lambda r: ((r.real(3), r.real(2)), {"indexing": r.one_of("xy", "ij")}),
    batched=False,
)
