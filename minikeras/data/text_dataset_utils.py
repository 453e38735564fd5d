"""`text_dataset_from_directory`: text files in folders, one for each class."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.common.arguments import Count, PositiveInt, Truth, checked
from minikeras.data.dataset import Dataset
from minikeras.data.dataset_utils import Format, LabelMode, Reading, Subset, dataset_of_files
from minikeras.data.spec import TensorSpec


@checked
def text_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: LabelMode = "int",
    class_names: Sequence[str] | None = None,
    batch_size: PositiveInt | None = 32,
    max_length: Count | None = None,
    shuffle: Truth = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: Subset = None,
    follow_links: Truth = False,
    format: Format = "tf",
    verbose: Truth = True,
) -> Dataset | tuple[Dataset, Dataset]:
    """Make a data set of the `.txt` files in a folder, which threads read while a model trains.

    Args:
        directory: the folder. See `image_dataset_from_directory` for the arguments that are not here.
        labels: `"inferred"`: the folders in it are the classes. None: no labels. Or a list of them.
        label_mode: `"int"`, `"binary"`, `"categorical"`, or None for no labels.
        class_names: the folders to take, in the order of their numbers; all of them, sorted, if None.
        batch_size: texts in a batch; None for single texts.
        max_length: characters of a text that are kept; all of them if None.
        shuffle: whether to bring files into random order, and to shuffle them anew in each pass.
        seed: seed of both.
        validation_split: the fraction of the files that is kept for validation.
        subset: `"training"`, `"validation"` or `"both"`, with `validation_split`.
        follow_links: whether to go into folders that links point to.
        format: `"tf"` and `"grain"` give the same: a `minikeras.data.Dataset`.
        verbose: whether to print how many files there are.

    Returns:
        A `Dataset` of strings of shape `(batch,)`, or of pairs of them and labels, with the attributes
        `class_names` and `file_paths`; two of them for `subset="both"`. Files are read as UTF-8; where a
        byte is no part of it, the text has the character U+FFFD.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it holds no text files, or if an argument is not as described.

    Example:

    >>> import os, tempfile
    >>> from minikeras.utils import text_dataset_from_directory
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, text in (("bad", "never again"), ("good", "once more")):
    ...         os.mkdir(os.path.join(folder, name))
    ...         with open(os.path.join(folder, name, "1.txt"), "w") as file:
    ...             _ = file.write(text)
    ...     for texts, labels in text_dataset_from_directory(folder, shuffle=False):
    ...         print(texts.tolist(), labels.tolist())
    Found 2 files belonging to 2 classes.
    ['never again', 'once more'] [0, 1]
    """
    read = functools.partial(_read, length=max_length)
    return dataset_of_files(
        "text_dataset_from_directory",
        Reading(read, TensorSpec((), "string"), (".txt",), "text"),
        directory,
        labels=labels,
        label_mode=label_mode,
        class_names=class_names,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        validation_split=validation_split,
        subset=subset,
        follow_links=follow_links,
        verbose=verbose,
    )


def _read(path: str, length: int | None) -> np.ndarray:
    with open(path, "rb") as file:  # as they are: no line ending becomes another
        text = file.read().decode("utf-8", errors="replace")
    return np.array(text[:length])
