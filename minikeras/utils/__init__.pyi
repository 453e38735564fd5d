"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.common.dtypes import standardize_dtype as standardize_dtype
from minikeras.common.registry import CustomObjectScope as CustomObjectScope
from minikeras.common.registry import CustomObjectScope as custom_object_scope
from minikeras.common.registry import get_custom_objects as get_custom_objects
from minikeras.common.registry import get_registered_name as get_registered_name
from minikeras.common.registry import get_registered_object as get_registered_object
from minikeras.common.registry import register_keras_serializable as register_keras_serializable
from minikeras.common.serialization import deserialize_keras_object as deserialize_keras_object
from minikeras.common.serialization import serialize_keras_object as serialize_keras_object
from minikeras.data.audio_dataset_utils import audio_dataset_from_directory as audio_dataset_from_directory
from minikeras.data.dataset_utils import split_dataset as split_dataset
from minikeras.data.image_dataset_utils import image_dataset_from_directory as image_dataset_from_directory
from minikeras.data.text_dataset_utils import text_dataset_from_directory as text_dataset_from_directory
from minikeras.data.timeseries_dataset_utils import timeseries_dataset_from_array as timeseries_dataset_from_array
from minikeras.models.feature_space import FeatureSpace as FeatureSpace
from minikeras.ops.operation_utils import get_source_inputs as get_source_inputs
from minikeras.trainers.data_adapters.data_adapter_utils import pack_x_y_sample_weight as pack_x_y_sample_weight
from minikeras.trainers.data_adapters.data_adapter_utils import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from minikeras.trainers.data_adapters.py_dataset_adapter import PyDataset as PyDataset
from minikeras.trainers.data_adapters.py_dataset_adapter import PyDataset as Sequence
from minikeras.utils import bounding_boxes as bounding_boxes
from minikeras.utils.config import Config as Config
from minikeras.utils.file_utils import get_file as get_file
from minikeras.utils.image_utils import array_to_img as array_to_img
from minikeras.utils.image_utils import img_to_array as img_to_array
from minikeras.utils.image_utils import load_img as load_img
from minikeras.utils.image_utils import save_img as save_img
from minikeras.utils.io_utils import disable_interactive_logging as disable_interactive_logging
from minikeras.utils.io_utils import enable_interactive_logging as enable_interactive_logging
from minikeras.utils.io_utils import is_interactive_logging_enabled as is_interactive_logging_enabled
from minikeras.utils.model_visualization import model_to_dot as model_to_dot
from minikeras.utils.model_visualization import plot_model as plot_model
from minikeras.utils.numerical_utils import normalize as normalize
from minikeras.utils.numerical_utils import to_categorical as to_categorical
from minikeras.utils.progbar import Progbar as Progbar
from minikeras.utils.rng_utils import set_random_seed as set_random_seed
from minikeras.utils.sequence_utils import pad_sequences as pad_sequences
from minikeras.utils.session import clear_session as clear_session
from minikeras.utils.session import is_keras_tensor as is_keras_tensor

__all__ = [
    "standardize_dtype",
    "CustomObjectScope",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "register_keras_serializable",
    "deserialize_keras_object",
    "serialize_keras_object",
    "get_source_inputs",
    "pack_x_y_sample_weight",
    "unpack_x_y_sample_weight",
    "PyDataset",
    "Config",
    "array_to_img",
    "img_to_array",
    "load_img",
    "save_img",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "is_interactive_logging_enabled",
    "model_to_dot",
    "plot_model",
    "normalize",
    "to_categorical",
    "Progbar",
    "set_random_seed",
    "pad_sequences",
    "clear_session",
    "is_keras_tensor",
    "Sequence",
    "custom_object_scope",
    "FeatureSpace",
    "audio_dataset_from_directory",
    "bounding_boxes",
    "get_file",
    "image_dataset_from_directory",
    "split_dataset",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]
