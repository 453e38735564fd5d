"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.distillation.distillation_loss import DistillationLoss as DistillationLoss
from minikeras.distillation.distillation_loss import FeatureDistillation as FeatureDistillation
from minikeras.distillation.distillation_loss import LogitsDistillation as LogitsDistillation
from minikeras.distillation.distiller import Distiller as Distiller

__all__ = [
    "DistillationLoss",
    "FeatureDistillation",
    "LogitsDistillation",
    "Distiller",
]
