"""Functions of TensorFlow give what TensorFlow 2.15 gives: values, shapes, dtypes."""

import json
import math
import pathlib
import warnings

import numpy as np
import pytest

from tests.compat.tensorflow.calls import CALLS, DATA, plain

EXPECTED = json.loads((pathlib.Path(__file__).parent / "values.json").read_text(encoding="utf-8"))


def same(got, wanted, tolerance):
    """Compare what `plain` made of two results."""
    if isinstance(wanted, dict) and wanted.keys() == {"shape", "dtype", "values"}:
        assert got.keys() == wanted.keys()
        assert (got["shape"], got["dtype"]) == (wanted["shape"], wanted["dtype"])
        if wanted["dtype"].startswith(("float", "complex")):
            np.testing.assert_allclose(
                got["values"], wanted["values"], rtol=tolerance, atol=tolerance
            )
        else:
            assert got["values"] == wanted["values"]
    elif isinstance(wanted, list):
        assert len(got) == len(wanted)
        for g, w in zip(got, wanted):
            same(g, w, tolerance)
    elif isinstance(wanted, float):
        assert math.isclose(got, wanted, rel_tol=tolerance)
    else:
        assert got == wanted


@pytest.mark.parametrize("call", CALLS)
def test_a_call_gives_what_tensorflow_gives(tf, call):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = plain(eval(call, {"tf": tf, "np": np, **DATA}))
    same(json.loads(json.dumps(got)), EXPECTED[call], 2e-4 if "linalg" in call else 2e-5)
