"""How the source of a script is changed: imports, names, arguments, keys. Needs libcst."""

from __future__ import annotations

import ast
import inspect
import re
import warnings
from collections.abc import Sequence
from typing import Any

import libcst as cst
from libcst import matchers
from libcst.metadata import MetadataWrapper, PositionProvider

from minikeras.common.configurable import unusual_arguments_of
from minikeras.common.naming import to_snake_case
from minikeras.compat.adapters import Adapted
from minikeras.compat.keras3 import TREE as TODAY
from minikeras.compat.modernize import tables
from minikeras.compat.modernize.bindings import Bindings, keras_path
from minikeras.compat.modernize.script_facts import ScriptFacts
from minikeras.compat.namespaces import Tree
from minikeras.saving.legacy_configs import hard_sigmoid


def _is_self(node: Any) -> bool:
    return getattr(node, "value", None) == "self"


_SPACE = cst.SimpleWhitespace(" ")
_OPTIMIZER = re.compile("(opt(imi[zs]er)?|sgd|adam|rmsprop)$", re.IGNORECASE)
"""How what a variable names is seen to be an optimizer."""


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
        script = ast.parse(source)
        translator = Translator(Bindings(script, tree), ScriptFacts(script))
        result = MetadataWrapper(cst.parse_module(source)).visit(translator)
    for name in translator.helpers:
        blank = cst.EmptyLine(indent=False)
        helper = cst.parse_statement(tables.HELPERS[name])
        result = behind_imports(result, helper.with_changes(leading_lines=[blank, blank]))
    for line in sorted(translator.new_imports, key=lambda line: (line.startswith("from"), line)):
        result = behind_imports(result, cst.parse_statement(line))
    return result.code, sorted(translator.notes)


def behind_imports(module: Any, statement: Any) -> Any:
    """Put a statement behind the last import at the top of a module."""
    imports = (cst.Import, cst.ImportFrom)
    at = 0
    for i, line in enumerate(module.body):
        small = getattr(line, "body", None)
        if isinstance(small, (list, tuple)) and any(isinstance(s, imports) for s in small):
            at = i + 1
    return module.with_changes(body=[*module.body[:at], statement, *module.body[at:]])


def source_of(node: Any) -> str:
    return cst.Module([]).code_for_node(node)


def repr_like(node: Any, text: str) -> str:
    """Return a text as a literal with the prefix and the quotes of another one."""
    return f"{node.prefix}{node.quote}{text}{node.quote}"


class Translator(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, bindings: Bindings, facts: ScriptFacts) -> None:
        super().__init__()
        self.bindings = bindings
        self.facts = facts
        self.notes: list[tuple[int, str]] = []
        self.new_imports: list[str] = []
        self.helpers: list[str] = []
        self.batch_shape: str | None = None  # of the layer that a statement adds to a model

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
        line = self.get_metadata(PositionProvider, original_node).start.line
        if line in self.facts.trains_though_frozen:
            return self.thawed(updated_node, self.facts.trains_though_frozen[line])
        if self.batch_shape is not None:
            return self.with_input(original_node, updated_node)
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

    def with_input(self, original: Any, line: Any) -> Any:
        """Put `model.add(Input(batch_shape=...))` before a layer that said `batch_input_shape` itself."""
        shape, self.batch_shape = self.batch_shape, None
        added = matchers.Expr(matchers.Call(matchers.Attribute(attr=matchers.Name("add"))))
        if not matchers.matches(original.body[0], added):
            self.note(
                original, "`batch_input_shape`: an `Input(batch_shape=...)` before the layer today"
            )
            return line
        self.need("import keras")
        model = source_of(original.body[0].value.func.value)
        before = cst.parse_statement(f"{model}.add(keras.Input(batch_shape={shape}))")
        before = before.with_changes(leading_lines=line.leading_lines)
        return cst.FlattenSentinel([before, line.with_changes(leading_lines=())])

    @staticmethod
    def thawed(line: Any, model: str) -> Any:
        """Let a model train that was compiled before it was frozen: today that would be too late."""
        before = cst.parse_statement(f"{model}.trainable = True")
        after = cst.parse_statement(f"{model}.trainable = False")
        before = before.with_changes(leading_lines=line.leading_lines)
        return cst.FlattenSentinel([before, line.with_changes(leading_lines=()), after])

    def import_from(self, statement: Any) -> list[str] | None:
        """Return the lines that take the place of an import, None if it may stay."""
        if statement.module is None or isinstance(statement.names, cst.ImportStar):
            return None
        module = source_of(statement.module)
        path = keras_path(module)
        if path is None:
            return None
        groups: dict[str, list[str]] = {}
        for alias in statement.names:
            name = alias.name.value
            local = alias.asname.name.value if alias.asname else name
            inner = f"{path}.{name}" if path else name
            if self.bindings.tree.contents(inner) is not None:
                today, gone = self.module_today(inner), f"module `keras.{inner}`"
            else:
                today, gone = self.bindings.today(path, name), f"`{name}` of `{module}`"
                if today is not None and local == name:
                    local = today[1]  # `leave_Name` renames its uses
            if today is None:
                self.note(statement, gone)
                source, new = module, name
            else:
                above, new = today
                source = "keras" + (f".{above}" if above else "")
            groups.setdefault(source, []).append(self.aliased(new, local))
        lines = [f"from {m} import {', '.join(dict.fromkeys(n))}" for m, n in groups.items()]
        return None if lines == [source_of(statement)] else lines

    def module_today(self, path: str) -> tuple[str, str] | None:
        """Return where today's Keras has a module of then, and its name there; None if nowhere."""
        for known in (path, self.bindings.tree.moved.get(path), tables.MODULES.get(path)):
            if known is not None and TODAY.contents(known) is not None:
                above, _, name = known.rpartition(".")
                return above, name
        return None

    def imports(self, statement: Any) -> list[str] | None:
        lines, changed = [], False
        for alias in statement.names:
            module = source_of(alias.name)
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
        if original_node.attr.value in tables.GONE_ATTRIBUTES:
            self.note(original_node, tables.GONE_ATTRIBUTES[original_node.attr.value])
        if original_node.attr.value == "lr" and _OPTIMIZER.search(source_of(original_node.value)):
            return updated_node.with_changes(attr=cst.Name("learning_rate"))
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
        wholes = (
            *tables.EXPRESSIONS,
            *tables.HELPERS,
            *(setting for setting, _ in tables.SETTINGS),
        )
        if name in wholes:
            return updated  # its call is translated as a whole
        if name not in tables.BACKEND:
            self.note(original, f"`K.{name}`")
            return updated
        new = tables.BACKEND[name]
        package = new.split(".")[0]
        self.need("import keras" if package == "keras" else f"from keras import {package}")
        return cst.parse_expression(new)

    # Calls.

    def leave_Call(self, original_node: Any, updated_node: Any) -> Any:
        named = self.scores_by_name(original_node, updated_node)
        if named is not None:
            return named
        place = self.place(original_node.func)
        if place is None:
            method = isinstance(original_node.func, cst.Attribute)
            return self.method_call(original_node, updated_node) if method else updated_node
        if place[0] == "backend":
            return self.backend_call(original_node, updated_node, place[1])
        adapted = self.bindings.raw(*place)
        if isinstance(adapted, Adapted):
            updated_node = self.adapted_call(original_node, updated_node, adapted)
        return self.todays_keywords(original_node, updated_node, place[1])

    def scores_by_name(self, original: Any, updated: Any) -> Any:
        """Return `model.evaluate(..., return_dict=True)` for `dict(zip(model.metrics_names, ...))`."""
        match = matchers.Call(
            matchers.Name("dict"),
            [matchers.Arg(matchers.Call(matchers.Name("zip"), [matchers.Arg(), matchers.Arg()]))],
        )
        if not matchers.matches(original, match):
            return None
        names, scores = (a.value for a in original.args[0].value.args)
        if not matchers.matches(names, matchers.Attribute(attr=matchers.Name("metrics_names"))):
            return None
        model = source_of(names.value)
        if not source_of(scores).startswith((f"{model}.evaluate(", f"{model}.evaluate_generator(")):
            return None
        line = self.get_metadata(PositionProvider, names).start.line
        self.notes.remove((line, tables.GONE_ATTRIBUTES["metrics_names"]))
        call = updated.args[0].value.args[1].value
        return call.with_changes(
            args=[*call.args, self.keyword("return_dict", cst.Name("True"), None)]
        )

    def backend_call(self, original: Any, updated: Any, name: str) -> Any:
        """Return a call of a function of `keras.backend` by today's names, with the defaults of then."""
        if name in tables.HELPERS:
            return updated.with_changes(func=self.helper(name))
        if name in tables.EXPRESSIONS:
            return self.backend_expression(original, updated, name)
        words = [self.value(a) for a in updated.args]
        setting = tables.SETTINGS.get((name, *words)) if len(words) == 1 else None
        if setting is not None:
            func = updated.func.with_changes(attr=cst.Name(setting.partition("(")[0]))
            return updated.with_changes(func=func, args=cst.parse_expression(setting).args)
        if name not in tables.BACKEND:
            return updated
        if name in tables.DRAWING and "seed" not in [
            a.keyword.value for a in updated.args if a.keyword
        ]:
            self.note(
                original,
                f"`K.{name}` without a seed: with JAX, a layer's own `SeedGenerator` today",
            )
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
        more.update(tables.ALSO.get(name, {}))
        args += [self.keyword(k, cst.parse_expression(v), None) for k, v in more.items()]
        return updated.with_changes(args=self.joined(args, updated.args))

    def backend_expression(self, original: Any, updated: Any, name: str) -> Any:
        """Return the expression that a call of a function of `keras.backend` is today."""
        text = tables.EXPRESSIONS[name]
        order = list(inspect.signature(self.bindings.raw("backend", name)).parameters)
        given = {a.keyword.value if a.keyword else order[i]: a for i, a in enumerate(updated.args)}
        needed = order[: 1 + ("{1}" in text) + ("{2}" in text)]
        if set(given) != set(needed) or any(a.star for a in updated.args):
            self.note(original, f"`K.{name}`")
            return updated
        for package in ("ops", "layers"):
            if f"{package}." in text:
                self.need(f"from keras import {package}")
        values = [given[n].value for n in needed]
        return cst.parse_expression(text.format(*map(self.as_operand, values)))

    @staticmethod
    def as_operand(node: Any) -> str:
        """Return the source of an expression, in parentheses where it needs some beside an operator."""
        operators = (cst.BinaryOperation, cst.BooleanOperation, cst.Comparison, cst.UnaryOperation)
        bare = isinstance(node, (*operators, cst.IfExp, cst.Lambda)) and not node.lpar
        return f"({source_of(node)})" if bare else source_of(node)

    def helper(self, name: str) -> Any:
        """Return the name of a function that the script gets."""
        if name not in self.helpers:
            self.helpers.append(name)
        if "ops." in tables.HELPERS[name]:
            self.need("from keras import ops")
        return cst.Name(name)

    def todays_keywords(self, original: Any, updated: Any, name: str) -> Any:
        """Return a call without the keywords that only older Keras had, though the table keeps them."""
        args = []
        for a in updated.args:
            keyword = a.keyword.value if a.keyword else None
            if (name, keyword) == ("Embedding", "input_length"):
                shape = cst.parse_expression(f"({source_of(a.value)},)")
                a = a.with_changes(keyword=cst.Name("input_shape"), value=shape)
            elif keyword == "batch_input_shape":
                self.batch_shape = source_of(a.value)
                continue
            elif (name, keyword) == ("ModelCheckpoint", "period"):
                if self.value(a) != 1:
                    self.note(
                        original, "`ModelCheckpoint(period=...)`: `save_freq` counts batches today"
                    )
                continue
            args.append(a)
        return updated.with_changes(args=self.joined(args, updated.args))

    def backend_arguments(self, name: str) -> tuple[list, list, dict[str, str | None]]:
        """Return a function's parameters then and today, and today's names of those of then."""
        package, _, target = tables.BACKEND[name].rpartition(".")
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
        name, owner = original.func.attr.value, original.func.value
        if name in tables.HELPERS and not _is_self(owner):
            model = cst.Arg(updated.func.value, comma=cst.Comma(cst.SimpleWhitespace(""), _SPACE))
            return updated.with_changes(func=self.helper(name), args=[model, *updated.args])
        if (
            name == "add_loss"
            and isinstance(owner, cst.Name)
            and owner.value in self.facts.functional
        ):
            self.note(
                original, "`add_loss` of a functional model: a layer adds it in its `call` today"
            )
        if name not in tables.METHODS:
            return updated
        new, keywords, without = tables.METHODS[name]
        given = [a.keyword.value for a in updated.args if a.keyword]
        for keyword in without:
            if keyword in given:
                self.note(original, f"`{name}({keyword}=...)`: today it counts batches")
                return updated
        if name == "evaluate" and self.facts.shows_accuracy and "show_accuracy" not in given:
            self.note(
                original, "`evaluate` without `show_accuracy`: today it gives the accuracy, too"
            )
        order = tables.ORDER.get(name, ())
        kept = 0 if name == "add_weight" else 2
        if name == "add_weight" and not isinstance(self.value(updated.args[0]), str):
            return updated  # of Keras 1, whose order is today's
        args = []
        for i, a in enumerate(updated.args):
            old = a.keyword.value if a.keyword else None
            if old is None and not a.star and kept <= i < len(order):
                old = order[i]
                if name == "compile" and isinstance(self.value(a), str):  # Keras 0: `class_mode`
                    continue
                a = self.keyword(old, a.value, a)
            if old in keywords and keywords[old] is None:
                continue
            args.append(self.renamed(a, keywords.get(old, old)) if old else a)
        if name == "compile":
            args = self.compile_arguments(args)
        func = updated.func.with_changes(attr=cst.Name(new))
        return updated.with_changes(func=func, args=self.joined(args, updated.args))

    def compile_arguments(self, args: list) -> list:
        """Return the arguments of `compile` with what strings meant then, and all that is needed today."""
        names = [
            a.keyword.value if a.keyword else order
            for a, order in zip(args, tables.ORDER["compile"] * 3)
        ]
        given = dict(zip(names, args))
        optimizer, loss, weights = (given.get(n) for n in ("optimizer", "loss", "loss_weights"))
        if optimizer is not None and isinstance(self.value(optimizer), str):
            made = self.optimizer_named(self.value(optimizer))
            if made is not None:
                args[args.index(optimizer)] = optimizer.with_changes(
                    value=cst.parse_expression(made)
                )
        metrics = given.get("metrics")
        count = self.number_of_outputs(loss, weights)
        if count > 1:  # what was said once held for all outputs
            if isinstance(self.value(loss), str):
                losses = ", ".join([source_of(loss.value)] * count)
                args[args.index(loss)] = loss.with_changes(
                    value=cst.parse_expression(f"[{losses}]")
                )
            if metrics is not None and isinstance(metrics.value, cst.List):
                each = cst.parse_expression(f"[{source_of(metrics.value)}] * {count}")
                args[args.index(metrics)] = metrics.with_changes(value=each)
        if self.facts.shows_accuracy and "metrics" not in given:
            args.append(self.keyword("metrics", cst.parse_expression('["accuracy"]'), None))
        return args

    @staticmethod
    def number_of_outputs(loss: Any, weights: Any) -> int:
        """Return how many outputs a model has, as far as lists of losses or their weights tell; else 1."""
        lists = [
            a.value for a in (loss, weights) if a is not None and isinstance(a.value, cst.List)
        ]
        return max((len(values.elements) for values in lists), default=1) if loss is not None else 1

    def optimizer_named(self, name: str) -> str | None:
        """Return how an optimizer is made today that had another learning rate by its name alone."""
        for adapted in self.bindings.tree.contents("optimizers").names.values():
            if isinstance(adapted, Adapted) and adapted.target.__name__.lower() == name.lower():
                then = adapted()
                now = TODAY.contents("optimizers").find(type(then).__name__)()
                if then.learning_rate != now.learning_rate:
                    self.need("import keras")
                    rate = float(str(then.learning_rate.numpy()))
                    return f"keras.optimizers.{type(now).__name__}(learning_rate={rate})"
        return None

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
        """Return an argument's value if it is a literal, else a `Source`; of sequences part by part."""
        node = arg.value
        if isinstance(node, (cst.Tuple, cst.List)) and all(
            type(e) is cst.Element for e in node.elements
        ):
            parts = map(Translator.value, node.elements)
            return tuple(parts) if isinstance(node, cst.Tuple) else list(parts)
        try:
            return ast.literal_eval(source_of(node))
        except (ValueError, SyntaxError):
            return Source(node)

    def node(self, value: Any, original: Any, adapted: Adapted, name: str) -> Any:
        """Return the source of a value, None (and a note) if it has none."""
        try:
            return cst.parse_expression(self.code(value))
        except (ValueError, cst.ParserSyntaxError):
            self.note(original, f"`{adapted.__name__}({name}=...)`: write {value!r}")
            return None

    def code(self, value: Any) -> str:
        if isinstance(value, Source):
            return source_of(value.node)
        if isinstance(value, (list, tuple)):
            inner = ", ".join(map(self.code, value))
            if isinstance(value, list):
                return f"[{inner}]"
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if value is None or isinstance(value, (bool, int, float, str)):
            return f'"{value}"' if isinstance(value, str) and value.isidentifier() else repr(value)
        for family, package in tables.FAMILIES.items():
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
        key = self.value(original_node)
        if not self.is_renamed(key):
            return updated_node
        return updated_node.with_changes(value=self.todays_key(original_node.value, key))

    def is_renamed(self, key: Any) -> bool:
        """Whether a key of a history has another name today: `metrics=["acc"]` gives `acc` as it did."""
        return key in tables.KEYS and not (self.facts.names_acc and key.endswith("acc"))

    @staticmethod
    def todays_key(node: Any, key: str) -> Any:
        """Return a string in the quotes that it had."""
        return cst.parse_expression(source_of(node).replace(key, tables.KEYS[key]))

    # Names of files.

    def leave_SimpleString(self, original_node: Any, updated_node: Any) -> Any:
        old = original_node.evaluated_value
        new = self.facts.files.get(old, old)
        if (
            isinstance(new, str) and not self.facts.names_acc
        ):  # "weights.{epoch:02d}-{val_acc:.2f}.keras"
            new = re.sub(r"\{(val_)?acc([:}])", r"{\1accuracy\2", new)
        return (
            updated_node
            if new == old
            else updated_node.with_changes(value=repr_like(original_node, new))
        )

    # What is read from histories.

    def leave_Subscript(self, original_node: Any, updated_node: Any) -> Any:
        value = original_node.value
        if not (isinstance(value, cst.Attribute) and value.attr.value == "history"):
            return updated_node
        index = getattr(original_node.slice[0].slice, "value", None)
        key = self.value(original_node.slice[0].slice) if index is not None else None
        if not self.is_renamed(key):
            return updated_node
        new = self.todays_key(index, key)
        return cst.parse_expression(f"{source_of(updated_node.value)}[{source_of(new)}]")
