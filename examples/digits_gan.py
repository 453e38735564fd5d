"""A conditional GAN draws the digit that it is asked for: `fit` with a train_step of two players.

    pip install "minikeras-numpy[plot,sklearn]"
    python examples/digits_gan.py

The generator makes an image of noise and a digit; the discriminator sees an image and a digit, and says
whether they are real and belong together. In each step the discriminator learns first, and then the
generator from it. (`gan_two_tapes.py` does both over one pass.)

No loss says whether the images are any good, so they are put to use: a classifier learns from generated
images only, and is asked about real ones. It does well only if the digits are right and of many hands.
Beside it, one that learned from the real images. Writes digits_gan.png: digits drawn after several
epochs, and real ones.
"""

import argparse
import sys

import numpy as np

import minikeras
from minikeras import layers, ops
from minikeras.optimizers import Adam


def build_generator(latent):
    """Noise and a digit become grey values of 8x8."""
    noise, digit = minikeras.Input((latent,)), minikeras.Input((10,))
    x = layers.Concatenate()([noise, digit])
    for _ in range(2):
        x = layers.Dense(128, activation="relu")(layers.BatchNormalization()(x))
    x = layers.Dense(64, activation="sigmoid")(x)
    return minikeras.Model([noise, digit], layers.Reshape((8, 8, 1))(x), name="generator")


def build_discriminator():
    """An image and a digit become a logit: large if they look real and belong together."""
    image, digit = minikeras.Input((8, 8, 1)), minikeras.Input((10,))
    x = layers.Concatenate()([layers.Flatten()(image), digit])
    for _ in range(2):
        x = layers.LeakyReLU(negative_slope=0.2)(layers.Dense(128)(x))
        x = layers.Dropout(0.3)(x)
    return minikeras.Model([image, digit], layers.Dense(1)(x), name="discriminator")


class ConditionalGAN(minikeras.Model):
    """Generator and discriminator, and the step that trains one against the other."""

    def __init__(self, latent=16, **kwargs):
        super().__init__(**kwargs)
        self.latent = latent
        self.generator = build_generator(latent)
        self.discriminator = build_discriminator()
        self.seeds = minikeras.random.SeedGenerator(0)
        self.trackers = [minikeras.metrics.Mean(name=name) for name in ("d_loss", "g_loss")]

    def compile(self, d_optimizer, g_optimizer):
        super().compile()
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.loss_fn = minikeras.losses.BinaryCrossentropy(from_logits=True)

    @property
    def metrics(self):  # reset at the start of each epoch
        return self.trackers

    def generate(self, digits, training=False):
        """Draw an image of each digit; digits are one-hot, `(n, 10)`."""
        noise = minikeras.random.normal((ops.shape(digits)[0], self.latent), seed=self.seeds)
        return self.generator([noise, digits], training=training)

    def train_step(self, data):
        real, digits = data
        n = ops.shape(real)[0]
        fake = self.generate(digits, training=True)
        with minikeras.GradientTape() as tape:
            logits = self.discriminator(
                [ops.concatenate([real, fake]), ops.concatenate([digits, digits])], training=True
            )
            # Real images are ones a little short: a discriminator that is sure teaches nothing.
            truth = ops.concatenate([0.9 * ops.ones((n, 1)), ops.zeros((n, 1))])
            d_loss = self.loss_fn(truth, logits)
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights))

        with minikeras.GradientTape() as tape:
            fake = self.generate(digits, training=True)
            logits = self.discriminator([fake, digits], training=True)
            g_loss = self.loss_fn(ops.ones((n, 1)), logits)  # to be taken for real
        weights = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights))

        for tracker, loss in zip(self.trackers, (d_loss, g_loss)):
            tracker.update_state(loss)
        return {tracker.name: tracker.result() for tracker in self.trackers}


class Samples(minikeras.callbacks.Callback):
    """Draws the ten digits after some of the epochs."""

    def __init__(self, epochs):
        super().__init__()
        self.epochs, self.drawn = epochs, {}

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 in self.epochs:
            self.drawn[f"epoch {epoch + 1}"] = np.asarray(self.model.generate(np.eye(10)))


def accuracy_of_classifier(x, y, x_test, y_test):
    """Train a classifier on images, and return its accuracy on others."""
    model = minikeras.Sequential(
        [
            minikeras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(Adam(3e-3), "categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=64, epochs=12, verbose=0)
    return model.evaluate(x_test, y_test, verbose=0)[1]


def plot(rows, path):
    """Draw rows of ten digits, each with its name."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(len(rows), 10, figsize=(9, 0.95 * len(rows)), layout="constrained")
    for line, (name, images) in zip(axes, rows.items()):
        for ax, image in zip(line, images):
            ax.imshow(image.squeeze(-1), cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", default="digits_gan.png", metavar="FILE")
    parser.add_argument("--target", type=float, default=0.8, help="accuracy on real images")
    args = parser.parse_args()
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        sys.exit(
            'the digits come with scikit-learn: `pip install "minikeras-numpy[sklearn]"` brings it'
        )

    minikeras.utils.set_random_seed(args.seed)
    images, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(args.seed).permutation(len(images))
    x = (images[order].reshape(-1, 8, 8, 1) / 16).astype("float32")
    y = minikeras.utils.to_categorical(digits[order], 10)
    x_test, y_test, x, y = x[:360], y[:360], x[360:], y[360:]

    gan = ConditionalGAN()
    gan.compile(d_optimizer=Adam(1e-3, beta_1=0.5), g_optimizer=Adam(1e-3, beta_1=0.5))
    samples = Samples([max(1, args.epochs * part // 15) for part in (1, 3, 8, 15)])
    gan.fit(x, y, batch_size=64, epochs=args.epochs, callbacks=[samples], verbose=2)

    generated = np.asarray(gan.generate(y))
    print(f"\naccuracy on {len(x_test)} real images, of a classifier that learned from")
    learned = accuracy_of_classifier(generated, y, x_test, y_test)
    print(f"{len(x)} generated images: {learned:.3f}")
    print(f"{len(x)} real images:      {accuracy_of_classifier(x, y, x_test, y_test):.3f}")

    try:
        real = x[[y[:, digit].argmax() for digit in range(10)]]
        plot(
            samples.drawn | {"again": np.asarray(gan.generate(np.eye(10))), "real": real},
            args.picture,
        )
        print(f"drawn digits: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    if learned < args.target:
        sys.exit(f"accuracy {learned:.3f} is below {args.target}")


if __name__ == "__main__":
    main()
