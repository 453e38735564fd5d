"""Which part of a weight this rank holds, by the distribution in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minikeras.common.ranks import Ranks, Split
from minikeras.distribution.distribution_lib import (
    DeviceMesh,
    ModelParallel,
    TensorLayout,
    distribution,
    joined_ranks,
)


def split_of(
    path: str, shape: Sequence[int] | None, layer: Any, refused: str | None
) -> Split | None:
    """Return how the distribution in use splits a weight over ranks, None if it does not.

    Args:
        path: path of the weight.
        shape: its shape.
        layer: the layer that makes it, for messages.
        refused: why the layer cannot work with a part of it; None if it can.

    Raises:
        ValueError: if the layout map has a layout for it by which it cannot be split.
    """
    in_use = distribution()
    if not isinstance(in_use, ModelParallel):
        return None
    layout = in_use.get_tensor_layout(path)
    if layout is None or not any(layout.axes):
        return None
    shape = tuple(shape or ())
    why = refused or _problem(layout, shape, in_use.batch_dim_name)
    if why is not None:
        raise ValueError(
            f"Layer '{layer.name}' ({type(layer).__name__}): weight '{path}' of shape {shape} cannot be "
            f"split by layout {layout.axes}: {why}."
        )
    axis, name, size = _split_axes(layout)[0]
    return Split(axis, group(layout.device_mesh, name)) if size > 1 else None


def _split_axes(layout: TensorLayout) -> list[tuple[int, str, int]]:
    """Return each axis that a layout splits, along which of the mesh's, and into how many parts."""
    mesh = layout.backend_layout.device_mesh
    sizes = dict(zip(mesh.axis_names, mesh.devices.shape))
    return [(i, name, sizes[name]) for i, name in enumerate(layout.axes) if name is not None]


def _problem(layout: TensorLayout, shape: tuple, batch_axis: str | None) -> str | None:
    """Say why a weight of a shape cannot be split by a layout, None if it can."""
    split = _split_axes(layout)
    axis, name, size = split[0]
    if len(layout.axes) > len(shape):
        return f"it has {len(shape)} axes, the layout {len(layout.axes)}"
    if len(split) > 1:
        return "only one axis can be split"
    if name == batch_axis:
        return (
            f"batches are split along the mesh's axis '{name}'; weights need another, as in "
            "DeviceMesh((1, n), ['batch', 'model'])"
        )
    return f"axis {axis} cannot be cut into {size} equal parts" if shape[axis] % size else None


def group(mesh: DeviceMesh, axis: str) -> Ranks:
    """Return the ranks that lie on one line with this one along an axis of a mesh, in its order.

    All ranks ask together the first time.

    Raises:
        ValueError: if the mesh does not hold each rank once.
    """
    groups = mesh.__dict__.setdefault("_groups", {})
    if axis not in groups:
        everybody = joined_ranks()
        place = list(mesh.axis_names).index(axis)
        lines = mesh.devices.swapaxes(place, -1).reshape(-1, mesh.devices.shape[place]).tolist()
        devices = [device for line in lines for device in line]
        if sorted(devices) != sorted(f"cpu:{rank}" for rank in range(everybody.size)):
            raise ValueError(
                f"The mesh must hold each of {everybody.size} ranks once. Received: {devices}"
            )
        own = f"cpu:{everybody.rank}"
        number, line = next((i, line) for i, line in enumerate(lines) if own in line)
        groups[axis] = everybody.part(number, line.index(own))
    return groups[axis]
