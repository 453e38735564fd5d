"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.visualization.activations import plot_activations as plot_activations
from minikeras.visualization.attribution import plot_grad_cam as plot_grad_cam
from minikeras.visualization.attribution import plot_saliency as plot_saliency
from minikeras.visualization.bounding_boxes import draw_bounding_boxes as draw_bounding_boxes
from minikeras.visualization.bounding_boxes import plot_bounding_box_gallery as plot_bounding_box_gallery
from minikeras.visualization.confusion import ConfusionMatrix as ConfusionMatrix
from minikeras.visualization.confusion import confusion_matrix as confusion_matrix
from minikeras.visualization.confusion import plot_confusion_matrix as plot_confusion_matrix
from minikeras.visualization.decision_boundary import plot_decision_boundary as plot_decision_boundary
from minikeras.visualization.gradients import GradientNorms as GradientNorms
from minikeras.visualization.gradients import plot_gradients as plot_gradients
from minikeras.visualization.image_gallery import plot_image_gallery as plot_image_gallery
from minikeras.visualization.segmentation_masks import draw_segmentation_masks as draw_segmentation_masks
from minikeras.visualization.segmentation_masks import plot_segmentation_mask_gallery as plot_segmentation_mask_gallery
from minikeras.visualization.training_curves import plot_history as plot_history
from minikeras.visualization.training_curves import plot_loss_accuracy as plot_loss_accuracy
from minikeras.visualization.weights import plot_weights as plot_weights

__all__ = [
    "ConfusionMatrix",
    "confusion_matrix",
    "plot_confusion_matrix",
    "plot_decision_boundary",
    "plot_history",
    "plot_loss_accuracy",
    "GradientNorms",
    "draw_bounding_boxes",
    "draw_segmentation_masks",
    "plot_activations",
    "plot_bounding_box_gallery",
    "plot_grad_cam",
    "plot_gradients",
    "plot_image_gallery",
    "plot_saliency",
    "plot_segmentation_mask_gallery",
    "plot_weights",
]
