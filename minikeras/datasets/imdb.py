"""Reviews of films, good and bad."""

from __future__ import annotations

import numpy as np

from minikeras.datasets.splitting import Split
from minikeras.datasets.word_sequences import WordRules, read_numbers
from minikeras.utils.archives import read_npz
from minikeras.utils.file_utils import GOOGLE, RemoteFile, cached_file

_FILE = RemoteFile(
    GOOGLE + "imdb.npz", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
)
_WORDS = RemoteFile(GOOGLE + "imdb_word_index.json", "bfafd718b763782e994055a2d397834f")


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> Split:
    """Load 50,000 reviews of films from IMDB, told good or bad.

    A review is a list of numbers of words, the more frequent the smaller; 0 is left free for padding. The
    file (17 MB) is downloaded once, into the folder where Keras keeps it.

    Args:
        path: name of the file in `~/.keras/datasets`, or `$KERAS_HOME/datasets`.
        num_words: words from this number on, the rarer ones, count as unknown. None: all words but
            the rarest are known.
        skip_top: words with smaller numbers, the most frequent ones, count as unknown.
        maxlen: texts of this many words and more are left out. None: none are.
        seed: of the shuffling.
        start_char: number that each text begins with; None: none.
        oov_char: number in place of unknown words; None: they are left out.
        index_from: what is added to the numbers of words.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: object arrays of 25,000 lists each, and int64 labels, 1
        for good.

    Raises:
        ValueError: if `maxlen` leaves no review.
        OSError: if the file is not there and could not be downloaded.

    Example:

    ```python
    (x_train, y_train), (x_test, y_test) = minikeras.datasets.imdb.load_data(num_words=10_000)
    x_train = minikeras.utils.pad_sequences(x_train, maxlen=200)
    ```
    """
    arrays = read_npz(cached_file(_FILE, path), ("x_train", "y_train", "x_test", "y_test"))
    rules = WordRules(num_words, skip_top, start_char, oov_char, index_from)
    rng = np.random.RandomState(seed)
    texts, labels = [], []
    for x, y in (arrays[:2], arrays[2:]):
        order = rng.permutation(len(x))
        x, y = rules.short_ones("imdb", maxlen, x[order], y[order])
        texts.append(x)
        labels.append(y)
    n = len(texts[0])
    lists = rules.apply([*texts[0], *texts[1]])
    return (np.array(lists[:n], "O"), labels[0]), (np.array(lists[n:], "O"), labels[1])


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Load the numbers of the words: 1 for the most frequent.

    In reviews as `load_data` returns them numbers are larger by its `index_from`.

    Args:
        path: name of the file (1.6 MB) in `~/.keras/datasets`, or `$KERAS_HOME/datasets`.

    Returns:
        Numbers by word.

    Raises:
        OSError: if the file is not there and could not be downloaded.

    Example:

    ```python
    words = {n + 3: word for word, n in minikeras.datasets.imdb.get_word_index().items()}
    words |= {1: "[start]", 2: "[unknown]"}
    print(" ".join(words[n] for n in x_train[0]))
    ```
    """
    return read_numbers(cached_file(_WORDS, path))
