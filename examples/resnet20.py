"""ResNet-20 learns 512 tiles of two photographs by heart: the loss goes to zero.

    pip install "minikeras-numpy[plot,sklearn]"
    python examples/resnet20.py

The network is the one for 32x32 pixels of He, Zhang, Ren and Sun, "Deep Residual Learning for Image
Recognition" (https://arxiv.org/abs/1512.03385, section 4.2), written with the functional API: twenty
layers, 269,722 weights. Two photographs that come with scikit-learn are cut into tiles of 32x32
pixels, and each tile gets one of ten labels by lot. So there is nothing to understand: the only way
to a loss of zero is to know every tile, which takes right gradients in all twenty layers. This says
nothing about images that the network has not seen; convnet.py does that.

The gradients are also checked directly, against finite differences in float64.

Writes resnet20.png: loss and accuracy by epoch, and the size of the gradient in each block. The
photographs need Pillow, which comes with matplotlib; the picture needs matplotlib.
"""

import argparse
import math
import sys

import numpy as np

import minikeras
from minikeras import layers, ops
from minikeras.callbacks import Callback
from minikeras.optimizers import SGD
from minikeras.optimizers.schedules import CosineDecay

CLASSES = 10


def convolution(x, filters, strides, name):
    """A convolution of 3x3 pixels, normalized."""
    x = layers.Conv2D(
        filters,
        3,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    # Few steps are made here: the averages for inference must follow faster than by default.
    return layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)


def block(x, filters, strides, activation, name):
    """Two convolutions, and a shortcut around them."""
    shortcut = x
    x = convolution(x, filters, strides, f"{name}_1")
    x = layers.Activation(activation)(x)
    x = convolution(x, filters, 1, f"{name}_2")
    if strides > 1:
        # The paper's option A, without weights: every other pixel, and channels of zeros.
        half = (filters - shortcut.shape[-1]) // 2
        shortcut = shortcut[:, ::strides, ::strides]
        shortcut = ops.pad(shortcut, [(0, 0), (0, 0), (0, 0), (half, half)])
    return layers.Activation(activation)(layers.Add()([x, shortcut]))


def resnet20(activation="relu"):
    """One convolution, nine blocks of two, one dense layer."""
    inputs = minikeras.Input((32, 32, 3))
    x = convolution(inputs, 16, 1, "stem")
    x = layers.Activation(activation)(x)
    for i, filters in enumerate([16] * 3 + [32] * 3 + [64] * 3):
        x = block(x, filters, 2 if i in (3, 6) else 1, activation, f"block{i + 1}")
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(CLASSES, activation="softmax", name="head")(x)
    return minikeras.Model(inputs, outputs, name="resnet20")


class GradientNorms(Callback):
    """After each epoch: the length of the gradient in each part of the network, for a few images."""

    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = ops.convert_to_tensor(x), ops.convert_to_tensor(y)
        self.norms = {}

    def on_epoch_end(self, epoch, logs=None):
        weights = self.model.trainable_weights
        with minikeras.GradientTape() as tape:
            predicted = self.model(self.x, training=True)
            loss = self.model.compute_loss(y=self.y, y_pred=predicted)
        squares: dict = {}
        for weight, gradient in zip(weights, tape.gradient(loss, weights)):
            part = weight.path.split("/")[0].split("_")[0]  # "block3_1_conv/kernel": block3
            squares[part] = squares.get(part, 0.0) + float(ops.sum(gradient**2))
        for part, square in squares.items():
            self.norms.setdefault(part, []).append(math.sqrt(square))


def check_gradients(x):
    """Compare two derivatives for each weight array with finite differences, in float64.

    Those stumble over the kinks of relu, so a smooth function takes its place here.
    """
    model = resnet20("swish")
    check = minikeras.gradient_check(model, x, training=True, max_entries=2)  # raises if one is off
    print(f"gradient check: {check.checked} derivatives agree with finite differences")


def photographs():
    """Two photographs of 427x640 pixels: a temple and a flower."""
    try:
        from sklearn.datasets import load_sample_images

        return load_sample_images().images
    except ImportError:
        sys.exit(
            "the photographs come with scikit-learn and need Pillow: "
            '`pip install "minikeras-numpy[plot,sklearn]"` brings both'
        )


def tiles(n, rng):
    """Draw n tiles that do not overlap, and a label for each."""
    images = [image[:416].reshape(13, 32, 20, 32, 3).swapaxes(1, 2) for image in photographs()]
    whole = np.concatenate([image.reshape(-1, 32, 32, 3) for image in images])
    chosen = whole[rng.permutation(len(whole))[:n]]
    return chosen, rng.integers(0, CLASSES, len(chosen))


def plot(history, norms, images, labels, path):
    """Draw some tiles, the learning curves, and the gradients by block."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    plt.style.use("seaborn-v0_8-colorblind")  # colours that colour-blind people tell apart

    fig = plt.figure(figsize=(15, 4.6), layout="constrained")
    some, curves = fig.subfigures(1, 2, width_ratios=[1, 2.6])
    some.suptitle("Tiles, and labels drawn by lot")
    for ax, image, label in zip(some.subplots(4, 4).ravel(), images, labels):
        ax.imshow(image)
        ax.set_title(str(label), fontsize=9, pad=2)
        ax.axis("off")

    loss, accuracy, gradient = curves.subplots(1, 3)
    epochs = np.arange(1, len(history["loss"]) + 1)
    loss.semilogy(epochs, history["loss"])
    loss.axhline(math.log(CLASSES), color="gray", linestyle=":", label="guessing")
    loss.set(title="Training loss", xlabel="epoch")
    loss.legend(loc="lower left")
    accuracy.plot(epochs, history["accuracy"], color="tab:green")
    accuracy.axhline(1 / CLASSES, color="gray", linestyle=":", label="guessing")
    accuracy.set(title="Training accuracy", xlabel="epoch", ylim=(0, 1.02))
    accuracy.legend()
    colors = plt.get_cmap("viridis")(np.linspace(0, 0.95, len(norms)))
    for color, (part, values) in zip(colors, norms.items()):
        gradient.semilogy(epochs, values, color=color, label=part)
    gradient.set(title="Length of the gradient", xlabel="epoch")
    gradient.legend(fontsize=8, ncols=2)
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=512, help="tiles to learn, at most 520")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", default="resnet20.png", metavar="FILE")
    parser.add_argument("--target", type=float, default=0.01, help="loss to get below")
    args = parser.parse_args()
    if not 0 < args.images <= 520:
        parser.error("the photographs give 520 tiles: --images takes 1 to 520")

    images, labels = tiles(args.images, np.random.default_rng(args.seed))
    # Each tile to mean 0 and spread 1; the 2 keeps the noise of an even sky from being blown up.
    x = images.astype("float32")
    x -= x.mean(axis=(1, 2), keepdims=True)
    x /= x.std(axis=(1, 2), keepdims=True) + 2

    check_gradients(x[:2])
    minikeras.utils.set_random_seed(args.seed)
    model = resnet20()
    model.summary()

    # Warm up, then go down to nothing. The paper's weight decay would work against learning by heart.
    steps = args.epochs * math.ceil(len(x) / args.batch_size)
    warmup = steps // 10
    rate = CosineDecay(0.0, steps - warmup, warmup_target=0.05, warmup_steps=warmup)
    model.compile(
        SGD(rate, momentum=0.9), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    gradients = GradientNorms(x[:64], labels[:64])
    history = model.fit(
        x,
        labels,
        batch_size=args.batch_size,
        epochs=args.epochs,
        callbacks=[gradients],
        verbose=2,
    )

    # BatchNormalization uses its averages now, not those of the batch.
    loss, accuracy = model.evaluate(x, labels, batch_size=128, verbose=0)
    print(f"known by heart: loss {loss:.5f}, accuracy {accuracy:.4f} on {len(x)} tiles")

    try:
        plot(history.history, gradients.norms, images, labels, args.picture)
        print(f"curves and gradients: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    if not loss < args.target:
        sys.exit(f"loss {loss:.5f} is not below {args.target}")


if __name__ == "__main__":
    main()
