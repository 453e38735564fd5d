"""The built documentation: what its search finds, and that its pages fit into windows.

`MINIKERAS_SITE` names a site that is built already, as `.ci/run` does. Else one is built: a minute or two.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from chromium import PROGRAM, Page

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built documentation."""
    built = os.environ.get("MINIKERAS_SITE")
    if built:
        return Path(built).resolve()
    for library in ("mkdocs", "material", "mkdocstrings_handlers.python"):
        pytest.importorskip(library)
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


# Places that a word leads to: pages of guides, entries of the reference, pages of the backprop book.
FOUND = {
    "optimizer": ["from_pytorch.html", "tutorials/custom_training.html", "api/optimizers.html"],
    "quantization": ["quantization.html"],
    "dense": ["api/layers.html#minikeras.layers.Dense", "backprop/dense.html"],
    "softmax": ["api/ops.html#minikeras.ops.softmax", "backprop/softmax.html"],
    "gradienttape": ["api/minikeras.html#minikeras.GradientTape", "training_loops.html"],
    "unet": ["gallery/unet.html"],
}


def test_the_search_knows_every_page(site):
    index = json.loads((site / "search/search_index.json").read_text(encoding="utf-8"))
    texts = {}
    for entry in index["docs"]:
        page, _, anchor = entry["location"].partition("#")
        for place in {page, entry["location"]}:
            texts[place] = f"{texts.get(place, '')} {entry['title']} {entry['text']}".lower()
    pages = {p.relative_to(site).as_posix() for p in site.rglob("*.html")}
    pages = {p for p in pages if not p.startswith("source/")} - {"404.html"}
    assert len(pages) > 100
    assert pages - set(texts) == set()
    for word, places in FOUND.items():
        assert [p for p in places if word not in texts.get(p, "")] == [], word


PAGES = [
    "index.html",
    "tutorials/first_network.html",
    "api/layers.html",
    "backprop/dense.html",
    "gallery/index.html",
    "from_keras.html",
]

# What sticks out of the window, but for what scrolls by itself or is put away beside it.
TOO_WIDE = """(() => {
  const kept = (e) => {
    for (; e && e !== document.body; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.overflowX !== 'visible' || style.position === 'fixed') return true;
    }
    return false;
  };
  const out = [...document.body.querySelectorAll('*')]
    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !kept(e))
    .map((e) => `${e.tagName}.${e.className}`);
  const width = document.documentElement.scrollWidth;
  return width > innerWidth ? [`page: ${width}`, ...out] : out;
})()"""


@pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_is_wider_than_the_window(site, tmp_path, dark):
    scheme = "slate" if dark else "default"
    with Page("about:blank", tmp_path, dark=dark) as browser:
        for width in (400, 1400):
            browser.resize(width)
            for page in PAGES:
                address = (site / page).as_uri()
                browser.open(address)
                here = f"location.href === '{address}' && document.readyState === 'complete'"
                browser.wait_for(here)
                assert browser.value("document.body.dataset.mdColorScheme") == scheme
                assert browser.value(TOO_WIDE)[:5] == [], f"{page} at {width} pixels"
        assert browser.errors == []
