"""Shows what classes are made with where the source does not say it; used by mkdocstrings."""

import importlib
import inspect

import griffe


class Signatures(griffe.Extension):
    """Gives a class without an `__init__` of its own the one that it has when it is imported."""

    def on_object(self, *, obj, **kwargs):
        """Add the signature of a public class of minikeras."""
        if not obj.is_class or "__init__" in obj.members or obj.name.startswith("_"):
            return
        cls = getattr(importlib.import_module(obj.module.path), obj.name, None)
        init = getattr(cls, "__init__", None)
        if not inspect.isfunction(init):
            return
        parameters = griffe.Parameters(*map(described, inspect.signature(init).parameters.values()))
        obj.set_member("__init__", griffe.Function("__init__", parameters=parameters))


def described(parameter):
    """Return griffe's description of a parameter."""
    empty = parameter.empty
    return griffe.Parameter(
        parameter.name,
        annotation=None if parameter.annotation is empty else str(parameter.annotation),
        kind=griffe.ParameterKind[parameter.kind.name.lower()],
        default=None if parameter.default is empty else repr(parameter.default),
    )
