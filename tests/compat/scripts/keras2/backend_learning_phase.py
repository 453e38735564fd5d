"""Outputs of a layer in training and in test, by K.function and K.learning_phase()."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
from keras import backend as K
from keras.layers import BatchNormalization, Dense, Dropout, GaussianNoise, Input, Layer
from keras.models import Model, Sequential

rng = np.random.RandomState(0)
model = Sequential()
model.add(Dense(64, input_dim=10, activation="relu"))
model.add(BatchNormalization())
model.add(Dropout(0.5))
model.add(GaussianNoise(0.1))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="rmsprop")
x = rng.normal(size=(256, 10)).astype("float32")
y = (x[:, :1] + x[:, 1:2] > 0).astype("float32")
model.fit(x, y, epochs=10, batch_size=16, verbose=0)

get_layer_output = K.function(
    [model.layers[0].input, K.learning_phase()], [layer.output for layer in model.layers]
)
in_test = get_layer_output([x, 0])
in_train = get_layer_output([x, 1])
assert [o.shape for o in in_test] == [(256, 64)] * 4 + [(256, 1)]
np.testing.assert_allclose(in_test[-1], model.predict(x), rtol=1e-4)
np.testing.assert_allclose(in_test[0], in_train[0], rtol=1e-6)
np.testing.assert_allclose(in_test[1], in_test[3], rtol=1e-6)
np.testing.assert_allclose(in_train[1].mean(axis=0), in_test[1].mean(axis=0), atol=0.5)
dropped = np.mean(in_train[2] == 0)
print("dropped", dropped)
assert abs(dropped - 0.5) < 0.05

# Many predictions in training mode: how sure the model is.
f = K.function([model.layers[0].input, K.learning_phase()], [model.layers[-1].output])
many = np.array([f([x[:20], 1])[0] for _ in range(30)])
assert many.std(axis=0).min() > 1e-4


# A layer of one's own that asks for the phase.
class AddNoise(Layer):
    def call(self, inputs):
        noised = inputs + K.random_normal(shape=K.shape(inputs), mean=0.0, stddev=1.0)
        return K.in_train_phase(noised, inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


inp = Input(shape=(5,))
noisy = Model(inp, AddNoise()(inp))
g = K.function([noisy.input, K.learning_phase()], [noisy.output])
ones = np.ones((200, 5))
assert (g([ones, 0])[0] == 1).all()
noise = g([ones, 1])[0] - 1
print("noise", noise.std())
assert abs(noise.std() - 1) < 0.1
assert (noisy.predict(ones) == 1).all()
