"""How the source of a script is changed: imports, names, arguments, keys. Needs libcst."""

from __future__ import annotations

import ast
import inspect
import warnings
from collections.abc import Sequence
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from minikeras.common.configurable import unusual_arguments_of
from minikeras.common.naming import to_snake_case
from minikeras.compat.adapters import Adapted
from minikeras.compat.keras3 import TREE as TODAY
from minikeras.compat.modernize.bindings import Bindings, keras_path
from minikeras.compat.namespaces import Tree
from minikeras.constraints import Constraint
from minikeras.initializers import Initializer
from minikeras.optimizers.schedules import LearningRateSchedule
from minikeras.regularizers import Regularizer
from minikeras.saving.legacy_configs import hard_sigmoid

_FAMILIES = {
    Initializer: "initializers",
    Regularizer: "regularizers",
    Constraint: "constraints",
    LearningRateSchedule: "optimizers.schedules",
}

_OF_QUEUES = [
    "max_q_size",
    "max_queue_size",
    "nb_worker",
    "workers",
    "use_multiprocessing",
    "pickle_safe",
]
_FROM_GENERATOR = {"generator": "x", **dict.fromkeys(_OF_QUEUES)}

METHODS: dict[str, tuple[str, dict[str, str | None], Sequence[str]]] = {
    "fit": ("fit", {"nb_epoch": "epochs", "show_accuracy": None, "class_mode": None}, ()),
    "compile": ("compile", {"class_mode": None, "theano_mode": None}, ()),
    "evaluate": ("evaluate", {"show_accuracy": None}, ()),
    "train_on_batch": ("train_on_batch", {"accuracy": None}, ()),
    "fit_generator": (
        "fit",
        {**_FROM_GENERATOR, "nb_epoch": "epochs"},
        ("samples_per_epoch", "nb_val_samples"),
    ),
    "evaluate_generator": ("evaluate", _FROM_GENERATOR, ("val_samples",)),
    "predict_generator": ("predict", _FROM_GENERATOR, ("val_samples",)),
    "predict_proba": ("predict", {}, ()),
}
"""Methods of models: today's name, today's keywords (None: left out), and keywords that have none."""

_SAME = (
    "abs all any argmax argmin binary_crossentropy cast categorical_crossentropy clip concatenate cos "
    "cumprod cumsum dot dtype elu equal exp expand_dims eye greater greater_equal less less_equal log "
    "logsumexp max maximum mean min minimum not_equal one_hot ones ones_like prod relu reshape round "
    "shape sigmoid sign sin softmax softplus softsign sparse_categorical_crossentropy sqrt square squeeze "
    "stack std stop_gradient sum tanh tile transpose var zeros zeros_like"
)
BACKEND = {
    **{name: f"ops.{name}" for name in _SAME.split()},
    "gather": "ops.take",
    "int_shape": "ops.shape",
    "l2_normalize": "ops.normalize",
    "permute_dimensions": "ops.transpose",
    "pow": "ops.power",
    "random_normal": "random.normal",
    "random_uniform": "random.uniform",
    "repeat_elements": "ops.repeat",
    "switch": "ops.where",
    "variable": "keras.Variable",
}
"""Functions of `keras.backend`, and where Keras 3 has them. What their arguments and defaults have become
is seen from the two signatures."""
_ALSO = {"gather": {"axis": "0"}}
"""Arguments that only today's function has, and that it needs."""

_GONE_ATTRIBUTES = {"get_output_at", "get_input_at", "uses_learning_phase", "total_loss"}


def _is_self(node: Any) -> bool:
    return getattr(node, "value", None) == "self"


class Source:
    """An argument that is no literal, handed through the tables as it is written."""

    def __init__(self, node: Any) -> None:
        self.node = node


def translated(source: str, tree: Tree) -> tuple[str, list[tuple[int, str]]]:
    """Translate a script; see `modernized`.

    Args:
        source: the script.
        tree: Keras as the script knows it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is told of old names: they are being changed
        translator = Translator(Bindings(ast.parse(source), tree))
        result = MetadataWrapper(cst.parse_module(source)).visit(translator)
    for line in reversed(translator.new_imports):
        result = with_import(result, line)
    return result.code, sorted(translator.notes)


def with_import(module: Any, line: str) -> Any:
    """Put an import behind the last one at the top of a module."""
    body = list(module.body)
    at = 0
    for i, statement in enumerate(body):
        small = getattr(statement, "body", None)
        if isinstance(small, (list, tuple)) and any(
            isinstance(s, (cst.Import, cst.ImportFrom)) for s in small
        ):
            at = i + 1
    return module.with_changes(body=[*body[:at], cst.parse_statement(line), *body[at:]])


class Translator(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, bindings: Bindings) -> None:
        super().__init__()
        self.bindings = bindings
        self.notes: list[tuple[int, str]] = []
        self.new_imports: list[str] = []

    # Notes.

    def note(self, node: Any, text: str) -> None:
        line = self.get_metadata(PositionProvider, node).start.line
        if (line, text) not in self.notes:
            self.notes.append((line, text))

    def need(self, line: str) -> None:
        if line not in self.new_imports:
            self.new_imports.append(line)

    # Names.

    def place(self, node: Any) -> tuple[str, str] | None:
        """Return path and name of an object of Keras that an expression names."""
        if isinstance(node, cst.Name):
            return self.bindings.objects.get(node.value)
        if isinstance(node, cst.Attribute):
            path = self.module(node.value)
            if path is not None:
                return path, node.attr.value
        return None

    def module(self, node: Any) -> str | None:
        """Return the path of a module of Keras that an expression names."""
        if isinstance(node, cst.Name):
            return self.bindings.modules.get(node.value)
        if isinstance(node, cst.Attribute):
            above = self.module(node.value)
            if above is not None:
                path = f"{above}.{node.attr.value}" if above else node.attr.value
                return path if self.bindings.tree.contents(path) is not None else None
        return None

    # Imports.

    def visit_Import(self, node: Any) -> bool:
        return False

    def visit_ImportFrom(self, node: Any) -> bool:
        return False

    def leave_SimpleStatementLine(self, original_node: Any, updated_node: Any) -> Any:
        if len(original_node.body) != 1:
            return updated_node
        statement = original_node.body[0]
        if isinstance(statement, cst.ImportFrom):
            lines = self.import_from(statement)
        elif isinstance(statement, cst.Import):
            lines = self.imports(statement)
        else:
            return updated_node
        if lines is None:
            return updated_node
        made = [cst.parse_statement(line) for line in lines]
        if not made:
            return cst.RemoveFromParent()
        made[0] = made[0].with_changes(leading_lines=updated_node.leading_lines)
        made[-1] = made[-1].with_changes(trailing_whitespace=updated_node.trailing_whitespace)
        return cst.FlattenSentinel(made)

    def import_from(self, statement: Any) -> list[str] | None:
        """Return the lines that take the place of an import, None if it may stay."""
        if statement.module is None or isinstance(statement.names, cst.ImportStar):
            return None
        module = cst.Module([]).code_for_node(statement.module)
        path = keras_path(module)
        if path is None:
            return None
        groups: dict[str, list[str]] = {}
        for alias in statement.names:
            name = alias.name.value
            local = alias.asname.name.value if alias.asname else name
            inner = f"{path}.{name}" if path else name
            if self.bindings.tree.contents(inner) is not None:
                moved = self.bindings.tree.moved.get(inner, inner)
                if TODAY.contents(inner) is None and TODAY.contents(moved) is not None:
                    above, _, last = moved.rpartition(".")
                    groups.setdefault("keras" + (f".{above}" if above else ""), []).append(
                        self.aliased(last, local)
                    )
                    continue
                if TODAY.contents(inner) is None:
                    self.note(statement, f"module `keras.{inner}`")
                    groups.setdefault(module, []).append(self.aliased(name, local))
                    continue
                groups.setdefault("keras" + (f".{path}" if path else ""), []).append(
                    self.aliased(name, local)
                )
                continue
            today = self.bindings.today(path, name)
            if today is None:
                self.note(statement, f"`{name}` of `{module}`")
                groups.setdefault(module, []).append(self.aliased(name, local))
                continue
            place, new = today
            local = new if local == name else local
            groups.setdefault("keras" + (f".{place}" if place else ""), []).append(
                self.aliased(new, local)
            )
        lines = [f"from {m} import {', '.join(dict.fromkeys(n))}" for m, n in groups.items()]
        return None if lines == [cst.Module([]).code_for_node(statement)] else lines

    def imports(self, statement: Any) -> list[str] | None:
        lines, changed = [], False
        for alias in statement.names:
            module = cst.Module([]).code_for_node(alias.name)
            path = keras_path(module)
            local = alias.asname.name.value if alias.asname else None
            if path is None:
                lines.append(f"import {module}" + (f" as {local}" if local else ""))
                continue
            if path and TODAY.contents(path) is None:
                path = self.bindings.tree.moved.get(path, path)
                if TODAY.contents(path) is None:
                    path = "layers" if path == "engine" else path
                    changed = True
            new = "keras" + (f".{path}" if path else "")
            changed = changed or new != module
            lines.append(f"import {new}" + (f" as {local}" if local else ""))
        return lines if changed else None

    @staticmethod
    def aliased(name: str, local: str) -> str:
        return name if name == local else f"{name} as {local}"

    # Uses of names.

    def leave_Name(self, original_node: Any, updated_node: Any) -> Any:
        place = self.bindings.objects.get(original_node.value)
        if place is None or original_node.value != place[1]:
            return updated_node
        today = self.bindings.today(*place)
        return updated_node if today is None else updated_node.with_changes(value=today[1])

    def leave_Attribute(self, original_node: Any, updated_node: Any) -> Any:
        if original_node.attr.value == "output_shape" and not _is_self(original_node.value):
            output = cst.Attribute(updated_node.value, cst.Name("output"))
            return cst.Attribute(output, cst.Name("shape"))
        if original_node.attr.value in _GONE_ATTRIBUTES:
            self.note(original_node, f"`.{original_node.attr.value}`")
        place = self.place(original_node)
        if place is None or self.module(original_node) is not None:
            return updated_node
        path, name = place
        if path == "backend":
            return self.backend(original_node, updated_node, name)
        today = self.bindings.today(path, name)
        if today is None:
            self.note(original_node, f"`keras.{path + '.' if path else ''}{name}`")
            return updated_node
        return updated_node.with_changes(attr=cst.Name(today[1]))

    def backend(self, original: Any, updated: Any, name: str) -> Any:
        """Return the expression for a function of `keras.backend`."""
        if TODAY.contents("backend").find(name) is not None:
            return updated
        if name not in BACKEND:
            self.note(original, f"`K.{name}`")
            return updated
        new = BACKEND[name]
        package = new.split(".")[0]
        self.need("import keras" if package == "keras" else f"from keras import {package}")
        return cst.parse_expression(new)

    # Calls.

    def leave_Call(self, original_node: Any, updated_node: Any) -> Any:
        place = self.place(original_node.func)
        if place is not None:
            adapted = self.bindings.raw(*place)
            if isinstance(adapted, Adapted):
                return self.adapted_call(original_node, updated_node, adapted)
            if place[0] == "backend" and place[1] in BACKEND:
                return self.backend_call(original_node, updated_node, place[1])
            return updated_node
        if isinstance(original_node.func, cst.Attribute):
            return self.method_call(original_node, updated_node)
        return updated_node

    def backend_call(self, original: Any, updated: Any, name: str) -> Any:
        """Return a call of a function of `keras.backend` by today's names, with the defaults of then."""
        then, today, new = self.backend_arguments(name)
        args, given = [], {"name"}
        for i, a in enumerate(updated.args):
            old = a.keyword.value if a.keyword else then[i].name if i < len(then) else None
            if old == "name" and new["name"] != "name":
                continue  # today's function does not name its result
            if a.star or new.get(old) is None:
                self.note(original, f"`K.{name}({old or '*'}=...)`")
                return updated.with_changes(func=original.func)
            given.add(old)
            by_place = a.keyword is None and [p.name for p in today[i : i + 1]] == [new[old]]
            args.append(a if by_place else self.keyword(new[old], a.value, a))
        now = {p.name: p.default for p in today}
        more = {
            new[p.name]: repr(p.default)
            for p in then
            if p.name not in given and new[p.name] and now[new[p.name]] != p.default
            if p.default is not None or p.name == "axis"  # else None is for what is not said
        }
        more.update(_ALSO.get(name, {}))
        args += [self.keyword(k, cst.parse_expression(v), None) for k, v in more.items()]
        return updated.with_changes(args=self.joined(args, updated.args))

    def backend_arguments(self, name: str) -> tuple[list, list, dict[str, str | None]]:
        """Return a function's parameters then and today, and today's names of those of then."""
        package, _, target = BACKEND[name].rpartition(".")
        target = TODAY.contents(package.replace("keras", "")).find(target)
        then = list(inspect.signature(self.bindings.raw("backend", name)).parameters.values())
        today = list(inspect.signature(target).parameters.values())
        known, of_then = {p.name for p in today}, {p.name for p in then}
        new: dict[str, str | None] = {}
        for i, p in enumerate(then):
            there = today[i].name if i < len(today) else None
            new[p.name] = p.name if p.name in known else None if there in of_then else there
        return then, today, new

    def method_call(self, original: Any, updated: Any) -> Any:
        name = original.func.attr.value
        if name == "predict_classes":
            self.note(original, "`predict_classes`: take argmax of `predict`, or `> 0.5` of it")
        if name not in METHODS:
            return updated
        new, keywords, without = METHODS[name]
        given = [a.keyword.value for a in updated.args if a.keyword]
        for keyword in without:
            if keyword in given:
                self.note(original, f"`{name}({keyword}=...)`: today it counts batches")
                return updated
        args = []
        for a in updated.args:
            old = a.keyword.value if a.keyword else None
            if old in keywords and keywords[old] is None:
                continue
            args.append(self.renamed(a, keywords.get(old, old)) if old else a)
        func = updated.func.with_changes(attr=cst.Name(new))
        return updated.with_changes(func=func, args=self.joined(args, updated.args))

    @staticmethod
    def renamed(arg: Any, keyword: str | None) -> Any:
        return arg.with_changes(keyword=cst.Name(keyword))

    @staticmethod
    def joined(args: list, before: Sequence[Any]) -> list:
        """Return arguments with the last one's comma as it was."""
        if args and before and len(args) != len(before):
            args[-1] = args[-1].with_changes(comma=before[-1].comma)
        return args

    def adapted_call(self, original: Any, updated: Any, adapted: Adapted) -> Any:
        if any(a.star for a in updated.args):
            self.note(original, f"`{adapted.__name__}` with arguments in a list or dict")
            return updated
        positional = [self.value(a) for a in updated.args if a.keyword is None]
        named = {a.keyword.value: self.value(a) for a in updated.args if a.keyword}
        old_names = (adapted.order(tuple(positional)) or [])[: len(positional)]
        try:
            rest, today = self.todays(adapted, tuple(positional), named)
            later = [k for k in adapted._afterwards if k in today]
            if later or (adapted._chosen is not None and adapted._chosen(today)):
                raise ValueError(f"{later or ''} has no counterpart".strip())
            parameters = list(inspect.signature(adapted.target).parameters)
        except Exception as error:
            self.note(original, f"`{adapted.__name__}(...)`: {error}")
            return updated
        if rest:
            old_names = []
        args, done = [], set()
        for i, a in enumerate(updated.args):
            old = a.keyword.value if a.keyword else old_names[i] if i < len(old_names) else None
            if old is None:  # by place, today as then
                args.append(a)
                continue
            new = adapted._renamed.get(old, old)
            if new not in today:
                continue
            done.add(new)
            node = self.node(today[new], original, adapted, new)
            if node is None:
                return updated
            if not isinstance(today[new], Source) and today[new] == self.value(a):
                node = a.value
            by_place = a.keyword is None and len(args) == i and parameters[i : i + 1] == [new]
            if by_place:
                args.append(a.with_changes(value=node))
            else:
                args.append(self.keyword(new, node, a))
        for new, value in today.items():
            if new not in done:
                node = self.node(value, original, adapted, new)
                if node is None:
                    return updated
                args.append(self.keyword(new, node, None))
        return updated.with_changes(args=self.joined(args, updated.args))

    @staticmethod
    def todays(adapted: Adapted, args: tuple, named: dict) -> tuple[tuple, dict]:
        """Return today's arguments; by their names alone, if values that are no literals stop it."""
        try:
            return adapted.arguments(args, dict(named))
        except (TypeError, AttributeError, IndexError):
            rest, today = adapted.arguments(args, dict(named), prepared=False)
            known = inspect.signature(adapted.target).parameters
            if not rest and set(today) <= {*known, "input_shape", "name", "dtype", "trainable"}:
                return rest, today
            raise

    @staticmethod
    def keyword(name: str, value: Any, like: Any) -> Any:
        equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        if like is None:
            return cst.Arg(value, keyword=cst.Name(name), equal=equal)
        if like.keyword is not None:
            equal = like.equal
        return like.with_changes(value=value, keyword=cst.Name(name), equal=equal)

    @staticmethod
    def value(arg: Any) -> Any:
        """Return an argument's value if it is a literal, else a `Source`."""
        try:
            return ast.literal_eval(cst.Module([]).code_for_node(arg.value))
        except (ValueError, SyntaxError):
            return Source(arg.value)

    def node(self, value: Any, original: Any, adapted: Adapted, name: str) -> Any:
        """Return the source of a value, None (and a note) if it has none."""
        try:
            return cst.parse_expression(self.code(value))
        except (ValueError, cst.ParserSyntaxError):
            self.note(original, f"`{adapted.__name__}({name}=...)`: write {value!r}")
            return None

    def code(self, value: Any) -> str:
        if isinstance(value, Source):
            return cst.Module([]).code_for_node(value.node)
        if isinstance(value, (list, tuple)):
            inner = ", ".join(map(self.code, value))
            if isinstance(value, list):
                return f"[{inner}]"
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if value is None or isinstance(value, (bool, int, float, str)):
            return f'"{value}"' if isinstance(value, str) and value.isidentifier() else repr(value)
        for family, package in _FAMILIES.items():
            if isinstance(value, family):
                return self.made(value, package)
        if value is hard_sigmoid:
            return '"hard_sigmoid"'  # as good as the same: 0.2 x + 0.5 then, x / 6 + 0.5 today
        raise ValueError(value)

    def made(self, value: Any, package: str) -> str:
        """Return how an initializer, a regularizer or a constraint is written."""
        changed = unusual_arguments_of(value)
        name = type(value).__name__
        if not changed:
            return f'"{to_snake_case(name)}"'
        self.need("import keras")
        inner = ", ".join(f"{k}={self.code(v)}" for k, v in changed.items())
        return f"keras.{package}.{name}({inner})"

    def leave_Arg(self, original_node: Any, updated_node: Any) -> Any:
        """Let callbacks watch a metric by today's name."""
        if original_node.keyword is None or original_node.keyword.value != "monitor":
            return updated_node
        code = cst.Module([]).code_for_node(original_node.value)
        if code.strip("\"'") in ("acc", "val_acc"):
            return updated_node.with_changes(
                value=cst.parse_expression(code.replace("acc", "accuracy"))
            )
        return updated_node

    # What is read from histories.

    def leave_Subscript(self, original_node: Any, updated_node: Any) -> Any:
        value = original_node.value
        if not (isinstance(value, cst.Attribute) and value.attr.value == "history"):
            return updated_node
        code = cst.Module([]).code_for_node(original_node.slice[0])
        key = code.strip("\"'")
        if key in ("acc", "val_acc") and "acc" not in self.bindings.texts - {key}:
            new = code.replace("acc", "accuracy")
            return cst.parse_expression(
                f"{cst.Module([]).code_for_node(updated_node.value)}[{new}]"
            )
        return updated_node
