"""Reads the event files that TensorBoard reads."""

from __future__ import annotations

import struct
from pathlib import Path


def events(folder) -> list:
    """Return the values of all summaries in a folder, with their steps, in the order of writing."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in sorted(Path(folder).glob("events.out.tfevents.*")):
        data = path.read_bytes()
        at = 0
        while at < len(data):  # length, its checksum, record, its checksum
            (length,) = struct.unpack_from("<Q", data, at)
            event = Event.FromString(data[at + 12 : at + 12 + length])
            found += [(value, event.step) for value in event.summary.value]
            at += length + 16
    return found


def scalars(folder) -> dict[tuple[str, int], float]:
    """Return the numbers in a folder by tag and step."""
    return {
        (value.tag, step): value.simple_value
        for value, step in events(folder)
        if value.WhichOneof("value") == "simple_value"
    }
