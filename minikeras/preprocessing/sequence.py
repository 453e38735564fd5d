"""Sequences of different lengths."""

from minikeras.utils.sequence_utils import pad_sequences as pad_sequences
