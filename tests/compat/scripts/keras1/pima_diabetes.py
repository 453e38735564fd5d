# Binary classification of eight numbers about patients, in the manner of 2016.
from keras.models import Sequential
from keras.layers import Dense
import numpy

seed = 7
numpy.random.seed(seed)
X = numpy.random.randn(400, 8)
Y = (X[:, 1] + 0.5 * X[:, 5] - 0.5 * X[:, 7] > 0).astype(int)

model = Sequential()
model.add(Dense(12, input_dim=8, init='uniform', activation='relu'))
model.add(Dense(8, init='uniform', activation='relu'))
model.add(Dense(1, init='uniform', activation='sigmoid'))
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
history = model.fit(X, Y, validation_split=0.33, nb_epoch=60, batch_size=10, verbose=0)

scores = model.evaluate(X, Y, verbose=0)
print("%s: %.2f%%" % (model.metrics_names[1], scores[1] * 100))
predictions = model.predict(X)
rounded = [round(float(x[0])) for x in predictions]

assert model.metrics_names[1] == 'acc'
assert len(history.history['val_acc']) == 60
assert scores[1] > 0.93
assert numpy.mean(numpy.array(rounded) == Y) > 0.93
