"""Pictures of a training and of what came out of it, drawn with matplotlib; pictures of images.

The functions of `keras.visualization` draw on images (`draw_bounding_boxes`,
`draw_segmentation_masks`), and show many of them in one figure (`plot_image_gallery`,
`plot_bounding_box_gallery`, `plot_segmentation_mask_gallery`).

`plot_history`, `plot_loss_accuracy` and `plot_gradients` show a training; `plot_decision_boundary` and
`plot_confusion_matrix` what a model says; `plot_weights` and `plot_activations` what is in it;
`plot_saliency` and `plot_grad_cam` what in an image it goes by.

Each of these draws into the `Axes` that it is given, or into a new figure, and returns the `Axes`:
`ax.figure.savefig("picture.png")` keeps the picture. A notebook shows new figures by itself; a
script calls `plt.show()`. Colours can be told apart by colour-blind people, and go with light and
dark styles. matplotlib comes with `pip install "minikeras-numpy[plot]"` and is loaded when something is
drawn.

>>> from minikeras.visualization import plot_history
>>> plot_history({"loss": [1.0, 0.5, 0.4]})[0].get_title()
'Loss: 0.4'
"""

from minikeras.common.late_names import late_names as _late_names
from minikeras.visualization.confusion import ConfusionMatrix as ConfusionMatrix
from minikeras.visualization.confusion import confusion_matrix as confusion_matrix
from minikeras.visualization.confusion import plot_confusion_matrix as plot_confusion_matrix
from minikeras.visualization.decision_boundary import (
    plot_decision_boundary as plot_decision_boundary,
)
from minikeras.visualization.training_curves import plot_history as plot_history
from minikeras.visualization.training_curves import plot_loss_accuracy as plot_loss_accuracy

_LATE = {
    "GradientNorms": "minikeras.visualization.gradients",
    "draw_bounding_boxes": "minikeras.visualization.bounding_boxes",
    "draw_segmentation_masks": "minikeras.visualization.segmentation_masks",
    "plot_activations": "minikeras.visualization.activations",
    "plot_bounding_box_gallery": "minikeras.visualization.bounding_boxes",
    "plot_grad_cam": "minikeras.visualization.attribution",
    "plot_gradients": "minikeras.visualization.gradients",
    "plot_image_gallery": "minikeras.visualization.image_gallery",
    "plot_saliency": "minikeras.visualization.attribution",
    "plot_segmentation_mask_gallery": "minikeras.visualization.segmentation_masks",
    "plot_weights": "minikeras.visualization.weights",
}
"""What few scripts need, and where it is: imported when it is asked for."""

__getattr__, __dir__, __all__ = _late_names(globals(), _LATE)
