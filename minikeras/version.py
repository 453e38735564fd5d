"""The version."""

__version__ = "0.1.0"

KERAS_VERSION = "3.15.1"
"""The version of Keras whose names, configs and files these are."""


def version() -> str:
    """Return minikeras's version."""
    return __version__
