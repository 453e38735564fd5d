"""Finds what a built site links to and does not have, and what it would fetch from the net.

mkdocs sees the links that are written in Markdown; this sees all of them, and those of themes and hooks.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself; `a` is followed only by the reader.
FETCHED = {"img", "script", "link", "iframe", "source", "video", "audio", "object"}
FETCHING_RELATIONS = {"stylesheet", "icon", "preload", "modulepreload"}


class Page(HTMLParser):
    """The anchors of a page, and what it refers to: pairs of a tag and an address."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.fetched = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.anchors |= {values[k] for k in ("id", "name") if values.get(k)}
        address = values.get("href") or values.get("src") or values.get("data")
        if address is None:
            return
        self.links.append(address)
        relations = set((values.get("rel") or "").split())
        if tag in FETCHED and (tag != "link" or relations & FETCHING_RELATIONS):
            self.fetched.append(address)


def found(site):
    """Return a sentence for each dead link of the pages below a folder."""
    site = Path(site).resolve()
    pages = {p: Page(p.read_text(encoding="utf-8")) for p in sorted(site.rglob("*.html"))}
    problems = {}
    for path, page in pages.items():
        for address in page.fetched:
            if urlsplit(address).netloc:
                problems[f"{path.relative_to(site)} fetches {address} from the net"] = None
        for address in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            base = site if parts.path.startswith("/") else path.parent
            target = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            anchor = unquote(parts.fragment)
            if not target.exists():
                problems[f"{path.relative_to(site)} links to {address}, which is not there"] = None
            elif anchor and target in pages and anchor not in pages[target].anchors:
                problems[f"{path.relative_to(site)} links to {address}: no such anchor"] = None
    return list(problems)


if __name__ == "__main__":
    sys.exit("\n".join(found(sys.argv[1])) or None)
