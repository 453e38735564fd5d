"""`python -m minikeras --modernize script.py`: the script in Keras 3, as a diff.

What the tables of the dialects say of names and arguments is applied to the source, whose formatting and
comments stay. What could not be translated is listed, with its line.
"""

from __future__ import annotations

import difflib
import sys
import tokenize
from collections.abc import Sequence

from minikeras.common.extras import require
from minikeras.compat.dialects import detect
from minikeras.compat.importer import keras_tree


def main(paths: Sequence[str], dialect: int | None = None) -> int:
    """Print scripts in Keras 3 as diffs.

    Args:
        paths: the scripts.
        dialect: the Keras that they are written for, seen from each if None.

    Returns:
        The exit status: 1 if something could not be translated.
    """
    left = 0
    for path in paths:
        with tokenize.open(path) as file:
            source = file.read()
        result, notes = modernized(source, dialect)
        lines = (source.splitlines(keepends=True), result.splitlines(keepends=True))
        sys.stdout.writelines(difflib.unified_diff(*lines, path, f"{path} (Keras 3)"))
        for line, note in notes:
            print(f"{path}:{line}: not translated: {note}", file=sys.stderr)
        left += len(notes)
    return 1 if left else 0


def modernized(source: str, dialect: int | None = None) -> tuple[str, list[tuple[int, str]]]:
    """Translate a script into Keras 3.

    Args:
        source: the script.
        dialect: the Keras that it is written for: 1, 2 or 3; seen from it if None.

    Returns:
        The translated script, and what could not be translated: pairs of a line and what it is.
    """
    require("libcst", "modernize")
    from minikeras.compat.modernize.translator import translated

    period = dialect or detect(source)
    if period == 3 and dialect is None:
        return source, []
    return translated(source, keras_tree(period))
