"""Plants small slips, one at a time, and counts those that make a test fail.

    python benchmarks/mutate.py --map build/lines.json
    python benchmarks/mutate.py --map build/lines.json --count 120 --seed 1
    python benchmarks/mutate.py --map build/lines.json --only layers/rnn --count 20

The slips are cosmic-ray's (`pip install cosmic-ray coverage`): an operator, a comparison, a number, a
condition changed. Those in error messages and type hints are left out. They are drawn evenly over the
folders named in mutation.toml, and planted in a copy of the repository, so nothing here changes.

A slip is met by the tests that run its line, each test function's fastest cases first. Which test runs
which lines is found out once, by running them all under coverage.py, and kept in the file given by --map.
Prints the share noticed by folder, and each slip that no test noticed, to be looked at one by one.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import functools
import importlib
import json
import os
import random
import re
import resource
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
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
        said = isinstance(node, ast.Call) and ast.unparse(node.func) == "warn"
        names = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        if said or names or isinstance(node, (ast.Raise, ast.Import, ast.ImportFrom, ast.Assert)):
            leave_out(node)
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            leave_out(node.returns)
    return out


@functools.cache
def nodes_of(path: Path) -> list:
    from cosmic_ray.ast import ast_nodes, get_ast_from_path

    return list(ast_nodes(get_ast_from_path(path)))


def places_of(path: Path, name: str) -> list[int]:
    """Return the line of each place where a file can be changed by an operator of cosmic-ray's."""
    from cosmic_ray.plugins import get_operator

    operator = get_operator(f"core/{name}")()
    return [s[0] for node in nodes_of(path) for s, _ in operator.mutation_positions(node)]


def slips_of(path: Path) -> Iterator[Slip]:
    """Yield every slip that can be made in a file."""
    left_out = lines_left_out(path.read_text())
    for name in CONFIG["operators"]:
        for i, line in enumerate(places_of(path, name)):
            if line not in left_out:
                yield path, name, i


def drawn(count: int, seed: int, only: str) -> list[Slip]:
    """Draw slips evenly over the folders; in each, every slip is as likely as another."""
    by_folder = {}
    for folder in CONFIG["folders"]:
        files = sorted((ROOT / "minikeras" / folder).rglob("*.py"))
        files = [f for f in files if only in f.relative_to(ROOT / "minikeras").as_posix()]
        slips = [slip for f in files for slip in slips_of(f)]
        if slips:
            random.Random(f"{folder} {seed}").shuffle(slips)
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


def run_tests(folder: Path, *arguments: str | Path, seconds: int = -1) -> tuple[int, str]:
    """Run pytest in a copy of the repository, with our plugin; return its exit code and output.

    It runs in a fork of this process, which has imported what takes long, and is ended after so many
    seconds of computing.
    """
    options = ["-q", "-p", "no:cacheprovider", "-p", "mutation_plugin"]
    options += ["-o", "faulthandler_exit_on_timeout=true"]  # for threads that wait for each other
    options += ["-o", f"faulthandler_timeout={CONFIG['waits']}"]
    with tempfile.TemporaryFile("w+") as output:
        sys.stdout.flush()
        child = os.fork()
        if not child:
            code = 1
            try:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))  # -1: no limit
                os.chdir(folder)
                sys.path[:0] = [str(folder), str(Path(__file__).parent)]
                sys.dont_write_bytecode = True
                code = pytest.main([*options, *map(str, arguments)])
            finally:
                sys.stdout.flush()
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        output.seek(0)
        return code, output.read()


def import_what_takes_long() -> None:
    os.environ.update(CONFIG["environment"])
    for name in CONFIG["imports"]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


class LineMap:
    """Which tests run which lines, and how long they take.

    Sets of tests are numbers, whose bits say which of `tests` belong to them. A test without a name
    stands for what runs when a file of tests is imported and collected.
    """

    def __init__(self) -> None:
        self.tests: list[str] = []
        self.seconds: list[float] = []
        self.lines: dict[str, dict[int, int]] = {}

    @classmethod
    def of(cls, copy: Path, kept: Path) -> LineMap:
        """Read the map that is kept, and make what it lacks."""
        notes = json.loads(kept.read_text()) if kept.exists() else {}
        files = [f for where in CONFIG["tests"] for f in sorted((copy / where).rglob("test_*.py"))]
        for name in (f.relative_to(copy).as_posix() for f in files):
            if name not in notes:
                print(f"Lines that {name} runs", flush=True)
                with tempfile.TemporaryDirectory() as folder:
                    noted = Path(folder) / "noted.json"
                    run_tests(copy, "--note-lines", noted, name)
                    notes[name] = json.loads(noted.read_text())
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(json.dumps(notes))
        out = cls()
        for noted in notes.values():
            for file, lines in noted["lines"].items():
                known = out.lines.setdefault(file, {})
                for line, bits in lines.items():
                    known[int(line)] = known.get(int(line), 0) | int(bits, 16) << len(out.tests)
            out.tests += noted["tests"]
            out.seconds += noted["seconds"]
        return out

    def tests_of(self, file: str, source: str, line: int) -> list[str]:
        """Return the tests that run a line, best ones first, as many as the budget allows.

        What runs on import (defaults, decorators, bodies of classes) works through what is around it:
        the tests of that come behind.
        """
        found: list[str] = []
        for span in spans_around(ast.parse(source), line):
            bits = 0
            for i in span:
                bits |= self.lines.get(file, {}).get(i, 0)
            picked = [i for i in range(len(self.tests)) if bits >> i & 1]
            found += self._in_order([i for i in picked if self.tests[i]])
            if found and all(self.tests[i] for i in picked):
                break
        left, chosen = CONFIG["budget"], []
        seconds = dict(zip(self.tests, self.seconds))
        for name in dict.fromkeys(found):
            left -= seconds[name]
            if left > 0:
                chosen.append(name)
        return chosen

    def _in_order(self, tests: list[int]) -> list[str]:
        """Put the fastest case of each test function first, then each one's second, and so on."""
        rank: Counter[str] = Counter()
        keyed = []
        for i in sorted(tests, key=lambda i: self.seconds[i]):
            function = self.tests[i].partition("[")[0]
            keyed.append((rank[function], self.seconds[i], self.tests[i]))
            rank[function] += 1
        return [name for _, _, name in sorted(keyed)]


def spans_around(tree: ast.Module, line: int) -> Iterator[range]:
    """Yield the lines of the statement at a line, and of the functions and classes around it, and all."""

    def start(node: ast.stmt) -> int:
        return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])

    around = [
        n for n in ast.walk(tree) if isinstance(n, ast.stmt) and start(n) <= line <= n.end_lineno
    ]
    around.sort(key=start, reverse=True)
    for node in around[:1]:
        body = getattr(node, "body", None)
        yield range(start(node), body[0].lineno if body else node.end_lineno + 1)
    for node in around:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield range(start(node), node.end_lineno + 1)
    yield range(1, tree.body[-1].end_lineno + 1)


class Trial:
    """Plants slips in a copy of the repository and lets the tests of their lines meet them."""

    def __init__(self, copy: Path, line_map: LineMap) -> None:
        self.copy, self.line_map = copy, line_map
        self.sound: dict[str, bool] = {}  # tests that noticed something: do they pass without it?

    def noticed(self, slip: Slip) -> tuple[str | None, int]:
        """Return the test that noticed a slip, or None, and how many tests were to meet it."""
        path, operator, i = slip
        inside = path.relative_to(ROOT)
        line = places_of(path, operator)[i]
        tests = self.line_map.tests_of(inside.as_posix(), path.read_text(), line)
        met = len(tests)
        while tests:
            (self.copy / inside).write_text(planted(slip))
            try:
                by = self._failing(tests)
            finally:
                shutil.copy(path, self.copy / inside)
            if by is None or self._is_sound(by):
                return by, met
            tests = [t for t in tests if t != by]
        return None, met

    def _failing(self, tests: list[str]) -> str | None:
        chosen = self.copy / "chosen.txt"
        chosen.write_text("\n".join(tests))
        files = dict.fromkeys(t.partition("::")[0] for t in tests)
        code, output = run_tests(
            self.copy, "-x", "--chosen", chosen, *files, seconds=CONFIG["computes"]
        )
        if not code:
            return None
        by = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", output, re.MULTILINE)
        return by[1] if by else "nothing runs, or hangs"

    def _is_sound(self, test: str) -> bool:
        """Whether a test passes alone and without a slip; some need the ones before them."""
        if test not in self.sound:
            self.sound[test] = "::" not in test or self._failing([test]) is None
            if not self.sound[test]:
                print(f"{test} fails without a slip, too, when it runs alone", flush=True)
        return self.sound[test]


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
    parser.add_argument(
        "--map", type=Path, default=ROOT / "build" / "lines.json", help="which test runs what"
    )
    parser.add_argument("--list", action="store_true", help="show the slips, and run nothing")
    arguments = parser.parse_args()
    slips = drawn(arguments.count, arguments.seed, arguments.only)
    if arguments.list:
        print("\n\n".join(map(difference, slips)))
        return
    score: dict[str, list[bool]] = {}
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_of_the_repository(Path(folder))
        import_what_takes_long()
        trial = Trial(copy, LineMap.of(copy, arguments.map))
        for i, slip in enumerate(slips, 1):
            by, tests = trial.noticed(slip)
            score.setdefault(slip[0].relative_to(ROOT).parts[1], []).append(by is not None)
            where = slip[0].relative_to(ROOT)
            print(f"{i}/{len(slips)} {where}: {by or f'NOT NOTICED by {tests} tests'}", flush=True)
            if by is None:
                print(difference(slip), flush=True)
    print()
    for folder, results in sorted(score.items()):
        print(f"{folder:10} {sum(results):4} of {len(results):4} noticed")
    total = [r for results in score.values() for r in results]
    print(f"{'all':10} {sum(total):4} of {len(total):4}, {sum(total) / max(len(total), 1):.0%}")


if __name__ == "__main__":
    main()
