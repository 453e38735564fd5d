"""A GAN that freezes its discriminator after compiling it, in the manner of Keras-GAN of 2017."""

from __future__ import division, print_function

import numpy as np
from keras.layers import BatchNormalization, Dense, Input
from keras.layers.advanced_activations import LeakyReLU
from keras.models import Model, Sequential
from keras.optimizers import Adam


class GAN:
    def __init__(self):
        self.latent_dim = 4
        optimizer = Adam(0.002, 0.5)
        self.discriminator = self.build_discriminator()
        self.discriminator.compile(
            loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"]
        )
        self.generator = self.build_generator()
        z = Input(shape=(self.latent_dim,))
        point = self.generator(z)
        # For the combined model we will only train the generator
        self.discriminator.trainable = False
        validity = self.discriminator(point)
        self.combined = Model(z, validity)
        self.combined.compile(loss="binary_crossentropy", optimizer=Adam(0.002, 0.5))

    def build_generator(self):
        model = Sequential()
        model.add(Dense(32, input_dim=self.latent_dim))
        model.add(LeakyReLU(alpha=0.2))
        model.add(BatchNormalization(momentum=0.8))
        model.add(Dense(2))
        noise = Input(shape=(self.latent_dim,))
        return Model(noise, model(noise))

    def build_discriminator(self):
        model = Sequential()
        model.add(Dense(64, input_shape=(2,)))
        model.add(LeakyReLU(alpha=0.2))
        model.add(Dense(32))
        model.add(LeakyReLU(alpha=0.2))
        model.add(Dense(1, activation="sigmoid"))
        point = Input(shape=(2,))
        return Model(point, model(point))

    def train(self, epochs, batch_size=64):
        rng = np.random.RandomState(0)
        valid = np.ones((batch_size, 1))
        fake = np.zeros((batch_size, 1))
        accuracies = []
        for epoch in range(epochs):
            real = rng.randn(batch_size, 2) * 0.3 + [3.0, -2.0]
            noise = rng.normal(0, 1, (batch_size, self.latent_dim))
            gen = self.generator.predict(noise, verbose=0)
            d_loss_real = self.discriminator.train_on_batch(real, valid)
            d_loss_fake = self.discriminator.train_on_batch(gen, fake)
            d_loss = 0.5 * np.add(d_loss_real, d_loss_fake)
            accuracies.append(d_loss[1])
            frozen = [w.copy() for w in self.discriminator.get_weights()]
            g_loss = self.combined.train_on_batch(noise, valid)
            for before, after in zip(frozen, self.discriminator.get_weights()):
                assert (before == after).all()
            if epoch % 100 == 0:
                print(
                    "%d [D loss: %f, acc.: %.2f%%] [G loss: %f]"
                    % (epoch, d_loss[0], 100 * d_loss[1], g_loss)
                )
        return accuracies


np.random.seed(0)
gan = GAN()
accuracies = gan.train(epochs=300)
points = gan.generator.predict(np.random.normal(size=(500, gan.latent_dim)))
print(points.mean(axis=0), accuracies[:3])
assert max(accuracies[:60]) > 0.9  # the discriminator learnt
assert np.abs(points.mean(axis=0) - [3.0, -2.0]).max() < 1.0  # and so did the generator
