"""Devices, meshes and layouts, and which distribution is in use.

A device is a rank: one of the processes that MPI started. `minikeras/common/ranks.py` has what they
exchange, `minikeras/trainers/data_parallel.py` what a training step does about them.
"""

from __future__ import annotations

import functools
import math
import os
import re
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from minikeras.autodiff.keras_tensor import KerasTensor
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.ranks import Ranks, ranks
from minikeras.common.traceback_utils import warn
from minikeras.kernels import parallel
from minikeras.kernels.cores import count_cores

_BATCH = "batch"


@functools.cache
def joined_ranks() -> Ranks:
    """Return all ranks; the first call gives each rank its share of the cores, unless somebody chose."""
    everybody = ranks()
    share = everybody.share_of_cores(count_cores())
    if everybody.size > 1 and not parallel.chosen():
        parallel.set_threads(share)
    return everybody


def _check_device_type(device_type: str | None) -> None:
    if device_type is not None and str(device_type).lower() != "cpu":
        raise RuntimeError(
            f"There are no devices of type {device_type!r}: minikeras computes on processors. "
            "Expected device_type=None or 'cpu'."
        )


def list_devices(device_type: str | None = None) -> list[str]:
    """Return the names of all devices: one for each rank that MPI started.

    Args:
        device_type: `"cpu"`, or None, which means the same.

    Raises:
        RuntimeError: for any other type.
        ImportError: if MPI started this process and mpi4py is not installed.

    Example:

    >>> import minikeras
    >>> minikeras.distribution.list_devices()  # without mpiexec
    ['cpu:0']
    """
    _check_device_type(device_type)
    return [f"cpu:{rank}" for rank in range(joined_ranks().size)]


def get_device_count(device_type: str | None = None) -> int:
    """Return the number of devices: see `list_devices`.

    Example:

    >>> import minikeras
    >>> minikeras.distribution.get_device_count()
    1
    """
    return len(list_devices(device_type))


def initialize(
    job_addresses: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
) -> None:
    """Join the ranks that MPI started with this one.

    MPI knows the addresses, and which rank this is, so no argument is needed; what is given, here or
    by the environment variables `KERAS_DISTRIBUTION_NUM_PROCESSES` and
    `KERAS_DISTRIBUTION_PROCESS_ID`, is compared with what MPI says.

    Args:
        job_addresses: addresses of the machines, separated by commas.
        num_processes: number of ranks.
        process_id: number of this rank.

    Raises:
        ValueError: if MPI says otherwise.

    Example:

    >>> import minikeras
    >>> minikeras.distribution.initialize(num_processes=1, process_id=0)
    """
    everybody = joined_ranks()
    environ = os.environ
    if job_addresses is None:
        job_addresses = environ.get("KERAS_DISTRIBUTION_JOB_ADDRESSES")
    if num_processes is None and "KERAS_DISTRIBUTION_NUM_PROCESSES" in environ:
        num_processes = int(environ["KERAS_DISTRIBUTION_NUM_PROCESSES"])
    if process_id is None and "KERAS_DISTRIBUTION_PROCESS_ID" in environ:
        process_id = int(environ["KERAS_DISTRIBUTION_PROCESS_ID"])
    jobs = len(job_addresses.split(",")) if job_addresses and "," in job_addresses else None
    for name, given, found in (
        ("job_addresses", jobs, num_processes if num_processes is not None else everybody.size),
        ("num_processes", num_processes, everybody.size),
        ("process_id", process_id, everybody.rank),
    ):
        if given is not None and given != found:
            raise ValueError(
                f"initialize: argument `{name}` does not fit the ranks that MPI started: expected "
                f"{found}, received {given}. Start the script by `mpiexec -n {given}`, or leave the "
                "argument out."
            )


class DeviceMesh:
    """Devices in an array whose axes have names.

    Args:
        shape: sizes of the axes.
        axis_names: a name for each axis.
        devices: list or array of devices, `list_devices()` if None.

    Raises:
        ValueError: if there are no axes, not as many names as sizes, or not so many devices.

    Example:

    >>> import minikeras
    >>> mesh = minikeras.distribution.DeviceMesh((2, 2), ["batch", "model"], ["a", "b", "c", "d"])
    >>> mesh.devices.tolist()
    [['a', 'b'], ['c', 'd']]
    """

    def __init__(
        self, shape: Sequence[int], axis_names: Sequence[str], devices: Any = None
    ) -> None:
        if not shape or not axis_names:
            raise ValueError(
                "Shape and axis_names cannot be empty. Received: "
                f"shape={shape}, axis_names={axis_names}"
            )
        if not isinstance(shape, (list, tuple)) or not isinstance(axis_names, (list, tuple)):
            raise TypeError(
                "DeviceMesh: `shape` must be a list or tuple of sizes, `axis_names` one of names. "
                f"Received: shape={shape!r}, axis_names={axis_names!r}"
            )
        if len(shape) != len(axis_names):
            raise ValueError(
                "Shape and axis_names should have same size. Received: "
                f"shape={shape}, axis_names={axis_names}"
            )
        array = np.array(list_devices() if devices is None else devices)
        if math.prod(shape) != array.size:
            raise ValueError(
                "Shape does not match the number of devices. Received: "
                f"shape={shape}; devices.shape={array.shape}"
            )
        self._shape = shape
        self._axis_names = axis_names
        self._devices = array.reshape(tuple(shape))

    @property
    def shape(self) -> Sequence[int]:
        """The sizes of the axes."""
        return self._shape

    @property
    def axis_names(self) -> Sequence[str]:
        """The names of the axes."""
        return self._axis_names

    @property
    def devices(self) -> np.ndarray:
        """The devices, in an array of that shape."""
        return self._devices

    @property
    def backend_mesh(self) -> DeviceMesh:
        """The mesh itself: there is no backend below that has one of its own."""
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} shape={self.shape}, axis_names={self.axis_names}>"


class TensorLayout:
    """Along which axis of a mesh each axis of a tensor is split.

    Args:
        axes: for each axis of the tensor the name of an axis of the mesh, or None for one that is
            whole everywhere.
        device_mesh: the mesh; it may be set later, once.

    Raises:
        ValueError: if the mesh has no axis of such a name.

    Example:

    >>> from minikeras.distribution import DeviceMesh, TensorLayout
    >>> TensorLayout((None, "model"), DeviceMesh((1,), ["model"])).axes
    (None, 'model')
    """

    def __init__(self, axes: Sequence[str | None], device_mesh: DeviceMesh | None = None) -> None:
        self._axes = tuple(axes)
        self._device_mesh = device_mesh
        self._check_axes()

    @property
    def axes(self) -> tuple[str | None, ...]:
        """The names of the mesh's axes, by axis of the tensor."""
        return self._axes

    @property
    def device_mesh(self) -> DeviceMesh | None:
        """The mesh, None until it is set."""
        return self._device_mesh

    @device_mesh.setter
    def device_mesh(self, device_mesh: DeviceMesh) -> None:
        if self._device_mesh is not None:
            raise ValueError(
                f"Cannot override device mesh value. Existing value is {self._device_mesh}"
            )
        self._device_mesh = device_mesh
        self._check_axes()

    @property
    def backend_layout(self) -> TensorLayout:
        """The layout itself, which must have its mesh."""
        if self._device_mesh is None:
            raise ValueError("TensorLayout: set `device_mesh` before asking for `backend_layout`.")
        return self

    def _check_axes(self) -> None:
        if self._device_mesh is None:
            return
        known = set(self._device_mesh.axis_names)
        given = set(self._axes) - {None}
        if given - known:
            raise ValueError(
                f"Invalid axis names for Layout. Valid axis names: {known}, Got {given}"
            )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} axes={self.axes}, device_mesh={self.device_mesh}>"


class Distribution:
    """Base of what says how data and variables are laid out over a mesh.

    Args:
        device_mesh: the mesh.
        batch_dim_name: name of the mesh's axis along which batches are split.
        auto_shard_dataset: whether each rank is given all data, and takes its rows of each batch. If
            not, each rank brings rows of its own, which together make the batch.
    """

    def __init__(
        self,
        device_mesh: DeviceMesh,
        batch_dim_name: str | None = None,
        auto_shard_dataset: bool = True,
    ) -> None:
        self._device_mesh = device_mesh
        self._batch_dim_name = batch_dim_name
        self._auto_shard_dataset = auto_shard_dataset
        everybody = joined_ranks()
        self._num_processes, self._process_id = everybody.size, everybody.rank

    @property
    def num_processes(self) -> int:
        """The number of ranks."""
        return self._num_processes

    @property
    def num_model_replicas(self) -> int:
        """How many whole copies of the model there are."""
        raise NotImplementedError(f"{type(self).__name__} must define `num_model_replicas`.")

    @property
    def data_shard_id(self) -> int:
        """Which part of a batch this rank works on."""
        replicas = self.num_model_replicas
        if replicas >= self.num_processes:
            return self._process_id
        return self._process_id // (self.num_processes // replicas)

    @property
    def device_mesh(self) -> DeviceMesh:
        """The mesh."""
        return self._device_mesh

    @property
    def batch_dim_name(self) -> str | None:
        """The name of the mesh's axis along which batches are split."""
        return self._batch_dim_name

    @property
    def auto_shard_dataset(self) -> bool:
        """Whether each rank takes its rows of batches that all are given."""
        return self._auto_shard_dataset

    @auto_shard_dataset.setter
    def auto_shard_dataset(self, value: bool) -> None:
        self._auto_shard_dataset = value

    def get_data_layout(self, data_shape: Sequence) -> TensorLayout:
        """Return the layout of data of a shape: split along its first axis."""
        return TensorLayout(
            [self.batch_dim_name, *[None] * (len(data_shape) - 1)], self.device_mesh
        )

    def get_variable_layout(self, variable: Any) -> TensorLayout:
        """Return the layout of a variable: whole on every device, if nothing else was said."""
        own = getattr(variable, "_layout", None)
        return TensorLayout([None] * len(variable.shape), self.device_mesh) if own is None else own

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        """Return the layout of a layer's output by the layer's path, None to leave it as it is."""
        raise NotImplementedError(f"{type(self).__name__} must define `get_tensor_layout`.")

    @contextmanager
    def scope(self) -> Iterator[None]:
        """A context in which this is the distribution in use."""
        before = distribution()
        set_distribution(self)
        try:
            yield
        finally:
            set_distribution(before)

    def distribute_dataset(self, dataset: Any) -> Any:
        """Return the data set: `fit` has each rank take its rows of the batches itself."""
        return dataset

    def distribute_tf_dataset(self, dataset: Any) -> Any:
        """Return the data set; see `distribute_dataset`."""
        return dataset

    def __repr__(self) -> str:
        return f"<{type(self).__name__} device_mesh={self.device_mesh}>"


class DataParallel(Distribution):
    """Every rank has the whole model, and works on its rows of each batch.

    What is learnt is what one process learns on whole batches, up to rounding: losses, metrics,
    weights, history. docs/scale.md says what it costs and what is refused.

    Args:
        device_mesh: a mesh of one axis.
        devices: list of devices, in place of a mesh; without either it is all of them.
        auto_shard_dataset: whether each rank is given all data, and takes its rows of each batch. If
            not, each rank brings rows of its own, which together make the batch.

    Raises:
        ValueError: if `device_mesh` is none.

    Example: `mpiexec -n 4 python train.py`, where the script says

    >>> import minikeras
    >>> minikeras.distribution.set_distribution(minikeras.distribution.DataParallel())
    >>> minikeras.distribution.distribution()
    <DataParallel device_mesh=<DeviceMesh shape=(1,), axis_names=['batch']>>
    >>> minikeras.distribution.set_distribution(None)
    """

    def __init__(
        self,
        device_mesh: DeviceMesh | None = None,
        devices: Sequence[str] | None = None,
        auto_shard_dataset: bool = True,
    ) -> None:
        if device_mesh:
            if not isinstance(device_mesh, DeviceMesh):
                raise ValueError(
                    "Expect `mesh` to be an instance of `DeviceMesh`. "
                    f"Received: mesh={device_mesh} (of type {type(device_mesh)})"
                )
            if device_mesh.devices.ndim != 1:
                warn(
                    f"DataParallel: expected a mesh of one axis, received {device_mesh.devices.ndim}. "
                    "Batches are split along the first."
                )
        else:
            found = list(devices or list_devices())
            device_mesh = DeviceMesh((len(found),), [_BATCH], found)
        super().__init__(device_mesh, device_mesh.axis_names[0], auto_shard_dataset)

    @property
    def num_model_replicas(self) -> int:
        """How many whole copies of the model there are: one on each device."""
        return self.device_mesh.devices.size

    def get_tensor_layout(self, path: str) -> None:
        """Return None: outputs of layers stay as they are."""
        return None


class ModelParallel(Distribution):
    """Variables are split over the mesh as a `LayoutMap` says, and batches along one of its axes.

    Args:
        layout_map: layouts by the variables' paths.
        batch_dim_name: the mesh's axis along which batches are split, the first if None.
        auto_shard_dataset: see `DataParallel`.

    Raises:
        ValueError: if there is no layout map.

    Example:

    >>> from minikeras.distribution import DeviceMesh, LayoutMap, ModelParallel
    >>> layouts = LayoutMap(DeviceMesh((1, 1), ["batch", "model"]))
    >>> layouts["dense.*kernel"] = (None, "model")
    >>> ModelParallel(layout_map=layouts).batch_dim_name
    'batch'
    """

    def __init__(
        self,
        *,
        layout_map: LayoutMap | None = None,
        batch_dim_name: str | None = None,
        auto_shard_dataset: bool = True,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("device_mesh", None)
        if layout_map is None:
            raise ValueError("You must specify a layout_map argument.")
        if not isinstance(layout_map, LayoutMap):
            raise ValueError(
                "Argument `layout_map` must be a `LayoutMap` instance. "
                f"Received: layout_map={layout_map}"
            )
        mesh = layout_map.device_mesh
        super().__init__(mesh, batch_dim_name or mesh.axis_names[0], auto_shard_dataset)
        self._layout_map = layout_map
        n, replicas = self.num_processes, self.num_model_replicas
        if n > replicas and n % replicas:
            raise ValueError(
                f"ModelParallel: {n} ranks cannot share {replicas} copies of the model evenly. "
                "Choose a mesh whose batch axis divides the number of ranks."
            )

    @property
    def num_model_replicas(self) -> int:
        """How many whole copies of the model there are: the size of the mesh's batch axis."""
        return self.device_mesh.shape[list(self.device_mesh.axis_names).index(self.batch_dim_name)]

    def get_variable_layout(self, variable: Any) -> TensorLayout:
        """Return the variable's own layout, that of the layout map, or one that splits nothing."""
        found = None
        if getattr(variable, "_layout", None) is None:
            found = self._layout_map[variable.path]
        return super().get_variable_layout(variable) if found is None else found

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        """Return what the layout map has for a path, None if it has nothing."""
        return self._layout_map[path]


class LayoutMap(MutableMapping):
    """A dict of layouts whose keys are regular expressions for the paths of variables.

    Args:
        device_mesh: the mesh of layouts that are given without one.

    Example:

    >>> from minikeras.distribution import DeviceMesh, LayoutMap
    >>> layouts = LayoutMap(DeviceMesh((1,), ["model"]))
    >>> layouts["dense.*/kernel"] = (None, "model")
    >>> layouts["dense_3/kernel"].axes
    (None, 'model')
    >>> layouts["conv2d/kernel"] is None
    True
    """

    def __init__(self, device_mesh: DeviceMesh | None) -> None:
        self._layouts: dict[str, TensorLayout] = {}
        self._device_mesh = device_mesh

    @property
    def device_mesh(self) -> DeviceMesh | None:
        """The mesh of layouts that are given without one."""
        return self._device_mesh

    def __getitem__(self, key: str) -> TensorLayout | None:
        """Return the layout of a path.

        Args:
            key: a key, or a path that one of the keys matches as a whole.

        Returns:
            The layout, None if no key matches.

        Raises:
            ValueError: if several keys match.
        """
        if key in self._layouts:
            return self._layouts[key]
        matching = [pattern for pattern in self._layouts if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(
                f"Path '{key}' matches multiple layout specification keys: {matching}. Let each path "
                "match at most one key of the LayoutMap."
            )
        return self._layouts[matching[0]] if matching else None

    def __setitem__(self, key: str, layout: TensorLayout | tuple) -> None:
        """Add a layout, or the tuple of its axes.

        Raises:
            ValueError: if the key is there already, or the layout is none.
        """
        if key in self._layouts:
            raise ValueError(
                f"{key} already exist in the LayoutMap with value {self._layouts[key]}. Delete it "
                "first, or use another key."
            )
        if isinstance(layout, tuple):
            layout = TensorLayout(layout)
        if not isinstance(layout, TensorLayout):
            raise ValueError(f"{layout} should be a TensorLayout type, got {type(layout)}")
        if layout.device_mesh is None and self.device_mesh is not None:
            layout.device_mesh = self.device_mesh
        self._layouts[key] = layout

    def __delitem__(self, key: str) -> None:
        del self._layouts[key]

    def __len__(self) -> int:
        return len(self._layouts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._layouts)


def distribute_tensor(tensor: Any, layout: TensorLayout) -> Any:
    """Return a tensor laid out as asked.

    The value stays what it is: each rank holds all of it, and a layout says only which part would be
    its own.

    Args:
        tensor: tensor or array; a KerasTensor is returned as it is.
        layout: a layout with its mesh.

    Raises:
        TypeError: if `layout` is none.
        ValueError: if it has no mesh, more axes than the tensor, or splits an axis unevenly.

    Example:

    >>> import minikeras
    >>> from minikeras.distribution import DeviceMesh, TensorLayout, distribute_tensor
    >>> layout = TensorLayout(("batch", None), DeviceMesh((1,), ["batch"]))
    >>> distribute_tensor(minikeras.ops.ones((2, 3)), layout).shape
    (2, 3)
    """
    if isinstance(tensor, KerasTensor):
        return tensor
    if not isinstance(layout, TensorLayout):
        raise TypeError(f"distribute_tensor: `layout` must be a TensorLayout. Received: {layout!r}")
    mesh = layout.backend_layout.device_mesh
    tensor = tensor if isinstance(tensor, Tensor) else Tensor(to_array(tensor))
    if len(layout.axes) > tensor.ndim:
        raise ValueError(
            f"distribute_tensor: the layout has {len(layout.axes)} axes, {layout.axes}, the tensor "
            f"{tensor.ndim}."
        )
    for i, (axis, size) in enumerate(zip(layout.axes, tensor.shape)):
        parts = 1 if axis is None else mesh.devices.shape[list(mesh.axis_names).index(axis)]
        if size % parts:
            raise ValueError(
                f"distribute_tensor: axis {i} of shape {tuple(tensor.shape)} cannot be split into "
                f"{parts} equal parts, as layout {layout.axes} asks."
            )
    return tensor


_current: list[Any] = [None]
_ALONE = Ranks()


def distribution() -> Any:
    """Return the distribution in use, None if there is none."""
    return _current[0]


def ranks_in_use() -> Ranks:
    """Return all ranks if a distribution is in use, else this process by itself."""
    return _ALONE if _current[0] is None else ranks()


def set_distribution(value: Distribution | None) -> None:
    """Choose the distribution that training uses from now on, None for none.

    Raises:
        TypeError: if it is no distribution.
    """
    if value is not None and not isinstance(value, Distribution):
        raise TypeError(
            "set_distribution: argument `value` must be a DataParallel, a ModelParallel or None. "
            f"Received: {value!r}"
        )
    _current[0] = value
