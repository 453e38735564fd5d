"""`K.function`, `K.gradients`, updates and sessions: parts of graphs are computed as in Keras 2."""

import numpy as np
import pytest

from minikeras import Input, Model, Sequential, layers, ops
from minikeras.autodiff import GradientTape
from minikeras.autodiff.expression import Expression, SymbolicVariable
from minikeras.compat.graph_session import evaluate
from minikeras.compat.keras_backend.functions import Input as entrance


def convnet():
    return Sequential(
        [
            Input((8, 8, 2)),
            layers.Conv2D(3, 3, activation="tanh", name="conv"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(),
            layers.Dense(4, activation="softmax", name="classes"),
        ]
    )


def images(n=2):
    return np.sin(np.arange(n * 128)).reshape(n, 8, 8, 2).astype("float32")


# Functions.


def test_a_function_computes_parts_of_a_model(K):
    model = convnet()
    f = K.function([model.input], [layer.output for layer in model.layers] + [model.output])
    results = f([images()])
    assert [r.shape for r in results] == [(2, 6, 6, 3), (2, 3, 3, 3), (2, 27), (2, 4), (2, 4)]
    assert all(type(r) is np.ndarray for r in results)
    np.testing.assert_allclose(results[-1], model.predict(images(), verbose=0), rtol=1e-6)


def test_a_function_begins_in_the_middle(K):
    model = convnet()
    pooled = K.function([model.input], model.get_layer("pool").output)(images())
    rest = K.function([model.get_layer("pool").output], [model.output])
    np.testing.assert_allclose(rest([pooled])[0], model.predict(images(), verbose=0), rtol=1e-5)


def test_the_outputs_have_the_structure_that_was_asked_for(K):
    x = K.placeholder((None, 2))
    data = np.ones((1, 2))
    assert type(K.function([x], x * 2)([data])) is np.ndarray
    assert type(K.function([x], [x * 2])([data])) is list
    assert K.function([x], {"a": x, "b": [x + 1]})([data])["b"][0].tolist() == [[2.0, 2.0]]
    assert K.function([x], [])([data]) == []
    (total,) = K.function([x], [K.sum(x)])([data])
    assert isinstance(total, np.float32) and f"{total:.1f}" == "2.0"


def test_what_does_not_fit_a_placeholder_is_refused(K):
    x = K.placeholder((None, 2), name="x")
    f = K.function([x], [x])
    with pytest.raises(ValueError, match=r"Cannot feed a value of shape \(1, 3\) for 'x'"):
        f([np.ones((1, 3))])
    with pytest.raises(ValueError, match="expected 1 values"):
        f([1, 2])
    with pytest.raises(ValueError, match="depends on .*name=x"):
        K.function([], [x * 2])
    with pytest.raises(TypeError, match="`updates` must be a list"):
        K.function([x], [x], updates=3)


def test_placeholders(K):
    assert K.placeholder(ndim=3).shape == (None, None, None)
    assert K.placeholder((2, None), dtype="int32").dtype == "int32"
    with pytest.raises(ValueError, match="give `shape` or `ndim`"):
        K.placeholder()
    x = K.placeholder((None, 3))
    assert K.is_placeholder(x) and not K.is_placeholder(x * 2)
    assert K.is_keras_tensor(x) and not K.is_keras_tensor(K.variable(1.0))
    with pytest.raises(ValueError, match="expects a symbolic tensor"):
        K.is_keras_tensor(np.ones(2))
    model = Model(x, layers.Dense(1)(x))
    assert model.predict(np.ones((2, 3)), verbose=0).shape == (2, 1)


def test_sparse_matrices_of_scipy_are_fed(K):
    sparse = pytest.importorskip("scipy.sparse")
    x = K.placeholder((None, 3), sparse=True)
    assert K.function([x], x + 1)(sparse.eye(3).tocsr()).tolist() == (np.eye(3) + 1).tolist()


def test_sizes_that_are_not_known_are_computed_with(K):
    x = K.placeholder((None, 4))
    noise = K.random_normal((K.shape(x)[0], 3), mean=5.0, stddev=0.0)
    tiled = K.reshape(K.tile(x, (1, 2)), (K.shape(x)[0], -1, 4))
    ones = K.ones((K.shape(x)[0], 2))
    rows = K.reshape(x, K.shape(x))
    assert (noise.shape, tiled.shape, ones.shape, rows.shape) == (
        (None, 3),
        (None, None, 4),
        (None, 2),
        (None, 4),
    )
    f = K.function(
        [x], [noise, tiled, ones, rows, K.shape(x), K.size(x), K.slice(x, [1, 0], [-1, 2])]
    )
    noise, tiled, ones, rows, shape, size, part = f([np.arange(12).reshape(3, 4)])
    assert noise.tolist() == [[5.0] * 3] * 3 and tiled.shape == (3, 2, 4) and ones.sum() == 6
    assert shape.tolist() == [3, 4] and size == 12 and part.tolist() == [[4, 5], [8, 9]]


def test_sizes_are_numbers_in_layers(K):
    def sampled(t):
        return t + K.random_normal(shape=(K.shape(t)[0], K.int_shape(t)[1]), stddev=0.0)

    x = Input((3,))
    y = layers.Lambda(sampled)(x)
    z = layers.Lambda(lambda t: K.reshape(t, (K.shape(t)[0], K.shape(t)[1] // 3, 3)))(y)
    model = Model(x, z)
    assert z.shape == (None, 1, 3)
    assert model.predict(np.ones((2, 3)), verbose=0).tolist() == [[[1.0] * 3]] * 2


# Training and test.


def test_the_learning_phase_is_an_input(K):
    x = Input((200,))
    y = layers.Dropout(0.5)(x)
    f = K.function([x, K.learning_phase()], [y, K.in_train_phase(x * 2, x * 3)])
    data = np.ones((1, 200))
    test, chosen = f([data, 0])
    assert (test == 1).all() and (chosen == 3).all()
    train, chosen = f([data, 1])
    assert set(np.unique(train)) == {0.0, 2.0} and (chosen == 2).all()
    assert (K.function([x], [y])([data])[0] == 1).all()
    K.set_learning_phase(1)
    assert K.learning_phase() == 1
    assert (K.function([x], [y])([data])[0] != 1).all()
    assert (K.function([x, K.learning_phase()], [y])([data, 0])[0] == 1).all()


def test_running_in_training_changes_no_moving_averages(K):
    x = Input((2,))
    norm = layers.BatchNormalization()
    f = K.function([x, K.learning_phase()], [norm(x)])
    data = np.array([[0.0, 1.0], [2.0, 5.0]])
    (y,) = f([data, True])
    np.testing.assert_allclose(y, [[-1, -1], [1, 1]], atol=1e-2)
    assert norm.moving_mean.numpy().tolist() == [0.0, 0.0]
    np.testing.assert_allclose(f([data, False])[0], data, atol=1e-2)


def test_a_layer_called_in_training_stays_so(K):
    x = Input((200,))
    y = layers.Dropout(0.5)(x, training=True)
    assert (K.function([x], [y])([np.ones((1, 200))])[0] != 1).all()


def test_the_phase_inside_a_layer_is_that_of_the_call(K):
    class Doubles(layers.Layer):
        def call(self, inputs):
            return K.in_train_phase(inputs * 2, inputs)

    x = Input((1,))
    model = Model(x, Doubles()(x))
    assert model.predict(np.ones((1, 1)), verbose=0).item() == 1.0
    assert float(model(np.ones((1, 1)), training=True)) == 2.0
    f = K.function([model.input, K.learning_phase()], [model.output])
    assert [f([[[1.0]], phase])[0].item() for phase in (0, 1)] == [1.0, 2.0]


def test_the_learning_phase_to_python(K):
    phase = K.learning_phase()
    assert int(phase) == 0 and not phase
    with K.learning_phase_scope(1):
        assert K.learning_phase() == 1 and K.in_test_phase("x", "alt") == "alt"
    assert K.learning_phase() is phase
    with pytest.raises(ValueError, match="0 or 1"):
        K.set_learning_phase(2)


# Variables.


def test_expressions_of_variables_have_values_and_follow_them(K):
    x = K.variable([1.0, 2.0])
    y = K.sum(x * 2) + 1
    assert type(y) is Expression and float(y) == 7.0
    f = K.function([x], [y])
    assert f([[5.0, 5.0]]) == [21.0]
    assert x.numpy().tolist() == [1.0, 2.0]
    K.set_value(x, [0.0, 1.0])
    assert K.eval(y) == 3.0 and K.function([], [y])([]) == [3.0]
    assert float(y) == 7.0  # what was computed


def test_variables_in_graphs_are_read_when_they_run(K):
    w, x = K.variable([2.0]), K.placeholder((None, 1))
    dense = layers.Dense(1, use_bias=False)
    f = K.function([x], [x * w, dense(x), K.sum(dense.kernel) * x])
    for value in (2.0, 3.0):
        K.batch_set_value([(w, [value]), (dense.kernel, [[value]])])
        assert [r.item() for r in f([[[10.0]]])] == [10 * value] * 3
    assert [v.tolist() for v in K.batch_get_value([w, dense.kernel])] == [[3.0], [[3.0]]]


def test_variables_are_plain_inside_layers_and_tapes(K):
    class Scale(layers.Layer):
        def build(self, input_shape):
            self.scale = K.variable(np.full(input_shape[-1], 3.0), name="scale")

        def call(self, inputs):
            y = inputs * self.scale
            assert type(y) is not Expression
            return y

    layer = Scale()
    model = Sequential([Input((2,)), layer])
    assert [v.name for v in model.trainable_variables] == ["scale"]
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 2)), epochs=300, verbose=0)
    np.testing.assert_allclose(layer.scale.numpy(), 1.0, atol=0.2)
    x = K.variable(3.0)
    with GradientTape() as tape:
        y = K.square(x)
    assert type(x) is SymbolicVariable and float(tape.gradient(y, x)) == 6.0


def test_layers_and_models_are_called_on_variables(K):
    model = convnet()
    image = K.variable(images(1))
    classes = model(image * 1)
    assert type(classes) is Expression and type(model(images(1))) is not Expression
    score = K.sum(classes[:, 2])
    step = K.function([], [score], updates=[(image, image + 3 * K.gradients(score, image)[0])])
    scores = [step([])[0] for _ in range(5)]
    assert scores == sorted(scores) and scores[-1] > scores[0] + 1e-3
    np.testing.assert_allclose(scores[0], float(score), rtol=1e-5)
    joined = layers.Concatenate()([image, K.square(image)])
    K.set_value(image, np.full((1, 8, 8, 2), 3.0))
    assert K.eval(joined)[0, 0, 0].tolist() == [3.0, 3.0, 9.0, 9.0]


def test_layers_remember_variables_given_by_name(K):
    class Shifted(layers.Layer):
        def call(self, inputs, by):
            return inputs + by

    by = K.variable([1.0])
    y = Shifted()(np.zeros((1, 1), "float32"), by=by)
    K.set_value(by, [5.0])
    assert K.eval(y).tolist() == [[5.0]]


def test_models_begin_with_variables(K):
    image = K.variable(images(1))
    x = entrance(tensor=image)
    model = Model(x, layers.Flatten()(x))
    assert model.predict(images(2), verbose=0).shape == (2, 128)
    f = K.function([], [K.sum(model.output)])
    assert f([])[0] == pytest.approx(images(1).sum(), abs=1e-4)
    K.set_value(image, np.ones((1, 8, 8, 2)))
    assert f([]) == [128.0]
    middle = Input((4,)) * 2
    assert entrance(tensor=middle) is middle and entrance((3,)).shape == (None, 3)


def test_random_numbers_are_drawn_whenever_they_are_computed(K):
    noise = K.random_uniform((3,))
    f = K.function([], [noise, noise * 1])
    (a, same), (b, _) = f([]), f([])
    assert a.tolist() == same.tolist() and a.tolist() != b.tolist()
    kept = K.random_normal_variable((2, 2), 0, 1)
    assert K.eval(kept).tolist() == K.eval(kept).tolist()
    assert abs(K.eval(K.random_uniform_variable((50,), 2, 3)) - 2.5).max() <= 0.5
    dropped = K.dropout(K.ones((100,)), 0.25, seed=1)
    assert set(np.unique(K.eval(dropped)).round(4)) == {0.0, np.float32(1.3333)}


def test_numbers_drawn_from_a_distribution(K):
    assert abs(K.eval(K.random_normal((2000,), 2.0, 0.5, seed=1)).mean() - 2) < 0.05
    assert abs(K.eval(K.truncated_normal((2000,), seed=1))).max() <= 2
    assert set(K.eval(K.random_uniform((50,), 0, 3, dtype="int32", seed=1))) == {0, 1, 2}
    assert abs(K.eval(K.random_binomial((2000,), 0.3, seed=1)).mean() - 0.3) < 0.05


def test_what_a_variable_is_made_of(K):
    v = K.variable([[1, 2]], dtype="float64", name="a/b:0", constraint=abs)
    assert (v.dtype, v.name, v.constraint) == ("float64", "a_b", abs)
    assert K.get_value(v).dtype == "float64" and K.count_params(v) == 2 and K.ndim(v) == 2
    assert K.int_shape(v) == K.get_variable_shape(v) == (1, 2) and K.dtype(v) == "float64"
    assert K.is_variable(v) and K.is_tensor(v) and not K.is_sparse(v) and K.is_symbolic(v * 2)
    assert K.eval(K.variable(v * 3)).tolist() == [[3.0, 6.0]]
    with pytest.raises(ValueError, match="shape"):
        K.set_value(v, [1.0])


# Updates.


def test_updates_run_after_each_call(K):
    v, x = K.variable(1.0), K.placeholder(())
    f = K.function([x], [v * 10], updates=[(v, v + x), None])
    assert [f([2.0]), f([5.0])] == [[10.0], [30.0]]
    assert K.get_value(v) == 8.0


@pytest.mark.parametrize("change, values", [("update", 5), ("update_add", 6), ("update_sub", -4)])
def test_an_update_takes_effect_at_once_and_each_time_that_it_runs(K, change, values):
    v = K.variable(1.0)
    made = getattr(K, change)(v, 5.0)
    assert v.numpy() == values == made.numpy()
    f = K.function([], [], updates=[made])
    assert v.numpy() == 1.0  # a function runs it: not before
    f([])
    assert v.numpy() == values


def test_symbolic_updates_wait(K):
    v, x = K.variable([0.0]), K.placeholder((1,))
    update = K.moving_average_update(v, x, 0.9)
    assert v.numpy() == 0.0
    K.get_session().run(update, {x: [10.0]})
    np.testing.assert_allclose(v.numpy(), 1.0, rtol=1e-5)
    with pytest.raises(TypeError, match="pair of a variable"):
        K.function([], [], updates=["nonsense"])


def test_updates_inside_layers_take_effect(K):
    class Counts(layers.Layer):
        def build(self, _):
            self.calls = K.variable(0.0)
            self.calls.trainable = False

        def call(self, x):
            K.update_add(self.calls, 1.0)
            return x + self.calls

    layer = Counts()
    model = Sequential([Input((1,)), layer])
    assert layer.calls.numpy() == 0.0  # describing changes nothing
    model(np.ones((1, 1)))
    assert layer.calls.numpy() == 1.0


def test_gradient_descent_by_updates(K):
    x, t = K.placeholder((None, 2)), K.placeholder((None, 1))
    w = K.variable([[0.0], [0.0]])
    loss = K.mean(K.square(K.dot(x, w) - t))
    step = K.function([x, t], [loss], updates=[(w, w - 0.2 * K.gradients(loss, w)[0])])
    data = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    for _ in range(150):
        (value,) = step([data, data @ [[2.0], [-3.0]]])
    assert value < 1e-4
    np.testing.assert_allclose(w.numpy(), [[2.0], [-3.0]], atol=0.02)


# Gradients.


def test_gradients_by_inputs_layers_and_weights(K):
    model = convnet()
    conv, kernel = model.get_layer("conv").output, model.get_layer("classes").kernel
    score = model.output[:, 1]
    f = K.function([model.input], K.gradients(K.sum(score), [model.input, conv, kernel]))
    by_input, by_conv, by_kernel = f([images()])
    assert by_input.shape == (2, 8, 8, 2) and by_conv.shape == (2, 6, 6, 3)
    x = ops.convert_to_tensor(images())
    with GradientTape() as tape:
        tape.watch(x)
        c = model.get_layer("conv")(x)
        y = c
        for layer in model.layers[1:]:
            y = layer(y)
        total = ops.sum(y[:, 1])
    wanted = tape.gradient(total, [x, c, kernel])
    for g, w in zip((by_input, by_conv, by_kernel), wanted):
        assert abs(g).max() > 0
        np.testing.assert_allclose(g, np.asarray(w), rtol=1e-4, atol=1e-6)


def test_gradients_are_computed_with_further(K):
    x = K.placeholder((2, 3))
    g = K.gradients(K.sum(x**3), x)[0]
    g /= K.sqrt(K.mean(K.square(g))) + 1e-5
    data = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 2.0]])
    wanted = 3 * data**2
    wanted /= np.sqrt(np.mean(wanted**2))
    np.testing.assert_allclose(K.function([x], [g])([data])[0], wanted, rtol=1e-4)


def test_gradients_of_gradients(K):
    x = K.placeholder((3,))
    first = K.gradients(K.sum(x**3), x)[0]
    second = K.gradients(first, x)[0]
    third = K.gradients(second, [x])[0]
    data = np.array([1.0, 2.0, -1.0])
    found = K.function([x], [first, second, third])([data])
    for g, wanted in zip(found, (3 * data**2, 6 * data, 6 + 0 * data)):
        np.testing.assert_allclose(g, wanted, rtol=1e-5)


def test_gradients_of_gradients_through_layers(K):
    x = K.placeholder((None, 2))
    dense = layers.Dense(3, activation="tanh")
    penalty = K.sum(K.square(K.gradients(K.sum(dense(x)), x)[0]))
    by_kernel = K.function([x], K.gradients(penalty, dense.kernel))
    value = K.function([x], penalty)
    data = np.array([[0.3, -0.2]])
    (g,) = by_kernel([data])
    kernel = dense.kernel.numpy()
    for place in [(0, 0), (1, 2)]:
        moved = []
        for sign in (1, -1):
            k = kernel.copy()
            k[place] += sign * 1e-2
            K.set_value(dense.kernel, k)
            moved.append(value([data]))
        assert abs(g[place] - (moved[0] - moved[1]) / 2e-2) < 2e-3
        K.set_value(dense.kernel, kernel)


def test_where_nothing_leads_there_are_no_gradients(K):
    x, other, w = K.placeholder((2,)), K.placeholder((2,)), K.variable([1.0, 2.0])
    assert K.gradients(K.sum(x), [other, w]) == [None, None]
    n = K.placeholder((2,), dtype="int32")
    assert K.gradients(K.sum(K.cast(n, "float32")), n) == [None]
    with pytest.raises(TypeError, match="`loss` must be a tensor"):
        K.gradients(3.0, x)
    stopped = K.gradients(K.sum(K.stop_gradient(x) * w), x)
    assert K.function([x], stopped)([[1.0, 1.0]])[0].tolist() == [0.0, 0.0]


def test_gradients_of_expressions_of_variables(K):
    w = K.variable([1.0, 2.0])
    loss = K.sum(w * w * w)
    (g,) = K.gradients(loss, [w])
    assert np.asarray(g).tolist() == [3.0, 12.0]
    K.set_value(w, [2.0, 0.0])
    assert K.eval(g).tolist() == [12.0, 0.0]
    middle = w * w
    (g,) = K.gradients(K.sum(middle * 5), middle)
    assert K.eval(g).tolist() == [5.0, 5.0]
    assert K.eval(K.gradients(w, w)[0]).tolist() == [1.0, 1.0]


def test_a_layer_that_hands_its_input_through_has_a_gradient_of_its_own(K):
    x = Input((2,))
    dropped = layers.Dropout(0.5)(x)
    y = K.sum(x * 10 + dropped)
    by_dropped, by_x = K.function([x], K.gradients(y, [dropped, x]))([np.ones((1, 2))])
    assert by_dropped.tolist() == [[1.0, 1.0]] and by_x.tolist() == [[11.0, 11.0]]


def test_gradients_as_outputs_of_models(K):
    x = Input((2,))
    y = layers.Dense(1, kernel_initializer="ones")(x) ** 2
    model = Model(x, [y, K.gradients(y, x)[0]])
    model.compile("sgd", ["mse", "mse"])
    data = np.array([[1.0, 2.0]])
    assert [p.tolist() for p in model.predict(data, verbose=0)] == [[[9.0]], [[6.0, 6.0]]]
    losses = [model.train_on_batch(data, [np.zeros((1, 1)), np.zeros((1, 2))])[0] for _ in range(2)]
    assert losses[0] == pytest.approx(81 + 36) and losses[1] != losses[0]


def test_variables_that_are_not_trained_have_gradients(K):
    x = Input((2,))
    dense = layers.Dense(1, kernel_initializer="ones", trainable=False)
    (g,) = K.function([x], K.gradients(K.sum(dense(x)), [dense.kernel]))([[[3.0, 4.0]]])
    assert g.tolist() == [[3.0], [4.0]] and dense.kernel.node is None


# Sessions.


def test_sessions_compute_with_what_they_are_fed(K):
    session = K.get_session()
    x, w = K.placeholder((None, 2)), K.variable([1.0, 1.0])
    with session.as_default():
        found = session.run({"y": x * w, "w": w}, feed_dict={x: [[2.0, 3.0]], w: [10.0, 10.0]})
    assert found["y"].tolist() == [[20.0, 30.0]] and found["w"].tolist() == [10.0, 10.0]
    assert w.numpy().tolist() == [1.0, 1.0]
    K.set_session("another")
    assert K.get_session() == "another"
    K.clear_session()
    assert K.get_session() != "another"
    assert evaluate([1.0, K.constant([2.0])])[1].tolist() == [2.0]
