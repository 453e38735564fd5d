"""`LeftOut`: what Keras has for another framework, and minikeras, which knows none, has not."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn


class LeftOut:
    """Base of classes that only say, when one is made, why they are left out and what to do instead.

    Attributes:
        reason: what the class would need.
        instead: what to use in its place.

    Example:

    >>> class CloudLayer(LeftOut):
    ...     reason = "it runs on somebody else's computer"
    ...     instead = "Use a layer."
    >>> CloudLayer()
    Traceback (most recent call last):
    ...
    ImportError: CloudLayer is not in minikeras: it runs on somebody else's computer. Use a layer.
    """

    reason: ClassVar[str]
    instead: ClassVar[str]

    def __new__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImportError(f"{cls.__name__} is not in minikeras: {cls.reason}. {cls.instead}")
