"""A VAE whose loss function uses tensors of the graph, in the manner of the Keras blog of 2016."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
from keras import backend as K
from keras import metrics
from keras.layers import Dense, Input, Lambda
from keras.models import Model

batch_size = 32
original_dim = 16
latent_dim = 2
epsilon_std = 1.0

rng = np.random.RandomState(0)
places = np.linspace(0, 1, original_dim)
x_train = np.exp(-((places - rng.rand(512, 1)) ** 2) * 40).astype("float32")

x = Input(shape=(original_dim,))
h = Dense(24, activation="relu")(x)
z_mean = Dense(latent_dim)(h)
z_log_var = Dense(latent_dim)(h)


def sampling(args):
    z_mean, z_log_var = args
    epsilon = K.random_normal(shape=(K.shape(z_mean)[0], latent_dim), mean=0.0, stddev=epsilon_std)
    return z_mean + K.exp(z_log_var / 2) * epsilon


z = Lambda(sampling, output_shape=(latent_dim,))([z_mean, z_log_var])
decoder_h = Dense(24, activation="relu")
decoder_mean = Dense(original_dim, activation="sigmoid")
h_decoded = decoder_h(z)
x_decoded_mean = decoder_mean(h_decoded)
vae = Model(x, x_decoded_mean)


def vae_loss(x, x_decoded_mean):
    xent_loss = original_dim * metrics.binary_crossentropy(x, x_decoded_mean)
    kl_loss = -0.5 * K.sum(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1)
    return K.mean(xent_loss + kl_loss)


vae.compile(optimizer="rmsprop", loss=vae_loss)
K.set_value(vae.optimizer.lr, 0.005)
history = vae.fit(x_train, x_train, shuffle=True, epochs=20, batch_size=batch_size, verbose=0)
losses = history.history["loss"]
print(losses[0], losses[-1])
assert losses[-1] < losses[0] - 1

encoder = Model(x, z_mean)
assert encoder.predict(x_train, batch_size=batch_size).shape == (512, 2)
decoder_input = Input(shape=(latent_dim,))
generator = Model(decoder_input, decoder_mean(decoder_h(decoder_input)))
assert generator.predict(np.array([[0.5, 0.5]])).shape == (1, original_dim)
