"""Who did it to whom? A small transformer reads the order of words, which a bag of words cannot.

    pip install "minikeras-numpy[plot]"
    python examples/transformer_order.py

Each sentence has a person and an animal in it, and one does something to the other: "the old baker
followed the dog", or "the dog was followed by the old baker". The question is whether the person
did it. Each sentence comes with its counterpart, in which the two have changed places: the same
words, the opposite answer. So a model that only counts words is right for exactly one of the two,
and its accuracy is 0.5 whatever it learns. One that knows which of the two comes first does no
better, as half of the sentences are in the passive: it takes order and "was ... by" together.

Trains a transformer block written as a layer of one's own, an LSTM of about as many parameters,
and a logistic regression on word counts; compares them on sentences held out from training. Writes
transformer_order.png: the three learning curves, and which words attend to which in one sentence.
The picture needs matplotlib.
"""

import argparse
import sys
import time

import numpy as np

import minikeras
from minikeras import layers, ops
from minikeras.optimizers import Adam

PEOPLE = ["baker", "boy", "doctor", "farmer", "girl", "man", "pilot", "queen", "sailor", "woman"]
ANIMALS = ["bear", "cat", "cow", "dog", "fox", "goat", "horse", "pig", "sheep", "wolf"]
ADJECTIVES = ["angry", "big", "clever", "happy", "lazy", "old", "quick", "sad", "small", "young"]
VERBS = ["chased", "followed", "found", "greeted", "heard", "helped", "noticed", "stopped"]
OPENINGS = ["once", "today", "suddenly", "yesterday"]
ENDINGS = ["again", "outside", "quietly", "twice"]
# Number 0 is no word: it fills the places after the end of a sentence.
WORDS = ["", "the", "was", "by", *PEOPLE, *ANIMALS, *ADJECTIVES, *VERBS, *OPENINGS, *ENDINGS]
LENGTH = 13  # of the longest sentence


def sentence_pair(rng):
    """Make up a sentence and its counterpart; give word lists and answers of both."""

    def sometimes(words, most=1):
        return list(rng.choice(words, size=rng.integers(most + 1), replace=False))

    person, animal = (
        ["the", *sometimes(ADJECTIVES, 2), rng.choice(nouns)] for nouns in (PEOPLE, ANIMALS)
    )
    passive = bool(rng.integers(2))
    verb = rng.choice(VERBS)
    middle = ["was", verb, "by"] if passive else [verb]
    opening, ending = sometimes(OPENINGS), sometimes(ENDINGS)
    return (
        ([*opening, *person, *middle, *animal, *ending], not passive),
        ([*opening, *animal, *middle, *person, *ending], passive),
    )


def make_sentences(pairs, rng):
    """Make up pairs of sentences, all different.

    Returns:
        Word numbers `(2 * pairs, LENGTH)`, and answers `(2 * pairs, 1)`: 1 if the person did it.
        Counterparts are neighbours.
    """
    number = {word: i for i, word in enumerate(WORDS)}
    made: dict = {}
    while len(made) < 2 * pairs:
        for words, answer in sentence_pair(rng):
            made[tuple(number[word] for word in words)] = answer
    x = minikeras.utils.pad_sequences(list(made), maxlen=LENGTH, padding="post")
    return x, np.array(list(made.values()), "float32")[:, None]


def count_words(x):
    """Turn sentences into bags of words: how often each word occurs in each."""
    return np.stack([(x == i).sum(axis=1) for i in range(1, len(WORDS))], axis=1).astype("float32")


@minikeras.saving.register_keras_serializable("examples")
class TokenAndPositionEmbedding(layers.Layer):
    """Adds a vector for the word and a vector for its place; masks what is after the end."""

    def __init__(self, length, vocabulary, size, **kwargs):
        super().__init__(**kwargs)
        self.length, self.vocabulary, self.size = length, vocabulary, size
        self.tokens = layers.Embedding(vocabulary, size, mask_zero=True)
        self.positions = layers.Embedding(length, size)

    def call(self, inputs):
        return self.tokens(inputs) + self.positions(ops.arange(self.length))

    def compute_mask(self, inputs, mask=None):
        return self.tokens.compute_mask(inputs)

    def get_config(self):
        sizes = {"length": self.length, "vocabulary": self.vocabulary, "size": self.size}
        return {**super().get_config(), **sizes}


@minikeras.saving.register_keras_serializable("examples")
class TransformerBlock(layers.Layer):
    """Attention over the sentence, then two dense layers at each word, both with a way around."""

    def __init__(self, heads, size, hidden, dropout=0.1, **kwargs):
        super().__init__(**kwargs)
        self.heads, self.size, self.hidden, self.dropout = heads, size, hidden, dropout
        self.attention = layers.MultiHeadAttention(heads, key_dim=size // heads, dropout=dropout)
        self.norm_1 = layers.LayerNormalization()
        self.feed_forward = minikeras.Sequential(
            [layers.Dense(hidden, activation="relu"), layers.Dense(size), layers.Dropout(dropout)]
        )
        self.norm_2 = layers.LayerNormalization()
        self.supports_masking = True  # the mask goes to the attention and on to the next layer

    def call(self, inputs, training=None):
        attended = self.attention(inputs, inputs, training=training)
        x = self.norm_1(inputs + attended)
        return self.norm_2(x + self.feed_forward(x, training=training))

    def scores(self, inputs):
        """Return how much each place attends to each, `(batch, heads, LENGTH, LENGTH)`."""
        return self.attention(inputs, inputs, return_attention_scores=True)[1]

    def get_config(self):
        config = {"heads": self.heads, "size": self.size, "hidden": self.hidden}
        return {**super().get_config(), **config, "dropout": self.dropout}


def build_transformer():
    return minikeras.Sequential(
        [
            minikeras.Input((LENGTH,), dtype="int32"),
            TokenAndPositionEmbedding(LENGTH, len(WORDS), 32),
            TransformerBlock(heads=2, size=32, hidden=64),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="transformer",
    )


def build_lstm():
    return minikeras.Sequential(
        [
            minikeras.Input((LENGTH,), dtype="int32"),
            layers.Embedding(len(WORDS), 24, mask_zero=True),
            layers.LSTM(38),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="lstm",
    )


def build_bag_of_words():
    return minikeras.Sequential(
        [minikeras.Input((len(WORDS) - 1,)), layers.Dense(1, activation="sigmoid")],
        name="bag_of_words",
    )


def plot(histories, words, scores, path):
    """Draw held-out accuracy by epoch, and the attention of each head in one sentence."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    plt.style.use("seaborn-v0_8-colorblind")  # colours that colour-blind people tell apart

    fig = plt.figure(figsize=(15, 5), layout="constrained")
    left, right = fig.subfigures(1, 2, width_ratios=[1, 2])
    ax = left.subplots()
    for name, history in histories.items():
        accuracy = history["val_accuracy"]
        ax.plot(range(1, len(accuracy) + 1), accuracy, marker=".", label=name)
    ax.set(title="Accuracy on held-out sentences", xlabel="epoch", ylim=(0.45, 1.02))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="center right")

    axes = right.subplots(1, len(scores), sharey=True)
    for head, (ax, weights) in enumerate(zip(axes, scores), 1):
        image = ax.imshow(weights, cmap="Blues", vmin=0, vmax=scores.max())
        ax.set(title=f"Attention, head {head}", xlabel="to")
        ax.set_xticks(range(len(words)), words, rotation=60, ha="right", rotation_mode="anchor")
        ax.set_yticks(range(len(words)), words)
    axes[0].set_ylabel("from")
    right.colorbar(image, ax=axes)
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=1000, help="pairs of sentences to learn from")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--picture", default="transformer_order.png", metavar="FILE")
    parser.add_argument("--target", type=float, default=0.97, help="the transformer's accuracy")
    args = parser.parse_args()

    minikeras.utils.set_random_seed(args.seed)
    held_out = 1000
    x, y = make_sentences(args.pairs + held_out, np.random.default_rng(args.seed))
    x_train, x_test = x[2 * held_out :], x[: 2 * held_out]
    y_train, y_test = y[2 * held_out :], y[: 2 * held_out]
    for words, answer in zip(x_test[:4], y_test):
        sentence = " ".join(WORDS[i] for i in words if i)
        print(f"{sentence}: {'the person' if answer else 'the animal'}")
    print()

    models = {
        "transformer": (build_transformer(), x_train, x_test),
        "LSTM": (build_lstm(), x_train, x_test),
        "bag of words": (build_bag_of_words(), count_words(x_train), count_words(x_test)),
    }
    models["transformer"][0].summary()
    histories, accuracies = {}, {}
    print(f"{'model':12}  parameters  seconds  held-out accuracy")
    for name, (model, inputs, test_inputs) in models.items():
        model.compile(Adam(2e-3), "binary_crossentropy", metrics=["accuracy"])
        start = time.perf_counter()
        histories[name] = model.fit(
            inputs,
            y_train,
            batch_size=64,
            epochs=args.epochs,
            validation_data=(test_inputs, y_test),
            verbose=0,
        ).history
        seconds = time.perf_counter() - start
        _, accuracies[name] = model.evaluate(test_inputs, y_test, verbose=0)
        parameters = model.count_params()
        print(f"{name:12}  {parameters:10,}  {seconds:7.1f}  {accuracies[name]:17.4f}")

    try:
        # The longest held-out sentence in the passive.
        passive = x_test[(x_test == WORDS.index("by")).any(axis=1)]
        example = passive[[(passive != 0).sum(axis=1).argmax()]]
        words = [WORDS[i] for i in example[0] if i]
        embed, block = models["transformer"][0].layers[:2]
        scores = np.asarray(block.scores(embed(example)))[0, :, : len(words), : len(words)]
        plot(histories, words, scores, args.picture)
        print(f"learning curves and attention: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    accuracy = accuracies["transformer"]
    if accuracy < args.target:
        sys.exit(f"the transformer's accuracy {accuracy:.4f} is below {args.target}")


if __name__ == "__main__":
    main()
