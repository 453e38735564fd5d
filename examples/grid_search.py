"""Search a grid of small networks on all cores: scikit-learn's `GridSearchCV` over processes.

    pip install "minikeras-numpy[plot,sklearn]"
    python examples/grid_search.py

Of 442 people with diabetes ten measurements are known, and how far the disease was a year later (Efron
et al., "Least angle regression", 2004). A wide network learns these few by heart, unless large weights
cost something: how wide, and how much? The search fits a network for each of 20 answers and each of 5
folds, in processes that joblib starts, one for each core. Each computes on its share of the threads. The
best answer is compared with ridge regression, on people whom the search never saw. Writes
grid_search.png: the scores, and which process was at work when.

Every fit sets its own seed, so one process (`--jobs 1`) finds the same. The data come with scikit-learn;
the picture needs matplotlib.
"""

import argparse
import os
import sys
import time

import numpy as np

import minikeras
from minikeras import layers
from minikeras.wrappers import SKLearnRegressor

try:
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import GridSearchCV, KFold, train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
except ImportError:
    sys.exit('the data come with scikit-learn: `pip install "minikeras-numpy[sklearn]"` brings it')

PENALTIES = [0.0, 0.001, 0.01, 0.1, 0.3]


def build_network(X, y, units, penalty):
    """A network with one hidden layer; `penalty` is what squared weights cost."""
    minikeras.utils.set_random_seed(0)
    l2 = minikeras.regularizers.L2(penalty)
    model = minikeras.Sequential(
        [
            minikeras.Input(X.shape[1:]),
            layers.Dense(units, activation="relu", kernel_regularizer=l2),
            layers.Dense(1, kernel_regularizer=l2),
        ]
    )
    model.compile(minikeras.optimizers.Adam(0.01), "mse")
    model.began = time.time()
    return model


def score(pipeline, X, y):
    """Give the part of the variance that is explained, and who has found it when."""
    r2 = pipeline.score(X, y)
    model = pipeline[-1].model_
    who = {"process": os.getpid(), "threads": minikeras.config.get_threads()}
    return {"r2": r2, "began": model.began, "ended": time.time(), **who}


def search(X, y, units, folds, epochs, jobs):
    """Search the grid of widths and penalties."""
    network = SKLearnRegressor(build_network, fit_kwargs={"epochs": epochs, "verbose": 0})
    answers = [{"units": n, "penalty": p} for n in units for p in PENALTIES]
    return GridSearchCV(
        make_pipeline(StandardScaler(), network),
        {"sklearnregressor__model_kwargs": answers},
        scoring=score,
        refit="r2",
        cv=KFold(folds, shuffle=True, random_state=0),
        n_jobs=jobs,
    ).fit(X, y)


def of_fits(found, what):
    """Give one of the numbers of `score` for each fit: an array of shape (answers, folds)."""
    splits = range(found.n_splits_)
    return np.stack([found.cv_results_[f"split{i}_test_{what}"] for i in splits], axis=1)


def plot(found, units, path):
    """Draw the mean score of each answer, and a bar for each fit in the row of its process."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    fig, (scores, work) = plt.subplots(
        1, 2, figsize=(13, 4), width_ratios=[2, 3], layout="constrained"
    )
    r2 = found.cv_results_["mean_test_r2"].reshape(len(units), -1)
    scores.imshow(r2, cmap="cividis", aspect="auto")
    middle = (r2.min() + r2.max()) / 2
    best = np.unravel_index(r2.argmax(), r2.shape)
    for (row, column), value in np.ndenumerate(r2):
        scores.text(
            column,
            row,
            f"{value:.3f}",
            ha="center",
            va="center",
            color="black" if value > middle else "white",
            weight="bold" if (row, column) == best else "normal",
        )
    scores.set(title="Explained variance, mean over folds", xlabel="penalty", ylabel="units")
    scores.set_xticks(range(len(PENALTIES)), PENALTIES)
    scores.set_yticks(range(len(units)), units)

    process, answer = of_fits(found, "process"), np.arange(r2.size)[:, None]
    began, ended = of_fits(found, "began"), of_fits(found, "ended")
    _, rows = np.unique(process, return_inverse=True)
    of_width = answer // len(PENALTIES) + np.zeros_like(began, int)
    start = began.min()
    for i, n in enumerate(units):
        mine = of_width == i
        work.barh(
            rows.reshape(process.shape)[mine],
            (ended - began)[mine],
            left=(began - start)[mine],
            height=0.7,
            color=plt.get_cmap("cividis")(i / max(len(units) - 1, 1)),
            edgecolor="white",
            linewidth=0.5,
            label=f"{n} units",
        )
    work.set(title="Fits in their processes", xlabel="seconds", ylabel="process")
    work.set_yticks(range(rows.max() + 1), range(1, rows.max() + 2))
    work.margins(x=0)
    fig.legend(*work.get_legend_handles_labels(), loc="outside right center", frameon=False)
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--units", type=int, nargs="+", default=[2, 8, 32, 128])
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=80)
    parser.add_argument("--jobs", type=int, default=-1, help="processes; -1 for one for each core")
    parser.add_argument("--picture", default="grid_search.png", metavar="FILE")
    parser.add_argument(
        "--target", type=float, default=0.45, help="explained variance of unseen people to reach"
    )
    args = parser.parse_args()

    X, y = load_diabetes(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=42)
    mean, deviation = y_train.mean(), y_train.std()
    y_train, y_test = (y_train - mean) / deviation, (y_test - mean) / deviation

    begin = time.perf_counter()
    found = search(X_train, y_train, args.units, args.folds, args.epochs, args.jobs)
    took = time.perf_counter() - begin

    process, threads = of_fits(found, "process"), of_fits(found, "threads")
    began, ended = of_fits(found, "began"), of_fits(found, "ended")
    workers = len(np.unique(process))
    busy = (ended - began).sum() / (ended.max() - began.min()) / workers
    print(
        f"{process.size} fits in {took:.1f} s, the start of processes included. {workers} at work for "
        f"{busy:.0%} of the time from the first fit on; threads of each: {threads.max():.0f}"
    )

    ridge = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 4, 25))).fit(X_train, y_train)
    answer = found.best_params_["sklearnregressor__model_kwargs"]
    r2 = found.best_estimator_.score(X_test, y_test)
    print(f"best: {answer}, explains {found.best_score_:.4f} of the variance in the folds")
    print(f"of {len(y_test)} unseen people {r2:.4f}; ridge {ridge.score(X_test, y_test):.4f}")

    try:
        plot(found, args.units, args.picture)
        print(f"scores and processes: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    if r2 < args.target:
        sys.exit(f"{r2:.4f} is below {args.target}")


if __name__ == "__main__":
    main()
