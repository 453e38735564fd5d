"""Arguments of functions that are still there, as they once were."""

from __future__ import annotations

from typing import Any

from minikeras.compat.spelling import tell


def of_load_img(arguments: dict[str, Any]) -> dict[str, Any]:
    """Turn `grayscale=True` into `color_mode="grayscale"`.

    Before Keras 2.2 there was no `color_mode`; what came after it stood one place further to the left.
    """
    arguments = dict(arguments)
    if isinstance(arguments.get("color_mode"), (tuple, list)):
        moved = {"target_size": arguments.pop("color_mode")}
        if isinstance(arguments.get("target_size"), str):
            moved["interpolation"] = arguments["target_size"]
        arguments.update(moved)
    if arguments.pop("grayscale", False):
        tell("load_img(grayscale=True)", "load_img(color_mode='grayscale')")
        arguments["color_mode"] = "grayscale"
    return arguments
