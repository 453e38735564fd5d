"""Pages with the source of the package, highlighted: what the reference links to."""

import re
from pathlib import Path

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r'href="\.\./source/(minikeras/[^"#]+\.py)\.html#L')

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{path} - minikeras</title>
<style>
body {{ font: 13px/1.45 ui-monospace, Menlo, monospace; margin: auto; max-width: 60rem; padding: 1rem }}
body > p {{ font-family: system-ui, sans-serif }}
pre {{ margin: 0; overflow-x: auto }}
pre a {{ text-decoration: none; user-select: none }}
.highlight .linenos {{ color: #8a8a8a; background: none; padding-right: 1rem }}
span:target {{ background: #ffd54f55; display: inline-block; min-width: 100% }}
{light}
@media (prefers-color-scheme: dark) {{ {dark} }}
</style>
<p><a href="{home}">minikeras</a>: {path}</p>
{code}
"""


def linked(pages):
    """Return the files that pages of HTML link to."""
    return sorted({path for page in pages for path in LINK.findall(page)})


def write(paths, site):
    """Write the pages of some files into the site."""
    formatter = HtmlFormatter(linenos="inline", anchorlinenos=True, lineanchors="", linespans="L")
    styles = {
        "light": HtmlFormatter(style="friendly").get_style_defs(".highlight"),
        "dark": HtmlFormatter(style="github-dark").get_style_defs(".highlight"),
    }
    for path in paths:
        target = Path(site, "source", f"{path}.html")
        target.parent.mkdir(parents=True, exist_ok=True)
        code = highlight((ROOT / path).read_text(encoding="utf-8"), PythonLexer(), formatter)
        code = code.replace('id="L-', 'id="L').replace('href="#L-', 'href="#L')
        home = "../" * (path.count("/") + 1) + "index.html"
        target.write_text(PAGE.format(path=path, home=home, code=code, **styles), encoding="utf-8")
