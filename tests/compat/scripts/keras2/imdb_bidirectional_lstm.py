"""Sentiment of sequences of words, in the manner of Keras 2's imdb_bidirectional_lstm.py."""

from __future__ import print_function

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
from keras.layers import LSTM, Bidirectional, Dense, Dropout, Embedding
from keras.models import Sequential
from keras.preprocessing import sequence

max_features = 100
maxlen = 20
batch_size = 32
rng = np.random.RandomState(0)

print("Loading data...")


def review(good):
    words = rng.randint(30, max_features, size=rng.randint(8, 25))
    words[rng.randint(len(words), size=3)] = rng.randint(2, 10, size=3) + 10 * good
    return words.tolist()


y = rng.randint(2, size=600)
x = [review(label) for label in y]
x_train, y_train, x_test, y_test = x[:480], y[:480], x[480:], y[480:]

print("Pad sequences (samples x time)")
x_train = sequence.pad_sequences(x_train, maxlen=maxlen)
x_test = sequence.pad_sequences(x_test, maxlen=maxlen)
print("x_train shape:", x_train.shape)

model = Sequential()
model.add(Embedding(max_features, 16, input_length=maxlen))
model.add(Bidirectional(LSTM(8)))
model.add(Dropout(0.5))
model.add(Dense(1, activation="sigmoid"))

# try using different optimizers and different optimizer configs
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])

print("Train...")
model.optimizer.learning_rate = 0.01
model.fit(
    x_train, y_train, batch_size=batch_size, epochs=6, verbose=2, validation_data=[x_test, y_test]
)
loss, acc = model.evaluate(x_test, y_test, verbose=0)
assert acc > 0.85, acc
assert model.layers[0].output_shape == (None, maxlen, 16)
