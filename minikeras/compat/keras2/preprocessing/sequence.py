"""Time series and pairs of words."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.compat.spelling import tell
from minikeras.trainers.data_adapters.py_dataset_adapter import PyDataset


class TimeseriesGenerator(PyDataset):
    """Batches of windows of a time series, each with the target that comes after it.

    The target of the window `data[i - length : i]` is `targets[i]`.

    Args:
        data: array or list, time along the first axis.
        targets: array or list of the same length.
        length: steps of `data` that a window spans.
        sampling_rate: every how many of them are in it.
        stride: steps from one window to the next.
        start_index: where the first window begins.
        end_index: the last target; that of `data` if None.
        shuffle: whether windows are drawn at random, from NumPy's global random state.
        reverse: whether time runs backwards in windows.
        batch_size: windows in a batch.

    Example:

    >>> import numpy as np
    >>> series = np.arange(10)
    >>> generator = TimeseriesGenerator(series, series, length=3, batch_size=2)
    >>> x, y = generator[0]
    >>> x.tolist(), y.tolist(), len(generator)
    ([[0, 1, 2], [1, 2, 3]], [3, 4], 4)
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
    ) -> None:
        tell("TimeseriesGenerator", "keras.utils.timeseries_dataset_from_array")
        super().__init__()
        if len(data) != len(targets):
            raise ValueError(
                "TimeseriesGenerator: `data` and `targets` must have the same length. "
                f"Received: {len(data)} and {len(targets)}"
            )
        self.data = data
        self.targets = targets
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                "TimeseriesGenerator: there is no window. The first one's target is at "
                f"`start_index + length` = {self.start_index}, the last target at `end_index` = "
                f"{self.end_index}."
            )

    def __len__(self) -> int:
        windows = (self.end_index - self.start_index) // self.stride + 1
        return -(-windows // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            span = self.batch_size * self.stride
            start = self.start_index + span * index
            rows = np.arange(start, min(start + span, self.end_index + 1), self.stride)
        windows = [self.data[row - self.length : row : self.sampling_rate] for row in rows]
        x, y = np.array(windows), np.array([self.targets[row] for row in rows])
        return (x[:, ::-1] if self.reverse else x), y

    def get_config(self) -> dict[str, Any]:
        """Return the arguments; data and targets as JSON, as Keras has it."""
        return {
            "data": _as_json("data", self.data),
            "targets": _as_json("targets", self.targets),
            "length": self.length,
            "sampling_rate": self.sampling_rate,
            "stride": self.stride,
            "start_index": self.start_index - self.length,
            "end_index": self.end_index,
            "shuffle": self.shuffle,
            "reverse": self.reverse,
            "batch_size": self.batch_size,
        }

    def to_json(self, **kwargs: Any) -> str:
        """Return all of it as JSON, for `timeseries_generator_from_json`.

        Args:
            **kwargs: for `json.dumps`.
        """
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )


def _as_json(name: str, value: Any) -> str:
    try:
        return json.dumps(value.tolist() if isinstance(value, np.ndarray) else value)
    except TypeError as error:
        raise TypeError(
            f"TimeseriesGenerator: `{name}` cannot be written as JSON: {error}"
        ) from error


def timeseries_generator_from_json(json_string: str) -> TimeseriesGenerator:
    """Make a `TimeseriesGenerator` of what `to_json` returned; its data are lists then."""
    config = dict(json.loads(json_string)["config"])
    for name in ("data", "targets"):
        config[name] = json.loads(config[name])
    return TimeseriesGenerator(**config)


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """Return with which probability word2vec keeps each word, the most frequent first.

    How often a word occurs is estimated from its rank, by Zipf's law.

    Args:
        size: number of words.
        sampling_factor: word2vec's threshold; the smaller, the fewer frequent words are kept.

    Example:

    >>> make_sampling_table(3).round(3)
    array([0.003, 0.003, 0.005])
    """
    rank = np.arange(size)
    rank[0] = 1
    one_in = rank * (np.log(rank) + 0.577) + 0.5 - 1 / (12 * rank)
    expected = sampling_factor * one_in
    return np.minimum(1, expected / np.sqrt(expected))


def skipgrams(
    sequence: Sequence[int],
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list]:
    """Pair words with their neighbours, and with random words: the training data of word2vec.

    All draws come from Python's `random`, as in Keras.

    Args:
        sequence: numbers of words; 0 is no word and is left out.
        vocabulary_size: one more than the greatest number.
        window_size: how far away a neighbour may be.
        negative_samples: random pairs for each true one.
        shuffle: whether to mix the pairs.
        categorical: whether labels are `[0, 1]` and `[1, 0]` rather than 1 and 0.
        sampling_table: with which probability words are kept, by number; see `make_sampling_table`.
        seed: seed of the mixing, which stays `random`'s.

    Returns:
        `(couples, labels)`: pairs of numbers, and 1 for neighbours or 0.

    Example:

    >>> skipgrams([1, 2, 3], 4, window_size=1, negative_samples=0, shuffle=False)
    ([[1, 2], [2, 1], [2, 3], [3, 2]], [1, 1, 1, 1])
    """
    true, false = ([0, 1], [1, 0]) if categorical else (1, 0)
    couples = []
    for place, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        start, stop = max(0, place - window_size), min(len(sequence), place + window_size + 1)
        couples += [[word, sequence[j]] for j in range(start, stop) if j != place and sequence[j]]
    labels = [true] * len(couples)
    if negative_samples > 0:
        wanted = int(len(couples) * negative_samples)
        words = [word for word, _ in couples]
        random.shuffle(words)
        couples += [
            [words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(wanted)
        ]
        labels += [false] * wanted
    if shuffle:
        seed = random.randint(0, 10_000_000) if seed is None else seed
        for some in (couples, labels):  # in the same order
            random.seed(seed)
            random.shuffle(some)
    return couples, labels
