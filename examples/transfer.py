"""Transfer learning: what a network learned of the digits 0 to 4 spares it work with 5 to 9.

    pip install "minikeras-numpy[plot,sklearn]"
    python examples/transfer.py

A small convolutional network learns the digits 0 to 4 from some 900 images. Of 5 to 9 there are only a
few of each digit. The same network learns those from scratch, and by transfer: its convolutions stay as
they are, `trainable = False`, and a new layer on top is all that is trained.

Measured on the images of 5 to 9 that neither saw, mean of several draws of the few: transfer comes
close to what the whole network learns anew: within four points from two images of each digit, within one
from a dozen on. It is not better, as there is little to know of images of 8x8 pixels that the few do not
show. But an epoch takes less than half the time, as no gradient goes through what is frozen.
Writes transfer.png where matplotlib is installed.
"""

import argparse
import sys
import time

import numpy as np

import minikeras
from minikeras import layers
from minikeras.optimizers import Adam

BATCH = 16


def build_trunk():
    """The part that is kept: an image of 8x8 becomes 512 numbers."""
    return minikeras.Sequential(
        [
            minikeras.Input((8, 8, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
        ],
        name="trunk",
    )


def classifier(trunk):
    """Five classes on top of a trunk, compiled."""
    top = layers.Dense(5, activation="softmax")
    model = minikeras.Sequential([minikeras.Input((8, 8, 1)), trunk, top])
    model.compile(Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def frozen(trunk):
    """A trunk with the same weights, which stay."""
    copy = build_trunk()
    copy.set_weights(trunk.get_weights())
    copy.trainable = False  # before the model is compiled
    return copy


def fit(model, x, y, epochs):
    """Train, and return the milliseconds of the quickest epoch."""

    class Clock(minikeras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            times.append(1000 * (time.perf_counter() - self.start))

    times: list[float] = []
    model.fit(x, y, batch_size=BATCH, epochs=epochs, callbacks=[Clock()], verbose=0)
    return min(times)


def draw(y, number, rng):
    """Choose so many images of each digit; return their rows, and the other rows."""
    chosen = np.concatenate([rng.permutation(np.flatnonzero(y == k))[:number] for k in range(5)])
    return chosen, np.setdiff1d(np.arange(len(y)), chosen)


def plot(numbers, accuracies, times, path):
    """Draw accuracies by the number of examples, and the times of an epoch."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    fig, (left, right) = plt.subplots(
        1, 2, figsize=(12, 4), width_ratios=[3, 2], layout="constrained"
    )
    blue, orange = "#0072B2", "#D55E00"  # which colour-blind people tell apart
    for (name, rows), marker, color in zip(accuracies.items(), "os", (blue, orange)):
        mean, low, high = (f(rows, axis=1) for f in (np.mean, np.min, np.max))
        spread = [mean - low, high - mean]
        # Side by side, so that neither hides the other.
        places = np.array(numbers) * (0.98 if marker == "o" else 1.02)
        left.errorbar(places, mean, spread, marker=marker, color=color, capsize=4, label=name)
    left.set(title="Accuracy on new images of 5 to 9 (mean, and range of the draws)")
    left.set(xlabel="images of each digit to learn from", xscale="log")
    left.set_xticks(numbers, numbers)
    left.minorticks_off()
    left.legend(loc="lower right")
    bars = right.barh(list(times), list(times.values()), color=[blue, orange])
    right.bar_label(bars, fmt="%.1f", padding=3)
    right.invert_yaxis()
    right.margins(x=0.15)
    right.set(title=f"An epoch of {5 * numbers[-1]} images", xlabel="milliseconds")
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--examples", type=int, nargs="+", default=[2, 5, 12, 40], metavar="N")
    parser.add_argument("--draws", type=int, default=3, help="of the few examples")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", default="transfer.png", metavar="FILE")
    parser.add_argument("--behind", type=float, default=0.05, help="in accuracy, at most")
    args = parser.parse_args()
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        sys.exit(
            'the digits come with scikit-learn: `pip install "minikeras-numpy[sklearn]"` brings it'
        )

    minikeras.utils.set_random_seed(args.seed)
    images, digits = load_digits(return_X_y=True)
    images = (images.reshape(-1, 8, 8, 1) / 16).astype("float32")
    old, new = digits < 5, digits >= 5
    x, y = images[new], digits[new] - 5

    trunk = build_trunk()
    first = classifier(trunk)
    fit(first, images[old], digits[old], max(2, args.epochs // 4))
    _, accuracy = first.evaluate(images[old], digits[old], verbose=0)
    print(f"the digits 0 to 4: {old.sum()} images, {accuracy:.1%} of them learned\n")

    ways = {"from scratch": build_trunk, "frozen trunk": lambda: frozen(trunk)}
    numbers = sorted(args.examples)
    accuracies = {name: np.zeros((len(numbers), args.draws)) for name in ways}
    print("images of each digit  " + "".join(f"{name:>15}" for name in ways))
    for i, number in enumerate(numbers):
        times = dict.fromkeys(ways, np.inf)  # of an epoch; of the most images in the end
        for j in range(args.draws):
            few, rest = draw(y, number, np.random.default_rng(args.seed + j))
            for name, make_trunk in ways.items():
                model = classifier(make_trunk())
                times[name] = min(times[name], fit(model, x[few], y[few], args.epochs))
                _, accuracies[name][i, j] = model.evaluate(
                    x[rest], y[rest], batch_size=256, verbose=0
                )
        means = [rows[i].mean() for rows in accuracies.values()]
        print(f"{number:20}  " + "".join(f"{mean:15.1%}" for mean in means))
    print("milliseconds an epoch " + "".join(f"{ms:15.1f}" for ms in times.values()))

    try:
        plot(numbers, accuracies, times, args.picture)
        print(f"accuracies and times: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    behind = accuracies["from scratch"].mean() - accuracies["frozen trunk"].mean()
    if behind > args.behind:
        sys.exit(f"transfer is {behind:.3f} less accurate, more than {args.behind}")


if __name__ == "__main__":
    main()
