"""Small photographs of a hundred kinds."""

from __future__ import annotations

import numpy as np

from minikeras.datasets.images import as_configured
from minikeras.datasets.splitting import Split
from minikeras.utils.archives import read_pickles
from minikeras.utils.file_utils import TORONTO, RemoteFile, cached_file

_FILE = RemoteFile(
    TORONTO + "cifar-100-python.tar.gz",
    "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
)


def load_data(label_mode: str = "fine") -> Split:
    """Load CIFAR-100: 60,000 small photographs of a hundred kinds of things.

    The file (169 MB) is downloaded once, into the folder where Keras keeps it (`~/.keras/datasets`, or
    `$KERAS_HOME/datasets`).

    Args:
        label_mode: `"fine"` for the hundred classes, `"coarse"` for the twenty groups of them.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 images of shape `(50000, 32, 32, 3)` and
        `(10000, 32, 32, 3)`, or with the channels first where that is the default, and integer classes
        of shape `(50000, 1)` and `(10000, 1)`.

    Raises:
        ValueError: if `label_mode` is neither.
        OSError: if the file is not there and could not be downloaded.

    Example:

    ```python
    (x_train, y_train), (x_test, y_test) = minikeras.datasets.cifar100.load_data("coarse")
    ```
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(
            f"cifar100: `label_mode` must be 'fine' or 'coarse'. Received: {label_mode!r}"
        )
    path = cached_file(_FILE, "cifar-100-python-target_archive", "cifar-100-python.tar.gz")
    labels = f"{label_mode}_labels".encode()
    train, test = (
        (as_configured(part[b"data"]), np.reshape(part[labels], (-1, 1)))
        for part in read_pickles(path, ("cifar-100-python/train", "cifar-100-python/test"))
    )
    return train, test
