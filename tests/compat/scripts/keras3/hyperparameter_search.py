"""A search with Optuna, whose callback ends trials that lag behind, and a bar of tqdm for each trial."""

import io

import keras
import numpy as np
import optuna
from optuna_integration import KerasPruningCallback
from tqdm import tqdm
from tqdm.keras import TqdmCallback

rng = np.random.default_rng(0)
x = rng.random((96, 3)).astype("float32")
y = x.sum(1)


class Bar(tqdm):
    """A bar that says what it was told."""

    told = []

    def reset(self, total=None):
        self.told.append(total)
        super().reset(total)

    def update(self, n=1):
        self.told.append("+")
        super().update(n)


def train(rate, *callbacks):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(rate), "mse")
    history = model.fit(
        x, y, epochs=4, verbose=0, validation_split=0.25, shuffle=False, callbacks=list(callbacks)
    )
    return history.history["val_loss"][-1]


def objective(trial):
    rate = trial.suggest_categorical("rate", [0.03, 0.1, 0.001, 0.2])
    bar = TqdmCallback(verbose=0, tqdm_class=Bar, file=io.StringIO())
    return train(rate, KerasPruningCallback(trial, "val_loss"), bar)


optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(
    sampler=optuna.samplers.GridSampler({"rate": [0.03, 0.1, 0.001, 0.2]}, seed=0),
    pruner=optuna.pruners.MedianPruner(n_startup_trials=2),
)
for rate in (0.03, 0.1, 0.001, 0.2):
    study.enqueue_trial({"rate": rate})
study.optimize(objective, n_trials=4)
states = [trial.state.name for trial in study.trials]
assert states == ["COMPLETE", "COMPLETE", "PRUNED", "COMPLETE"], states
assert study.best_params == {"rate": 0.2}
assert study.trials[2].intermediate_values.keys() == {0}
assert Bar.told == [4, *"++++", 4, *"++++", 4, 4, *"++++"], Bar.told

for verbose, told in {
    1: [2, 3, *"+++", "+", 3, *"+++", "+"],
    2: [2, *"+++", "+", *"+++", "+"],
}.items():
    Bar.told.clear()
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    bar = TqdmCallback(verbose=verbose, tqdm_class=Bar, file=io.StringIO())
    model.fit(x, y, epochs=2, verbose=0, callbacks=[bar])
    assert Bar.told == told, (verbose, Bar.told)
