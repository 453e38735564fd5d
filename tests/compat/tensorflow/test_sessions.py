"""Graphs of TensorFlow 1: placeholders, variables by name, sessions, layers, losses, optimizers."""

import re

import numpy as np
import pytest

import minikeras
from minikeras.compat.adapters import NotAvailable
from minikeras.compat.tensorflow import graphs


@pytest.fixture
def v1(tf):
    """`tensorflow.compat.v1` with graphs."""
    v1 = tf.compat.v1
    v1.disable_v2_behavior()
    v1.reset_default_graph()
    yield v1
    graphs.forget()


# What TensorFlow 2.15's compat.v1 has after five steps from [1, -2] on `sum(v**2 * [1, 3])`.
OPTIMIZERS = {
    "GradientDescentOptimizer(0.1)": [0.32768, -0.02048],
    "MomentumOptimizer(0.05, 0.9)": [-0.02916, 1.55656],
    "MomentumOptimizer(0.05, 0.9, use_nesterov=True)": [-0.104582, 0.695704],
    "AdamOptimizer(0.1)": [0.507965, -1.50296],
    "AdagradOptimizer(0.3)": [0.257594, -1.12928],
    "AdadeltaOptimizer(1.0)": [0.997723, -1.99772],
    "RMSPropOptimizer(0.1)": [0.399095, -1.06364],
    "RMSPropOptimizer(0.01, momentum=0.9)": [0.798177, -1.70119],
    "RMSPropOptimizer(0.01, centered=True)": [0.919065, -1.88081],
    "FtrlOptimizer(0.3)": [0.177929, -1.08569],
    "FtrlOptimizer(0.3, l1_regularization_strength=0.1, l2_regularization_strength=0.01)": [
        0.171013,
        -1.08312,
    ],
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers_step_as_they_did(v1, optimizer):
    v = v1.Variable([1.0, -2.0])
    loss = v1.reduce_sum(v1.square(v) * [1.0, 3.0])
    train = eval(f"v1.train.{optimizer}", {"v1": v1}).minimize(loss)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        for _ in range(5):
            assert session.run(train) is None
        np.testing.assert_allclose(session.run(v), OPTIMIZERS[optimizer], rtol=1e-4)


def test_a_session_feeds_and_fetches(v1):
    x = v1.placeholder(v1.float32, [None, 2], name="x")
    scale = v1.placeholder_with_default(2.0, [])
    w = v1.Variable([[1.0], [2.0]], name="w")
    y = v1.matmul(x, w) * scale
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        data = [[1.0, 1.0], [0.0, 1.0]]
        got = session.run({"y": y, "both": [w, x]}, feed_dict={x: data})
        np.testing.assert_array_equal(got["y"], [[6.0], [4.0]])
        np.testing.assert_array_equal(got["both"][1], data)
        assert y.eval({x: data, scale: 1.0}).tolist() == [[3.0], [2.0]]
        assert session.run("x:0", {"x:0": data}).tolist() == data
        assert session.run(v1.constant(3)) == 3
        with pytest.raises(ValueError, match="not connected|depends on"):
            session.run(y)
        with pytest.raises(ValueError, match=re.escape("shape (2,)")):
            session.run(y, {x: [1.0, 2.0]})


def test_assignments_and_groups_take_effect_when_run(v1):
    a, b = v1.Variable(1.0), v1.Variable(10.0)
    both = v1.group(v1.assign_add(a, 1.0), v1.assign(b, b * 2))
    with v1.control_dependencies([v1.assign_add(a, 100.0)]):
        train = v1.train.GradientDescentOptimizer(0.5).minimize(v1.square(b - 1.0))
    session = v1.InteractiveSession()
    v1.global_variables_initializer().run()
    assert (a.eval(), b.eval()) == (1.0, 10.0)
    session.run(both)
    assert (a.eval(), b.eval()) == (2.0, 20.0)
    train.run()
    assert (a.eval(), b.eval()) == (102.0, 1.0)
    v1.global_variables_initializer().run()
    assert (a.eval(), b.eval()) == (1.0, 10.0)
    session.close()


def test_scopes_share_variables(v1):
    def network(x):
        w = v1.get_variable("w", [2, 3], initializer=v1.constant_initializer(0.5))
        h = v1.layers.dense(v1.matmul(x, w), 4, name="hidden", activation=v1.nn.relu)
        return v1.layers.dense(h, 1)

    x = v1.placeholder(v1.float32, [None, 2])
    with v1.variable_scope("gen", reuse=v1.AUTO_REUSE):
        first = network(x)
    with v1.variable_scope("gen", reuse=v1.AUTO_REUSE):
        second = v1.layers.dense(
            v1.matmul(x, v1.get_variable("w", [2, 3])), 4, name="hidden", activation=v1.nn.relu
        )
    with v1.variable_scope("dis"):
        network(x)
    names = [v.name for v in v1.trainable_variables()]
    assert names[:5] == [
        "gen/w:0",
        "gen/hidden/kernel:0",
        "gen/hidden/bias:0",
        "gen/dense/kernel:0",
        "gen/dense/bias:0",
    ]
    assert len(names) == 10 and len(v1.get_collection("trainable_variables", scope="dis")) == 5
    assert v1.get_default_graph().get_tensor_by_name("gen/w:0") is v1.global_variables()[0]
    assert second.shape.as_list() == [None, 4] and first.get_shape()[1].value == 1
    with v1.variable_scope("gen"), pytest.raises(ValueError, match="gen/w already exists"):
        v1.get_variable("w", [2, 3])
    with v1.variable_scope("gen", reuse=True), pytest.raises(ValueError, match="does not exist"):
        v1.get_variable("other", [2, 3])


def test_training_only_some_variables(v1):
    x = v1.placeholder(v1.float32, [None, 1])
    with v1.variable_scope("a"):
        h = v1.layers.dense(x, 2)
    with v1.variable_scope("b"):
        y = v1.layers.dense(h, 1)
    loss = v1.losses.mean_squared_error(labels=x * 2.0 + 1.0, predictions=y)
    only_b = v1.get_collection(v1.GraphKeys.TRAINABLE_VARIABLES, scope="b")
    optimizer = v1.train.AdamOptimizer(0.05)
    grads = optimizer.compute_gradients(loss, var_list=only_b)
    train = optimizer.minimize(loss, var_list=only_b)
    data = np.linspace(-1, 1, 16)[:, None]
    with v1.Session() as session:
        before = session.run(v1.trainable_variables())
        start = session.run(loss, {x: data})
        assert [g.shape for g, _ in session.run([(g, v) for g, v in grads], {x: data})] == [
            (2, 1),
            (1,),
        ]
        for _ in range(100):
            session.run(train, {x: data})
        after = session.run(v1.trainable_variables())
        assert session.run(loss, {x: data}) < 0.1 * start
    same = [np.array_equal(p, q) for p, q in zip(before, after)]
    assert same == [True, True, False, False]
    assert v1.losses.get_total_loss().shape == ()


def test_dropout_and_noise_are_drawn_at_each_run(v1):
    x = v1.placeholder(v1.float32, [None, 50])
    keep = v1.placeholder(v1.float32)
    dropped = v1.nn.dropout(x, keep)
    noise = v1.random_normal(v1.shape(x))
    with v1.Session() as session:
        feed = {x: np.ones((4, 50)), keep: 0.5}
        first, second = session.run(dropped, feed), session.run(dropped, feed)
        assert set(np.unique(first)) == {0.0, 2.0} and not np.array_equal(first, second)
        np.testing.assert_array_equal(session.run(dropped, {**feed, keep: 1.0}), feed[x])
        assert session.run(noise, feed).shape == (4, 50)
        assert not np.array_equal(session.run(noise, feed), session.run(noise, feed))


def test_recurrent_cells(v1):
    x = v1.placeholder(v1.float32, [None, 5, 3])
    outputs, state = v1.nn.dynamic_rnn(v1.nn.rnn_cell.BasicLSTMCell(4), x, dtype=v1.float32)
    assert outputs.shape.as_list() == [None, 5, 4]
    with v1.Session() as session:
        y, last = session.run([outputs, state.h], {x: np.ones((2, 5, 3))})
    np.testing.assert_array_equal(y[:, -1], last)


def test_savers(v1, tmp_path):
    w = v1.get_variable("w", [3])
    saver = v1.train.Saver()
    with v1.Session() as session:
        value = session.run(w)
        path = saver.save(session, str(tmp_path / "m" / "model.ckpt"), global_step=7)
        assert (
            path.endswith("model.ckpt-7")
            and v1.train.latest_checkpoint(str(tmp_path / "m")) == path
        )
        session.run(v1.assign(w, [0.0, 0.0, 0.0]))
        saver.restore(session, path)
        np.testing.assert_array_equal(session.run(w), value)


def test_schedules_are_todays(v1):
    step = v1.train.get_or_create_global_step()
    rate = v1.train.exponential_decay(
        learning_rate=0.1, global_step=step, decay_steps=2, decay_rate=0.5
    )
    v = v1.Variable(1.0)
    train = v1.train.GradientDescentOptimizer(rate).minimize(v1.identity(v) * 1.0, global_step=step)
    with v1.Session() as session:
        for _ in range(3):
            session.run(train)
        assert session.run(step) == 3
        assert session.run(v) == pytest.approx(1 - 0.1 * (1 + 0.5**0.5 + 0.5), rel=1e-5)


def test_a_graph_is_not_shared_with_the_next(v1):
    v1.get_variable("w", [1])
    other = v1.Graph()
    with other.as_default():
        v1.get_variable("w", [2])
        assert [v.shape for v in v1.global_variables()] == [(2,)]
    assert [v.shape for v in v1.global_variables()] == [(1,)]
    v1.reset_default_graph()
    assert v1.global_variables() == []


def test_variables_by_name_have_that_name_and_their_constraint(v1):
    w = v1.get_variable("w", [2], constraint=minikeras.constraints.NonNeg())
    assert (w.name, w.path) == ("w:0", "w")
    loss = v1.reduce_sum(v1.square(w + 5.0))
    train = v1.train.GradientDescentOptimizer(0.5).minimize(loss)
    with v1.Session() as session:
        session.run(train)
        assert session.run(w).tolist() == [0.0, 0.0]


def test_variables_by_name_without_a_graph(tf):
    v1 = tf.compat.v1
    v1.reset_default_graph()
    w = v1.get_variable("w", [2], initializer=v1.zeros_initializer())
    with v1.variable_scope("", reuse=True):
        assert v1.get_variable("w") is w
    with v1.variable_scope(v1.get_variable_scope()), v1.variable_scope("a"):
        assert v1.get_variable("w", [1]) is v1.get_default_graph().variables["a/w"]
    v1.get_variable_scope().reuse_variables()
    assert v1.get_variable("w") is w
    assert w.path == "w" and w.numpy().tolist() == [0.0, 0.0]
    v1.reset_default_graph()


def test_losses_without_a_graph_are_those_of_version_2(tf):
    assert tf.executing_eagerly()
    y, p = np.zeros((2, 3), "float32"), np.ones((2, 3), "float32")
    assert tf.losses.mean_squared_error(y, p).shape.as_list() == [2]
    assert tf.losses.mean_squared_error(labels=y, predictions=p).shape.as_list() == []
    assert tf.losses.MeanSquaredError is minikeras.losses.MeanSquaredError


def test_queues_and_protocol_buffers_are_refused(tf):
    with pytest.raises(NotAvailable, match="tf.data.Dataset"):
        tf.train.Coordinator  # noqa: B018
    with pytest.raises(NotAvailable, match="protocol buffers"):
        tf.train.Example  # noqa: B018
