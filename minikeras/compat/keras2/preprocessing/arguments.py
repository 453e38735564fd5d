"""Arguments of functions that are still there, as they once were."""

from __future__ import annotations

from typing import Any

from minikeras.compat.spelling import tell


def grey_means_color_mode(arguments: dict[str, Any]) -> dict[str, Any]:
    """Turn `load_img(grayscale=True)` into `color_mode="grayscale"`."""
    if arguments.pop("grayscale", False):
        tell("load_img(grayscale=True)", "load_img(color_mode='grayscale')")
        arguments["color_mode"] = "grayscale"
    return arguments
