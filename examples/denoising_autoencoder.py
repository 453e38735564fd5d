"""Take the noise off handwritten digits: a convolutional autoencoder, trained from noisy to clean.

    pip install "minikeras-numpy[plot,sklearn]"
    python examples/denoising_autoencoder.py

Two strided convolutions shrink the image, two transposed ones bring it back to size. Each epoch
sees the images under noise that it has not seen before. On images held out from training, the
network is measured beside three ways of guessing that need no network: the noisy image as it is,
the average digit, and the best linear filter. Writes denoising.png: digits of the held-out set
before and after, and the learning curve.

The 8x8 images come with scikit-learn; the picture needs matplotlib. With `--images FILE`, another
set is read from a file in the format of MNIST (`t10k-images-idx3-ubyte`, as it is or gzipped), and
scikit-learn is not needed. `--epochs 8` does for those, at a few seconds each.
"""

import argparse
import gzip
import math
import sys

import numpy as np

import minikeras
from minikeras import layers
from minikeras.callbacks import EarlyStopping


def load_digits():
    """Give the digits of scikit-learn, grey values from 0 to 1."""
    try:
        from sklearn import datasets
    except ImportError:
        sys.exit(
            'the digits come with scikit-learn: `pip install "minikeras-numpy[sklearn]"` brings it'
        )
    return datasets.load_digits().images / 16


def read_idx(path):
    """Read images from a file in the format of MNIST: a header of four numbers, then the bytes."""
    with open(path, "rb") as file:
        content = file.read()
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    shape = [int.from_bytes(content[i : i + 4], "big") for i in (4, 8, 12)]
    if content[:4] != b"\x00\x00\x08\x03" or len(content) != 16 + math.prod(shape):
        sys.exit(f"{path} holds no images in the format of MNIST (idx3-ubyte)")
    return np.frombuffer(content, "uint8", offset=16).reshape(shape) / 255


def add_noise(images, scale, rng):
    """Add normal noise to each pixel; what would leave black to white is cut off."""
    noisy = images + rng.normal(scale=scale, size=images.shape)
    return np.clip(noisy, 0, 1).astype("float32")


class NoisyImages(minikeras.utils.PyDataset):
    """Batches of noisy images and the clean ones, in another order and noise in each epoch."""

    def __init__(self, images, scale, rng, batch_size=32):
        super().__init__()
        self.images, self.scale, self.rng, self.batch_size = images, scale, rng, batch_size
        self.order = rng.permutation(len(images))

    def __len__(self):
        return -(-len(self.images) // self.batch_size)

    def __getitem__(self, index):
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        clean = self.images[rows]
        return add_noise(clean, self.scale, self.rng), clean

    def on_epoch_end(self):
        self.rng.shuffle(self.order)


def build_model(shape):
    """An encoder to a quarter of height and width, and a decoder back."""
    model = minikeras.Sequential(
        [
            minikeras.Input((*shape, 1)),
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(64, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),  # grey values
        ]
    )
    model.compile("adam", loss="binary_crossentropy", metrics=["mse"])
    return model


def linear_filter(noisy, clean):
    """Fit each clean pixel as a linear function of all noisy ones; give that function."""

    def pixels(images):
        return np.c_[images.reshape(len(images), -1), np.ones(len(images))]

    weights = np.linalg.lstsq(pixels(noisy), clean.reshape(len(clean), -1))[0]
    return lambda images: np.clip(pixels(images) @ weights, 0, 1).reshape(images.shape)


def score(clean, guess):
    """Give binary crossentropy and mean squared error of guessed images."""
    guess = np.broadcast_to(guess, clean.shape).astype("float32")
    crossentropy = minikeras.losses.binary_crossentropy(clean, guess)
    return float(np.mean(crossentropy)), float(np.mean((clean - guess) ** 2))


def plot(history, rows, lines, path):
    """Draw rows of images, and the mean squared error by epoch with lines to compare with."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    plt.style.use("seaborn-v0_8-colorblind")  # colours that colour-blind people tell apart

    fig = plt.figure(figsize=(14, 4), layout="constrained")
    left, right = fig.subfigures(1, 2, width_ratios=[2, 1])
    for axes, (name, images) in zip(left.subplots(len(rows), 10), rows.items()):
        for ax in axes:
            ax.axis("off")
        for ax, image in zip(axes, images):
            ax.imshow(image.squeeze(-1), cmap="gray_r", vmin=0, vmax=1)
        axes[0].axis("on")
        axes[0].set(xticks=[], yticks=[])
        axes[0].spines[:].set_visible(False)
        axes[0].set_ylabel(name)

    ax = right.subplots()
    ax.plot(history["mse"], label="training")
    ax.plot(history["val_mse"], label="validation")
    for style, (name, level) in zip((":", "--", "-."), lines.items()):
        ax.axhline(level, color="0.3", linestyle=style, label=name)
    ax.set(title="Mean squared error", xlabel="epoch", ylim=(0, None))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2, frameon=False)
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", metavar="FILE", help="images in the format of MNIST")
    parser.add_argument("--samples", type=int, help="use only so many of the images")
    parser.add_argument("--noise", type=float, default=0.4, help="standard deviation of the noise")
    parser.add_argument("--epochs", type=int, default=100, help="at most; training stops by itself")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--picture", default="denoising.png", metavar="FILE")
    parser.add_argument(
        "--target", type=float, default=0.4, help="share of the noise's squared error to get under"
    )
    args = parser.parse_args()

    minikeras.utils.set_random_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    images = read_idx(args.images) if args.images else load_digits()
    if images.shape[1] % 4 or images.shape[2] % 4:
        sys.exit(f"height and width must be multiples of 4, not {images.shape[1:]}")
    images = rng.permutation(images)[: args.samples, ..., None].astype("float32")
    n = len(images) // 5
    test, validation, train = images[:n], images[n : 2 * n], images[2 * n :]

    model = build_model(images.shape[1:3])
    model.summary()

    # Validation images keep their noise, so that epochs can be compared.
    stopping = EarlyStopping(monitor="val_loss", patience=10, restore_best_weights=True)
    history = model.fit(
        NoisyImages(train, args.noise, rng),
        epochs=args.epochs,
        validation_data=(add_noise(validation, args.noise, rng), validation),
        callbacks=[stopping],
        verbose=2,
    )

    noisy = add_noise(test, args.noise, rng)
    restored = model.predict(noisy, verbose=0)
    linear = linear_filter(add_noise(train, args.noise, rng), train)
    scores = {
        "noisy image": score(test, noisy),
        "average digit": score(test, train.mean(axis=0)),
        "linear filter": score(test, linear(noisy)),
        "autoencoder": score(test, restored),
        "clean image": score(test, test),
    }
    print(f"\n{n} held-out images   crossentropy   squared error")
    for name, (crossentropy, error) in scores.items():
        print(f"{name:20}  {crossentropy:13.4f}  {error:14.4f}")

    try:
        lines = {name: error for name, (_, error) in list(scores.items())[:3]}
        rows = {"clean": test, "noisy": noisy, "restored": restored}
        plot(history.history, rows, lines, args.picture)
        print(f"digits before and after: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    share = scores["autoencoder"][1] / scores["noisy image"][1]
    print(f"the autoencoder leaves {share:.3f} of the noise's squared error")
    if share > args.target:
        sys.exit(f"a share of {share:.3f} is above {args.target}")


if __name__ == "__main__":
    main()
