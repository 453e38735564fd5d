"""WGAN with a gradient penalty: a loss that is the gradient of one tensor of the graph by another."""

import numpy

numpy.random.seed(1337)  # for reproducibility

from functools import partial

import numpy as np
from keras import backend as K
from keras.layers import Dense, Input, Layer
from keras.models import Model, Sequential
from keras.optimizers import Adam

rng = np.random.RandomState(0)
BATCH_SIZE = 32
GRADIENT_PENALTY_WEIGHT = 10


def wasserstein_loss(y_true, y_pred):
    return K.mean(y_true * y_pred)


def gradient_penalty_loss(y_true, y_pred, averaged_samples, gradient_penalty_weight):
    gradients = K.gradients(y_pred, averaged_samples)[0]
    gradients_sqr = K.square(gradients)
    gradients_sqr_sum = K.sum(gradients_sqr, axis=np.arange(1, len(gradients_sqr.shape)))
    gradient_l2_norm = K.sqrt(gradients_sqr_sum)
    gradient_penalty = gradient_penalty_weight * K.square(1 - gradient_l2_norm)
    return K.mean(gradient_penalty)


class RandomWeightedAverage(Layer):
    def call(self, inputs):
        weights = K.random_uniform((BATCH_SIZE, 1))
        return (weights * inputs[0]) + ((1 - weights) * inputs[1])

    def compute_output_shape(self, input_shape):
        return input_shape[0]


generator = Sequential([Dense(16, activation="relu", input_dim=4), Dense(2)])
discriminator = Sequential(
    [Dense(32, activation="tanh", input_dim=2), Dense(32, activation="tanh"), Dense(1)]
)

discriminator.trainable = False
generator_input = Input(shape=(4,))
generator_model = Model(generator_input, discriminator(generator(generator_input)))
generator_model.compile(optimizer=Adam(0.002, beta_1=0.5, beta_2=0.9), loss=wasserstein_loss)

discriminator.trainable = True
generator.trainable = False
real_samples = Input(shape=(2,))
generator_input_for_discriminator = Input(shape=(4,))
generated_samples = generator(generator_input_for_discriminator)
output_from_generator = discriminator(generated_samples)
output_from_real = discriminator(real_samples)
averaged_samples = RandomWeightedAverage()([real_samples, generated_samples])
averaged_samples_out = discriminator(averaged_samples)

partial_gp_loss = partial(
    gradient_penalty_loss,
    averaged_samples=averaged_samples,
    gradient_penalty_weight=GRADIENT_PENALTY_WEIGHT,
)
partial_gp_loss.__name__ = "gradient_penalty"

discriminator_model = Model(
    inputs=[real_samples, generator_input_for_discriminator],
    outputs=[output_from_real, output_from_generator, averaged_samples_out],
)
discriminator_model.compile(
    optimizer=Adam(0.002, beta_1=0.5, beta_2=0.9),
    loss=[wasserstein_loss, wasserstein_loss, partial_gp_loss],
)

negative, positive = -np.ones((BATCH_SIZE, 1)), np.ones((BATCH_SIZE, 1))
dummy = np.zeros((BATCH_SIZE, 1))
penalties, means = [], []
for _ in range(300):
    discriminator.trainable, generator.trainable = True, False
    for _ in range(4):
        real = rng.normal([2.0, -1.0], 0.2, (BATCH_SIZE, 2))
        noise = rng.normal(size=(BATCH_SIZE, 4))
        losses = discriminator_model.train_on_batch([real, noise], [negative, positive, dummy])
    penalties.append(losses[-1])
    discriminator.trainable, generator.trainable = False, True
    generator_model.train_on_batch(rng.normal(size=(BATCH_SIZE, 4)), negative)
    means.append(generator.predict(rng.normal(size=(50, 4)), verbose=0).mean(axis=0))
print("penalty", max(penalties[:5]), np.mean(penalties[-20:]))
print("samples", means[0], np.mean(means[-100:], axis=0))
assert np.mean(penalties[-20:]) < 0.4
assert np.abs(np.mean(means[-100:], axis=0) - [2.0, -1.0]).max() < 0.8
