"""Plants small slips, one at a time, and counts those that make a test fail.

    python benchmarks/mutate.py --count 120 --seed 1
    python benchmarks/mutate.py --only layers/rnn --count 20

The slips are cosmic-ray's (`pip install cosmic-ray`): an operator, a comparison, a number, a condition
changed. Those in error messages and type hints are left out. They are drawn evenly over the folders
named in mutation.toml, and planted in a copy of the repository, so nothing here changes. Prints the
share noticed by folder, and each slip that no test noticed, to be looked at one by one.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import tomllib

ROOT = Path(__file__).resolve().parent.parent
CONFIG = tomllib.loads(Path(__file__).with_name("mutation.toml").read_text())
Slip = tuple[Path, str, int]  # file, operator, which of its places there


def lines_left_out(source: str) -> set[int]:
    """Return the lines of error messages, warnings, annotations, imports and `__all__`."""
    out: set[int] = set()

    def leave_out(node: ast.AST | None) -> None:
        if node is not None:
            out.update(range(node.lineno, node.end_lineno + 1))

    for node in ast.walk(ast.parse(source)):
        said = isinstance(node, ast.Call) and ast.unparse(node.func) == "warnings.warn"
        names = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        if said or names or isinstance(node, (ast.Raise, ast.Import, ast.ImportFrom, ast.Assert)):
            leave_out(node)
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            leave_out(node.returns)
    return out


def slips_of(path: Path) -> Iterator[Slip]:
    """Yield every slip that can be made in a file."""
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.plugins import get_operator

    left_out = lines_left_out(path.read_text())
    nodes = list(ast_nodes(get_ast_from_path(path)))
    for name in CONFIG["operators"]:
        operator = get_operator(f"core/{name}")()
        places = [place for node in nodes for place in operator.mutation_positions(node)]
        for i, (start, _) in enumerate(places):
            if start[0] not in left_out:
                yield path, name, i


def drawn(count: int, seed: int, only: str) -> list[Slip]:
    """Draw slips evenly over the folders, at most one a line of a file, large files more often."""
    chance = random.Random(seed)
    by_folder = {}
    for folder in CONFIG["tests"]:
        files = sorted((ROOT / "minikeras" / folder).rglob("*.py"))
        files = [f for f in files if only in f.relative_to(ROOT / "minikeras").as_posix()]
        slips = [slip for f in files for slip in slips_of(f)]
        if slips:
            chance.shuffle(slips)
            by_folder[folder] = slips
    picked: list[Slip] = []
    while len(picked) < count and any(by_folder.values()):
        for slips in by_folder.values():
            if slips and len(picked) < count:
                picked.append(slips.pop())
    return picked


def planted(slip: Slip) -> str:
    """Return the text of the slip's file with the slip in it."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    path, name, i = slip
    return mutate_code(path.read_text(), get_operator(f"core/{name}")(), i)


def copy_of_the_repository(folder: Path) -> Path:
    copy = folder / "repository"
    copy.mkdir()
    for name in ("minikeras", "tests", "examples", "docs"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy / name)
    return copy


def names_in(source: str) -> str:
    """Return the public classes and functions of a file, as an expression for pytest's -k."""
    kinds = (ast.ClassDef, ast.FunctionDef)
    found = [n.name for n in ast.parse(source).body if isinstance(n, kinds)]
    return " or ".join(n for n in found if not n.startswith("_"))


def noticed(slip: Slip, copy: Path) -> str | None:
    """Plant a slip in the copy, run the tests, take it out; return which tests noticed, or None."""
    path = slip[0]
    inside = path.relative_to(ROOT)
    (copy / inside).write_text(planted(slip))
    env = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        for step in CONFIG["tests"][inside.parts[1]]:
            where, _, expression = step.partition("::")
            expression = expression.replace("{names}", names_in(path.read_text()))
            if "::" in step and not expression:
                continue
            command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", where]
            command += ["-k", expression] if expression else []
            try:
                code = subprocess.run(
                    command, cwd=copy, env=env, capture_output=True, timeout=CONFIG["timeout"]
                ).returncode
            except subprocess.TimeoutExpired:
                return f"{where} (hangs)"
            if code not in (0, 5):  # 5: no test has such a name
                return where
        return None
    finally:
        shutil.copy(path, copy / inside)


def difference(slip: Slip) -> str:
    path = slip[0]
    old, new = path.read_text().splitlines(), planted(slip).splitlines()
    lines = list(difflib.unified_diff(old, new, lineterm="", n=0))[2:]
    return "\n".join([f"{path.relative_to(ROOT)} ({slip[1]} {slip[2]})", *lines])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=120, help="how many slips are planted")
    parser.add_argument("--seed", type=int, default=0, help="another one draws other slips")
    parser.add_argument("--only", default="", help="part of the paths of files to change")
    parser.add_argument("--list", action="store_true", help="show the slips, and run nothing")
    arguments = parser.parse_args()
    slips = drawn(arguments.count, arguments.seed, arguments.only)
    if arguments.list:
        print("\n\n".join(map(difference, slips)))
        return
    score: dict[str, list[bool]] = {}
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_of_the_repository(Path(folder))
        for i, slip in enumerate(slips, 1):
            by = noticed(slip, copy)
            score.setdefault(slip[0].relative_to(ROOT).parts[1], []).append(by is not None)
            where = slip[0].relative_to(ROOT)
            print(f"{i}/{len(slips)} {where}: {by or 'NOT NOTICED'}", flush=True)
            if by is None:
                survivors.append(slip)
                print(difference(slip), flush=True)
    print()
    for folder, results in sorted(score.items()):
        print(f"{folder:10} {sum(results):4} of {len(results):4} noticed")
    total = [r for results in score.values() for r in results]
    print(f"{'all':10} {sum(total):4} of {len(total):4}, {sum(total) / max(len(total), 1):.0%}")
    if survivors:
        print("\nNot noticed:\n\n" + "\n\n".join(map(difference, survivors)))


if __name__ == "__main__":
    main()
