"""`keras.distillation`: a small model learns from a large one."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.distillation.distillation_loss import DistillationLoss as DistillationLoss
from minikeras.distillation.distillation_loss import FeatureDistillation as FeatureDistillation
from minikeras.distillation.distillation_loss import LogitsDistillation as LogitsDistillation
from minikeras.distillation.distiller import Distiller as Distiller

__getattr__, __dir__, __all__ = _late_names(globals())
