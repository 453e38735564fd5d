"""Helpers around training: data preparation, progress, seeds, custom objects, summaries."""

from minikeras.common.dtypes import standardize_dtype as standardize_dtype
from minikeras.common.late_names import late_names as _late_names
from minikeras.common.registry import CustomObjectScope as CustomObjectScope
from minikeras.common.registry import get_custom_objects as get_custom_objects
from minikeras.common.registry import get_registered_name as get_registered_name
from minikeras.common.registry import get_registered_object as get_registered_object
from minikeras.common.registry import register_keras_serializable as register_keras_serializable
from minikeras.common.serialization import deserialize_keras_object as deserialize_keras_object
from minikeras.common.serialization import serialize_keras_object as serialize_keras_object
from minikeras.ops.operation_utils import get_source_inputs as get_source_inputs
from minikeras.trainers.data_adapters.data_adapter_utils import (
    pack_x_y_sample_weight as pack_x_y_sample_weight,
)
from minikeras.trainers.data_adapters.data_adapter_utils import (
    unpack_x_y_sample_weight as unpack_x_y_sample_weight,
)
from minikeras.trainers.data_adapters.py_dataset_adapter import PyDataset as PyDataset
from minikeras.utils.config import Config as Config
from minikeras.utils.image_utils import array_to_img as array_to_img
from minikeras.utils.image_utils import img_to_array as img_to_array
from minikeras.utils.image_utils import load_img as load_img
from minikeras.utils.image_utils import save_img as save_img
from minikeras.utils.io_utils import disable_interactive_logging as disable_interactive_logging
from minikeras.utils.io_utils import enable_interactive_logging as enable_interactive_logging
from minikeras.utils.io_utils import (
    is_interactive_logging_enabled as is_interactive_logging_enabled,
)
from minikeras.utils.model_visualization import model_to_dot as model_to_dot
from minikeras.utils.model_visualization import plot_model as plot_model
from minikeras.utils.numerical_utils import normalize as normalize
from minikeras.utils.numerical_utils import to_categorical as to_categorical
from minikeras.utils.progbar import Progbar as Progbar
from minikeras.utils.rng_utils import set_random_seed as set_random_seed
from minikeras.utils.sequence_utils import pad_sequences as pad_sequences
from minikeras.utils.session import clear_session as clear_session
from minikeras.utils.session import is_keras_tensor as is_keras_tensor

Sequence = PyDataset
custom_object_scope = CustomObjectScope

_LATE = {
    "FeatureSpace": "minikeras.models.feature_space",
    "audio_dataset_from_directory": "minikeras.data.audio_dataset_utils",
    "bounding_boxes": "minikeras.utils.bounding_boxes",
    "get_file": "minikeras.utils.file_utils",
    "image_dataset_from_directory": "minikeras.data.image_dataset_utils",
    "split_dataset": "minikeras.data.dataset_utils",
    "text_dataset_from_directory": "minikeras.data.text_dataset_utils",
    "timeseries_dataset_from_array": "minikeras.data.timeseries_dataset_utils",
}
"""What few scripts need, and where it is: imported when it is asked for."""

__getattr__, __dir__, __all__ = _late_names(globals(), _LATE)
