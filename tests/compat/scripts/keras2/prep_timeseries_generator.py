"""A forecast with TimeseriesGenerator, as in "How to Use the TimeseriesGenerator" (2018)."""

import numpy as np

from keras.layers import LSTM, Dense
from keras.models import Sequential
from keras.preprocessing.sequence import TimeseriesGenerator

np.random.seed(1)
series = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
generator = TimeseriesGenerator(series, series, length=2, batch_size=1)
print("Samples: %d" % len(generator))
for i in range(len(generator)):
    x, y = generator[i]
    print("%s => %s" % (x, y))
assert len(generator) == 8 and y == [10]

n_features = 1
series = np.sin(np.arange(300) * 0.2).reshape((-1, n_features))
n_input = 8
train, test = series[:240], series[240:]
generator = TimeseriesGenerator(train, train, length=n_input, batch_size=16)

model = Sequential()
model.add(LSTM(16, activation="relu", input_shape=(n_input, n_features)))
model.add(Dense(1))
model.compile(optimizer="adam", loss="mse")
model.fit_generator(generator, steps_per_epoch=len(generator), epochs=40, verbose=0)

held_out = TimeseriesGenerator(test, test, length=n_input, batch_size=8)
mse = model.evaluate_generator(held_out)
predicted = model.predict_generator(held_out)
print(mse)
assert mse < 0.02
np.testing.assert_allclose(np.mean((predicted - test[n_input:]) ** 2), mse, rtol=1e-3)

x_input = np.array(test[:n_input]).reshape((1, n_input, n_features))
yhat = model.predict(x_input, verbose=0)
assert abs(yhat[0, 0] - test[n_input, 0]) < 0.3
