"""Linear algebra keeps to the thread that calls it."""

import re
from pathlib import Path

import numpy as np
import pytest

import minikeras
from minikeras import initializers, ops
from minikeras.kernels import blas, linalg, parallel


def matrix(n, seed=0):
    a = np.random.default_rng(seed).normal(size=(n, n))
    return a @ a.T + n * np.eye(n)


@pytest.fixture
def noted(monkeypatch):
    """Notes how often BLAS was told to keep to one thread."""
    entered = []
    enter = type(parallel.single_blas).__enter__

    def note(self):
        entered.append(self)
        return enter(self)

    monkeypatch.setattr(type(parallel.single_blas), "__enter__", note)
    return entered


@pytest.mark.parametrize(
    "name", ["cholesky", "det", "eig", "eigh", "inv", "lu_factor", "pinv", "qr", "slogdet", "svd"]
)
def test_factorizations_run_on_one_thread(name, noted):
    getattr(ops, name)(matrix(4))
    assert parallel.single_scipy_blas in noted if name == "lu_factor" else noted


def test_solvers_and_norms_run_on_one_thread(noted):
    a, b = matrix(4), np.ones((4, 2))
    calls = [
        lambda: ops.solve(a, b),
        lambda: ops.solve_triangular(a, b, lower=True),
        lambda: ops.lstsq(a, b),
        lambda: ops.matrix_rank(a),
        lambda: ops.norm(a, ord="nuc"),
        lambda: minikeras.utils.normalize(a, axis=(0, 1), order=2),
        lambda: initializers.Orthogonal(seed=1)((4, 3)),
    ]
    for call in calls:
        noted.clear()
        call()
        assert noted


def test_no_other_file_asks_lapack():
    package = Path(minikeras.__file__).parent
    for path in package.rglob("*.py"):
        if path.name not in ("linalg.py", "parallel.py"):
            code = re.sub(r'""".*?"""|`[^`]*`', "", path.read_text(), flags=re.S)
            assert not re.search(r"\bnp\.linalg\.|scipy\.linalg\b|scipy import linalg", code), path


@pytest.mark.parametrize("context", [parallel.single_blas, parallel.single_scipy_blas])
def test_a_library_has_one_thread_inside_and_as_many_as_before_outside(context):
    import scipy.linalg  # noqa: F401  loads its BLAS

    library = blas.blas(*context._of)
    if library.get is None:
        pytest.skip("this BLAS cannot be asked")
    before = library.get()
    library.set(2)
    try:
        with context:
            assert library.get() == 1
        assert library.get() == 2
    finally:
        library.set(before)


def test_results_are_those_of_numpy():
    a = matrix(5)
    np.testing.assert_array_equal(linalg.qr(a)[0], np.linalg.qr(a)[0])
    lu, pivots = linalg.lu_factor(a)
    np.testing.assert_allclose((np.tril(lu, -1) + np.eye(5)) @ np.triu(lu), a)
    assert pivots.tolist() == [0, 1, 2, 3, 4]
