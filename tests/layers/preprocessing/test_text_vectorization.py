"""`TextVectorization`: what `tf.keras.layers.TextVectorization` of TensorFlow 2.15 gives, and files."""

import json
import zipfile

import numpy as np
import pytest

import minikeras
from minikeras import layers

DOCUMENTS = ["The cat sat. On the mat!", "a  Dog's día\tÄB", "", "x y z x's"]
# fmt: off
WANTED = [
    ({}, ['', '[UNK]', 'the', 'Äb', 'z', 'y', 'xs', 'x', 'sat', 'on', 'mat', 'día', 'dogs', 'cat',
     'a'], [[2, 13, 8, 9, 2, 10], [14, 12, 11, 3, 0, 0], [0, 0, 0, 0, 0, 0], [7, 5, 4, 6, 0, 0]]),
    ({'standardize': None}, ['', '[UNK]', 'ÄB', 'z', 'y', "x's", 'x', 'the', 'sat.', 'mat!', 'día',
     'cat', 'a', 'The', 'On', "Dog's"], [[13, 11, 8, 14, 7, 9], [12, 15, 10, 2, 0, 0], [0, 0, 0, 0,
     0, 0], [6, 4, 3, 5, 0, 0]]),
    ({'standardize': 'lower'}, ['', '[UNK]', 'the', 'Äb', 'z', 'y', "x's", 'x', 'sat.', 'on',
     'mat!', 'día', "dog's", 'cat', 'a'], [[2, 13, 8, 9, 2, 10], [14, 12, 11, 3, 0, 0], [0, 0, 0, 0,
     0, 0], [7, 5, 4, 6, 0, 0]]),
    ({'standardize': 'strip_punctuation'}, ['', '[UNK]', 'ÄB', 'z', 'y', 'xs', 'x', 'the', 'sat',
     'mat', 'día', 'cat', 'a', 'The', 'On', 'Dogs'], [[13, 11, 8, 14, 7, 9], [12, 15, 10, 2, 0, 0],
     [0, 0, 0, 0, 0, 0], [6, 4, 3, 5, 0, 0]]),
    ({'split': 'character'}, ['', '[UNK]', ' ', 't', 'a', 's', 'x', 'o', 'h', 'e', 'd', 'í', 'Ä',
     'z', 'y', 'n', 'm', 'g', 'c', 'b', '\t'], [[3, 8, 9, 2, 18, 4, 3, 2, 5, 4, 3, 2, 7, 15, 2, 3,
     8, 9, 2, 16, 4, 3], [4, 2, 2, 10, 7, 17, 5, 2, 10, 11, 4, 20, 12, 19, 0, 0, 0, 0, 0, 0, 0, 0],
     [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [6, 2, 14, 2, 13, 2, 6, 5,
     0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]),
    ({'ngrams': 2}, ['', '[UNK]', 'the', 'Äb', 'z xs', 'z', 'y z', 'y', 'xs', 'x y', 'x', 'the mat',
     'the cat', 'sat on', 'sat', 'on the', 'on', 'mat', 'día Äb', 'día', 'dogs día', 'dogs',
     'cat sat', 'cat', 'a dogs', 'a'], [[2, 23, 14, 16, 2, 17, 12, 22, 13, 15, 11], [25, 21, 19, 3,
     24, 20, 18, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [10, 7, 5, 8, 9, 6, 4, 0, 0, 0,
     0]]),
    ({'ngrams': (2, 3)}, ['', '[UNK]', 'z xs', 'y z xs', 'y z', 'x y z', 'x y', 'the mat',
     'the cat sat', 'the cat', 'sat on the', 'sat on', 'on the mat', 'on the', 'día Äb',
     'dogs día Äb', 'dogs día', 'cat sat on', 'cat sat', 'a dogs día', 'a dogs'], [[9, 18, 11, 13,
     7, 8, 17, 10, 12], [20, 16, 14, 19, 15, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0], [6, 4, 2, 5,
     3, 0, 0, 0, 0]]),
    ({'max_tokens': 6}, ['', '[UNK]', 'the', 'Äb', 'z', 'y'], [[2, 1, 1, 1, 2, 1], [1, 1, 1, 3, 0,
     0], [0, 0, 0, 0, 0, 0], [1, 5, 4, 1, 0, 0]]),
    ({'output_sequence_length': 3}, ['', '[UNK]', 'the', 'Äb', 'z', 'y', 'xs', 'x', 'sat', 'on',
     'mat', 'día', 'dogs', 'cat', 'a'], [[2, 13, 8], [14, 12, 11], [0, 0, 0], [7, 5, 4]]),
    ({'output_sequence_length': 7}, ['', '[UNK]', 'the', 'Äb', 'z', 'y', 'xs', 'x', 'sat', 'on',
     'mat', 'día', 'dogs', 'cat', 'a'], [[2, 13, 8, 9, 2, 10, 0], [14, 12, 11, 3, 0, 0, 0], [0, 0,
     0, 0, 0, 0, 0], [7, 5, 4, 6, 0, 0, 0]]),
    ({'output_mode': 'multi_hot'}, ['[UNK]', 'the', 'Äb', 'z', 'y', 'xs', 'x', 'sat', 'on', 'mat',
     'día', 'dogs', 'cat', 'a'], [[0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 0, 0,
     0, 0, 0, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1, 1, 0, 0,
     0, 0, 0, 0, 0]]),
    ({'output_mode': 'count', 'ngrams': 2, 'max_tokens': 9}, ['[UNK]', 'the', 'Äb', 'z xs', 'z',
     'y z', 'y', 'xs', 'x y'], [[9, 2, 0, 0, 0, 0, 0, 0, 0], [6, 0, 1, 0, 0, 0, 0, 0, 0], [0, 0, 0,
     0, 0, 0, 0, 0, 0], [1, 0, 0, 1, 1, 1, 1, 1, 1]]),
    ({'output_mode': 'tf_idf', 'max_tokens': 6}, ['[UNK]', 'the', 'Äb', 'z', 'y', 'xs'], [[4.39445,
     2.19722, 0.0, 0.0, 0.0, 0.0], [3.29584, 0.0, 1.09861, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0,
     0.0], [1.09861, 0.0, 0.0, 1.09861, 1.09861, 1.09861]]),
    ({'output_mode': 'tf_idf', 'pad_to_max_tokens': True, 'max_tokens': 20}, ['[UNK]', 'the', 'Äb',
     'z', 'y', 'xs', 'x', 'sat', 'on', 'mat', 'día', 'dogs', 'cat', 'a'], [[0.0, 2.19722, 0.0, 0.0,
     0.0, 0.0, 0.0, 1.09861, 1.09861, 1.09861, 0.0, 0.0, 1.09861, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
     0.0], [0.0, 0.0, 1.09861, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.09861, 1.09861, 0.0, 1.09861,
     0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
     0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.09861, 1.09861, 1.09861, 1.09861,
     0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]),
    ({'output_mode': 'binary', 'max_tokens': 5, 'pad_to_max_tokens': True}, ['[UNK]', 'the', 'Äb',
     'z', 'y'], [[1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [0, 0, 0, 0, 0], [1, 0, 0, 1, 1]]),
]
# fmt: on


@pytest.mark.parametrize(("options", "vocabulary", "wanted"), WANTED)
def test_vocabulary_and_output_are_those_of_keras(options, vocabulary, wanted):
    layer = layers.TextVectorization(**options)
    layer.adapt(DOCUMENTS)
    assert layer.get_vocabulary() == vocabulary
    assert layer.vocabulary_size() == len(vocabulary)
    for texts in (
        DOCUMENTS,
        np.array(DOCUMENTS)[:, None],
        np.array(DOCUMENTS, object),
        np.array([d.encode() for d in DOCUMENTS]),
        np.array(DOCUMENTS, np.dtypes.StringDType()),
    ):
        y = layer(texts)
        np.testing.assert_allclose(y, wanted, rtol=1e-5, atol=1e-6)
        assert y.dtype == ("float32" if options.get("output_mode") == "tf_idf" else "int64")


def test_white_space_is_that_of_ascii():
    layer = layers.TextVectorization(vocabulary=["b\xa0c", "d\x1ce", "f\u3000g"])
    assert layer("a\n\x0b\x0c\r b\xa0c\td\x1ce F\u3000g").tolist() == [1, 2, 3, 4]


def test_many_ways_of_shapes():
    layer = layers.TextVectorization(vocabulary=["a", "b"])
    assert layer("a zz b").tolist() == [2, 1, 3]
    assert layer(np.array([[["a b"], ["b"]], [["a"], ["c"]]])).tolist() == [
        [[2, 3], [3, 0]],
        [[2, 0], [1, 0]],
    ]
    assert layer(np.array([], str)).shape == (0, 0)
    with pytest.raises(ValueError, match=r"last shape dimension must be 1.*\(2, 2\)"):
        layer([["a", "b"], ["b", "a"]])
    whole = layers.TextVectorization(split=None, vocabulary=["a b", "b"], ngrams=2)
    assert whole([["a", "b", "c"], ["b", "b", "b"]]).tolist() == [[1, 3, 1, 2, 1], [3, 3, 3, 1, 1]]
    with pytest.raises(ValueError, match="takes texts.*float"):
        layer(np.ones((2, 1)))


def stars(texts):
    return np.strings.replace(texts, "*", " ")


def at_commas(texts):
    return [t.split(",") for t in texts.tolist()]


def test_functions_of_the_users():
    seen = []

    def standardize(texts):
        seen.append((type(texts), texts.dtype.kind, texts.shape))
        return np.strings.upper(texts)

    layer = layers.TextVectorization(
        standardize=standardize, split=at_commas, vocabulary=["A B", "C"]
    )
    assert layer([[b"a b,c"], [b"c"]]).tolist() == [[2, 3], [3, 0]]
    assert seen == [(np.ndarray, "U", (2, 1))]
    rows = layers.TextVectorization(split=np.char.split, vocabulary=["a", "b"])
    assert rows(["A b", "b"]).tolist() == [[2, 3], [3, 0]]
    with pytest.raises(ValueError, match="`standardize` must return texts"):
        layers.TextVectorization(standardize=lambda x: np.ones(2), vocabulary=["a"])(["a", "b"])
    with pytest.raises(ValueError, match="`split` must return a list of words"):
        layers.TextVectorization(split=lambda x: [[1]], vocabulary=["a"])(["a"])


@pytest.mark.parametrize(
    "make",
    [
        lambda d: d,
        lambda d: np.array(d)[:, None],
        lambda d: (d[i : i + 2] for i in range(0, 4, 2)),
        lambda d: minikeras.data.Dataset.from_tensor_slices(np.array(d)).batch(3),
        lambda d: minikeras.data.Dataset.from_tensor_slices((np.array(d), np.arange(4))).batch(3),
    ],
)
def test_adapt_takes_whatever_holds_texts(make):
    layer = layers.TextVectorization()
    layer.adapt(["before"])
    layer.adapt(make(DOCUMENTS))
    assert layer.get_vocabulary() == WANTED[0][1]


def test_adapt_for_some_steps():
    layer = layers.TextVectorization()
    data = minikeras.data.Dataset.from_tensor_slices(np.array(["a", "b", "c"])).batch(1).repeat()
    layer.adapt(data, steps=2)
    assert layer.get_vocabulary(include_special_tokens=False) == ["b", "a"]
    with pytest.raises(ValueError, match="`steps` is needed"):
        layer.adapt(data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sparse": True}, "sparse=True.*TensorFlow backend"),
        ({"ragged": True}, "ragged=True.*TensorFlow backend"),
        ({"standardize": "upper"}, "standardize.*lower_and_strip_punctuation.*'upper'"),
        ({"split": "lines"}, "split.*whitespace.*'lines'"),
        ({"output_mode": "ints"}, "output_mode.*'ints'"),
        ({"ngrams": (1, "2")}, "`ngrams` must be"),
        ({"ngrams": 0}, "`ngrams` must be"),
        ({"output_mode": "count", "output_sequence_length": 3}, "must not be set"),
        ({"max_tokens": 1}, "greater than 1"),
        ({"output_mode": "count", "pad_to_max_tokens": True}, "must set `max_tokens`"),
        ({"vocabulary": ["a", "b", "a"]}, r"repeated.*\['a'\]"),
        ({"vocabulary": ["a", ""]}, "reserved mask token"),
        ({"vocabulary": []}, "empty vocabulary"),
        ({"vocabulary": ["a", "b"], "max_tokens": 3}, "larger than the maximum"),
        ({"vocabulary": ["a"], "idf_weights": [1.0]}, "`idf_weights` should only be set"),
        ({"vocabulary": ["a"], "output_mode": "tf_idf"}, "`idf_weights`.*must also be provided"),
        (
            {"vocabulary": ["a"], "output_mode": "tf_idf", "idf_weights": [1.0, 2.0]},
            "same length as vocabulary",
        ),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        layers.TextVectorization(**options)


def test_what_cannot_be_done_yet():
    layer = layers.TextVectorization(output_mode="count")
    with pytest.raises(RuntimeError, match="set the layer's vocabulary before calling"):
        layer(["a"])
    layer.adapt(["a b"])
    with pytest.raises(RuntimeError, match="vocabulary size cannot be changed"):
        layer.adapt(["a b c"])
    with pytest.raises(ValueError, match="static vocabulary"):
        layers.TextVectorization(vocabulary=["a"]).adapt(["b"])


# In models, pipelines and files.


def classifier(**options):
    vectorize = layers.TextVectorization(**options)
    vectorize.adapt(DOCUMENTS)
    inputs = minikeras.Input((1,), dtype="string")
    x = layers.Embedding(20, 4)(vectorize(inputs))
    x = layers.GlobalAveragePooling1D()(x)
    return minikeras.Model(inputs, layers.Dense(1)(x))


def test_models_of_texts_train_and_predict():
    x, y = np.array(DOCUMENTS)[:, None], np.array([0.0, 1.0, 0.0, 1.0])
    model = classifier(output_sequence_length=5)
    assert model.layers[1].output.shape == (None, 5)
    model.compile("adam", "mse")
    first = model.evaluate(x, y, verbose=0)
    model.fit(x, y, epochs=30, batch_size=2, verbose=0)
    assert model.evaluate(x, y, verbose=0) < first
    wanted = model.predict(x, verbose=0)
    for same in (x.astype(object), x[:, 0], minikeras.data.Dataset.from_tensor_slices(x).batch(3)):
        np.testing.assert_allclose(model.predict(same, verbose=0), wanted, rtol=1e-6)
    with pytest.raises(ValueError, match="takes texts.*float32"):
        model.predict(np.ones((4, 1)), verbose=0)
    sequential = minikeras.Sequential(
        [layers.TextVectorization(vocabulary=["a"], output_mode="count"), layers.Dense(2)]
    )
    assert sequential.predict(np.array(["a", "b c"]), verbose=0).shape == (2, 2)


def test_pipelines_map_texts_to_numbers():
    layer = layers.TextVectorization(output_sequence_length=2, vocabulary=["a", "b"])
    data = minikeras.data.Dataset.from_tensor_slices((np.array(["a b", "c", "b a"]), np.arange(3)))
    data = data.batch(2).map(lambda text, label: (layer(text), label))
    assert [x.tolist() for x, _ in data.as_numpy_iterator()] == [[[2, 3], [1, 0]], [[3, 2]]]
    assert data.element_spec[0].dtype == "int64"


@pytest.mark.parametrize("mode", ["int", "tf_idf"])
def test_files_hold_the_vocabulary_as_an_asset(tmp_path, mode):
    pytest.importorskip("h5py")
    layer = layers.TextVectorization(output_mode=mode, ngrams=(1, 2), standardize="lower", name="v")
    layer.adapt(DOCUMENTS)
    model = minikeras.Sequential([minikeras.Input((1,), dtype="string"), layer])
    path = tmp_path / "model.keras"
    model.save(path)
    assets = "assets/layers/text_vectorization"  # where Keras has them
    with zipfile.ZipFile(path) as archive:
        lines = archive.read(f"{assets}/vocabulary.txt").decode().split("\n")
        again = archive.read(f"{assets}/_lookup_layer/vocabulary.txt").decode().split("\n")
        config = json.loads(archive.read("config.json"))["config"]["layers"][1]["config"]
    assert lines == again == layer.get_vocabulary()
    assert config["vocabulary"] is None and config["vocabulary_size"] == len(lines)
    read = minikeras.models.load_model(path)
    assert read.layers[0].get_vocabulary() == layer.get_vocabulary()
    x = np.array(DOCUMENTS)[:, None]
    np.testing.assert_array_equal(read.predict(x, verbose=0), model.predict(x, verbose=0))


def test_configs_of_keras_are_read():
    config = {
        "name": "v",
        "trainable": True,
        "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}},
        "max_tokens": None,
        "standardize": None,
        "split": "character",
        "ngrams": [1, 2],
        "output_mode": "multi_hot",
        "output_sequence_length": None,
        "pad_to_max_tokens": False,
        "sparse": False,
        "ragged": False,
        "vocabulary": ["b", "a b"],
        "idf_weights": None,
        "encoding": "utf-8",
        "vocabulary_size": 3,
    }
    entry = {"module": "keras.layers", "class_name": "TextVectorization", "config": config}
    layer = layers.deserialize({**entry, "registered_name": None})
    assert layer(["ab"]).tolist() == [[1, 1, 1]]
    made = layer.get_config()
    assert {k: made[k] for k in config if k != "dtype"} == {
        **{k: v for k, v in config.items() if k != "dtype"},
        "ngrams": (1, 2),
    }


def test_functions_of_the_users_are_read_from_configs():
    custom = {"stars": stars, "at_commas": at_commas}
    layer = layers.TextVectorization(standardize=stars, split=at_commas, vocabulary=["a b", "c"])
    with minikeras.saving.custom_object_scope(custom):
        twin = layers.deserialize(layers.serialize(layer))
    assert twin(["a*b,c"]).tolist() == layer(["a*b,c"]).tolist() == [[2, 3]]
