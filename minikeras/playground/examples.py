"""Data to choose from on the page."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

from minikeras.datasets import make_blobs, make_circles, make_moons, make_spirals
from minikeras.playground.fields import check_number

MOST_ROWS = 20_000
"""How many rows of a file are taken at most: the page draws each."""


@dataclasses.dataclass
class Examples:
    """Examples and their classes; the first three quarters are trained on.

    Args:
        name: which data it is.
        x: features, float32 of shape `(examples, features)`.
        y: numbers of the classes, shape `(examples, 1)`.
        labels: names of the classes.
        features: names of the features.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    labels: list[str]
    features: list[str] = dataclasses.field(default_factory=lambda: ["x1", "x2"])

    @property
    def training(self) -> tuple[np.ndarray, np.ndarray]:
        """The examples to train on."""
        cut = self._cut
        return self.x[:cut], self.y[:cut]

    @property
    def validation(self) -> tuple[np.ndarray, np.ndarray]:
        """The others."""
        cut = self._cut
        return self.x[cut:], self.y[cut:]

    @property
    def is_plane(self) -> bool:
        """Whether the examples are points that can be drawn."""
        return self.x.shape[1] == 2

    @property
    def _cut(self) -> int:
        return len(self.x) - len(self.x) // 4


def make_examples(
    name: str = "moons",
    points: int = 400,
    noise: float = 0.1,
    classes: int = 3,
    seed: int = 0,
    text: str = "",
) -> Examples:
    """Make the data of a name.

    Args:
        name: one of `names()`.
        points: number of points.
        noise: how far points lie from where they belong.
        classes: number of spirals or blobs.
        seed: of the random numbers.
        text: what is in the file, for `"csv"`.

    Raises:
        ValueError: if an argument is out of range (`FieldError`), or the text is no table of two features
            and a label.

    Example:

    >>> from minikeras.playground.examples import make_examples
    >>> moons = make_examples("moons", points=100)
    >>> moons.x.shape, moons.labels
    ((100, 2), ['0', '1'])
    """
    if name == "csv":
        return examples_of_csv(text)
    if name == "digits":
        return _digits(seed)
    if name not in _MAKERS:
        raise ValueError(f"Unknown data {name!r}. Known: {', '.join(names())}")
    check_number("points", "Points", points, 20, MOST_ROWS)
    check_number("noise", "Noise", noise, 0, 2, whole=False)
    check_number("classes", "Classes", classes, 2, 6)
    x, y = _MAKERS[name](int(points), noise, int(classes), seed)
    labels = [str(c) for c in range(y.max() + 1)]
    return Examples(name, x.astype("float32"), y[:, None], labels)


def names() -> list[str]:
    """Return the names of the data that can be made here."""
    return [*_MAKERS, *(["digits"] if find_spec("sklearn") else []), "csv"]


def examples_of_csv(text: str) -> Examples:
    """Read a table of two columns of numbers and one of labels, with or without a row of names.

    The features are scaled to mean 0 and standard deviation 1, and the rows are mixed.

    Raises:
        ValueError: with the row, if the text is no such table.

    Example:

    >>> from minikeras.playground.examples import examples_of_csv
    >>> table = examples_of_csv("width,height,kind" + "\\n1,2,cat\\n3,4,dog" * 4)
    >>> table.labels, table.features, table.x.shape
    (['cat', 'dog'], ['width', 'height'], (8, 2))
    """
    try:
        separators = csv.Sniffer().sniff(text[:4096], delimiters=",;\t")
    except csv.Error:
        separators = csv.excel  # type: ignore[assignment]
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), separators, strict=True)
    features, numbers, labels = None, [], []
    try:
        for row in reader:
            row = [cell.strip() for cell in row]
            if not any(row):
                continue
            if len(row) != 3:
                raise ValueError(
                    f"Row {reader.line_num} has {len(row)} {'column' if len(row) == 1 else 'columns'}: "
                    "two features and a label are expected."
                )
            if features is None:
                named = all(row) and not any(map(_is_number, row[:2]))
                features = row[:2] if named else ["x1", "x2"]
                if named:
                    continue
            for feature, cell in zip(features, row):
                if not _is_number(cell):
                    wrong = f"is no number: {cell!r}" if cell else "is missing"
                    raise ValueError(f"Row {reader.line_num}: {feature} {wrong}.")
            if not row[2]:
                raise ValueError(f"Row {reader.line_num}: the label is missing.")
            numbers.append([float(cell) for cell in row[:2]])
            labels.append(row[2])
    except csv.Error as error:
        raise ValueError(f"Row {reader.line_num} is no CSV: {error}") from None
    if not 8 <= len(numbers) <= MOST_ROWS:
        raise ValueError(f"A file must have 8 to {MOST_ROWS} rows. Received: {len(numbers)}")
    kinds, y = np.unique(labels, return_inverse=True)
    if not 2 <= len(kinds) <= 20:
        raise ValueError(f"There must be 2 to 20 kinds of labels. Received: {len(kinds)}")
    x = np.array(numbers)
    deviation = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order].astype("float32"), y.reshape(-1, 1)[order]
    return Examples("csv", x, y, kinds.tolist(), features or [])


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _blobs(points: int, noise: float, classes: int, seed: int) -> tuple:
    angles = 2 * np.pi * np.arange(classes) / classes
    centers = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return make_blobs(points, centers=centers, cluster_std=noise, random_state=seed)


# Arms of a spiral lie closer to each other than moons do: they get less of the noise.
_MAKERS: dict[str, Callable] = {
    "moons": lambda n, noise, _, seed: make_moons(n, noise=noise, random_state=seed),
    "circles": lambda n, noise, _, seed: make_circles(
        n, noise=noise, random_state=seed, factor=0.5
    ),
    "spirals": lambda n, noise, classes, seed: make_spirals(
        n, noise=noise / 3, random_state=seed, n_classes=classes, turns=1.0
    ),
    "blobs": _blobs,
}


def _digits(seed: int) -> Examples:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(x))
    features = [f"pixel {i}" for i in range(x.shape[1])]
    labels = [str(c) for c in range(10)]
    return Examples("digits", (x[order] / 16).astype("float32"), y[order, None], labels, features)
