"""A pytest plugin of mutate.py: notes which lines each test runs, or runs chosen tests in order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--note-lines", help="write here which lines of minikeras each test runs")
    parser.addoption("--chosen", help="file with the ids of the tests to run, in their order")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--note-lines"):
        config.pluginmanager.register(
            LinesOfTests(config.rootpath, config.getoption("--note-lines"))
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--chosen"):
        ids = Path(config.getoption("--chosen")).read_text().splitlines()
        place = {name: i for i, name in enumerate(ids)}
        items[:] = sorted((t for t in items if t.nodeid in place), key=lambda t: place[t.nodeid])


class LinesOfTests:
    """Traces minikeras with coverage.py, test by test.

    Writes JSON: `tests`, a list of ids; `seconds`, of each; `lines`, for each file and line a number in
    base 16 whose bit i says that test i ran it, and whose bit 0 that importing or collecting did.
    """

    def __init__(self, root: Path, file: str) -> None:
        import coverage

        self.root, self.file = root, file
        self.seconds: dict[str, float] = {"": 0.0}
        self.coverage = coverage.Coverage(data_file=None, source=[str(root / "minikeras")])
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item):
        self.coverage.switch_context(item.nodeid)
        result = yield
        self.coverage.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0)
        if report.when == "call":
            self.seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        self.coverage.stop()
        data = self.coverage.get_data()
        bit = {name: 1 << i for i, name in enumerate(self.seconds)}
        lines = {
            Path(path).relative_to(self.root).as_posix(): {
                line: format(sum(bit[name] for name in set(names)), "x")
                for line, names in data.contexts_by_lineno(path).items()
            }
            for path in data.measured_files()
        }
        noted = {"tests": list(bit), "seconds": list(self.seconds.values()), "lines": lines}
        Path(self.file).write_text(json.dumps(noted))
