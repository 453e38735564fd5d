"""`KerasFileEditor`: a file seen, compared and mended."""

import numpy as np
import pytest

import minikeras
from minikeras import layers

pytest.importorskip("h5py")


def build(width=3, extra=False):
    stack = [minikeras.Input((4,)), layers.Dense(width), layers.Dropout(0.1), layers.Dense(2)]
    return minikeras.Sequential(stack + [layers.Dense(1)] * extra)


@pytest.fixture
def editor(tmp_path):
    model = build()
    model.compile("sgd", "mse")
    model.save(tmp_path / "m.keras")
    return minikeras.saving.KerasFileEditor(tmp_path / "m.keras")


def test_summary_shows_every_array(editor, capsys):
    editor.summary()
    text = capsys.readouterr().out
    assert "dense_1" in text and "0: shape=(3, 2), dtype=float32" in text
    assert editor.metadata["keras_version"] == "3.15.1"
    assert editor.config["class_name"] == "Sequential"
    assert editor.weights_dict["layers"]["dense"]["0"].shape == (4, 3)


def test_compare_counts_what_fits_and_what_does_not(editor, capsys):
    model = build()
    model.compile("sgd", "mse")
    model.optimizer.build(model.trainable_variables)
    assert editor.compare(model) == {"status": "success", "error_count": 0, "match_count": 6}
    capsys.readouterr()
    counts = editor.compare(build(5, extra=True))
    text = capsys.readouterr().out
    assert counts == {"status": "error", "error_count": 5, "match_count": 1}
    assert "shape mismatch for /layers/dense/0" in text
    assert "In reference model: shape=(4, 5)" in text and "In saved file: shape=(4, 3)" in text
    assert "Object /layers/dense_2 present in reference model, missing from saved file" in text
    assert "Object /optimizer present in saved file, missing from reference model" in text


def test_a_file_is_mended_for_a_model_with_more_layers(editor, tmp_path):
    model = build(extra=True)
    kernel = np.full((2, 1), 7.0, "float32")
    editor.rename_object("dense_1", "layers/dense_9")
    editor.rename_object("layers/dense_9", "dense_1")
    editor.add_object("layers/dense_2", {"0": kernel})
    editor.add_weights("dense_2", {"1": np.zeros(1), "2": np.zeros(1)})
    editor.delete_weight("dense_2", "2")
    editor.delete_object("optimizer")
    editor.save(tmp_path / "new.weights.h5")
    model.load_weights(tmp_path / "new.weights.h5")
    np.testing.assert_array_equal(model.layers[-1].kernel, kernel)
    old = minikeras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(model.layers[2].kernel, old.layers[2].kernel)


def test_wrong_names_are_refused(editor, tmp_path):
    editor.add_object("other/dense", {"0": np.zeros(1)})
    for call in (
        lambda: editor.rename_object("nope", "x"),
        lambda: editor.rename_object("dense", "x"),  # of two
        lambda: editor.rename_object("layers/dense", "dense_1"),
        lambda: editor.delete_object("nope"),
        lambda: editor.delete_weight("layers/dense", "9"),
        lambda: editor.add_object("layers/dense", {}),
        lambda: editor.add_weights("dense_1", [1]),
        lambda: editor.save(tmp_path / "m.h5"),
        lambda: minikeras.saving.KerasFileEditor(tmp_path / "m.h5"),
    ):
        with pytest.raises(ValueError):
            call()
