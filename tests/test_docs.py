"""The code in the documentation runs, and does what the assertions in it say."""

import re
import subprocess
import sys
from functools import reduce
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

import minikeras

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    "README.md",
    "docs/training_loops.md",
    "docs/data.md",
    "docs/options.md",
    "docs/interop.md",
    "docs/inside.md",
    "docs/quantization.md",
]
NEEDED = {
    "docs/from_keras.md": ("h5py",),
    "docs/from_pytorch.md": (),
    "docs/interop.md": ("pandas", "polars", "jax", "sklearn"),
    "docs/tutorials/saving.md": ("sklearn", "h5py"),
}

# Run with their outputs when the site is built, which shows nothing of what they assert.
EXECUTED = sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "docs").glob("tutorials/*.md"))
EXECUTED += sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "docs").glob("from_*.md"))
EXECUTED.remove("docs/tutorials/index.md")


def part_of_docs(name):
    """Return a module of those that build the documentation."""
    spec = spec_from_file_location(name, ROOT / f"docs/{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def executed():
    """The module that runs the code of pages."""
    return part_of_docs("executed")


@pytest.mark.parametrize("page", PAGES + EXECUTED)
@pytest.mark.slow
def test_python_blocks_run_in_order(page, executed):
    for library in NEEDED.get(page, ("sklearn", "matplotlib") if page in EXECUTED else ()):
        pytest.importorskip(library)
    names, pieces = executed.run((ROOT / page).read_text(encoding="utf-8"), ROOT / page)
    assert pieces
    if page == "README.md":
        assert names["accuracy"] >= 0.99


def test_outputs_stand_below_their_code(executed):
    page = "# Title\n\n```python\nx = 2\nprint('<', x)\n```\n<!-- assert x == 2 -->\n\nEnd.\n"
    shown = executed.with_output(page, "page.md")
    assert shown.startswith(page.partition("<!--")[0].rstrip())
    assert '```\n\n<div class="output"><pre><code>&lt; 2\n</code>' in shown
    with pytest.raises(AssertionError):
        executed.run(page.replace("x == 2", "x == 3"), "page.md")


def test_optional_parts_are_the_same_everywhere():
    table = re.compile(r"^\| Extra .*?\n\n", re.DOTALL | re.MULTILINE)
    there, here = (
        table.search((ROOT / page).read_text(encoding="utf-8"))[0]
        for page in ("README.md", "docs/install.md")
    )
    assert there == here


def test_dead_links_are_found(tmp_path):
    (tmp_path / "api").mkdir()
    (tmp_path / "index.html").write_text(
        '<a href="api/a.html#here">1</a> <a href="api/a.html#gone">2</a> <a href="b.html">3</a>'
        '<a href="https://example.org">4</a> <img src="https://example.org/x.png"> <a href="#top">5</a>'
    )
    (tmp_path / "api/a.html").write_text(
        '<h1 id="here"></h1><a href="../index.html">6</a><img src="p.png">'
    )
    problems = part_of_docs("dead_links").found(tmp_path)
    assert [p.replace("\\", "/") for p in problems] == [
        "api/a.html links to p.png, which is not there",
        "index.html fetches https://example.org/x.png from the net",
        "index.html links to api/a.html#gone: no such anchor",
        "index.html links to b.html, which is not there",
        "index.html links to #top: no such anchor",
    ]


def test_names_in_code_become_links():
    links = part_of_docs("cross_links")
    links.note("minikeras.layers.Dense", "api/layers.md#d")
    links.note("minikeras.layers.Input", "api/layers.md#i")
    links.note("minikeras.Input", "api/minikeras.md#i")
    links.note("minikeras.ops.max", "api/ops.md#m")
    dense = '<a href="../api/layers.html#d"><code>{}</code></a>'
    for code, shown in {
        "layers.Dense": dense.format("layers.Dense"),
        "Dense(3)": dense.format("Dense(3)"),
        "max": "<code>max</code>",  # a word like any other
        "Input": "<code>Input</code>",  # which of the two?
        "Dense layer": "<code>Dense layer</code>",
    }.items():
        assert links.added(f"<p><code>{code}</code></p>", "tutorials/a.md") == f"<p>{shown}</p>"
    for kept in ("<a href='x'><code>Dense</code></a>", "<pre><code>Dense</code></pre>"):
        assert links.added(kept, "index.md") == kept


@pytest.mark.parametrize("page", [p for p in EXECUTED if "from_" in p])
def test_names_in_tables_are_there(page):
    if "sklearn" in page:  # the wrappers are its estimators
        pytest.importorskip("sklearn")
    spaces = (
        "callbacks|data|datasets|layers|losses|metrics|ops|optimizers|regularizers|saving|utils"
    )
    spaces += "|visualization|wrappers"
    name = re.compile(rf"(?<![\w./])(?:(?:mini)?keras\.([\w.]+)|((?:{spaces})\.[\w.]+))")
    text = (ROOT / page).read_text(encoding="utf-8")
    cells = [row.rsplit("|", 2)[1] for row in re.findall(r"^\| `.*\|$", text, re.MULTILINE)]
    code = " ".join(code for cell in cells for code in re.findall("`(.*?)`", cell))
    found = {match[1] or match[2] for match in name.finditer(code)}
    assert len(found) > 3
    for each in sorted(found):
        reduce(getattr, each.split("."), minikeras)


def titled_blocks(page):
    """Return the blocks of Python of a page: pairs of title, empty without one, and code."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r'^```python(?: title="(.*?)")?\n(.*?)^```$', text, re.DOTALL | re.MULTILINE)


def test_the_page_of_files_goes_to_keras_and_back(keras, tmp_path, monkeypatch):
    pytest.importorskip("h5py")
    monkeypatch.chdir(tmp_path)
    names = {"here": {"__name__": "page"}, "keras": {"__name__": "page"}}
    blocks = titled_blocks("docs/files.md")
    assert sorted(title for title, _ in blocks if title) == ["keras", "onnx"]
    for title, code in blocks:
        if title == "onnx" and not (find_spec("onnx") and find_spec("onnxruntime")):
            continue
        exec(code, names["keras" if title == "keras" else "here"])


def test_the_page_of_dialects_runs(tmp_path):
    text = (ROOT / "docs/dialects.md").read_text(encoding="utf-8")
    (_, script), (_, cell) = titled_blocks("docs/dialects.md")
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, "-m", "minikeras", "script.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = re.search(r"```text\n(.*?)```", text, re.DOTALL)[1]
    assert told.strip() in done.stderr  # with the line that it names
    after = "from keras.optimizers import Adam\nprint(Adam(lr=0.5).learning_rate.numpy())"
    done = subprocess.run([sys.executable, "-c", cell + after], capture_output=True, text=True)
    assert done.stdout == "0.5\n", done.stderr


def test_the_script_of_the_page_of_others_runs(tmp_path):
    for library in ("optuna", "optuna_integration", "tqdm"):
        pytest.importorskip(library)
    (script,) = (code for title, code in titled_blocks("docs/interop.md") if title == "script")
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, "-m", "minikeras", "script.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert 1e-4 <= float(done.stdout) <= 0.1
