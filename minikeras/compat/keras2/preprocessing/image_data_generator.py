"""`ImageDataGenerator`: images changed at random, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minikeras.common.settings import floatx, standardize_data_format
from minikeras.common.traceback_utils import warn
from minikeras.compat.keras2.preprocessing import transforms
from minikeras.compat.keras2.preprocessing.iterators import (
    DataFrameIterator,
    DirectoryIterator,
    NumpyArrayIterator,
    warn_of_channels,
)
from minikeras.compat.spelling import tell
from minikeras.kernels import linalg

_TODAY = "keras.utils.image_dataset_from_directory, and layers as keras.layers.RandomFlip"


class ImageDataGenerator:
    """Gives batches of images that are changed at random, and standardized.

    Each image is turned, moved, sheared and zoomed; its channels are shifted; it is flipped; it is made
    brighter: all that in this order, by amounts that are drawn anew each time from NumPy's global random
    state. Then it goes through `standardize`. `flow`, `flow_from_directory` and `flow_from_dataframe` give
    iterators for `model.fit`.

    Args:
        featurewise_center: subtract the mean of each channel over the data set; needs `fit`.
        samplewise_center: subtract the image's own mean.
        featurewise_std_normalization: divide by the standard deviation of each channel; needs `fit`.
        samplewise_std_normalization: divide by the image's own standard deviation.
        zca_whitening: make pixels uncorrelated, with variance 1; needs `fit`.
        zca_epsilon: added to the standard deviations that this divides by.
        rotation_range: the greatest angle in degrees.
        width_shift_range: the greatest move sideways: a fraction of the width if below 1, else pixels. An
            integer gives whole pixels, fewer than it. A list has the moves to choose from, either way.
        height_shift_range: the same up and down.
        brightness_range: two factors to draw from between.
        shear_range: the greatest angle in degrees.
        zoom_range: two factors to draw from between, or how far they are from 1.
        channel_shift_range: the greatest number to add.
        fill_mode: what is outside: `"constant"`, `"nearest"`, `"reflect"` or `"wrap"`.
        cval: the value outside, for `"constant"`.
        horizontal_flip: whether every other image is mirrored.
        vertical_flip: whether every other image is turned upside down.
        rescale: factor for all values: `1 / 255`.
        preprocessing_function: a function from image to image of the same shape, called before `rescale`.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        validation_split: the fraction that is `subset="validation"`.
        interpolation_order: order of the splines that interpolate, 0 to 5.
        dtype: dtype of the images, `floatx()` if None.

    Example:

    >>> import numpy as np
    >>> generator = ImageDataGenerator(rotation_range=20, horizontal_flip=True, rescale=1 / 255)
    >>> batches = generator.flow(np.ones((10, 8, 8, 3)), np.arange(10), batch_size=4, seed=0)
    >>> x, y = next(batches)
    >>> x.shape, y, len(batches)
    ((4, 8, 8, 3), array([2, 8, 4, 9]), 3)
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Sequence[float] | None = None,
        shear_range: float = 0.0,
        zoom_range: float | Sequence[float] = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[np.ndarray], np.ndarray] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ) -> None:
        tell("ImageDataGenerator", _TODAY)
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(
                "ImageDataGenerator: `validation_split` must be between 0 and 1. "
                f"Received: {validation_split!r}"
            )
        if np.ndim(zoom_range) == 0:
            zoom_range = [1 - zoom_range, 1 + zoom_range]
        for name, pair in (("zoom_range", zoom_range), ("brightness_range", brightness_range)):
            if pair is not None and np.shape(pair) != (2,):
                raise ValueError(
                    f"ImageDataGenerator: `{name}` must be two floats. Received: {pair!r}"
                )
        if zca_whitening and featurewise_std_normalization:
            warn("ImageDataGenerator: `zca_whitening` replaces `featurewise_std_normalization`.")
            featurewise_std_normalization = False
        featurewise_center = _implied(
            "featurewise_center",
            featurewise_center,
            zca_whitening=zca_whitening,
            featurewise_std_normalization=featurewise_std_normalization,
        )
        samplewise_center = _implied(
            "samplewise_center",
            samplewise_center,
            samplewise_std_normalization=samplewise_std_normalization,
        )
        self.featurewise_center = featurewise_center
        self.samplewise_center = samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening = zca_whitening
        self.zca_epsilon = zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.brightness_range = brightness_range
        self.shear_range = shear_range
        self.zoom_range = list(zoom_range)
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.data_format = standardize_data_format(data_format)
        self._validation_split = validation_split
        self.interpolation_order = interpolation_order
        self.dtype = dtype or floatx()
        last = self.data_format == "channels_last"
        # Axes of batches, as scripts read them.
        self.row_axis, self.col_axis, self.channel_axis = (1, 2, 3) if last else (2, 3, 1)
        self.mean: np.ndarray | None = None
        self.std: np.ndarray | None = None
        self.zca_whitening_matrix: np.ndarray | None = None

    @property
    def principal_components(self) -> np.ndarray | None:
        """What `zca_whitening_matrix` was called before Keras 2.9."""
        return self.zca_whitening_matrix

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        ignore_class_split: bool = False,
    ) -> NumpyArrayIterator:
        """Return an iterator over batches of an array; see `NumpyArrayIterator`."""
        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size,
            shuffle,
            sample_weight,
            seed,
            self.data_format,
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            self.dtype,
            ignore_class_split,
        )

    def flow_from_directory(
        self,
        directory: Any,
        target_size: Sequence[int] = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> DirectoryIterator:
        """Return an iterator over the images in folders; see `DirectoryIterator`."""
        return DirectoryIterator(
            directory,
            self,
            target_size,
            color_mode,
            classes,
            class_mode,
            batch_size,
            shuffle,
            seed,
            self.data_format,
            save_to_dir,
            save_prefix,
            save_format,
            follow_links,
            subset,
            interpolation,
            keep_aspect_ratio,
            self.dtype,
        )

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Any = None,
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
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
        **kwargs: Any,
    ) -> DataFrameIterator:
        """Return an iterator over the images that a data frame names; see `DataFrameIterator`.

        `class_mode="other"`, `has_ext`, `sort` and `drop_duplicates` are what it took at first.
        """
        name = "flow_from_dataframe"
        if class_mode == "other":
            tell(f"{name}(class_mode='other')", f"{name}(class_mode='raw')")
            class_mode = "raw"
        if kwargs.pop("drop_duplicates", False):
            tell(f"{name}(drop_duplicates=True)", "dataframe.drop_duplicates(x_col)")
            dataframe = dataframe.drop_duplicates(x_col)
        if kwargs.pop("sort", False):
            tell(f"{name}(sort=True)", "dataframe.sort_values(x_col)")
            dataframe = dataframe.sort_values(x_col)
        if not kwargs.pop("has_ext", True):
            raise ValueError(
                f"{name}: names must have their ending; `has_ext=False` is not supported."
            )
        keep_aspect_ratio = kwargs.pop("keep_aspect_ratio", False)
        if kwargs:
            raise TypeError(f"{name}: unknown arguments {sorted(kwargs)}")
        return DataFrameIterator(
            dataframe,
            directory,
            self,
            x_col,
            y_col,
            weight_col,
            target_size,
            color_mode,
            classes,
            class_mode,
            batch_size,
            shuffle,
            seed,
            self.data_format,
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            interpolation,
            keep_aspect_ratio,
            self.dtype,
            validate_filenames,
        )

    def standardize(self, x: np.ndarray) -> np.ndarray:
        """Rescale, centre and whiten as the arguments say.

        Args:
            x: an image, or a batch of them. One of floats is changed in place, as in Keras.
        """
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        x = np.asarray(x)
        if x.dtype.kind != "f":
            x = x.astype(self.dtype)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + 1e-6
        if self.featurewise_center and self._is_fit("featurewise_center", self.mean):
            x -= self.mean
        if self.featurewise_std_normalization and self._is_fit(
            "featurewise_std_normalization", self.std
        ):
            x /= self.std + 1e-6
        if self.zca_whitening and self._is_fit("zca_whitening", self.zca_whitening_matrix):
            flat = x.reshape(-1, np.prod(x.shape[-3:]))
            x = (flat @ self.zca_whitening_matrix).reshape(x.shape)
        return x

    @staticmethod
    def _is_fit(option: str, statistic: np.ndarray | None) -> bool:
        if statistic is None:
            warn(f"ImageDataGenerator: `{option}` does nothing before `fit(x)` has seen the data.")
        return statistic is not None

    def get_random_transform(
        self, img_shape: Sequence[int], seed: int | None = None
    ) -> dict[str, Any]:
        """Draw what is done with an image.

        Args:
            img_shape: its shape.
            seed: seed for NumPy's global random state; it goes on as it is if None.

        Returns:
            A dict for `apply_transform`: `theta`, `tx`, `ty`, `shear`, `zx`, `zy`, `flip_horizontal`,
            `flip_vertical`, `channel_shift_intensity` and `brightness`.
        """
        if seed is not None:
            np.random.seed(seed)
        # The order of the draws, and which are left out, is Keras's.
        theta = _between(self.rotation_range)
        tx = _drawn_shift(self.height_shift_range, img_shape[self.row_axis - 1])
        ty = _drawn_shift(self.width_shift_range, img_shape[self.col_axis - 1])
        shear = _between(self.shear_range)
        zx, zy = transforms.draw_zoom(self.zoom_range)
        flip_horizontal = (np.random.random() < 0.5) * self.horizontal_flip
        flip_vertical = (np.random.random() < 0.5) * self.vertical_flip
        shift = brightness = None
        if self.channel_shift_range != 0:
            shift = _between(self.channel_shift_range)
        if self.brightness_range is not None:
            brightness = np.random.uniform(*self.brightness_range)
        return {
            "theta": theta,
            "tx": tx,
            "ty": ty,
            "shear": shear,
            "zx": zx,
            "zy": zy,
            "flip_horizontal": flip_horizontal,
            "flip_vertical": flip_vertical,
            "channel_shift_intensity": shift,
            "brightness": brightness,
        }

    def apply_transform(self, x: np.ndarray, transform_parameters: Mapping[str, Any]) -> np.ndarray:
        """Change an image as `get_random_transform` says; what is not named stays."""
        change = dict(transform_parameters)
        axes = (self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1)
        geometry = {k: change[k] for k in ("theta", "tx", "ty", "shear", "zx", "zy") if k in change}
        filling = (self.fill_mode, self.cval, self.interpolation_order)
        x = transforms.affine(x, axes, filling, **geometry)
        if change.get("channel_shift_intensity") is not None:
            x = transforms.channel_shift(x, change["channel_shift_intensity"])
        if change.get("flip_horizontal"):
            x = transforms.flip_axis(x, axes[1])
        if change.get("flip_vertical"):
            x = transforms.flip_axis(x, axes[0])
        if change.get("brightness") is not None:
            x = transforms.brightened(x, change["brightness"], False, self.data_format)
        return x

    def random_transform(self, x: np.ndarray, seed: int | None = None) -> np.ndarray:
        """Change an image at random.

        Args:
            x: the image.
            seed: seed for NumPy's global random state; it goes on as it is if None.
        """
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Find mean, standard deviation and whitening matrix, as far as they are needed.

        Args:
            x: a sample of the images, four axes.
            augment: whether to find them of changed images.
            rounds: how often each image is then changed.
            seed: seed for NumPy's global random state; it goes on as it is if None.

        Raises:
            ValueError: if `x` has another rank.
        """
        x = np.array(x, dtype=self.dtype)
        if x.ndim != 4:
            raise ValueError(
                f"ImageDataGenerator.fit: `x` must be images, of rank 4. Received: shape={x.shape}"
            )
        warn_of_channels("fit", x, self.data_format)
        if seed is not None:
            np.random.seed(seed)
        if self.rescale:
            x *= self.rescale
        if augment:
            rows = [self.random_transform(image) for _ in range(rounds) for image in x]
            x = np.array(rows, dtype=self.dtype)
        axes = (0, self.row_axis, self.col_axis)
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes, keepdims=True)[0]
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes, keepdims=True)[0]
            x /= self.std + 1e-6
        if self.zca_whitening:
            flat = x.reshape(len(x), -1)
            u, s, _ = linalg.svd(flat.T, full_matrices=False)
            self.zca_whitening_matrix = (u * (len(x) ** 0.5 / (s + self.zca_epsilon))) @ u.T


def _implied(name: str, value: bool, **by: bool) -> bool:
    """Return whether an option is on, itself or because one is that needs it."""
    for other, on in by.items():
        if on and not value:
            warn(f"ImageDataGenerator: `{other}` implies `{name}`.")
            value = True
    return value


def _between(bound: float) -> float:
    """Draw from either side of 0; nothing is drawn for 0."""
    return np.random.uniform(-bound, bound) if bound else 0


def _drawn_shift(moves: Any, size: int) -> float:
    """Draw by how many pixels to move an image.

    Args:
        moves: the greatest move, a float; or an integer that moves are below; or all that there are.
        size: the image's.
    """
    if np.ndim(moves) == 0 and not moves:
        return 0
    whole = np.ndim(moves) == 0 and isinstance(moves, (int, np.integer))
    if np.ndim(moves) == 1 or (whole and moves > 0):
        drawn = np.random.choice(moves) * np.random.choice([-1, 1])
    else:
        drawn = _between(moves)
    return drawn * size if np.max(moves) < 1 else drawn
