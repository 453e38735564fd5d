"""Many small models at once: scikit-learn's grid search over processes, to the ideal.

    python benchmarks/many_models.py
    python benchmarks/many_models.py --epochs 5 20 100 --backends loky multiprocessing threading dask

The ideal is what as many processes get done that fit the same models in a loop, without a search, each
on one thread. Searches and that loop take turns, and the fastest of each are compared. Processes that a
backend keeps (loky's, dask's) have been started and have fitted models before; what their start takes is a
column of its own: the first search less a later one. `multiprocessing` starts them for each search, so its
ratio includes it. `threads` is on how many a worker computes.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import joblib
import numpy as np
from sklearn.model_selection import GridSearchCV, StratifiedKFold

import minikeras
from minikeras import layers
from minikeras.datasets import make_moons
from minikeras.wrappers import SKLearnClassifier

UNITS = range(3, 11)
FOLDS = StratifiedKFold(3)


def network(X: np.ndarray, y: np.ndarray, units: int) -> minikeras.Model:
    """Make a network as in examples/make_moons.py."""
    model = minikeras.Sequential(
        [
            minikeras.Input((2,)),
            layers.Dense(units, activation="tanh"),
            layers.Dense(2, activation="tanh"),
            layers.Dense(y.shape[1], activation="softmax"),
        ]
    )
    model.compile(minikeras.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
    return model


def classifier(epochs: int) -> SKLearnClassifier:
    return SKLearnClassifier(network, fit_kwargs={"epochs": epochs, "verbose": 0})


def fit_in_a_loop(units: list[int], epochs: int) -> None:
    """Fit and score what a search over these numbers of units would."""
    X, y = make_moons(1000, noise=0.05, random_state=0)
    for n in units:
        for train, test in FOLDS.split(X, y):
            estimator = classifier(epochs).set_params(model_kwargs={"units": n})
            estimator.fit(X[train], y[train]).score(X[test], y[test])


def search(epochs: int, jobs: int) -> float:
    """Return how many seconds a search takes."""
    X, y = make_moons(1000, noise=0.05, random_state=0)
    grid = {"model_kwargs": [{"units": n} for n in UNITS]}
    # What is found would be fitted once more at the end, by one process.
    searching = GridSearchCV(classifier(epochs), grid, cv=FOLDS, n_jobs=jobs, refit=False)
    begin = time.perf_counter()
    searching.fit(X, y)
    return time.perf_counter() - begin


@contextlib.contextmanager
def backend(name: str, jobs: int) -> Iterator[None]:
    """Within this context joblib works with a backend."""
    with contextlib.ExitStack() as stack:
        if name == "dask":
            from distributed import Client, LocalCluster

            cluster = LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None)
            stack.enter_context(stack.enter_context(contextlib.closing(cluster)))
            stack.enter_context(Client(cluster))
        stack.enter_context(joblib.parallel_config(backend=name))
        yield


def threads_of_a_worker(jobs: int) -> int:
    asked = joblib.Parallel(jobs)(
        joblib.delayed(minikeras.config.get_threads)() for _ in range(jobs)
    )
    return max(asked)


def ideal(pool: ProcessPoolExecutor, epochs: int, jobs: int) -> float:
    """Return how many seconds the processes of a pool take for their shares of the fits."""
    shares = [list(UNITS[i::jobs]) for i in range(jobs)]
    begin = time.perf_counter()
    list(pool.map(fit_in_a_loop, shares, [epochs] * jobs))
    return time.perf_counter() - begin


def compare(name: str, epochs: int, jobs: int, rounds: int, pool: Any) -> list[float]:
    """Return what the ideal, a search and the start took, and the threads of a worker."""
    loop, searches = [], []
    joblib.externals.loky.get_reusable_executor().shutdown(wait=True)
    begin = time.perf_counter()
    with backend(name, jobs):
        search(epochs, jobs)
        first = time.perf_counter() - begin
        for _ in range(rounds):
            loop.append(ideal(pool, epochs, jobs))
            searches.append(search(epochs, jobs))
        best = min(searches)
        return [min(loop), best, first - best, threads_of_a_worker(jobs)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--backends",
        nargs="+",
        default=["loky", "dask"],
        help="of joblib: loky, dask, multiprocessing, threading",
    )
    parser.add_argument("--epochs", nargs="+", type=int, default=[20, 100])
    parser.add_argument("--jobs", type=int, default=joblib.cpu_count(), help="processes")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    if "dask" in args.backends and importlib.util.find_spec("distributed") is None:
        print("dask is not installed: `pip install distributed`")
        args.backends.remove("dask")

    fits = len(UNITS) * FOLDS.get_n_splits()
    print(f"{fits} fits of make_moons in {args.jobs} processes, seconds\n")
    print("| backend | epochs | ideal | search | of the ideal | start | threads |")
    print("| --- |" + " ---: |" * 6, flush=True)
    with ProcessPoolExecutor(
        args.jobs, get_context("spawn"), minikeras.config.set_threads, (1,)
    ) as pool:
        ideal(pool, 1, args.jobs)  # they start
        for name in args.backends:
            for epochs in args.epochs:
                loop, searched, start, threads = compare(name, epochs, args.jobs, args.rounds, pool)
                print(
                    f"| {name} | {epochs} | {loop:.2f} | {searched:.2f} | {loop / searched:.2f} "
                    f"| {start:.1f} | {threads} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
