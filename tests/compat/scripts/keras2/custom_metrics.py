"""Metrics and losses of one's own, made with K, as scripts of Keras 2 had them."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
from keras import backend as K
from keras.layers import Dense
from keras.models import Sequential, load_model
from keras.optimizers import SGD

rng = np.random.RandomState(3)
x = rng.randn(300, 6)
y = (x @ rng.randn(6) > 0).astype("float32").reshape(-1, 1)


def precision(y_true, y_pred):
    true_positives = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    predicted_positives = K.sum(K.round(K.clip(y_pred, 0, 1)))
    return true_positives / (predicted_positives + K.epsilon())


def recall(y_true, y_pred):
    true_positives = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    possible_positives = K.sum(K.round(K.clip(y_true, 0, 1)))
    return true_positives / (possible_positives + K.epsilon())


def f1(y_true, y_pred):
    p, r = precision(y_true, y_pred), recall(y_true, y_pred)
    return 2 * ((p * r) / (p + r + K.epsilon()))


def mean_pred(y_true, y_pred):
    return K.mean(y_pred)


def focal_loss(gamma=2.0, alpha=0.5):
    def focal_loss_fixed(y_true, y_pred):
        y_pred = K.clip(y_pred, K.epsilon(), 1.0 - K.epsilon())
        pt = y_true * y_pred + (1 - y_true) * (1 - y_pred)
        return -K.mean(alpha * K.pow(1.0 - pt, gamma) * K.log(pt), axis=-1)

    return focal_loss_fixed


model = Sequential([Dense(16, activation="relu", input_shape=(6,)), Dense(1, activation="sigmoid")])
model.compile(
    loss=focal_loss(gamma=2),
    optimizer=SGD(lr=0.5, decay=1e-3, momentum=0.9, nesterov=True, clipnorm=1.0),
    metrics=["acc", precision, recall, f1, mean_pred],
)
history = model.fit(x, y, epochs=30, batch_size=300, verbose=0)
scores = dict(zip(model.metrics_names, model.evaluate(x, y, batch_size=300, verbose=0)))
print(scores)
assert list(scores) == ["loss", "acc", "precision", "recall", "f1", "mean_pred"]
assert scores["f1"] > 0.9 and history.history["f1"][-1] > 0.9
predicted = model.predict(x)
assert abs(scores["mean_pred"] - predicted.mean()) < 1e-5
assert abs(scores["recall"] - ((predicted > 0.5) & (y == 1)).sum() / y.sum()) < 1e-5

model.save("model.h5")
names = {"focal_loss_fixed": focal_loss(), "precision": precision, "recall": recall, "f1": f1}
again = load_model("model.h5", custom_objects={**names, "mean_pred": mean_pred})
assert np.allclose(again.predict(x), predicted, atol=1e-6)
