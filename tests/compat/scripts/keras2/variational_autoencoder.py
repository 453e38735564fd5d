"""A VAE with add_loss and a Lambda that samples, in the manner of Keras 2's variational_autoencoder.py."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
from keras import backend as K
from keras.layers import Dense, Input, Lambda
from keras.losses import binary_crossentropy, mse
from keras.models import Model

rng = np.random.RandomState(0)
original_dim = 16
intermediate_dim = 24
latent_dim = 2
batch_size = 32

# Pictures that two numbers describe.
angles = rng.rand(512, 2)
places = np.linspace(0, 1, original_dim)
x_train = np.exp(-((places - angles[:, :1]) ** 2) * 40) * (0.3 + 0.7 * angles[:, 1:])
x_train = x_train.astype("float32")


def sampling(args):
    z_mean, z_log_var = args
    batch = K.shape(z_mean)[0]
    dim = K.int_shape(z_mean)[1]
    epsilon = K.random_normal(shape=(batch, dim))
    return z_mean + K.exp(0.5 * z_log_var) * epsilon


inputs = Input(shape=(original_dim,), name="encoder_input")
x = Dense(intermediate_dim, activation="relu")(inputs)
z_mean = Dense(latent_dim, name="z_mean")(x)
z_log_var = Dense(latent_dim, name="z_log_var")(x)
z = Lambda(sampling, output_shape=(latent_dim,), name="z")([z_mean, z_log_var])
encoder = Model(inputs, [z_mean, z_log_var, z], name="encoder")
encoder.summary()

latent_inputs = Input(shape=(latent_dim,), name="z_sampling")
x = Dense(intermediate_dim, activation="relu")(latent_inputs)
outputs = Dense(original_dim, activation="sigmoid")(x)
decoder = Model(latent_inputs, outputs, name="decoder")

outputs = decoder(encoder(inputs)[2])
vae = Model(inputs, outputs, name="vae_mlp")

use_mse = False
reconstruction_loss = mse(inputs, outputs) if use_mse else binary_crossentropy(inputs, outputs)
reconstruction_loss *= original_dim
kl_loss = 1 + z_log_var - K.square(z_mean) - K.exp(z_log_var)
kl_loss = K.sum(kl_loss, axis=-1)
kl_loss *= -0.5
vae_loss = K.mean(reconstruction_loss + kl_loss)
vae.add_loss(vae_loss)
vae.compile(optimizer="adam")
history = vae.fit(
    x_train, epochs=25, batch_size=batch_size, verbose=0, validation_data=(x_train[:64], None)
)
losses = history.history["loss"]
print(losses[0], losses[-1], history.history["val_loss"][-1])
assert losses[-1] < losses[0] - 1
assert abs(losses[-1] - history.history["val_loss"][-1]) < 1

z_mean_values, _, _ = encoder.predict(x_train, batch_size=batch_size)
assert z_mean_values.shape == (512, 2)
assert decoder.predict(np.zeros((3, latent_dim))).shape == (3, original_dim)
