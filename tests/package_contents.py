"""Check a wheel and an sdist: `python tests/package_contents.py dist/*`. Part of `.ci/run`."""

import re
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def check_wheel(path: Path) -> None:
    """All of the package and nothing else, small, for every platform."""
    assert path.name.endswith("-py3-none-any.whl"), f"not for every platform: {path.name}"
    assert path.stat().st_size < 1_800_000, f"{path.stat().st_size} bytes"
    files = set(zipfile.ZipFile(path).namelist())
    metadata = {name for name in files if ".dist-info/" in name}
    ours = {str(p.relative_to(ROOT)) for p in (ROOT / "minikeras").rglob("*.*")}
    ours = {name for name in ours if "__pycache__" not in name}
    assert files - metadata == ours, f"differ: {sorted((files - metadata) ^ ours)}"
    assert any(name.endswith("licenses/LICENSE") for name in metadata)
    text = zipfile.ZipFile(path).read(next(n for n in metadata if n.endswith("METADATA"))).decode()
    assert re.search("^License-Expression: Apache-2.0$", text, re.MULTILINE)


def check_sdist(path: Path) -> None:
    """Tests, documentation and examples too, and nothing that was built."""
    with tarfile.open(path) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
    for folder in (
        "minikeras",
        "tests",
        "docs",
        "examples",
        "benchmarks",
        "CITATION.cff",
        ".ci/run",
    ):
        there = {str(p.relative_to(ROOT)) for p in (ROOT / folder).rglob("*.py")} or {folder}
        assert there <= files, f"missing: {sorted(there - files)}"
    assert not [name for name in files if name.endswith((".pyc", ".png"))]


for argument in map(Path, sys.argv[1:]):
    (check_wheel if argument.suffix == ".whl" else check_sdist)(argument)
    print(f"{argument.name}: {argument.stat().st_size / 1e6:.2f} MB")
