"""Updates in place must change nobody else's arrays."""

import copy
import pickle

import numpy as np
import pytest

from minikeras import GradientTape, ops, optimizers
from minikeras.autodiff import Tensor, Variable
from minikeras.kernels import parallel
from minikeras.optimizers import flat

NAMES = [
    name
    for name, value in vars(optimizers).items()
    if isinstance(value, type)
    and issubclass(value, optimizers.Optimizer)
    and name not in ("Optimizer", "MultiOptimizer", "LossScaleOptimizer")
]


def variables():
    return [
        Variable([[1.0, 2.0], [3.0, 4.0]], name="kernel"),
        Variable([5.0, 6.0], name="bias"),
        Variable(7.0, dtype="float64", name="scale"),
    ]


def gradients(seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(2, 2)), rng.normal(size=2), rng.normal()]


def everything(optimizer, own):
    return [v.numpy() for v in [*own, *optimizer.variables]]


def same(xs, ys):
    return all(np.array_equal(x, y) for x, y in zip(xs, ys, strict=True))


def expected(name, steps):
    """What steps that nobody disturbs give."""
    own, optimizer = variables(), getattr(optimizers, name)(0.1)
    for step in range(steps):
        optimizer.apply(gradients(step), own)
    return everything(optimizer, own)


# Ways in which somebody may get hold of a variable's array.
HOLD = {
    "tensor": lambda v: v.value,
    "view": lambda v: v.value.numpy(),
    "view of a view": lambda v: v.array.reshape(-1)[:1].T,
    "array itself": lambda v: v.array,
    "memoryview": lambda v: memoryview(v.array),
    "broadcast": lambda v: np.broadcast_to(v.array, (2, *v.shape)),
    "strides": lambda v: np.lib.stride_tricks.as_strided(v.array),
    "identity op": lambda v: ops.reshape(v, v.shape),
}


def test_values_move_into_one_array_unchanged():
    own = variables()
    before = [v.numpy() for v in own]
    optimizer = optimizers.Adam()
    optimizer.build(own)
    assert same(before, [v.numpy() for v in own])
    kernel, bias, scale = own
    assert kernel.array.base is bias.array.base
    assert scale.array.base is not bias.array.base  # another dtype
    assert all(v.array.flags.c_contiguous for v in own)
    slots = {v.name: v for v in optimizer.variables}
    assert slots["kernel_momentum"].array.base is slots["bias_momentum"].array.base


@pytest.mark.parametrize("name", NAMES)
def test_undisturbed_updates_stay_in_place(name):
    own, optimizer = variables(), getattr(optimizers, name)(0.1)
    optimizer.build(own)
    places = [v.array.__array_interface__["data"] for v in own]
    for step in range(3):
        optimizer.apply(gradients(step), own)
        assert not any(group.shared() for group in optimizer._groups)
    assert [v.array.__array_interface__["data"] for v in own] == places


@pytest.mark.parametrize("how", HOLD)
@pytest.mark.parametrize("name", ["SGD", "Adam", "Lamb", "Adafactor", "Muon"])
def test_held_arrays_keep_their_values(name, how):
    wanted = expected(name, 3)
    probe = getattr(optimizers, name)(0.1)
    probe.build(variables())
    for index in range(len(probe.variables) + 3):
        own, optimizer = variables(), getattr(optimizers, name)(0.1)
        optimizer.apply(gradients(0), own)
        target = [*own, *optimizer.variables][index]
        held = HOLD[how](target)
        before = np.array(held)
        optimizer.apply(gradients(1), own)
        assert np.array_equal(np.array(held), before)
        optimizer.apply(gradients(2), own)
        assert np.array_equal(np.array(held), before)
        assert same(everything(optimizer, own), wanted)


@pytest.mark.parametrize("name", NAMES)
def test_assigned_values_are_taken_over(name):
    own, optimizer = variables(), getattr(optimizers, name)(0.1)
    optimizer.apply(gradients(0), own)
    optimizer.apply(gradients(1), own)
    saved = everything(optimizer, own)
    optimizer.apply(gradients(2), own)
    after = everything(optimizer, own)
    for form in (np.array, Tensor):  # a tensor's array is taken without a copy
        given = [form(np.array(x)) for x in saved]
        for v, x in zip([*own, *optimizer.variables], given):
            v.assign(x)
        optimizer.apply(gradients(2), own)
        assert same(everything(optimizer, own), after)
        assert same([np.asarray(x) for x in given], saved)


def test_assigned_and_held_at_once():
    own, optimizer = variables(), optimizers.SGD(1.0)
    optimizer.build(own)
    old = own[0].value  # holds the view that the variable lets go of
    own[0].assign(np.zeros((2, 2)))
    optimizer.apply([np.ones((2, 2)), np.zeros(2), 0.0], own)
    np.testing.assert_array_equal(np.asarray(old), [[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(own[0].numpy(), -np.ones((2, 2)))


def test_gradients_of_a_live_tape_are_those_at_the_old_values():
    own = variables()[:2]
    x = ops.convert_to_tensor([[1.0, -1.0]])

    def loss():
        return ops.sum(ops.square(ops.matmul(x, own[0]) * own[1]))

    optimizer = optimizers.Adam(0.5)
    optimizer.build(own)
    with GradientTape(persistent=True) as tape:
        value = loss()
    first = [np.array(g) for g in tape.gradient(value, own)]
    optimizer.apply([Tensor(g) for g in first], own)
    again = [np.array(g) for g in tape.gradient(value, own)]
    assert same(first, again)
    with GradientTape() as fresh:
        value = loss()
    new = [np.array(g) for g in fresh.gradient(value, own)]
    assert not same(first, new)


def test_two_optimizers_take_turns():
    own = variables()
    one, two = optimizers.SGD(1.0), optimizers.SGD(1.0)
    zero = [np.zeros((2, 2)), np.zeros(2), 0.0]
    for optimizer in (one, two, one, one, two):
        optimizer.apply([np.ones((2, 2)), *zero[1:]], own)
    np.testing.assert_array_equal(own[0].numpy(), [[-4.0, -3.0], [-2.0, -1.0]])
    np.testing.assert_array_equal(own[1].numpy(), [5.0, 6.0])


def test_what_is_passed_in_stays():
    own, optimizer = variables(), optimizers.Adam(0.1, clipnorm=0.1, loss_scale_factor=2.0)
    grads = [np.asarray(g, v.dtype) for g, v in zip(gradients(), own)]
    before = copy.deepcopy(grads)
    optimizer.apply(grads, own)
    assert same(grads, before)


def test_gradients_in_their_targets():
    own, optimizer = variables(), optimizers.Adam(0.1)
    other, reference = variables(), optimizers.Adam(0.1)
    optimizer.build(own)
    for step in range(3):
        grads = gradients(step)
        targets = optimizer.gradient_targets()
        assert set(targets) == {v.node for v in own}
        found = {}
        for v, g in zip(own[:2], grads):
            targets[v.node][...] = g
            found[v.node] = targets[v.node]
        found[own[2].node] = np.array(grads[2])  # in an array of its own
        optimizer.apply_flat(found)
        reference.apply(grads, other)
    assert same(everything(optimizer, own), everything(reference, other))


def test_no_gradient_is_one_of_zero_for_apply_flat():
    own, optimizer = variables(), optimizers.SGD(1.0, momentum=0.5)
    optimizer.apply([np.ones((2, 2)), np.ones(2), 1.0], own)
    optimizer.apply_flat({own[0].node: np.ones((2, 2), "float32")})
    np.testing.assert_array_equal(own[0].numpy(), [[-1.5, -0.5], [0.5, 1.5]])
    np.testing.assert_array_equal(own[1].numpy(), [3.5, 4.5])  # momentum goes on


def test_frozen_variables_are_left_alone():
    own, optimizer = variables(), optimizers.SGD(1.0, momentum=0.5, weight_decay=0.1)
    optimizer.apply([np.ones((2, 2)), np.ones(2), 1.0], own)
    before = own[0].numpy(), own[1].numpy()
    own[0].trainable = False
    targets = optimizer.gradient_targets()
    assert len(targets) == 2
    optimizer.apply_flat({own[1].node: np.ones(2, "float32")})
    np.testing.assert_array_equal(own[0].numpy(), before[0])
    assert (own[1].numpy() != before[1]).all()
    own[0].trainable = True  # with a new leaf
    optimizer.apply_flat({own[0].node: np.ones((2, 2), "float32")})
    assert own[0].node in optimizer.gradient_targets()
    assert (own[0].numpy() != before[0]).all()


TWINS = [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))]


def step_by_tape(optimizer, own, seed):
    """As training does it: gradients are written into the optimizer's arrays."""
    targets = optimizer.gradient_targets()
    for v, g in zip(own, gradients(seed)):
        targets[v.node][...] = g
    optimizer.apply_flat(dict(targets))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("twin", TWINS)
def test_copies_live_apart(name, twin):
    own, optimizer = variables(), getattr(optimizers, name)(0.1)
    optimizer.apply(gradients(0), own)
    step_by_tape(optimizer, own, 1)
    own_2, optimizer_2 = twin((own, optimizer))
    before = everything(optimizer, own)
    assert same(before, everything(optimizer_2, own_2))
    optimizer_2.apply(gradients(2), own_2)
    step_by_tape(optimizer_2, own_2, 3)
    assert same(before, everything(optimizer, own))
    optimizer.apply(gradients(2), own)
    step_by_tape(optimizer, own, 3)
    assert same(everything(optimizer, own), everything(optimizer_2, own_2))
    assert not any(group.shared() for group in optimizer_2._groups)
    for a, b in zip([*own, *optimizer.variables], [*own_2, *optimizer_2.variables], strict=True):
        assert a is not b and not np.shares_memory(a.array, b.array)


@pytest.mark.parametrize("name", NAMES)
def test_threads_and_chunks_do_not_change_a_bit(name, monkeypatch):
    rng = np.random.default_rng(0)
    values = [
        rng.normal(size=(60, 70)).astype("float32"),
        rng.normal(size=(999,)).astype("float32"),
    ]
    steps = [[rng.normal(size=v.shape).astype("float32") for v in values] for _ in range(3)]

    def run():
        own, optimizer = [Variable(v) for v in values], getattr(optimizers, name)(0.1)
        for grads in steps:
            optimizer.apply(grads, own)
        optimizer.apply(steps[0][:1], own[:1])
        return everything(optimizer, own)

    whole = run()
    monkeypatch.setattr(flat, "PARALLEL", 1000)
    monkeypatch.setattr(flat, "CHUNK", 1024)
    try:
        for count in (1, 2, 3):
            parallel.set_threads(count)
            assert same(run(), whole)
    finally:
        parallel.set_threads(None)


def test_empty_and_odd_shapes():
    own = [Variable(np.zeros((0, 3), "float32")), Variable(np.ones((1, 1, 1), "float32"))]
    optimizer = optimizers.Adam(0.5)
    optimizer.apply([np.zeros((0, 3)), np.ones((1, 1, 1))], own)
    assert own[0].shape == (0, 3)
    np.testing.assert_allclose(own[1].numpy(), [[[0.5]]], rtol=1e-5)
