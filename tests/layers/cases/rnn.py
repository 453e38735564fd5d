"""Rows of the layers in `minikeras/layers/rnn/`."""

from layer_cases import Array, Call, Case, Make, st  # noqa: F401

CASES: dict[str, Case] = {}
