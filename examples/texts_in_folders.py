"""Texts in folders, one folder for each class: single words, or pairs of them?

    python examples/texts_in_folders.py
    python examples/texts_in_folders.py --folder TEXTS    # a folder of yours, a folder in it for each class

`text_dataset_from_directory` finds the `.txt` files and their labels, and reads them on threads;
`TextVectorization` learns which words there are and makes numbers of texts. A logistic regression sees
which words a text has, or which pairs of neighbours too. The made-up reviews ("never boring , and the
music was not bad") are such that single words say little: only "not bad" is praise.

Writes texts_in_folders.png where matplotlib is installed: what the regression thinks of pairs.
"""

import argparse
import os
import random
import sys
import tempfile

import minikeras
from minikeras import layers
from minikeras.utils import text_dataset_from_directory

THINGS = ["acting", "cast", "ending", "film", "music", "plot", "script", "story"]
KIND = ["brilliant", "charming", "clever", "funny", "gripping", "lovely", "moving", "wonderful"]
UNKIND = ["awful", "bad", "boring", "clumsy", "dull", "silly", "stupid", "tedious"]
DENIALS = ["not", "never", "hardly"]


def review(good, rng):
    """Two or three claims that all say the same; half of them say it by denying the contrary."""
    claims = []
    for thing in rng.sample(THINGS, rng.randint(2, 3)):
        denied = rng.random() < 0.5
        word = rng.choice(KIND if good != denied else UNKIND)
        claims.append(f"the {thing} was {rng.choice(DENIALS) + ' ' if denied else ''}{word}")
    return ", and ".join(claims).capitalize() + "."


def write_reviews(folder, n, rng):
    """Write reviews into the folders `bad` and `good`."""
    for i in range(n):
        place = os.path.join(folder, ("bad", "good")[i % 2])
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, f"{i}.txt"), "w", encoding="utf-8") as file:
            file.write(review(i % 2 == 1, rng))


def learn(train, held_out, ngrams, epochs):
    """Train a logistic regression on words, or on groups of up to so many; return it all."""
    vectorize = layers.TextVectorization(2000, ngrams=ngrams, output_mode="multi_hot")
    vectorize.adapt(train.map(lambda texts, labels: texts))
    classes = len(train.class_names)
    model = minikeras.Sequential([layers.Dense(classes, activation="softmax")])
    model.compile(
        minikeras.optimizers.Adam(2e-2), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    numbers = [
        data.map(lambda texts, labels: (vectorize(texts), labels)).cache()
        for data in (train, held_out)
    ]
    model.fit(numbers[0], epochs=epochs, verbose=0)
    return vectorize, model, model.evaluate(numbers[1], verbose=0)[1]


def plot(vectorize, model, names, path):
    """Draw the pairs of words that say most for the first and for the last class."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    words = vectorize.get_vocabulary()
    kernel = model.layers[0].kernel.numpy()
    weights = kernel[:, -1] - kernel[:, 0]
    pairs = sorted((w, word) for w, word in zip(weights, words) if " " in word)
    shown = pairs[:12] + pairs[-12:]
    fig, axes = plt.subplots(figsize=(7, 6), layout="constrained")
    colours = ["C3" if w < 0 else "C0" for w, _ in shown]
    axes.barh([word for _, word in shown], [w for w, _ in shown], color=colours)
    axes.set(title=f"Pairs of words that speak for {names[0]} (left) and {names[-1]} (right)")
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", help="texts of yours; default: see above")
    parser.add_argument("--samples", type=int, default=2000, help="of reviews to make up")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", default="texts_in_folders.png", metavar="FILE")
    parser.add_argument("--target", type=float, default=0.95, help="accuracy with pairs of words")
    args = parser.parse_args()

    minikeras.utils.set_random_seed(args.seed)
    with tempfile.TemporaryDirectory() as made:
        folder = args.folder or made
        if args.folder is None:
            write_reviews(made, args.samples, random.Random(args.seed))
        train, held_out = text_dataset_from_directory(
            folder, validation_split=0.2, subset="both", seed=args.seed
        )
        with open(train.file_paths[0], encoding="utf-8", errors="replace") as file:
            print(f"a text of them: {file.read(200)}\n")
        for name, ngrams in (("words", None), ("words and pairs", 2)):
            vectorize, model, accuracy = learn(train, held_out, ngrams, args.epochs)
            count = vectorize.vocabulary_size()
            print(f"{name:15}  {count:5} of them, {accuracy:6.1%} of the texts set aside are right")

    try:
        plot(vectorize, model, train.class_names, args.picture)
        print(f"pairs of words: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')
    if accuracy < args.target:
        sys.exit(f"accuracy {accuracy:.4f} is below {args.target}")


if __name__ == "__main__":
    main()
