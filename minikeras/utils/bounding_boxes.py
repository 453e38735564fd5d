"""Bounding boxes: formats, overlap, and what happens to boxes when their image changes."""

from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    convert_format as convert_format,
)
