'''Sentiment of made-up reviews with an LSTM, and with Keras 1's dropout of its weights.'''
from __future__ import print_function
import numpy as np
np.random.seed(1337)

from keras.preprocessing import sequence
from keras.models import Sequential
from keras.layers import Dense, Dropout, Activation, Embedding
from keras.layers import LSTM

max_features = 100
maxlen = 15
batch_size = 32


def review(label):
    words = list(np.random.randint(20, max_features, np.random.randint(5, 20)))
    at = np.random.choice(len(words), 2)
    for i in at:
        words[i] = np.random.randint(1, 10) + 10 * label
    return words


y = np.random.randint(0, 2, 600)
X = sequence.pad_sequences([review(label) for label in y], maxlen=maxlen)
X_train, X_test, y_train, y_test = X[:450], X[450:], y[:450], y[450:]

model = Sequential()
model.add(Embedding(max_features, 16, input_length=maxlen, dropout=0.1))
model.add(LSTM(16, dropout_W=0.1, dropout_U=0.1, consume_less='gpu'))
model.add(Dense(1))
model.add(Activation('sigmoid'))
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])

print('Train...')
model.fit(X_train, y_train, batch_size=batch_size, nb_epoch=12, verbose=0,
          validation_data=(X_test, y_test))
score, acc = model.evaluate(X_test, y_test, batch_size=batch_size, verbose=0)
print('Test score:', score)
print('Test accuracy:', acc)
assert acc > 0.8
