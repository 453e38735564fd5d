"""Images in folders, one folder for each class: a convolutional network learns from the files.

    pip install "minikeras-numpy[image,plot,sklearn]"
    python examples/images_in_folders.py                    # scikit-learn's digits, written as PNG files
    python examples/images_in_folders.py --folder PHOTOS    # yours, in a folder for each class

`image_dataset_from_directory` finds the files and their labels, and reads and resizes them on threads
while the network trains. Layers that rotate, move and zoom make other images of them in each epoch; when
the network is used, they do nothing. It scales pixels itself, and takes them as files have them.

Writes images_in_folders.png: what the layers make of one image, and the learning curves.
"""

import argparse
import os
import sys
import tempfile

import numpy as np

import minikeras
from minikeras import layers
from minikeras.utils import image_dataset_from_directory, save_img


def write_digits(folder):
    """Write scikit-learn's 1,797 digits of 8x8 pixels as files."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    for i, (image, label) in enumerate(zip(digits.images, digits.target)):
        place = os.path.join(folder, str(label))
        os.makedirs(place, exist_ok=True)
        save_img(os.path.join(place, f"{i}.png"), image[..., None] * (255 / 16), scale=False)


def augmentation():
    """Other images that mean the same: a little turned, moved, larger or smaller."""
    return minikeras.Sequential(
        [
            layers.RandomRotation(0.04, fill_mode="constant"),
            layers.RandomTranslation(0.08, 0.08, fill_mode="constant"),
            layers.RandomZoom((-0.1, 0.1), fill_mode="constant"),
        ]
    )


def build_model(shape, classes):
    """Two blocks of convolutions and a classifier."""

    def convolutions(filters):
        return [
            layers.Conv2D(filters, 3, padding="same", activation="relu"),
            layers.BatchNormalization(momentum=0.9),
            layers.MaxPooling2D(),
        ]

    return minikeras.Sequential(
        [
            minikeras.Input(shape),
            augmentation(),
            layers.Rescaling(1 / 255),
            *convolutions(16),
            *convolutions(32),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def plot(image, history, path):
    """Draw an image, what augmentation makes of it, and the learning curves."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    plt.style.use("seaborn-v0_8-colorblind")  # colours that colour-blind people tell apart

    many = augmentation()(np.repeat(image[None], 9, axis=0), training=True)
    fig = plt.figure(figsize=(11, 4), layout="constrained")
    left, right = fig.subfigures(1, 2, width_ratios=[3, 4])
    left.suptitle("One image (at the top left), as the network sees it")
    for i, axes in enumerate(left.subplots(3, 3).flat):
        shown = image if i == 0 else np.asarray(many[i])
        axes.imshow(shown.squeeze() / 255, cmap="gray", vmin=0, vmax=1)
        axes.axis("off")
    axes = right.subplots()
    for key, label in (("accuracy", "training"), ("val_accuracy", "validation")):
        axes.plot(range(1, len(history[key]) + 1), history[key], label=label)
    axes.set(title="Accuracy", xlabel="epoch")
    axes.legend()
    fig.savefig(path, dpi=120)


def train_on(folder, args):
    """Train on the images of a folder; return the accuracy on those set aside."""
    train, held_out = image_dataset_from_directory(
        folder,
        image_size=(args.size, args.size),
        color_mode=args.colors,
        validation_split=0.2,
        subset="both",
        seed=args.seed,
    )
    shape = train.element_spec[0].shape[1:]
    model = build_model(shape, len(train.class_names))
    model.compile(
        minikeras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    # Small images fit into memory: from the second epoch on, no file is read.
    history = model.fit(
        train.cache().shuffle(100),
        validation_data=held_out.cache(),
        epochs=args.epochs,
        verbose=0,
    ).history
    accuracy = history["val_accuracy"][-1]
    print(f"{len(held_out.file_paths)} images set aside: {accuracy:.1%} are recognized")

    images, _ = next(iter(train))
    try:
        plot(images[0].numpy(), history, args.picture)
        print(f"images and curves: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')
    return accuracy


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", help="images of yours; default: see above")
    parser.add_argument("--size", type=int, default=16, help="that images are resized to")
    parser.add_argument("--colors", default="grayscale", choices=["grayscale", "rgb", "rgba"])
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", default="images_in_folders.png", metavar="FILE")
    parser.add_argument("--target", type=float, default=0.97, help="accuracy to be reached")
    args = parser.parse_args()

    minikeras.utils.set_random_seed(args.seed)
    if args.folder:
        accuracy = train_on(args.folder, args)
    else:
        with tempfile.TemporaryDirectory() as folder:
            write_digits(folder)
            accuracy = train_on(folder, args)
    if accuracy < args.target:
        sys.exit(f"accuracy {accuracy:.4f} is below {args.target}")


if __name__ == "__main__":
    main()
