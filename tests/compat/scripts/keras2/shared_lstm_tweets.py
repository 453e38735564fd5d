"""One LSTM for two inputs, in the manner of the functional API guide of Keras 2."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import keras
import numpy as np
from keras.layers import LSTM, Dense, Input
from keras.models import Model

rng = np.random.RandomState(1)
n, steps, features = 400, 10, 8

# Two tweets are by the same author if they use letters as often.
authors = rng.dirichlet(np.ones(features) * 0.3, size=2)


def tweet(author):
    return np.eye(features)[rng.choice(features, size=steps, p=authors[author])]


first, second = rng.randint(2, size=(2, n))
labels = (first == second).astype(int)
data_a = np.array([tweet(a) for a in first])
data_b = np.array([tweet(b) for b in second])

tweet_a = Input(shape=(steps, features))
tweet_b = Input(shape=(steps, features))
shared_lstm = LSTM(16)
encoded_a = shared_lstm(tweet_a)
encoded_b = shared_lstm(tweet_b)
merged_vector = keras.layers.concatenate([encoded_a, encoded_b], axis=-1)
x = Dense(16, activation="relu")(merged_vector)
predictions = Dense(1, activation="sigmoid")(x)

model = Model(inputs=[tweet_a, tweet_b], outputs=predictions)
model.compile(
    optimizer=keras.optimizers.Adam(lr=0.01), loss="binary_crossentropy", metrics=["accuracy"]
)
model.fit([data_a, data_b], labels, epochs=15, verbose=0)

assert shared_lstm.get_output_at(0).shape == encoded_a.shape
assert shared_lstm.get_output_at(1) is encoded_b
assert shared_lstm.get_input_at(1) is tweet_b
assert len(shared_lstm.get_weights()) == 3
loss, acc = model.evaluate([data_a, data_b], labels, verbose=0)
print(loss, acc)
assert acc > 0.9, acc
