"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.visualization.bounding_boxes import draw_bounding_boxes as draw_bounding_boxes
from minikeras.visualization.bounding_boxes import plot_bounding_box_gallery as plot_bounding_box_gallery
from minikeras.visualization.confusion import ConfusionMatrix as ConfusionMatrix
from minikeras.visualization.confusion import confusion_matrix as confusion_matrix
from minikeras.visualization.confusion import plot_confusion_matrix as plot_confusion_matrix
from minikeras.visualization.decision_boundary import plot_decision_boundary as plot_decision_boundary
from minikeras.visualization.image_gallery import plot_image_gallery as plot_image_gallery
from minikeras.visualization.segmentation_masks import draw_segmentation_masks as draw_segmentation_masks
from minikeras.visualization.segmentation_masks import plot_segmentation_mask_gallery as plot_segmentation_mask_gallery
from minikeras.visualization.training_curves import plot_history as plot_history
from minikeras.visualization.training_curves import plot_loss_accuracy as plot_loss_accuracy

__all__ = [
    "ConfusionMatrix",
    "confusion_matrix",
    "plot_confusion_matrix",
    "plot_decision_boundary",
    "plot_history",
    "plot_loss_accuracy",
    "draw_bounding_boxes",
    "draw_segmentation_masks",
    "plot_bounding_box_gallery",
    "plot_image_gallery",
    "plot_segmentation_mask_gallery",
]
