"""Prices of houses around Boston."""

from __future__ import annotations

from minikeras.datasets.splitting import Split, check_test_split, shuffle_and_split
from minikeras.utils.archives import read_npz
from minikeras.utils.file_utils import GOOGLE, RemoteFile, cached_file

_FILE = RemoteFile(
    GOOGLE + "boston_housing.npz",
    "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
)


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Split:
    """Load the median prices of houses in 506 districts of Boston in the seventies.

    One of its 13 features takes people by the colour of their skin; `california_housing` is the better
    choice. The file (57 kB) is downloaded once, into the folder where Keras keeps it.

    Args:
        path: name of the file in `~/.keras/datasets`, or `$KERAS_HOME/datasets`.
        test_split: share of the examples, from the end of the shuffled ones, that are for testing.
        seed: of the shuffling.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: float64 features of shape `(n, 13)`, and prices in
        thousands of dollars.

    Raises:
        ValueError: if `test_split` is out of range.
        OSError: if the file is not there and could not be downloaded.

    Example:

    ```python
    (x_train, y_train), (x_test, y_test) = minikeras.datasets.boston_housing.load_data()
    ```
    """
    check_test_split("boston_housing", test_split)
    x, y = read_npz(cached_file(_FILE, path), ("x", "y"))
    return shuffle_and_split(x, y, test_split, seed)
