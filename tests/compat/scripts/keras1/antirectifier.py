'''A custom layer of Keras 1, which keeps both signs of its input.'''
from __future__ import print_function
import numpy as np
np.random.seed(0)
from sklearn.datasets import load_digits
from keras.models import Sequential
from keras.layers import Dense, Dropout, Layer, Activation
from keras import backend as K
from keras.utils import np_utils


class Antirectifier(Layer):
    def get_output_shape_for(self, input_shape):
        shape = list(input_shape)
        assert len(shape) == 2  # only valid for 2D tensors
        shape[-1] *= 2
        return tuple(shape)

    def call(self, x, mask=None):
        x -= K.mean(x, axis=1, keepdims=True)
        x = K.l2_normalize(x, axis=1)
        pos = K.relu(x)
        neg = K.relu(-x)
        return K.concatenate([pos, neg], axis=1)


batch_size = 64
nb_classes = 10
nb_epoch = 15
digits = load_digits()
X_train = digits.data.astype('float32') / 16
Y_train = np_utils.to_categorical(digits.target, nb_classes)

model = Sequential()
model.add(Dense(64, input_shape=(64,)))
model.add(Antirectifier())
model.add(Dropout(0.1))
model.add(Dense(64))
model.add(Antirectifier())
model.add(Dropout(0.1))
model.add(Dense(10))
model.add(Activation('softmax'))
model.compile(loss='categorical_crossentropy', optimizer='rmsprop', metrics=['accuracy'])
model.fit(X_train, Y_train, batch_size=batch_size, nb_epoch=nb_epoch, verbose=0,
          validation_data=(X_train, Y_train))
score, acc = model.evaluate(X_train, Y_train, verbose=0)
print(score, acc)
assert model.layers[1].output_shape == (None, 128)
assert acc > 0.95
