"""Image data formats, by the names that they had in Keras 1."""

from __future__ import annotations

ORDERINGS = {"tf": "channels_last", "th": "channels_first"}


def data_format_of(ordering: str | None) -> str | None:
    """Return the data format that Keras 1 called `"tf"` or `"th"`, None for the default."""
    if ordering in (None, "default"):
        return None
    if ordering not in ORDERINGS:
        raise ValueError(f"dim_ordering must be 'tf', 'th' or 'default'. Received: {ordering!r}")
    return ORDERINGS[ordering]
