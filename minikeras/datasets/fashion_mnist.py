"""Articles of clothing."""

from __future__ import annotations

import zlib

import numpy as np

from minikeras.datasets.splitting import Split
from minikeras.utils.file_utils import GOOGLE, RemoteFile, cached_file

_FOLDER = "datasets/fashion-mnist"


def load_data() -> Split:
    """Load Fashion-MNIST: 70,000 pictures of clothing, in the form of MNIST.

    The files (30 MB) are downloaded once, into the folder where Keras keeps them:
    `~/.keras/datasets/fashion-mnist`, or `$KERAS_HOME/datasets/fashion-mnist`. The classes are: T-shirt
    or top, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 images of shape `(60000, 28, 28)` and
        `(10000, 28, 28)`, background 0, and uint8 classes from 0 to 9.

    Raises:
        OSError: if a file is not there and could not be downloaded.
        ValueError: if a file is damaged.

    Example:

    ```python
    (x_train, y_train), (x_test, y_test) = minikeras.datasets.fashion_mnist.load_data()
    ```
    """
    return _part("train"), _part("t10k")


def _part(name: str) -> tuple[np.ndarray, np.ndarray]:
    labels = _read(f"{name}-labels-idx1-ubyte.gz", 1)
    return _read(f"{name}-images-idx3-ubyte.gz", 3), labels


def _read(name: str, rank: int) -> np.ndarray:
    """Read an IDX file of bytes: a number for their kind and rank, the sizes, the bytes."""
    import gzip

    path = cached_file(RemoteFile(GOOGLE + name, folder=_FOLDER), name)
    try:
        with gzip.open(path) as file:
            content = file.read()
        kind, *shape = np.frombuffer(content, ">u4", 1 + rank).tolist()
        if kind != 0x800 + rank:
            raise ValueError("it is no IDX file of bytes")
        pixels = np.frombuffer(content, np.uint8, offset=4 * (1 + rank))
        return pixels.reshape(shape).copy()  # the bytes cannot be written into
    except (EOFError, ValueError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(
            f"{path} is damaged: {error}. Delete it, then it is downloaded."
        ) from error
