'''A decaying cosine with a stateful LSTM, one step a batch row, as of 2016.'''
from __future__ import print_function
import numpy as np
np.random.seed(0)
from keras.models import Sequential
from keras.layers import Dense, LSTM

tsteps = 1
batch_size = 20
epochs = 12


def gen_cosine_amp(amp=1., period=50, x0=0, xn=1000, step=1, k=0.001):
    cos = np.zeros(((xn - x0) * step, 1, 1))
    for i in range(len(cos)):
        idx = x0 + i * step
        cos[i, 0, 0] = amp * np.cos(2 * np.pi * idx / period) * np.exp(-k * idx)
    return cos


cos = gen_cosine_amp()
expected_output = np.zeros((len(cos), 1))
for i in range(len(cos) - 5):
    expected_output[i, 0] = np.mean(cos[i + 1:i + 6])

model = Sequential()
model.add(LSTM(20, batch_input_shape=(batch_size, tsteps, 1), return_sequences=True, stateful=True))
model.add(LSTM(20, return_sequences=False, stateful=True))
model.add(Dense(1))
model.compile(loss='mse', optimizer='rmsprop')

losses = []
for i in range(epochs):
    history = model.fit(cos, expected_output, batch_size=batch_size, verbose=0, nb_epoch=1,
                        shuffle=False)
    losses += history.history['loss']
    model.reset_states()
predicted_output = model.predict(cos, batch_size=batch_size)
error = np.mean((predicted_output - expected_output) ** 2)
print('losses', losses[0], losses[-1], 'error', error, 'of', expected_output.var())
assert model.layers[0].stateful
assert losses[-1] < losses[0] / 2
assert error < expected_output.var() / 3
