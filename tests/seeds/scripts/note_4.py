# Note 4: names in lists, each checked.
#: lines 21 to 71
import keras
import keras.backend as K
import keras.layers as KL
import keras.engine as KE
import keras.models as KM
#
## Core layers
KL.Dense
KL.Dropout
KL.Activation
KL.Flatten
#
## CNN Layers
KL.Conv2D
KL.MaxPooling2D
KL.BatchNormalization
KL.ZeroPadding2D
KL.Dense
KL.Conv2DTranspose
KL.UpSampling2D
##
KL.Lambda
KL.add
KL.Concatenate
KL.Reshape
KL.Input
KL.TimeDistributed
#
##
KE.Layer
#
##
KM.Model
#
##
K.squeeze
K.int_shape
K.abs
K.cast
K.less
K.equal
K.not_equal
K.sparse_categorical_crossentropy
K.binary_crossentropy
K.switch
K.mean
K.sum
K.reshape
K.learning_phase
K.function
K.shape

import numpy as np

x = np.random.default_rng(0).random((40, 6, 6, 1)).astype("float32")

#: lines 76 to 85, recurrent layers, convolutions, dropout, noise, pooling, normalization, embedding
for layer in (KL.LSTM(3), KL.GRU(3), KL.SimpleRNN(3)):
    assert layer(x[..., 0]).shape == (40, 3)
assert KL.Conv1D(2, 3)(x[..., 0]).shape == (40, 4, 2)
for layer in (KL.Dropout(0.5), KL.GaussianNoise(0.1), KL.BatchNormalization()):
    assert layer(x).shape == x.shape
assert KL.AveragePooling2D()(x).shape == (40, 3, 3, 1)

#: lines 89 to 100, losses
y = np.array([[0.0], [1.0]])
p = np.array([[0.2], [0.7]])
for name in ('rmse', 'mse', 'mae', 'mape', 'msle', 'squared_hinge', 'hinge', 'binary_crossentropy'):
    model = KM.Sequential([KL.Dense(1, input_shape=(1,))])
    model.compile('sgd', name)
    assert np.isfinite(model.train_on_batch(p, y)), name
model = KM.Sequential([KL.Dense(2, activation='softmax', input_shape=(1,))])
model.compile('sgd', 'categorical_crossentropy', metrics=['rmse'])
assert np.isfinite(model.train_on_batch(p, np.eye(2))).all()

#: lines 105 to 109, optimizers
from keras.optimizers import SGD, Adadelta, Adagrad, Adam, RMSprop

for optimizer in (SGD(), Adagrad(), Adadelta(), RMSprop(), Adam(), 'Rmsprop', 'rmsprop', 'adam'):
    model.compile(optimizer, 'mse')

#: lines 112 to 120, activations
for name in ('sigmoid', 'tanh', 'ReLu', 'relu', 'softplus', 'hard_sigmoid', 'linear'):
    assert KL.Activation(name)(p).shape == p.shape
from keras.layers import ELU, LeakyReLU, PReLU, ThresholdedReLU
from keras.layers import LeakyReLu, PReLu  # as the note spells them
from keras.layers.advanced_activations import ParametricSoftplus, ThresholdedLinear

z = np.array([[-2.0, 0.5, 3.0]])
for layer in (LeakyReLU(), PReLU(), ELU(), LeakyReLu(), PReLu(), ParametricSoftplus()):
    assert layer(z).shape == z.shape
assert np.array_equal(ThresholdedReLU(theta=1.0)(z), [[0, 0, 3]])
assert np.array_equal(ThresholdedLinear(theta=1.0)(z), [[-2, 0, 3]])

# Regularizers and constraints.
#: lines 123 to 127
from keras.constraints import maxnorm
from keras.regularizers import l1, l2

KL.Dense(2, W_regularizer=l2(0.01), b_regularizer=l1(0.01), W_constraint=maxnorm(2))(p)

#: lines 131 to 149, utilities
import os
import tempfile

from keras.callbacks import Callback, EarlyStopping, ModelCheckpoint
from keras.models import Graph, model_from_json

folder = tempfile.mkdtemp()
model = KM.Sequential([KL.Dense(3, input_dim=2, activation='tanh'), KL.Dense(1)])
model.compile('adam', 'mse')
rebuilt = model_from_json(model.to_json())
model.save_weights(os.path.join(folder, 'w.h5'), overwrite=True)
rebuilt.load_weights(os.path.join(folder, 'w.h5'))
a = np.random.rand(30, 2)
assert np.array_equal(rebuilt.predict(a), model.predict(a))


class Seen(Callback):
    def on_train_begin(self, logs={}):
        self.losses = []

    def on_batch_end(self, batch, logs={}):
        self.losses.append(logs.get('loss'))


seen = Seen()
path = os.path.join(folder, 'best.h5')
model.fit(
    a, a.sum(1), nb_epoch=3, batch_size=10, verbose=0, validation_split=0.2,
    callbacks=[seen, EarlyStopping(patience=2), ModelCheckpoint(path, save_best_only=True)],
)  # fmt: skip
assert len(seen.losses) == 9 and os.path.exists(path)

graph = Graph()
graph.add_input(name='input1', input_shape=(2,))
graph.add_input(name='input2', input_shape=(2,))
graph.add_node(KL.Dense(4), name='dense1', input='input1')
graph.add_node(KL.Dense(4), name='dense2', input='input2')
graph.add_node(KL.Dense(1), name='summed', inputs=['dense1', 'dense2'], merge_mode='sum')
graph.add_node(KL.Dense(1), name='joined', inputs=['dense1', 'dense2'], merge_mode='concat')
graph.add_output(name='output1', input='summed')
graph.add_output(name='output2', input='joined')
graph.compile('rmsprop', {'output1': 'mse', 'output2': 'mse'})
data = {'input1': a, 'input2': a[::-1], 'output1': a.sum(1), 'output2': a[:, 0]}
history = graph.fit(data, nb_epoch=20, verbose=0)
assert history.history['loss'][-1] < history.history['loss'][0]
predicted = graph.predict({'input1': a, 'input2': a[::-1]})
assert predicted['output1'].shape == (30, 1)
