"""`TensorBoard`: what its files hold, read back."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from event_files import events, scalars

import minikeras
from minikeras import callbacks, layers

X = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def trained(board, **options):
    minikeras.utils.set_random_seed(1)
    model = minikeras.Sequential(
        [minikeras.Input((3,)), layers.Dense(2), layers.Dense(1, name="out")]
    )
    model.compile("sgd", "mse", metrics=["mae"])
    options = {"validation_split": 0.5, "epochs": 2, "batch_size": 8, "verbose": 0, **options}
    return model, model.fit(X, Y, callbacks=[board], **options)


@pytest.fixture(autouse=True)
def library():
    pytest.importorskip("tensorboardX")


def test_metrics_of_epochs_and_evaluations(tmp_path):
    model, history = trained(callbacks.TensorBoard(tmp_path))
    train, validation = scalars(tmp_path / "train"), scalars(tmp_path / "validation")
    for epoch in range(2):
        for name in ("loss", "mae"):
            assert np.isclose(train[f"epoch_{name}", epoch], history.history[name][epoch])
            value = history.history[f"val_{name}"][epoch]
            assert np.isclose(validation[f"epoch_{name}", epoch], value)
            steps = 2 * (epoch + 1)
            assert np.isclose(validation[f"evaluation_{name}_vs_iterations", steps], value)
        assert np.isclose(train["epoch_learning_rate", epoch], 0.01)
    assert not [tag for tag, _ in train if "batch" in tag or "second" in tag]


@pytest.mark.parametrize(("freq", "steps"), [("batch", [1, 2, 3, 4]), (3, [3])])
def test_metrics_of_batches(tmp_path, freq, steps):
    trained(callbacks.TensorBoard(tmp_path, update_freq=freq, write_steps_per_second=True))
    train = scalars(tmp_path / "train")
    assert [step for tag, step in train if tag == "batch_loss"] == steps
    assert train["batch_steps_per_second", steps[0]] > 0 and train["epoch_steps_per_second", 1] > 0


def test_weights_and_the_model(tmp_path):
    board = callbacks.TensorBoard(tmp_path, histogram_freq=2, write_images=True)
    model, _ = trained(board, epochs=3)
    found = events(tmp_path / "train")
    histograms = {(v.tag, step): v.histo for v, step in found if v.WhichOneof("value") == "histo"}
    assert {tag for tag, _ in histograms} == {f"{w.path}/histogram" for w in model.weights}
    assert {step for _, step in histograms} == {0, 2}
    last = histograms[f"{model.get_layer('out').kernel.path}/histogram", 2]
    assert np.isclose(last.max, model.get_layer("out").kernel.numpy().max())
    assert np.isclose(last.sum, model.get_layer("out").kernel.numpy().sum()) and last.num == 2
    images = {v.tag: v.image for v, _ in found if v.WhichOneof("value") == "image"}
    kernel = images[f"{model.layers[0].kernel.path}/image"]
    assert (kernel.height, kernel.width) == (2, 3)  # the kernel is (3, 2): lying
    (graph,) = [v for v, _ in found if v.metadata.plugin_data.plugin_name == "graph_keras_model"]
    assert json.loads(graph.tensor.string_val[0])["class_name"] == "Sequential"


def test_no_graph_if_not_asked_for(tmp_path):
    trained(callbacks.TensorBoard(tmp_path, write_graph=False), validation_split=0.0)
    assert all(v.WhichOneof("value") == "simple_value" for v, _ in events(tmp_path / "train"))
    assert not (tmp_path / "validation").exists()


def test_vectors_of_embeddings(tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("a\nb\nc\n")
    model = minikeras.Sequential(
        [layers.Embedding(3, 2, name="words"), layers.Flatten(), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    board = callbacks.TensorBoard(
        tmp_path / "logs", embeddings_freq=1, embeddings_metadata={"words": words}
    )
    x = np.array([[0], [1], [2]])
    model.fit(x, x, callbacks=[board], verbose=0)
    (table,) = (tmp_path / "logs" / "train").rglob("tensors.tsv")
    np.testing.assert_allclose(
        np.loadtxt(table), model.layers[0].embeddings.numpy(), rtol=1e-4, atol=1e-6
    )
    assert (table.parent / "metadata.tsv").read_text().split() == ["a", "b", "c"]
    board = callbacks.TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"other": words})
    with pytest.raises(ValueError, match=r"names \['other'\].*\['words'\]"):
        model.fit(x, x, callbacks=[board], verbose=0)


def test_what_cannot_be(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="profile_batch.*must be 0"):
        callbacks.TensorBoard(tmp_path, profile_batch=2)
    with pytest.raises(ValueError, match="update_freq"):
        callbacks.TensorBoard(tmp_path, update_freq=0)
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r'pip install "minikeras-numpy\[tensorboard\]"'):
        callbacks.TensorBoard(tmp_path)
