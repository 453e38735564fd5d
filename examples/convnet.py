"""A convolutional network that reads handwritten digits: more than 98.5 % right on unseen ones.

    pip install "minikeras-numpy[plot,sklearn]"
    python examples/convnet.py

The digits are the 1,797 real ones, of 8x8 pixels, that come with scikit-learn. A fifth of them is
set aside and looked at once, at the end. MNIST's files (28x28 pixels), packed or not, are read from
where you have them, and treated in the same way; scikit-learn is not needed then:

    python examples/convnet.py --epochs 10 \\
        --images t10k-images-idx3-ubyte.gz --labels t10k-labels-idx1-ubyte.gz

Writes convnet.png: the learning curves, the digits that the network finds hardest, and the first
layer's filters with what they make of a digit. The picture needs matplotlib, the training does not.
"""

import argparse
import gzip
import math
import sys
import zlib

import numpy as np

import minikeras
from minikeras import layers
from minikeras.optimizers import Adam
from minikeras.optimizers.schedules import CosineDecay
from minikeras.visualization import plot_loss_accuracy


def convolution(filters):
    """Convolve, normalize, rectify.

    BatchNormalization has a shift, so no bias is needed. An epoch here is some forty steps: at the
    default momentum of 0.99 the averages that it keeps for later use would lag behind.
    """
    return [
        layers.Conv2D(filters, 3, padding="same", use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
    ]


def build_model(input_shape):
    """Two blocks of two convolutions, each halving the picture, and a classifier on top."""
    return minikeras.Sequential(
        [
            minikeras.Input(input_shape),
            *convolution(32),
            *convolution(32),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            *convolution(64),
            *convolution(64),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            # Without BatchNormalization, Adam's first steps would drive most of these units below
            # zero for good: each has 3,136 inputs when images have 28x28 pixels.
            layers.Dense(128, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def read_idx(path):
    """Read a file of MNIST's format: zero, zero, 8 for bytes, the rank, the shape, the bytes."""
    with open(path, "rb") as file:
        data = file.read()
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path}: damaged gzip file: {error}") from error
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        raise ValueError(f"{path}: not an idx file of bytes, it begins with {data[:4]!r}")
    header = 4 + 4 * data[3]
    shape = [int.from_bytes(data[i : i + 4], "big") for i in range(4, header, 4)]
    if len(data) != header + math.prod(shape):
        raise ValueError(
            f"{path}: {header + math.prod(shape)} bytes expected for an array of shape {shape}, "
            f"there are {len(data)}"
        )
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def read_mnist(images_path, labels_path):
    """Read images and their labels, and see that they belong together."""
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim != 3 or labels.shape != images.shape[:1] or not images.size:
        raise ValueError(
            f"expected images of shape (n, height, width) and n labels, got {images.shape} from "
            f"{images_path} and {labels.shape} from {labels_path}"
        )
    if labels.max(initial=0) > 9:
        raise ValueError(f"{labels_path}: labels go up to {labels.max()}, digits to 9")
    return images, labels


def read_scikit_learn():
    """The digits that come with scikit-learn."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        sys.exit(
            'the digits come with scikit-learn: `pip install "minikeras-numpy[sklearn]"` brings it'
        )
    digits = load_digits()
    return digits.images, digits.target


def mosaic(tiles, columns):
    """Lay small pictures side by side, with a gap between them."""
    tiles = np.pad(tiles, [(0, 0), (0, 1), (0, 1)], constant_values=np.nan)
    n, height, width = tiles.shape
    grid = tiles.reshape(n // columns, columns, height, width).swapaxes(1, 2)
    return grid.reshape(-1, columns * width)[:-1, :-1]


def plot(model, history, images, truth, probabilities, path):
    """Draw learning curves, hard digits, filters, and feature maps."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    fig = plt.figure(figsize=(14, 8), layout="constrained")
    top, bottom = fig.subfigures(2, 1, height_ratios=[1, 0.85])
    curves, hardest = top.subfigures(1, 2, width_ratios=[2, 1])
    _, accuracy = plot_loss_accuracy(history, axes=curves.subplots(1, 2))
    accuracy.set_ylim(0.9, 1.003)

    predicted = probabilities.argmax(axis=1)
    hardest.suptitle(
        f"The hardest of {len(truth)} unseen digits, and the network's\n"
        f"probability for what they are. {(predicted != truth).sum()} are misread (red)"
    )
    of_truth = probabilities[np.arange(len(truth)), truth]
    for ax, i in zip(hardest.subplots(3, 4).ravel(), of_truth.argsort()):
        ax.imshow(images[i], cmap="gray_r")
        right = predicted[i] == truth[i]
        text = f"{truth[i]}: {of_truth[i]:.2f}" if right else f"{truth[i]} read as {predicted[i]}"
        ax.set_title(text, fontsize=9, color="black" if right else "tab:red")
        ax.axis("off")

    # What the first convolution looks for, and where it finds it.
    kernel = np.asarray(model.layers[0].kernel)[:, :, 0].transpose(2, 0, 1)
    first = minikeras.Model(model.inputs, model.layers[2].output)
    maps = first.predict(images[:1], verbose=0)[0].transpose(2, 0, 1)
    left, middle, right = bottom.subplots(1, 3, width_ratios=[2, 1, 2])
    limit = abs(kernel).max()
    left.imshow(mosaic(kernel, 8), cmap="RdBu", vmin=-limit, vmax=limit)
    left.set_title("The first layer's 32 filters (red: negative, blue: positive)")
    middle.imshow(images[0], cmap="gray_r")
    middle.set_title("a digit ...")
    right.imshow(mosaic(maps, 8), cmap="magma")
    right.set_title("... and where each filter answers")
    for ax in (left, middle, right):
        ax.axis("off")
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", metavar="FILE", help="images in MNIST's idx format")
    parser.add_argument("--labels", metavar="FILE", help="their labels, in the same format")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1, help="of the weights, dropout and order")
    parser.add_argument("--split-seed", type=int, default=0, help="of the choice of test images")
    parser.add_argument("--picture", default="convnet.png", metavar="FILE")
    parser.add_argument("--target", type=float, default=0.985, help="test accuracy to reach")
    args = parser.parse_args()
    if (args.images is None) != (args.labels is None):
        parser.error("--images and --labels go together")

    if args.images is None:
        images, labels = read_scikit_learn()
    else:
        try:
            images, labels = read_mnist(args.images, args.labels)
        except (OSError, ValueError) as error:
            sys.exit(str(error))
    images = (images / max(images.max(), 1)).astype("float32")[..., np.newaxis]
    print(f"{len(images)} images of {images.shape[1]}x{images.shape[2]} pixels")

    # A fifth for the test; a tenth of the rest shows during the training how it goes.
    order = np.random.default_rng(args.split_seed).permutation(len(images))
    test, train = np.split(order, [len(order) // 5])

    minikeras.utils.set_random_seed(args.seed)
    model = build_model(images.shape[1:])
    steps = args.epochs * math.ceil(0.9 * len(train) / args.batch_size)
    model.compile(
        Adam(CosineDecay(2e-3, decay_steps=steps)),  # large steps at first, tiny ones at the end
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.summary()
    history = model.fit(
        images[train],
        labels[train],
        batch_size=args.batch_size,
        epochs=args.epochs,
        validation_split=0.1,
        verbose=2,
    )

    loss, accuracy = model.evaluate(images[test], labels[test], verbose=0)
    print(f"test: loss {loss:.4f}, accuracy {accuracy:.4f} on {len(test)} unseen digits")

    try:
        probabilities = model.predict(images[test], verbose=0)
        plot(model, history.history, images[test], labels[test], probabilities, args.picture)
        print(f"curves, hard digits and filters: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    if accuracy < args.target:
        sys.exit(f"accuracy {accuracy:.4f} is below {args.target}")


if __name__ == "__main__":
    main()
