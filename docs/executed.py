"""Pages whose blocks of code are run: what they print and draw is shown below them.

Every block that begins with ```` ```python ```` and has no title is run, in order, in one namespace and
in an empty folder. A comment `<!-- assert accuracy > 0.9 -->` is checked, and not shown.
"""

import base64
import contextlib
import html
import io
import os
import re
import sys
import tempfile

import minikeras

_RUN = re.compile(r"^```python\n(.*?)^```$|^<!-- (assert .*?) -->$", re.DOTALL | re.MULTILINE)


def run(text, path):
    """Run the code of a page.

    Args:
        text: Markdown.
        path: where it comes from, for tracebacks.

    Returns:
        The names that the code has defined, and for each piece of code the place where it ends, what
        it printed, and the figures that it drew: addresses with SVG.
    """
    names, found = {"__name__": "page"}, []
    minikeras.utils.clear_session()
    minikeras.utils.set_random_seed(0)
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for code in _RUN.finditer(text):
                group = 1 if code[1] is not None else 2
                # Padded with empty lines, so that a traceback shows the page's line numbers.
                padding = "\n" * text.count("\n", 0, code.start(group))
                printed = io.StringIO()
                with contextlib.redirect_stdout(printed):
                    exec(compile(padding + code[group], str(path), "exec"), names)
                found.append((code.end(), printed.getvalue(), _figures()))
        finally:
            os.chdir(before)
    return names, found


def with_output(text, path):
    """Return a page with the outputs of its code."""
    parts, start = [], 0
    for end, printed, figures in run(text, path)[1]:
        parts.append(text[start:end])
        if printed.strip():
            shown = html.escape(printed.rstrip(), quote=False)
            parts.append(f'\n\n<div class="output"><pre><code>{shown}\n</code></pre></div>\n')
        parts += [
            f'\n\n<img class="drawn" alt="What the code above draws" src="{f}">\n' for f in figures
        ]
        start = end
    return "".join(parts) + text[start:]


def _figures():
    """Return the figures that are open in matplotlib, and close them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return []
    drawn = []
    for number in pyplot.get_fignums():
        file = io.BytesIO()
        pyplot.figure(number).savefig(file, format="svg", bbox_inches="tight")
        drawn.append("data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode())
    pyplot.close("all")
    return drawn
