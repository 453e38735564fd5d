"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.data.image_dataset_utils import image_dataset_from_directory as image_dataset_from_directory
from minikeras.data.text_dataset_utils import text_dataset_from_directory as text_dataset_from_directory
from minikeras.data.timeseries_dataset_utils import timeseries_dataset_from_array as timeseries_dataset_from_array
from minikeras.preprocessing import image as image
from minikeras.preprocessing import sequence as sequence

__all__ = [
    "image",
    "sequence",
    "image_dataset_from_directory",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]
