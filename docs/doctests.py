"""Shows the doctests of docstrings as code; used by mkdocstrings."""

import re

import griffe

# A paragraph that begins with a prompt, and those of the same kind that follow it.
DOCTEST = re.compile(r"^( *)>>> .*(?:\n(?:(?!\s*$).*|\s*\n(?= *>>> ).*))*", re.MULTILINE)


class Doctests(griffe.Extension):
    """Puts a fence around each doctest."""

    def on_object(self, *, obj, **kwargs):
        """Change the docstring of a module, class, function or attribute."""
        if obj.docstring:
            obj.docstring.value = DOCTEST.sub(r"\1```pycon\n\g<0>\n\1```", obj.docstring.value)
