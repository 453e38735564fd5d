"""`FeatureSpace`: against what Keras made on TensorFlow (`make_feature_space.py`), and by itself."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

import minikeras
from minikeras import layers
from minikeras.data import Dataset
from minikeras.utils import FeatureSpace


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras")
    zipfile.ZipFile(Path(__file__).parent / "files" / "feature_space.zip").extractall(folder)
    return folder


@pytest.fixture(scope="module")
def table(files):
    """A table, and under other names what Keras makes of it."""
    return dict(np.load(files / "data.npz"))


@pytest.fixture(scope="module")
def columns(table):
    made = ("encoded", "predicted", "batched", "bounds")
    return {name: column for name, column in table.items() if name not in made}


def space_of_all_kinds():
    return FeatureSpace(
        {
            "age": "integer_categorical",
            "bmi": "float_normalized",
            "cholesterol": FeatureSpace.float_discretized(num_bins=5),
            "thal": "string_categorical",
            "town": FeatureSpace.string_hashed(num_bins=7),
            "postcode": FeatureSpace.integer_hashed(num_bins=6),
            "sex": FeatureSpace.integer_categorical(num_oov_indices=0),
            "score": FeatureSpace.float_rescaled(scale=2.0, offset=1.0),
            "raw": "float",
        },
        crosses=[("sex", "thal"), FeatureSpace.cross(("thal", "town"), crossing_dim=11)],
        crossing_dim=9,
    )


@pytest.fixture(scope="module")
def space(columns):
    space = space_of_all_kinds()
    space.adapt(columns)
    return space


def as_lists(columns):
    return {name: column.tolist() for name, column in columns.items()}


def test_features_are_encoded_as_by_keras(space, columns, table):
    for given in (columns, as_lists(columns), {k: v[:, None] for k, v in columns.items()}):
        encoded = space(given)
        assert encoded.dtype == "float32"
        np.testing.assert_allclose(encoded, table["encoded"], atol=1e-5)
    row = {name: column[3].item() for name, column in columns.items()}
    np.testing.assert_allclose(space(row), table["encoded"][3], atol=1e-5)


def test_pipelines_adapt_and_encode(columns, table):
    rows = Dataset.from_tensor_slices((columns, np.zeros(40)))
    for data in (rows, rows.batch(40), rows.map(lambda x, y: x), [columns, columns]):
        space = space_of_all_kinds()
        space.adapt(data)
        got = rows.map(lambda x, y, space=space: (space(x), y)).batch(40)
        np.testing.assert_allclose(next(iter(got))[0], table["encoded"], atol=1e-5)
        got = rows.map(lambda x, y: x).batch(16).map(space).as_numpy_iterator()
        np.testing.assert_allclose(np.concatenate(list(got)), table["encoded"], atol=1e-5)


def test_bins_of_a_long_column_are_those_of_keras(table):
    space = FeatureSpace({"x": FeatureSpace.float_discretized(num_bins=4)})
    space.adapt({"x": table["batched"]})
    assert space.preprocessors["x"].bin_boundaries == table["bounds"].tolist()


def test_files_of_keras_are_read(files, columns, table):
    pytest.importorskip("h5py")
    space = minikeras.saving.load_model(files / "space.keras")
    assert isinstance(space, FeatureSpace)
    np.testing.assert_allclose(space(columns), table["encoded"], atol=1e-5)
    model = minikeras.models.load_model(files / "model.keras")
    got = model.predict({k: v[:, None] for k, v in columns.items()}, verbose=0)
    np.testing.assert_allclose(got, table["predicted"], atol=1e-5)


def keys(config):
    """A config's structure: what is in it, without what was built when, and names of layers."""
    if not isinstance(config, dict):
        return [keys(part) for part in config] if isinstance(config, list) else None
    left_out = ("build_config", "shared_object_id", "compile_config")
    said = {k: config[k] for k in ("module", "class_name", "registered_name") if k in config}
    return {**{k: keys(v) for k, v in config.items() if k not in left_out}, **said}


def test_files_are_written_as_by_keras(files, space, columns, table, tmp_path):
    pytest.importorskip("h5py")
    space.save(tmp_path / "space.keras")
    read = minikeras.saving.load_model(tmp_path / "space.keras")
    np.testing.assert_array_equal(read(columns), space(columns))
    read.adapt(columns)  # again
    np.testing.assert_array_equal(read(columns), space(columns))

    def config(folder):
        with zipfile.ZipFile(folder / "space.keras") as file:
            return sorted(file.namelist()), keys(json.loads(file.read("config.json")))

    assert config(tmp_path) == config(files)


def test_train_on_encoded_features_and_serve_raw_ones(space, columns, tmp_path):
    pytest.importorskip("h5py")
    minikeras.utils.set_random_seed(0)
    encoded = space.get_encoded_features()
    outputs = layers.Dense(1, activation="sigmoid")(encoded)
    training = minikeras.Model(encoded, outputs)
    serving = minikeras.Model(space.get_inputs(), outputs)
    y = (columns["bmi"] > 25).astype("float32")
    data = Dataset.from_tensor_slices((columns, y)).batch(8).map(lambda x, y: (space(x), y))
    training.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    training.optimizer.learning_rate = 0.1
    training.fit(data, epochs=30, verbose=0)
    assert training.evaluate(data, verbose=0)[1] > 0.9
    want = training.predict(space(columns), verbose=0)
    raw = {name: column[:, None] for name, column in columns.items()}
    np.testing.assert_allclose(serving.predict(raw, verbose=0), want, atol=1e-6)
    serving.save(tmp_path / "serving.keras")
    read = minikeras.saving.load_model(tmp_path / "serving.keras")
    one = {name: column[:1] for name, column in raw.items()}
    np.testing.assert_allclose(read.predict(one, verbose=0), want[:1], atol=1e-6)


def test_a_dict_of_features():
    space = FeatureSpace(
        {
            "town": FeatureSpace.string_categorical(output_mode="int"),
            "sex": FeatureSpace.integer_categorical(output_mode="int"),
            "size": "float",
        },
        crosses=[FeatureSpace.cross(("town", "sex"), crossing_dim=5, output_mode="int")],
        output_mode="dict",
    )
    table = {"town": ["A", "B", "A"], "sex": [1, 1, 0], "size": [1.5, 2.5, 3.5]}
    space.adapt(table)
    encoded = space(table)
    assert list(encoded) == ["sex", "size", "town", "town_X_sex"]
    assert np.ravel(encoded["town"]).tolist() == [1, 2, 1]
    assert {k: t.dtype.name for k, t in encoded.items() if k != "size"} == {
        "sex": "int64", "town": "int64", "town_X_sex": "int64",
    }  # fmt: skip
    assert [t.shape for t in space({"town": "C", "sex": 1, "size": 0.5}).values()] == [(1,)] * 4
    symbolic = space.get_encoded_features()
    assert {k: (t.shape, str(t.dtype)) for k, t in symbolic.items()} == {
        k: ((None, 1), t.dtype.name) for k, t in encoded.items()
    }
    again = space(space.get_inputs())
    assert {k: t.shape for k, t in again.items()} == {k: t.shape for k, t in symbolic.items()}
    assert space.crossers["town_X_sex"].num_bins == 5


class Lengths(layers.Layer):
    """A user's layer that has no more than `adapt`."""

    def adapt(self, data):
        self.longest = max(len(text) for batch in data for text in np.ravel(batch))

    def call(self, inputs):
        return minikeras.ops.cast(inputs, "float32") / self.longest


def test_layers_of_ones_own():
    fixed = layers.StringLookup(vocabulary=["x", "y"])
    space = FeatureSpace(
        {
            "text": FeatureSpace.feature(
                "string", layers.TextVectorization(output_mode="multi_hot"), "float"
            ),
            "fixed": FeatureSpace.feature("string", fixed, "one_hot"),
            "bins": FeatureSpace.float_discretized(num_bins=None, bin_boundaries=[0.0, 1.0]),
        }
    )
    table = {"text": ["a b", "b c"], "fixed": ["x", "z"], "bins": [0.5, 2.0]}
    space.adapt(table)
    wanted = [[0, 1, 0, 0, 1, 0, 0, 1, 0, 1], [0, 0, 1, 1, 0, 0, 0, 1, 1, 0]]
    np.testing.assert_array_equal(space(table), wanted)
    own = Lengths()
    FeatureSpace({"n": FeatureSpace.feature("int32", own, "float")}).adapt({"n": ["1", "123"]})
    assert own.longest == 3
    ready = FeatureSpace({"x": "float", "n": FeatureSpace.integer_hashed(3)})
    assert ready({"x": 0.5, "n": 3}).shape == (4,)  # has nothing to learn


@pytest.mark.parametrize(
    ("features", "options", "said"),
    [
        ({}, {}, "`features`"),
        ({"a": "floats"}, {}, r"features\['a'\].*float_normalized"),
        ({"a": "float"}, {"crosses": [("a", "b")]}, r"\['b'\]"),
        ({"a": "float"}, {"output_mode": "list"}, "`output_mode`"),
        (
            {"a": "float", "b": "float"},
            {"crosses": [("a", "b")], "crossing_dim": None},
            "crossing_dim",
        ),
    ],
)
def test_what_is_no_space(features, options, said):
    with pytest.raises(ValueError, match=said):
        FeatureSpace(features, **options)


def test_what_is_no_table(space, columns):
    fresh = space_of_all_kinds()
    with pytest.raises(ValueError, match="`adapt`.*'age', 'bmi'"):
        fresh(columns)
    for data, said in [
        ([1, 2], "dict of columns"),
        (3, "dict of columns"),
        ([], "no rows"),
        ({"age": [1]}, "lacks the column 'bmi'"),
    ]:
        with pytest.raises(ValueError, match=said):
            fresh.adapt(data)
    with pytest.raises(ValueError, match="dict"):
        space([1, 2])
    with pytest.raises(ValueError, match="has the features"):
        space({**columns, "more": [1]})
    hashed = FeatureSpace({"n": FeatureSpace.integer_hashed(3, output_mode="int")})
    with pytest.raises(ValueError, match="'n' gives int64.*'dict'"):
        hashed({"n": 3})
    odd = FeatureSpace({"x": FeatureSpace.feature("float32", layers.Rescaling(2.0), "one_hot")})
    with pytest.raises(ValueError, match="'x' has output_mode='one_hot'.*float32"):
        odd({"x": 3.0})
