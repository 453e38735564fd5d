"""Train a small network to tell two interleaved half moons apart, and draw what it learned.

    python examples/make_moons.py

Writes make_moons.png: loss, accuracy, and the decision boundary. The picture needs matplotlib
(`pip install "minikeras[plot]"`); the training does not.
"""

import argparse
import sys

import numpy as np

import minikeras
from minikeras.layers import Dense
from minikeras.models import Sequential
from minikeras.optimizers import Adam

try:
    from sklearn.datasets import make_moons
except ImportError:  # minikeras draws the very same points for a seed
    from minikeras.datasets import make_moons


def build_model():
    """A network with two hidden layers and 25 parameters."""
    model = Sequential()
    model.add(minikeras.Input((2,)))
    model.add(Dense(4, activation="tanh"))
    model.add(Dense(2, activation="tanh"))
    model.add(Dense(1, activation="sigmoid"))  # the probability of class 1
    model.compile(Adam(learning_rate=0.01), "binary_crossentropy", metrics=["accuracy"])
    return model


def plot_loss_accuracy(history, model, X, y, path):
    """Draw the two learning curves and the decision boundary."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 4), layout="constrained")
    left.plot(history.history["loss"])
    left.set(title="Loss", xlabel="epoch", ylabel="binary crossentropy")
    middle.plot(history.history["accuracy"], color="tab:green")
    middle.set(title="Accuracy", xlabel="epoch", ylim=(None, 1.02))

    # The model's answer at every point of a grid; the boundary is where it is 0.5.
    (x_min, y_min), (x_max, y_max) = X.min(axis=0) - 0.3, X.max(axis=0) + 0.3
    xx, yy = np.meshgrid(np.linspace(x_min, x_max, 200), np.linspace(y_min, y_max, 200))
    grid = np.c_[xx.ravel(), yy.ravel()]
    probability = model.predict(grid, batch_size=4096, verbose=0).reshape(xx.shape)
    shades = right.contourf(xx, yy, probability, levels=20, cmap="RdBu", alpha=0.7, vmin=0, vmax=1)
    right.contour(xx, yy, probability, levels=[0.5], colors="black")
    right.scatter(*X.T, c=y, cmap="RdBu", s=10, edgecolors="black", linewidths=0.3)
    right.set(title="Decision boundary", xlabel="$x_1$", ylabel="$x_2$")
    fig.colorbar(shades, ax=right, label="probability of class 1", ticks=np.linspace(0, 1, 6))
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--picture", default="make_moons.png", metavar="FILE")
    parser.add_argument("--target", type=float, default=0.99, help="accuracy to reach")
    args = parser.parse_args()

    minikeras.utils.set_random_seed(args.seed)
    X, y = make_moons(n_samples=1000, noise=0.05, random_state=0)

    model = build_model()
    model.summary()
    history = model.fit(X, y, epochs=args.epochs, verbose=0)

    loss, accuracy = model.evaluate(X, y, verbose=0)
    print(f"after {args.epochs} epochs: loss {loss:.4f}, accuracy {accuracy:.4f}")

    try:
        plot_loss_accuracy(history, model, X, y, args.picture)
        print(f"curves and decision boundary: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras[plot]"` brings it')

    if accuracy < args.target:
        sys.exit(f"accuracy {accuracy:.4f} is below {args.target}")


if __name__ == "__main__":
    main()
