"""Data on its way into a model: images and sequences."""

from minikeras.preprocessing import image, sequence
