"""Are these two the same digit? A siamese network answers, also for digits that it has never seen.

    pip install "minikeras-numpy[plot,sklearn]"
    python examples/siamese.py

Each image of a pair is a digit thrown somewhere on a larger canvas, so that pixels cannot be compared.
One network turns each into a point, and the distance of the points is the answer: the contrastive loss
draws images of the same digit together and pushes others apart, as far as a margin.

It learns with pairs of the digits 0 to 6, and is asked about new images of those and about pairs of 7, 8
and 9, for which a classifier would have no output. The distance of the images themselves is right about
half of the time, as is a coin. The network is right with 98% of the new images, and with about 70% of
the digits never seen: it has learned what place does not matter, but of what makes a digit, seven digits
tell only a part. Writes siamese.png: where the digits lie, in the plane of the most variance, and the
distances of pairs of never seen ones.
"""

import argparse
import sys

import numpy as np

import minikeras
from minikeras import layers, ops

SEEN, UNSEEN = range(7), range(7, 10)
CANVAS = 14  # pixels each way
MARGIN = 1.0


def throw(images, rng):
    """Put images of 8x8 somewhere on canvases, each elsewhere."""
    canvases = np.zeros((len(images), CANVAS, CANVAS, 1), "float32")
    for canvas, image in zip(canvases, images):
        row, column = rng.integers(0, CANVAS - 8, 2, endpoint=True)
        canvas[row : row + 8, column : column + 8] = image
    return canvases


def build_network():
    """A canvas becomes a point on a sphere."""
    return minikeras.Sequential(
        [
            minikeras.Input((CANVAS, CANVAS, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.GlobalMaxPooling2D(),  # whether it is there, not where
            layers.Dense(32),
            layers.UnitNormalization(),
        ],
        name="network",
    )


class Distance(layers.Layer):
    """The distance of two points."""

    def call(self, inputs):
        a, b = inputs
        squared = ops.sum(ops.square(a - b), axis=1, keepdims=True)
        return ops.sqrt(ops.maximum(squared, 1e-7))  # the root of 0 has no gradient


def build_siamese(network):
    """Two inputs go through one network: the same weights."""
    a, b = (minikeras.Input((CANVAS, CANVAS, 1)) for _ in range(2))
    return minikeras.Model([a, b], Distance()([network(a), network(b)]))


def contrastive_loss(same, distance):
    apart = ops.maximum(MARGIN - distance, 0)
    return ops.mean(same * ops.square(distance) + (1 - same) * ops.square(apart), axis=-1)


def make_pairs(images, digits, number, rng):
    """Choose pairs, every other one of the same digit, and throw them on canvases.

    Returns:
        The canvases of both, a list of two, and `same`, `(number, 1)`.
    """
    first = rng.integers(len(digits), size=number)
    second = np.empty_like(first)
    same = np.arange(number) % 2 == 0
    for digit in np.unique(digits):
        equal = digits == digit
        for wanted, pool in ((True, equal), (False, ~equal)):
            places = np.flatnonzero((digits[first] == digit) & (same == wanted))
            second[places] = rng.choice(np.flatnonzero(pool), len(places))
    pairs = [throw(images[rows], rng) for rows in (first, second)]
    return pairs, same[:, None].astype("float32")


def best_threshold(distances, same):
    """Return the distance that parts pairs of the same from others with the fewest errors."""
    order = np.argsort(distances)
    gain = np.where(same[order], 1, -1).cumsum()  # right answers, with the threshold at each
    return distances[order][gain.argmax()]


def plot(points, digits, distances, same, threshold, path):
    """Draw points by digit, and distances of pairs of unseen digits."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    fig, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    centered = points - points.mean(axis=0)
    plane = centered @ np.linalg.svd(centered, full_matrices=False)[2][:2].T
    left.scatter(*plane.T, s=0)  # for the limits of the axes only
    for (x, y), digit in zip(plane, digits):
        style = {"color": "0.6", "fontsize": 8}
        if digit in UNSEEN:
            color = ("#0072B2", "#D55E00", "#007A58")[UNSEEN.index(digit)]
            style = {"color": color, "fontsize": 10, "weight": "bold"}
        left.text(x, y, digit, ha="center", va="center", **style)
    left.set(title="Where the digits lie (grey: new images of 0 to 6)", xticks=[], yticks=[])
    bins = np.linspace(0, distances.max(), 41)
    kinds = ((1, "the same digit", "#0072B2", "-"), (0, "two digits", "#D55E00", "--"))
    for value, name, color, line in kinds:
        style = {
            "edgecolor": color,
            "facecolor": (color, 0.25),
            "linestyle": line,
            "linewidth": 1.8,
        }
        right.hist(distances[same == value], bins, histtype="stepfilled", label=name, **style)
    right.axvline(threshold, color="k", linestyle=":", label="nearer: the same")
    right.set(title="Pairs of 7, 8 and 9, never seen", xlabel="distance", ylabel="pairs")
    right.legend()
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", default="siamese.png", metavar="FILE")
    parser.add_argument("--targets", type=float, nargs=2, default=[0.95, 0.58])
    args = parser.parse_args()
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        sys.exit(
            'the digits come with scikit-learn: `pip install "minikeras-numpy[sklearn]"` brings it'
        )

    minikeras.utils.set_random_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    images, digits = load_digits(return_X_y=True)
    images = (images.reshape(-1, 8, 8, 1) / 16).astype("float32")
    rows = rng.permutation(len(images))
    seen, unseen = (rows[np.isin(digits[rows], list(part))] for part in (SEEN, UNSEEN))
    held_out, seen = seen[:200], seen[200:]  # new images of digits that are seen

    train, same = make_pairs(images[seen], digits[seen], args.pairs, rng)
    network = build_network()
    siamese = build_siamese(network)
    siamese.compile(minikeras.optimizers.Adam(2e-3), contrastive_loss)
    siamese.fit(train, same, batch_size=64, epochs=args.epochs, verbose=2)

    pixel_distance = np.linalg.norm((train[0] - train[1]).reshape(len(same), -1), axis=1)
    pixel_threshold = best_threshold(pixel_distance, same[:, 0] == 1)
    print(f"\nright answers about{'pixels':>16}{'siamese network':>20}")
    rights = {}
    for name, rows in (("new images of 0 to 6", held_out), ("7, 8, 9, never seen", unseen)):
        pairs, same = make_pairs(images[rows], digits[rows], 2000, rng)
        pixels = np.linalg.norm((pairs[0] - pairs[1]).reshape(len(same), -1), axis=1)
        distances = siamese.predict(pairs, batch_size=256, verbose=0)[:, 0]
        answers = (pixels <= pixel_threshold, distances <= MARGIN / 2)
        rights[name] = [np.mean(answer == (same[:, 0] == 1)) for answer in answers]
        print(f"{name:22}{rights[name][0]:12.1%}{rights[name][1]:20.1%}")

    try:
        shown = np.concatenate([held_out, unseen[:200]])
        points = network.predict(throw(images[shown], rng), verbose=0)
        plot(points, digits[shown], distances, same[:, 0], MARGIN / 2, args.picture)
        print(f"points and distances: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    for (name, (_, right)), target in zip(rights.items(), args.targets):
        if right < target:
            sys.exit(f"{right:.1%} of right answers about {name} is below {target:.1%}")


if __name__ == "__main__":
    main()
