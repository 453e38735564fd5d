"""A training in a process of its own, which kills itself at a moment that it is told.

`python killed_training.py SCENARIO FOLDER MOMENT [files]` trains in a folder, with a `ModelCheckpoint`
if `files` is given. A moment is a number of calls and returns of functions, Python's and C's, since
`fit` began; 0 is for never. If the training comes to its end, what it ended with is written to
`FOLDER/result.json`: digests, and the moments at which files were written.
"""

import csv
import hashlib
import json
import os
import random
import signal
import sys
from pathlib import Path

import numpy as np

import minikeras as keras
from minikeras import layers
from minikeras.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    SwapEMAWeights,
    TerminateOnNaN,
)
from minikeras.common.atomic_file import atomic_path
from minikeras.random.random_state import get_random_state
from minikeras.saving.plain_data import Packed

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype("float32")
Y = (X[:, :1] * X[:, 1:2] > 0).astype("float32")


class Diary(Callback):
    """A user's callback, with state of many kinds and draws of its own."""

    def __init__(self, told):
        super().__init__()
        self.told = told
        self.batches = 0
        self.own = np.random.default_rng(3)
        self.means = {}

    def on_train_begin(self, logs=None):
        self.batches = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.first = float(self.own.random() + np.random.rand() + random.random())

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        if self.batches % 5 == 0:
            self.told.append((self.batches, logs["loss"], float(np.random.rand())))

    def on_epoch_end(self, epoch, logs=None):
        self.means[epoch] = np.float32(logs["loss"]) + self.first


class Shuffled(keras.utils.PyDataset):
    """Batches in an order that goes on from epoch to epoch, with noise."""

    def __init__(self):
        super().__init__()
        self.order = np.arange(len(X))
        self.rng = np.random.default_rng(5)

    def __len__(self):
        return 7

    def __getitem__(self, index):
        rows = self.order[index * 6 : index * 6 + 6]
        noise = self.rng.normal(size=X[rows].shape) + np.random.normal()
        return X[rows] + 0.1 * noise.astype("float32"), Y[rows]

    def on_epoch_end(self):
        np.random.shuffle(self.order)


def endless(size):
    while True:
        order = np.random.permutation(len(X))
        for start in range(0, len(X) - size + 1, size):
            rows = order[start : start + size]
            yield X[rows], Y[rows]


def small_model(*middle, optimizer, metrics=(), **kwargs):
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(5, activation="tanh"),
            *middle,
            layers.Dense(1, activation="sigmoid"),
        ],
    )
    model.compile(optimizer, "binary_crossentropy", metrics=list(metrics), **kwargs)
    return model


def by_epochs(folder):
    model = small_model(layers.Dropout(0.3), optimizer=keras.optimizers.Adam(0.1))
    callbacks = [
        BackupAndRestore(folder / "backup", double_checkpoint=True),
        EarlyStopping(patience=3, restore_best_weights=True),
        ReduceLROnPlateau(patience=1, factor=0.5),
        CSVLogger(folder / "log.csv", append=True),
    ]
    options = {"validation_data": (X[:16], Y[:16]), "class_weight": {0: 1.0, 1: 0.7}, "epochs": 12}
    return model, callbacks, (X[16:], Y[16:]), {"batch_size": 6, **options}


def by_batches(folder):
    rate = keras.optimizers.schedules.ExponentialDecay(0.05, 4, 0.9)
    model = small_model(
        layers.BatchNormalization(),
        layers.GaussianNoise(0.1),
        optimizer=keras.optimizers.Adam(rate, use_ema=True),
        metrics=["accuracy", keras.metrics.AUC(), keras.metrics.R2Score()],
    )
    callbacks = [
        SwapEMAWeights(swap_on_epoch=True),
        BackupAndRestore(folder / "backup", save_freq=3),
        TerminateOnNaN(),
    ]
    return model, callbacks, (X, Y), {"batch_size": 4, "epochs": 3, "validation_split": 0.2}


def by_dataset(folder):
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, gradient_accumulation_steps=3)
    model = small_model(
        layers.Dropout(0.2),
        optimizer=keras.optimizers.LossScaleOptimizer(optimizer, dynamic_growth_steps=5),
        metrics=["mae"],
        steps_per_execution=2,
    )
    callbacks = [
        LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        BackupAndRestore(folder / "backup", save_freq=4),
        CSVLogger(folder / "log.csv"),
    ]
    options = {"steps_per_epoch": 5, "epochs": 5, "validation_freq": 2, "validation_steps": 2}
    return model, callbacks, (Shuffled(),), {"validation_data": Shuffled(), **options}


class OwnStep(keras.Model):
    """A model with a step of its own, whose metrics are made in the first one."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1, activation="sigmoid")
        self.drop = layers.Dropout(0.2)
        self.norm = keras.metrics.Mean(name="norm")

    def call(self, x, training=False):
        return self.dense(self.drop(x, training=training))

    def train_step(self, data):
        x, y = data
        with keras.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        self.norm.update_state(abs(gradients[0]))
        return self.compute_metrics(x, y, y_pred) | {"norm": self.norm.result(), "own": loss * 2}


def by_generator(folder):
    model = OwnStep()
    model(X[:2])
    metrics = ["mse", keras.metrics.FBetaScore(threshold=0.5)]
    model.compile(keras.optimizers.RMSprop(0.01), "mse", metrics=metrics)
    callbacks = [BackupAndRestore(folder / "backup", save_freq=2)]
    options = {"steps_per_epoch": 6, "epochs": 3, "validation_steps": 2}
    return model, callbacks, (endless(8),), {"validation_data": endless(5), **options}


def in_half_precision(folder):
    keras.config.set_dtype_policy("mixed_float16")
    model = small_model(layers.Dropout(0.2), optimizer="adam", metrics=["mse"])
    # The scale grows at its first steps, and halves when gradients overflow.
    model.optimizer.dynamic_growth_steps = 3
    callbacks = [BackupAndRestore(folder / "backup", save_freq=2)]
    return model, callbacks, (X * 100, Y), {"batch_size": 6, "epochs": 3, "validation_split": 0.2}


SCENARIOS = {
    f.__name__: f for f in (by_epochs, by_batches, by_dataset, by_generator, in_half_precision)
}


def digest(value):
    arrays = Packed(value).arrays()
    parts = [f"{k} {a.dtype} {a.shape} ".encode() + a.tobytes() for k, a in arrays.items()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


class Moments:
    """Counts calls of functions, and kills the process at one of them."""

    def __init__(self, last):
        self.last, self.now, self.saves = last, 0, []

    def __call__(self, frame, event, argument):
        self.now += 1
        if event == "call" and frame.f_code is atomic_path.__wrapped__.__code__:
            self.saves.append(self.now)
        if self.now == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def main(scenario, folder, last, with_files):
    keras.utils.set_random_seed(7)
    told = []
    model, callbacks, data, options = SCENARIOS[scenario](folder)
    callbacks.append(Diary(told))
    if with_files and scenario == "by_batches":
        only = {"save_weights_only": True, "save_freq": 4}
        callbacks.append(ModelCheckpoint(folder / "last.weights.h5", **only))
    elif with_files:
        best = {"monitor": "loss", "save_best_only": True}
        callbacks.append(ModelCheckpoint(folder / "best.keras", **best))
    moments = Moments(last)
    sys.setprofile(moments)
    history = model.fit(*data, **options, callbacks=callbacks, verbose=0)
    sys.setprofile(None)
    rows = []
    if (folder / "log.csv").exists():
        with open(folder / "log.csv", newline="") as file:
            rows = list(csv.reader(file))
    states = [c.get_state() for c in callbacks if not isinstance(c, (BackupAndRestore, CSVLogger))]
    for state in states:
        state.pop("filepath", None)  # differs from folder to folder
    result = {
        "weights": digest([v.numpy() for v in model.variables]),
        "optimizer": digest([v.numpy() for v in model.optimizer.variables]),
        "metrics": digest(model.get_metrics_state()),
        "history": history.history,
        "epochs": history.epoch,
        "randoms": digest(get_random_state()),
        "callbacks": [repr(sorted(s)) + digest(s) for s in states],
        "told": told,
        "rows": rows,
        "data": [digest(d.get_state()) for d in data if isinstance(d, Shuffled)],
    }
    about = {"moments": moments.now, "saves": moments.saves}
    (folder / "result.json").write_text(json.dumps([result, about]))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:] == ["files"])
