"""Topics of newswires from bags of words, in the manner of Keras 2's reuters_mlp.py."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import keras
import numpy as np
from keras.layers import Activation, Dense, Dropout
from keras.models import Sequential

max_words = 200
batch_size = 32
epochs = 5
rng = np.random.RandomState(113)


def load_data(n):
    """Wires of five topics; words of a topic come more often."""
    y = rng.randint(5, size=n)
    x = np.zeros((n, max_words))
    for row, topic in zip(x, y):
        words = np.concatenate(
            [rng.randint(max_words, size=25), topic * 40 + rng.randint(40, size=12)]
        )
        row[words] = 1
    return x, y


(x_train, y_train), (x_test, y_test) = load_data(800), load_data(200)
num_classes = np.max(y_train) + 1
print(num_classes, "classes")

y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)

model = Sequential()
model.add(Dense(64, input_shape=(max_words,)))
model.add(Activation("relu"))
model.add(Dropout(0.5))
model.add(Dense(num_classes))
model.add(Activation("softmax"))

model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["acc"])

history = model.fit(
    x_train, y_train, batch_size=batch_size, epochs=epochs, verbose=2, validation_split=0.1
)
score = model.evaluate(x_test, y_test, batch_size=batch_size, verbose=0)

acc = history.history["acc"]
val_acc = history.history["val_acc"]
assert len(acc) == len(val_acc) == epochs
assert acc[-1] > acc[0]
assert score[1] > 0.9, score
