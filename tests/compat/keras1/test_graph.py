"""`Graph` of Keras 0: nodes, outputs and data by name."""

import numpy as np
import pytest

R = np.random.default_rng(1)
X1, X2 = R.normal(size=(2, 64, 4))
Y = (X1.sum(1, keepdims=True) + X2.sum(1, keepdims=True) > 0).astype(float)


@pytest.fixture
def graph(old):
    Dense = old("layers.core.Dense")
    graph = old("models.Graph")()
    graph.add_input(name="a", input_shape=(4,))
    graph.add_input(name="b", input_shape=(4,))
    graph.add_node(Dense(6, activation="tanh"), name="h1", input="a")
    graph.add_node(Dense(6, activation="tanh"), name="h2", inputs=["a", "b"], merge_mode="sum")
    graph.add_node(
        Dense(1, activation="sigmoid"), name="y", inputs=["h1", "h2"], create_output=True
    )
    return graph


DATA = {"a": X1, "b": X2, "y": Y}


def test_nodes_are_connected_as_they_are_named(graph):
    n = graph.nodes
    h1, h2 = np.asarray(n["h1"](X1)), np.asarray(n["h2"](X1 + X2))
    expected = np.asarray(n["y"](np.concatenate([h1, h2], axis=1)))
    result = graph.predict({"a": X1, "b": X2})
    assert list(result) == ["y"]
    np.testing.assert_allclose(result["y"], expected, rtol=1e-4, atol=1e-6)
    assert n["h1"].name == "h1"
    assert graph.input_order == ["a", "b"] and graph.output_order == ["y"]


def test_it_is_trained_on_dicts(graph):
    graph.compile("adam", {"y": "binary_crossentropy"})
    before = graph.evaluate(DATA)
    history = graph.fit(DATA, nb_epoch=30, batch_size=16, verbose=0, validation_split=0.25)
    assert {"loss", "val_loss"} <= set(history.history)
    assert isinstance(before, float) and graph.evaluate(DATA) < before
    graph.fit(DATA, nb_epoch=1, verbose=0, validation_data=DATA)
    assert isinstance(graph.train_on_batch(DATA), float)
    assert isinstance(graph.test_on_batch(DATA), float)
    assert list(graph.predict_on_batch(DATA)) == ["y"]


def test_accuracy_is_counted_where_it_is_asked_for(graph):
    graph.compile("adam", {"y": "binary_crossentropy"})
    history = graph.fit(DATA, nb_epoch=2, verbose=0, show_accuracy=True)
    assert "acc" in history.history
    loss, acc = graph.evaluate(DATA, show_accuracy=True)
    predicted = graph.predict({"a": X1, "b": X2})["y"]
    assert acc == pytest.approx(np.mean((predicted > 0.5) == Y))
    assert graph.evaluate(DATA) == pytest.approx(loss)
    assert len(graph.train_on_batch(DATA, accuracy=True)) == 2


def test_weights_of_samples_and_of_losses(old, graph):
    graph.add_output("sum", input="h1")
    data = {**DATA, "sum": np.zeros((64, 6))}
    graph.compile("sgd", {"y": "mse", "sum": "mse"}, loss_weights={"sum": 0.0})
    weighted = graph.evaluate(data)
    alone = np.mean((graph.predict(data)["y"] - Y) ** 2)
    assert weighted == pytest.approx(alone, rel=1e-5)
    half = np.repeat([2.0, 0.0], 32)
    expected = np.mean(half[:, None] * (graph.predict(data)["y"] - Y) ** 2)
    assert graph.evaluate(data, sample_weight={"y": half}) == pytest.approx(expected, rel=1e-5)


def test_generators_of_dicts(graph):
    graph.compile("adam", {"y": "binary_crossentropy"})

    def batches():
        while True:
            for i in range(0, 64, 16):
                yield {k: v[i : i + 16] for k, v in DATA.items()}

    history = graph.fit_generator(
        batches(), samples_per_epoch=64, nb_epoch=3, verbose=0, validation_data=DATA
    )
    assert len(history.history["val_loss"]) == 3
    loss = graph.evaluate_generator(batches(), nb_val_samples=64)
    assert loss == pytest.approx(graph.evaluate(DATA), rel=1e-5)


def test_shared_nodes_have_one_set_of_weights(old):
    Dense, Graph = old("layers.core.Dense"), old("models.Graph")
    graph = Graph()
    graph.add_input("a", input_shape=(4,))
    graph.add_input("b", input_shape=(4,))
    shared = Dense(3)
    graph.add_shared_node(shared, "s", inputs=["a", "b"], merge_mode="sum")
    graph.add_shared_node(
        Dense(2), "t", inputs=["a", "b"], outputs=["t1", "t2"], create_output=True
    )
    graph.add_output("y", input="s")
    result = graph.predict({"a": X1, "b": X2})
    assert sorted(result) == ["t1", "t2", "y"]
    expected = np.asarray(shared(X1)) + np.asarray(shared(X2))
    np.testing.assert_allclose(result["y"], expected, rtol=1e-4, atol=1e-5)
    assert len(graph.get_weights()) == 4


def test_a_graph_may_be_a_layer(old, graph):
    Sequential, Dense = old("models.Sequential"), old("layers.core.Dense")
    inner = old("layers.containers.Graph")()
    inner.add_input("x", input_shape=(4,))
    inner.add_node(Dense(3), "h", input="x", create_output=True)
    model = Sequential()
    model.add(inner)
    model.add(Dense(1))
    assert model.predict(X1).shape == (64, 1)


def test_mistakes_are_told(old, graph):
    Dense = old("layers.core.Dense")
    with pytest.raises(ValueError, match="a node 'h1' already"):
        graph.add_node(Dense(1), "h1", input="a")
    with pytest.raises(ValueError, match="no node 'c'"):
        graph.add_node(Dense(1), "z", input="c")
    with pytest.raises(ValueError, match="an output 'y' already"):
        graph.add_output("y", input="h1")
    with pytest.raises(ValueError, match="Missing: \\['y'\\]"):
        graph.compile("sgd", {})
    graph.compile("sgd", {"y": "mse"})
    with pytest.raises(ValueError, match="data lack \\['b'\\]"):
        graph.fit({"a": X1, "y": Y})
    with pytest.raises(ValueError, match="no outputs yet"):
        old("models.Graph")().summary()
    with pytest.raises(ValueError, match="as many outputs as inputs"):
        graph.add_shared_node(Dense(1), "q", inputs=["a", "b"])
