"""`pytest -p minikeras.compat.pytest_plugin`: tests that import Keras run on minikeras."""

from __future__ import annotations

from typing import Any

from minikeras.compat.importer import install_as_keras


def pytest_addoption(parser: Any) -> None:
    """Add `--keras-dialect`."""
    parser.addoption(
        "--keras-dialect",
        type=int,
        choices=(1, 2, 3),
        default=3,
        help="the Keras that tests are written for",
    )


def pytest_configure(config: Any) -> None:
    """Let `import keras` mean minikeras before tests are collected."""
    install_as_keras(config.getoption("--keras-dialect"))
