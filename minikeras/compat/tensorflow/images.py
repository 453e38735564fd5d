"""`tf.image`, and images in files."""

from __future__ import annotations

import io
from collections import namedtuple
from typing import Any

import numpy as np

from minikeras import ops
from minikeras.autodiff import Tensor
from minikeras.autodiff.probe import probe
from minikeras.autodiff.tensor import to_array
from minikeras.common.dtypes import standardize_dtype
from minikeras.common.extras import require
from minikeras.compat.tensorflow.arrays import pad, tensor
from minikeras.compat.tensorflow.elementwise import dtype_name
from minikeras.compat.tensorflow.random_numbers import numpy_generator
from minikeras.compat.tensorflow.symbols import sized
from minikeras.compat.tensorflow.table import add, named, number, sizes
from minikeras.kernels import linalg, resampling
from minikeras.kernels.colors import LUMA
from minikeras.ops.filters import similarity


class ResizeMethod:
    """Names of ways to resize."""

    BILINEAR = "bilinear"
    NEAREST_NEIGHBOR = "nearest"
    BICUBIC = "bicubic"
    AREA = "area"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    GAUSSIAN = "gaussian"
    MITCHELLCUBIC = "mitchellcubic"


add("image.ResizeMethod", ResizeMethod)


@named("image.resize image.resize_images")
def resize(
    images: Any,
    size: Any,
    method: str = "bilinear",
    preserve_aspect_ratio: bool = False,
    antialias: bool = False,
    align_corners: bool = False,
) -> Any:
    """Return images of another size, as floats, or in their dtype for `"nearest"`."""
    if isinstance(method, int):  # TensorFlow 1 numbered them
        method = ("bilinear", "nearest", "bicubic", "area")[method]
    if method not in resampling.METHODS:
        raise ValueError(f"tf.image.resize: argument `method` is not known. Received: {method!r}")
    x = tensor(images)
    height, width = ops.shape(x)[-3:-1]
    rows, columns = (int(n) for n in sizes(size))
    if preserve_aspect_ratio:
        factor = min(rows / height, columns / width)
        rows, columns = (round(n * factor) for n in (height, width))
    if method == "nearest":
        for axis, old, new in ((-3, height, rows), (-2, width, columns)):
            x = ops.take(x, resampling.axis_map(old, new, method).source, axis=axis)
        return x
    x = ops.cast(x, "float32") if dtype_name(x) != "float64" else x
    for letter, old, new in (("h", height, rows), ("w", width, columns)):
        if old != new or method in resampling.SMOOTHING:
            resized = resampling.axis_map(old, new, method, antialias)
            weights = resized.in_dtype(np.dtype(dtype_name(x)))
            after = f"...{'kwc' if letter == 'h' else 'hkc'}"
            x = ops.einsum(f"k{letter},...hwc->{after}", weights, x)
    return x


@named("image.resize_with_pad")
def resize_with_pad(
    image: Any,
    target_height: int,
    target_width: int,
    method: str = "bilinear",
    antialias: bool = False,
) -> Any:
    """Return images of another size, with zeros around that keep their proportions."""
    height, width = ops.shape(image)[-3:-1]
    factor = min(target_height / height, target_width / width)
    rows, columns = int(height * factor), int(width * factor)
    x = resize(image, (rows, columns), method, antialias=antialias)
    top, left = (target_height - rows) // 2, (target_width - columns) // 2
    return pad_to_bounding_box(x, top, left, target_height, target_width)


@named("image.crop_to_bounding_box")
def crop_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Any:
    """Return a part of images."""
    y, x, rows, columns = (
        int(number(n)) for n in (offset_height, offset_width, target_height, target_width)
    )
    return ops.get_item(
        tensor(image), (..., slice(y, y + rows), slice(x, x + columns), slice(None))
    )


@named("image.pad_to_bounding_box")
def pad_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Any:
    """Return images with zeros around."""
    height, width = ops.shape(image)[-3:-1]
    top, left = int(number(offset_height)), int(number(offset_width))
    around = [
        [top, int(number(target_height)) - top - height],
        [left, int(number(target_width)) - left - width],
    ]
    if min(map(min, around)) < 0:
        raise ValueError(
            f"tf.image.pad_to_bounding_box: images of {height} by {width} do not fit into "
            f"{target_height} by {target_width} at ({top}, {left})."
        )
    return pad(image, [[0, 0]] * (len(ops.shape(image)) - 3) + [*around, [0, 0]])


@named("image.resize_with_crop_or_pad image.resize_image_with_crop_or_pad")
def resize_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Any:
    """Return images of another size, cut or with zeros around."""
    height, width = ops.shape(image)[-3:-1]
    rows, columns = int(number(target_height)), int(number(target_width))
    top, left = max(height - rows, 0) // 2, max(width - columns, 0) // 2
    x = crop_to_bounding_box(image, top, left, min(rows, height), min(columns, width))
    top, left = max(rows - height, 0) // 2, max(columns - width, 0) // 2
    return pad_to_bounding_box(x, top, left, rows, columns)


@named("image.central_crop")
def central_crop(image: Any, central_fraction: float) -> Any:
    """Return the middle of images."""
    height, width = ops.shape(image)[-3:-1]
    top, left = (int((n - n * central_fraction) / 2) for n in (height, width))
    return crop_to_bounding_box(image, top, left, height - 2 * top, width - 2 * left)


@named("image.crop_and_resize")
def crop_and_resize(
    image: Any,
    boxes: Any,
    box_indices: Any,
    crop_size: Any,
    method: str = "bilinear",
    extrapolation_value: float = 0.0,
) -> Any:
    """Cut boxes out of images and bring them to one size; corners are aligned."""
    x, boxes = ops.cast(image, "float32"), ops.cast(boxes, "float32")
    which = ops.reshape(ops.cast(box_indices, "int32"), (-1, 1, 1))
    height, width = x.shape[1:3]
    rows, columns = sizes(crop_size)

    def places(low: Any, high: Any, count: int, size: int) -> tuple:
        """Return where one axis of the crops lies: two pixels, how far from the first, if inside."""
        steps = np.linspace(0, 1, count, dtype=np.float32) if count > 1 else np.float32([0.5])
        at = (low[:, None] + steps * (high - low)[:, None]) * (size - 1)
        inside = ops.logical_and(at >= 0, at <= size - 1)
        at = ops.round(at) if method == "nearest" else at
        first = ops.clip(ops.floor(at), 0, size - 1)
        second = ops.minimum(first + 1, size - 1)
        return ops.cast(first, "int32"), ops.cast(second, "int32"), at - first, inside

    y0, y1, fy, in_y = places(boxes[:, 0], boxes[:, 2], rows, height)
    x0, x1, fx, in_x = places(boxes[:, 1], boxes[:, 3], columns, width)
    fy, fx = fy[:, :, None, None], fx[:, None, :, None]

    def pixels(y: Any, x_: Any) -> Any:
        return ops.get_item(x, (which, y[:, :, None], x_[:, None, :]))

    top = pixels(y0, x0) * (1 - fx) + pixels(y0, x1) * fx
    bottom = pixels(y1, x0) * (1 - fx) + pixels(y1, x1) * fx
    inside = ops.logical_and(in_y[:, :, None, None], in_x[:, None, :, None])
    return ops.where(inside, top * (1 - fy) + bottom * fy, extrapolation_value)


# Turning.


def _flip(name: str, axis: int) -> None:
    @named(f"image.{name}")
    def flip(image: Any) -> Any:
        return ops.flip(image, axis)

    @named(f"image.random_{name} image.stateless_random_{name}")
    def random_flip(image: Any, seed: Any = None) -> Any:
        rng = numpy_generator(seed)
        if len(ops.shape(image)) == 3:
            return ops.flip(image, axis) if rng.random() < 0.5 else tensor(image)
        which = rng.random(ops.shape(image)[0]) < 0.5
        return ops.where(which[:, None, None, None], ops.flip(image, axis), image)


_flip("flip_left_right", -2)
_flip("flip_up_down", -3)


@named("image.rot90")
def rot90(image: Any, k: Any = 1) -> Any:
    """Turn images by right angles, counterclockwise."""
    return ops.rot90(image, int(number(k)), axes=(-3, -2))


@named("image.transpose image.transpose_image")
def transpose(image: Any) -> Any:
    """Exchange rows and columns of images."""
    return ops.swapaxes(image, -3, -2)


# Colors.


@named("image.convert_image_dtype")
def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False) -> Any:
    """Return images in another dtype: floats from 0 to 1, integers over their range."""
    old, new = dtype_name(image), standardize_dtype(dtype)
    if old == new:
        return tensor(image)
    from_int, to_int = "int" in old, "int" in new
    if from_int and to_int:
        shift = 8 * (np.dtype(new).itemsize - np.dtype(old).itemsize)
        x = ops.cast(image, "int64")
        steps = np.iinfo(new).max.bit_length() - np.iinfo(old).max.bit_length() or shift
        return ops.cast(x * 2**steps if steps >= 0 else ops.floor_divide(x, 2**-steps), new)
    if from_int:
        return ops.cast(image, new) * (1.0 / np.iinfo(old).max)
    if not to_int:
        return ops.cast(image, new)
    y = ops.convert_to_tensor(image) * (np.iinfo(new).max + 0.5)
    return ops.saturate_cast(y, new) if saturate else ops.cast(y, new)


def _in_floats(image: Any, change: Any) -> Any:
    """Change images as floats; return them in their own dtype."""
    dtype = dtype_name(image)
    if "float" in dtype:
        return change(ops.convert_to_tensor(image))
    return convert_image_dtype(change(convert_image_dtype(image, "float32")), dtype, saturate=True)


@named("image.adjust_brightness")
def adjust_brightness(image: Any, delta: Any) -> Any:
    """Add to all pixels."""
    return _in_floats(image, lambda x: x + delta)


@named("image.adjust_contrast")
def adjust_contrast(images: Any, contrast_factor: Any) -> Any:
    """Move pixels from, or to, the mean of their channel."""

    def change(x: Any) -> Any:
        mean = ops.mean(x, axis=(-3, -2), keepdims=True)
        return (x - mean) * contrast_factor + mean

    return _in_floats(images, change)


@named("image.adjust_gamma")
def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Any:
    """`gain * image ** gamma`."""
    return _in_floats(image, lambda x: gain * ops.power(x, gamma))


@named("image.rgb_to_grayscale")
def rgb_to_grayscale(images: Any) -> Any:
    """Return the brightness of colors."""
    weights = np.array(LUMA, np.float32)[:, None]
    return _in_floats(images, lambda x: ops.matmul(x, ops.cast(weights, dtype_name(x))))


@named("image.grayscale_to_rgb")
def grayscale_to_rgb(images: Any) -> Any:
    """Return three equal channels."""
    return ops.repeat(tensor(images), 3, axis=-1)


@named("image.rgb_to_hsv")
def rgb_to_hsv(images: Any) -> Any:
    """Return hue, saturation and value of colors."""
    x = tensor(images)
    if not x.shape or x.shape[-1] not in (3, None):
        raise ValueError(
            "tf.image.rgb_to_hsv: the last axis of `images` must be that of 3 channels. "
            f"Received: images.shape={tuple(x.shape)}"
        )
    return _by_pixel(ops.image.rgb_to_hsv, x)


def _by_pixel(function: Any, x: Any) -> Any:
    """Call a function of images on colors in any number of axes."""
    if len(x.shape) in (3, 4):
        return function(x, "channels_last")
    pixels = ops.reshape(x, (1, -1, 3))
    return ops.reshape(function(pixels, "channels_last"), x.shape)


_YUV = [
    [0.299, -0.14714119, 0.61497538],
    [0.587, -0.28886916, -0.51496512],
    [0.114, 0.43601035, -0.10001026],
]


@named("image.rgb_to_yuv")
def rgb_to_yuv(images: Any) -> Any:
    """Return brightness and two differences of colors."""
    return ops.matmul(images, np.asarray(_YUV, dtype_name(images)))


@named("image.yuv_to_rgb")
def yuv_to_rgb(images: Any) -> Any:
    """Return colors of brightness and two differences."""
    return ops.matmul(images, linalg.inv(_YUV).astype(dtype_name(images)))


@named("image.hsv_to_rgb")
def hsv_to_rgb(images: Any) -> Any:
    """Return colors of hue, saturation and value."""
    x = ops.convert_to_tensor(images)
    return _to_rgb(x[..., 0], x[..., 1], x[..., 2])


def _to_rgb(hue: Any, saturation: Any, value: Any) -> Any:
    """Return colors; beyond the ends of the circle there is the red of its ends."""
    hsv = ops.stack([ops.clip(hue, 0, 1), saturation, value], axis=-1)
    return _by_pixel(ops.image.hsv_to_rgb, hsv)


@named("image.adjust_hue")
def adjust_hue(image: Any, delta: Any) -> Any:
    """Turn colors around the circle."""

    def change(x: Any) -> Any:
        hsv = rgb_to_hsv(x)
        return _to_rgb(ops.mod(hsv[..., 0] + delta, 1.0), hsv[..., 1], hsv[..., 2])

    return _in_floats(image, change)


@named("image.adjust_saturation")
def adjust_saturation(image: Any, saturation_factor: Any) -> Any:
    """Make colors stronger or weaker."""

    def change(x: Any) -> Any:
        hsv = rgb_to_hsv(x)
        return _to_rgb(hsv[..., 0], ops.clip(hsv[..., 1] * saturation_factor, 0, 1), hsv[..., 2])

    return _in_floats(image, change)


def _drawn_around_zero(name: str, adjust: Any) -> None:
    @named(f"image.random_{name} image.stateless_random_{name}")
    def change(image: Any, max_delta: Any, seed: Any = None) -> Any:
        delta = number(max_delta)
        return adjust(image, numpy_generator(seed).uniform(-delta, delta))


def _drawn_between(name: str, adjust: Any) -> None:
    @named(f"image.random_{name} image.stateless_random_{name}")
    def change(image: Any, lower: Any, upper: Any, seed: Any = None) -> Any:
        return adjust(image, numpy_generator(seed).uniform(number(lower), number(upper)))


_drawn_around_zero("brightness", adjust_brightness)
_drawn_around_zero("hue", adjust_hue)
_drawn_between("contrast", adjust_contrast)
_drawn_between("saturation", adjust_saturation)


@named("image.per_image_standardization")
def per_image_standardization(image: Any) -> Any:
    """Scale each image to mean 0 and variance 1."""
    x = image if "float" in dtype_name(image) else ops.cast(image, "float32")
    x = ops.convert_to_tensor(x)
    axes = (-3, -2, -1)
    n = float(np.prod(x.shape[-3:]))
    spread = ops.maximum(ops.std(x, axes, keepdims=True), 1.0 / np.sqrt(n))
    return (x - ops.mean(x, axes, keepdims=True)) / ops.cast(spread, dtype_name(x))


# Measures and patches.


@named("image.psnr")
def psnr(a: Any, b: Any, max_val: Any) -> Any:
    """Return the peak signal-to-noise ratio of images, in decibels."""
    a, b = convert_image_dtype(a, "float32"), convert_image_dtype(b, "float32")
    peak = ops.cast(number(max_val), "float32")
    error = ops.mean(ops.square(a - b), axis=(-3, -2, -1))
    return 20 * ops.log10(peak) - 10 * ops.log10(error)


@named("image.ssim")
def ssim(
    img1: Any,
    img2: Any,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    return_index_map: bool = False,
) -> Any:
    """Return the structural similarity of images.

    Reference: Wang et al., 2004, "Image quality assessment: from error visibility to structural
    similarity".
    """
    x, y = (ops.cast(i, "float32") for i in (img1, img2))
    lead = x.shape[:-3]
    how = (float(number(max_val)), filter_size, filter_sigma, k1, k2, "channels_last")
    compare = index_map if return_index_map else ops.image.ssim
    if len(lead) == 1:
        return compare(x, y, *how)
    x, y = (ops.reshape(i, (-1, *i.shape[-3:])) for i in (x, y))
    found = compare(x, y, *how)
    return ops.reshape(found, (*lead, *found.shape[1:]))


@sized(rule=probe)
def index_map(x: Any, y: Any, *how: Any) -> Any:
    """Return the structural similarity around each pixel, the mean of its channels."""
    return ops.mean(similarity(x, y, *how), axis=-1)


@named("image.total_variation")
def total_variation(images: Any) -> Any:
    """Return the sum of differences between neighbouring pixels."""
    x = ops.convert_to_tensor(images)
    axes = (-3, -2, -1)
    down = ops.sum(ops.abs(x[..., 1:, :, :] - x[..., :-1, :, :]), axes)
    across = ops.sum(ops.abs(x[..., :, 1:, :] - x[..., :, :-1, :]), axes)
    return down + across


@named("image.image_gradients")
def image_gradients(image: Any) -> tuple:
    """Return differences to the pixel below and to the right."""
    x = ops.convert_to_tensor(image)
    down = ops.pad(x[:, 1:] - x[:, :-1], [[0, 0], [0, 1], [0, 0], [0, 0]])
    across = ops.pad(x[:, :, 1:] - x[:, :, :-1], [[0, 0], [0, 0], [0, 1], [0, 0]])
    return down, across


@named("image.sobel_edges")
def sobel_edges(image: Any) -> Any:
    """Return Sobel's derivatives, down and across, along a new last axis."""
    x = ops.convert_to_tensor(image)
    padded = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "reflect")
    return ops.image.sobel_edges(padded, data_format="channels_last")[:, 1:-1, 1:-1]


@named(
    "image.extract_patches extract_image_patches image.extract_image_patches",
    old={"ksizes": "sizes"},
)
def extract_patches(images: Any, sizes: Any, strides: Any, rates: Any, padding: str) -> Any:
    """Return the windows of images, each as channels."""
    size, strides, rates = (tuple(a[1:3]) for a in (sizes, strides, rates))
    return ops.image.extract_patches(images, size, strides, rates, padding.lower(), "channels_last")


@named("image.non_max_suppression")
def non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: float = 0.5,
    score_threshold: float = -np.inf,
) -> Any:
    """Return the indices of the best boxes that do not overlap much."""
    b, s = to_array(boxes).astype(np.float64), to_array(scores)
    low, high = np.minimum(b[:, :2], b[:, 2:]), np.maximum(b[:, :2], b[:, 2:])
    area = np.prod(high - low, 1)
    kept: list[int] = []
    for i in np.argsort(-s, kind="stable"):
        if len(kept) == int(number(max_output_size)) or s[i] <= number(score_threshold):
            break
        inter = np.prod(
            np.maximum(np.minimum(high[i], high[kept]) - np.maximum(low[i], low[kept]), 0), 1
        )
        if not kept or (inter / np.maximum(area[i] + area[kept] - inter, 1e-12)).max() <= number(
            iou_threshold
        ):
            kept.append(int(i))
    return Tensor(np.asarray(kept, np.int32))


Detections = namedtuple(
    "CombinedNonMaxSuppression",
    "nmsed_boxes nmsed_scores nmsed_classes valid_detections",
)


@named("image.combined_non_max_suppression")
def combined_non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size_per_class: Any,
    max_total_size: Any,
    iou_threshold: float = 0.5,
    score_threshold: float = -np.inf,
    pad_per_class: bool = False,
    clip_boxes: bool = True,
) -> Detections:
    """Return the best boxes of each image that overlap little with better ones of their class."""
    b, s = to_array(boxes).astype(np.float32), to_array(scores).astype(np.float32)
    classes, most = s.shape[2], int(number(max_total_size))
    if pad_per_class:
        most = min(most, int(number(max_output_size_per_class)) * classes)
    found = np.zeros((len(b), most, 6), np.float32)  # boxes, scores, classes
    counts = np.zeros(len(b), np.int32)
    for i in range(len(b)):
        rows = []
        for c in range(classes):
            of_class = b[i, :, min(c, b.shape[2] - 1)]
            kept = non_max_suppression(
                of_class, s[i, :, c], max_output_size_per_class, iou_threshold, score_threshold
            )
            rows += [[*of_class[k], s[i, k, c], c] for k in to_array(kept)]
        rows.sort(key=lambda row: -row[4])
        counts[i] = min(len(rows), most)
        if rows:
            found[i, : counts[i]] = rows[:most]
    if clip_boxes:
        found[..., :4] = np.clip(found[..., :4], 0, 1)
    parts = found[..., :4], found[..., 4], found[..., 5], counts
    return Detections(*map(Tensor, parts))


# Files.


def _bytes(contents: Any) -> bytes:
    if isinstance(contents, (bytes, bytearray)):
        return bytes(contents)
    value = contents.numpy() if hasattr(contents, "numpy") else contents
    return value if isinstance(value, bytes) else bytes(value)


def _decoded(contents: Any, channels: Any = 0, dtype: Any = "uint8", frames: bool = False) -> Any:
    image_module = require("PIL.Image", "image")
    image = image_module.open(io.BytesIO(_bytes(contents)))
    channels = channels or 0
    if channels not in (0, 1, 3, 4):
        raise ValueError(f"Images have 1, 3 or 4 channels. Received: channels={channels}")
    if channels == 0:
        channels = {"L": 1, "1": 1, "I;16": 1, "RGBA": 4, "LA": 2}.get(image.mode, 3)
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    array = np.asarray(image.convert(mode))
    array = array[:, :, None] if array.ndim == 2 else array
    array = array[None] if frames else array
    return convert_image_dtype(Tensor(array), dtype)


@named("image.decode_image io.decode_image")
def decode_image(
    contents: Any, channels: Any = None, dtype: Any = "uint8", expand_animations: bool = True
) -> Any:
    """Return the pixels of an image file: PNG, JPEG, BMP or GIF."""
    return _decoded(contents, channels, dtype)


@named("image.decode_jpeg io.decode_jpeg")
def decode_jpeg(contents: Any, channels: int = 0, **options: Any) -> Any:
    """Return the pixels of a JPEG file."""
    return _decoded(contents, channels)


@named("image.decode_png io.decode_png")
def decode_png(contents: Any, channels: int = 0, dtype: Any = "uint8") -> Any:
    """Return the pixels of a PNG file."""
    return _decoded(contents, channels, dtype)


@named("image.decode_bmp io.decode_bmp")
def decode_bmp(contents: Any, channels: int = 0) -> Any:
    """Return the pixels of a BMP file."""
    return _decoded(contents, channels)


@named("image.decode_gif io.decode_gif")
def decode_gif(contents: Any) -> Any:
    """Return the pixels of the first picture of a GIF file, with an axis for pictures."""
    return _decoded(contents, 3, frames=True)


def encoded(image: Any, format: str, **options: Any) -> bytes:
    """Return the bytes of a file with an image."""
    image_module = require("PIL.Image", "image")
    array = to_array(image)
    file = io.BytesIO()
    picture = image_module.fromarray(array[:, :, 0] if array.shape[-1] == 1 else array)
    picture.save(file, format, **options)
    return file.getvalue()
