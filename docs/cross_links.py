"""Names in code become links to their entries in the reference."""

import posixpath
import re

_entries: dict[str, str] = {}
"""Where a name is described, by all it is called: `minikeras.layers.Dense`, `layers.Dense`, `Dense`."""

_ambiguous: set[str] = set()

# What stays as it is (links, headings, code of several words), or a name.
_PARTS = re.compile(
    r"(<a\b.*?</a>|<h[1-6]\b.*?</h[1-6]>|<pre\b.*?</pre>|<nav\b.*?</nav>)"
    r"|<code>([A-Za-z_][\w.]*)(\([^<]*\))?</code>",
    re.DOTALL,
)


def note(name, place):
    """Say that a public name is described at a place: `api/layers.md#minikeras.layers.Dense`."""
    parts = name.split(".")
    for start in range(len(parts)):
        called = ".".join(parts[start:])
        # A word such as `max` or `data` mostly means something else.
        if start == len(parts) - 1 and not re.match(r"[A-Z]\w{2,}", called):
            continue
        if _entries.setdefault(called, place) != place:
            _ambiguous.add(called)


def added(html, page):
    """Return a page with links at the names in its code."""

    def linked(match):
        name = match[2]
        if name is None or name not in _entries or name in _ambiguous:
            return match[0]
        return link(name, name + (match[3] or ""), page)

    return _PARTS.sub(linked, html)


def link(name, label, page):
    """Return HTML: a link from a page to the entry of a name."""
    target, _, anchor = _entries[name].partition("#")
    path = posixpath.relpath(target, posixpath.dirname(page) or ".").removesuffix(".md")
    return f'<a href="{path}.html#{anchor}"><code>{label}</code></a>'
