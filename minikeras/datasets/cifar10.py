"""Small photographs of ten kinds."""

from __future__ import annotations

import numpy as np

from minikeras.datasets.images import as_configured
from minikeras.datasets.splitting import Split
from minikeras.utils.archives import read_pickles
from minikeras.utils.file_utils import TORONTO, RemoteFile, cached_file

_FILE = RemoteFile(
    TORONTO + "cifar-10-python.tar.gz",
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
)
_MEMBERS = [
    f"cifar-10-batches-py/{name}"
    for name in (*map("data_batch_{}".format, range(1, 6)), "test_batch")
]


def load_data() -> Split:
    """Load CIFAR-10: 60,000 small photographs of ten kinds of things.

    The file (170 MB) is downloaded once, into the folder where Keras keeps it (`~/.keras/datasets`, or
    `$KERAS_HOME/datasets`). The classes are: airplane, automobile, bird, cat, deer, dog, frog, horse,
    ship, truck.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 images of shape `(50000, 32, 32, 3)` and
        `(10000, 32, 32, 3)`, or with the channels first where that is the default, and uint8 classes of
        shape `(50000, 1)` and `(10000, 1)`.

    Raises:
        OSError: if the file is not there and could not be downloaded.

    Example:

    ```python
    (x_train, y_train), (x_test, y_test) = minikeras.datasets.cifar10.load_data()
    ```
    """
    path = cached_file(_FILE, "cifar-10-batches-py-target_archive", "cifar-10-batches-py.tar.gz")
    *train, test = read_pickles(path, _MEMBERS)
    x_train = np.concatenate([as_configured(batch[b"data"]) for batch in train])
    y_train = np.concatenate([np.asarray(batch[b"labels"], "uint8") for batch in train])
    y_test = np.asarray(test[b"labels"], "uint8")
    return (x_train, y_train[:, None]), (as_configured(test[b"data"]), y_test[:, None])
