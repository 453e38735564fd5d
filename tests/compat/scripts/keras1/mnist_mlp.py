'''Digits with a multilayer perceptron: RMSprop, dropout, np_utils.'''
from __future__ import print_function
import numpy as np
np.random.seed(1337)  # for reproducibility

from sklearn.datasets import load_digits
from keras.models import Sequential
from keras.layers.core import Dense, Dropout, Activation
from keras.optimizers import RMSprop
from keras.utils import np_utils

batch_size = 64
nb_classes = 10
nb_epoch = 15

digits = load_digits()
order = np.random.permutation(len(digits.data))
X, y = digits.data[order].astype('float32') / 16, digits.target[order]
X_train, X_test, y_train, y_test = X[:1400], X[1400:], y[:1400], y[1400:]
Y_train = np_utils.to_categorical(y_train, nb_classes)
Y_test = np_utils.to_categorical(y_test, nb_classes)

model = Sequential()
model.add(Dense(128, input_shape=(64,)))
model.add(Activation('relu'))
model.add(Dropout(0.2))
model.add(Dense(128))
model.add(Activation('relu'))
model.add(Dropout(0.2))
model.add(Dense(10))
model.add(Activation('softmax'))
model.summary()

model.compile(loss='categorical_crossentropy', optimizer=RMSprop(), metrics=['accuracy'])
history = model.fit(X_train, Y_train, batch_size=batch_size, nb_epoch=nb_epoch,
                    verbose=2, validation_data=(X_test, Y_test))
score = model.evaluate(X_test, Y_test, verbose=0)
print('Test score:', score[0])
print('Test accuracy:', score[1])

assert score[1] > 0.92
assert (model.predict_classes(X_test, verbose=0) == y_test).mean() > 0.92
