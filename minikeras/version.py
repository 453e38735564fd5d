"""The version."""

__version__ = "0.1.0"

DISTRIBUTION = "minikeras-numpy"
"""The name to install it by. `minikeras` on the public index is somebody else's project."""

KERAS_VERSION = "3.15.1"
"""The version of Keras whose names, configs and files these are."""


def version() -> str:
    """Return minikeras's version."""
    return __version__
