"""CTC: rows of drawn digits are read, without being told where each of them stands."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
from keras import backend as K
from keras.layers import GRU, Activation, Bidirectional, Dense, Input, Lambda
from keras.models import Model
from keras.optimizers import Adam

rng = np.random.RandomState(0)
STEPS, HEIGHT, CLASSES = 16, 6, 4
shapes = rng.rand(CLASSES, 3, HEIGHT) > 0.5


def text_images(n):
    images = rng.normal(0, 0.1, (n, STEPS, HEIGHT))
    labels = np.full((n, 3), -1.0)
    lengths = np.zeros((n, 1))
    for i in range(n):
        place = rng.randint(0, 3)
        count = rng.randint(1, 4)
        for k in range(count):
            c = rng.randint(0, CLASSES)
            images[i, place : place + 3] += shapes[c]
            labels[i, k] = c
            place += rng.randint(4, 6)
        lengths[i] = count
    return images.astype("float32"), labels, lengths


def ctc_lambda_func(args):
    y_pred, labels, input_length, label_length = args
    return K.ctc_batch_cost(labels, y_pred, input_length, label_length)


input_data = Input(name="the_input", shape=(STEPS, HEIGHT), dtype="float32")
inner = Dense(16, activation="relu", name="dense1")(input_data)
inner = Bidirectional(GRU(24, return_sequences=True))(inner)
inner = Dense(CLASSES + 1, kernel_initializer="he_normal", name="dense2")(inner)
y_pred = Activation("softmax", name="softmax")(inner)

labels = Input(name="the_labels", shape=[3], dtype="float32")
input_length = Input(name="input_length", shape=[1], dtype="int64")
label_length = Input(name="label_length", shape=[1], dtype="int64")
loss_out = Lambda(ctc_lambda_func, output_shape=(1,), name="ctc")(
    [y_pred, labels, input_length, label_length]
)
model = Model(inputs=[input_data, labels, input_length, label_length], outputs=loss_out)
model.compile(loss={"ctc": lambda y_true, y_pred: y_pred}, optimizer=Adam(lr=0.01))

x, y, n = text_images(600)
steps = np.full((600, 1), STEPS)
history = model.fit([x, y, steps, n], np.zeros(600), batch_size=32, epochs=14, verbose=0)
print(history.history["loss"][0], history.history["loss"][-1])
assert history.history["loss"][-1] < 1.0

test_func = K.function([input_data], [y_pred])
x, y, n = text_images(50)
out = test_func([x])[0]
lengths = np.full(50, STEPS)
for greedy in (True, False):
    decoded = K.get_value(K.ctc_decode(out, lengths, greedy=greedy, beam_width=10)[0][0])
    right = [list(d[d >= 0]) == list(t[t >= 0]) for d, t in zip(decoded, y)]
    print("greedy" if greedy else "beam search", np.mean(right))
    assert np.mean(right) > 0.7
