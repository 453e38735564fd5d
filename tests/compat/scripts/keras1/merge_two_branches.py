'''Two branches merged, as the guide to the Sequential model had it in 2016.'''
import numpy as np
from keras.models import Sequential
from keras.layers import Merge, Dense, Activation

np.random.seed(0)
nb_classes = 3
left_branch = Sequential()
left_branch.add(Dense(32, input_dim=10, activation='relu'))
right_branch = Sequential()
right_branch.add(Dense(32, input_dim=6, activation='relu'))
merged = Merge([left_branch, right_branch], mode='concat')

final_model = Sequential()
final_model.add(merged)
final_model.add(Dense(nb_classes, activation='softmax'))
final_model.compile(optimizer='rmsprop', loss='categorical_crossentropy', metrics=['accuracy'])

data_1 = np.random.random((500, 10))
data_2 = np.random.random((500, 6))
scores = np.stack([data_1[:, 0], data_1[:, 1], data_2[:, 0]], axis=1)
from keras.utils.np_utils import to_categorical
labels = to_categorical(scores.argmax(axis=1), nb_classes)

final_model.fit([data_1, data_2], labels, batch_size=16, nb_epoch=40, verbose=0)
loss, acc = final_model.evaluate([data_1, data_2], labels, verbose=0)
print(loss, acc)
assert acc > 0.9
assert len(final_model.layers) and final_model.input_shape == [(None, 10), (None, 6)]

# the other modes
for mode in ('sum', 'mul', 'ave', 'max', 'dot', 'cos'):
    left, right = Sequential(), Sequential()
    left.add(Dense(4, input_dim=10))
    right.add(Dense(4, input_dim=6))
    model = Sequential([Merge([left, right], mode=mode, dot_axes=1), Dense(1)])
    model.compile('sgd', 'mse')
    assert model.predict([data_1, data_2]).shape == (500, 1), mode
