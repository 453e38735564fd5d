"""What scripts say to TensorFlow's runtime: devices, strategies, logging, checks; and data sets' names."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
import types
from collections import namedtuple
from collections.abc import Iterator
from typing import Any

import numpy as np

import minikeras
from minikeras import ops
from minikeras.autodiff import Tensor
from minikeras.autodiff.tensor import to_array
from minikeras.common.extras import require
from minikeras.common.traceback_utils import warn
from minikeras.compat.adapters import Gone, Lazy, no_effect
from minikeras.compat.tensorflow.dtypes import as_dtype
from minikeras.compat.tensorflow.table import add, named
from minikeras.compat.tensorflow.tensors import texts

add("__version__ version.VERSION", "2.15.0")
add("version.GIT_VERSION", "minikeras " + minikeras.__version__)

PhysicalDevice = namedtuple("PhysicalDevice", "name device_type")
LogicalDevice = namedtuple("LogicalDevice", "name device_type")
_CPU = PhysicalDevice("/physical_device:CPU:0", "CPU")


def _devices(device_type: Any = None) -> list:
    return [_CPU] if device_type in (None, "CPU") else []


for _path in ("config", "config.experimental"):
    for _name in ("list_physical_devices", "get_visible_devices"):
        add(f"{_path}.{_name}", _devices)
    add(
        f"{_path}.list_logical_devices",
        lambda device_type=None: (
            [LogicalDevice("/device:CPU:0", "CPU")] * (device_type in (None, "CPU"))
        ),
    )
    for _name in (
        "set_memory_growth",
        "set_visible_devices",
        "set_virtual_device_configuration",
        "set_logical_device_configuration",
        "set_soft_device_placement",
        "enable_op_determinism",
        "enable_tensor_float_32_execution",
        "set_synchronous_execution",
        "enable_mlir_graph_optimization",
        "VirtualDeviceConfiguration",
        "LogicalDeviceConfiguration",
    ):
        add(f"{_path}.{_name}", no_effect(f"tf.{_path}.{_name}"))
    add(f"{_path}.get_memory_info", lambda device: {"current": 0, "peak": 0})
    add(f"{_path}.get_device_details", lambda device: {})
add("config.run_functions_eagerly", no_effect("tf.config.run_functions_eagerly"))
add("config.experimental_run_functions_eagerly", no_effect("tf.config.run_functions_eagerly"))
add("config.functions_run_eagerly", lambda: True)
add("config.optimizer.set_jit", no_effect("tf.config.optimizer.set_jit"))
add("config.optimizer.get_jit", lambda: "")
add(
    "config.optimizer.set_experimental_options",
    no_effect("tf.config.optimizer.set_experimental_options"),
)
for _name in ("intra_op_parallelism_threads", "inter_op_parallelism_threads"):
    add(f"config.threading.set_{_name}", no_effect(f"tf.config.threading.set_{_name}"))
    add(f"config.threading.get_{_name}", lambda: 0)

add("test.is_gpu_available", lambda *_, **__: False)
add("test.is_built_with_cuda", lambda: False)
add("test.is_built_with_gpu_support", lambda: False)
add("test.is_built_with_xla", lambda: False)
add("test.gpu_device_name", lambda: "")
add("sysconfig.get_build_info", lambda: {"is_cuda_build": False, "is_rocm_build": False})
add("test.TestCase", Gone("tf.test.TestCase", "Use unittest.TestCase and numpy.testing."))


@named("timestamp")
def timestamp() -> Any:
    """Return the time in seconds since 1970."""
    return Tensor(np.asarray(time.time()))


# Logging.

_LOGGER = logging.getLogger("tensorflow")
add("get_logger", lambda: _LOGGER)
for _name in ("DEBUG", "INFO", "WARN", "ERROR", "FATAL"):
    add(f"logging.{_name}", getattr(logging, _name))
for _name in ("debug", "info", "warn", "warning", "error", "fatal", "log"):
    add(f"logging.{_name}", getattr(_LOGGER, "warning" if _name == "warn" else _name))
add("logging.set_verbosity", _LOGGER.setLevel)
add("logging.get_verbosity", _LOGGER.getEffectiveLevel)
add("autograph.set_verbosity", no_effect("tf.autograph.set_verbosity"))


# Strategies: one machine, one copy.


class Strategy:
    """A strategy that has nothing to distribute to: what runs in its scope runs as it would anyhow."""

    num_replicas_in_sync = 1

    def __init__(self, *_: Any, **__: Any) -> None:
        self.extended = types.SimpleNamespace(num_replicas_in_sync=1)

    @contextlib.contextmanager
    def scope(self) -> Iterator[Strategy]:
        """Return a context without effect."""
        yield self

    def run(
        self, fn: Any, args: tuple = (), kwargs: dict | None = None, options: Any = None
    ) -> Any:
        """Call a function."""
        return fn(*args, **(kwargs or {}))

    experimental_run_v2 = run

    def reduce(self, reduce_op: Any, value: Any, axis: Any = None) -> Any:
        """Return the values of all copies, of which there is one, together."""
        if axis is None:
            return value
        mean = str(getattr(reduce_op, "name", reduce_op)).upper().endswith("MEAN")
        return (ops.mean if mean else ops.sum)(value, axis=axis)

    def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
        """Return the data set."""
        return dataset

    def experimental_local_results(self, value: Any) -> tuple:
        """Return the results of all copies."""
        return (value,)


class MirroredStrategy(Strategy):
    """A strategy of one copy. It warns that there is nothing to distribute to."""

    def __init__(self, devices: Any = None, **options: Any) -> None:
        super().__init__()
        warn(
            f"tf.distribute.{type(self).__name__}: there is one device, so that everything runs once."
        )


class OneDeviceStrategy(MirroredStrategy):
    """A strategy of one copy, too."""


class ReduceOp:
    """Names of ways to bring copies together."""

    SUM, MEAN = "SUM", "MEAN"


_DISTRIBUTE = "One machine trains here: leave the strategy out."
for _path in ("distribute", "distribute.experimental"):
    add(f"{_path}.MirroredStrategy", MirroredStrategy)
    add(f"{_path}.OneDeviceStrategy", OneDeviceStrategy)
    for _name in (
        "MultiWorkerMirroredStrategy",
        "TPUStrategy",
        "ParameterServerStrategy",
        "CentralStorageStrategy",
    ):
        add(f"{_path}.{_name}", Gone(f"tf.{_path}.{_name}", _DISTRIBUTE))
    add(f"{_path}.ReduceOp", ReduceOp)
add("distribute.Strategy", Strategy)
add("distribute.get_strategy", Strategy)
add("distribute.has_strategy", lambda: False)
add("distribute.in_cross_replica_context", lambda: True)
add(
    "distribute.get_replica_context",
    lambda: types.SimpleNamespace(
        all_reduce=lambda op, x: x, merge_call=lambda f, args=(): f(Strategy(), *args)
    ),
)
add(
    "distribute.cluster_resolver.TPUClusterResolver",
    Gone("tf.distribute.cluster_resolver.TPUClusterResolver", _DISTRIBUTE),
)


# Errors and checks.


class OpError(Exception):
    """Base of TensorFlow's errors."""


class OutOfRangeError(OpError, StopIteration):
    """A data set has come to its end."""


class InvalidArgumentError(OpError, ValueError):
    """A check failed, or shapes do not fit."""


class NotFoundError(OpError, FileNotFoundError):
    """A file is not there."""


class ResourceExhaustedError(OpError, MemoryError):
    """There is no memory left."""


class UnimplementedError(OpError, NotImplementedError):
    """Something is not there."""


for _class in (
    OpError,
    OutOfRangeError,
    InvalidArgumentError,
    NotFoundError,
    ResourceExhaustedError,
    UnimplementedError,
):
    add(f"errors.{_class.__name__}", _class)


def _failed(what: str, message: Any, *values: Any) -> InvalidArgumentError:
    shown = ", ".join(np.array2string(to_array(v), threshold=8) for v in values)
    return InvalidArgumentError(f"{what} {message or ''} Received: {shown}")


_COMPARE = {
    "equal": np.equal,
    "none_equal": np.not_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
}


def _comparison(name: str, compare: Any) -> None:
    @named(f"debugging.assert_{name} assert_{name}")
    def check(x: Any, y: Any, message: Any = None, summarize: Any = None, data: Any = None) -> None:
        if not compare(to_array(x), to_array(y)).all():
            raise _failed(f"assert_{name}:", message, x, y)


for _name, _compare in _COMPARE.items():
    _comparison(_name, _compare)


def _sign(name: str, check_: Any) -> None:
    @named(f"debugging.assert_{name} compat.v1.assert_{name}")
    def check(x: Any, message: Any = None, summarize: Any = None, data: Any = None) -> None:
        if not check_(to_array(x)).all():
            raise _failed(f"assert_{name}:", message, x)


for _name, _check in {
    "positive": lambda a: a > 0,
    "negative": lambda a: a < 0,
    "non_negative": lambda a: a >= 0,
    "non_positive": lambda a: a <= 0,
    "all_finite": np.isfinite,
}.items():
    _sign(_name, _check)


@named("debugging.assert_near compat.v1.assert_near")
def assert_near(
    x: Any, y: Any, rtol: Any = None, atol: Any = None, message: Any = None, summarize: Any = None
) -> None:
    """Raise unless elements are nearly equal."""
    x, y = to_array(x), to_array(y)
    eps = 10 * np.finfo(np.result_type(x, y, np.float16)).eps
    rtol, atol = (eps if v is None else v for v in (rtol, atol))
    if not (np.abs(x - y) <= atol + rtol * np.abs(y)).all():
        raise _failed("assert_near:", message, x, y)


@named("debugging.assert_rank compat.v1.assert_rank")
def assert_rank(x: Any, rank: Any, message: Any = None) -> None:
    """Raise unless there are so many axes."""
    if len(ops.shape(x)) != int(rank):
        raise ValueError(
            f"assert_rank: {message or ''} Received: shape {ops.shape(x)}, rank {rank}"
        )


@named("debugging.assert_rank_at_least compat.v1.assert_rank_at_least")
def assert_rank_at_least(x: Any, rank: Any, message: Any = None) -> None:
    """Raise if there are fewer axes."""
    if len(ops.shape(x)) < int(rank):
        raise ValueError(f"assert_rank_at_least: {message or ''} Received: shape {ops.shape(x)}")


@named("debugging.assert_rank_in compat.v1.assert_rank_in")
def assert_rank_in(x: Any, ranks: Any, message: Any = None) -> None:
    """Raise unless the number of axes is one of some."""
    if len(ops.shape(x)) not in [int(r) for r in ranks]:
        raise ValueError(f"assert_rank_in: {message or ''} Received: shape {ops.shape(x)}")


@named("debugging.assert_scalar compat.v1.assert_scalar")
def assert_scalar(tensor: Any, message: Any = None) -> Any:
    """Return a tensor, which must have no axes."""
    assert_rank(tensor, 0, message)
    return tensor


@named("debugging.assert_integer compat.v1.assert_integer")
def assert_integer(x: Any, message: Any = None) -> None:
    """Raise unless a tensor holds integers."""
    if to_array(x).dtype.kind not in "iu":
        raise TypeError(f"assert_integer: {message or ''} Received: dtype {to_array(x).dtype}")


@named("debugging.assert_shapes")
def assert_shapes(
    shapes: Any, data: Any = None, summarize: Any = None, message: Any = None
) -> None:
    """Raise unless tensors have shapes; letters stand for sizes that are the same."""
    known: dict[str, int] = {}
    for x, expected in shapes.items() if isinstance(shapes, dict) else shapes:
        found = ops.shape(x)
        if len(found) != len(expected):
            raise ValueError(
                f"assert_shapes: {message or ''} Expected {expected}. Received: {found}"
            )
        for size, wanted in zip(found, expected):
            wanted = known.setdefault(wanted, size) if isinstance(wanted, str) else wanted
            if wanted is not None and size is not None and wanted != size:
                raise ValueError(
                    f"assert_shapes: {message or ''} Expected {expected}. Received: {found}"
                )


@named("debugging.assert_type compat.v1.assert_type")
def assert_type(tensor: Any, tf_type: Any, message: Any = None) -> None:
    """Raise unless a tensor has a dtype."""
    if as_dtype(tf_type) != tensor.dtype:
        raise TypeError(
            f"assert_type: {message or ''} Expected {tf_type!r}. Received: {tensor.dtype!r}"
        )


@named("debugging.Assert Assert")
def assert_(condition: Any, data: Any = (), summarize: Any = None) -> None:
    """Raise unless a condition holds."""
    if not bool(to_array(condition).all()):
        raise _failed("Assert: a condition does not hold.", "", *data)


@named("debugging.check_numerics check_numerics")
def check_numerics(tensor: Any, message: str) -> Any:
    """Return a tensor, which must have neither infinite values nor NaNs."""
    if not np.isfinite(to_array(tensor)).all():
        raise _failed("check_numerics:", message, tensor)
    return tensor


add("debugging.enable_check_numerics", no_effect("tf.debugging.enable_check_numerics"))
add("debugging.set_log_device_placement", no_effect("tf.debugging.set_log_device_placement"))
add("profiler.experimental.start", no_effect("tf.profiler.experimental.start"))
add("profiler.experimental.stop", no_effect("tf.profiler.experimental.stop"))


# `tf.data`.

for _name in (
    "Dataset",
    "Options",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "AUTOTUNE",
    "DatasetSpec",
):
    add(f"data.{_name}", Lazy(f"minikeras.data:{_name}"))
for _name in ("AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY"):
    add(f"data.experimental.{_name}", Lazy(f"minikeras.data:{_name}"))
add("data.experimental.cardinality", lambda dataset: dataset.cardinality())
add("data.experimental.get_single_element", lambda dataset: dataset.get_single_element())
add("data.experimental.assert_cardinality", Lazy("minikeras.data:assert_cardinality"))
add(
    "data.experimental.prefetch_to_device", lambda device, buffer_size=None: lambda dataset: dataset
)
add("data.experimental.unique", lambda: lambda dataset: dataset.unique())
add("data.experimental.save", lambda dataset, path, *_, **__: dataset.save(path))
add("data.experimental.load", lambda path, *_, **__: _dataset().load(path))


def _dataset() -> Any:
    from minikeras.data import Dataset

    return Dataset


def _method(name: str) -> Any:
    return lambda *args, **kwargs: lambda dataset: getattr(dataset, name)(*args, **kwargs)


for _name in (
    "take_while",
    "unbatch",
    "scan",
    "group_by_window",
    "bucket_by_sequence_length",
    "snapshot",
):
    add(f"data.experimental.{_name}", _method(_name))
add("data.experimental.enumerate_dataset", _method("enumerate"))
add("data.experimental.parallel_interleave", _method("interleave"))
add(
    "data.experimental.shuffle_and_repeat",
    lambda size, count=None, seed=None: lambda dataset: dataset.shuffle(size, seed).repeat(count),
)
add(
    "data.experimental.map_and_batch",
    lambda map_func, batch_size, *_, drop_remainder=False, **__: (
        lambda dataset: dataset.map(map_func).batch(batch_size, drop_remainder)
    ),
)
for _name in ("sample_from_datasets", "choose_from_datasets"):
    add(f"data.experimental.{_name}", Lazy(f"minikeras.data:Dataset.{_name}"))
add("data.experimental.Counter", Lazy("minikeras.data:Dataset.counter"))
_CSV = "Read the file with pandas or numpy.genfromtxt, and use tf.data.Dataset.from_tensor_slices."
for _name in ("CsvDataset", "SqlDataset"):
    add(f"data.experimental.{_name}", Gone(f"tf.data.experimental.{_name}", _CSV))


def _lines(filenames: Any, compression_type: Any = None, *_: Any, **__: Any) -> Any:
    """Return a data set of the lines of text files."""
    lines: list[str] = []
    for path in np.atleast_1d(texts(filenames)).tolist():
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines += [line.rstrip("\r\n") for line in file]
    return _dataset().from_tensor_slices(np.asarray(lines, str))


add("data.TextLineDataset", _lines)
_RECORDS = (
    "Save a data set with `dataset.save(path)`, and load it with `tf.data.Dataset.load(path)`."
)
for _name in (
    "data.TFRecordDataset",
    "io.TFRecordWriter",
    "python_io.TFRecordWriter",
    "io.parse_single_example",
    "io.parse_example",
    "io.FixedLenFeature",
    "io.VarLenFeature",
    "io.serialize_tensor",
    "io.parse_tensor",
):
    add(
        _name,
        Gone(
            f"tf.{_name}",
            _RECORDS,
            "TFRecords are protocol buffers, which are not part of minikeras",
        ),
    )


# `tf.summary`, by tensorboardX.

_writers: list[Any] = []
_steps: list[Any] = [None]


class Writer:
    """Writes what TensorBoard shows, through the package tensorboardX.

    Args:
        logdir: the folder.
    """

    def __init__(self, logdir: Any, *_: Any, **__: Any) -> None:
        self.writer: Any = require("tensorboardX", "tensorboard").SummaryWriter(os.fspath(logdir))

    @contextlib.contextmanager
    def as_default(self, step: Any = None) -> Iterator[Writer]:
        """Let what is summarized inside go to this writer."""
        _writers.append(self)
        try:
            yield self
        finally:
            _writers.remove(self)

    def set_as_default(self) -> None:
        """Let what is summarized from here on go to this writer."""
        _writers.append(self)

    def flush(self) -> None:
        """Write what is not written yet."""
        self.writer.flush()

    def close(self) -> None:
        """End the file."""
        self.writer.close()


class NoWriter(Writer):
    """Takes what is summarized and writes nothing."""

    def __init__(self) -> None:
        self.writer = None

    def flush(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def _summary(name: str, method: str, prepare: Any) -> None:
    @named(f"summary.{name}")
    def summarize(name: str, data: Any, step: Any = None, **options: Any) -> bool:
        if not _writers or _writers[-1].writer is None:
            return False
        number = _steps[-1] if step is None else step
        number = None if number is None else int(to_array(number))
        prepare(getattr(_writers[-1].writer, method), name, data, number)
        return True


def _add_image(method: Any, name: str, data: Any, step: Any) -> None:
    array = to_array(data)
    array = array if array.dtype == np.uint8 else (np.clip(array, 0, 1) * 255).astype(np.uint8)
    method(name, array, step, dataformats="NHWC")


_summary("scalar", "add_scalar", lambda m, name, data, step: m(name, float(to_array(data)), step))
_summary("histogram", "add_histogram", lambda m, name, data, step: m(name, to_array(data), step))
_summary("text", "add_text", lambda m, name, data, step: m(name, str(data), step))
_summary("image", "add_images", _add_image)
add("summary.create_file_writer", Writer)
add("summary.create_noop_writer", NoWriter)
add("summary.flush", lambda writer=None: [w.flush() for w in _writers] and None)
for _name in ("trace_on", "trace_off", "trace_export"):
    add(f"summary.{_name}", no_effect(f"tf.summary.{_name}"))


add("summary.experimental.set_step", lambda step: _steps.__setitem__(-1, step))
add("summary.experimental.get_step", lambda: _steps[-1])
_GRAPH = (
    "Use tf.summary.create_file_writer and write after Session.run, or the TensorBoard callback."
)
for _name in ("FileWriter", "merge_all", "merge"):
    add(f"summary.{_name}", Gone(f"tf.summary.{_name}", _GRAPH))
add("compat.v1.summary.scalar", lambda name, tensor, **_: None)
add("compat.v1.summary.histogram", lambda name, values, **_: None)
add("compat.v1.summary.image", lambda name, tensor, **_: None)


# Flags and applications of TensorFlow 1.


def _run_app(main: Any = None, argv: Any = None) -> None:
    main = main or sys.modules["__main__"].main
    sys.exit(main(sys.argv if argv is None else argv))


add("app.run", _run_app)


# What is not here.

_NO_RAGGED = "Fill rows up to one length (keras.utils.pad_sequences, `padded_batch`) and use masks."
_NO_SPARSE = (
    "Use dense tensors; `scipy.sparse` matrices may be given to `fit`, which makes batches dense."
)
_GONE = {
    "RaggedTensor": (_NO_RAGGED, "minikeras has no ragged tensors"),
    "ragged": (_NO_RAGGED, "minikeras has no ragged tensors"),
    "RaggedTensorSpec": (_NO_RAGGED, "minikeras has no ragged tensors"),
    "SparseTensor": (_NO_SPARSE, "minikeras has no sparse tensors"),
    "sparse": (_NO_SPARSE, "minikeras has no sparse tensors"),
    "sparse_tensor_to_dense": (_NO_SPARSE, "minikeras has no sparse tensors"),
    "lite": (
        '`model.export(path, format="onnx")` writes what ONNX runtimes run.',
        "TensorFlow Lite is TensorFlow's own format",
    ),
    "saved_model": (
        'Use `model.save("model.keras")`, or `model.export(path, format="onnx")`.',
        "SavedModel is TensorFlow's own format",
    ),
    "estimator": (
        "Use a Keras model: `model.fit`, `model.evaluate`.",
        "estimators are gone from TensorFlow, too",
    ),
    "feature_column": (
        "Use Keras's preprocessing layers, or prepare columns with NumPy or pandas.",
        "feature columns are gone from Keras",
    ),
    "tpu": ("", "minikeras runs on CPUs"),
    "xla": ("", "nothing is compiled here"),
    "raw_ops": ("Use the function of `tf` itself.", "minikeras does not name TensorFlow's kernels"),
    "contrib": ("", "tf.contrib is gone since TensorFlow 2, and only parts of it are here"),
    "queue": ("Use tf.data.Dataset.", "queues are not part of minikeras"),
    "load_library": ("", "minikeras runs no kernels of TensorFlow"),
    "train.ExponentialMovingAverage": (
        "Use an optimizer's `use_ema=True`.",
        "it is not part of minikeras",
    ),
}
for _name, (_instead, _why) in _GONE.items():
    add(_name, Gone(f"tf.{_name}", _instead, _why))
add(
    "examples.tutorials.mnist.input_data",
    Gone(
        "tensorflow.examples.tutorials.mnist.input_data",
        "Use keras.datasets.mnist.load_data().",
        "it is gone from TensorFlow, and its files are no longer to be had",
    ),
)
add("python.client.device_lib.list_local_devices", lambda *_, **__: [_CPU])
