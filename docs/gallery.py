"""The gallery: a page for each example, with its picture and its source.

    python docs/gallery.py [NAME ...]

runs the examples, all or those named, and puts their pictures, made small, into docs/pictures. All of
them take some minutes, so pictures are kept and not drawn when the site is built.
"""

import argparse
import ast
import html
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs/pictures"

WIDTH, COLOURS = 1000, 128


def examples():
    """Return what README.md says of each example: a dict from name to Markdown."""
    table = (ROOT / "README.md").read_text(encoding="utf-8")
    found = {"make_moons": "a network of 25 parameters to tell two half moons apart"}
    found |= dict(re.findall(r"^\| `(\w+)\.py` \| (.*) \|$", table, re.MULTILINE))
    there = {p.stem for p in (ROOT / "examples").glob("*.py")}
    if set(found) != there:
        raise RuntimeError(f"README.md and examples/ differ in {sorted(set(found) ^ there)}")
    return found


def navigation():
    """Return what the gallery adds to the site's navigation."""
    return ["gallery/index.md", *({title(name): f"gallery/{name}.md"} for name in examples())]


def pages():
    """Iterate over the pages: (file, Markdown)."""
    yield "gallery/index.md", index()
    for name, trains in examples().items():
        yield f"gallery/{name}.md", page(name, trains)


def title(name):
    """Return the name of an example as words."""
    words = name.replace("_", " ")
    for short in ("gan", "mlp", "vae"):
        words = re.sub(rf"\b{short}\b", short.upper(), words)
    words = words.replace("unet", "U-Net").replace("resnet20", "ResNet-20")
    return words[0].upper() + words[1:]


def index():
    """Return the page with all pictures."""
    lines = [
        "---",
        "hide: [toc]",
        "---",
        "",
        "# Gallery",
        "",
        "The programs in the folder `examples`, each of which trains something and draws what came of it.",
        "They run on a processor, in seconds or a few minutes.",
        "",
        '<div class="cards">',
    ]
    for name, trains in examples().items():
        lines.append(
            f'<a href="{name}.html"><img src="../pictures/{name}.png" alt="" loading="lazy">'
            f"<strong>{title(name)}</strong><span>{html.escape(trains.replace('`', ''))}</span></a>"
        )
    return "\n".join([*lines, "</div>"])


def page(name, trains):
    """Return the page of an example: its picture, its text, its source."""
    source = (ROOT / f"examples/{name}.py").read_text(encoding="utf-8")
    text = ast.get_docstring(ast.parse(source))
    # Commands are indented, as in docstrings everywhere.
    text = re.sub(r"(?:^    .*\n?)+", _as_shell, text, flags=re.MULTILINE)
    code = source.split('"""', 2)[2].lstrip("\n")
    picture = f"![{trains.replace('`', '')}](../pictures/{name}.png){{ .drawn }}"
    return "\n".join(
        [f"# {title(name)}", "", picture, "", text, "", "## Source", ""]
        + [f"`examples/{name}.py`", "", "```python", code.rstrip(), "```", ""]
    )


def _as_shell(match):
    lines = [line[4:] for line in match[0].rstrip("\n").split("\n")]
    return "\n".join(["```bash", *lines, "```", ""])


def small(source, target):
    """Write a picture in fewer pixels and colours."""
    from PIL import Image

    with Image.open(source) as picture:
        picture = picture.convert("RGB")
        picture.thumbnail((WIDTH, 2 * WIDTH), Image.Resampling.LANCZOS)
        picture = picture.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=0)
        picture.save(target, optimize=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="examples to run; by default all")
    for name in parser.parse_args().names or examples():
        with tempfile.TemporaryDirectory() as folder:
            picture = Path(folder) / "picture.png"
            command = [sys.executable, ROOT / f"examples/{name}.py", "--picture", picture]
            if name == "sentiment":
                command += ["--corpus", "generated"]
            subprocess.run(command, check=True, cwd=folder)
            small(picture, PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
