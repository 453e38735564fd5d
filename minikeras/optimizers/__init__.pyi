"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.optimizers import schedules as schedules
from minikeras.optimizers.adadelta import Adadelta as _Adadelta
from minikeras.optimizers.adadelta import Decay
from minikeras.optimizers.adadelta import NonNegative
from minikeras.optimizers.adafactor import Adafactor as _Adafactor
from minikeras.optimizers.adafactor import Positive
from minikeras.optimizers.adagrad import Adagrad as _Adagrad
from minikeras.optimizers.adam import Adam as _Adam
from minikeras.optimizers.adamax import Adamax as _Adamax
from minikeras.optimizers.adamw import AdamW as _AdamW
from minikeras.optimizers.ftrl import Ftrl as _Ftrl
from minikeras.optimizers.lamb import Lamb as _Lamb
from minikeras.optimizers.lion import Lion as _Lion
from minikeras.optimizers.loss_scale_optimizer import LossScaleOptimizer as LossScaleOptimizer
from minikeras.optimizers.multi_optimizer import MultiOptimizer as MultiOptimizer
from minikeras.optimizers.multi_optimizer import OptimizerMap as OptimizerMap
from minikeras.optimizers.muon import Muon as _Muon
from minikeras.optimizers.muon import PositiveInt
from minikeras.optimizers.muon import Sequence
from minikeras.optimizers.nadam import Nadam as _Nadam
from minikeras.optimizers.optimizer import Optimizer
from minikeras.optimizers.optimizer import Optimizer as Optimizer
from minikeras.optimizers.rmsprop import RMSprop as _RMSprop
from minikeras.optimizers.schedule_free_adamw import ScheduleFreeAdamW as _ScheduleFreeAdamW
from minikeras.optimizers.sgd import SGD as _SGD
from minikeras.optimizers.sgd import _Momentum
from typing import Any

class Adadelta(_Adadelta):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Decay = 0.95,
        epsilon: NonNegative = 1e-07,
        weight_decay: float | None = None,
        clipnorm: Any = None,
        clipvalue: Any = None,
        global_clipnorm: Any = None,
        use_ema: bool = False,
        ema_momentum: Any = 0.99,
        ema_overwrite_frequency: Any = None,
        loss_scale_factor: Any = None,
        gradient_accumulation_steps: Any = None,
        name: str | None = None,
        *,
        clipnorm_per_sample: Any = None,
        noise_multiplier: NonNegative | None = None,
        noise_seed: Any = None,
        **kwargs: Any,
    ) -> None: ...

class Adafactor(_Adafactor):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: NonNegative = 1e-30,
        epsilon_2: NonNegative = 0.001,
        clip_threshold: Positive = 1.0,
        relative_step: bool = True,
        weight_decay: float | None = None,
        clipnorm: Positive | None = None,
        clipvalue: Positive | None = None,
        global_clipnorm: Positive | None = None,
        use_ema: bool = False,
        ema_momentum: Any = 0.99,
        ema_overwrite_frequency: Any = None,
        loss_scale_factor: Positive | None = None,
        gradient_accumulation_steps: Any = None,
        name: str | None = None,
        *,
        clipnorm_per_sample: Positive | None = None,
        noise_multiplier: NonNegative | None = None,
        noise_seed: Any = None,
        **kwargs: Any,
    ) -> None: ...

class Adagrad(_Adagrad):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: NonNegative = 0.1,
        epsilon: NonNegative = 1e-07,
        weight_decay: float | None = None,
        clipnorm: Any = None,
        clipvalue: Any = None,
        global_clipnorm: Any = None,
        use_ema: bool = False,
        ema_momentum: Any = 0.99,
        ema_overwrite_frequency: Any = None,
        loss_scale_factor: Any = None,
        gradient_accumulation_steps: Any = None,
        name: str | None = None,
        *,
        clipnorm_per_sample: Any = None,
        noise_multiplier: NonNegative | None = None,
        noise_seed: Any = None,
        **kwargs: Any,
    ) -> None: ...

class Adam(_Adam):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: Decay = 0.9,
        beta_2: Decay = 0.999,
        epsilon: NonNegative = 1e-07,
        amsgrad: bool = False,
        weight_decay: float | None = None,
        clipnorm: Any = None,
        clipvalue: Any = None,
        global_clipnorm: Any = None,
        use_ema: bool = False,
        ema_momentum: Any = 0.99,
        ema_overwrite_frequency: Any = None,
        loss_scale_factor: Any = None,
        gradient_accumulation_steps: Any = None,
        name: str | None = None,
        *,
        clipnorm_per_sample: Any = None,
        noise_multiplier: NonNegative | None = None,
        noise_seed: Any = None,
        **kwargs: Any,
    ) -> None: ...

class AdamW(_AdamW):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: Any = 0.9,
        beta_2: Any = 0.999,
        epsilon: Any = 1e-07,
        amsgrad: bool = False,
        clipnorm: Any = None,
        clipvalue: Any = None,
        global_clipnorm: Any = None,
        use_ema: bool = False,
        ema_momentum: Any = 0.99,
        ema_overwrite_frequency: Any = None,
        loss_scale_factor: Any = None,
        gradient_accumulation_steps: Any = None,
        name: str | None = None,
        *,
        clipnorm_per_sample: Any = None,
        noise_multiplier: Any = None,
        noise_seed: Any = None,
        **kwargs: Any,
    ) -> None: ...

class Adamax(_Adamax):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: Decay = 0.9,
        beta_2: Decay = 0.999,
        epsilon: NonNegative = 1e-07,
        weight_decay: float | None = None,
        clipnorm: Any = None,
        clipvalue: Any = None,
        global_clipnorm: Any = None,
        use_ema: bool = False,
        ema_momentum: Any = 0.99,
        ema_overwrite_frequency: Any = None,
        loss_scale_factor: Any = None,
        gradient_accumulation_steps: Any = None,
        name: str | None = None,
        *,
        clipnorm_per_sample: Any = None,
        noise_multiplier: NonNegative | None = None,
        noise_seed: Any = None,
        **kwargs: Any,
    ) -> None: ...

class Ftrl(_Ftrl):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        weight_decay: float | None = None,
        clipnorm: Any = None,
        clipvalue: Any = None,
        global_clipnorm: Any = None,
        use_ema: bool = False,
        ema_momentum: Any = 0.99,
        ema_overwrite_frequency: Any = None,
        loss_scale_factor: Any = None,
        gradient_accumulation_steps: Any = None,
        name: str | None = None,
        *,
        clipnorm_per_sample: Any = None,
        noise_multiplier: Any = None,
        noise_seed: Any = None,
        **kwargs: Any,
    ) -> None: ...

class Lamb(_Lamb):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: Decay = 0.9,
        beta_2: Decay = 0.999,
        epsilon: NonNegative = 1e-07,
        weight_decay: float | None = None,
        clipnorm: Any = None,
        clipvalue: Any = None,
        global_clipnorm: Any = None,
        use_ema: bool = False,
        ema_momentum: Any = 0.99,
        ema_overwrite_frequency: Any = None,
        loss_scale_factor: Any = None,
        gradient_accumulation_steps: Any = None,
        name: str | None = None,
        *,
        clipnorm_per_sample: Any = None,
        noise_multiplier: NonNegative | None = None,
        noise_seed: Any = None,
        **kwargs: Any,
    ) -> None: ...

class Lion(_Lion):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: Decay = 0.9,
        beta_2: Decay = 0.99,
        weight_decay: float | None = None,
        clipnorm: Any = None,
        clipvalue: Any = None,
        global_clipnorm: Any = None,
        use_ema: bool = False,
        ema_momentum: Any = 0.99,
        ema_overwrite_frequency: Any = None,
        loss_scale_factor: Any = None,
        gradient_accumulation_steps: Any = None,
        name: str | None = None,
        *,
        clipnorm_per_sample: Any = None,
        noise_multiplier: Any = None,
        noise_seed: Any = None,
        **kwargs: Any,
    ) -> None: ...

class Muon(_Muon):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: Decay = 0.9,
        adam_beta_2: Decay = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: NonNegative = 1e-07,
        weight_decay: float | None = 0.004,
        clipnorm: Any = None,
        clipvalue: Any = None,
        global_clipnorm: Any = None,
        use_ema: bool = False,
        ema_momentum: Any = 0.99,
        ema_overwrite_frequency: PositiveInt | None = None,
        loss_scale_factor: Any = None,
        gradient_accumulation_steps: Any = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: Decay = 0.95,
        ns_steps: PositiveInt = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        *,
        clipnorm_per_sample: Any = None,
        noise_multiplier: NonNegative | None = None,
        noise_seed: Any = None,
        **kwargs: Any,
    ) -> None: ...

class Nadam(_Nadam):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: Decay = 0.9,
        beta_2: Decay = 0.999,
        epsilon: NonNegative = 1e-07,
        weight_decay: float | None = None,
        clipnorm: Any = None,
        clipvalue: Any = None,
        global_clipnorm: Any = None,
        use_ema: bool = False,
        ema_momentum: Any = 0.99,
        ema_overwrite_frequency: Any = None,
        loss_scale_factor: Any = None,
        gradient_accumulation_steps: Any = None,
        name: str | None = None,
        *,
        clipnorm_per_sample: Any = None,
        noise_multiplier: NonNegative | None = None,
        noise_seed: Any = None,
        **kwargs: Any,
    ) -> None: ...

class RMSprop(_RMSprop):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Decay = 0.9,
        momentum: Decay = 0.0,
        epsilon: NonNegative = 1e-07,
        centered: bool = False,
        weight_decay: float | None = None,
        clipnorm: Any = None,
        clipvalue: Any = None,
        global_clipnorm: Any = None,
        use_ema: bool = False,
        ema_momentum: Any = 0.99,
        ema_overwrite_frequency: Any = None,
        loss_scale_factor: Any = None,
        gradient_accumulation_steps: Any = None,
        name: str | None = None,
        *,
        clipnorm_per_sample: Any = None,
        noise_multiplier: NonNegative | None = None,
        noise_seed: Any = None,
        **kwargs: Any,
    ) -> None: ...

class SGD(_SGD):
    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: _Momentum = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        clipnorm: Any = None,
        clipvalue: Any = None,
        global_clipnorm: Any = None,
        use_ema: bool = False,
        ema_momentum: Any = 0.99,
        ema_overwrite_frequency: Any = None,
        loss_scale_factor: Any = None,
        gradient_accumulation_steps: Any = None,
        name: str | None = None,
        *,
        clipnorm_per_sample: Any = None,
        noise_multiplier: Any = None,
        noise_seed: Any = None,
        **kwargs: Any,
    ) -> None: ...

class ScheduleFreeAdamW(_ScheduleFreeAdamW):
    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: Decay = 0.9,
        beta_2: Decay = 0.999,
        epsilon: NonNegative = 1e-08,
        warmup_steps: NonNegative = 0,
        weight_decay: float | None = None,
        clipnorm: Any = None,
        clipvalue: Any = None,
        global_clipnorm: Any = None,
        use_ema: bool = False,
        ema_momentum: Any = 0.99,
        ema_overwrite_frequency: Any = None,
        loss_scale_factor: Any = None,
        gradient_accumulation_steps: Any = None,
        name: str | None = None,
        *,
        clipnorm_per_sample: Any = None,
        noise_multiplier: NonNegative | None = None,
        noise_seed: Any = None,
        **kwargs: Any,
    ) -> None: ...

def deserialize(
    config: dict,
    custom_objects: dict | None = None,
) -> Optimizer: ...

def get(
    identifier: Any,
) -> Optimizer | None: ...

def serialize(
    optimizer: Optimizer,
) -> dict: ...

__all__ = [
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "Adamax",
    "AdamW",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "OptimizerMap",
    "Muon",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "ScheduleFreeAdamW",
    "SGD",
    "serialize",
    "deserialize",
    "get",
    "schedules",
]
