"""What pages of `inspection` have in common: their look, light and dark."""

from __future__ import annotations

from collections.abc import Sequence

from minikeras.common.html import escape

_LIGHT = (
    "--paper:#ffffff;--ink:#1b1f24;--faint:#6a737d;--line:#d8dee4;--block:#f4f6f8;"
    "--forward:#9ecae9;--backward:#fdbe85;--update:#a8d8a0;--other:#d5d8dc;--link:#0a58ca"
)
_DARK = (
    "--paper:#16191d;--ink:#e3e7eb;--faint:#98a2ad;--line:#3a4149;--block:#21262c;"
    "--forward:#2b5f8a;--backward:#96561c;--update:#2f6b35;--other:#454c54;--link:#7ab7ff"
)

STYLE = f"""<style>
.minikeras-inside{{{_LIGHT};background:var(--paper);color:var(--ink);padding:12px;
font:14px/1.45 system-ui,sans-serif;overflow-x:auto}}
@media (prefers-color-scheme:dark){{.minikeras-inside{{{_DARK}}}}}
[data-theme="light"] .minikeras-inside,[data-jp-theme-light="true"] .minikeras-inside,
.vscode-light .minikeras-inside,.minikeras-inside.light{{{_LIGHT}}}
[data-theme="dark"] .minikeras-inside,[data-jp-theme-light="false"] .minikeras-inside,
.vscode-dark .minikeras-inside,.minikeras-inside.dark{{{_DARK}}}
.minikeras-inside table{{border-collapse:collapse;margin:8px 0;color:inherit;font-size:13px}}
.minikeras-inside th,.minikeras-inside td{{padding:3px 10px;text-align:right;background:none;
border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}}
.minikeras-inside th:first-child,.minikeras-inside td:first-child{{text-align:left}}
.minikeras-inside pre{{background:var(--block);color:inherit;padding:10px;overflow-x:auto;
font:13px/1.4 ui-monospace,monospace}}
.minikeras-inside h3{{margin:12px 0 4px;font-size:1.05em}}
.minikeras-inside .faint{{color:var(--faint)}}
.minikeras-inside math[display="block"]{{margin:8px 0}}
.minikeras-inside svg text{{fill:var(--ink)}}
</style>"""


def inside(content: str, theme: str | None = None) -> str:
    """Return a piece of a page: style and content. The reader's theme decides if `theme` is None."""
    return f'{STYLE}<div class="minikeras-inside {theme or ""}">{content}</div>'


def whole(function: str, title: str, content: str, theme: str | None) -> str:
    """Return a page that stands for itself; `function` is of whom the message speaks."""
    if theme not in (None, "light", "dark"):
        raise ValueError(
            f"{function}: argument `theme` must be 'light', 'dark' or None. Received: {theme!r}"
        )
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'</head><body style="margin:0">{inside(content, theme)}</body></html>\n'
    )


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in letters of one width, the first column to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows)]

    def line(cells: Sequence[str]) -> str:
        first, *others = [
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(cells, widths))
        ]
        return "  ".join([first, *others]).rstrip()

    rule = "  ".join("─" * width for width in widths)
    return "\n".join([line(header), rule, *map(line, rows)])
