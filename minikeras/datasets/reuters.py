"""News by topic."""

from __future__ import annotations

import numpy as np

from minikeras.datasets.splitting import Split
from minikeras.datasets.word_sequences import WordRules, read_numbers
from minikeras.utils.archives import read_npz
from minikeras.utils.file_utils import GOOGLE, RemoteFile, cached_file

_FILE = RemoteFile(
    GOOGLE + "reuters.npz", "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
)
_WORDS = RemoteFile(GOOGLE + "reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921")
_TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves "
    "ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold "
    "tin strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange "
    "pet-chem dlr gas silver wpi hog lead"
)


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> Split:
    """Load 11,228 news from Reuters, of 46 topics.

    An item is a list of numbers of words, the more frequent the smaller; 0 is left free for padding. The
    file (2 MB) is downloaded once, into the folder where Keras keeps it.

    Args:
        path: name of the file in `~/.keras/datasets`, or `$KERAS_HOME/datasets`.
        num_words: words from this number on, the rarer ones, count as unknown. None: all words but
            the rarest are known.
        skip_top: words with smaller numbers, the most frequent ones, count as unknown.
        maxlen: texts of this many words and more are left out. None: none are.
        test_split: share of the news, from the end of the shuffled ones, that are for testing.
        seed: of the shuffling.
        start_char: number that each text begins with; None: none.
        oov_char: number in place of unknown words; None: they are left out.
        index_from: what is added to the numbers of words.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: object arrays of lists, and int64 topics from 0 to 45.

    Raises:
        ValueError: if `maxlen` leaves no news.
        OSError: if the file is not there and could not be downloaded.

    Example:

    ```python
    (x_train, y_train), (x_test, y_test) = minikeras.datasets.reuters.load_data(num_words=1000)
    ```
    """
    x, y = read_npz(cached_file(_FILE, path), ("x", "y"))
    rules = WordRules(num_words, skip_top, start_char, oov_char, index_from)
    order = np.random.RandomState(seed).permutation(len(x))
    x, y = rules.short_ones("reuters", maxlen, x[order], y[order])
    lists = rules.apply(x)
    n = int(len(lists) * (1 - test_split))
    return (np.array(lists[:n], "O"), y[:n]), (np.array(lists[n:], "O"), y[n:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """Load the numbers of the words: 1 for the most frequent.

    In news as `load_data` returns them numbers are larger by its `index_from`.

    Args:
        path: name of the file (0.5 MB) in `~/.keras/datasets`, or `$KERAS_HOME/datasets`.

    Returns:
        Numbers by word.

    Raises:
        OSError: if the file is not there and could not be downloaded.

    Example:

    ```python
    number = minikeras.datasets.reuters.get_word_index()["dollar"]
    ```
    """
    return read_numbers(cached_file(_WORDS, path))


def get_label_names() -> tuple[str, ...]:
    """Return the topics, in the order of their numbers.

    Example:

    >>> from minikeras.datasets import reuters
    >>> reuters.get_label_names()[:3]
    ('cocoa', 'grain', 'veg-oil')
    """
    return tuple(_TOPICS.split())
