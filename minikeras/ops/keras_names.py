"""What Keras calls an op: the class that stands for the function, and the module that has it."""

from __future__ import annotations

from collections.abc import Callable

# Files are named like Keras's, or hold a part of one of them; all others a part of `numpy`.
_MODULES = {
    "core": "core control",
    "einops": "rearrange",
    "image": "image",
    "linalg": "factorizations matrices",
    "math": "fft math segments",
    "nn": "activations convolution crossentropy ctc encoding normalization patches sequences",
}
_MODULE_OF_FILE = {file: module for module, files in _MODULES.items() for file in files.split()}
_ELSEWHERE = {"polar": "nn", "slogdet": "numpy"}

# Classes whose name is not the function's with capitals.
_CLASSES = {
    "abs": "Absolute",
    "allclose": "AllClose",
    "batch_normalization": "BatchNorm",
    "cdist": "CDist",
    "conj": "Conjugate",
    "ctc_loss": "CTCLoss",
    "fft": "FFT",
    "extract_patches_3d": "ExtractPatches",
    "fft2": "FFT2",
    "hsv_to_rgb": "HSVToRGB",
    "ifft2": "IFFT2",
    "irfft": "IRFFT",
    "isin": "IsIn",
    "istft": "ISTFT",
    "layer_normalization": "LayerNorm",
    "psnr": "PSNR",
    "rfft": "RFFT",
    "rgb_to_grayscale": "RGBToGrayscale",
    "rgb_to_hsv": "RGBToHSV",
    "rms_normalization": "RMSNorm",
    "searchsorted": "SearchSorted",
    "ssim": "SSIM",
    "stft": "STFT",
    "svd": "SVD",
}


def class_name(function: str) -> str:
    """Return the name of Keras's class for a function.

    Example:

    >>> class_name("expand_dims")
    'ExpandDims'
    """
    return _CLASSES.get(function) or "".join(w.capitalize() for w in function.split("_"))


def module_name(function: Callable) -> str:
    """Return the name of Keras's module that has the class for a function."""
    file = function.__module__.rpartition(".")[2]
    name = _ELSEWHERE.get(function.__name__) or _MODULE_OF_FILE.get(file, "numpy")
    return f"keras.src.ops.{name}"
