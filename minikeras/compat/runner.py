"""`python -m minikeras`: run a script that was written for Keras; without one, show what is installed."""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import runpy
import sys
import tokenize
import types
from collections.abc import Sequence

from minikeras.common.settings import settings
from minikeras.common.traceback_utils import without_own_frames
from minikeras.compat.dialects import detect, is_late
from minikeras.compat.importer import install_as_keras
from minikeras.distribution import DataParallel, set_distribution
from minikeras.version import __version__

_USAGE = (
    "python -m minikeras [--dialect 1|2|3] [--modernize] [--data-parallel] "
    "(script.py | -m module | -c code | playground) [args]"
)

_COMMANDS = (
    "`playground` opens a page on which models are written, trained and looked into; it takes "
    "--port and --no-browser."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: its arguments, `sys.argv[1:]` if None.

    Returns:
        The exit status.
    """
    options, rest = _parsed(list(sys.argv[1:] if argv is None else argv))
    if options.data_parallel:
        set_distribution(DataParallel())
    if not (rest or options.module or options.code is not None):
        from minikeras.utils.environment import environment_report

        print(f"{environment_report()}\nusage     {_USAGE}")
        return 0
    if options.modernize:
        from minikeras.compat.modernize import main as modernize

        return modernize(rest, options.dialect)
    sys.path[0] = os.getcwd()
    if options.code is not None:
        return _run(options.code, "<string>", ["-c", *rest], options.dialect)
    if options.module:
        _install(_source_of_module(options.module), options.dialect)
        sys.argv[:] = [options.module, *rest]
        runpy.run_module(options.module, run_name="__main__", alter_sys=True)
        return 0
    path = rest[0]
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        print(f"python -m minikeras: can't open file {path!r}: {error.strerror}", file=sys.stderr)
        return 2
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    return _run(source, path, rest, options.dialect)


def _parsed(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return our own options, and the script with its arguments, which are not looked at."""
    parser = argparse.ArgumentParser(
        prog="python -m minikeras", usage=_USAGE, description=__doc__, epilog=_COMMANDS
    )
    parser.add_argument(
        "--dialect", type=int, choices=(1, 2, 3), help="the Keras it is written for"
    )
    parser.add_argument("--modernize", action="store_true", help="print it as Keras 3, as a diff")
    parser.add_argument(
        "--data-parallel",
        action="store_true",
        help="let the processes that mpiexec started share the batches; may also come last",
    )
    parser.add_argument("-m", dest="module", help="run a module")
    parser.add_argument("-c", dest="code", help="run code")
    parser.add_argument("--version", action="version", version=f"minikeras {__version__}")
    own: list[str] = []
    rest = argv.copy()
    if rest[-1:] == ["--data-parallel"]:
        own.append(rest.pop())
    while rest and rest[0].startswith("-") and rest[0] != "-":
        option = rest.pop(0)
        own.append(option)
        if option in ("--dialect", "-m", "-c") and rest:
            own.append(rest.pop(0))
        if option in ("-m", "-c"):
            break
    return parser.parse_args(own), rest


def _run(source: str | bytes, path: str, argv: list[str], dialect: int | None) -> int:
    """Run source as `__main__`, as Python itself would."""
    main_module = types.ModuleType("__main__")
    main_module.__dict__.update(__file__=path, __builtins__=__builtins__)
    if path == "<string>":
        del main_module.__dict__["__file__"]
    sys.modules["__main__"] = main_module
    sys.argv[:] = argv
    try:
        code = compile(source, path, "exec")
        _install(source if isinstance(source, str) else _decoded(source), dialect)
        exec(code, main_module.__dict__)
    except Exception as error:
        _show(error)
        return 1
    return 0


def _decoded(source: bytes) -> str:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    return source.decode(encoding)


def _install(source: str, dialect: int | None) -> None:
    """Let `import keras` mean the Keras that a script is written for."""
    install_as_keras(dialect or detect(source), late=is_late(source))


def _source_of_module(name: str) -> str:
    """Return the source of what `-m` runs, none if it is not written in Python."""
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = importlib.util.find_spec(f"{name}.__main__")
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return ""
    with open(spec.origin, "rb") as file:
        return _decoded(file.read())


def _show(error: Exception) -> None:
    """Print a traceback that begins in the script, as `python script.py` would."""
    if settings.traceback_filtering:
        error = without_own_frames(error)
    sys.excepthook(type(error), error, error.__traceback__)
