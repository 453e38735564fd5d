"""Masking, padding and recurrent layers: states, bidirectional, stateful, custom cells."""

import numpy as np
import keras
from keras import layers, ops

keras.utils.set_random_seed(5)
padded = np.array([[711, 632, 71, 0, 0, 0], [73, 8, 3215, 55, 927, 0], [83, 91, 1, 645, 1253, 927]])
embedding = layers.Embedding(input_dim=5000, output_dim=16, mask_zero=True)
masked_output = embedding(padded)
assert np.asarray(embedding.compute_mask(padded)).sum() == 14
masking_layer = layers.Masking()
unmasked = ops.cast(ops.tile(ops.expand_dims(padded, axis=-1), [1, 1, 10]), dtype="float32")
assert np.asarray(masking_layer.compute_mask(unmasked)).tolist() == (padded != 0).tolist()


class TemporalSoftmax(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        assert mask is not None
        broadcast_float_mask = ops.expand_dims(ops.cast(mask, "float32"), -1)
        inputs_exp = ops.exp(inputs) * broadcast_float_mask
        inputs_sum = ops.sum(inputs_exp * broadcast_float_mask, axis=1, keepdims=True)
        return inputs_exp / inputs_sum


inputs = keras.Input(shape=(None,), dtype="int32")
x = layers.Embedding(input_dim=10, output_dim=8, mask_zero=True)(inputs)
x = layers.Dense(1)(x)
outputs = TemporalSoftmax()(x)
model = keras.Model(inputs, outputs)
y = np.asarray(model(np.array([[1, 2, 0, 0], [3, 4, 5, 0]])))
np.testing.assert_allclose(y.sum(1), 1, rtol=1e-5)
assert y[0, 2:].tolist() == [[0], [0]]

# Encoder and decoder states.
encoder_input = layers.Input(shape=(None,))
encoder_embedded = layers.Embedding(input_dim=100, output_dim=8)(encoder_input)
output, state_h, state_c = layers.LSTM(8, return_state=True, name="encoder")(encoder_embedded)
decoder_input = layers.Input(shape=(None,))
decoder_embedded = layers.Embedding(input_dim=200, output_dim=8)(decoder_input)
decoder_output = layers.LSTM(8, name="decoder")(decoder_embedded, initial_state=[state_h, state_c])
model = keras.Model([encoder_input, decoder_input], layers.Dense(10)(decoder_output))
assert model([np.ones((2, 3)), np.ones((2, 5))]).shape == (2, 10)

# State from batch to batch.
lstm_layer = layers.LSTM(4, stateful=True)
paragraph = np.random.random((2, 3, 5)).astype("float32")
first = np.asarray(lstm_layer(paragraph))
assert not np.allclose(first, np.asarray(lstm_layer(paragraph)))
lstm_layer.reset_states() if hasattr(lstm_layer, "reset_states") else lstm_layer.reset_state()
np.testing.assert_allclose(first, np.asarray(lstm_layer(paragraph)), rtol=1e-5)


class NestedCell(keras.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units, self.state_size = units, units
        self.dense = layers.Dense(units)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.dense.build((None, self.units))

    def call(self, inputs, states):
        h = ops.tanh(ops.matmul(inputs, self.kernel) + self.dense(states[0]))
        return h, [h]


x = np.random.default_rng(0).integers(0, 2, (400, 12, 1)).astype("float32")
parity = x[:, -3:, 0].sum(1) % 2
model = keras.Sequential(
    [
        keras.Input((None, 1)),
        layers.Bidirectional(layers.GRU(16, return_sequences=True)),
        layers.RNN(NestedCell(16)),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
h = model.fit(x, parity, epochs=40, batch_size=40, verbose=0)
print("parity", h.history["accuracy"][-1])
assert h.history["accuracy"][-1] > 0.95
