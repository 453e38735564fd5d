"""Learn to read digits without giving away whose: differential privacy, accuracy against epsilon.

    pip install "minikeras-numpy[plot,sklearn]"
    python examples/private_digits.py

Whether any one of the 1,437 images was among those trained on can hardly be told from the weights:
with DP-SGD (Abadi et al., "Deep Learning with Differential Privacy", 2016) the gradient of each
image is clipped (`clipnorm_per_sample`) and noise is added to their sum (`noise_multiplier`). The
more noise, the smaller the privacy budget epsilon, and the lower the accuracy. Writes
private_digits.png. The digits come with scikit-learn; the picture needs matplotlib.

Three things make the budget that is printed a true one:

- An image is in a batch with a fixed probability, independently of the others (`PoissonBatches`).
- The loss is a sum, so an image adds at most the bound, however many share its batch.
- The images are divided by 16, their largest possible value, and not by anything that was measured.

What is not counted: the choice of settings by looking at the results, and the generator of the
noise, which is a fast one, not one for secrets.
"""

import argparse
import math
import sys

import numpy as np

import minikeras
from minikeras import layers, losses, optimizers

try:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
except ImportError:
    sys.exit(
        'the digits come with scikit-learn: `pip install "minikeras-numpy[sklearn]"` brings it'
    )

BOUND = 1.0
"""Length that the gradient of each image is clipped to."""


class PoissonBatches(minikeras.utils.PyDataset):
    """Batches that each image is in with the same probability, whatever else is in them.

    Args:
        images: array whose first axis is that of the images.
        labels: their labels.
        probability: probability of an image to be in a batch.
        steps: number of batches in an epoch.
        seed: seed.
    """

    def __init__(self, images, labels, probability, steps, seed):
        super().__init__()
        self.images, self.labels = images, labels
        self.probability, self.steps, self.seed = probability, steps, seed
        self.epoch = 0

    def __len__(self):
        return self.steps

    def __getitem__(self, index):
        rng = np.random.default_rng((self.seed, self.epoch, index))
        chosen = rng.random(len(self.images)) < self.probability
        return self.images[chosen], self.labels[chosen]

    def on_epoch_end(self):
        self.epoch += 1


def renyi_divergence(order, noise_multiplier, probability):
    """Bound the Renyi divergence that one step allows, for an integer order of 2 or more.

    Mironov, Talwar, Zhang, "Renyi Differential Privacy of the Sampled Gaussian Mechanism", 2019,
    section 3.3, for a data set with one example more or less.
    """
    k = np.arange(order + 1)
    binomials = [
        math.lgamma(order + 1) - math.lgamma(i + 1) - math.lgamma(order - i + 1) for i in k
    ]
    terms = (
        np.array(binomials)
        + k * math.log(probability)
        + (order - k) * math.log1p(-probability)
        + (k * k - k) / (2 * noise_multiplier**2)
    )
    return float(np.logaddexp.reduce(terms)) / (order - 1)


def epsilon_of(noise_multiplier, probability, steps, delta):
    """Return the epsilon of (epsilon, delta) differential privacy after so many steps.

    Divergences of steps add up (Mironov, "Renyi Differential Privacy", 2017). What epsilon follows from
    them: Balle et al., "Hypothesis Testing Interpretations and Renyi Differential Privacy", 2020,
    theorem 21. The order is the one that gives the least.
    """
    epsilons = [
        steps * renyi_divergence(order, noise_multiplier, probability)
        + math.log1p(-1 / order)
        - (math.log(delta) + math.log(order)) / (order - 1)
        for order in range(2, 257)
    ]
    return max(min(epsilons), 0.0)


def train(data, noise_multiplier, args):
    """Train a small network, and return its accuracy on unseen digits."""
    x_train, x_test, y_train, y_test = data
    minikeras.utils.set_random_seed(args.seed)
    model = minikeras.Sequential(
        [
            minikeras.Input((64,)),
            layers.Dense(64, activation="tanh"),
            layers.Dense(10),
        ]
    )
    optimizer = optimizers.SGD(
        args.learning_rate / args.batch_size,  # for the sum of so many gradients
        momentum=0.9,
        clipnorm_per_sample=BOUND,
        noise_multiplier=noise_multiplier,
        noise_seed=args.seed,
    )
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    model.compile(optimizer, loss, metrics=["accuracy"])
    probability = args.batch_size / len(x_train)
    batches = PoissonBatches(x_train, y_train, probability, round(1 / probability), args.seed)
    model.fit(batches, epochs=args.epochs, verbose=0)
    return model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]


def plot(rows, open_accuracy, path):
    """Draw accuracy against epsilon."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    plt.style.use("seaborn-v0_8-colorblind")  # colours that colour-blind people tell apart

    fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    epsilons = [epsilon for _, epsilon, _ in rows]
    ax.semilogx(epsilons, [accuracy for *_, accuracy in rows], "o-", label="with noise")
    ax.axhline(open_accuracy, color="gray", linestyle="--", label="clipped only: no privacy")
    for multiplier, epsilon, accuracy in rows:
        ax.annotate(f"{multiplier:g}", (epsilon, accuracy), (4, -12), textcoords="offset points")
    ax.set(
        title="The price of privacy (numbers: noise multipliers)",
        xlabel="privacy budget epsilon",
        ylabel="accuracy on unseen digits",
    )
    for formatter in (ax.xaxis.set_major_formatter, ax.xaxis.set_minor_formatter):
        formatter("{x:g}")  # in place of powers of ten
    ax.margins(0.08, 0.12)
    ax.legend()
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--batch-size", type=int, default=360, help="the mean number of images")
    parser.add_argument("--learning-rate", type=float, default=0.5)
    parser.add_argument("--noise", type=float, nargs="+", default=[12.0, 8.0, 5.0, 4.0, 3.0, 2.0])
    parser.add_argument("--delta", type=float, default=1e-5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--picture", default="private_digits.png", metavar="FILE")
    parser.add_argument("--target", type=float, default=0.93, help="best accuracy to reach")
    args = parser.parse_args()

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype("float32")
    data = train_test_split(images, labels, test_size=0.2, stratify=labels, random_state=42)
    probability = args.batch_size / len(data[0])
    steps = args.epochs * round(1 / probability)
    print(f"{len(data[0])} images, {steps} steps of about {args.batch_size}, delta {args.delta:g}")
    print("noise multiplier   epsilon   accuracy")
    rows = []
    for multiplier in args.noise:
        epsilon = epsilon_of(multiplier, probability, steps, args.delta)
        rows.append((multiplier, epsilon, train(data, multiplier, args)))
        print(f"{multiplier:16.2f}   {epsilon:7.2f}   {rows[-1][2]:8.4f}")
    open_accuracy = train(data, 0.0, args)
    print(f"{0:16.2f}   {'none':>7}   {open_accuracy:8.4f}")

    try:
        plot(rows, open_accuracy, args.picture)
        print(f"accuracy against epsilon: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    best = max(accuracy for *_, accuracy in rows)
    if best < args.target:
        sys.exit(f"accuracy {best:.4f} is below {args.target}")


if __name__ == "__main__":
    main()
