"""Pictures of a training and of what came out of it, drawn with matplotlib.

Each function draws into the `Axes` that it is given, or into a new figure, and returns the `Axes`:
`ax.figure.savefig("picture.png")` keeps the picture. A notebook shows new figures by itself; a
script calls `plt.show()`. Colours can be told apart by colour-blind people, and go with light and
dark styles. matplotlib comes with `pip install "minikeras[plot]"` and is loaded when something is
drawn.

>>> from minikeras.visualization import plot_history
>>> plot_history({"loss": [1.0, 0.5, 0.4]})[0].get_title()
'Loss: 0.4'
"""

from minikeras.visualization.confusion_matrix import plot_confusion_matrix as plot_confusion_matrix
from minikeras.visualization.decision_boundary import (
    plot_decision_boundary as plot_decision_boundary,
)
from minikeras.visualization.training_curves import plot_history as plot_history
from minikeras.visualization.training_curves import plot_loss_accuracy as plot_loss_accuracy
