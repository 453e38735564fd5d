"""Texts from tf.data through a vectorization of tf.strings into an embedding, as the text tutorials do it."""

import re
import string

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, losses

tf.random.set_seed(6)
rng = np.random.RandomState(6)

GOOD = "great wonderful lovely brilliant touching superb".split()
BAD = "boring awful dreadful clumsy tedious weak".split()
FILL = "the film was a story of people and places with music <br /> that I saw, once.".split()


def review(label):
    words = list(rng.choice(FILL, 14)) + list(rng.choice(GOOD if label else BAD, 2))
    rng.shuffle(words)
    return " ".join(w.upper() if rng.rand() < 0.2 else w for w in words) + "!"


labels = rng.randint(0, 2, 600)
texts = [review(label) for label in labels]
raw = tf.data.Dataset.from_tensor_slices((texts, labels))
raw_train_ds, raw_test_ds = raw.take(480).batch(32), raw.skip(480).batch(32)
for text_batch, label_batch in raw_train_ds.take(1):
    for i in range(2):
        print("Review", text_batch.numpy()[i].decode("utf-8"), label_batch.numpy()[i])


def custom_standardization(input_data):
    lowercase = tf.strings.lower(input_data)
    stripped_html = tf.strings.regex_replace(lowercase, "<br />", " ")
    return tf.strings.regex_replace(stripped_html, "[%s]" % re.escape(string.punctuation), "")


max_features, sequence_length = 100, 20
counts = {}
for text_batch, _ in raw_train_ds:
    for words in tf.strings.split(custom_standardization(text_batch)):
        for word in words.numpy():
            counts[word] = counts.get(word, 0) + 1
vocabulary = [b"", b"[UNK]"] + sorted(counts, key=lambda w: (-counts[w], w))[: max_features - 2]
index = {word: i for i, word in enumerate(vocabulary)}
print("Vocabulary size:", len(vocabulary))


def lookup(words):
    table = np.array([[index.get(w, 1) for w in row] for row in words], dtype="int64")
    return np.pad(table, [(0, 0), (0, sequence_length)])[:, :sequence_length]


def vectorize_text(text, label):
    words = tf.strings.split(custom_standardization(text)).to_tensor()
    return tf.numpy_function(lookup, [words], tf.int64), label


train_ds = raw_train_ds.map(vectorize_text).cache().prefetch(tf.data.AUTOTUNE)
test_ds = raw_test_ds.map(vectorize_text).cache()

model = tf.keras.Sequential(
    [
        layers.Embedding(max_features, 16),
        layers.Dropout(0.2),
        layers.GlobalAveragePooling1D(),
        layers.Dropout(0.2),
        layers.Dense(1),
    ]
)
model.compile(
    loss=losses.BinaryCrossentropy(from_logits=True),
    optimizer=tf.keras.optimizers.Adam(0.02),
    metrics=[tf.keras.metrics.BinaryAccuracy(threshold=0.0)],
)
model.fit(train_ds, epochs=8, verbose=0)
loss, accuracy = model.evaluate(test_ds, verbose=0)
print("Accuracy:", accuracy)
assert accuracy > 0.95
