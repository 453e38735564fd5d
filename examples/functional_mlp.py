"""Build models the functional way: a chain, then two inputs and outputs with a shared layer.

python examples/functional_mlp.py
"""

import argparse
import sys

import numpy as np

import minikeras
from minikeras.layers import Concatenate, Dense, Input
from minikeras.models import Model


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--samples", type=int, default=4000)
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
    model.fit(points, targets, epochs=args.epochs, validation_split=0.1, verbose=0)
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
    if args.check and (accuracy < 0.97 or results["same_quadrant_accuracy"] < 0.9):
        sys.exit("the models did not learn their tasks")


if __name__ == "__main__":
    main()
