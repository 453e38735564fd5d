import inspect

import numpy as np
import pytest

from minikeras import optimizers
from minikeras.optimizers import schedules

CASES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9}),
    (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9, "staircase": True},
    ),
    ("PiecewiseConstantDecay", {"boundaries": [5, 20, 21], "values": [1.0, 0.5, 0.2, 0.1]}),
    ("PiecewiseConstantDecay", {"boundaries": [5.5], "values": [1.0, 0.5]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 20}),
    (
        "PolynomialDecay",
        {
            "initial_learning_rate": 0.1,
            "decay_steps": 7,
            "end_learning_rate": 0.01,
            "power": 0.5,
            "cycle": True,
        },
    ),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9}),
    (
        "InverseTimeDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9, "staircase": True},
    ),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.1}),
    (
        "CosineDecay",
        {
            "initial_learning_rate": 0.01,
            "decay_steps": 20,
            "warmup_target": 0.2,
            "warmup_steps": 5,
        },
    ),
    ("CosineDecay", {"initial_learning_rate": 0.01, "decay_steps": 20, "warmup_target": 0.2}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 4}),
    (
        "CosineDecayRestarts",
        {
            "initial_learning_rate": 0.1,
            "first_decay_steps": 7,
            "t_mul": 1.0,
            "m_mul": 0.8,
            "alpha": 0.1,
        },
    ),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 6, "t_mul": 1.5, "m_mul": 0.9},
    ),
]
STEPS = [0, 1, 3, 4, 5, 6, 7, 10, 12, 13, 14, 20, 21, 25, 28, 29, 60]


def test_every_schedule_is_tested():
    public = {
        name
        for name, value in vars(schedules).items()
        if inspect.isclass(value) and issubclass(value, schedules.LearningRateSchedule)
    }
    assert public - {"LearningRateSchedule"} == {name for name, _ in CASES}


@pytest.mark.parametrize("name, kwargs", CASES)
def test_as_keras(keras, name, kwargs):
    theirs_class = getattr(keras.optimizers.schedules, name)
    ours, theirs = getattr(schedules, name)(**kwargs), theirs_class(**kwargs)
    assert (
        inspect.signature(type(ours)).parameters.keys()
        == inspect.signature(theirs_class).parameters.keys()
    )
    assert ours.get_config() == theirs.get_config()
    for step in STEPS:
        rate = ours(step)
        assert rate.dtype == "float32" and rate.shape == ()
        np.testing.assert_allclose(
            float(rate), float(theirs(step)), rtol=2e-5, atol=1e-7, err_msg=step
        )
    # Many steps at once, for plots.
    np.testing.assert_array_equal(
        np.asarray(ours(np.array(STEPS))), [np.asarray(ours(step)) for step in STEPS]
    )
    again = schedules.deserialize(schedules.serialize(ours))
    assert type(again) is type(ours) and again.get_config() == ours.get_config()
    assert schedules.serialize(ours) == keras.optimizers.schedules.serialize(theirs)
    sgd = optimizers.get(optimizers.serialize(optimizers.SGD(ours)))
    assert float(sgd.learning_rate) == float(ours(0))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "decay_steps"),
        (lambda: schedules.PolynomialDecay(0.1, -1), "decay_steps"),
        (lambda: schedules.InverseTimeDecay(0.1, 0, 0.5), "decay_steps"),
        (lambda: schedules.CosineDecay(0.1, 0), "decay_steps"),
        (lambda: schedules.CosineDecayRestarts(0.1, 0), "first_decay_steps"),
        (lambda: schedules.PiecewiseConstantDecay([1], [0.1]), "one longer"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_own_schedule():
    class Halving(schedules.LearningRateSchedule):
        def __call__(self, step):
            return 1.0 / 2.0 ** (step + 1)

    from minikeras.autodiff import Variable

    w, optimizer = Variable(1.0), optimizers.SGD(Halving())
    for wanted in (0.5, 0.25, 0.125):
        optimizer.apply([1.0], [w])
        assert float(w) == wanted
    assert optimizer.get_config()["learning_rate"]["config"] == {}
    with pytest.raises(NotImplementedError, match="__call__"):
        schedules.LearningRateSchedule()(1)
