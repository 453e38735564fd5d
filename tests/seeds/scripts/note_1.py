# Note 1: pieces of Keras 1, and of CNTK's deep Q-learning tutorial, put together.
import cntk
import keras.layers
import numpy as np
from cntk import Trainer, input_variable, reduce_mean, square
from keras.initializers import Constant, Ones, RandomNormal, Zeros
from keras.layers import Activation, Dense
from keras.models import Sequential

np.random.seed(7)
X = np.random.rand(200, 8)
Y = (X[:, 0] > X[:, 1]).astype(int)

model = Sequential()
#: lines 16
model.add(Dense(12, input_dim=8, init='uniform',activation='relu'))
#: lines 35
model.add(Dense(64,kernel_initializer='random_uniform',bias_initializer='zeros'))
model.add(Dense(1, activation='sigmoid'))
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(X, Y, nb_epoch=60, batch_size=10, verbose=0)
assert model.evaluate(X, Y, verbose=0)[1] > 0.9

#: lines 27 and 28
num_hidden_neurons = 5
hidden_layer = lambda: Dense(num_hidden_neurons, activation=cntk.ops.relu)
x = keras.layers.Input(shape=(3,))
assert hidden_layer()(x).shape == (None, 5)
function = lambda x: x * 2
keras.layers.Lambda(function, output_shape=None,mask=None,arguments=None)
doubled = keras.layers.Lambda(function, output_shape=None, mask=None, arguments=None)
assert np.array_equal(doubled(np.ones((1, 3))), [[2, 2, 2]])

#: lines 38 to 51
assert issubclass(Zeros, keras.initializers.Initializer)
keras.initializers.Initializer()
assert np.all(np.asarray(keras.initializers.Zeros()((2, 2))) == 0)
assert np.all(np.asarray(Ones()((2, 2))) == 1)
assert np.all(np.asarray(Constant(value=0)((2, 2))) == 0)
drawn = np.asarray(RandomNormal(mean=0.0, stddev=0.05, seed=None)((100, 100)))
assert abs(drawn.std() - 0.05) < 0.002

#: lines 55
for name in ('softmax', 'tanh', 'abs', 'sigmoid'):
    y = np.asarray(Activation(name)(np.array([[-1.0, 2.0]])))
    expected = {'softmax': 1 / (1 + np.exp([3, -3])), 'tanh': np.tanh([-1, 2]), 'abs': [1, 2]}
    expected['sigmoid'] = 1 / (1 + np.exp([1, -2]))
    assert np.allclose(y, expected[name])

# CNTK's blocks: a Q-network.
STATES, ACTIONS, lr = 4, 2, 0.1
observation = input_variable(STATES, np.float32, name="s")
q_target = input_variable(ACTIONS, np.float32, name="q")
l1 = cntk.layers.Dense(16, activation=cntk.ops.relu)
l2 = cntk.layers.Dense(ACTIONS)
block, Sequential = Sequential, cntk.layers.Sequential
#: lines 65
unbound_model = Sequential([l1, l2])
model = unbound_model(observation)
#: lines 71
loss = reduce_mean(square(model - q_target), axis=0)
sgd = cntk.learners.sgd
#: lines 78
learner = sgd(model.parameters,lr,gradient_clipping_threshold_per_sample=10)
trainer = Trainer(model, (loss, loss), learner)
states = np.random.rand(64, STATES).astype("float32")
targets = np.stack([states[:, 0] - states[:, 1], states.sum(1)], 1)
losses = []
for _ in range(300):
    trainer.train_minibatch({observation: states, q_target: targets}, device=None)
    losses.append(trainer.previous_minibatch_loss_average)
assert losses[-1] < 0.05 * losses[0]

#: lines 75 and 78, by Keras's optimizers
from keras import optimizers
from keras.optimizers import sgd

model = block()
model.add(Dense(1, input_dim=8))
learner = sgd(model.parameters,lr,gradient_clipping_threshold_per_sample=10)
assert isinstance(learner, optimizers.SGD)
model.compile(loss='mse', optimizer=learner)
model.fit(X, X.sum(1), nb_epoch=30, verbose=0)
assert model.evaluate(X, X.sum(1), verbose=0) < 0.05
