"""An AC-GAN with an embedded class, in the manner of Keras 2's mnist_acgan.py."""

import numpy as np
from keras import layers
from keras.layers import Dense, Embedding, Flatten, Input
from keras.models import Model, Sequential
from keras.optimizers import Adam

np.random.seed(1337)
num_classes = 3
latent_size = 6
batch_size = 60
centres = np.array([[2.0, 0.0], [-1.0, 2.0], [-1.0, -2.0]])


def build_generator(latent_size):
    net = Sequential()
    net.add(Dense(32, input_dim=latent_size, activation="relu"))
    net.add(Dense(32, activation="relu"))
    net.add(Dense(2))
    latent = Input(shape=(latent_size,))
    image_class = Input(shape=(1,), dtype="int32")
    cls = Embedding(num_classes, latent_size, embeddings_initializer="glorot_normal")(image_class)
    cls = Flatten()(cls)
    h = layers.multiply([latent, cls])
    return Model([latent, image_class], net(h))


def build_discriminator():
    net = Sequential()
    net.add(Dense(48, input_shape=(2,), activation="relu"))
    net.add(Dense(48, activation="relu"))
    image = Input(shape=(2,))
    features = net(image)
    fake = Dense(1, activation="sigmoid", name="generation")(features)
    aux = Dense(num_classes, activation="softmax", name="auxiliary")(features)
    return Model(image, [fake, aux])


discriminator = build_discriminator()
discriminator.compile(
    optimizer=Adam(lr=0.002, beta_1=0.5),
    loss=["binary_crossentropy", "sparse_categorical_crossentropy"],
)
generator = build_generator(latent_size)
latent = Input(shape=(latent_size,))
image_class = Input(shape=(1,), dtype="int32")
fake = generator([latent, image_class])
discriminator.trainable = False
fake, aux = discriminator(fake)
combined = Model([latent, image_class], [fake, aux])
combined.compile(
    optimizer=Adam(lr=0.002, beta_1=0.5),
    loss=["binary_crossentropy", "sparse_categorical_crossentropy"],
)

first = last = None
for step in range(250):
    labels = np.random.randint(0, num_classes, batch_size)
    real = centres[labels] + 0.2 * np.random.randn(batch_size, 2)
    noise = np.random.uniform(-1, 1, (batch_size, latent_size))
    sampled = np.random.randint(0, num_classes, batch_size)
    made = generator.predict([noise, sampled.reshape((-1, 1))], verbose=0)
    x = np.concatenate((real, made))
    y = np.array([0.95] * len(real) + [0] * len(made))
    aux_y = np.concatenate((labels, sampled), axis=0)
    sample_weight = [
        np.ones(2 * batch_size),
        np.concatenate((np.ones(len(real)) * 2, np.zeros(len(made)))),
    ]
    d_loss = discriminator.train_on_batch(x, [y, aux_y], sample_weight=sample_weight)
    noise = np.random.uniform(-1, 1, (2 * batch_size, latent_size))
    sampled = np.random.randint(0, num_classes, 2 * batch_size)
    trick = np.ones(2 * batch_size) * 0.95
    g_loss = combined.train_on_batch([noise, sampled.reshape((-1, 1))], [trick, sampled])
    first, last = first or d_loss, d_loss

print(discriminator.metrics_names, first, last, g_loss)
assert discriminator.metrics_names == ["loss", "generation_loss", "auxiliary_loss"]
assert abs(last[0] - last[1] - last[2]) < 1e-4
assert last[2] < 0.3  # it tells the classes apart
_, classes = discriminator.predict(centres)
assert classes.argmax(axis=1).tolist() == [0, 1, 2]
