"""Layers of one's own, as the Keras 2 documentation and competition kernels wrote them."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
from keras import backend as K
from keras import constraints, initializers, regularizers
from keras.engine.topology import InputSpec, Layer
from keras.layers import GRU, Dense, Embedding, Input
from keras.models import Model


class MyLayer(Layer):
    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        super(MyLayer, self).__init__(**kwargs)

    def build(self, input_shape):
        assert len(input_shape) == 2
        self.input_spec = InputSpec(ndim=2, axes={-1: input_shape[-1]})
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[1], self.output_dim),
            initializer="uniform",
            trainable=True,
        )
        super(MyLayer, self).build(input_shape)

    def call(self, x):
        return K.dot(x, self.kernel)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.output_dim)


class Attention(Layer):
    """Weighs the steps of a sequence."""

    def __init__(self, W_regularizer=None, b_constraint=None, bias=True, **kwargs):
        self.supports_masking = True
        self.init = initializers.get("glorot_uniform")
        self.W_regularizer = regularizers.get(W_regularizer)
        self.b_constraint = constraints.get(b_constraint)
        self.bias = bias
        super(Attention, self).__init__(**kwargs)

    def build(self, input_shape):
        assert len(input_shape) == 3
        self.W = self.add_weight(
            shape=(input_shape[-1],),
            initializer=self.init,
            name="{}_W".format(self.name),
            regularizer=self.W_regularizer,
        )
        if self.bias:
            self.b = self.add_weight(
                "b", (input_shape[1],), initializer="zero", constraint=self.b_constraint
            )
        self.built = True

    def compute_mask(self, input, input_mask=None):
        return None

    def call(self, x, mask=None):
        eij = K.squeeze(K.dot(x, K.expand_dims(self.W)), axis=-1)
        if self.bias:
            eij += self.b
        a = K.exp(K.tanh(eij))
        if mask is not None:
            a *= K.cast(mask, K.floatx())
        a /= K.cast(K.sum(a, axis=1, keepdims=True) + K.epsilon(), K.floatx())
        return K.sum(x * K.expand_dims(a), axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape[0], input_shape[-1]


rng = np.random.RandomState(0)
matrix = rng.randn(40, 8)
words = rng.randint(1, 40, size=(300, 9))
words[:, :2] = 0
labels = (words == 7).any(axis=1).astype(int) | (words == 9).any(axis=1)

inp = Input(shape=(9,))
x = Embedding(40, 8, weights=[matrix], trainable=False, mask_zero=True)(inp)
x = GRU(12, return_sequences=True, recurrent_dropout=0.0, implementation=2)(x)
x = Attention(regularizers.l2(1e-4))(x)
x = MyLayer(8)(x)
out = Dense(1, activation="sigmoid")(x)
model = Model(inputs=inp, outputs=out)
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
K.set_value(model.optimizer.lr, 0.01)
hist = model.fit(words, labels, epochs=20, verbose=0)
assert (model.layers[1].get_weights()[0] == matrix.astype("float32")).all()
assert model.layers[3].output_shape == (None, 12)
print(hist.history["acc"][-1])
assert hist.history["acc"][-1] > 0.9, hist.history["acc"]
