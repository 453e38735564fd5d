"""`ResNet50`, under the name that its module once had."""

from minikeras.applications.resnet import ResNet50, decode_predictions, preprocess_input
