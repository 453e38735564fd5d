'''A convnet for small colour images in the order of arguments of the summer of 2015.'''
from __future__ import absolute_import
from __future__ import print_function
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Dropout, Activation, Flatten
from keras.layers.convolutional import Convolution2D, MaxPooling2D
from keras.optimizers import SGD
from keras.utils import np_utils

np.random.seed(3)
nb_classes = 3
nb_epoch = 14

# noise, with one patch brighter in the channel of the class
y_train = np.random.randint(0, nb_classes, (300, 1))
X_train = np.random.randint(0, 120, (300, 3, 12, 12)).astype("float32")
for i, label in enumerate(y_train[:, 0]):
    r, c = np.random.randint(0, 6, 2)
    X_train[i, label, r:r + 6, c:c + 6] += 135
X_train /= 255
X_train -= X_train.mean()
Y_train = np_utils.to_categorical(y_train, nb_classes)

model = Sequential()
model.add(Convolution2D(8, 3, 3, 3, border_mode='full'))
model.add(Activation('relu'))
model.add(Convolution2D(8, 8, 3, 3))
model.add(Activation('relu'))
model.add(MaxPooling2D(poolsize=(2, 2)))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(8 * 6 * 6, 32, init='normal'))
model.add(Activation('relu'))
model.add(Dense(32, nb_classes, init='normal'))
model.add(Activation('softmax'))

sgd = SGD(lr=0.05, decay=1e-6, momentum=0.9, nesterov=True)
model.compile(loss='categorical_crossentropy', optimizer=sgd)

first = None
for e in range(nb_epoch):
    for start in range(0, 300, 30):
        batch = slice(start, start + 30)
        loss, acc = model.train_on_batch(X_train[batch], Y_train[batch], accuracy=True)
    first = loss if first is None else first
score = model.evaluate(X_train, Y_train, show_accuracy=True, verbose=0)
print("first", first, "loss", score[0], 'accuracy', score[1])
assert model.layers[0](X_train[:2]).shape == (2, 8, 14, 14)
assert score[1] > 0.9
