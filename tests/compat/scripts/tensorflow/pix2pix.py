"""From one picture to another: a U-Net and a PatchGAN, as the pix2pix tutorial has them."""

import numpy as np
import tensorflow as tf

tf.random.set_seed(2)
rng = np.random.RandomState(2)
LAMBDA = 100
OUTPUT_CHANNELS = 1


def draw(n):
    """Rectangles, and their outlines."""
    filled = np.zeros((n, 16, 16, 1), "float32")
    for image in filled:
        y, x = rng.randint(1, 8, 2)
        h, w = rng.randint(4, 8, 2)
        image[y : y + h, x : x + w] = 1
    inner = tf.nn.max_pool2d(1 - filled, 3, 1, "SAME")
    return np.array(filled * inner) * 2 - 1, filled * 2 - 1


outlines, rectangles = draw(96)
train_dataset = tf.data.Dataset.from_tensor_slices((outlines, rectangles)).shuffle(96).batch(8)


def downsample(filters, size, apply_batchnorm=True):
    initializer = tf.random_normal_initializer(0.0, 0.02)
    result = tf.keras.Sequential()
    result.add(
        tf.keras.layers.Conv2D(
            filters, size, strides=2, padding="same", kernel_initializer=initializer, use_bias=False
        )
    )
    if apply_batchnorm:
        result.add(tf.keras.layers.BatchNormalization())
    result.add(tf.keras.layers.LeakyReLU())
    return result


def upsample(filters, size, apply_dropout=False):
    initializer = tf.random_normal_initializer(0.0, 0.02)
    result = tf.keras.Sequential()
    result.add(
        tf.keras.layers.Conv2DTranspose(
            filters, size, strides=2, padding="same", kernel_initializer=initializer, use_bias=False
        )
    )
    result.add(tf.keras.layers.BatchNormalization())
    if apply_dropout:
        result.add(tf.keras.layers.Dropout(0.5))
    result.add(tf.keras.layers.ReLU())
    return result


def Generator():
    inputs = tf.keras.layers.Input(shape=[16, 16, 1])
    down_stack = [downsample(16, 4, apply_batchnorm=False), downsample(32, 4), downsample(32, 4)]
    up_stack = [upsample(32, 4, apply_dropout=True), upsample(16, 4)]
    initializer = tf.random_normal_initializer(0.0, 0.02)
    last = tf.keras.layers.Conv2DTranspose(
        OUTPUT_CHANNELS,
        4,
        strides=2,
        padding="same",
        kernel_initializer=initializer,
        activation="tanh",
    )
    x = inputs
    skips = []
    for down in down_stack:
        x = down(x)
        skips.append(x)
    skips = reversed(skips[:-1])
    for up, skip in zip(up_stack, skips):
        x = up(x)
        x = tf.keras.layers.Concatenate()([x, skip])
    return tf.keras.Model(inputs=inputs, outputs=last(x))


def Discriminator():
    initializer = tf.random_normal_initializer(0.0, 0.02)
    inp = tf.keras.layers.Input(shape=[16, 16, 1], name="input_image")
    tar = tf.keras.layers.Input(shape=[16, 16, 1], name="target_image")
    x = tf.keras.layers.concatenate([inp, tar])
    x = downsample(16, 4, False)(x)
    x = tf.keras.layers.ZeroPadding2D()(x)
    last = tf.keras.layers.Conv2D(1, 4, strides=1, kernel_initializer=initializer)(x)
    return tf.keras.Model(inputs=[inp, tar], outputs=last)


generator, discriminator = Generator(), Discriminator()
loss_object = tf.keras.losses.BinaryCrossentropy(from_logits=True)
generator_optimizer = tf.keras.optimizers.Adam(1e-3, beta_1=0.5)
discriminator_optimizer = tf.keras.optimizers.Adam(2e-4, beta_1=0.5)


def generator_loss(disc_generated_output, gen_output, target):
    gan_loss = loss_object(tf.ones_like(disc_generated_output), disc_generated_output)
    l1_loss = tf.reduce_mean(tf.abs(target - gen_output))
    return gan_loss + (LAMBDA * l1_loss), gan_loss, l1_loss


def discriminator_loss(disc_real_output, disc_generated_output):
    real_loss = loss_object(tf.ones_like(disc_real_output), disc_real_output)
    generated_loss = loss_object(tf.zeros_like(disc_generated_output), disc_generated_output)
    return real_loss + generated_loss


@tf.function
def train_step(input_image, target, step):
    with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
        gen_output = generator(input_image, training=True)
        disc_real_output = discriminator([input_image, target], training=True)
        disc_generated_output = discriminator([input_image, gen_output], training=True)
        gen_total_loss, gen_gan_loss, gen_l1_loss = generator_loss(
            disc_generated_output, gen_output, target
        )
        disc_loss = discriminator_loss(disc_real_output, disc_generated_output)
    generator_gradients = gen_tape.gradient(gen_total_loss, generator.trainable_variables)
    discriminator_gradients = disc_tape.gradient(disc_loss, discriminator.trainable_variables)
    generator_optimizer.apply_gradients(zip(generator_gradients, generator.trainable_variables))
    discriminator_optimizer.apply_gradients(
        zip(discriminator_gradients, discriminator.trainable_variables)
    )
    return gen_l1_loss


steps = 0
errors = []
for step, (input_image, target) in train_dataset.repeat().take(150).enumerate():
    errors.append(float(train_step(input_image, target, step)))
    if (step + 1) % 50 == 0:
        print(int(step) + 1, errors[-1])
assert np.mean(errors[-10:]) < 0.4 * np.mean(errors[:3]), errors
