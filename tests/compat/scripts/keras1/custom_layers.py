'''Layers of one's own as the guide "Writing your own Keras layers" had them, and regularizers and constraints.'''
import numpy as np
np.random.seed(0)
from keras import backend as K
from keras import initializations, activations, regularizers
from keras.engine.topology import Layer, InputSpec
from keras.models import Sequential
from keras.layers import Dense, MaxoutDense, Highway
from keras.layers.advanced_activations import SReLU, ParametricSoftplus
from keras.regularizers import l2, l1l2, activity_l2
from keras.constraints import maxnorm, nonneg


class MyDense(Layer):
    def __init__(self, output_dim, init='glorot_uniform', **kwargs):
        self.output_dim = output_dim
        self.init = initializations.get(init)
        super(MyDense, self).__init__(**kwargs)

    def build(self, input_shape):
        self.input_spec = [InputSpec(ndim=2)]
        input_dim = input_shape[1]
        self.W = self.init((input_dim, self.output_dim), name='{}_W'.format(self.name))
        self.b = K.zeros((self.output_dim,), name='{}_b'.format(self.name))
        self.scale = K.variable(np.ones(1), name='{}_scale'.format(self.name))  # is not trained
        self.trainable_weights = [self.W, self.b]
        self.built = True

    def call(self, x, mask=None):
        return (K.dot(x, self.W) + self.b) * self.scale

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.output_dim)

    def get_config(self):
        config = {'output_dim': self.output_dim}
        base_config = super(MyDense, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


class ByAddWeight(Layer):
    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        super(ByAddWeight, self).__init__(**kwargs)

    def build(self, input_shape):
        self.W = self.add_weight(shape=(input_shape[1], self.output_dim),
                                 initializer='random_uniform', trainable=True)
        super(ByAddWeight, self).build(input_shape)

    def call(self, x, mask=None):
        return K.dot(x, self.W)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.output_dim)


X = np.random.randn(500, 6)
y = np.abs(X[:, :1]) + X[:, 1:2] * 0.5

model = Sequential()
model.add(MyDense(24, input_shape=(6,)))
model.add(ParametricSoftplus())
model.add(ByAddWeight(24))
model.add(SReLU())
model.add(Highway(activation='relu'))
model.add(MaxoutDense(16, nb_feature=3, W_constraint=maxnorm(2)))
model.add(Dense(8, W_regularizer=l2(1e-4), b_constraint=nonneg(), activity_regularizer=activity_l2(1e-6),
                init=lambda shape, name=None: initializations.normal(shape, scale=0.2, name=name)))
model.add(Dense(1, W_regularizer=l1l2(l1=1e-5, l2=1e-5)))
model.compile(loss='mean_squared_error', optimizer='adam')
history = model.fit(X, y, nb_epoch=25, batch_size=20, verbose=0)
loss = model.evaluate(X, y, verbose=0)
print(loss)
assert loss < 0.1
first = model.layers[0]
assert len(first.trainable_weights) == 2
assert first.scale.numpy()[0] == 1.0
assert (model.layers[-2].get_weights()[1] >= 0).all()
assert first.get_config()['output_dim'] == 24
