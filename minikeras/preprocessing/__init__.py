"""Data on its way into a model: images and sequences."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.preprocessing import image, sequence

_LATE = {
    "image_dataset_from_directory": "minikeras.data.image_dataset_utils",
    "text_dataset_from_directory": "minikeras.data.text_dataset_utils",
    "timeseries_dataset_from_array": "minikeras.data.timeseries_dataset_utils",
}

__getattr__, __dir__, __all__ = _late_names(globals(), _LATE, "image sequence")
