"""Shows what classes are made with where the source does not say it; used by mkdocstrings."""

import importlib
import inspect

import griffe

# Stubs say less than the source: they have signatures, and no documentation.
griffe.ModuleFinder.extensions_set = griffe.ModuleFinder.extensions_set - {".pyi"}


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


class Networks(griffe.Extension):
    """Puts functions into the modules of `applications` as they are when imported: made from tables."""

    def on_object(self, *, obj, **kwargs):
        """Add the public functions of a module, with their documentation."""
        if not obj.is_module or not obj.path.startswith("minikeras.applications."):
            return
        for name, value in vars(importlib.import_module(obj.path)).items():
            made_here = inspect.isfunction(value) and value.__module__ == obj.path
            if made_here and name[0].isupper():
                signature = inspect.signature(value)
                function = griffe.Function(
                    name,
                    parameters=griffe.Parameters(*map(described, signature.parameters.values())),
                    returns="Model",
                )
                own = obj.docstring
                function.docstring = griffe.Docstring(
                    inspect.getdoc(value),
                    parent=function,
                    parser=own.parser,
                    parser_options=own.parser_options,
                )
                obj.set_member(name, function)


def described(parameter):
    """Return griffe's description of a parameter."""
    empty = parameter.empty
    return griffe.Parameter(
        parameter.name,
        annotation=None if parameter.annotation is empty else str(parameter.annotation),
        kind=griffe.ParameterKind[parameter.kind.name.lower()],
        default=None if parameter.default is empty else repr(parameter.default),
    )
