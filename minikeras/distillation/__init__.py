"""`keras.distillation`: a small model learns from a large one."""

from minikeras.distillation.distillation_loss import DistillationLoss as DistillationLoss
from minikeras.distillation.distillation_loss import FeatureDistillation as FeatureDistillation
from minikeras.distillation.distillation_loss import LogitsDistillation as LogitsDistillation
from minikeras.distillation.distiller import Distiller as Distiller
