"""The version."""

__version__ = "0.1.0"


def version() -> str:
    """Return minikeras's version."""
    return __version__
