"""Bounding boxes: formats, overlap, and what happens to boxes when their image changes."""

from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    affine_transform as affine_transform,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    clip_to_image_size as clip_to_image_size,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    convert_format as convert_format,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    crop as crop,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    decode_deltas_to_boxes as decode_deltas_to_boxes,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    encode_box_to_deltas as encode_box_to_deltas,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.converters import (
    pad as pad,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.iou import (
    compute_ciou as compute_ciou,
)
from minikeras.layers.preprocessing.image_preprocessing.bounding_boxes.iou import (
    compute_iou as compute_iou,
)
