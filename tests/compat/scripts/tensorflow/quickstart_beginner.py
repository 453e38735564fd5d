"""A first network, as TensorFlow's quickstart has it since 2019."""

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

print("TensorFlow version:", tf.__version__)
tf.random.set_seed(0)

data = load_digits()
order = np.random.RandomState(0).permutation(len(data.target))
images, targets = data.images[order] / 16.0, data.target[order]
(x_train, y_train), (x_test, y_test) = (
    (images[:1400], targets[:1400]),
    (images[1400:], targets[1400:]),
)

model = tf.keras.models.Sequential(
    [
        tf.keras.layers.Flatten(input_shape=(8, 8)),
        tf.keras.layers.Dense(64, activation="relu"),
        tf.keras.layers.Dropout(0.2),
        tf.keras.layers.Dense(10),
    ]
)

predictions = model(x_train[:1]).numpy()
print(tf.nn.softmax(predictions).numpy())
loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
first = loss_fn(y_train[:1], predictions).numpy()
assert 0.5 < first < 6

model.compile(optimizer="adam", loss=loss_fn, metrics=["accuracy"])
model.fit(x_train, y_train, epochs=12, verbose=0)
_, accuracy = model.evaluate(x_test, y_test, verbose=2)

probability_model = tf.keras.Sequential([model, tf.keras.layers.Softmax()])
probabilities = probability_model(x_test[:5])
assert np.allclose(tf.reduce_sum(probabilities, axis=1), 1.0, atol=1e-5)
assert tf.argmax(probabilities, axis=1).dtype == tf.int64
assert accuracy > 0.93, accuracy
