'''Sums of numbers as sequences: an encoder, RepeatVector, a decoder and TimeDistributedDense.'''
from __future__ import print_function
from keras.models import Sequential
from keras.layers.core import Activation, TimeDistributedDense, RepeatVector
from keras.layers import recurrent
from keras.optimizers import Adam
import numpy as np

np.random.seed(2)


class CharacterTable(object):
    def __init__(self, chars, maxlen):
        self.chars = sorted(set(chars))
        self.char_indices = dict((c, i) for i, c in enumerate(self.chars))
        self.indices_char = dict((i, c) for i, c in enumerate(self.chars))
        self.maxlen = maxlen

    def encode(self, C, maxlen=None):
        maxlen = maxlen if maxlen else self.maxlen
        X = np.zeros((maxlen, len(self.chars)))
        for i, c in enumerate(C):
            X[i, self.char_indices[c]] = 1
        return X

    def decode(self, X, calc_argmax=True):
        if calc_argmax:
            X = X.argmax(axis=-1)
        return ''.join(self.indices_char[x] for x in X)


DIGITS = 1
MAXLEN = DIGITS + 1 + DIGITS
RNN = recurrent.LSTM
HIDDEN_SIZE = 40
BATCH_SIZE = 20
chars = '0123456789+ '
ctable = CharacterTable(chars, MAXLEN)

sums = [(a, b) for a in range(10) for b in range(10)] * 4
X = np.array([ctable.encode('%d+%d' % s) for s in sums])
y = np.array([ctable.encode(str(sum(s)).ljust(2), 2) for s in sums])
order = np.random.permutation(len(X))
X, y = X[order], y[order]

model = Sequential()
model.add(RNN(HIDDEN_SIZE, input_shape=(MAXLEN, len(chars))))
model.add(RepeatVector(DIGITS + 1))
model.add(RNN(HIDDEN_SIZE, return_sequences=True))
model.add(TimeDistributedDense(len(chars)))
model.add(Activation('softmax'))
model.compile(loss='categorical_crossentropy', optimizer=Adam(lr=0.01))

model.fit(X, y, batch_size=BATCH_SIZE, nb_epoch=30, show_accuracy=True, verbose=0)
preds = model.predict_classes(X[:100], verbose=0)
right = [ctable.decode(p, calc_argmax=False) == ctable.decode(c) for p, c in zip(preds, y[:100])]
print('right:', np.mean(right))
assert preds.shape == (100, 2)
assert np.mean(right) > 0.6
