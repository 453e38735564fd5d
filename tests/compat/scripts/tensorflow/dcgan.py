"""A generator and a discriminator in one training step, with checkpoints, as the DCGAN tutorial has it."""

import os
import tempfile
import time

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from tensorflow.keras import layers

tf.random.set_seed(0)
train_images = load_digits().images.reshape(-1, 8, 8, 1).astype("float32")
train_images = (train_images - 8.0) / 8.0
BUFFER_SIZE, BATCH_SIZE, EPOCHS, noise_dim = 1797, 64, 12, 16
train_dataset = (
    tf.data.Dataset.from_tensor_slices(train_images).shuffle(BUFFER_SIZE).batch(BATCH_SIZE)
)


def make_generator_model():
    model = tf.keras.Sequential()
    model.add(layers.Dense(4 * 4 * 16, use_bias=False, input_shape=(noise_dim,)))
    model.add(layers.BatchNormalization())
    model.add(layers.LeakyReLU())
    model.add(layers.Reshape((4, 4, 16)))
    assert model.output_shape == (None, 4, 4, 16)
    model.add(layers.Conv2DTranspose(8, (3, 3), strides=(2, 2), padding="same", use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.LeakyReLU())
    model.add(layers.Conv2D(1, (3, 3), padding="same", activation="tanh"))
    return model


def make_discriminator_model():
    model = tf.keras.Sequential()
    model.add(layers.Conv2D(16, (3, 3), strides=(2, 2), padding="same", input_shape=[8, 8, 1]))
    model.add(layers.LeakyReLU())
    model.add(layers.Dropout(0.3))
    model.add(layers.Flatten())
    model.add(layers.Dense(1))
    return model


generator, discriminator = make_generator_model(), make_discriminator_model()
cross_entropy = tf.keras.losses.BinaryCrossentropy(from_logits=True)


def discriminator_loss(real_output, fake_output):
    real_loss = cross_entropy(tf.ones_like(real_output), real_output)
    fake_loss = cross_entropy(tf.zeros_like(fake_output), fake_output)
    return real_loss + fake_loss


def generator_loss(fake_output):
    return cross_entropy(tf.ones_like(fake_output), fake_output)


generator_optimizer = tf.keras.optimizers.Adam(1e-3)
discriminator_optimizer = tf.keras.optimizers.Adam(1e-3)
folder = tempfile.mkdtemp()
checkpoint_prefix = os.path.join(folder, "ckpt")
checkpoint = tf.train.Checkpoint(
    generator_optimizer=generator_optimizer,
    discriminator_optimizer=discriminator_optimizer,
    generator=generator,
    discriminator=discriminator,
)
seed = tf.random.normal([16, noise_dim])


@tf.function
def train_step(images):
    noise = tf.random.normal([tf.shape(images)[0], noise_dim])
    with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
        generated_images = generator(noise, training=True)
        real_output = discriminator(images, training=True)
        fake_output = discriminator(generated_images, training=True)
        gen_loss = generator_loss(fake_output)
        disc_loss = discriminator_loss(real_output, fake_output)
    gradients_of_generator = gen_tape.gradient(gen_loss, generator.trainable_variables)
    gradients_of_discriminator = disc_tape.gradient(disc_loss, discriminator.trainable_variables)
    generator_optimizer.apply_gradients(zip(gradients_of_generator, generator.trainable_variables))
    discriminator_optimizer.apply_gradients(
        zip(gradients_of_discriminator, discriminator.trainable_variables)
    )
    return gen_loss, disc_loss


def distance(images):
    """How far the mean picture is from that of the digits."""
    return float(tf.reduce_mean(tf.abs(tf.reduce_mean(images, 0) - train_images.mean(0))))


before = distance(generator(seed, training=False))
for epoch in range(EPOCHS):
    start = time.time()
    for image_batch in train_dataset:
        g, d = train_step(image_batch)
    if (epoch + 1) % 3 == 0:
        checkpoint.save(file_prefix=checkpoint_prefix)
    tf.print("epoch", epoch + 1, "generator", g, "discriminator", d)

pictures = generator(seed, training=False)
after = distance(pictures)
print("distance of mean pictures", before, "->", after)
assert after < 0.7 * before
assert tf.reduce_all(tf.math.is_finite(pictures))

generator.set_weights([np.zeros_like(w) for w in generator.get_weights()])
checkpoint.restore(tf.train.latest_checkpoint(folder)).assert_consumed()
np.testing.assert_array_equal(generator(seed, training=False), pictures)
