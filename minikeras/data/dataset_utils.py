"""What data sets of files share: which files there are, their labels, reading them; `split_dataset`."""

from __future__ import annotations

import os
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from minikeras import tree
from minikeras.common.arguments import Positive, Truth, checked, is_integer, short
from minikeras.common.ranks import OwnRows, Rows
from minikeras.data.batching import Batch, PaddedBatch, Unbatch, groups
from minikeras.data.buffering import Prefetch
from minikeras.data.dataset import AUTOTUNE, Dataset
from minikeras.data.elements import stack, to_leaf
from minikeras.data.spec import TensorSpec, with_axis
from minikeras.data.stage import INFINITE_CARDINALITY, OneInput, Run, Stage
from minikeras.data.threads import in_threads
from minikeras.kernels.parallel import get_threads
from minikeras.utils.io_utils import print_msg

LabelMode = Literal["int", "categorical", "binary"] | None
Subset = Literal["training", "validation", "both"] | None
Format = Literal["tf", "grain"]

BUFFER = 1024
"""How many elements are shuffled at once where there are no batches."""


class Files(NamedTuple):
    """Files of a folder, with their labels.

    Args:
        paths: their paths.
        labels: their labels, None if there are none.
        class_names: names of the classes in the order of their numbers, None if there are no labels.
    """

    paths: list[str]
    labels: np.ndarray | None
    class_names: list[str] | None

    def some(self, part: slice) -> Files:
        """Return some of the files."""
        labels = None if self.labels is None else self.labels[part]
        return Files(self.paths[part], labels, self.class_names)


def files_in(
    directory: Any,
    labels: Any,
    formats: tuple[str, ...],
    class_names: Sequence[str] | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Files:
    """Return the files of a folder, in the order that Keras gives them.

    Args:
        directory: the folder.
        labels: `"inferred"` from the folders in it, None for no labels, or one for each file.
        formats: how the files' names end, in lower case.
        class_names: the folders to take, in the order of their numbers; all of them, sorted, if None.
        shuffle: whether to bring them into random order; else they are sorted.
        seed: seed of the order.
        follow_links: whether to go into folders that links point to.
        verbose: whether to say how many were found.
    """
    top = os.fspath(directory)
    if not os.path.isdir(top):
        raise FileNotFoundError(f"`directory` must be a folder. Received: {top!r}")
    names = [""]
    if isinstance(labels, str):
        found = sorted(entry.name for entry in os.scandir(top) if entry.is_dir())
        names = [name for name in found if not name.startswith(".")]
        if class_names is not None:
            if not set(class_names) <= set(names) or len(set(class_names)) < len(class_names):
                raise ValueError(
                    f"`class_names` must be names of folders in {top!r}, each once: {names}. "
                    f"Received: {list(class_names)}"
                )
            names = list(class_names)
    elif class_names is not None:
        raise ValueError(
            "`class_names` orders classes that are inferred from folders. It needs `labels='inferred'` "
            "and a `label_mode`."
        )

    paths: list[str] = []
    counts = []
    for name in names:
        paths += (inner := list(_walk(os.path.join(top, name), formats, follow_links)))
        counts.append(len(inner))
    if labels is None:
        classes = None
    elif isinstance(labels, str):
        classes = names
        labels = np.repeat(np.arange(len(names), dtype="int32"), counts)
    else:
        if len(labels) != len(paths):
            raise ValueError(
                f"`labels` must be as many as there are files in {top!r}, {len(paths)}. "
                f"Received: {len(labels)} labels"
            )
        classes = [str(label) for label in sorted({_plain(label) for label in labels})]
        labels = np.array(to_leaf(list(labels)))
    if verbose:
        belonging = "" if classes is None else f" belonging to {len(classes)} classes"
        print_msg(f"Found {len(paths)} files{belonging}.")
    if shuffle:
        np.random.RandomState(seed).shuffle(paths)
        if labels is not None:
            np.random.RandomState(seed).shuffle(labels)
    return Files(paths, labels, classes)


def _plain(label: Any) -> Any:
    return label.item() if hasattr(label, "item") else label


def _walk(top: str, formats: tuple[str, ...], follow_links: bool) -> Iterator[str]:
    """Give the paths of files whose names end so: folder by folder, both sorted."""
    found = []
    within = {top: {os.path.realpath(top)}}  # what a folder lies in, links followed
    for folder, folders, files in os.walk(top, followlinks=follow_links):
        found.append((folder, files))
        if follow_links:  # but not into a folder that this one lies in: there would be no end
            around = within.pop(folder)
            real = {name: os.path.realpath(os.path.join(folder, name)) for name in folders}
            folders[:] = [name for name in folders if real[name] not in around]
            within |= {os.path.join(folder, name): {*around, real[name]} for name in folders}
    for folder, files in sorted(found, key=lambda pair: pair[0]):
        for file in sorted(files):
            if file.lower().endswith(formats):
                # As Keras writes it: the class's folder, and what lies below it.
                yield os.path.join(top, os.path.relpath(os.path.join(folder, file), top))


class Reading(NamedTuple):
    """How files become elements.

    Args:
        read: returns the array of a path; called by several threads. If the spec's shape is known, it is
            called with an array of that shape, and puts it there.
        spec: of these arrays.
        formats: how names of such files end.
        kind: what they are, for messages: "image".
        padded: whether batches are to be filled up, as the arrays' shapes differ.
    """

    read: Callable[..., Any]
    spec: TensorSpec
    formats: tuple[str, ...]
    kind: str
    padded: bool = False

    @property
    def in_place(self) -> bool:
        """Whether `read` puts what it reads where it is told to."""
        return self.spec.dtype != "string" and None not in self.spec.shape


def dataset_of_files(
    owner: str,
    reading: Reading,
    directory: Any,
    *,
    labels: Any,
    label_mode: str | None,
    class_names: Sequence[str] | None,
    batch_size: int | None,
    shuffle: bool,
    seed: int | None,
    validation_split: float | None,
    subset: str | None,
    follow_links: bool,
    verbose: bool,
) -> Dataset | tuple[Dataset, Dataset]:
    """Return the data set of what the files in a folder hold, or the two for training and validation.

    Args:
        owner: the public function, for messages. All other arguments are its own.
        reading: how files become elements.
    """
    inferred = isinstance(labels, str) and labels == "inferred"
    if not inferred and not isinstance(labels, (list, tuple, np.ndarray, type(None))):
        raise ValueError(
            f"{owner}: argument `labels` must be 'inferred', None, or a list of labels, one for each "
            f"file. Received: labels={short(labels)}"
        )
    if bool(validation_split) != (subset is not None):
        raise ValueError(
            f"{owner}: `validation_split` and `subset` need each other. Received: "
            f"validation_split={validation_split} and subset={subset!r}"
        )
    if validation_split and not 0 < validation_split < 1:
        raise ValueError(
            f"{owner}: argument `validation_split` must be between 0 and 1. Received: "
            f"validation_split={validation_split}"
        )
    if validation_split and shuffle and seed is None:
        raise ValueError(
            f"{owner}: with `validation_split` and `shuffle`, `seed` must be given, so that both parts "
            "are cut from the same order and have no file in common."
        )
    if label_mode is None:
        labels = None
    elif labels is None:
        label_mode = None
    if seed is None:
        seed = int(np.random.randint(10**6))  # as Keras draws it, so that a seeded script agrees

    try:
        files = files_in(
            directory, labels, reading.formats, class_names, shuffle, seed, follow_links, verbose
        )
        encode = _encoder(label_mode, files)
    except (ValueError, FileNotFoundError) as error:
        raise type(error)(f"{owner}: {error}") from None

    n, parts = len(files.paths), {"": files}
    if subset is not None:
        held_out = int(validation_split * n)
        parts = {
            "training ": files.some(slice(n - held_out)),
            "validation ": files.some(slice(n - held_out, n)),
        }
        parts = {k: p for k, p in parts.items() if subset in ("both", k.strip())}
        for name, part in parts.items():
            if verbose:
                print_msg(f"Using {len(part.paths)} files for {name.strip()}.")
    made = []
    for name, part in parts.items():
        if not part.paths:
            endings = ", ".join(reading.formats)
            raise ValueError(
                f"{owner}: no {name}{reading.kind} files in {os.fspath(directory)!r}. "
                f"{n} files there end in {endings}."
            )
        # Of two parts only that for training is shuffled anew in each pass.
        again = shuffle and not (subset == "both" and name == "validation ")
        made.append(_dataset(part, reading, encode, batch_size, seed if again else None))
    return made[0] if len(made) == 1 else tuple(made)


def _encoder(label_mode: str | None, files: Files) -> tuple[Callable, TensorSpec] | None:
    """Return the function that makes a label what a model gets, and the spec of the result."""
    if label_mode is None:
        return None
    classes = len(files.class_names)
    if label_mode == "binary" and classes != 2:
        raise ValueError(
            "label_mode='binary' needs exactly two classes. "
            f"Received: {classes}, {files.class_names[:10]}"
        )
    labels = files.labels
    if label_mode == "int":
        return (lambda label: label), TensorSpec((), labels.dtype)
    if len(labels) and not (np.isin(labels, np.arange(classes)).all()):
        raise ValueError(
            f"label_mode={label_mode!r} needs labels from 0 to {classes - 1}. "
            f"Received: {short(files.class_names)}"
        )
    if label_mode == "binary":
        return (lambda label: label.astype("float32").reshape(1)), TensorSpec((1,), "float32")

    def one_hot(label: np.ndarray) -> np.ndarray:
        row = np.zeros(classes, "float32")
        row[int(label)] = 1
        return row

    return one_hot, TensorSpec((classes,), "float32")


def _dataset(
    files: Files, reading: Reading, encode: Any, batch_size: int | None, seed: int | None
) -> Dataset:
    dataset = Dataset.from_tensor_slices(
        files.paths if encode is None else (files.paths, files.labels)
    )
    if seed is not None:
        dataset = dataset.shuffle(BUFFER if batch_size is None else 8 * batch_size, seed)
    if batch_size is not None and reading.in_place:
        dataset = Dataset(_ReadBatches(dataset._stage, reading, encode, batch_size))
    else:
        dataset = Dataset(_Read(dataset._stage, reading, encode))
        if batch_size is not None:
            dataset = (dataset.padded_batch if reading.padded else dataset.batch)(batch_size)
    dataset = dataset.prefetch(AUTOTUNE)
    dataset.class_names = files.class_names
    dataset.file_paths = files.paths
    return dataset


class _Read(OneInput):
    """What files hold, read by threads."""

    def __init__(self, source: Stage, reading: Reading, encode: Any) -> None:
        super().__init__(source)
        self._reading, self._encode = reading, encode

    def elements(self, run: Run) -> Iterator[Any]:
        return in_threads(self._element, self.source.elements(run), get_threads())

    def _element(self, element: Any) -> Any:
        path, label = element if type(element) is tuple else (element, None)
        if self._reading.in_place:
            content = np.empty(self._reading.spec.shape, self._reading.spec.dtype)
            self._reading.read(path.item(), content)
        else:
            content = self._reading.read(path.item())
        return content if self._encode is None else (content, self._encode[0](label))

    def spec(self) -> Any:
        spec = self._reading.spec
        return spec if self._encode is None else (spec, self._encode[1])


class _ReadBatches(Batch):
    """What files hold, read by threads, each into its place in a batch."""

    def __init__(self, source: Stage, reading: Reading, encode: Any, size: int) -> None:
        super().__init__(source, size, False)
        self._reading, self._encode = reading, encode

    can_cut = True

    def elements(self, run: Run) -> Iterator[Any]:
        labels: list = []
        parts: deque[Rows | None] = deque()
        for label, whole in in_threads(self._fill, self._places(run, parts), get_threads()):
            labels.append(label)
            if whole is None:
                continue
            made = whole if self._encode is None else (whole, np.stack(labels))
            rows, labels = parts.popleft(), []
            if rows is not None:
                # One file was read of a batch of which this rank has no rows.
                own = made if rows.count else tree.map_structure(lambda a: a[:0], made)
                made = OwnRows(rows, own)
            yield made

    def _places(self, run: Run, parts: deque[Rows | None]) -> Iterator[tuple]:
        """Give elements, each with the batch that it is for and its place there.

        Args:
            run: the pass.
            parts: takes in which rows of a batch are given, None if all.
        """
        spec = self._reading.spec
        for group in groups(self.source.elements(run), self.size):
            (rows,) = run.parts(self, [len(group)]) or [None]
            parts.append(rows)
            if rows is not None:
                group = group[rows.slice] or group[:1]
            batch = np.empty((len(group), *spec.shape), spec.dtype)
            for place, element in enumerate(group):
                yield element, batch, place

    def _fill(self, task: tuple) -> tuple[Any, np.ndarray | None]:
        """Read a file; return its label, and the batch if this was its last place."""
        element, batch, place = task
        path, label = element if type(element) is tuple else (element, None)
        self._reading.read(path.item(), batch[place])
        label = None if self._encode is None else self._encode[0](label)
        return label, batch if place == len(batch) - 1 else None

    def spec(self) -> Any:
        spec = self._reading.spec
        return with_axis(spec if self._encode is None else (spec, self._encode[1]), None)


@checked
def split_dataset(
    dataset: Any,
    left_size: Positive | None = None,
    right_size: Positive | None = None,
    shuffle: Truth = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Dataset, Dataset]:
    """Split data into two data sets, for training and for validation, say.

    Everything is read into memory first, in one pass.

    Args:
        dataset: a `Dataset`, an array, or a list or tuple of arrays with the same number of rows. A data
            set of batches is split by rows, and both parts are batches of the same size.
        left_size: size of the first part: an integer for a number of rows, a float for a fraction of
            them. What is left of the other part by default.
        right_size: the same for the second part, which is taken from the end.
        shuffle: whether to bring the rows into random order first.
        seed: seed of the order; drawn from Python's `random` if None. The order is Keras's.
        preferred_backend: the result is a `minikeras.data.Dataset` for every backend but `"torch"`, which
            is refused.

    Returns:
        The two data sets.

    Raises:
        ValueError: if neither size is given, if they do not fit the number of rows, or if there are no
            rows.
        TypeError: if `dataset` is something else.

    Example:

    >>> import numpy as np
    >>> from minikeras.utils import split_dataset
    >>> left, right = split_dataset(np.arange(10), left_size=0.8)
    >>> len(left), [int(i) for i in right]
    (8, [8, 9])
    """
    if preferred_backend == "torch":
        raise ValueError(
            "split_dataset: `preferred_backend='torch'` asks for data sets of PyTorch. minikeras gives "
            "its own, `minikeras.data.Dataset`."
        )
    if left_size is None and right_size is None:
        raise ValueError("split_dataset: `left_size` or `right_size` must be given.")
    batch_size = None
    if isinstance(dataset, Dataset):
        stage = dataset._stage
        while isinstance(stage, Prefetch):
            stage = stage.source
        if isinstance(stage, Batch) and not isinstance(stage, PaddedBatch):
            batch_size = stage.size
        if stage.cardinality() == INFINITE_CARDINALITY:
            raise ValueError("split_dataset: the data set has no end. Cut it with `take` first.")
        stage = stage if batch_size is None else Unbatch(stage)
        rows = list(stage.elements(Run(stage)))
        data = stack(rows, "split_dataset") if rows else ()
    elif isinstance(dataset, np.ndarray):
        data = dataset
    elif isinstance(dataset, (list, tuple)):
        wrong = [type(part).__name__ for part in dataset if not isinstance(part, np.ndarray)]
        if wrong:
            raise TypeError(
                "split_dataset: argument `dataset` must be a Dataset, an array, or a list or tuple of "
                f"arrays. Received: a {type(dataset).__name__} that holds {wrong[0]}"
            )
        data = tuple(dataset)
    else:
        raise TypeError(
            "split_dataset: argument `dataset` must be a Dataset, an array, or a list or tuple of "
            f"arrays. Received: dataset={short(dataset)} of type {type(dataset).__name__}"
        )
    counts = {len(array) for array in tree.flatten(data)}
    if len(counts) != 1 or counts == {0}:
        raise ValueError(
            "split_dataset: argument `dataset` must have rows, as many in each array. Received: arrays "
            f"of {sorted(counts)} rows"
        )
    n = counts.pop()
    left, right = _sizes(left_size, right_size, n)
    order = list(range(n))
    if shuffle:
        random.Random(random.randint(0, 10**6) if seed is None else seed).shuffle(order)

    def part(numbers: list[int]) -> Dataset:
        made = Dataset.from_tensor_slices(tree.map_structure(lambda a: a[numbers], data))
        return made if batch_size is None else made.batch(batch_size)

    return part(order[:left]), part(order[n - right :])


def _sizes(left_size: Any, right_size: Any, n: int) -> tuple[int, int]:
    """Return how many of n rows are in either part."""

    def rows(name: str, size: Any) -> int | None:
        if size is None:
            return None
        whole = is_integer(size)
        if not 0 < size < (n if whole else 1):
            raise ValueError(
                f"split_dataset: argument `{name}` must be a number of rows from 1 to {n - 1}, or a "
                f"fraction between 0 and 1. Received: {name}={size}"
            )
        return int(size) if whole else round(size * n)

    left, right = rows("left_size", left_size), rows("right_size", right_size)
    left = n - right if left is None else left
    right = n - left if right is None else right
    if left + right > n or not left or not right:
        raise ValueError(
            f"split_dataset: {n} rows cannot be split into {left} and {right}. Received: "
            f"left_size={left_size} and right_size={right_size}"
        )
    return left, right
