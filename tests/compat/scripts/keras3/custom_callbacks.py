"""Writing callbacks of one's own."""

import numpy as np
import keras

keras.utils.set_random_seed(9)


def get_model():
    model = keras.Sequential()
    model.add(keras.layers.Dense(1))
    model.compile(
        optimizer=keras.optimizers.RMSprop(learning_rate=0.1),
        loss="mean_squared_error",
        metrics=["mean_absolute_error"],
    )
    return model


x = np.random.rand(256, 20)
y = x.sum(1)
seen = []


class CustomCallback(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        seen.append(("train", sorted(logs or {})))

    def on_epoch_end(self, epoch, logs=None):
        seen.append(("epoch", epoch, sorted(logs)))

    def on_test_begin(self, logs=None):
        seen.append(("test",))

    def on_predict_end(self, logs=None):
        seen.append(("predict",))

    def on_train_batch_end(self, batch, logs=None):
        if batch == 3:
            seen.append(("batch", batch, sorted(logs)))


class EarlyStoppingAtMinLoss(keras.callbacks.Callback):
    def __init__(self, patience=0):
        super().__init__()
        self.patience = patience
        self.best_weights = None

    def on_train_begin(self, logs=None):
        self.wait, self.stopped_epoch, self.best = 0, 0, np.inf

    def on_epoch_end(self, epoch, logs=None):
        current = logs.get("loss")
        if np.less(current, self.best):
            self.best, self.wait = current, 0
            self.best_weights = self.model.get_weights()
        else:
            self.wait += 1
            if self.wait >= self.patience:
                self.stopped_epoch = epoch
                self.model.stop_training = True
                self.model.set_weights(self.best_weights)


class CustomLearningRateScheduler(keras.callbacks.Callback):
    def __init__(self, schedule):
        super().__init__()
        self.schedule = schedule
        self.rates = []

    def on_epoch_begin(self, epoch, logs=None):
        lr = self.model.optimizer.learning_rate
        scheduled_lr = self.schedule(epoch, lr)
        self.model.optimizer.learning_rate = scheduled_lr
        self.rates.append(float(np.asarray(self.model.optimizer.learning_rate)))


model = get_model()
model.fit(
    x, y, batch_size=64, epochs=1, verbose=0, validation_split=0.5, callbacks=[CustomCallback()]
)
model.predict(x, batch_size=128, verbose=0, callbacks=[CustomCallback()])
assert seen[0] == ("train", []) and ("test",) in seen and ("predict",) in seen
logged = ["loss", "mean_absolute_error", "val_loss", "val_mean_absolute_error"]
assert ("epoch", 0, logged) in seen

table = {3: 0.05, 6: 0.01, 9: 0.005}
scheduler = CustomLearningRateScheduler(lambda epoch, lr: table.get(epoch, lr))
model = get_model()
model.fit(x, y, batch_size=64, epochs=12, verbose=0, callbacks=[scheduler])
np.testing.assert_allclose(
    scheduler.rates, [0.1] * 3 + [0.05] * 3 + [0.01] * 3 + [0.005] * 3, rtol=1e-5
)

stopper = EarlyStoppingAtMinLoss(patience=1)
model = get_model()
model.fit(x, y, batch_size=64, epochs=100, verbose=0, callbacks=[stopper])
assert 0 < stopper.stopped_epoch < 100
