"""Train a small network to tell two interleaved half moons apart, and draw what it learned.

    python examples/make_moons.py

Writes make_moons.png: loss, accuracy, and the decision boundary. The picture needs matplotlib
(`pip install "minikeras-numpy[plot]"`); the training does not.
"""

import argparse
import sys

import minikeras
from minikeras.layers import Dense
from minikeras.models import Sequential
from minikeras.optimizers import Adam
from minikeras.visualization import plot_loss_accuracy

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
        axes = plot_loss_accuracy(history, model, X, y)
        axes[0].figure.savefig(args.picture, dpi=120)
        print(f"curves and decision boundary: {args.picture}")
    except ImportError as error:
        print(f"no picture: {error}")

    if accuracy < args.target:
        sys.exit(f"accuracy {accuracy:.4f} is below {args.target}")


if __name__ == "__main__":
    main()
