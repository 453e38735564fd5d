'''Digits with a small convnet, images with their channel first, as Theano had them (2015/16).'''
from __future__ import print_function
import numpy as np
np.random.seed(1337)

from sklearn.datasets import load_digits
from keras.models import Sequential
from keras.layers.core import Dense, Dropout, Activation, Flatten
from keras.layers.convolutional import Convolution2D, MaxPooling2D
from keras.utils import np_utils
from keras import backend as K

batch_size = 64
nb_classes = 10
nb_epoch = 8
img_rows, img_cols = 8, 8
nb_filters = 16
nb_pool = 2
nb_conv = 3

digits = load_digits()
X, y = digits.images.astype('float32') / 16, digits.target
X = X.reshape(X.shape[0], 1, img_rows, img_cols)
X_train, X_test, y_train, y_test = X[:1400], X[1400:], y[:1400], y[1400:]
Y_train = np_utils.to_categorical(y_train, nb_classes)
Y_test = np_utils.to_categorical(y_test, nb_classes)

model = Sequential()
model.add(Convolution2D(nb_filters, nb_conv, nb_conv,
                        border_mode='valid',
                        input_shape=(1, img_rows, img_cols), dim_ordering='th'))
model.add(Activation('relu'))
model.add(Convolution2D(nb_filters, nb_conv, nb_conv, dim_ordering='th'))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(nb_pool, nb_pool), dim_ordering='th'))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(64))
model.add(Activation('relu'))
model.add(Dropout(0.5))
model.add(Dense(nb_classes))
model.add(Activation('softmax'))

assert model.layers[0].output_shape == (None, nb_filters, 6, 6)
model.compile(loss='categorical_crossentropy', optimizer='adadelta')
model.fit(X_train, Y_train, batch_size=batch_size, nb_epoch=nb_epoch,
          show_accuracy=True, verbose=2, validation_data=(X_test, Y_test))
score = model.evaluate(X_test, Y_test, show_accuracy=True, verbose=0)
print('Test score:', score[0])
print('Test accuracy:', score[1])
assert score[1] > 0.8
