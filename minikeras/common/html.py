"""Pieces of HTML that notebooks show, readable on light and on dark pages.

Letters have the page's own colour, and all else is translucent or of a middling brightness, so
that nothing needs to know what is behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

BLUE, ORANGE, GREEN = "#2a84c8", "#d9701e", "#2f9e63"
"""Colours that stand out from white and from black."""

BLUE_PARTS = "42,132,200"
"""Red, green and blue of `BLUE`, for shades of it."""

PAPER = "var(--jp-layout-color0, var(--vscode-editor-background, Canvas))"
"""The page's background, for what has to cover something."""

_SIGNS = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;"))

_STYLE = f"""
.minikeras{{font:13px/1.45 var(--jp-ui-font-family,system-ui,sans-serif);color:inherit;
max-width:100%;overflow-x:auto}}
.minikeras table{{border-collapse:collapse;margin:4px 0;font-size:inherit;color:inherit;
font-variant-numeric:tabular-nums;border:0}}
.minikeras th,.minikeras td{{padding:2px 10px;text-align:right;color:inherit;border:0;
border-bottom:1px solid rgba(128,128,128,.3);white-space:nowrap;background:transparent}}
.minikeras th{{font-weight:600;border-bottom-width:2px}}
.minikeras.minikeras table .l,.minikeras.minikeras table .w{{text-align:left}}
.minikeras td.w{{white-space:normal}}
.minikeras .dim{{opacity:.65}}
.minikeras .bar{{display:inline-block;width:200px;max-width:40%;height:8px;border-radius:4px;
margin:0 8px;background:rgba(128,128,128,.3);overflow:hidden}}
.minikeras .bar>div{{height:100%;background:{GREEN}}}
.minikeras details{{border:1px solid rgba(128,128,128,.45);border-radius:5px;margin:4px 0;
padding:2px 8px;width:fit-content;min-width:280px;max-width:100%;box-sizing:border-box}}
.minikeras details details{{min-width:260px;background:rgba(128,128,128,.08)}}
.minikeras summary{{cursor:pointer;padding:2px 0}}
.minikeras summary b{{color:{BLUE}}}
.minikeras .down{{text-align:center;width:280px;line-height:1;opacity:.65}}
.minikeras svg{{max-width:100%;height:auto;color:inherit}}
.minikeras .panels{{display:flex;flex-wrap:wrap;gap:12px}}
"""


def escape(text: str) -> str:
    """Return `text` as HTML: what `html.escape` does, whose module is slow to import."""
    for sign, name in _SIGNS:
        text = text.replace(sign, name)
    return text


def block(body: str) -> str:
    """Return HTML that stands by itself in a page, with the style of ours around it."""
    return f'<div class="minikeras"><style>{_STYLE}</style>{body}</div>'


def table(header: Sequence[Any], rows: Iterable[Sequence[Any]], alignment: str) -> str:
    """Return a table, in which all text is escaped.

    Args:
        header: the columns' names.
        rows: the rows' cells.
        alignment: a letter for each column: `"l"` for left, `"r"` for right, `"w"` for left and broken
            over lines where it is long.
    """

    def line(cells: Sequence[Any], tag: str) -> str:
        parts = []
        for cell, how in zip(cells, alignment):
            mark = "" if how == "r" else f' class="{how}"'
            parts.append(f"<{tag}{mark}>{escape(str(cell))}</{tag}>")
        return f"<tr>{''.join(parts)}</tr>"

    head = line(header, "th")
    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def disclosure(title: str, body: str, opened: bool = False) -> str:
    """Return a box with a title that shows `body` when it is clicked; both are HTML."""
    return f"<details{' open' if opened else ''}><summary>{title}</summary>{body}</details>"


def progress(before: str, share: float | None, after: str) -> str:
    """Return a bar between two texts.

    Args:
        before: text to the left, escaped here.
        share: how much of it is filled, from 0 to 1; None for no bar.
        after: text to the right.
    """
    bar = " "
    if share is not None:
        percent = f"{100 * share:.1f}"
        bar = (
            f'<div class="bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" '
            f'aria-valuenow="{percent}"><div style="width:{percent}%"></div></div>'
        )
    return f"<div>{escape(before)}{bar}{escape(after)}</div>"
