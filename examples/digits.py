"""Read handwritten digits: 1,797 real images of 8x8 pixels, to more than 97 % on unseen ones.

    pip install "minikeras-numpy[plot,sklearn]"
    python examples/digits.py

Writes digits.png: the learning curves, and the digits that the network got wrong or finds hard. The
images come with scikit-learn; the picture needs matplotlib.
"""

import argparse
import sys

import numpy as np

import minikeras
from minikeras import layers
from minikeras.callbacks import EarlyStopping
from minikeras.visualization import plot_loss_accuracy

try:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
except ImportError:
    sys.exit(
        'the digits come with scikit-learn: `pip install "minikeras-numpy[sklearn]"` brings it'
    )


def build_model():
    """A multilayer perceptron; Dropout keeps it from learning the images by heart."""
    model = minikeras.Sequential(
        [
            minikeras.Input((64,)),
            layers.Dense(256, activation="relu"),
            layers.Dropout(0.4),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.4),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def plot(history, images, truth, probabilities, path):
    """Draw loss and accuracy by epoch, and 12 digits: those misread, then the least sure ones."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    fig = plt.figure(figsize=(14, 4), layout="constrained")
    curves, digits = fig.subfigures(1, 2, width_ratios=[3, 2])
    plot_loss_accuracy(history, axes=curves.subplots(1, 2))

    predicted, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = predicted != truth
    digits.suptitle(f"{wrong.sum()} of {len(truth)} misread, and the least sure of the others")
    for ax, i in zip(digits.subplots(3, 4).ravel(), np.lexsort((sure, ~wrong))):
        ax.imshow(images[i].reshape(8, 8), cmap="gray_r")
        said = f"{truth[i]} read as {predicted[i]}" if wrong[i] else f"{truth[i]}: {sure[i]:.0%}"
        ax.set_title(said, fontsize=9, color="#B34700" if wrong[i] else "black")
        ax.axis("off")
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=200, help="at most; training stops by itself")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--picture", default="digits.png", metavar="FILE")
    parser.add_argument("--target", type=float, default=0.97, help="test accuracy to reach")
    args = parser.parse_args()

    minikeras.utils.set_random_seed(args.seed)
    images, labels = load_digits(return_X_y=True)
    images = images / 16  # grey values from 0 to 1
    x_train, x_test, y_train, y_test = train_test_split(
        images, labels, test_size=0.2, stratify=labels, random_state=42
    )

    model = build_model()
    model.summary()

    # A fifth of the training data tells when to stop; the weights of the best epoch are kept.
    stopping = EarlyStopping(monitor="val_loss", patience=20, restore_best_weights=True)
    history = model.fit(
        x_train,
        y_train,
        batch_size=32,
        epochs=args.epochs,
        validation_split=0.2,
        callbacks=[stopping],
        verbose=2,
    )

    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"test: loss {loss:.4f}, accuracy {accuracy:.4f} on {len(y_test)} unseen digits")

    try:
        probabilities = model.predict(x_test, verbose=0)
        plot(history.history, x_test, y_test, probabilities, args.picture)
        print(f"curves and hard digits: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    if accuracy < args.target:
        sys.exit(f"accuracy {accuracy:.4f} is below {args.target}")


if __name__ == "__main__":
    main()
