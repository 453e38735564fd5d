"""Prices of houses in California."""

from __future__ import annotations

from minikeras.datasets.splitting import Split, check_test_split, shuffle_and_split
from minikeras.utils.archives import read_npz
from minikeras.utils.file_utils import GOOGLE, RemoteFile, cached_file

_FILE = RemoteFile(
    GOOGLE + "california_housing.npz",
    "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
)


def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> Split:
    """Load the median prices of houses in districts of California in 1990.

    The file (0.7 MB) is downloaded once, into the folder where Keras keeps it.

    Args:
        version: `"large"` for all 20,640 districts, `"small"` for the first 600.
        path: name of the file in `~/.keras/datasets`, or `$KERAS_HOME/datasets`.
        test_split: share of the examples, from the end of the shuffled ones, that are for testing.
        seed: of the shuffling.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: features of shape `(n, 8)`, and prices in dollars.

    Raises:
        ValueError: if `version` is neither or `test_split` is out of range.
        OSError: if the file is not there and could not be downloaded.

    Example:

    ```python
    (x_train, y_train), (x_test, y_test) = minikeras.datasets.california_housing.load_data("small")
    ```
    """
    check_test_split("california_housing", test_split)
    if version not in ("small", "large"):
        raise ValueError(
            f"california_housing: `version` must be 'small' or 'large'. Received: {version!r}"
        )
    x, y = read_npz(cached_file(_FILE, path), ("x", "y"))
    n = 600 if version == "small" else len(x)
    return shuffle_and_split(x[:n], y[:n], test_split, seed)
