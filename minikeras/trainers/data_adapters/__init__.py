"""From what users pass to `fit` to batches of NumPy arrays."""

from minikeras.trainers.data_adapters.array_data_adapter import ArrayDataAdapter as ArrayDataAdapter
from minikeras.trainers.data_adapters.data_adapter import DataAdapter as DataAdapter
from minikeras.trainers.data_adapters.data_adapter_utils import (
    class_weight_to_sample_weights as class_weight_to_sample_weights,
)
from minikeras.trainers.data_adapters.data_adapter_utils import (
    pack_x_y_sample_weight as pack_x_y_sample_weight,
)
from minikeras.trainers.data_adapters.data_adapter_utils import (
    train_validation_split as train_validation_split,
)
from minikeras.trainers.data_adapters.data_adapter_utils import (
    unpack_x_y_sample_weight as unpack_x_y_sample_weight,
)
from minikeras.trainers.data_adapters.generator_data_adapter import (
    GeneratorDataAdapter as GeneratorDataAdapter,
)
from minikeras.trainers.data_adapters.generator_data_adapter import (
    IterableDataAdapter as IterableDataAdapter,
)
from minikeras.trainers.data_adapters.py_dataset_adapter import PyDataset as PyDataset
from minikeras.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter as PyDatasetAdapter
from minikeras.trainers.data_adapters.selection import get_data_adapter as get_data_adapter
