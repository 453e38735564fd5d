"""Every argument of every optimizer does something, and does what it does in Keras."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import minikeras
from minikeras import optimizers
from minikeras.common.configurable import parameters_of

# Another value of each argument, and what has to be given beside it for it to count.
CHANGED = {
    "adam_beta_1": (0.5, {}),
    "adam_beta_2": (0.5, {}),
    "adam_lr_ratio": (0.5, {}),
    "adam_weight_decay": (0.3, {"exclude_layers": ["bias"]}),
    "amsgrad": (True, {"beta_2": 0.5}),
    "beta": (0.3, {}),
    "beta_1": (0.5, {}),
    "beta_2": (0.5, {}),
    "beta_2_decay": (-0.3, {}),
    "centered": (True, {}),
    "clip_threshold": (0.1, {}),
    "clipnorm": (0.2, {}),
    "clipvalue": (0.1, {}),
    "ema_momentum": (0.3, {"use_ema": True, "ema_overwrite_frequency": 1}),
    "ema_overwrite_frequency": (2, {"use_ema": True}),
    "epsilon": (0.1, {}),
    "epsilon_1": (0.1, {}),
    "epsilon_2": (5.0, {}),
    "exclude_embeddings": (False, {}),
    "exclude_layers": (["kernel"], {}),
    "global_clipnorm": (0.2, {}),
    "gradient_accumulation_steps": (2, {}),
    "initial_accumulator_value": (0.7, {}),
    "l1_regularization_strength": (0.3, {}),
    "l2_regularization_strength": (0.3, {}),
    "l2_shrinkage_regularization_strength": (0.3, {}),
    "learning_rate": (0.02, {}),
    "learning_rate_power": (-0.9, {}),
    "loss_scale_factor": (4.0, {}),
    "momentum": (0.5, {}),
    "muon_a": (3.0, {}),
    "muon_b": (-4.0, {}),
    "muon_c": (1.5, {}),
    "nesterov": (None, {"momentum": 0.9}),
    "ns_steps": (2, {}),
    "relative_step": (False, {"learning_rate": 2.0}),
    "rho": (0.5, {}),
    "rms_rate": (0.4, {}),
    "use_ema": (True, {"ema_overwrite_frequency": 1}),
    "warmup_steps": (5, {}),
    "weight_decay": (0.3, {}),
}
NAMES = ("embeddings", "kernel", "bias")
OTHERWISE = {"MultiOptimizer", "LossScaleOptimizer", "Optimizer"}  # with tests of their own
CLASSES = {
    name: cls
    for name, cls in vars(optimizers).items()
    if inspect.isclass(cls) and issubclass(cls, optimizers.Optimizer) and name not in OTHERWISE
}
# Of these, steps do not depend on the scale of all gradients.
SCALE_FREE = {("Adafactor", "loss_scale_factor"), ("Lion", "loss_scale_factor")}
IGNORED = {("Adafactor", "relative_step")}  # by Keras too
# What Keras has not got, and `test_clipnorm_per_sample.py` tests.
OUR_OWN = {"clipnorm_per_sample", "noise_multiplier", "noise_seed"}
CASES = [
    (name, argument)
    for name, cls in CLASSES.items()
    for argument in parameters_of(cls)
    if argument != "name" and argument not in OUR_OWN and (name, argument) not in SCALE_FREE
]


def trained(library, name, kwargs):
    """Return what four steps make of some weights."""
    rng = np.random.default_rng(3)
    shapes = [(3, 4), (4, 2), (4,)]
    variables = [
        library.Variable(rng.normal(size=s).astype("float64"), dtype="float64", name=n)
        for s, n in zip(shapes, NAMES)
    ]
    optimizer = getattr(library.optimizers, name)(**{"learning_rate": 0.1, **kwargs})
    optimizer.build(variables)
    for size in (1.0, 10.0, 0.1, 3.0):
        grads = [size * rng.normal(size=s) for s in shapes]
        optimizer.apply([library.ops.convert_to_tensor(g) for g in grads], variables)
    return [np.array(v.numpy() if library is minikeras else v) for v in variables]


def value_of(name, argument):
    value, beside = CHANGED[argument]
    if value is None:  # a switch that is on in some classes
        value = not parameters_of(CLASSES[name])[argument].default
    known = parameters_of(CLASSES[name])
    return value, {k: v for k, v in beside.items() if k in known}


def test_every_argument_has_another_value():
    assert {argument for _, argument in CASES} == set(CHANGED)


@pytest.mark.parametrize("name, argument", CASES)
def test_an_argument_does_what_it_does_in_keras(keras, name, argument):
    value, beside = value_of(name, argument)
    changed = trained(minikeras, name, {**beside, argument: value})
    plain = trained(minikeras, name, beside)
    if (name, argument) not in IGNORED:
        assert any((a != b).any() for a, b in zip(changed, plain)), f"{argument} is ignored"
    wanted = trained(keras, name, {**beside, argument: value})
    for a, b in zip(changed, wanted):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8)
