"""Notebooks, executed by a kernel and converted to pages, as people see them."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import sys
from html.parser import HTMLParser

import chromium
import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
nbconvert = pytest.importorskip("nbconvert")
if importlib.util.find_spec("ipykernel") is None:  # not imported: Keras takes that for a notebook
    pytest.skip("ipykernel is not installed", allow_module_level=True)

pytestmark = pytest.mark.slow  # trains in processes of its own

SETUP = """
import numpy as np, time
import minikeras
from minikeras import layers
from minikeras.callbacks import LambdaCallback, LivePlot
x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
y = (x > 0).astype("float32")
def network():
    model = minikeras.Sequential([minikeras.Input((1,)), layers.Dense(4, activation="relu"),
                                  layers.Dense(1, activation="sigmoid")], name="net")
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model
model = network()
pause = LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.12))
"""

TRAINING = [
    SETUP,
    # long enough for bars to be drawn
    "_ = model.fit(x, y, epochs=3, batch_size=16, validation_split=0.25, validation_freq=2,\n"
    "              callbacks=[LivePlot(['loss']), pause])",
    "_ = model.fit(x, y, epochs=300, batch_size=64)",
    "_ = model.evaluate(x, y), model.predict(x)",
    "_ = model.fit(x, y, epochs=2, verbose=2)",
]
OBJECTS = [
    SETUP,
    "history = model.fit(x, y, epochs=4, validation_split=0.25, verbose=0)\nhistory",
    "model",
    "model.summary()",
    "inputs = minikeras.Input((4,), name='<i>in')\n"
    "h = layers.Dense(4, name='<img src=x onerror=bad()>', trainable=False)(inputs)\n"
    "graph = minikeras.Model(inputs, layers.Add(name='a&b')([h, inputs]), name='g')\ngraph",
    "graph.summary()",
    "graph.layers[1]",
    "from minikeras.visualization import confusion_matrix\n"
    "confusion_matrix(model, x, y[:, 0].astype(int), labels=['<b>no</b>', 'yes'])",
    "minikeras.Sequential(name='empty')",
]
TROUBLE = [
    SETUP,
    "def fail(batch, logs):\n    time.sleep(0.25)\n    if batch == 2: raise KeyError('broken')\n"
    "try:\n"
    "    model.fit(x, y, epochs=2, batch_size=16,\n"
    "              callbacks=[LambdaCallback(on_train_batch_end=fail)])\n"
    "except KeyError as error:\n    print('caught', error)",
    "bar = minikeras.utils.Progbar(10)\n"
    "for i in range(10):\n    time.sleep(0.03)\n    bar.update(i + 1, [('loss', 0.5)])",
    "import contextlib, io\n"
    "with contextlib.redirect_stdout(io.StringIO()) as caught:\n"
    "    model.fit(x, y, epochs=1)\n"
    "    model.summary()\n"
    "assert 'Epoch' not in caught.getvalue() and '2/2' in caught.getvalue()\n"
    "assert '\\r' not in caught.getvalue() and 'Total params' in caught.getvalue()",
    "minikeras.config.disable_interactive_logging()\n"
    "model.fit(x, y, epochs=2)\nminikeras.config.enable_interactive_logging()",
]


@pytest.fixture(scope="module")
def notebooks():
    """Return the three notebooks, executed, each by a kernel of its own."""
    found = {}
    for name, cells in (("training", TRAINING), ("objects", OBJECTS), ("trouble", TROUBLE)):
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        made.metadata["kernelspec"] = kernel
        found[name] = made

    async def execute():
        clients = []
        for made in found.values():
            client = nbclient.NotebookClient(made, timeout=60, kernel_name="python3")
            client.create_kernel_manager()
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            client.km.kernel_cmd = command
            clients.append(client)
        await asyncio.gather(*(client.async_execute() for client in clients))

    asyncio.run(execute())
    return found


def page_of(notebook, theme="light"):
    return nbconvert.HTMLExporter(theme=theme).from_notebook_node(notebook)[0]


class Page(HTMLParser):
    """What a page holds: the tags and texts inside of elements of ours, and whether they balance."""

    VOID = {"br", "img", "input", "meta", "link", "hr"}

    def __init__(self, page):
        super().__init__()
        self.blocks, self.open = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if not self.open and attributes.get("class") == "minikeras":
            self.blocks.append({"tags": [], "texts": [], "rows": []})
            self.open.append(tag)
        elif self.open:
            self.blocks[-1]["tags"].append((tag, attributes))
            if tag == "tr":
                self.blocks[-1]["rows"].append([])
            if tag not in self.VOID:
                self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.blocks[-1]["texts"].append(data)
            if self.open[-1] in ("td", "th"):
                self.blocks[-1]["rows"][-1].append(data)


def blocks(notebook):
    page = Page(page_of(notebook))
    assert not page.open
    return page.blocks


def tags(block):
    return [tag for tag, _ in block["tags"]]


def outputs(cell):
    return [o.output_type for o in cell.outputs]


def test_progress_is_one_table_and_one_picture(notebooks):
    cells = notebooks["training"].cells
    assert outputs(cells[1]) == ["display_data"] * 2
    table, curves = blocks(notebooks["training"])[:2]
    header = ["epoch", "accuracy", "loss", "val_accuracy", "val_loss", "time", "step"]
    assert table["rows"][0] == header
    assert [row[0] for row in table["rows"][1:]] == ["1", "2", "3"]
    assert [row[3] == "-" for row in table["rows"][1:]] == [True, False, True]  # every second one
    assert all(re.fullmatch(r"\d+ms/step", row[-1]) for row in table["rows"][1:])
    assert "div" not in tags(table)  # no bar is left
    assert tags(curves).count("svg") == 1  # of the loss alone
    assert tags(curves).count("path") == 2 and tags(curves).count("circle") == 1
    plain = cells[1].outputs[0].data["text/plain"].splitlines()
    assert plain[0].split() == header and len(plain) == 4


def test_many_epochs_leave_the_last_ones(notebooks):
    table = blocks(notebooks["training"])[2]
    assert "200 earlier epochs" in table["texts"][0]
    assert [row[0] for row in table["rows"][1:]] == [str(n) for n in range(201, 301)]
    assert outputs(notebooks["training"].cells[2]) == ["display_data"]


def test_evaluation_prediction_and_plain_lines(notebooks):
    evaluation, prediction = blocks(notebooks["training"])[3:]
    assert re.match(r"2/2.*step - accuracy: [\d.]+ - loss: [\d.]+$", "".join(evaluation["texts"]))
    assert re.fullmatch(r"2/2\d+s \d+.s/step", "".join(prediction["texts"]))
    text = "".join(o.text for o in notebooks["training"].cells[4].outputs)
    assert text.count("Epoch") == 2 and text.count("\n2/2 - 0s - ") == 2


@pytest.mark.parametrize("name", ["training", "objects", "trouble"])
def test_no_control_characters_are_left(notebooks, name):
    for cell in notebooks[name].cells:
        for output in cell.outputs:
            texts = [output.text] if "text" in output else output.data.values()
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", "".join(texts))
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", page_of(notebooks[name]))


def test_objects_are_shown_and_texts_escaped(notebooks):
    history, model, summary, graph, second, layer, matrix, empty = blocks(notebooks["objects"])
    assert tags(history).count("svg") == 2
    assert history["rows"][0] == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    assert len(history["rows"]) == 5 and "4 epochs" in history["texts"]

    assert tags(model).count("details") == 3 and "img" not in tags(model)
    opened = ["open" in attributes for tag, attributes in model["tags"] if tag == "details"]
    assert opened == [True, False, False]
    assert ["kernel", "(1, 4)", "float32", "yes"] in model["rows"]
    assert ["activation", "sigmoid"] in model["rows"]
    assert ["dense (Dense)", "(None, 4)", "8"] in summary["rows"]

    assert "svg" in tags(graph) and "img" not in tags(graph) and "i" not in tags(graph)
    assert any("<img src=x onerror=bad()>" in text for text in graph["texts"])
    assert ["kernel", "(4, 4)", "float32", "no"] in graph["rows"]
    assert second["rows"][-1][:3] == ["a&b (Add)", "(None, 4)", "0"]
    assert "20 parameters, frozen" in "".join(layer["texts"])
    assert matrix["rows"][0] == ["true \\ predicted", "<b>no</b>", "yes"]
    assert sum(int(n) for row in matrix["rows"][1:] for n in row[1:]) == 64
    assert "no layers yet" in empty["texts"]


def test_what_is_interrupted_or_sent_elsewhere(notebooks):
    left, bar = blocks(notebooks["trouble"])
    assert left["texts"][0] == "Epoch 1/2 2/4" and left["texts"][-1] == "interrupted"
    widths = [a["style"] for tag, a in left["tags"] if "style" in a]
    assert widths == ["width:50.0%"]
    assert bar["texts"][0] == "10/10"
    _, failed, shown, elsewhere, logged = notebooks["trouble"].cells
    assert outputs(failed) == ["display_data", "stream"]
    assert outputs(shown) == ["display_data"]
    assert outputs(elsewhere) == outputs(logged) == []


# Looks at every text of ours: does it stand out from what is behind it, and is it inside the page?
LOOK = """<script>
function parts(c) { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; }
function over(top, below) { return below.map((b, i) => top[3] * top[i] + (1 - top[3]) * b); }
function behind(e) {
  if (!e) return [255, 255, 255];
  return over(parts(getComputedStyle(e).backgroundColor), behind(e.parentElement));
}
function light(c) {
  const l = c.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * l[0] + .7152 * l[1] + .0722 * l[2];
}
let seen = 0, dull = [], outside = [];
for (const root of document.querySelectorAll('.minikeras')) {
  for (const d of root.querySelectorAll('details')) {
    if (!d.open) d.querySelector('summary').click();
    if (!d.open) dull.push('a box does not open');
  }
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, s = getComputedStyle(e);
    if (e.tagName == 'STYLE' || !walk.currentNode.data.trim()) continue;
    seen++;
    const below = behind(e.closest('svg') ? e.closest('svg').parentElement : e);
    const ink = over(parts(e.closest('svg') ? s.fill : s.color), below);
    for (let p = e; p !== root; p = p.parentElement) {
      const o = +getComputedStyle(p).opacity;
      ink.forEach((c, i) => ink[i] = o * c + (1 - o) * below[i]);
    }
    const [a, b] = [light(ink), light(below)].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 3) dull.push(walk.currentNode.data + ' ' + ink + ' on ' + below);
    const box = e.getBoundingClientRect();
    if (box.right > innerWidth && getComputedStyle(root).overflowX != 'auto') outside.push(e.tagName);
  }
}
const aligned = getComputedStyle(document.querySelector('.minikeras td.l') || document.body).textAlign;
const pictures = [...document.querySelectorAll('.minikeras svg')];
const thin = pictures.filter(s => s.getBoundingClientRect().width < 50).length;
document.title = 'SEEN ' + JSON.stringify({seen, dull, outside, aligned, thin});
</script>"""


@pytest.mark.skipif(chromium.PROGRAM is None, reason="there is no Chromium")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_browser_shows_all_of_it(notebooks, tmp_path, theme):
    both = nbformat.from_dict(notebooks["objects"])
    both.cells = [*both.cells, *notebooks["training"].cells[:2]]
    page = page_of(both, theme)
    # Without scripts from the net, for which a browser would wait.
    page = re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL)
    path = tmp_path / "page.html"
    path.write_text(page.replace("</body>", LOOK + "</body>"), encoding="utf-8")
    with chromium.Page(path.as_uri(), tmp_path / "profile", width=1000) as browser:
        browser.wait_for("document.title.startsWith('SEEN ')")
        found = json.loads(browser.value("document.title").removeprefix("SEEN "))
    assert found.pop("seen") > 150
    assert found == {"dull": [], "outside": [], "aligned": "left", "thin": 0}
