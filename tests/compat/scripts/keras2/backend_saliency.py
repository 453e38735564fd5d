"""Saliency by K.gradients: the pixels of a digit that its class depends on."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
from keras import backend as K
from keras.layers import Dense, Flatten, Input
from keras.models import Model
from keras.utils import to_categorical
from sklearn.datasets import load_digits

digits = load_digits()
x_all = digits.images[..., None].astype("float32") / 16
y_all = to_categorical(digits.target, 10)

inputs = Input(shape=(8, 8, 1))
x = Flatten()(inputs)
x = Dense(32, activation="relu")(x)
logits = Dense(10, name="logits")(x)
model = Model(inputs, logits)


def loss(y_true, y_pred):
    return K.categorical_crossentropy(y_true, y_pred, from_logits=True)


def accuracy(y_true, y_pred):
    return K.cast(K.equal(K.argmax(y_true, axis=-1), K.argmax(y_pred, axis=-1)), K.floatx())


model.compile(loss=loss, optimizer="adam", metrics=[accuracy])
model.fit(x_all[:1500], y_all[:1500], epochs=25, batch_size=32, verbose=0)
results = model.evaluate(x_all[1500:], y_all[1500:], verbose=0)
print(results)
assert results[1] > 0.85


def compile_saliency_function(model):
    inp = model.layers[0].output if K.ndim(model.layers[0].output) == 4 else model.input
    outp = model.layers[-1].output
    max_outp = K.max(outp, axis=1)
    saliency = K.gradients(K.sum(max_outp), inp)[0]
    max_class = K.argmax(outp, axis=1)
    return K.function([inp], [saliency, max_class])


saliency, classes = compile_saliency_function(model)([x_all[1500:1600]])
assert saliency.shape == (100, 8, 8, 1)
assert (classes == model.predict(x_all[1500:1600]).argmax(1)).all()

# A step along the gradient raises the score of the class by what the gradient says.
step = 1e-2 * saliency
before, after = model.predict(x_all[1500:1600]), model.predict(x_all[1500:1600] + step)
rows = np.arange(100)
change = (after - before)[rows, classes]
wanted = 1e-2 * (saliency**2).sum(axis=(1, 2, 3))
print(np.median(change / wanted))
assert abs(np.median(change / wanted) - 1) < 0.02
