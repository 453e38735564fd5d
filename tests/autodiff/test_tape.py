"""GradientTape: what it records, when, and what it gives."""

import gc
import threading
import tracemalloc
import weakref
from contextlib import nullcontext as no_context

import numpy as np
import pytest

from minikeras import Sequential, Variable, config, layers, ops
from minikeras.autodiff import GradientTape, NotDifferentiableTwice, Primitive, Tensor
from minikeras.autodiff.state import thread
from minikeras.kernels import parallel


def test_variables_are_followed_by_themselves():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
    assert float(tape.gradient(y, x)) == 6.0


def test_constants_are_followed_after_watch_only():
    x = Tensor(np.array(3.0))
    with GradientTape() as tape:
        y = x * x
    assert tape.gradient(y, x) is None
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert float(tape.gradient(y, x)) == 6.0


def test_what_ran_before_watch_is_not_seen():
    x = Tensor(np.array(3.0))
    with GradientTape() as tape:
        y = x * x
        tape.watch(x)
        z = x * 2.0
    assert tape.gradient([y, z], x).numpy() == 2.0


def test_watch_takes_structures_and_refuses_arrays_and_integers():
    xs = {"a": Tensor(np.array(2.0)), "b": [Tensor(np.array(5.0))]}
    with GradientTape() as tape:
        tape.watch(xs)
        y = xs["a"] * xs["b"][0]
    grads = tape.gradient(y, xs)
    assert (float(grads["a"]), float(grads["b"][0])) == (5.0, 2.0)
    with GradientTape() as tape:
        with pytest.raises(TypeError, match="convert_to_tensor"):
            tape.watch(np.ones(2))
        with pytest.raises(TypeError, match="floating point"):
            tape.watch(Tensor(np.array(1)))


def test_frozen_variables_are_not_followed():
    v = Variable(3.0, trainable=False)
    with GradientTape() as tape:
        y = v * v
    assert tape.gradient(y, v) is None


def test_what_is_frozen_or_thawed_after_the_recording_has_its_gradient():
    for after in ([False], [False, True]):
        x = Variable(3.0)
        with GradientTape() as tape:
            y = x * x
        for x.trainable in after:
            pass
        assert float(tape.gradient(y, x)) == 6.0


def test_a_gradient_that_is_none_because_of_freezing_is_warned_of(recwarn):
    layer, other = layers.Dense(1, name="frozen"), Variable(1.0, name="other")
    still = Variable(1.0, trainable=False)
    layer.build((None, 2))
    layer.trainable = False
    weights = [layer.kernel, layer.bias]
    for thaw in (False, True):  # before and after it is thawed
        with GradientTape(persistent=True) as tape:
            y = ops.sum(layer(np.ones((1, 2)))) * other * still
        layer.trainable = thaw
        with pytest.warns(UserWarning, match=r"\['frozen/kernel', 'frozen/bias'\].*tape.watch"):
            assert tape.gradient(y, weights) == [None, None]
        with pytest.warns(UserWarning, match="not trainable"):
            zero = tape.gradient(y, weights[1], unconnected_gradients="zero")
        assert zero.numpy().tolist() == [0.0]
    # Not of what is none for another reason.
    recwarn.clear()
    unused, whole = Variable(1.0), Variable(1)
    unused.trainable = False
    unused.trainable = True
    with GradientTape(persistent=True) as tape:
        y = ops.sum(layer(np.ones((1, 2)))) * other * still
    assert tape.gradient(y, [still, unused, whole]) == [None] * 3
    assert tape.gradient(y, layer.kernel).numpy().tolist() == [[1.0], [1.0]]
    with GradientTape(watch_accessed_variables=False) as tape:
        y = other * 2.0
    other.trainable = False
    assert tape.gradient(y, other) is None
    assert not recwarn.list


def test_a_frozen_variable_is_followed_by_tapes_that_watch_it_and_by_no_other():
    x = Variable(3.0)
    x.trainable = False
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = x * x
        dy = inner.gradient(y, x)
    assert float(dy) == 6.0 and float(outer.gradient(dy, x)) == 2.0
    assert x.node is None
    early = GradientTape(persistent=True)
    early.watch(x)
    assert x.node is None  # until it records
    with early:
        y = x * x
    with early:
        z = y + x
    assert float(early.gradient(z, x)) == 7.0
    with GradientTape() as tape:
        y = x * x
    assert y.node is None
    with GradientTape() as tape:
        tape.watch(x)
        x.trainable = True
        y = x * x
    assert float(tape.gradient(y, x)) == 6.0 and x.node is not None


def test_fit_leaves_frozen_weights_alone_after_a_tape_has_watched_them():
    model = Sequential([layers.Input((2,)), layers.Dense(2), layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    model.fit(x, y, verbose=0)
    frozen = model.layers[0]
    frozen.trainable = False
    with GradientTape() as tape:
        tape.watch(frozen.kernel)
        loss = ops.sum(model(x))
    assert tape.gradient(loss, frozen.kernel) is not None
    before = frozen.kernel.numpy()
    model.fit(x, y, verbose=0)
    np.testing.assert_array_equal(frozen.kernel.numpy(), before)


def test_not_persistent_tapes_answer_once():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="persistent"):
        tape.gradient(y, x)


def test_persistent_tapes_answer_again():
    x = Variable(3.0)
    with GradientTape(persistent=True) as tape:
        y = x * x
        z = y * y
    assert float(tape.gradient(z, x)) == 108.0
    assert float(tape.gradient(y, x)) == 6.0
    assert float(tape.gradient(z, x)) == 108.0


def test_unconnected_gradients():
    x, other = Variable([1.0, 2.0]), Variable([3.0, 4.0])
    with GradientTape(persistent=True) as tape:
        y = x * 2.0
    assert tape.gradient(y, other) is None
    zero = tape.gradient(y, other, unconnected_gradients="zero")
    np.testing.assert_array_equal(zero, [0.0, 0.0])
    with pytest.raises(ValueError, match="unconnected_gradients"):
        tape.gradient(y, x, unconnected_gradients="nothing")


def test_output_gradients_weigh_the_targets():
    x = Variable([1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        y, z = x * x, x * 3.0
    np.testing.assert_allclose(tape.gradient(y, x, np.array([10.0, 1.0])), [20.0, 4.0])
    np.testing.assert_allclose(
        tape.gradient([y, z], x, [np.ones(2), np.array([1.0, 0.0])]), [5.0, 4.0]
    )
    np.testing.assert_allclose(tape.gradient([y, z], x, [None, np.zeros(2)]), [2.0, 4.0])
    with pytest.raises(ValueError, match="one gradient for each target"):
        tape.gradient(y, x, [10.0, 1.0])
    with pytest.raises(ValueError, match="shape"):
        tape.gradient(y, x, np.ones(3))


def test_gradients_of_intermediate_results():
    x = Variable(3.0)
    with GradientTape(persistent=True) as tape:
        y = x * x
        tape.watch(y)
        z = y * y
    assert float(tape.gradient(z, y)) == 18.0
    assert [float(g) for g in tape.gradient(z, [x, y])] == [108.0, 18.0]


def test_structures_of_sources_come_back():
    v, w = Variable(2.0), Variable(3.0)
    with GradientTape() as tape:
        y = v * w
    grads = tape.gradient(y, {"v": v, "rest": (w,)})
    assert set(grads) == {"v", "rest"} and isinstance(grads["rest"], tuple)
    assert (float(grads["v"]), float(grads["rest"][0])) == (3.0, 2.0)


def test_second_derivatives_by_nested_tapes():
    x = Variable(3.0)
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = x * x * x
        first = inner.gradient(y, x)
    assert float(first) == 27.0
    assert float(outer.gradient(first, x)) == 18.0


def test_third_derivatives():
    x = Variable(np.float64(0.7), dtype="float64")
    with GradientTape() as a:
        with GradientTape() as b:
            with GradientTape() as c:
                y = ops.sin(x)
            first = c.gradient(y, x)
        second = b.gradient(first, x)
    np.testing.assert_allclose(float(second), -np.sin(0.7))
    np.testing.assert_allclose(float(a.gradient(second, x)), -np.cos(0.7))


def test_a_gradient_penalty():
    """The gradient of a norm of a gradient, as in WGAN-GP, against finite differences."""
    rng = np.random.default_rng(0)
    w = Variable(rng.normal(size=(3, 2)), dtype="float64")
    x = Tensor(rng.normal(size=(4, 3)))

    def penalty() -> Tensor:
        with GradientTape() as inner:
            inner.watch(x)
            score = ops.sum(ops.tanh(ops.matmul(x, w)))
        g = inner.gradient(score, x)
        return ops.sum((ops.norm(g, axis=-1) - 1.0) ** 2)

    with GradientTape() as outer:
        value = penalty()
    gradient = outer.gradient(value, w).numpy()
    old, step = w.numpy(), 1e-6
    for i, j in [(0, 0), (2, 1)]:
        moved = old.copy()
        moved[i, j] += step
        w.assign(moved)
        high = float(penalty())
        moved[i, j] -= 2 * step
        w.assign(moved)
        numeric = (high - float(penalty())) / (2 * step)
        np.testing.assert_allclose(gradient[i, j], numeric, rtol=1e-6)


def test_inner_gradients_need_the_outer_tape_from_the_start():
    x = Variable(3.0)
    with GradientTape() as inner:
        y = x * x
    with GradientTape(), pytest.raises(RuntimeError, match="open the outer tape first"):
        inner.gradient(y, x)


def test_second_derivatives_of_a_primitive_that_is_given_one_tensor_twice():
    def slopes(attention):
        x = Variable(np.random.default_rng(0).normal(size=(1, 3, 1, 2)))
        with GradientTape() as outer:
            with GradientTape() as inner:
                loss = ops.sum(attention(x) ** 2)
            size = ops.sum(inner.gradient(loss, x) ** 2)
        return outer.gradient(size, x)

    together = slopes(lambda x: ops.dot_product_attention(x, x, x))
    apart = slopes(lambda x: ops.dot_product_attention(x + 0, x + 0, x + 0))
    np.testing.assert_allclose(together, apart, rtol=1e-6)


def test_a_primitive_without_reference_says_that_it_has_no_second_derivative():
    from minikeras.autodiff import PRIMITIVES

    twice = Primitive("once", lambda x: (x * x, x), lambda g, x, needs, out: [2 * g * x])
    try:
        x = Variable(3.0)
        with GradientTape():
            with GradientTape() as inner:
                y = twice(x)
            with pytest.raises(NotDifferentiableTwice, match="once"):
                inner.gradient(y, x)
    finally:
        del PRIMITIVES["once"]


def test_stop_recording():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
        with tape.stop_recording():
            z = x * 100.0
    assert float(tape.gradient([y, z], x)) == 6.0


def test_gradient_inside_the_context_is_not_recorded():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
        g = tape.gradient(y, x)
    assert float(g) == 6.0
    assert thread.state.tapes == []


def test_side_by_side_tapes():
    """Two tapes that record the same run, as a GAN's two losses do."""
    a, b = Variable(2.0), Variable(5.0)
    with GradientTape() as first, GradientTape() as second:
        y = a * b
        z = y * b
    assert float(first.gradient(y, a)) == 5.0
    assert float(second.gradient(z, b)) == 20.0


def test_watch_accessed_variables_false():
    v, w = Variable(2.0), Variable(3.0)
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(v)
        y = v * w
    assert [None if g is None else float(g) for g in tape.gradient(y, [v, w])] == [3.0, None]


def test_reset_forgets():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = x * x
        tape.reset()
        z = x * 2.0
    assert float(tape.gradient([y, z], x)) == 2.0


def test_jacobian():
    x = Variable([1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        y = x * x
    np.testing.assert_allclose(tape.jacobian(y, x), [[2.0, 0.0], [0.0, 4.0]])


def test_a_jacobian_needs_no_persistent_tape_but_uses_it_up():
    x = Variable([1.0, 2.0])
    with GradientTape() as tape:
        y = x * x
    np.testing.assert_allclose(tape.jacobian(y, x), [[2.0, 0.0], [0.0, 4.0]])
    with pytest.raises(RuntimeError, match="once only"):
        tape.jacobian(y, x)


@pytest.mark.parametrize("batch", [1, 3])
def test_batch_jacobian_is_the_diagonal_of_the_jacobian(batch):
    rng = np.random.default_rng(0)
    x = Variable(rng.normal(size=(batch, 2, 3)), dtype="float64")
    w = rng.normal(size=(3, 4))
    with GradientTape(persistent=True) as tape:
        y = ops.tanh(ops.matmul(x, w))
    whole = np.asarray(tape.jacobian(y, x))
    assert whole.shape == (batch, 2, 4, batch, 2, 3)
    diagonal = np.stack([whole[b, :, :, b] for b in range(batch)])
    np.testing.assert_allclose(tape.batch_jacobian(y, x), diagonal, rtol=1e-12)


def test_jacobians_of_nothing():
    x = Variable(np.zeros((0, 2)), dtype="float64")
    with GradientTape(persistent=True) as tape:
        y = x * x
    assert tape.jacobian(y, x).shape == (0, 2, 0, 2)
    assert tape.batch_jacobian(y, x).shape == (0, 2, 2)


def test_batch_jacobian_refuses_other_batches():
    x = Variable(np.zeros((3, 2)))
    with GradientTape() as tape:
        y = ops.sum(x, axis=0)
    with pytest.raises(ValueError, match="same first axis.*2.*3"):
        tape.batch_jacobian(y, x)


def test_entering_twice_and_exceptions():
    tape = GradientTape()
    with tape, pytest.raises(ValueError, match="recording already"):
        tape.__enter__()
    with pytest.raises(KeyError), GradientTape():
        raise KeyError
    assert thread.state.tapes == []


@pytest.mark.parametrize(
    "shapes",
    [
        ((2, 3), (3,)),
        ((2, 3), (2, 1)),
        ((2, 3), ()),
        ((1, 3), (2, 1)),
        ((4, 1, 3), (2, 1)),
        ((), ()),
    ],
)
def test_broadcast_gradients_have_the_shapes_of_inputs(shapes):
    a, b = [Variable(np.random.default_rng(0).normal(size=s)) for s in shapes]
    for f in (ops.add, ops.subtract, ops.multiply, ops.divide, ops.maximum):
        with GradientTape() as tape:
            y = f(a, b)
        ga, gb = tape.gradient(y, [a, b])
        assert (ga.shape, gb.shape) == (a.shape, b.shape)
    with GradientTape() as tape:
        y = a + b
    ga, gb = tape.gradient(y, [a, b])
    times = np.ones(y.shape).size
    assert float(ops.sum(ga)) == float(ops.sum(gb)) == times


def test_a_variable_used_twice_adds_up():
    x = Variable([1.0, 2.0])
    with GradientTape() as tape:
        y = ops.sum(x) + ops.sum(x * x) + x[0]
    np.testing.assert_allclose(tape.gradient(y, x), [4.0, 5.0])


def test_an_array_changed_before_the_backward_does_not_matter():
    data = np.array([1.0, 2.0])
    x = Variable([3.0, 4.0], dtype="float64")
    with GradientTape() as tape:
        y = ops.sum(x * data)
        data[:] = 100.0
    np.testing.assert_allclose(tape.gradient(y, x), [1.0, 2.0])


@pytest.mark.parametrize(
    "use",
    [
        lambda x, index: x[index],
        lambda x, index: ops.take(x, index),
        lambda x, index: ops.take_along_axis(x, index, axis=0),
        lambda x, index: ops.where(index == 1, x[:2], 0.0),
        lambda x, index: ops.segment_sum(x[:2], index, 3),
    ],
)
def test_an_index_changed_before_the_backward_does_not_matter(use):
    x = Variable([3.0, 4.0, 5.0])
    grads = []
    for change in (False, True):
        index = np.array([1, 2])
        with GradientTape() as tape:
            y = ops.sum(use(x, index) * 2.0)
            if change:
                index[:] = 0
        grads.append(tape.gradient(y, x).numpy())
    np.testing.assert_array_equal(*grads)


def test_a_variable_assigned_before_the_backward_counts_with_its_old_value():
    x = Variable([1.0, 2.0])
    with GradientTape() as tape:
        y = ops.sum(x * x)
    x.assign([100.0, 100.0])
    np.testing.assert_allclose(tape.gradient(y, x), [2.0, 4.0])


def test_threads_have_tapes_of_their_own():
    x = Variable(3.0)
    seen = {}

    def work() -> None:
        seen["tapes"] = list(thread.state.tapes)
        with GradientTape() as tape:
            y = x * x
        seen["gradient"] = float(tape.gradient(y, x))

    with GradientTape() as tape:
        y = x * 2.0
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
        nodes = len(tape._nodes)
    assert seen == {"tapes": [], "gradient": 6.0}
    assert nodes == 1
    assert float(tape.gradient(y, x)) == 2.0


def test_memory_stays_flat_without_the_garbage_collector():
    """Nothing on the tape may be part of a reference cycle."""
    w = Variable(np.ones((8, 8), "float32"))
    x = Tensor(np.ones((4, 8), "float32"))

    def step() -> None:
        with GradientTape() as tape:
            h = ops.relu(ops.matmul(x, w))
            loss = ops.mean(ops.square(ops.concatenate([h, h * 2.0], axis=-1)[:, 1:]))
        g = tape.gradient(loss, w)
        w.assign(w.value - g * 1e-9)

    gc.collect()
    gc.disable()
    try:
        for _ in range(500):
            step()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(2_000):
            step()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        for _ in range(7_500):
            step()
        assert gc.collect() < 1_000
    finally:
        gc.enable()
        tracemalloc.stop()
    assert grown < 20_000


def test_watched_variables_are_those_that_were_used():
    used, unused = Variable(2.0, name="used"), Variable(3.0)
    x = ops.convert_to_tensor(1.0)
    with GradientTape() as tape:
        tape.watch(x)
        _ = used * x + ops.square(used)
    assert [v is used for v in tape.watched_variables()] == [True]
    assert unused is not None


def test_a_tape_that_was_reset_is_used_again():
    v = Variable(np.array(3.0))
    with GradientTape() as tape:
        y = v * v * v
        tape.reset()
        z = v * v
    assert tape.gradient(z, v).numpy() == 6.0
    with GradientTape(persistent=True) as tape:
        y = v * v
    tape.reset()
    with tape:
        y = v * 5.0
    assert tape.gradient(y, v).numpy() == 5.0


@pytest.mark.parametrize("threads", [1, 2])
def test_gradients_written_into_arrays_are_whole(threads):
    """Other threads may compute them, later; what a weight's second use adds up is there by then."""
    config.set_threads(threads)
    taken, go = threading.Event(), threading.Event()

    def occupy():
        taken.set()
        assert go.wait(30)

    busy = threading.Thread(target=parallel.run, args=([lambda: go.wait(30), occupy],))
    try:
        rng = np.random.default_rng(0)
        first, shared = (layers.Dense(256, activation="relu") for _ in range(2))
        x = rng.normal(size=(160, 256)).astype("float32")

        def loss():
            return ops.sum(ops.square(shared(shared(first(x)))))

        loss()  # builds the layers
        variables = first.trainable_variables + shared.trainable_variables
        arrays = {v.node: np.full(v.shape, np.nan, "float32") for v in variables}
        if threads > 1:
            busy.start()
            assert taken.wait(30)  # so that nobody comes to help
        with GradientTape() as tape:
            value = loss()
        found = tape.gradients_into(value, arrays)
        with GradientTape() as tape:
            value = loss()
        for v, expected in zip(variables, tape.gradient(value, variables)):
            assert found[v.node] is arrays[v.node]
            scale = np.abs(expected.numpy()).max()
            np.testing.assert_allclose(found[v.node], expected, rtol=0, atol=2e-6 * scale)
    finally:
        go.set()
        if busy.ident:
            busy.join()
        config.set_threads(None)


def test_a_tape_that_is_reset_lets_go_of_frozen_variables():
    v = Variable(2.0, trainable=False)
    with GradientTape() as tape:
        tape.watch(v)
        tape.reset()
        assert v.node is None
    assert v.node is None


def test_watches_of_several_tapes_do_not_end_each_other():
    v = Variable(3.0, trainable=False)
    first, second = GradientTape(persistent=True), GradientTape(persistent=True)
    with first:
        first.watch(v)
        with second:
            second.watch(v)
        for tape in (first, second):  # the one goes on, the other begins again
            with tape if tape is second else no_context():
                y = v * v
            assert float(tape.gradient(y, v)) == 6
    assert v.node is None


def test_what_is_frozen_once_it_is_watched_is_still_followed():
    v = Variable(3.0)
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(v)
        v.trainable = False
        y = v * v
    assert float(tape.gradient(y, v)) == 6
    assert v.node is None


def test_what_was_thawed_before_the_recording_brings_no_warning(recwarn):
    v, w = Variable(3.0, trainable=False), Variable(2.0)
    v.initially_trainable = True
    tape = GradientTape()
    v.trainable = True
    with tape:
        y = w * 2
    assert tape.gradient(y, v) is None
    assert not recwarn.list


def test_a_used_tape_keeps_no_watched_variable():
    v = Variable(3.0, trainable=False)
    with GradientTape() as tape:
        tape.watch(v)
        y = v * v
    tape.gradient(y, v)
    there = weakref.ref(v)
    del v, y
    gc.collect()
    assert there() is None
