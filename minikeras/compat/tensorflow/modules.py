"""`tf.Variable`, `tf.Tensor`, `tf.Module`, and checkpoints."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from typing import Any, Union

import numpy as np

from minikeras import initializers
from minikeras.autodiff import KerasTensor, Tensor, Variable
from minikeras.autodiff.expression import SymbolicVariable
from minikeras.autodiff.state import thread
from minikeras.autodiff.tracking import Trackable
from minikeras.common.atomic_file import atomic_path
from minikeras.common.dtypes import standardize_dtype
from minikeras.compat.checkpoints import Status, note_newest
from minikeras.compat.tensorflow import graphs
from minikeras.compat.tensorflow.arrays import tensor
from minikeras.compat.tensorflow.shapes import as_shape
from minikeras.compat.tensorflow.table import add, named


class Facade:
    """A class of ours under TensorFlow's name, made by TensorFlow's arguments.

    Args:
        target: the class, or several.
        make: what is called in its place.
        but: a class whose instances do not count as its own.
    """

    def __init__(
        self, target: type | tuple[type, ...], make: Callable, but: type | None = None
    ) -> None:
        self._targets = target if isinstance(target, tuple) else (target,)
        self._make, self._but = make, but
        self.__doc__ = make.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._make(*args, **kwargs)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._targets) and not (
            self._but is not None and isinstance(instance, self._but)
        )

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self._targets)

    def __mro_entries__(self, bases: tuple) -> tuple[type]:
        return self._targets[:1]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._targets[0], name)

    def __or__(self, other: Any) -> Any:
        return Union[(*self._targets, *getattr(other, "_targets", (other,)))]

    __ror__ = __or__

    def __repr__(self) -> str:
        return repr(self._targets[0])


def make_variable(
    initial_value: Any = None,
    trainable: bool | None = None,
    validate_shape: bool = True,
    caching_device: Any = None,
    name: str | None = None,
    variable_def: Any = None,
    dtype: Any = None,
    import_scope: Any = None,
    constraint: Any = None,
    synchronization: Any = None,
    aggregation: Any = None,
    shape: Any = None,
    collections: Any = None,
    **options: Any,
) -> Variable:
    """Make a variable of a value, or of a function that returns one."""
    if initial_value is None:
        raise ValueError("tf.Variable: argument `initial_value` is needed.")
    value = initial_value
    if callable(value) and not isinstance(value, Tensor):
        value = value()
    variable = _variable(value, trainable, name, dtype, constraint)
    if graphs.are_on():
        graphs.current().add_variable(variable, name or "Variable", collections)
    return variable


def _variable(value: Any, trainable: Any, name: Any, dtype: Any, constraint: Any) -> Variable:
    value = tensor(value, None if dtype is None else standardize_dtype(dtype))
    if isinstance(value, KerasTensor):
        raise ValueError(
            "tf.Variable: the initial value depends on a placeholder. Variables have values from the start "
            "here: give numbers."
        )
    kind = SymbolicVariable if graphs.are_on() else Variable
    shown = None if name is None else re.sub(r"[/:]", "_", name)
    array = np.array(value.array)
    variable = kind(array, trainable=trainable is not False, name=shown)
    if constraint is not None:
        variable.constraint = constraint
    return variable


def _no_tensor(*_: Any, **__: Any) -> Any:
    """Tensors are made by `tf.constant`."""
    raise TypeError("Tensors are made by tf.constant or tf.convert_to_tensor.")


add("Variable", Facade(Variable, make_variable))
add("Tensor", Facade((Tensor, KerasTensor), _no_tensor, but=Variable))


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = "float32",
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = True,
    collections: Any = None,
    constraint: Any = None,
    **options: Any,
) -> Variable:
    """Return the variable of a name in the open scope; make it if there is none."""
    graph = graphs.current()
    full = graph.full_name(name)
    if full in graph.variables:
        if not graph.reuses:
            raise ValueError(
                f"Variable {full} already exists. Did you mean `reuse=True` or `reuse=tf.AUTO_REUSE` "
                "of its variable_scope?"
            )
        return graph.variables[full]
    if graph.reuses is True:
        raise ValueError(f"Variable {full} does not exist, and its scope says reuse=True.")
    if initializer is None:
        given = [i for _, _, i in graph.scopes if i is not None]
        initializer = given[-1] if given else "glorot_uniform"
    if isinstance(initializer, str):
        initializer = initializers.get(initializer)
    if isinstance(initializer, type):
        initializer = initializer()
    if callable(initializer) and not isinstance(initializer, Tensor):
        size = tuple(as_shape(() if shape is None else shape))
        value = initializer(tuple(int(d) for d in size), dtype=str(np.dtype(dtype)))
    else:
        value = initializer
    variable = _variable(value, trainable, name, dtype, constraint)
    graph.note(variable, full, collections)
    if regularizer is not None:
        graph.collections["regularized"].append((variable, regularizer))
    return variable


class VariableSynchronization:
    """Names of ways to bring copies of a variable together; there is one copy."""

    AUTO, NONE, ON_WRITE, ON_READ = "auto", "none", "on_write", "on_read"


class VariableAggregation:
    """Names of ways to bring copies of a variable together; there is one copy."""

    NONE, SUM, MEAN, ONLY_FIRST_REPLICA = "none", "sum", "mean", "only_first_replica"


add("VariableSynchronization", VariableSynchronization)
add("VariableAggregation", VariableAggregation)


class Module:
    """An object that finds the variables in its attributes.

    Args:
        name: name, that of the class in small letters if None.

    Example:

    >>> class Line(Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.slope = Variable(2.0)
    >>> len(Line().trainable_variables)
    1
    """

    def __init__(self, name: str | None = None) -> None:
        words = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", type(self).__name__)
        self._name = name or words.lower()

    @property
    def name(self) -> str:
        return getattr(self, "_name", type(self).__name__.lower())

    @property
    def name_scope(self) -> Any:
        return _Open(self.name)

    @property
    def variables(self) -> tuple:
        return tuple(v for v in _found(self) if isinstance(v, Variable))

    @property
    def trainable_variables(self) -> tuple:
        return tuple(v for v in self.variables if v.trainable)

    @property
    def non_trainable_variables(self) -> tuple:
        return tuple(v for v in self.variables if not v.trainable)

    @property
    def submodules(self) -> tuple:
        return tuple(m for m in _found(self) if not isinstance(m, Variable))

    @classmethod
    def with_name_scope(cls, method: Callable) -> Callable:
        """Return a method as it is."""
        return method


class _Open:
    """A name scope that is opened by `with`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> str:
        thread.state.scopes.append(self._name)
        return self._name

    def __exit__(self, *exc: Any) -> None:
        thread.state.scopes.pop()


def _found(owner: Any) -> list:
    """Return the variables, modules and layers in the attributes of a module, by name."""
    found: dict[int, Any] = {}

    def look(value: Any) -> None:
        if id(value) in found:
            return
        if isinstance(value, Variable):
            found[id(value)] = value
        elif isinstance(value, Module):
            found[id(value)] = value
            for _, part in sorted(vars(value).items()):
                look(part)
        elif isinstance(value, Trackable):
            found[id(value)] = value
            for v in value.variables:
                found.setdefault(id(v), v)
        elif isinstance(value, (list, tuple)):
            for part in value:
                look(part)
        elif isinstance(value, dict):
            for part in value.values():
                look(part)

    for _, part in sorted(vars(owner).items()):
        look(part)
    return [v for v in found.values() if v is not owner]


add("Module", Module)


# Checkpoints: the variables of objects, in one file.


class Checkpoint:
    """Save and restore the variables of models, optimizers, modules and variables.

    A model has to be built before its weights are restored. An optimizer need not be.

    Args:
        root: an object.
        **objects: objects by name.
    """

    def __init__(self, root: Any = None, **objects: Any) -> None:
        if root is not None:
            objects["root"] = root
        self._objects = objects
        self.save_counter = Variable(0, dtype="int64", trainable=False, name="save_counter")

    def __getattr__(self, name: str) -> Any:
        objects = self.__dict__.get("_objects", {})
        if name not in objects:
            raise AttributeError(f"Checkpoint has no object {name!r}. It has: {sorted(objects)}")
        return objects[name]

    def save(self, file_prefix: Any, options: Any = None) -> str:
        """Write a checkpoint; return its path, to which a number is appended."""
        self.save_counter.assign_add(1)
        path = f"{os.fspath(file_prefix)}-{int(self.save_counter.numpy())}"
        self.write(path)
        note_newest(path)
        return path

    def write(self, file_prefix: Any, options: Any = None) -> str:
        """Write a checkpoint to a path as it is."""
        path = os.fspath(file_prefix)
        arrays = {"save_counter": self.save_counter.numpy()}
        for name, obj in self._objects.items():
            for key, array in _state(obj).items():
                arrays[f"{name}/{key}"] = array
        write_arrays(path, arrays)
        return path

    def read(self, save_path: Any, options: Any = None) -> Status:
        """Restore from a checkpoint.

        Raises:
            FileNotFoundError: if it is not there.
            ValueError: if an object does not have the variables that are in it.
        """
        with np.load(f"{os.fspath(save_path)}.npz", allow_pickle=False) as file:
            arrays = dict(file)
        self.save_counter.assign(arrays.pop("save_counter"))
        groups: dict[str, dict[str, np.ndarray]] = {}
        for key, array in arrays.items():
            name, _, place = key.partition("/")
            groups.setdefault(name, {})[place] = array
        for name, obj in self._objects.items():
            _put_back(name, obj, groups.pop(name, {}))
        return Status(sorted(groups))

    def restore(self, save_path: Any, options: Any = None) -> Status:
        """Restore from a checkpoint; do nothing if the path is None."""
        return Status([]) if save_path is None else self.read(save_path)


def _state(obj: Any) -> dict[str, np.ndarray]:
    if isinstance(obj, Variable):
        return {"0": obj.numpy()}
    if hasattr(obj, "load_when_built"):
        store: dict[str, Any] = {}
        obj.save_own_variables(store)
        return {k: np.asarray(v) for k, v in store.items()}
    if hasattr(obj, "get_state") and hasattr(obj, "_stage"):
        return {}
    return {str(i): v.numpy() for i, v in enumerate(obj.variables)}


def _put_back(name: str, obj: Any, arrays: dict[str, np.ndarray]) -> None:
    if isinstance(obj, Variable):
        obj.assign(arrays["0"])
        return
    if hasattr(obj, "load_when_built"):
        if obj.built:
            obj.load_own_variables(arrays)
        else:
            obj.load_when_built(arrays)
        return
    variables = [] if hasattr(obj, "_stage") else list(obj.variables)
    if len(variables) != len(arrays):
        hint = " Build it first: call it on data." if not variables else ""
        raise ValueError(
            f"Checkpoint: `{name}` has {len(variables)} variables, and the file has {len(arrays)}.{hint}"
        )
    for i, v in enumerate(variables):
        v.assign(arrays[str(i)])


def write_arrays(path: str, arrays: dict[str, np.ndarray]) -> None:
    """Write the arrays of a checkpoint, and make its folder."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with atomic_path(f"{path}.npz") as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)


@named("train.latest_checkpoint")
def latest_checkpoint(checkpoint_dir: Any, latest_filename: str | None = None) -> str | None:
    """Return the path of the newest checkpoint in a folder, None if there is none."""
    folder = os.fspath(checkpoint_dir)
    try:
        with open(os.path.join(folder, latest_filename or "checkpoint"), encoding="utf-8") as file:
            path = os.path.join(folder, json.load(file)["latest"])
    except FileNotFoundError:
        return None
    return path if os.path.exists(f"{path}.npz") or os.path.exists(path) else None


class CheckpointManager:
    """Keep the newest checkpoints in a folder.

    Args:
        checkpoint: what to save.
        directory: the folder.
        max_to_keep: how many.
        checkpoint_name: what their names begin with.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        directory: Any,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: Any = None,
        checkpoint_name: str = "ckpt",
        **options: Any,
    ) -> None:
        self.checkpoint = checkpoint
        self.directory = os.fspath(directory)
        self._most, self._name = max_to_keep, checkpoint_name

    @property
    def checkpoints(self) -> list[str]:
        """The paths that are there, oldest first."""
        if not os.path.isdir(self.directory):
            return []
        pattern = re.compile(re.escape(self._name) + r"-(\d+)\.npz")
        found = [(int(m[1]), f) for f in os.listdir(self.directory) if (m := pattern.fullmatch(f))]
        return [os.path.join(self.directory, f[: -len(".npz")]) for _, f in sorted(found)]

    @property
    def latest_checkpoint(self) -> str | None:
        return latest_checkpoint(self.directory)

    def save(self, checkpoint_number: Any = None, **options: Any) -> str:
        """Write a checkpoint, and remove those that are too many."""
        if checkpoint_number is not None:
            self.checkpoint.save_counter.assign(int(checkpoint_number) - 1)
        path = self.checkpoint.save(os.path.join(self.directory, self._name))
        for old in self.checkpoints[: -self._most] if self._most else ():
            os.remove(f"{old}.npz")
        return path

    def restore_or_initialize(self) -> str | None:
        """Restore from the newest checkpoint, if there is one; return its path."""
        path = self.latest_checkpoint
        self.checkpoint.restore(path)
        return path


add("train.Checkpoint", Checkpoint)
add("train.CheckpointManager", CheckpointManager)
