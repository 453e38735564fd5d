"""`TensorBoard`: writes a training to where TensorBoard finds it, through tensorboardX."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from minikeras.callbacks.callback import Callback, Logs
from minikeras.common.arguments import Count, PathLike, any_of, integer, one_of
from minikeras.common.extras import require
from minikeras.common.traceback_utils import warn
from minikeras.layers.core.embedding import Embedding

Frequency = Annotated[Any, any_of([one_of("epoch", "batch"), integer(1, "a positive integer")])]


class TensorBoard(Callback):
    """Writes metrics, weights and the model into event files, which `tensorboard --logdir` shows.

    Training goes into the folder `train` of `log_dir`, validation and `evaluate` into `validation`.
    Metrics are `epoch_loss`, `epoch_learning_rate`, ..., by batch `batch_loss`, ..., and after each
    evaluation `evaluation_loss_vs_iterations`. Needs `pip install "minikeras-numpy[tensorboard]"`.

    Args:
        log_dir: folder to write into.
        histogram_freq: epochs between two histograms of each weight; 0 for none.
        write_graph: whether the model is written, for the tab "Graphs".
        write_images: whether weights are written as images beside their histograms.
        write_steps_per_second: whether to write how many steps an epoch (and a batch) did in a second.
        update_freq: `"epoch"`; `"batch"` or a number to write metrics at every batch, or every so many.
        profile_batch: only 0: there is no profile of TensorFlow's kernels here.
        embeddings_freq: epochs between two pictures of the `Embedding` layers' vectors; 0 for none.
        embeddings_metadata: a file with one label a line for the vectors, or a dict of them by the
            names of layers.

    Raises:
        ImportError: if tensorboardX is not installed.
        ValueError: if `profile_batch` is not 0, or `embeddings_metadata` names a layer that is no
            `Embedding` of the model.
    """

    def __init__(
        self,
        log_dir: PathLike = "logs",
        histogram_freq: Count = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: Frequency = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: Count = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        if not isinstance(profile_batch, int) or profile_batch:
            raise ValueError(
                "TensorBoard: argument `profile_batch` must be 0: NumPy's calls have no profile that "
                f"TensorBoard shows. Received: profile_batch={profile_batch!r}"
            )
        require("tensorboardX", "tensorboard")
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._writers: dict[str, Any] = {}
        self._batches = 0
        self._began = self._batch_began = 0.0
        self._steps_before = 0

    # Files.

    def _writer(self, name: str) -> Any:
        if name not in self._writers:
            library = require("tensorboardX", "tensorboard")
            self._writers[name] = library.SummaryWriter(os.path.join(self.log_dir, name))
        return self._writers[name]

    def _write(self, folder: str, tag: str, value: Any, step: int) -> None:
        """Write a number; what has several (a metric by class) is written with their index."""
        values = np.asarray(value)
        if values.ndim == 0:
            self._writer(folder).add_scalar(tag, float(values), step)
            return
        for i, one in enumerate(values.reshape(-1)):
            self._writer(folder).add_scalar(f"{tag}_{i}", float(one), step)

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self._close()
        if self.embeddings_freq:
            self._labels = self._labels_of_layers()
        if self.write_graph:
            self._write_model()

    def _write_model(self) -> None:
        """Write the model's config, from which TensorBoard draws it."""
        if type(self.model).__name__ not in ("Functional", "Sequential"):
            return
        try:
            text = self.model.to_json()
        except Exception as error:  # a config that is not JSON must not stop the training
            warn(f"TensorBoard: the model cannot be written as JSON: {error}")
            return
        messages = require("tensorboardX.proto.summary_pb2", "tensorboard")
        tensors = require("tensorboardX.proto.tensor_pb2", "tensorboard")
        types = require("tensorboardX.proto.types_pb2", "tensorboard")
        shapes = require("tensorboardX.proto.tensor_shape_pb2", "tensorboard")
        plugin = messages.SummaryMetadata.PluginData(plugin_name="graph_keras_model", content=b"1")
        tensor = tensors.TensorProto(
            dtype=types.DT_STRING,
            string_val=[text.encode()],
            tensor_shape=shapes.TensorShapeProto(),
        )
        value = messages.Summary.Value(
            tag="keras", metadata=messages.SummaryMetadata(plugin_data=plugin), tensor=tensor
        )
        self._writer("train").file_writer.add_summary(messages.Summary(value=[value]), 0)

    # What happens while a model trains.

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._batches = 0

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._close()

    def on_train_abort(self) -> None:
        self._close()

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._batch_began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        if self.update_freq == "epoch" or self._batches % self.update_freq:
            return
        found = dict(logs or {})
        if self.write_steps_per_second:
            found["steps_per_second"] = 1 / max(time.perf_counter() - self._batch_began, 1e-9)
        for name, value in found.items():
            self._write("train", f"batch_{name}", value, self._batches)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._began = time.perf_counter()
        self._steps_before = self._steps()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        found = dict(logs or {})
        found.update(self._rates())
        if self.write_steps_per_second:
            seconds = max(time.perf_counter() - self._began, 1e-9)
            found["steps_per_second"] = (self._steps() - self._steps_before) / seconds
        for name, value in found.items():
            folder = "validation" if name.startswith("val_") else "train"
            self._write(folder, f"epoch_{name.removeprefix('val_')}", value, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings(epoch)
        for writer in self._writers.values():
            writer.flush()

    def on_test_end(self, logs: Logs | None = None) -> None:
        if getattr(self.model, "optimizer", None) is None:
            return
        for name, value in (logs or {}).items():
            self._write("validation", f"evaluation_{name}_vs_iterations", value, self._steps())
        self._writer("validation").flush()

    def _steps(self) -> int:
        return int(self.model.optimizer.iterations.numpy())

    def _rates(self) -> dict[str, float]:
        optimizer = self.model.optimizer
        several = getattr(optimizer, "optimizers", None)
        if several is None:
            return {"learning_rate": float(optimizer.learning_rate.numpy())}
        return {f"learning_rate_{o.name}": float(o.learning_rate.numpy()) for o in several}

    # Weights.

    def _write_weights(self, epoch: int) -> None:
        writer = self._writer("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                name, value = weight.path.replace(":", "_"), weight.numpy().astype("float32")
                writer.add_histogram(f"{name}/histogram", value, epoch)
                images = as_images(value) if self.write_images else None
                if images is not None:
                    writer.add_images(f"{name}/image", images, epoch, dataformats="NHWC")

    def _labels_of_layers(self) -> dict[str, list[str] | None]:
        """Return the labels of the vectors of each `Embedding` layer, None if it has none."""
        given = self.embeddings_metadata
        names = [layer.name for layer in self.model.layers if isinstance(layer, Embedding)]
        by_name = given if isinstance(given, Mapping) else dict.fromkeys(names, given)
        unknown = sorted(set(by_name) - set(names))
        if unknown:
            raise ValueError(
                f"TensorBoard: argument `embeddings_metadata` names {unknown}, but the model's Embedding "
                f"layers are {names}."
            )
        return {name: _lines_of(by_name.get(name)) for name in names}

    def _write_embeddings(self, epoch: int) -> None:
        for name, labels in self._labels.items():
            vectors = self.model.get_layer(name).embeddings.numpy().astype("float32")
            self._writer("train").add_embedding(vectors, labels, tag=name, global_step=epoch)


def as_images(weight: np.ndarray) -> np.ndarray | None:
    """Return a weight as images `(count, height, width, 1)` between 0 and 1, None if it has too many axes.

    Example:

    >>> as_images(np.eye(2, 3)).shape
    (1, 2, 3, 1)
    """
    weight = weight.squeeze()
    if weight.ndim == 3:  # every kernel is an image
        images = weight.transpose(2, 0, 1)
    elif weight.ndim == 2:
        images = (weight.T if weight.shape[0] > weight.shape[1] else weight)[None]
    elif weight.ndim == 1:
        images = weight[None, :, None]
    else:
        return None
    low, high = images.min(), images.max()
    return ((images - low) / (high - low if high > low else 1))[..., None]


def _lines_of(path: Any) -> list[str] | None:
    if path is None:
        return None
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()
