"""Callbacks of one's own and files named after metrics, as tutorials of 2017 and 2018 had them."""

import os

import keras
import numpy as np
from keras.callbacks import CSVLogger, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from keras.layers.core import Activation, Dense, Dropout
from keras.models import Sequential, load_model

np.random.seed(7)
X = np.random.rand(400, 8)
y = (X[:, 0] + X[:, 1] > 1).astype(int)


class LossHistory(keras.callbacks.Callback):
    def on_train_begin(self, logs={}):
        self.losses = []

    def on_batch_end(self, batch, logs={}):
        self.losses.append(logs.get("loss"))


class StopAtAccuracy(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs={}):
        if logs.get("acc") > 0.95:
            print("\nReached 95% accuracy so cancelling training!")
            self.model.stop_training = True


class AUC(keras.callbacks.Callback):
    """Computes a metric on the validation data itself."""

    def on_train_begin(self, logs={}):
        self.aucs = []
        assert self.params["epochs"] == 60 and self.params["samples"] == 320
        assert "val_acc" in self.params["metrics"]

    def on_epoch_end(self, epoch, logs={}):
        y_pred = self.model.predict(self.validation_data[0])[:, 0]
        truth = self.validation_data[1].ravel()
        pairs = y_pred[truth == 1][:, None] - y_pred[truth == 0][None, :]
        self.aucs.append((pairs > 0).mean())


model = Sequential()
model.add(Dense(24, input_dim=8, kernel_initializer="uniform", activation="relu"))
model.add(Dropout(0.1))
model.add(Dense(1, kernel_initializer="uniform"))
model.add(Activation("sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.optimizer.lr = 0.01

losses, aucs = LossHistory(), AUC()
filepath = "weights.{epoch:02d}-{val_acc:.2f}.hdf5"
callbacks = [
    losses,
    aucs,
    ModelCheckpoint(
        filepath, monitor="val_acc", verbose=0, save_best_only=True, mode="max", period=2
    ),
    ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=10, epsilon=1e-4),
    EarlyStopping(monitor="val_acc", patience=40),
    CSVLogger("training.log"),
    StopAtAccuracy(),
]
history = model.fit(
    X, y, validation_split=0.2, epochs=60, batch_size=32, callbacks=callbacks, verbose=0
)

n = len(history.history["val_acc"])
assert history.history["acc"][-1] > 0.9, history.history["acc"]
assert len(losses.losses) == 10 * n and len(aucs.aucs) == n
assert aucs.aucs[-1] > 0.9
saved = sorted(f for f in os.listdir(".") if f.endswith(".hdf5"))
print(saved)
assert saved and all(int(f[8:10]) % 2 == 0 for f in saved)
assert load_model(saved[-1]).predict_classes(X[:5]).shape == (5, 1)
assert open("training.log").read().startswith("epoch,")
