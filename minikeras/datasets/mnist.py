"""Handwritten digits."""

from __future__ import annotations

from minikeras.datasets.splitting import Split
from minikeras.utils.archives import read_npz
from minikeras.utils.file_utils import GOOGLE, RemoteFile, cached_file

_FILE = RemoteFile(
    GOOGLE + "mnist.npz", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
)


def load_data(path: str = "mnist.npz") -> Split:
    """Load MNIST: 70,000 handwritten digits.

    The file (11 MB) is downloaded once, into the folder where Keras keeps it.

    Args:
        path: name of the file in `~/.keras/datasets`, or `$KERAS_HOME/datasets`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 images of shape `(60000, 28, 28)` and
        `(10000, 28, 28)`, black 0 and white 255, and uint8 digits.

    Raises:
        OSError: if the file is not there and could not be downloaded.

    Example:

    ```python
    (x_train, y_train), (x_test, y_test) = minikeras.datasets.mnist.load_data()
    x_train = x_train[..., None] / 255
    ```
    """
    x_train, y_train, x_test, y_test = read_npz(
        cached_file(_FILE, path), ("x_train", "y_train", "x_test", "y_test")
    )
    return (x_train, y_train), (x_test, y_test)
