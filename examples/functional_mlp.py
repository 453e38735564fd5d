"""Build models the functional way: a chain, then two inputs and outputs with a shared layer.

    python examples/functional_mlp.py

Writes functional_mlp.png where matplotlib is installed: what the second says of pairs that it has not seen.
"""

import argparse
import sys

import numpy as np

import minikeras
from minikeras.layers import Concatenate, Dense, Input
from minikeras.models import Model
from minikeras.visualization import plot_confusion_matrix, plot_history


def multilayer_perceptron():
    """Layers are called on what the layer before gave; the model is named by its two ends."""
    visible = Input(shape=(10,))
    hidden1 = Dense(10, activation="relu")(visible)
    hidden2 = Dense(20, activation="relu")(hidden1)
    hidden3 = Dense(10, activation="relu")(hidden2)
    output = Dense(1, activation="sigmoid")(hidden3)
    return Model(inputs=visible, outputs=output, name="multilayer_perceptron")


def siamese():
    """Compare two points: how far apart are they, and do they lie in the same quadrant?

    Both points go through the same layer, with the same weights. Its gradient is the sum over the
    two uses.
    """
    first = Input(shape=(2,), name="first")
    second = Input(shape=(2,), name="second")
    encode = Dense(32, activation="tanh", name="encode")
    both = Concatenate(name="both")([encode(first), encode(second)])
    hidden = Dense(64, activation="relu", name="hidden")(both)
    distance = Dense(1, activation="softplus", name="distance")(hidden)
    same = Dense(1, activation="sigmoid", name="same_quadrant")(hidden)
    return Model(
        inputs={"first": first, "second": second},
        outputs={"distance": distance, "same_quadrant": same},
        name="siamese",
    )


def plot(history, targets, answers, path):
    """Draw the loss, and what the model says beside the truth."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(1, 3, figsize=(14, 4.4), layout="constrained")
    plot_history(history, "loss", axes=axes[:1])
    axes[1].plot(targets["distance"], answers["distance"], ".", color="#0072B2", alpha=0.5)
    axes[1].axline((0, 0), slope=1, color="black", linewidth=0.8)
    axes[1].set(title="Distance", xlabel="true", ylabel="predicted", aspect="equal")
    same, names = targets["same_quadrant"].ravel().astype(int), ["two", "the same"]
    said = answers["same_quadrant"]
    plot_confusion_matrix(lambda x: said, None, same, labels=names, ax=axes[2])
    axes[2].set_title(f"Quadrant. {axes[2].get_title()}")
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--picture", default="functional_mlp.png", metavar="FILE")
    parser.add_argument("--check", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args()
    minikeras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)

    # 1. A chain. The task: do ten numbers have a positive sum?
    model = multilayer_perceptron()
    model.summary()
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    x = rng.normal(size=(args.samples, 10))
    y = x.sum(axis=1) > 0
    model.fit(x, y, epochs=args.epochs, verbose=0)
    _, accuracy = model.evaluate(x, y, verbose=0)
    print(f"multilayer perceptron: accuracy {accuracy:.3f}\n")

    # 2. A graph. Losses, their weights and the metrics go by the outputs' names.
    model = siamese()
    model.summary()
    model.compile(
        "adam",
        loss={"distance": "mse", "same_quadrant": "binary_crossentropy"},
        loss_weights={"distance": 1.0, "same_quadrant": 0.5},
        metrics={"distance": ["mae"], "same_quadrant": ["accuracy"]},
    )
    a, b = rng.uniform(-1, 1, size=(2, args.samples, 2))
    targets = {
        "distance": np.linalg.norm(a - b, axis=1, keepdims=True),
        "same_quadrant": np.all((a > 0) == (b > 0), axis=1, keepdims=True),
    }
    points = {"first": a, "second": b}
    history = model.fit(points, targets, epochs=args.epochs, validation_split=0.1, verbose=0)
    results = model.evaluate(points, targets, verbose=0, return_dict=True)
    for name, value in results.items():
        print(f"siamese: {name} {value:.4f}")

    # What it says of one pair.
    pair = {"first": np.array([[0.5, 0.5]]), "second": np.array([[-0.5, 0.5]])}
    answer = model.predict(pair, verbose=0)
    print(
        f"(0.5, 0.5) and (-0.5, 0.5): distance {answer['distance'][0, 0]:.2f} (true: 1.00), "
        f"same quadrant {answer['same_quadrant'][0, 0]:.0%}"
    )
    unseen = slice(-(args.samples // 10), None)  # the part for validation
    answers = model.predict({name: part[unseen] for name, part in points.items()}, verbose=0)
    try:
        plot(history, {name: y[unseen] for name, y in targets.items()}, answers, args.picture)
        print(f"answers about unseen pairs: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    if args.check and (accuracy < 0.97 or results["same_quadrant_accuracy"] < 0.9):
        sys.exit("the models did not learn their tasks")


if __name__ == "__main__":
    main()
