"""Twenty steps of every optimizer, with every option, beside Keras."""

import inspect
import re

import numpy as np
import pytest

from minikeras import constraints, optimizers
from minikeras.autodiff import Variable

SHAPES = {"kernel": (3, 4), "bias": (4,), "scale": (), "conv": (2, 3, 2)}

# Arguments for every optimizer of the package; one that is missing here fails.
ARGUMENTS = {
    "SGD": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
    "RMSprop": [{}, {"momentum": 0.5}, {"centered": True}, {"centered": True, "momentum": 0.5}],
    "Adam": [{}, {"amsgrad": True, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}],
    "AdamW": [{}, {"weight_decay": 0.1}],
    "Adamax": [{}],
    "Nadam": [{}],
    "Adagrad": [{}, {"initial_accumulator_value": 0.5}],
    "Adadelta": [{"learning_rate": 1.0}],
    "Adafactor": [{}, {"learning_rate": 0.5}, {"clip_threshold": 0.5, "relative_step": False}],
    "Ftrl": [
        {},
        {
            "l1_regularization_strength": 0.01,
            "l2_regularization_strength": 0.1,
            "l2_shrinkage_regularization_strength": 0.1,
            "beta": 0.2,
            "learning_rate_power": -0.7,
        },
    ],
    "Lion": [{}, {"beta_1": 0.5}],
    "Lamb": [{}, {"weight_decay": 0.1}],
    "Muon": [{}, {"nesterov": False, "rms_rate": None, "weight_decay": None}],
    "ScheduleFreeAdamW": [{}, {"warmup_steps": 10, "weight_decay": 0.01}],
    "LossScaleOptimizer": None,  # compared in test_loss_scale_optimizer.py
    "MultiOptimizer": None,  # compared in test_multi_optimizer.py
    "Optimizer": None,
}
OPTIONS = [
    {"weight_decay": 0.05},
    {"clipnorm": 0.5},
    {"clipvalue": 0.3},
    {"global_clipnorm": 0.8},
    {"global_clipnorm": 80.0},
    {"use_ema": True, "ema_momentum": 0.7},
    {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3},
    {"loss_scale_factor": 8.0},
    {"gradient_accumulation_steps": 3},
    # Averages beside accumulated gradients: Keras moves them with every gradient, we with every
    # update (test_schedules_and_averages_count_updates).
    {
        "gradient_accumulation_steps": 2,
        "weight_decay": 0.05,
        "clipnorm": 0.5,
        "loss_scale_factor": 2.0,
    },
    {
        "use_ema": True,
        "ema_overwrite_frequency": 2,
        "weight_decay": 0.05,
        "clipnorm": 0.5,
        "loss_scale_factor": 2.0,
    },
]


def cases():
    return [
        pytest.param(name, kwargs, id=f"{name}-{'-'.join(kwargs) or 'default'}")
        for name, arguments in ARGUMENTS.items()
        for kwargs in arguments or []
    ]


def test_every_optimizer_is_tested():
    public = {
        name
        for name, value in vars(optimizers).items()
        if inspect.isclass(value) and issubclass(value, optimizers.Optimizer)
    }
    assert public == set(ARGUMENTS)


def gradients(rng, dtype):
    return [rng.normal(size=shape).astype(dtype) for shape in SHAPES.values()]


def start(dtype):
    rng = np.random.default_rng(1)
    return [rng.normal(size=shape).astype(dtype) for shape in SHAPES.values()]


def described(variables):
    """Paths and shapes; names that a counter gave without the count."""
    return [(re.sub(r"^variable_\d+", "variable", v.path), tuple(v.shape)) for v in variables]


def compare(keras, name, kwargs, dtype, steps=20, prepare=lambda module, o, variables: None):
    tolerance = 1e-5 if dtype == "float32" else 1e-10
    kwargs = dict(kwargs)
    ours = getattr(optimizers, name)(name="o", **kwargs)
    theirs = getattr(keras.optimizers, name)(name="o", **kwargs)
    own = [Variable(x, name=n) for n, x in zip(SHAPES, start(dtype))]
    their = [keras.Variable(x, dtype=dtype, name=n) for n, x in zip(SHAPES, start(dtype))]
    prepare(None, ours, own)
    prepare(keras, theirs, their)
    ours.build(own)
    theirs.build(their)
    assert described(ours.variables) == described(theirs.variables)
    rng = np.random.default_rng(2)
    for step in range(steps):
        grads = gradients(rng, dtype)
        ours.apply(grads, own)
        theirs.apply([keras.ops.convert_to_tensor(g) for g in grads], their)
        for a, b in zip([*own, *ours.variables], [*their, *theirs.variables]):
            np.testing.assert_allclose(
                a.numpy(),
                np.asarray(b),
                rtol=tolerance,
                atol=tolerance,
                err_msg=f"{b.path} after step {step + 1}",
            )
    return ours, theirs, own, their


@pytest.mark.parametrize("name, kwargs", cases())
def test_formula(keras, name, kwargs):
    compare(keras, name, {"learning_rate": 0.05, **kwargs}, "float64")


@pytest.mark.parametrize("name", [name for name, arguments in ARGUMENTS.items() if arguments])
def test_formula_in_float32(keras, name):
    compare(keras, name, {"learning_rate": 0.05, **ARGUMENTS[name][-1]}, "float32")


@pytest.mark.parametrize("size", [1000, 20_000])  # and where BLAS adds up
def test_signs_where_momentum_and_gradient_cancel(keras, size):
    """After a gradient of 100 k, one of -9 k makes the next step of Lion zero, but for rounding."""
    k = np.arange(size, dtype="float32")
    ours, theirs = optimizers.Lion(0.01), keras.optimizers.Lion(0.01)
    own, their = Variable(np.zeros_like(k)), keras.Variable(np.zeros_like(k), dtype="float32")
    for grad in (100 * k, -9 * k):
        ours.apply([grad], [own])
        theirs.apply([keras.ops.convert_to_tensor(grad)], [their])
    np.testing.assert_allclose(own.numpy(), np.asarray(their), atol=1e-6)


@pytest.mark.parametrize(
    "name, options",
    [("Adam", options) for options in OPTIONS] + [("Lamb", OPTIONS[0]), ("Lamb", OPTIONS[-1])],
    ids=lambda x: x if isinstance(x, str) else "-".join(x),
)
def test_options(keras, name, options):
    ours, theirs, own, their = compare(
        keras, name, {"learning_rate": 0.05, **options}, "float64", steps=7
    )
    ours.finalize_variable_values(own)
    theirs.finalize_variable_values(their)
    for a, b in zip(own, their):
        np.testing.assert_allclose(a.numpy(), np.asarray(b), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", ["SGD", "Adafactor", "Muon"])
def test_exclusion_from_weight_decay(keras, name):
    def prepare(_, optimizer, variables):
        optimizer.exclude_from_weight_decay(var_list=variables[2:3], var_names=["bias", "^con"])

    compare(keras, name, {"learning_rate": 0.05, "weight_decay": 0.2}, "float64", 5, prepare)


def test_constraints(keras):
    def prepare(module, _, variables):
        home = constraints if module is None else module.constraints
        variables[0].constraint = home.UnitNorm(axis=0)
        variables[1].constraint = home.NonNeg()

    compare(keras, "Adam", {"learning_rate": 0.05}, "float64", 5, prepare)


def test_learning_rates(keras):
    schedule = {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}
    for of in (
        lambda home: home.schedules.ExponentialDecay(**schedule),
        lambda home: lambda: 0.07,
    ):
        ours = optimizers.SGD(of(optimizers), momentum=0.5, weight_decay=0.1)
        theirs = keras.optimizers.SGD(of(keras.optimizers), momentum=0.5, weight_decay=0.1)
        own, their = Variable([1.0, 2.0]), keras.Variable([1.0, 2.0])
        for _ in range(6):
            ours.apply([[0.5, -1.0]], [own])
            theirs.apply([keras.ops.convert_to_tensor([0.5, -1.0])], [their])
            np.testing.assert_allclose(own.numpy(), np.asarray(their), rtol=1e-5)
        assert float(ours.learning_rate) == pytest.approx(float(theirs.learning_rate))


def test_some_gradients_missing(keras):
    ours, theirs = optimizers.Adam(0.1, name="o"), keras.optimizers.Adam(0.1, name="o")
    own = [Variable(x, name=n) for n, x in zip(SHAPES, start("float32"))]
    their = [keras.Variable(x, name=n) for n, x in zip(SHAPES, start("float32"))]
    rng = np.random.default_rng(3)
    for pick in ([0, 1, 2, 3], [3, 1], [2], [1, 2, 0]):
        grads = gradients(rng, "float32")
        ours.apply([grads[i] for i in pick], [own[i] for i in pick])
        theirs.apply(
            [keras.ops.convert_to_tensor(grads[i]) for i in pick], [their[i] for i in pick]
        )
        holey = [grads[0], None, None, grads[3]]
        with pytest.warns(UserWarning, match=r"Gradients do not exist for variables \['bias'"):
            ours.apply(holey, own)
        with pytest.warns(UserWarning):
            theirs.apply(
                [None if g is None else keras.ops.convert_to_tensor(g) for g in holey], their
            )
        for a, b in zip([*own, *ours.variables], [*their, *theirs.variables]):
            np.testing.assert_allclose(a.numpy(), np.asarray(b), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name, kwargs", cases())
def test_config_and_signature(keras, name, kwargs):
    ours, theirs = getattr(optimizers, name), getattr(keras.optimizers, name)
    own, their = (list(inspect.signature(cls).parameters) for cls in (ours, theirs))
    beside = ["clipnorm_per_sample", "noise_multiplier", "noise_seed"]  # by keyword only
    assert own == [*their[:-1], *beside, their[-1]]
    made = ours(name="o", **kwargs)
    assert made.get_config() == theirs(name="o", **kwargs).get_config()
    again = optimizers.deserialize(optimizers.serialize(made))
    assert type(again) is ours
    assert again.get_config() == made.get_config()
    assert optimizers.serialize(made) == keras.optimizers.serialize(theirs(name="o", **kwargs))
    # What Keras has saved, we can load.
    loaded = optimizers.deserialize(keras.optimizers.serialize(theirs(name="o", **kwargs)))
    assert loaded.get_config() == made.get_config()


def test_overwriting_variables_with_their_gradient(keras):
    for kwargs in ({}, {"gradient_accumulation_steps": 3}):
        ours = optimizers.Adam(0.1, name="o", **kwargs)
        theirs = keras.optimizers.Adam(0.1, name="o", **kwargs)
        own = [
            Variable([1.0, 2.0], dtype="float64", name="a"),
            Variable([3.0], dtype="float64", name="b"),
        ]
        their = [
            keras.Variable([1.0, 2.0], dtype="float64", name="a"),
            keras.Variable([3.0], dtype="float64", name="b"),
        ]
        own[1].overwrite_with_gradient = their[1].overwrite_with_gradient = True
        ours.build(own)
        theirs.build(their)
        assert [v.path for v in ours.variables] == [v.path for v in theirs.variables]
        rng = np.random.default_rng(4)
        for _ in range(6):
            grads = [rng.normal(size=2).astype("float64"), rng.normal(size=1).astype("float64")]
            ours.apply(grads, own)
            theirs.apply([keras.ops.convert_to_tensor(g) for g in grads], their)
            for a, b in zip([*own, *ours.variables], [*their, *theirs.variables]):
                np.testing.assert_allclose(a.numpy(), np.asarray(b), rtol=1e-5, atol=1e-6)
