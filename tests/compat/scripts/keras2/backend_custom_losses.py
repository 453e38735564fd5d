"""Focal loss, dice loss, and triplets, written with K; an attention layer of one's own."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
from keras import backend as K
from keras.layers import Dense, Embedding, Flatten, Input, Lambda, Layer, concatenate
from keras.models import Model, Sequential
from keras.optimizers import Adam

rng = np.random.RandomState(1)


# Focal loss, for classes of which one is rare.
def focal_loss(gamma=2.0, alpha=0.75):
    def focal_loss_fixed(y_true, y_pred):
        eps = K.epsilon()
        y_pred = K.clip(y_pred, eps, 1.0 - eps)
        pt_1 = K.switch(K.equal(y_true, 1), y_pred, K.ones_like(y_pred))
        pt_0 = K.switch(K.equal(y_true, 0), y_pred, K.zeros_like(y_pred))
        return -K.mean(alpha * K.pow(1.0 - pt_1, gamma) * K.log(pt_1)) - K.mean(
            (1 - alpha) * K.pow(pt_0, gamma) * K.log(1.0 - pt_0)
        )

    return focal_loss_fixed


def f1(y_true, y_pred):
    true_positives = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    possible_positives = K.sum(K.round(K.clip(y_true, 0, 1)))
    predicted_positives = K.sum(K.round(K.clip(y_pred, 0, 1)))
    precision = true_positives / (predicted_positives + K.epsilon())
    recall = true_positives / (possible_positives + K.epsilon())
    return 2 * precision * recall / (precision + recall + K.epsilon())


def dice_loss(y_true, y_pred, smooth=1.0):
    intersection = K.sum(K.flatten(y_true) * K.flatten(y_pred))
    return 1 - (2.0 * intersection + smooth) / (K.sum(y_true) + K.sum(y_pred) + smooth)


x = rng.normal(size=(1500, 6)).astype("float32")
y = (x[:, :1] * x[:, 1:2] > 0.8).astype("float32")
for loss in (focal_loss(), dice_loss):
    model = Sequential(
        [Dense(32, activation="relu", input_shape=(6,)), Dense(1, activation="sigmoid")]
    )
    model.compile(loss=loss, optimizer=Adam(lr=0.01), metrics=[f1])
    model.fit(x, y, epochs=25, batch_size=64, verbose=0)
    score = model.evaluate(x, y, batch_size=1500, verbose=0)[1]
    print("f1", score)
    assert score > 0.8


# Triplet loss on embeddings that are given side by side.
def triplet_loss(y_true, y_pred, alpha=0.4):
    anchor, positive, negative = y_pred[:, 0:2], y_pred[:, 2:4], y_pred[:, 4:6]
    pos_dist = K.sum(K.square(anchor - positive), axis=1)
    neg_dist = K.sum(K.square(anchor - negative), axis=1)
    return K.maximum(pos_dist - neg_dist + alpha, 0.0)


base = Sequential([Dense(16, activation="relu", input_shape=(4,)), Dense(2)])
base.add(Lambda(lambda v: K.l2_normalize(v, axis=1)))
inputs = [Input(shape=(4,)) for _ in range(3)]
merged = concatenate([base(i) for i in inputs], axis=-1)
triplets = Model(inputs=inputs, outputs=merged)
triplets.compile(loss=triplet_loss, optimizer=Adam(lr=0.01))
centers = np.array([[2, 0, 0, 1], [0, 2, 1, 0], [-2, 0, 1, 1]])
label = rng.randint(0, 3, 400)
other = (label + rng.randint(1, 3, 400)) % 3
data = [centers[c] + rng.normal(0, 0.5, (400, 4)) for c in (label, label, other)]
history = triplets.fit(data, np.zeros((400, 1)), epochs=15, batch_size=32, verbose=0)
print("triplets", history.history["loss"][0], history.history["loss"][-1])
assert history.history["loss"][-1] < 0.05


# Attention with weights of its own, in the manner of 2017.
class AttentionLayer(Layer):
    def build(self, input_shape):
        self.W = self.add_weight(
            name="W", shape=(input_shape[-1], 1), initializer="glorot_uniform", trainable=True
        )
        self.b = self.add_weight(
            name="b", shape=(input_shape[1], 1), initializer="zeros", trainable=True
        )
        super().build(input_shape)

    def call(self, x, mask=None):
        e = K.tanh(K.dot(x, self.W) + self.b)
        e = K.reshape(e, (-1, K.int_shape(x)[1]))
        a = K.softmax(e)
        return K.batch_dot(K.permute_dimensions(x, (0, 2, 1)), K.expand_dims(a), axes=[2, 1])

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1], 1)


words = rng.randint(2, 20, (800, 7))
marked = rng.rand(800) > 0.5
words[marked, rng.randint(0, 7, marked.sum())] = 1
inp = Input(shape=(7,))
h = Embedding(20, 8)(inp)
h = Flatten()(AttentionLayer()(h))
out = Dense(1, activation="sigmoid")(h)
model = Model(inp, out)
model.compile(Adam(lr=0.02), "binary_crossentropy")
history = model.fit(words, marked.astype("float32"), epochs=15, batch_size=32, verbose=0)
print("attention", history.history["loss"][-1])
assert history.history["loss"][-1] < 0.1
