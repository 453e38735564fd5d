"""Objects to and from Keras's JSON form: `{"module", "class_name", "config", "registered_name"}`.

Module names are written as Keras's, so that Keras reads what minikeras writes, and the reverse.
A config never makes anything outside minikeras be imported or executed: a user's class or function
has to be registered, or passed in `custom_objects`, and the code of a lambda is only revived where
`safe_mode` was switched off.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.common.dtypes import standardize_dtype, to_np_dtype
from minikeras.common.namespaces import (
    address_of,
    class_of_package,
    function_of_package,
    may_be_ours,
)
from minikeras.common.registry import (
    CustomObjectScope,
    find_custom,
    get_registered_name,
    get_registered_object,
)
from minikeras.common.serialization_scopes import (
    SafeModeScope,
    note_revived,
    note_written,
    revived_before,
)
from minikeras.common.settings import get_local, settings
from minikeras.common.traceback_utils import warn

# Objects to configs.


def serialize_keras_object(obj: Any) -> Any:
    """Return an object as a config of plain types.

    Args:
        obj: anything with `get_config` (layer, model, loss, policy, ...), a function, an array, a
            tensor, plain values, or nested lists, tuples and dicts of these.

    Returns:
        The config, which `deserialize_keras_object` turns back. Plain values are their own config.

    Raises:
        TypeError: if something in it cannot be described.

    Example:

    >>> import minikeras
    >>> minikeras.saving.serialize_keras_object(minikeras.regularizers.L2(0.1))["config"]
    {'l2': 0.1}
    """
    if obj is None or isinstance(obj, (str, bool, int, float)):
        return obj
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, list):
        return [serialize_keras_object(x) for x in obj]
    if isinstance(obj, tuple):
        return tuple(serialize_keras_object(x) for x in obj)
    if isinstance(obj, dict):
        return {k: serialize_keras_object(v) for k, v in obj.items()}
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if isinstance(obj, slice):
        parts = {k: serialize_keras_object(getattr(obj, k)) for k in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": parts}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, np.dtype):
        return standardize_dtype(obj)
    if isinstance(obj, np.ndarray):
        return (
            obj.item()
            if obj.ndim == 0
            else {"class_name": "__numpy__", "config": array_config(obj)}
        )
    if type(obj) in _types:
        kind, to_config, _ = _types[type(obj)]
        return {"class_name": kind, "config": to_config(obj)}
    if inspect.isclass(obj):
        return _class_config(obj)
    if hasattr(obj, "get_config"):
        return _instance_config(obj)
    if callable(obj) and hasattr(obj, "__name__"):
        return _lambda_config(obj) if obj.__name__ == "<lambda>" else _function_config(obj)
    raise TypeError(
        f"Cannot serialize object {obj!r} of type {type(obj)}. To be serializable, a class must "
        "implement the `get_config()` method."
    )


def array_config(array: np.ndarray) -> dict:
    """Return an array's values and dtype as plain types."""
    return {"value": array.tolist(), "dtype": standardize_dtype(array.dtype)}


def array_from_config(config: dict) -> np.ndarray:
    """Return the array that `array_config` described."""
    dtype = None if config["dtype"] == "string" else to_np_dtype(config["dtype"])
    return np.array(config["value"], dtype=dtype)


_types: dict[type, tuple[str, Callable, Callable]] = {}


def register_type(cls: type, kind: str, to_config: Callable, from_config: Callable) -> None:
    """Say how objects of a type without `get_config` are described: the types of tensors do.

    Args:
        cls: the type; its subclasses are others.
        kind: `class_name` of its configs.
        to_config, from_config: functions that make a config of an object, and the reverse.
    """
    _types[cls] = (kind, to_config, from_config)


def _class_config(cls: type) -> Any:
    if issubclass(cls, np.generic):
        return standardize_dtype(cls)
    module, registered = address_of(cls)
    return {
        "module": module,
        "class_name": "type",
        "config": cls.__name__,
        "registered_name": registered,
    }


def _function_config(function: Any) -> dict:
    return {
        "module": "builtins",
        "class_name": "function",
        "config": get_registered_name(function),
        "registered_name": "function",
    }


def _instance_config(obj: Any) -> dict:
    cls = getattr(type(obj), "_variant_of", type(obj))
    config = obj.get_config()
    if not isinstance(config, dict):
        raise TypeError(
            f"The `get_config()` method of {obj!r} should return a dict. It returned: {config!r}"
        )
    module, registered = address_of(cls)
    entry: dict[str, Any] = {
        "module": module,
        "class_name": cls.__name__,
        "config": serialize_keras_object(config),
        "registered_name": registered,
    }
    for key in ("build_config", "compile_config"):
        method = getattr(obj, f"get_{key}", None)
        extra = method() if method is not None else None
        if extra is not None:
            entry[key] = serialize_keras_object(extra)
    note_written(obj, entry)
    return entry


def _lambda_config(function: Any) -> dict:
    import codecs
    import marshal

    warn(
        "The object being saved includes a `lambda`: its code is saved, and can only be loaded "
        "with `safe_mode=False` and the same version of Python. Use a named function that is "
        "registered instead."
    )
    code = codecs.encode(marshal.dumps(function.__code__), "base64").decode("ascii")
    cells = function.__closure__
    closure = tuple(c.cell_contents for c in cells) if cells else None
    return {"class_name": "__lambda__", "config": {"value": (code, function.__defaults__, closure)}}


# Configs to objects.


def deserialize_keras_object(
    config: Any, custom_objects: dict | None = None, safe_mode: bool = True, **kwargs: Any
) -> Any:
    """Return the object that a config of `serialize_keras_object`, or of Keras, describes.

    Args:
        config: the config.
        custom_objects: dict from names to a user's classes and functions.
        safe_mode: whether to refuse lambdas, whose code the config holds.
        module_objects: dict from names to classes and functions that are looked up first among
            those of minikeras.

    Raises:
        TypeError: if a class or function is not known, or an object cannot be made of its config.
        ValueError: if the config holds a lambda and `safe_mode` is on.

    Example:

    >>> import minikeras
    >>> config = minikeras.saving.serialize_keras_object(minikeras.regularizers.L2(0.5))
    >>> minikeras.saving.deserialize_keras_object(config).l2
    0.5
    """
    table = kwargs.pop("module_objects", None) or {}
    if kwargs:
        raise TypeError(f"deserialize_keras_object: unknown arguments {sorted(kwargs)}.")
    scope = get_local("safe_mode")
    safe_mode = safe_mode if scope is None else scope
    if not custom_objects:
        return _revive(config, safe_mode, table)
    with CustomObjectScope(custom_objects):
        return _revive(config, safe_mode, table)


def _revive(config: Any, safe_mode: bool, table: dict) -> Any:
    if config is None or isinstance(config, (bool, int, float)):
        return config
    if isinstance(config, str):  # Keras 2 saved functions as their bare names
        found = get_registered_object(config, module_objects=table)
        return config if found is None else found
    if isinstance(config, (list, tuple)):
        return type(config)([_revive(c, safe_mode, {}) for c in config])
    if not isinstance(config, dict):
        raise TypeError(f"Could not parse config: {config!r} (of type {type(config).__name__}).")
    name = config.get("class_name")
    if name == "__tuple__":  # Keras 2 spelled tuples out, under "items"
        inner = config.get("items", config.get("config"))
        return tuple(_revive(list(inner), safe_mode, {}))
    if name is None or "config" not in config:
        return {k: _revive(v, safe_mode, {}) for k, v in config.items()}
    inner = {} if config["config"] is None else config["config"]
    if name == "__bytes__":
        return inner["value"].encode("utf-8")
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__slice__":
        return slice(*[_revive(inner[k], safe_mode, {}) for k in ("start", "stop", "step")])
    if name == "__numpy__":
        return array_from_config(inner)
    for kind, _, from_config in _types.values():
        if name == kind:
            return from_config(inner)
    if name == "__lambda__":
        return _lambda(inner, safe_mode)
    if name in ("function", "type"):
        if not isinstance(inner, str):
            raise TypeError(f"Expected the name of a {name} as 'config'. Full config: {config}")
        return _function(inner, config, table) if name == "function" else _class(inner, config, {})
    return _instance(name, inner, config, safe_mode, table)


def _lambda(config: dict, safe_mode: bool) -> Any:
    if safe_mode and not settings.unsafe_deserialization:
        raise ValueError(
            "The config holds a Python `lambda`, whose code would be executed. If you trust the "
            "source of the config, pass `safe_mode=False` to the loading function, or call "
            "`minikeras.config.enable_unsafe_deserialization()`."
        )
    import codecs
    import marshal

    code, defaults, closure = config["value"]
    try:
        code = marshal.loads(codecs.decode(code.encode("ascii"), "base64"))
    except (ValueError, EOFError, TypeError) as error:
        raise ValueError(
            "The code of a lambda in the config cannot be read: it was saved by another version "
            f"of Python. Use a named function that is registered. ({error})"
        ) from error
    names = {"__builtins__": __builtins__, "np": np}
    cells = None if closure is None else tuple(types.CellType(c) for c in closure)
    defaults = None if defaults is None else tuple(defaults)
    return types.FunctionType(code, names, "<lambda>", defaults, cells)


def _instance(name: str, inner: Any, config: dict, safe_mode: bool, table: dict) -> Any:
    if not isinstance(inner, dict):
        raise TypeError(
            f"Expected 'config' to be a dict for {name}. Received: {inner!r} (of type "
            f"{type(inner).__name__})."
        )
    shared = revived_before(config)
    if shared is not None:
        return shared
    cls = _class(name, config, table)
    if isinstance(cls, types.FunctionType):
        return cls
    if not hasattr(cls, "from_config"):
        raise TypeError(
            f"Unable to make an instance of '{name}': the class has no `from_config()` method."
        )
    with SafeModeScope(safe_mode):
        try:
            obj = cls.from_config(dict(inner))
        except TypeError as error:
            raise TypeError(
                f"{cls.__name__} could not be made from its config: {error}\nIf `get_config()` "
                "describes other objects in it, `from_config()` must deserialize them.\n"
                f"config={_shorten(inner)}"
            ) from error
        except (KeyError, IndexError, AttributeError) as error:
            if not cls.__module__.startswith("minikeras."):
                raise
            raise ValueError(
                f"{cls.__name__} could not be made from its config, which lacks something or holds "
                f"it in another form ({error!r}).\nconfig={_shorten(inner)}"
            ) from error
        if config.get("build_config") and not getattr(obj, "built", False):
            obj.build_from_config(config["build_config"])
            obj.built = True
        if config.get("compile_config"):
            obj.compile_from_config(config["compile_config"])
            obj.compiled = True
    note_revived(config, obj)
    return obj


def _class(name: str, config: dict, table: dict) -> Any:
    """Return the class that a config names: registered, then of minikeras, then custom by name."""
    found = get_registered_object(config.get("registered_name", name))
    if found is None and may_be_ours(config):
        found = table.get(name) or class_of_package(config.get("module"), name)
        if found is not None:
            _refuse_registered_name(name, config)
    if found is None:
        found = find_custom(name)
    if found is None:
        raise TypeError(_not_located("class", name, config))
    return found


def _function(name: str, config: dict, table: dict) -> Any:
    """Return the function that a config names: registered, then of minikeras, then custom by name."""
    found = get_registered_object(name)
    if found is None and may_be_ours(config):
        found = table.get(name) or function_of_package(config.get("module"), name)
    if found is None:
        found = find_custom(name)
    if found is None:
        raise TypeError(_not_located("function", name, config))
    return found


def _refuse_registered_name(name: str, config: dict) -> None:
    registered = config.get("registered_name")
    if registered and registered not in (name, config["class_name"]):
        raise ValueError(
            f"The config names '{config.get('module')}.{name}', which is built in, but says that "
            f"it is registered as '{registered}', which is not known. Register that class, or "
            "remove `registered_name` from the config."
        )


def _not_located(kind: str, name: str, config: dict) -> str:
    return (
        f"Could not locate {kind} '{name}' (module {config.get('module')!r}, registered name "
        f"{config.get('registered_name')!r}). Classes and functions of your own must be decorated "
        "with `@minikeras.saving.register_keras_serializable()` and their module imported before "
        f"loading, or be passed as `custom_objects={{'{name}': ...}}`. "
        f"Full config: {_shorten(config)}"
    )


def _shorten(config: Any, limit: int = 500) -> str:
    text = repr(config)
    return text if len(text) <= limit else f"{text[:limit]}..."
