"""A recurrent layer of one's own, written with K.rnn, that trains on sequences with padding."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
from keras import backend as K
from keras import initializers
from keras.layers import Dense, Input, Layer, Masking
from keras.models import Model
from keras.optimizers import Adam

rng = np.random.RandomState(2)


class MinimalRNN(Layer):
    """h' = u * h + (1 - u) * tanh(x W), where u is a gate."""

    def __init__(self, units, go_backwards=False, **kwargs):
        self.units = units
        self.go_backwards = go_backwards
        self.init = initializers.get("glorot_uniform")
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        dim = input_shape[-1]
        self.W = self.add_weight(name="W", shape=(dim, self.units), initializer=self.init)
        self.Wu = self.add_weight(name="Wu", shape=(dim, self.units), initializer=self.init)
        self.U = self.add_weight(name="U", shape=(self.units, self.units), initializer="orthogonal")
        self.b = self.add_weight(name="b", shape=(self.units,), initializer="ones")
        super().build(input_shape)

    def get_initial_state(self, inputs):
        initial_state = K.zeros_like(inputs)
        initial_state = K.sum(initial_state, axis=(1, 2))
        initial_state = K.expand_dims(initial_state)
        return K.tile(initial_state, [1, self.units])

    def step(self, inputs, states):
        h = states[0]
        u = K.hard_sigmoid(K.bias_add(K.dot(inputs, self.Wu) + K.dot(h, self.U), self.b))
        h = u * h + (1 - u) * K.tanh(K.dot(inputs, self.W))
        return h, [h]

    def call(self, inputs, mask=None):
        last_output, outputs, states = K.rnn(
            self.step,
            inputs,
            [self.get_initial_state(inputs)],
            go_backwards=self.go_backwards,
            mask=mask,
            unroll=False,
        )
        return last_output

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.units)

    def compute_mask(self, inputs, mask=None):
        return None


def sequences(n):
    """Numbers, of which those that are marked are to be added; padded at the end."""
    x = np.zeros((n, 8, 2))
    y = np.zeros((n, 1))
    for i in range(n):
        length = rng.randint(4, 9)
        x[i, :length, 0] = rng.uniform(-1, 1, length)
        marks = rng.permutation(length)[:2]
        x[i, :length, 1] = 0.1
        x[i, marks, 1] = 1
        y[i] = x[i, marks, 0].sum()
    return x, y


inputs = Input(shape=(8, 2))
h = Masking(mask_value=0.0)(inputs)
outputs = Dense(1)(MinimalRNN(24)(h))
model = Model(inputs, outputs)
model.compile(optimizer=Adam(lr=0.01), loss=lambda t, p: K.mean(K.square(t - p), axis=-1))
x, y = sequences(1000)
history = model.fit(x, y, batch_size=50, epochs=25, verbose=0)
losses = history.history["loss"]
print(losses[0], losses[-1], y.var())
assert losses[-1] < 0.15 * y.var()

# What comes after the end of a sequence does not matter, and neither do trailing zeros.
padded = model.predict(x[:10])
longer = K.function([model.input], [model.output])([x[:10]])[0]
np.testing.assert_allclose(padded, longer, rtol=1e-4, atol=1e-5)
one = x[:1]
length = int((one[0] != 0).any(axis=-1).sum())
rnn = model.layers[2]
short = rnn(K.constant(one[:, :length]))
whole = rnn(K.constant(one), mask=K.constant((one != 0).any(axis=-1), dtype="bool"))
np.testing.assert_allclose(K.eval(short), K.eval(whole), rtol=1e-4, atol=1e-5)
