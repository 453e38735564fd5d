# Note 3: Keras beside TensorFlow; the functional API.
import numpy as np
import tensorflow as tf
from keras.layers import Conv2dTranspose, Embedding

# Line 25: a layer is treated as a callable.
#: lines 25 to 33
assert callable(tf.keras.layers.Layer())
assert tf.keras.layers.Flatten()(np.ones((2, 3, 4))).shape == (2, 12)
assert tf.keras.layers.Dense(4)(np.ones((2, 3))).shape == (2, 4)
filters, kernel_size, strides, activation, padding = 3, 2, 2, 'relu', 'same'
layer = Conv2dTranspose(filters, kernel_size, strides, activation=activation, padding=padding)
assert layer(np.ones((1, 4, 4, 2))).shape == (1, 8, 8, 3)
assert Embedding(10, 4)(np.array([[1, 2]])).shape == (1, 2, 4)
a = tf.layers.concatenate([np.ones((2, 3)), np.ones((2, 2))])
assert a.shape == (2, 5)

#: lines 57 to 71
# Multilayer Perceptron
from keras.utils import plot_model
from keras.models import Model
from keras.layers import Input
from keras.layers import Dense
visible = Input(shape=(10,))
hidden1 = Dense(10, activation='relu')(visible)
hidden2 = Dense(20, activation='relu')(hidden1)
hidden3 = Dense(10, activation='relu')(hidden2)
output = Dense(1, activation='sigmoid')(hidden3)
model = Model(inputs=visible, outputs=output)
# summarize layers
print(model.summary())
# plot graph
plot_model(model, to_file='multilayer_perceptron_graph.png')

import os

assert os.path.getsize('multilayer_perceptron_graph.png') > 5000

#: lines 76 to 80
x, y = np.random.default_rng(0).random((100, 10)), np.arange(100) % 2
x_test, y_test, epochs, callbacks, verbose = x[:20], y[:20], 2, [], 0
validation_data = (x_test, y_test)
model.compile('adam', 'binary_crossentropy')
history = model.fit(
    x, y, epochs=epochs, validation_data=validation_data, callbacks=callbacks, verbose=verbose
)
assert set(history.history) == {'loss', 'val_loss'} and len(history.history['loss']) == 2
model.evaluate(x_test, y_test)

#: lines 86 to 89
from keras import backend as K

K.clear_session()
K.set_session(tf.Session())

#: lines 94
import keras

truth_val, dimensions = 3, 5
assert list(keras.utils.to_categorical(truth_val, dimensions)) == [0, 0, 0, 1, 0]
