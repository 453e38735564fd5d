"""`jax` and `torch` in scripts for Keras's other backends.

Where they are not installed, their use is an error that names what to use instead. Where they are, they are
left alone.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from minikeras.compat.adapters import NotAvailable

_STATELESS = "`model.stateless_call` and `optimizer.stateless_apply` are as in Keras"
_TAPE = "`minikeras.GradientTape`, or `minikeras.value_and_grad`"

INSTEAD = {
    "jax": {
        "value_and_grad": "`minikeras.value_and_grad` takes the same arguments",
        "grad": "`minikeras.grad` takes the same arguments",
        "jit": "leave it out: nothing is compiled",
        "vmap": "`minikeras.ops.vectorized_map`",
        "jvp": "`minikeras.ops.jvp`",
        "vjp": _TAPE,
        "numpy": "`minikeras.ops` has NumPy's functions on tensors",
        "nn": "`minikeras.ops` (`relu`, `softmax`, `one_hot`, ...)",
        "random": "`minikeras.random`",
        "lax": "`minikeras.ops` (`scan`, `cond`, `while_loop`, `fori_loop`, `stop_gradient`)",
        "tree": "`minikeras.tree`",
        "tree_util": "`minikeras.tree`",
        "tree_map": "`minikeras.tree.map_structure`",
        "devices": "there is one machine: leave it out",
        "local_device_count": "there is one machine: leave it out",
        "device_put": "there is one machine: leave it out",
        "sharding": "there is one machine: leave it out",
        "experimental": "there is one machine: leave it out",
    },
    "torch": {
        "nn": "layers and losses are in `minikeras.layers` and `minikeras.losses`; a `torch.nn.Module` is "
        "a `minikeras.Model` or `minikeras.layers.Layer`",
        "optim": "`minikeras.optimizers`; a step is `optimizer.apply(gradients, variables)`",
        "no_grad": "leave it out: only what runs inside a `GradientTape` is recorded",
        "utils": "`minikeras.data.Dataset` in place of `DataLoader` and `TensorDataset`",
        "tensor": "`minikeras.ops.convert_to_tensor`",
        "from_numpy": "`minikeras.ops.convert_to_tensor`",
        "autograd": _TAPE,
        "cuda": "there is one CPU: leave it out",
        "device": "there is one CPU: leave it out",
        "manual_seed": "`minikeras.utils.set_random_seed`",
        "argmax": "`minikeras.ops.argmax`",
        "mean": "`minikeras.ops.mean`",
    },
}
"""By library and name: what to use. Gradients by `loss.backward()` are taken by a tape."""

_ANY = {
    "jax": f"Use `minikeras.ops` and `minikeras.value_and_grad`; {_STATELESS}",
    "torch": f"Use `minikeras.ops`, and {_TAPE} in place of `loss.backward()`",
}

_TYPES = {("jax", "Array"), ("jax.core", "Tracer"), ("torch", "Tensor"), ("torch", "dtype")}
"""Classes that other libraries ask values about: nothing is an instance of them."""


class Absent(ModuleType):
    """A library that is not installed."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if (self.__name__, name) in _TYPES:
            return type(name, (), {})
        root, _, inner = self.__name__.partition(".")
        first = inner.partition(".")[0] or name
        instead = INSTEAD[root].get(first)
        hint = _ANY[root] if instead is None else f"Use instead: {instead}"
        raise NotAvailable(
            f"`{self.__name__}.{name}`: {root} is not installed, and this is minikeras, which needs no "
            f"backend. {hint}."
        )


class AbsentFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `jax` and `torch` for scripts where nobody else does. It has to be the last finder."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec, if a script asks, and not a library that only tries whether it is there."""
        if fullname.partition(".")[0] not in INSTEAD or _is_library(sys._getframe(1)):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> Absent:
        """Make the module."""
        module = Absent(spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: every name is an error."""


def _is_library(frame: Any) -> bool:
    """Whether the import that leads here is in an installed library."""
    while frame is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    if frame is None:
        return True
    path = frame.f_code.co_filename.replace("\\", "/")
    return "/site-packages/" in path or "/dist-packages/" in path
