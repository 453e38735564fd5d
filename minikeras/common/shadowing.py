"""`shadowed`: an object with other attributes for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def shadowed(target: Any, **attributes: Any) -> Iterator[None]:
    """Give an object attributes of its own, and take them back afterwards.

    They are written past its `__setattr__`, so nothing is tracked, and hide what its class has under
    their names: methods, too. What the object had of its own comes back.

    >>> class Greeting:
    ...     def text(self):
    ...         return "hello"
    >>> greeting = Greeting()
    >>> with shadowed(greeting, text=lambda: "bye"):
    ...     print(greeting.text())
    bye
    >>> greeting.text(), vars(greeting)
    ('hello', {})
    """
    own = vars(target)
    before = {name: own[name] for name in attributes if name in own}
    own.update(attributes)
    try:
        yield
    finally:
        for name in attributes:
            own.pop(name, None)
        own.update(before)
