"""What all optimizers share: arguments, errors, users' own classes, saving."""

import inspect

import numpy as np
import pytest

from minikeras import GradientTape, ops, optimizers
from minikeras.autodiff import Tensor, Variable
from minikeras.optimizers import schedules


def pair():
    return [Variable([1.0, 2.0], name="a"), Variable([[3.0]], name="b")]


ONES = [np.ones(2, "float32"), np.ones((1, 1), "float32")]


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: optimizers.SGD(1), "learning_rate"),
        (lambda: optimizers.SGD("0.1"), "learning_rate"),
        (lambda: optimizers.SGD(momentum=2.0), "`momentum`"),
        (lambda: optimizers.SGD(momentum=0), "`momentum`"),
        (lambda: optimizers.AdamW(weight_decay=None), "`weight_decay`"),
        (lambda: optimizers.Lion(beta_1=0.0), "`beta_1`"),
        (lambda: optimizers.Ftrl(learning_rate_power=0.5), "`learning_rate_power`"),
        (lambda: optimizers.Ftrl(initial_accumulator_value=-1.0), "`initial_accumulator_value`"),
        (lambda: optimizers.Adam(clipnorm=1.0, clipvalue=1.0), "only one of"),
        (lambda: optimizers.Adam(use_ema=True, ema_momentum=2.0), "`ema_momentum`"),
        (lambda: optimizers.Adam(use_ema=True, ema_overwrite_frequency=0.5), "frequency"),
        (lambda: optimizers.Adam(gradient_accumulation_steps=1), "accumulation_steps"),
        (lambda: optimizers.Adam(beta=0.1), "beta"),
        (lambda: optimizers.LossScaleOptimizer("sgd"), "inner_optimizer"),
        (lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), dynamic=False), "dynamic"),
        (lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), clipnorm=1.0), "clipnorm"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_old_arguments():
    optimizer = optimizers.SGD.from_config({"lr": 0.25})  # from an old file
    assert optimizer.get_config()["learning_rate"] == 0.25
    with pytest.raises(ValueError, match=r"not recognized: {'lr': 0.25}. Did you mean `learning_"):
        optimizers.SGD(lr=0.25)
    with pytest.warns(UserWarning, match="`decay`"):
        optimizers.Adam(decay=1e-6)


def test_arguments_by_position(keras):
    """Own arguments and common ones, in Keras's order."""
    for name in ("Adam", "AdamW", "SGD", "Muon", "ScheduleFreeAdamW"):
        ours, theirs = getattr(optimizers, name), getattr(keras.optimizers, name)
        parameters = inspect.signature(ours).parameters.values()
        by_position = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        defaults, names = [p.default for p in by_position], [p.name for p in by_position]
        for count in range(len(defaults) + 1):
            given = [0.5, *defaults[1:]][:count]
            if "ema_momentum" in names[:count]:
                given[names.index("ema_momentum")] = 0.75
            if "name" in names[:count]:
                given[names.index("name")] = "given"
            own, their = ours(*given).get_config(), theirs(*given).get_config()
            if "name" not in names[:count]:
                del own["name"], their["name"]
            assert own == their
        with pytest.raises(TypeError, match=rf"{name}\(\) takes at most {len(defaults)} arguments"):
            ours(*defaults, 1)
        with pytest.raises(TypeError, match=rf"{name}.*multiple values.*'name'"):
            ours(*defaults, name="again")
        with pytest.raises(TypeError, match=rf"{name}.*multiple values.*'learning_rate'"):
            ours(0.5, learning_rate=0.5)


def test_arguments_of_a_users_class():
    """Its signature stays as it was written."""

    class Slow(optimizers.SGD):
        def __init__(self, slowness=2.0, **kwargs):
            super().__init__(0.5 / slowness, **kwargs)
            self.slowness = slowness

    class Inherits(optimizers.Adam):
        pass

    assert list(inspect.signature(Slow).parameters) == ["slowness", "kwargs"]
    assert inspect.signature(Inherits.__init__) == inspect.signature(optimizers.Adam.__init__)
    made = Inherits(0.5, 0.8, 0.9, 1e-3, True, 0.25, name="o")
    assert (
        made.get_config() == optimizers.Adam(0.5, 0.8, 0.9, 1e-3, True, 0.25, name="o").get_config()
    )
    assert Slow(4.0, clipnorm=1.0).get_config()["clipnorm"] == 1.0


@pytest.mark.parametrize(
    "name, kind",
    [
        ("adam", "Adam"),
        ("RMSprop", "RMSprop"),
        ("ADAMW", "AdamW"),
        ("lamb", "Lamb"),
        ("sgd", "SGD"),
    ],
)
def test_get_by_name(name, kind):
    assert type(optimizers.get(name)).__name__ == kind


def test_get():
    sgd = optimizers.SGD(0.5)
    assert optimizers.get(sgd) is sgd
    assert optimizers.get(None) is None
    assert optimizers.get(optimizers.serialize(sgd)).get_config() == sgd.get_config()
    with pytest.raises(ValueError, match="Did you mean 'adam'"):
        optimizers.get("adaam")
    with pytest.raises(ValueError, match="Could not interpret optimizer"):
        optimizers.get(3)
    with pytest.raises(ValueError, match="Could not interpret optimizer"):
        optimizers.get(len)


def test_bad_gradients():
    a, b = pair()
    optimizer = optimizers.SGD(1.0)
    with pytest.raises(ValueError, match="build"):
        optimizer.apply(ONES)
    optimizer.build([a, b])
    with pytest.raises(ValueError, match=r"2 variables\. Received: 1 gradients"):
        optimizer.apply(ONES[:1])
    with pytest.raises(ValueError, match=r"variable 'b' must have its shape \(1, 1\)"):
        optimizer.apply([ONES[0], np.ones(3)])
    with pytest.raises(ValueError, match=r"Unknown variable.*SGD"):
        optimizer.apply(ONES[:1], [Variable([1.0, 2.0])])
    with pytest.raises(ValueError, match="'a' is given twice"):
        optimizer.apply([ONES[0], ONES[0]], [a, a])
    with pytest.raises(ValueError, match="No gradients provided"):
        optimizer.apply([None, None])
    np.testing.assert_array_equal(a.numpy(), [1.0, 2.0])
    assert int(optimizer.iterations) == 0
    optimizer.apply([])
    assert int(optimizer.iterations) == 0


def test_apply_gradients_returns_iterations():
    own = pair()
    optimizer = optimizers.SGD(0.5)
    assert int(optimizer.apply_gradients(zip(ONES, own))) == 1
    np.testing.assert_array_equal(own[0].numpy(), [0.5, 1.5])


def test_learning_rate_can_be_assigned():
    own, optimizer = pair(), optimizers.SGD(1.0)
    optimizer.apply(ONES, own)
    optimizer.learning_rate = 0.5
    optimizer.apply(ONES, own)
    np.testing.assert_array_equal(own[0].numpy(), [-0.5, 0.5])
    n = len(optimizer.variables)
    optimizer.learning_rate = schedules.PiecewiseConstantDecay([10], [0.25, 0.1])
    assert len(optimizer.variables) == n - 1
    optimizer.apply(ONES, own)
    np.testing.assert_array_equal(own[0].numpy(), [-0.75, 0.25])
    with pytest.raises(TypeError, match="LearningRateSchedule"):
        optimizer.learning_rate = 0.1


def test_iterations_can_be_assigned():
    own = pair()
    optimizer = optimizers.SGD(schedules.PiecewiseConstantDecay([5], [1.0, 0.25]))
    optimizer.build(own)
    optimizer.iterations.assign(6)
    optimizer.apply(ONES, own)
    assert int(optimizer.iterations) == 7
    np.testing.assert_array_equal(own[0].numpy(), [0.75, 1.75])


def test_float16_and_bfloat16():
    for dtype in ("float16", "bfloat16"):
        if dtype == "bfloat16":
            pytest.importorskip("ml_dtypes")
        w = Variable([1.0, 2.0], dtype=dtype)
        optimizers.SGD(0.5, momentum=0.5, global_clipnorm=100.0).apply([[1.0, -1.0]], [w])
        assert w.dtype == dtype
        np.testing.assert_array_equal(w.numpy().astype("float32"), [0.5, 2.5])


def test_nothing_is_recorded():
    """A step inside a tape, with a constraint, leaves no nodes."""
    w = Variable([1.0, -2.0])
    w.constraint = lambda x: ops.maximum(x, 0.0)
    with GradientTape() as tape:
        y = ops.sum(w * w)
        n = len(tape._nodes)
        optimizers.SGD(0.5).apply([[1.0, 1.0]], [w])
        assert len(tape._nodes) == n
    np.testing.assert_array_equal(w.numpy(), [0.5, 0.0])
    np.testing.assert_array_equal(np.asarray(tape.gradient(y, w)), [2.0, -4.0])


# Users' own classes.


class Momentum(optimizers.Optimizer):
    """Written as Keras's guide has it."""

    def __init__(self, learning_rate=0.01, momentum=0.9, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.momentum = momentum
        self.kept = []

    def build(self, variables):
        super().build(variables)
        self.momentums = []
        for variable in variables:
            self.momentums.append(
                self.add_variable_from_reference(reference_variable=variable, name="momentum")
            )

    def update_step(self, gradient, variable, learning_rate):
        learning_rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype)
        self.kept.append(gradient)
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, ops.subtract(ops.multiply(m, self.momentum), gradient * learning_rate))
        self.assign_add(variable, m)

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"weight_decay": 0.1},
        {"global_clipnorm": 0.5, "use_ema": True, "ema_overwrite_frequency": 2},
        {"gradient_accumulation_steps": 2},
    ],
)
def test_own_class_does_as_the_fused_one(options):
    own, ours = pair(), optimizers.SGD(0.1, momentum=0.9, **options)
    their, theirs = pair(), Momentum(0.1, momentum=0.9, **options)
    rng = np.random.default_rng(0)
    for _ in range(5):
        grads = [rng.normal(size=v.shape).astype("float32") for v in own]
        ours.apply(grads, own)
        theirs.apply(grads, their)
    assert len({np.asarray(g).tobytes() for g in theirs.kept}) == len(theirs.kept)  # its own arrays
    for a, b in zip([*own, *ours.variables], [*their, *theirs.variables]):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-6)
    assert Momentum.from_config(theirs.get_config()).get_config() == theirs.get_config()


def test_own_class_over_a_fused_one():
    class Doubled(optimizers.Adagrad):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient * 2, variable, learning_rate)

    own, other = pair(), pair()
    one, two = Doubled(0.1), optimizers.Adagrad(0.1)
    for _ in range(3):
        one.apply(ONES, own)
        two.apply([g * 2 for g in ONES], other)
    for a, b in zip([*own, *one.variables], [*other, *two.variables]):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_own_apply_sees_every_gradient():
    class Halved(optimizers.SGD):
        def apply(self, grads, trainable_variables=None):
            super().apply([g * 0.5 for g in grads], trainable_variables)

    inner = Halved(1.0)
    for optimizer in (Halved(1.0), optimizers.MultiOptimizer(lambda v: inner)):
        own = pair()
        optimizer.build(own)
        optimizer.apply_flat({own[0].node: np.array([2.0, 4.0], "float32")})
        np.testing.assert_array_equal(own[0].numpy(), [0.0, 0.0])
        np.testing.assert_array_equal(own[1].numpy(), [[3.0]])


def test_own_variables_are_saved():
    class Counting(optimizers.SGD):
        def __init__(self):
            super().__init__(0.5)
            self.calls = Variable(0.0, trainable=False, name="calls")
            self.more = []

        def build(self, variables):
            super().build(variables)
            self.more.append(Variable([7.0], trainable=False, name="more"))

    own, optimizer = pair(), Counting()
    optimizer.build(own)
    names = [v.name for v in optimizer.variables]
    assert names == ["iteration", "learning_rate", "calls", "more"]


def test_missing_parts_of_own_classes():
    class NoStep(optimizers.Optimizer):
        pass

    with pytest.raises(NotImplementedError, match=r"NoStep.*update_step"):
        NoStep(0.1).apply(ONES, pair())

    class NoSuper(optimizers.Optimizer):
        def __init__(self):
            self.rate = 1

    with pytest.raises(RuntimeError, match="NoSuper"):
        NoSuper()


def test_add_variable():
    optimizer = optimizers.SGD(0.1, name="mine")
    v = optimizer.add_variable(
        (2,), initializer=lambda shape, dtype: np.full(shape, 3, dtype), name="w"
    )
    assert (v.path, v.shape, v.dtype, v.trainable) == ("mine/w", (2,), "float32", False)
    assert any(v is w for w in optimizer.variables)
    reference = Variable(np.zeros((2, 3), "float64"), name="ref")
    w = optimizer.add_variable_from_reference(reference, "slot")
    assert (w.path, w.shape, w.dtype) == ("mine/ref_slot", (2, 3), "float64")
    with pytest.raises(ValueError, match="an initializer for each"):
        optimizer.add_optimizer_variables([reference], ["a", "b"], ["zeros"])


# State.


def trained(kind=optimizers.Adam, **kwargs):
    own, optimizer = pair(), kind(0.1, name="o", **kwargs)
    for _ in range(3):
        optimizer.apply(ONES, own)
    return own, optimizer


def test_weights_go_over_to_another():
    own, optimizer = trained()
    store = {}
    optimizer.save_own_variables(store)
    for load in ("load", "set"):
        other_own, other = pair(), optimizers.Adam(0.5)
        for a, b in zip(other_own, own):
            a.assign(b.numpy())
        with pytest.raises(ValueError, match="build"):
            other.set_weights([])
        other.build(other_own)
        if load == "load":
            other.load_own_variables(store)
        else:
            other.set_weights([v.numpy() for v in optimizer.variables])
        own_2, optimizer_2 = trained()
        optimizer_2.apply(ONES, own_2)
        other.apply(ONES, other_own)
        for a, b in zip([*own_2, *optimizer_2.variables], [*other_own, *other.variables]):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_weights_that_do_not_fit():
    _, optimizer = trained()
    with pytest.raises(ValueError, match=r"expected 6 arrays\. Received: 1"):
        optimizer.set_weights([1])
    values = [v.numpy() for v in optimizer.variables]
    values[2] = np.zeros(5)
    with pytest.raises(ValueError, match=r"'o/a_momentum' has shape \(2,\)"):
        optimizer.set_weights(values)
    with pytest.warns(UserWarning, match="it has 6 variables whereas the saved optimizer has 1"):
        optimizer.load_own_variables({"0": np.array(1)})


def test_stateless_apply():
    own, optimizer = trained()
    before = [v.numpy() for v in [*own, *optimizer.variables]]
    values = [Tensor(v.numpy()) for v in own], [Tensor(v.numpy()) for v in optimizer.variables]
    new_own, new_state = optimizer.stateless_apply(values[1], ONES, values[0])
    for v, old in zip([*own, *optimizer.variables], before):
        np.testing.assert_array_equal(v.numpy(), old)
    optimizer.apply(ONES, own)
    for v, new in zip([*own, *optimizer.variables], [*new_own, *new_state]):
        np.testing.assert_array_equal(v.numpy(), np.asarray(new))
    with pytest.raises(ValueError, match="`optimizer_variables`"):
        optimizer.stateless_apply([], ONES, values[0])
    with pytest.raises(ValueError, match="build"):
        optimizers.SGD(0.1).stateless_apply([], ONES, values[0])


def test_build_takes_variables_only():
    with pytest.raises(ValueError, match="expected variables"):
        optimizers.SGD(0.1).build([np.ones(2)])
    a, _ = pair()
    with pytest.raises(ValueError, match="twice"):
        optimizers.SGD(0.1).build([a, a])


def test_finalize_with_averages():
    own, optimizer = trained(optimizers.SGD, use_ema=True, ema_momentum=0.5)
    averages = [v.numpy() for v in optimizer._model_variables_moving_average]
    optimizer.finalize_variable_values(own)
    for v, average in zip(own, averages):
        np.testing.assert_array_equal(v.numpy(), average)
    with pytest.raises(ValueError, match="unknown variable"):
        optimizer.finalize_variable_values([Variable(1.0)])


def test_public_methods_are_keras_s(keras):
    for name, theirs in vars(keras.optimizers).items():
        if inspect.isclass(theirs) and not name.startswith("Legacy"):
            ours = getattr(optimizers, name)
            missing = {m for m in dir(theirs) if not m.startswith("_")} - set(dir(ours))
            assert not missing - {
                "transpose_last_axis",
                "lr_adjust",
                "zeropower_via_newtonschulz5",
                "check_finite",
            }, name


@pytest.mark.parametrize(
    "options",
    [
        lambda: {"learning_rate": optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)},
        lambda: {"use_ema": True, "ema_momentum": 0.5},
        lambda: {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2},
    ],
    ids=["schedule", "ema", "ema-overwrites"],
)
def test_schedules_and_averages_count_updates(options):
    """Three rounds of two accumulated gradients are three updates by their means."""
    gradients = np.random.default_rng(0).normal(size=(6, 2)).astype("float32")
    plain, rounds = Variable([1.0, 2.0]), Variable([1.0, 2.0])
    one = optimizers.SGD(**options())
    for a, b in zip(gradients[::2], gradients[1::2]):
        one.apply([(a + b) / 2], [plain])
    two = optimizers.SGD(gradient_accumulation_steps=2, **options())
    for g in gradients:
        two.apply([g], [rounds])
    np.testing.assert_allclose(rounds, plain, rtol=1e-6)
    assert int(two.iterations) == int(one.iterations)
    for optimizer, v in ((one, plain), (two, rounds)):
        optimizer.finalize_variable_values([v])
    np.testing.assert_allclose(rounds, plain, rtol=1e-6)
