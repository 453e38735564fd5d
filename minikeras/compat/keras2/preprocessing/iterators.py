"""Batches of images that `ImageDataGenerator` gives: from arrays, folders, or the rows of a data frame."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator as IteratorType
from collections.abc import Sequence
from typing import Any

import numpy as np

from minikeras.common.settings import floatx, standardize_data_format
from minikeras.common.traceback_utils import warn
from minikeras.compat.spelling import tell
from minikeras.trainers.data_adapters.py_dataset_adapter import PyDataset
from minikeras.utils.image_utils import array_to_img, img_to_array, load_img
from minikeras.utils.io_utils import print_msg

SUBSETS = ("training", "validation")
_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}


class Iterator(PyDataset):
    """Base of those that give batches of images, by index and without end.

    A subclass says what a batch is: `_get_batches_of_transformed_samples(index_array)`.

    Args:
        n: number of samples.
        batch_size: samples in a batch.
        shuffle: whether each round goes in another order.
        seed: seed of order and transformations; `None` for NumPy's global random state as it is.
    """

    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None) -> None:
        super().__init__()
        self.n = n
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.batch_index = 0
        self.total_batches_seen = 0
        self.lock = threading.Lock()
        self.index_array: np.ndarray | None = None

    @property
    def N(self) -> int:
        """Number of samples, as Keras 1 called it."""
        tell("generator.N", "generator.n")
        return self.n

    @property
    def nb_sample(self) -> int:
        """Number of samples, as Keras 1 called it."""
        tell("generator.nb_sample", "generator.samples")
        return self.n

    @property
    def nb_class(self) -> int:
        """Number of classes, as Keras 1 called it."""
        tell("generator.nb_class", "generator.num_classes")
        return len(self.class_indices)

    def _set_index_array(self) -> None:
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _begin_batch(self) -> None:
        """Seed the draws of a batch by how many there were."""
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1

    def __getitem__(self, idx: int) -> Any:
        if idx >= len(self):
            raise ValueError(
                f"{type(self).__name__}: there is no batch {idx}; there are {len(self)} of them."
            )
        self._begin_batch()
        if self.index_array is None:
            self._set_index_array()
        start = self.batch_size * idx
        return self._get_batches_of_transformed_samples(
            self.index_array[start : start + self.batch_size]
        )

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def on_epoch_end(self) -> None:
        """Take another order for the next round."""
        self._set_index_array()

    def reset(self) -> None:
        """Let `next` begin a new round."""
        self.batch_index = 0

    def _next_indices(self) -> np.ndarray:
        self._begin_batch()
        if self.batch_index == 0:
            self._set_index_array()
        start = self.batch_index * self.batch_size % max(self.n, 1)
        self.batch_index = self.batch_index + 1 if start + self.batch_size < self.n else 0
        return self.index_array[start : start + self.batch_size]

    @property
    def index_generator(self) -> IteratorType[np.ndarray]:
        """The indices of the next batches, without end."""
        while True:
            yield self._next_indices()

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        return self.next()

    def next(self) -> Any:
        """Return the next batch; after the last one of a round comes the first of the next."""
        with self.lock:
            indices = self._next_indices()
        return self._get_batches_of_transformed_samples(indices)

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} must define `_get_batches_of_transformed_samples(index_array)`."
        )

    def _save(self, batch: np.ndarray, index_array: np.ndarray, largest: float) -> None:
        """Write a batch as pictures, if that is wanted."""
        if not self.save_to_dir:
            return
        for x, index in zip(batch, index_array):
            name = f"{self.save_prefix}_{index}_{np.random.randint(largest)}.{self.save_format}"
            path = os.path.join(self.save_to_dir, name)
            array_to_img(x, self.data_format, scale=True).save(path)

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, lock=threading.Lock())


class NumpyArrayIterator(Iterator):
    """Batches of images in an array.

    Args:
        x: images, four axes; or a pair of them and of an array, or a list of arrays, that come along.
        y: targets, or None.
        image_data_generator: the `ImageDataGenerator` that changes them.
        batch_size: images in a batch.
        shuffle: whether each round goes in another order.
        sample_weight: weights of the samples.
        seed: seed of order and transformations.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        save_to_dir: folder for the pictures as they come out.
        save_prefix: what their names begin with.
        save_format: `"png"` or `"jpeg"`.
        subset: `"training"` or `"validation"`, by the `validation_split` of the generator: the first part
            is for validation.
        dtype: dtype of the images, `floatx()` if None.
        ignore_class_split: allow that the two parts have not all classes each.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: Any,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        dtype: Any = None,
        ignore_class_split: bool = False,
    ) -> None:
        self.dtype = dtype or floatx()
        misc: list[np.ndarray] = []
        if isinstance(x, (tuple, list)):
            if len(x) != 2:
                raise ValueError(
                    "ImageDataGenerator.flow: `x` must be an array, or a pair: images, and what comes "
                    f"along with them. Received: a {type(x).__name__} of length {len(x)}"
                )
            x, beside = x
            misc = [np.asarray(m) for m in (beside if isinstance(beside, list) else [beside])]
        y = None if y is None else np.asarray(y)
        weight = None if sample_weight is None else np.asarray(sample_weight)
        for name, other in (("y", y), ("sample_weight", weight), *(("x[1]", m) for m in misc)):
            if other is not None and other.shape[:1] != (len(x),):
                raise ValueError(
                    f"ImageDataGenerator.flow: `x` and `{name}` must have the same length. "
                    f"Received: x.shape={np.shape(x)}, {name}.shape={other.shape}"
                )
        if subset is not None:
            split = int(len(x) * image_data_generator._validation_split)
            part = slice(split) if _standard_subset(subset) == "validation" else slice(split, None)
            alike = y is None or ignore_class_split
            if not alike and not np.array_equal(np.unique(y[:split]), np.unique(y[split:])):
                raise ValueError(
                    "ImageDataGenerator.flow: the parts for training and for validation do not have the "
                    "same classes. Shuffle the arrays first if they are sorted by label, or set "
                    "`ignore_class_split=True`."
                )
            x, misc = x[part], [m[part] for m in misc]
            y = None if y is None else y[part]
            weight = None if weight is None else weight[part]
        self.x = np.asarray(x, dtype=self.dtype)
        if self.x.ndim != 4:
            raise ValueError(
                f"ImageDataGenerator.flow: `x` must be images, of rank 4. Received: shape={self.x.shape}"
            )
        self.data_format = standardize_data_format(data_format)
        warn_of_channels("flow", self.x, self.data_format)
        self.x_misc, self.y, self.sample_weight = misc, y, weight
        self.image_data_generator = image_data_generator
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        generator = self.image_data_generator
        batch = np.zeros((len(index_array), *self.x.shape[1:]), self.dtype)
        for i, index in enumerate(index_array):
            x = self.x[index]
            params = generator.get_random_transform(x.shape)
            x = generator.apply_transform(x.astype(self.dtype), params)
            batch[i] = generator.standardize(x)
        self._save(batch, index_array, 1e4)
        inputs = [batch, *(m[index_array] for m in self.x_misc)] if self.x_misc else batch
        if self.y is None:
            return inputs
        if self.sample_weight is None:
            return inputs, self.y[index_array]
        return inputs, self.y[index_array], self.sample_weight[index_array]


def _standard_subset(subset: str) -> str:
    if subset not in SUBSETS:
        raise ValueError(
            f"ImageDataGenerator: `subset` must be 'training' or 'validation'. Received: {subset!r}"
        )
    return subset


def warn_of_channels(function: str, x: np.ndarray, data_format: str) -> None:
    """Warn if images have a number of channels that images do not have."""
    axis = 3 if data_format == "channels_last" else 1
    if x.shape[axis] not in (1, 3, 4):
        warn(
            f"ImageDataGenerator.{function}: `x` should have 1, 3 or 4 channels on axis {axis}, where "
            f"data_format={data_format!r} has them. Received: shape={x.shape}"
        )


class BatchFromFilesMixin:
    """What is common to iterators over image files.

    Beside what `set_processing_attrs` sets they have `filepaths`, `class_mode`, `labels`, `classes`,
    `class_indices`, `sample_weight` and `dtype`.
    """

    sample_weight: np.ndarray | None = None
    labels: Any

    def set_processing_attrs(
        self,
        image_data_generator: Any,
        target_size: Sequence[int],
        color_mode: str,
        data_format: str | None,
        save_to_dir: str | None,
        save_prefix: str,
        save_format: str,
        subset: str | None,
        interpolation: str,
        keep_aspect_ratio: bool = False,
    ) -> None:
        """Note how files are read, and what part of them."""
        if color_mode not in _CHANNELS:
            raise ValueError(
                f"{type(self).__name__}: `color_mode` must be one of {list(_CHANNELS)}. "
                f"Received: color_mode={color_mode!r}"
            )
        self.image_data_generator = image_data_generator
        self.target_size = tuple(target_size)
        self.color_mode = color_mode
        self.data_format = standardize_data_format(data_format)
        channels = (_CHANNELS[color_mode],)
        last = self.data_format == "channels_last"
        self.image_shape = self.target_size + channels if last else channels + self.target_size
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        self.interpolation = interpolation
        self.keep_aspect_ratio = keep_aspect_ratio
        self.subset = subset
        self.split: tuple[float, float] | None = None
        if subset is not None:
            at = image_data_generator._validation_split
            self.split = (0, at) if _standard_subset(subset) == "validation" else (at, 1)

    def _part(self, files: Any) -> Any:
        """Return what is of the subset."""
        if not self.split:
            return files
        start, stop = (int(at * len(files)) for at in self.split)
        return files[start:stop]

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        batch = np.zeros((len(index_array), *self.image_shape), self.dtype)
        generator, paths = self.image_data_generator, self.filepaths
        for i, index in enumerate(index_array):
            image = load_img(
                paths[index],
                color_mode=self.color_mode,
                target_size=self.target_size,
                interpolation=self.interpolation,
                keep_aspect_ratio=self.keep_aspect_ratio,
            )
            x = img_to_array(image, self.data_format)
            if generator:
                x = generator.apply_transform(x, generator.get_random_transform(x.shape))
                x = generator.standardize(x)
            batch[i] = x
        self._save(batch, index_array, 1e7)
        if self.class_mode is None:
            return batch
        targets = self._targets_of(batch, index_array)
        if self.sample_weight is None:
            return batch, targets
        return batch, targets, self.sample_weight[index_array]

    def _targets_of(self, batch: np.ndarray, index_array: np.ndarray) -> Any:
        if self.class_mode == "input":
            return batch.copy()
        if self.class_mode == "multi_output":
            return [output[index_array] for output in self.labels]
        if self.class_mode == "raw":
            return self.labels[index_array]
        if self.class_mode == "categorical":
            targets = np.zeros((len(batch), len(self.class_indices)), self.dtype)
            for row, index in zip(targets, index_array):
                row[self.classes[index]] = 1  # one class or several
            return targets
        return np.array([self.classes[index] for index in index_array], self.dtype)


def _checked_mode(name: str, mode: str | None, allowed: tuple) -> str | None:
    if mode not in allowed:
        raise ValueError(
            f"{name}: `class_mode` must be one of {allowed}. Received: class_mode={mode!r}"
        )
    return mode


class DirectoryIterator(BatchFromFilesMixin, Iterator):
    """Batches of the images in a folder that has a folder for each class.

    Args:
        directory: the folder.
        image_data_generator: the `ImageDataGenerator` that changes them, or None.
        target_size: `(height, width)` that they are resized to.
        color_mode: `"rgb"`, `"rgba"` or `"grayscale"`.
        classes: names of the folders to read, in the order of their indices; all, sorted, if None.
        class_mode: what targets are: `"categorical"` one-hot, `"binary"` and `"sparse"` indices,
            `"input"` the images themselves, None for no targets.
        batch_size: images in a batch.
        shuffle: whether each round goes in another order.
        seed: seed of order and transformations.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        save_to_dir: folder for the pictures as they come out.
        save_prefix: what their names begin with.
        save_format: `"png"` or `"jpeg"`.
        follow_links: whether to follow links to folders inside the classes' folders.
        subset: `"training"` or `"validation"`, by the `validation_split` of the generator: the first files
            of each class are for validation.
        interpolation: how they are resized; see `keras.utils.load_img`.
        keep_aspect_ratio: whether to cut images rather than distort them.
        dtype: dtype of images and targets, `floatx()` if None.
    """

    allowed_class_modes = ("categorical", "binary", "sparse", "input", None)

    def __init__(
        self,
        directory: Any,
        image_data_generator: Any,
        target_size: Sequence[int] = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
    ) -> None:
        self.set_processing_attrs(
            image_data_generator,
            target_size,
            color_mode,
            data_format,
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            interpolation,
            keep_aspect_ratio,
        )
        self.directory = directory
        self.class_mode = _checked_mode("DirectoryIterator", class_mode, self.allowed_class_modes)
        self.dtype = dtype or floatx()
        if not classes:
            classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
        self.num_classes = len(classes)
        self.class_indices = {name: index for index, name in enumerate(classes)}
        self.filenames: list[str] = []
        counts = []
        for name in classes:
            folder = os.path.join(directory, name)
            files = self._part(list(_images_below(folder, self.white_list_formats, follow_links)))
            self.filenames += [os.path.join(name, file) for file in files]
            counts.append(len(files))
        self.samples = len(self.filenames)
        self.classes = np.repeat(np.arange(len(counts), dtype="int32"), counts)
        self.filepaths = [os.path.join(directory, name) for name in self.filenames]
        print_msg(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    @property
    def labels(self) -> np.ndarray:
        """The class of each image."""
        return self.classes


def _images_below(folder: str, endings: tuple, follow_links: bool) -> IteratorType[str]:
    """Yield the image files of a folder and of those in it, relative to it, sorted."""
    for place, _, names in sorted(os.walk(folder, followlinks=follow_links)):
        for name in sorted(names):
            if name.lower().endswith(endings):
                yield os.path.relpath(os.path.join(place, name), folder)


def list_pictures(
    directory: Any,
    ext: str | Sequence[str] = ("jpg", "jpeg", "bmp", "png", "ppm", "tif", "tiff"),
) -> list[str]:
    """Return the paths of all images in a folder and the folders in it, sorted.

    Args:
        directory: the folder.
        ext: what their names end with, or several such.
    """
    endings = tuple(f".{e}" for e in ([ext] if isinstance(ext, str) else ext))
    return [os.path.join(directory, name) for name in _images_below(directory, endings, False)]


class DataFrameIterator(BatchFromFilesMixin, Iterator):
    """Batches of images that the rows of a data frame name.

    Args:
        dataframe: a pandas `DataFrame`.
        directory: folder that the names are relative to; None if they are whole paths.
        image_data_generator: the `ImageDataGenerator` that changes them, or None.
        x_col: column of the names.
        y_col: column of the targets, or a list of columns.
        weight_col: column of sample weights.
        target_size: `(height, width)` that they are resized to.
        color_mode: `"rgb"`, `"rgba"` or `"grayscale"`.
        classes: the classes to take, in the order of their indices; all, sorted, if None.
        class_mode: what targets are: `"categorical"` one-hot, of names or of lists of names; `"binary"` and
            `"sparse"` indices of names; `"raw"` the values of `y_col`; `"multi_output"` a list with the
            values of each column in it; `"input"` the images themselves; None for no targets.
        batch_size: images in a batch.
        shuffle: whether each round goes in another order.
        seed: seed of order and transformations.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        save_to_dir: folder for the pictures as they come out.
        save_prefix: what their names begin with.
        save_format: `"png"` or `"jpeg"`.
        subset: `"training"` or `"validation"`, by the `validation_split` of the generator: the first rows
            are for validation.
        interpolation: how they are resized; see `keras.utils.load_img`.
        keep_aspect_ratio: whether to cut images rather than distort them.
        dtype: dtype of images and targets, `floatx()` if None.
        validate_filenames: whether to leave out rows whose file is not there or is no image.
    """

    allowed_class_modes = (
        "binary",
        "categorical",
        "input",
        "multi_output",
        "raw",
        "sparse",
        None,
    )

    def __init__(
        self,
        dataframe: Any,
        directory: Any = None,
        image_data_generator: Any | None = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
        target_size: Sequence[int] = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
        validate_filenames: bool = True,
    ) -> None:
        self.set_processing_attrs(
            image_data_generator,
            target_size,
            color_mode,
            data_format,
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            interpolation,
            keep_aspect_ratio,
        )
        self.directory = directory or ""
        self.class_mode = _checked_mode("DataFrameIterator", class_mode, self.allowed_class_modes)
        self.dtype = dtype or floatx()
        has_classes = class_mode in ("binary", "categorical", "sparse")
        self._check_columns(dataframe, x_col, y_col, weight_col, classes)
        frame = dataframe
        if validate_filenames:
            frame = self._with_valid_files(frame, x_col)
        if has_classes:
            names = [_as_list(label) for label in frame[y_col]]
            wanted = classes or sorted({name for some in names for name in some})
            self.class_indices = {name: index for index, name in enumerate(dict.fromkeys(wanted))}
            keep = [i for i, some in enumerate(names) if self.class_indices.keys() & set(some)]
            frame = frame.iloc[keep]
        frame = self._part(frame)
        self.filenames = frame[x_col].tolist()
        self.samples = len(self.filenames)
        self.filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        self.sample_weight = frame[weight_col].to_numpy() if weight_col else None
        if has_classes:
            self.classes = [self._index_of(label) for label in frame[y_col]]
        elif class_mode == "multi_output":
            self._targets: Any = [np.array(frame[column].tolist()) for column in y_col]
        elif class_mode == "raw":
            self._targets = frame[y_col].to_numpy()
        print_msg(
            f"Found {self.samples} {'' if validate_filenames else 'non-'}validated image filenames"
            + (f" belonging to {len(self.class_indices)} classes." if has_classes else ".")
        )
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _check_columns(
        self, frame: Any, x_col: str, y_col: Any, weight_col: str | None, classes: Any
    ) -> None:
        def all_are(column: str, kinds: Any) -> bool:
            return all(isinstance(value, kinds) for value in frame[column])

        mode = self.class_mode
        if mode == "multi_output" and not isinstance(y_col, list):
            raise TypeError(
                "DataFrameIterator: for class_mode='multi_output' `y_col` must be a list of columns. "
                f"Received: y_col={y_col!r}"
            )
        if not all_are(x_col, str):
            raise TypeError(f"DataFrameIterator: all values of column {x_col!r} must be strings.")
        if mode in ("binary", "sparse") and not all_are(y_col, str):
            raise TypeError(
                f"DataFrameIterator: for class_mode={mode!r} all values of column {y_col!r} must be "
                "strings. Numbers: `df[y_col].astype(str)`, or class_mode='raw'."
            )
        if mode == "categorical" and not all_are(y_col, (str, list, tuple)):
            raise TypeError(
                f"DataFrameIterator: for class_mode='categorical' all values of column {y_col!r} must be "
                "strings, or lists of strings. Numbers: `df[y_col].astype(str)`, or class_mode='raw'."
            )
        if mode == "binary":
            found = set(classes) if classes else set(frame[y_col])
            if len(found) != 2:
                raise ValueError(
                    "DataFrameIterator: for class_mode='binary' there must be 2 classes. "
                    f"Found {len(found)}."
                )
        if classes and mode not in ("binary", "categorical", "sparse"):
            warn(f"DataFrameIterator: `classes` means nothing for class_mode={mode!r}.")
        if weight_col and np.asarray(frame[weight_col]).dtype.kind not in "biuf":
            raise TypeError(f"DataFrameIterator: column {weight_col!r} must be numbers.")

    def _with_valid_files(self, frame: Any, x_col: str) -> Any:
        """Return the rows whose file is there."""
        keep = [
            i
            for i, name in enumerate(frame[x_col])
            if name.lower().endswith(self.white_list_formats)
            and os.path.isfile(os.path.join(self.directory, name))
        ]
        missing = len(frame) - len(keep)
        if missing:
            warn(
                f"DataFrameIterator: {missing} of {len(frame)} files in column {x_col!r} are not there, "
                "or are no images. They are left out."
            )
        return frame.iloc[keep] if missing else frame

    def _index_of(self, label: Any) -> Any:
        """Return the index of a class, or those of several; those that are not wanted left out."""
        if isinstance(label, str):
            return self.class_indices[label]
        return [self.class_indices[name] for name in label if name in self.class_indices]

    @property
    def labels(self) -> Any:
        """The target of each image."""
        return self._targets if self.class_mode in ("multi_output", "raw") else self.classes


def _as_list(label: Any) -> Sequence[str]:
    return [label] if isinstance(label, str) else label
