"""Autoencoders: a first one, one that removes noise, one that finds anomalies."""

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from tensorflow.keras import layers, losses
from tensorflow.keras.models import Model

tf.random.set_seed(3)
x = load_digits().images.astype("float32") / 16.0
x_train, x_test = x[:1500], x[1500:]
latent_dim = 16


class Autoencoder(Model):
    def __init__(self, latent_dim, shape):
        super(Autoencoder, self).__init__()
        self.latent_dim = latent_dim
        self.shape = shape
        self.encoder = tf.keras.Sequential(
            [layers.Flatten(), layers.Dense(latent_dim, activation="relu")]
        )
        self.decoder = tf.keras.Sequential(
            [
                layers.Dense(tf.math.reduce_prod(shape).numpy(), activation="sigmoid"),
                layers.Reshape(shape),
            ]
        )

    def call(self, x):
        encoded = self.encoder(x)
        return self.decoder(encoded)


autoencoder = Autoencoder(latent_dim, x_test.shape[1:])
autoencoder.compile(optimizer=tf.keras.optimizers.Adam(0.01), loss=losses.MeanSquaredError())
history = autoencoder.fit(
    x_train, x_train, epochs=8, shuffle=True, validation_data=(x_test, x_test), verbose=0
)
print(history.history["val_loss"])
assert history.history["val_loss"][-1] < 0.04
decoded = autoencoder.decoder(autoencoder.encoder(x_test).numpy()).numpy()
assert decoded.shape == x_test.shape

noise_factor = 0.3
noisy = x_train[..., tf.newaxis] + noise_factor * tf.random.normal(
    shape=x_train[..., tf.newaxis].shape
)
noisy = tf.clip_by_value(noisy, clip_value_min=0.0, clip_value_max=1.0)


class Denoise(Model):
    def __init__(self):
        super(Denoise, self).__init__()
        self.encoder = tf.keras.Sequential(
            [
                layers.Input(shape=(8, 8, 1)),
                layers.Conv2D(16, (3, 3), activation="relu", padding="same", strides=2),
            ]
        )
        self.decoder = tf.keras.Sequential(
            [
                layers.Conv2DTranspose(
                    16, kernel_size=3, strides=2, activation="relu", padding="same"
                ),
                layers.Conv2D(1, kernel_size=(3, 3), activation="sigmoid", padding="same"),
            ]
        )

    def call(self, x):
        return self.decoder(self.encoder(x))


denoiser = Denoise()
denoiser.compile(optimizer=tf.keras.optimizers.Adam(0.005), loss="mse")
denoiser.fit(noisy, x_train[..., tf.newaxis], epochs=6, verbose=0)
before = float(tf.reduce_mean(tf.square(noisy - x_train[..., tf.newaxis])))
after = float(tf.reduce_mean(tf.square(denoiser(noisy) - x_train[..., tf.newaxis])))
print("noise", before, "->", after)
assert after < 0.75 * before

reconstruction = autoencoder.predict(x_train, verbose=0)
train_loss = tf.keras.losses.mae(
    reconstruction.reshape(-1, 64), x_train.reshape(-1, 64)
)
threshold = np.mean(train_loss) + 2 * np.std(train_loss)


def is_normal(model, data, threshold):
    loss = tf.keras.losses.mae(
        tf.reshape(model(data), (-1, 64)), tf.reshape(data, (-1, 64))
    )
    return tf.math.less(loss, threshold)


anomalies = np.random.RandomState(0).uniform(size=(100, 8, 8)).astype("float32")
print(
    "normal:", float(tf.reduce_mean(tf.cast(is_normal(autoencoder, x_test, threshold), tf.float32)))
)
assert tf.reduce_mean(tf.cast(is_normal(autoencoder, x_test, threshold), tf.float32)) > 0.8
assert tf.reduce_mean(tf.cast(is_normal(autoencoder, anomalies, threshold), tf.float32)) < 0.1
