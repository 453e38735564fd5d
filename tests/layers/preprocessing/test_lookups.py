"""`StringLookup` and `IntegerLookup`: what TensorFlow 2.15 gives; vocabularies in and out of files."""

import json
import os
import zipfile

import numpy as np
import pytest

import minikeras
from minikeras import layers

TEXTS = [["red", "blue", "red"], ["green", "zz", ""]]
IDF = {"output_mode": "tf_idf", "idf_weights": [0.5, 0.25]}


@pytest.mark.parametrize(
    ("options", "special", "wanted"),
    [
        ({}, ["[UNK]"], [[1, 2, 1], [0, 0, 0]]),
        ({"mask_token": ""}, ["", "[UNK]"], [[2, 3, 2], [1, 1, 0]]),
        ({"num_oov_indices": 3}, ["[UNK]"] * 3, [[3, 4, 3], [1, 1, 2]]),
        ({"num_oov_indices": 2, "mask_token": ""}, ["", "[UNK]", "[UNK]"], [[3, 4, 3], [1, 1, 0]]),
        ({"num_oov_indices": 3, "salt": 5}, ["[UNK]"] * 3, [[3, 4, 3], [2, 0, 2]]),
        ({"output_mode": "multi_hot"}, ["[UNK]"], [[0, 1, 1], [1, 0, 0]]),
        ({"output_mode": "count", "mask_token": ""}, ["[UNK]"], [[0, 2, 1], [2, 0, 0]]),
        (
            {"output_mode": "multi_hot", "num_oov_indices": 2},
            ["[UNK]"] * 2,
            [[0, 0, 1, 1], [1, 1, 0, 0]],
        ),
        (IDF, ["[UNK]"], [[0, 1, 0.25], [1.125, 0, 0]]),
        (
            {**IDF, "max_tokens": 5, "pad_to_max_tokens": True},
            ["[UNK]"],
            [[0, 1, 0.25, 0, 0], [1.125, 0, 0, 0, 0]],
        ),
    ],
)
def test_indices_of_texts_are_those_of_keras(options, special, wanted):
    layer = layers.StringLookup(vocabulary=["red", "blue"], **options)
    assert layer.get_vocabulary() == [*special, "red", "blue"]
    assert layer.vocabulary_size() == len(special) + 2
    assert layer.get_vocabulary(include_special_tokens=False) == ["red", "blue"]
    array = np.array(TEXTS)
    for texts in (TEXTS, array, array.astype(object), np.char.encode(array)):
        np.testing.assert_array_equal(layer(texts), wanted)
    many = np.tile(array, (100, 1))  # which are looked up together
    np.testing.assert_array_equal(layer(many), np.tile(wanted, (100, 1)))
    with_special = layers.StringLookup(
        vocabulary=layer.get_vocabulary(),
        **{
            **options,
            **({"idf_weights": layer.idf_weights[:3]} if IDF.items() <= options.items() else {}),
        },
    )
    np.testing.assert_array_equal(with_special(TEXTS), wanted)


@pytest.mark.parametrize(
    ("options", "special", "wanted"),
    [
        ({}, [-1], [[1, 2, 3], [0, 0, 0]]),
        ({"mask_token": 0}, [0, -1], [[2, 3, 4], [0, 1, 1]]),
        ({"num_oov_indices": 3}, [-1] * 3, [[3, 4, 5], [0, 2, 2]]),
        ({"num_oov_indices": 3, "mask_token": 0}, [0, -1, -1, -1], [[4, 5, 6], [0, 3, 3]]),
        ({"output_mode": "count", "mask_token": 0}, [-1], [[0, 1, 1, 1], [2, 0, 0, 0]]),
    ],
)
@pytest.mark.parametrize("large", [12, 2**40])
def test_indices_of_integers_are_those_of_keras(options, special, wanted, large):
    vocabulary = [12, 2**40, -7] if large > 12 else [12, 13, -7]  # the latter has a dense table
    layer = layers.IntegerLookup(vocabulary=vocabulary, **options)
    assert layer.get_vocabulary() == special + vocabulary
    np.testing.assert_array_equal(layer([vocabulary, [0, 5, -4]]), wanted)


def test_unknown_integers_by_hash():
    layer = layers.IntegerLookup(vocabulary=[9], num_oov_indices=3, oov_method="farmhash")
    assert layer([1, 2, 3, -1, 9]).tolist() == [0, 1, 0, 0, 3]
    salted = layers.IntegerLookup(
        vocabulary=[9], num_oov_indices=3, oov_method="farmhash", salt=[5, 5]
    )
    assert salted([1, 2, 3, -1]).tolist() == [1, 0, 1, 1]


def test_indices_become_values():
    layer = layers.StringLookup(vocabulary=["a", "é"], invert=True, mask_token="")
    y = layer([[0, 1, 2], [3, 4, -1]])
    assert y.tolist() == [["", "[UNK]", "a"], ["é", "[UNK]", "[UNK]"]]
    inputs = minikeras.Input((3,), dtype="int64")
    model = minikeras.Model(inputs, layer(inputs))
    assert model.output.dtype == "string"
    assert model.predict(np.array([[0, 2, 3]]), verbose=0).tolist() == [["", "a", "é"]]
    numbers = layers.IntegerLookup(vocabulary=[5, 7], invert=True)
    assert numbers([1, 2, 0, 9]).tolist() == [5, 7, -1, -1]
    with pytest.raises(ValueError, match="indices must be integers"):
        layer(["a"])


def test_vocabularies_are_learned_by_frequency():
    texts = layers.StringLookup()
    texts.adapt([["b", "a", "é", "b"], ["c", "c", "a", "zz"]])
    assert texts.get_vocabulary() == ["[UNK]", "c", "b", "a", "é", "zz"]
    numbers = layers.IntegerLookup(max_tokens=4)
    numbers.adapt(np.array([[3, 1, 1, 2], [9, 9, -1, 5]]))
    assert numbers.get_vocabulary() == [-1, 9, 1, 5]
    weighed = layers.StringLookup(output_mode="tf_idf")
    weighed.adapt([["a", "b", "b"], ["a", "c", "d"]])
    idf = dict(zip(weighed.get_vocabulary(), weighed.idf_weights))
    np.testing.assert_allclose(idf["a"], np.log(1 + 2 / 3), rtol=1e-6)
    np.testing.assert_allclose(idf["b"], np.log(1 + 2 / 2), rtol=1e-6)
    np.testing.assert_allclose(idf["[UNK]"], np.mean([idf[k] for k in "abcd"]), rtol=1e-6)


def test_values_that_must_be_known():
    layer = layers.StringLookup(vocabulary=["a"], num_oov_indices=0)
    assert layer(["a"]).tolist() == [0]
    with pytest.raises(ValueError, match=r"should be in vocabulary.*\['b', 'c'\]"):
        layer(["a", "b", "c", "b"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.StringLookup(num_oov_indices=-1), "`num_oov_indices`.*0"),
        (lambda: layers.StringLookup(invert=True, output_mode="count"), "must be `'int'`"),
        (lambda: layers.StringLookup(invert=True, oov_token=None), "`oov_token` must be set"),
        (lambda: layers.StringLookup(invert=True, vocabulary=["a", "[UNK]"]), "reserved OOV token"),
        (lambda: layers.StringLookup(sparse=True, output_mode="count"), "sparse=True"),
        (lambda: layers.StringLookup(vocabulary=["a", 3]), "made of texts.*3"),
        (lambda: layers.StringLookup(salt=[1, 2, 3]), "tuple of 2 integers"),
        (lambda: layers.IntegerLookup(vocabulary=["a"]), "made of integers"),
        (lambda: layers.IntegerLookup(vocabulary_dtype="int32"), "int64"),
        (lambda: layers.IntegerLookup(salt=3), "oov_method='farmhash'"),
        (lambda: layers.IntegerLookup(oov_method="md5"), "oov_method.*farmhash"),
        (lambda: layers.IntegerLookup(vocabulary=[1])([1.5]), "takes integers"),
        (lambda: layers.StringLookup(vocabulary=["a"])([1]), "takes texts"),
        (lambda: layers.StringLookup(vocabulary="no/such/file"), "no/such/file does not exist"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        make()


# Files.


def saved(layer, tmp_path):
    pytest.importorskip("h5py")
    path = os.fspath(tmp_path / "model.keras")
    minikeras.Sequential([minikeras.Input((1,), dtype=layer.input_dtype), layer]).save(path)
    return path


@pytest.mark.parametrize("oov_token", ["[UNK]", None])
def test_learned_vocabularies_are_assets(tmp_path, oov_token):
    layer = layers.StringLookup(mask_token="", oov_token=oov_token, num_oov_indices=2)
    terms = ["a b", "é", "\u2028x", "y\x85"]  # what only some call line breaks is none in a file
    layer.adapt(terms)
    path = saved(layer, tmp_path)
    with zipfile.ZipFile(path) as archive:
        text = archive.read("assets/layers/string_lookup/vocabulary.txt").decode()
    assert text.split("\n") == list(map(str, layer.get_vocabulary()))
    (read,) = minikeras.models.load_model(path).layers
    assert read.get_vocabulary() == layer.get_vocabulary()
    numbers = layers.IntegerLookup()
    numbers.adapt([3, 3, -5])
    (read,) = minikeras.models.load_model(saved(numbers, tmp_path)).layers
    assert read.get_vocabulary() == [-1, 3, -5]
    layer.adapt(["a\nb"])
    with pytest.raises(ValueError, match="line breaks"):
        saved(layer, tmp_path)


def test_given_vocabularies_are_in_the_config(tmp_path):
    layer = layers.StringLookup(vocabulary=np.array(["a", "b"]))
    assert layer.get_config()["vocabulary"] == ["a", "b"]
    layer.set_vocabulary(["c", "d", "e"])
    (read,) = minikeras.models.load_model(saved(layer, tmp_path)).layers
    assert read.get_vocabulary() == ["[UNK]", "c", "d", "e"]


def test_vocabularies_in_files_of_their_own(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("b\na\n\n", encoding="utf-8")
    layer = layers.StringLookup(vocabulary=os.fspath(path))
    assert layer.get_vocabulary() == ["[UNK]", "b", "a"]
    assert layer.get_config()["vocabulary"] is None
    given = layers.StringLookup(vocabulary=["c"])
    given.set_vocabulary(path)
    assert given.get_config()["vocabulary"] is None
    for written in (layer, given):
        (read,) = minikeras.models.load_model(saved(written, tmp_path)).layers
        path.unlink(missing_ok=True)
        assert read.get_vocabulary() == ["[UNK]", "b", "a"]


@pytest.mark.parametrize("kind", ["StringLookup", "IntegerLookup", "TextVectorization"])
def test_a_model_does_not_read_files_of_the_machine(tmp_path, kind):
    """CVE-2025-12058: whoever made the model could read any file by it."""
    secret = tmp_path / "secret.txt"
    secret.write_text("17\n")
    layer = getattr(layers, kind)(vocabulary=[3] if kind == "IntegerLookup" else ["a"])
    path = saved(layer, tmp_path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    config["config"]["layers"][1]["config"]["vocabulary"] = os.fspath(secret)
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(ValueError, match=r"secret\.txt") as refused:
        minikeras.models.load_model(path)
    assert "safe_mode=False" in str(refused.value)
    entry = config["config"]["layers"][1]
    with pytest.raises(ValueError, match="safe_mode=False"):
        layers.deserialize(entry)
    (read,) = minikeras.models.load_model(path, safe_mode=False).layers
    assert str(read.get_vocabulary(include_special_tokens=False)[0]) == "17"
