"""A variational autoencoder in a train_step of its own: a plane on which every place is a digit.

    pip install "minikeras-numpy[plot,sklearn]"
    python examples/vae.py

The encoder gives two numbers for an image, each with its uncertainty; the decoder makes an image of two
numbers. The loss has two parts: how well the image comes back, and how far the codes are from a normal
distribution. The second keeps the plane without gaps: the decoder makes digits of places at which no
image of the training lies.

Two numbers are few. On digits held out from training, the images that come back are measured beside
those of principal components, which are the best that any linear code can do. Writes vae.png: where the
held-out digits lie, and what the decoder makes of the places of the plane.
"""

import argparse
import statistics
import sys

import numpy as np

import minikeras
from minikeras import layers, ops


class Sampling(layers.Layer):
    """Draws a code from the normal distribution that the encoder gives."""

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = minikeras.random.SeedGenerator(seed)

    def call(self, inputs):
        mean, log_variance = inputs
        noise = minikeras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


def build_encoder():
    """An image of 8x8 becomes the means, logarithms of variances, and a draw of the code."""
    image = minikeras.Input((8, 8, 1))
    x = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(image)
    x = layers.Conv2D(64, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Dense(64, activation="relu")(layers.Flatten()(x))
    mean = layers.Dense(2, name="mean")(x)
    log_variance = layers.Dense(2, name="log_variance")(x)
    code = Sampling(seed=0)([mean, log_variance])
    return minikeras.Model(image, [mean, log_variance, code], name="encoder")


def build_decoder():
    """A code becomes the logits of an image's grey values."""
    return minikeras.Sequential(
        [
            minikeras.Input((2,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(2 * 2 * 64, activation="relu"),
            layers.Reshape((2, 2, 64)),
            layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
        ],
        name="decoder",
    )


class VAE(minikeras.Model):
    """Encoder and decoder, and the step that trains them."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder = build_encoder(), build_decoder()
        names = ("loss", "reconstruction", "divergence")
        self.trackers = [minikeras.metrics.Mean(name=name) for name in names]

    @property
    def metrics(self):  # reset at the start of each epoch
        return self.trackers

    def call(self, images):
        """Return what comes back of images, without noise."""
        mean, _, _ = self.encoder(images)
        return ops.sigmoid(self.decoder(mean))

    def losses_of(self, images, training):
        """Return loss, reconstruction and divergence, all in nats an image."""
        mean, log_variance, code = self.encoder(images, training=training)
        logits = self.decoder(code, training=training)
        pixels = ops.binary_crossentropy(images, logits, from_logits=True)
        reconstruction = ops.mean(ops.sum(pixels, axis=(1, 2, 3)))
        # Of the code's distribution from the standard normal one (Kullback and Leibler).
        divergence = 0.5 * (ops.exp(log_variance) + ops.square(mean) - 1 - log_variance)
        divergence = ops.mean(ops.sum(divergence, axis=1))
        return reconstruction + divergence, reconstruction, divergence

    def track(self, losses):
        for tracker, loss in zip(self.trackers, losses):
            tracker.update_state(loss)
        return {tracker.name: tracker.result() for tracker in self.trackers}

    def train_step(self, images):
        with minikeras.GradientTape() as tape:
            losses = self.losses_of(images, training=True)
        gradients = tape.gradient(losses[0], self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        return self.track(losses)

    def test_step(self, images):
        return self.track(self.losses_of(images, training=False))


def principal_components(train, test, number):
    """Bring images back from their first principal components."""
    mean = train.reshape(len(train), -1).mean(axis=0)
    _, _, axes = np.linalg.svd(train.reshape(len(train), -1) - mean, full_matrices=False)
    codes = (test.reshape(len(test), -1) - mean) @ axes[:number].T
    return np.clip(mean + codes @ axes[:number], 0, 1).reshape(test.shape)


def plane(decoder, side):
    """Decode a grid of places: equal steps in probability, and the first row at the top."""
    steps = [statistics.NormalDist().inv_cdf((i + 0.5) / side) for i in range(side)]
    codes = np.array([(x, y) for y in reversed(steps) for x in steps], "float32")
    images = np.asarray(ops.sigmoid(decoder(codes))).reshape(side, side, 8, 8)
    images = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))  # space between them
    return images.transpose(0, 2, 1, 3).reshape(side * 10, side * 10)


def plot(codes, digits, decoder, path):
    """Draw the codes of digits by class, and the grid of decoded places."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    fig, (left, right) = plt.subplots(1, 2, figsize=(12, 6), layout="constrained")
    for digit in range(10):
        left.scatter(*codes[digits == digit].T, s=0)  # for the limits of the axes only
        for x, y in codes[digits == digit]:
            left.text(x, y, digit, color=f"C{digit}", fontsize=9, ha="center", va="center")
    left.set(title="Codes of the held-out digits", xlabel="first number", ylabel="second number")
    right.imshow(plane(decoder, 14), cmap="gray_r")
    right.set(title="What the decoder makes of the plane", xticks=[], yticks=[])
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", default="vae.png", metavar="FILE")
    parser.add_argument(
        "--target", type=float, default=0.85, help="share of the linear code's squared error"
    )
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
    images = (images[order].reshape(-1, 8, 8, 1) / 16).astype("float32")
    test, train, digits = images[:360], images[360:], digits[order][:360]

    vae = VAE()
    vae.compile(optimizer=minikeras.optimizers.Adam(3e-3))
    vae.fit(train, batch_size=64, epochs=args.epochs, verbose=2)
    held_out = vae.evaluate(test, batch_size=120, verbose=0, return_dict=True)
    print(f"\n{len(test)} held-out images: {held_out['loss']:.2f} nats an image")

    guesses = {
        "average digit": np.broadcast_to(train.mean(axis=0), test.shape),
        "2 principal components": principal_components(train, test, 2),
        "variational autoencoder": vae.predict(test, verbose=0),
    }
    errors = {name: float(np.mean((test - guess) ** 2)) for name, guess in guesses.items()}
    print("squared error of a pixel:")
    for name, error in errors.items():
        print(f"{name:24} {error:.4f}")

    try:
        plot(np.asarray(vae.encoder(test)[0]), digits, vae.decoder, args.picture)
        print(f"the plane: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    _, linear, learned = errors.values()
    if learned > args.target * linear:
        sys.exit(f"a share of {learned / linear:.3f} is above {args.target}")


if __name__ == "__main__":
    main()
