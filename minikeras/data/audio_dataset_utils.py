"""`audio_dataset_from_directory`: sounds in folders, one for each class; reading and resampling `.wav`."""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from minikeras.common.arguments import PositiveInt, Truth, checked
from minikeras.data.dataset import Dataset
from minikeras.data.dataset_utils import LabelMode, Reading, Subset, dataset_of_files
from minikeras.data.spec import TensorSpec


@checked
def audio_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: LabelMode = "int",
    class_names: Sequence[str] | None = None,
    batch_size: PositiveInt | None = 32,
    sampling_rate: PositiveInt | None = None,
    output_sequence_length: PositiveInt | None = None,
    ragged: Truth = False,
    shuffle: Truth = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: Subset = None,
    follow_links: Truth = False,
    verbose: Truth = True,
) -> Dataset | tuple[Dataset, Dataset]:
    """Make a data set of the `.wav` files in a folder, which threads read while a model trains.

    Args:
        directory: the folder. See `image_dataset_from_directory` for the arguments that are not here.
        labels: `"inferred"`: the folders in it are the classes. None: no labels. Or a list of them.
        label_mode: `"int"`, `"binary"`, `"categorical"`, or None for no labels.
        class_names: the folders to take, in the order of their numbers; all of them, sorted, if None.
        batch_size: sounds in a batch; None for single sounds.
        sampling_rate: samples a second that all sounds are brought to; if None each keeps its own.
        output_sequence_length: samples of a sound, counted after that: longer ones are cut, shorter ones
            filled up with zeros. If None, sounds are filled up to the longest of their batch.
        ragged: must be False: there are no ragged tensors.
        shuffle: whether to bring files into random order, and to shuffle them anew in each pass.
        seed: seed of both.
        validation_split: the fraction of the files that is kept for validation.
        subset: `"training"`, `"validation"` or `"both"`, with `validation_split`.
        follow_links: whether to go into folders that links point to.
        verbose: whether to print how many files there are.

    Returns:
        A `Dataset` of float32 sounds from -1 to 1, of shape `(batch, samples, channels)`, or of pairs
        of them and labels. It has the attributes `class_names` and `file_paths`. Two of them for
        `subset="both"`.
        Files may hold integers of 8, 16, 24 and 32 bits and floats of 32 and 64.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it holds no sounds, or if an argument is not as described. A file that cannot be read
            raises one when its turn comes.

    Example:

    >>> import os, tempfile, wave
    >>> from minikeras.utils import audio_dataset_from_directory
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with wave.open(os.path.join(folder, "1.wav"), "wb") as file:
    ...         file.setparams((1, 2, 8000, 0, "NONE", ""))
    ...         file.writeframes(b"\\x00\\x40" * 100)
    ...     for sounds in audio_dataset_from_directory(folder, labels=None):
    ...         print(sounds.shape, sounds[0, 0, 0].item())
    Found 1 files.
    (1, 100, 1) 0.5
    """
    if ragged:
        raise ValueError(
            "audio_dataset_from_directory: `ragged=True` asks for ragged tensors, which minikeras has "
            "not. Without it sounds are filled up to the longest of their batch."
        )
    return dataset_of_files(
        "audio_dataset_from_directory",
        Reading(
            functools.partial(_read, rate=sampling_rate, length=output_sequence_length),
            TensorSpec((output_sequence_length, None), "float32"),
            (".wav",),
            "audio",
            padded=output_sequence_length is None,
        ),
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


def _read(path: str, rate: int | None, length: int | None) -> np.ndarray:
    """Return the sound in a file, of some rate and length."""
    try:
        with open(path, "rb") as file:
            sound, own_rate = read_wav(file, length if rate is None else None)
    except (ValueError, struct.error) as error:
        raise ValueError(f"audio_dataset_from_directory: {path!r}: {error}") from error
    if rate is not None and rate != own_rate:
        sound = resampled(sound, own_rate, rate)
    if length is None or len(sound) == length:
        return sound
    fitted = np.zeros((length, sound.shape[1]), np.float32)
    fitted[: len(sound)] = sound[:length]
    return fitted


_DTYPES = {
    (1, 8): "u1",
    (1, 16): "<i2",
    (1, 24): "V3",
    (1, 32): "<i4",
    (3, 32): "<f4",
    (3, 64): "<f8",
}
"""Numbers in a file, by the kind and the bits that its header gives."""

_EXTENSIBLE, _UNKNOWN = 0xFFFE, 0xFFFFFFFF


def read_wav(file: BinaryIO, samples: int | None = None) -> tuple[np.ndarray, int]:
    """Return the sound in a file as float32 of shape `(samples, channels)`, and its rate.

    Args:
        file: the open file.
        samples: how many are wanted at most; all of them if None.

    Raises:
        ValueError: if it is no such file, if it is cut off, or holds compressed numbers.
    """
    if (start := file.read(12))[:4] != b"RIFF" or start[8:] != b"WAVE":
        raise ValueError("this is no WAV file")
    dtype = None
    while True:
        name, size = struct.unpack("<4sI", file.read(8).ljust(8, b"\0"))
        if name == b"data" and dtype is not None:
            break
        if name in (b"data", b"\0\0\0\0"):
            raise ValueError("the file is cut off, or has no sound in it")
        content = file.read(size + size % 2)
        if name == b"fmt ":
            kind, channels, rate, _, step, bits = struct.unpack("<HHIIHH", content[:16])
            if kind == _EXTENSIBLE:
                kind = struct.unpack("<H", content[24:26])[0]
            dtype = _DTYPES.get((kind, bits))
            if dtype is None:
                raise ValueError(
                    f"numbers of the kind {kind} with {bits} bits cannot be read, only integers (1) of "
                    "8, 16, 24 and 32 bits, and floats (3) of 32 and 64"
                )
            if not channels or not rate or step != channels * bits // 8:
                raise ValueError("the header contradicts itself")
    wanted = -1 if size == _UNKNOWN else size
    if samples is not None and (wanted < 0 or wanted > samples * step):
        wanted = samples * step
    content = file.read(wanted)
    if size != _UNKNOWN and len(content) < wanted:
        raise ValueError(f"the file is cut off: {len(content)} of {wanted} bytes are there")
    numbers = np.frombuffer(content[: len(content) // step * step], dtype)
    if dtype == "V3":  # the upper bytes of 32 bits
        wide = np.zeros((len(numbers), 4), np.uint8)
        wide[:, 1:] = numbers.view(np.uint8).reshape(-1, 3)
        numbers = wide.view("<i4")[:, 0]
    if dtype == "u1":
        numbers = numbers.astype(np.float32) - 128
    scale = {"u1": 2**-7, "<i2": 2**-15, "V3": 2**-31, "<i4": 2**-31}.get(dtype, 1)
    sound = numbers.astype(np.float32) * np.float32(scale)
    return sound.reshape(-1, channels), rate


def resampled(sound: np.ndarray, old: int, new: int) -> np.ndarray:
    """Return a sound at another rate, what lies above half of the lower one filtered out.

    Args:
        sound: shape `(samples, channels)`.
        old: its samples a second.
        new: those of the result.
    """
    common = math.gcd(old, new)
    up, down = new // common, old // common
    half, weights = _low_pass(up, down)
    count = -(-len(sound) * up // down)
    result = np.empty((count, sound.shape[1]), np.float32)
    reach = half // up + 1
    taps = 2 * reach + 1
    padded = np.pad(sound, ((reach, reach + down), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, taps, axis=0)
    # A new sample lies between two old ones at one of `up` places, each with weights of its own.
    for place in range(min(up, count)):
        middle, between = divmod(place * down, up)
        at = between + half - (np.arange(taps) - reach) * up
        inside = (at >= 0) & (at < len(weights))
        part = result[place::up]
        some = windows[middle : middle + (len(part) - 1) * down + 1 : down]
        part[...] = some @ np.where(inside, weights[np.where(inside, at, 0)], 0).astype(np.float32)
    return result


@functools.lru_cache(maxsize=16)
def _low_pass(up: int, down: int) -> tuple[int, np.ndarray]:
    """Return half the length of a filter, and its weights: a sinc under a Kaiser window."""
    slow = max(up, down)
    half = 10 * slow
    weights = np.sinc(np.arange(-half, half + 1) / slow) * np.kaiser(2 * half + 1, 5.0)
    return half, weights * (up / weights.sum())
