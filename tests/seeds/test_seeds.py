"""The notes that the project began with: every snippet in them runs.

Each note has a script in `scripts/`, which puts its pieces together; `#: lines` in it names the lines
of the note that follow. `SNIPPETS` holds the code blocks of the notes, by note and line.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.seeds.snippets import SNIPPETS

SCRIPTS = Path(__file__).with_name("scripts")


def lines_of(text):
    """Return the lines of code, without indentation, blank lines and comments beside them."""
    lines = [re.sub(r"\s+# (noqa|as the note).*", "", line).strip() for line in text.splitlines()]
    return [line for line in lines if line]


@pytest.mark.parametrize("place", SNIPPETS, ids=lambda p: f"note{p[0]}-line{p[1]}")
def test_every_snippet_stands_in_the_script_of_its_note(place):
    note, _ = place
    script = lines_of((SCRIPTS / f"note_{note}.py").read_text())
    snippet = lines_of(SNIPPETS[place])
    starts = [i for i, line in enumerate(script) if line == snippet[0]]
    whole = any(script[i : i + len(snippet)] == snippet for i in starts)
    assert whole or [line for line in snippet if line not in script] == []


@pytest.mark.slow
@pytest.mark.parametrize("note", range(1, 6))
def test_the_script_of_a_note_runs(note, tmp_path):
    if note in (3, 5):
        pytest.importorskip("matplotlib")
    if note == 4:
        pytest.importorskip("h5py")
    if note == 5:
        pytest.importorskip("sklearn")
    done = subprocess.run(
        [sys.executable, "-m", "minikeras", str(SCRIPTS / f"note_{note}.py")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
