# Note 2: the steps of a first network, put together.
import keras
import numpy
from keras import optimizers
from keras.layers import Activation, Dense, Lambda
from keras.models import Sequential

#: lines 21
numpy.random.seed(7)
X = numpy.random.rand(200, 8)
Y = (X[:, :4].sum(1) > X[:, 4:].sum(1)).astype(int)

model = Sequential()
#: lines 39
model.add(Dense(12, input_dim=8, init='uniform',activation='relu'))
#: lines 55
model.add(Dense(64,kernel_initializer='random_uniform',bias_initializer='zeros'))
#: lines 61 to 88
keras.initializers.Initializer()
keras.initializers.Constant(value=0)
keras.initializers.RandomNormal(mean=0.0, stddev=0.05, seed=None)
#: lines 98
for name in ('softmax', 'tanh', 'abs', 'sigmoid'):
    assert Activation(name)(numpy.ones((1, 2))).shape == (1, 2)
#: lines 108
weights = [layer.get_weights() for layer in model.layers]
assert [w.shape for w in weights[0]] == [(8, 12), (12,)]

#: lines 112 to 115
model = Sequential()
model.add(Dense(12, input_dim=8, activation='relu'))
model.add(Dense(8, activation='relu'))
model.add(Dense(1, activation='sigmoid'))
l1, l2 = Dense(4), Dense(1)
#: lines 122
unbound_model = Sequential([l1, l2])
assert unbound_model(X).shape == (200, 1)
#: lines 138 and 139
import cntk

num_hidden_neurons = 4
hidden_layer = lambda: Dense(num_hidden_neurons, activation=cntk.ops.relu)
assert hidden_layer()(X).shape == (200, 4)
function = abs
keras.layers.Lambda(function, output_shape=None,mask=None,arguments=None)
assert numpy.array_equal(Lambda(function)(numpy.array([[-1.0]])), [[1.0]])

#: lines 154
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
#: lines 188
model.fit(X, Y, epochs=150, batch_size=10)
#: lines 202
scores = model.evaluate(X, Y)
print("%s: %.2f%%" % (model.metrics_names[1], scores[1] * 100))
assert scores[1] > 0.9
#: lines 207
model.summary()
#: lines 217
predictions = model.predict(X)
rounded = [round(x[0]) for x in predictions]
assert numpy.mean(rounded == Y) > 0.9

# Lines 162 and 174 are those of note 1, by TensorFlow's names.
from keras.optimizers import sgd
from tensorflow import reduce_mean, square

q_target = Y[:, None].astype("float32")
#: lines 162
trained, model = model, model(X)
loss = reduce_mean(square(model - q_target), axis=0)
model = trained
assert loss.shape == (1,) and float(loss[0]) < 0.2
lr = 0.01
#: lines 174
learner = sgd(model.parameters,lr,gradient_clipping_threshold_per_sample=10)
assert isinstance(learner, optimizers.SGD)
model.compile(learner, 'binary_crossentropy')
model.fit(X, Y, epochs=1, verbose=0)
