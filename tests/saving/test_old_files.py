"""Files that Keras wrote since 1.2.2 (`make_files.py` says how) are read as they were meant."""

import json
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

import minikeras as keras
from minikeras.saving import legacy_configs

pytest.importorskip("h5py")

FILES = Path(__file__).parent / "files"
TAGS = sorted(path.stem for path in FILES.glob("*.zip"))
MODELS = [
    (tag, name)
    for tag in TAGS
    for name in sorted(zipfile.ZipFile(FILES / f"{tag}.zip").namelist())
    if name.split(".")[0] in ("stack", "text", "graph") and name.endswith((".h5", ".keras"))
    if ".weights" not in name
]
# The state of the optimizer is of other weights than are trained now: these versions did not save
# that a model inside a model was frozen, and 3.0 trained a frozen layer in one. Keras 1 does not say
# which weight a state belongs to.
_FRESH = {("k2.2.4", "graph"), ("k2.3.1", "graph"), ("k3.0", "graph")} | {
    ("k1.2.2", name) for name in ("stack", "text", "graph")
}
# Theano's batch normalization, and the regularizers of Keras 3.0, train a little differently;
# RMSprop added its epsilon outside of the root in TensorFlow; frozen batch normalization went on
# normalizing by batches in TensorFlow 1.
_NEXT = {("k2.2.4", "stack"): 1e-3, ("k3.0", "stack"): 1e-3, ("k2.3.1", "text"): 1e-3}
_TRAINS_OTHERWISE = {("tf1.15", "graph")}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The folder of a version, unpacked."""
    found = {}

    def of(tag):
        if tag not in found:
            found[tag] = tmp_path_factory.mktemp(tag)
            zipfile.ZipFile(FILES / f"{tag}.zip").extractall(found[tag])
        return found[tag]

    return of


def data_of(folder, name):
    """Give a function that returns the arrays of one kind that the file of data has of a model."""
    data = np.load(folder / "data.npz")

    def arrays(kind):
        return [data[f"{name}/{kind}{i}"] for i in range(2) if f"{name}/{kind}{i}" in data]

    return arrays


def outputs(model, x):
    found = model.predict(x[0] if len(x) == 1 else x, verbose=0)
    return found if isinstance(found, list) else [found]


def turn_around(model):
    """Turn around the kernels of convolutions."""
    for layer in model.layers:
        if "convolution" in layer.name:
            kernel = layer.kernel
            kernel.assign(np.flip(kernel.numpy(), tuple(range(len(kernel.shape) - 2))))


def check(actual, expected, tolerance=1e-5):
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


def test_there_are_files_of_all_eras():
    assert {tag.split(".")[0] for tag in TAGS} == {"k1", "k2", "k3", "tf1", "tf2"}


@pytest.mark.parametrize(("tag", "file"), MODELS)
def test_model_predicts_and_trains_on(folders, tag, file):
    name = file.split(".")[0]
    arrays = data_of(folders(tag), name)
    fresh = (tag, name) in _FRESH
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = keras.saving.load_model(folders(tag) / file)
    messages = [str(w.message) for w in caught]
    lost = ("freshly initialized optimizer", "Skipping variable loading for optimizer")
    assert any(part in m for m in messages for part in lost) == fresh, messages
    if tag == "k1.2.2" and name == "stack":
        assert any("does not say which backend" in m for m in messages)
        turn_around(model)
    else:
        assert len(messages) == fresh, messages
    check(outputs(model, arrays("x")), arrays("y"))
    if name == "graph":
        assert set(model.loss) == {"first", "second"} and model._compile_config  # as compiled
        assert type(model.optimizer).__name__ == "RMSprop"
    if fresh:
        return
    x, y = ([a[0]] if len(a) == 1 else [a] for a in (arrays("x"), arrays("target")))
    model.train_on_batch(*x, *y)
    assert int(model.optimizer.iterations) == 3
    if (tag, name) not in _TRAINS_OTHERWISE:
        check(outputs(model, arrays("x")), arrays("next"), _NEXT.get((tag, name), 1e-4))


@pytest.mark.parametrize("tag", TAGS)
def test_weights_by_order_and_by_name(folders, tag):
    folder = folders(tag)
    arrays = data_of(folder, "stack")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = keras.saving.load_model(folder / "stack.h5", compile=False)
        (file,) = folder.glob("stack*weights.h5")
        for options in [{}] if ".weights." in file.name else [{}, {"by_name": True}]:
            for v in model.variables:
                v.assign(np.zeros(v.shape))
            model.load_weights(file, **options)
            if tag == "k1.2.2":
                turn_around(model)
            check(outputs(model, arrays("x")), arrays("y"))


@pytest.mark.parametrize("tag", [tag for tag in TAGS if tag != "k1.2.2"])
def test_lambda_is_refused_in_safe_mode(folders, tag):
    with pytest.raises((ValueError, TypeError), match="safe_mode=False"):
        keras.saving.load_model(folders(tag) / "lambda.h5")


def test_model_read_from_an_old_file_is_saved_as_a_new_one(folders, tmp_path):
    arrays = data_of(folders("k2.2.4"), "stack")  # with the hard_sigmoid of its time
    old = keras.saving.load_model(folders("k2.2.4") / "stack.h5")
    old.save(tmp_path / "new.keras")
    check(outputs(keras.saving.load_model(tmp_path / "new.keras"), arrays("x")), arrays("y"))


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_layers_of_cudnn(folders, kind):
    arrays = data_of(folders("tf2.8"), f"cudnn{kind}")
    model = keras.saving.load_model(folders("tf2.8") / f"cudnn{kind}.h5", compile=False)
    check(outputs(model, arrays("x")), arrays("y"))


@pytest.mark.parametrize("tag", ["k1.2.2", "k2.2.4", "k2.3.1", "tf1.15", "tf2.1", "tf2.8"])
def test_json_and_weights(folders, tag):
    folder = folders(tag)
    arrays = data_of(folder, "text")
    model = keras.models.model_from_json((folder / "text.json").read_text())
    model.load_weights(folder / "text.h5")
    check(outputs(model, arrays("x")), arrays("y"))


def test_hdf5_by_another_name(folders, tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes((folders("tf2.8") / "text.h5").read_bytes())
    arrays = data_of(folders("tf2.8"), "text")
    check(outputs(keras.saving.load_model(path), arrays("x")), arrays("y"))


def test_what_is_like_nothing_since_is_named():
    merge = {"class_name": "Merge", "config": {"name": "both", "mode": "function"}}
    with pytest.raises(ValueError, match="'both'.*Merge of Keras 1"):
        legacy_configs.modern_entry(merge, 1)
    norm = {"class_name": "BatchNormalization", "config": {"name": "n", "mode": 1}}
    with pytest.raises(ValueError, match="'n'.*mode=1"):
        legacy_configs.modern_entry(norm, 1)
    lstm = {"class_name": "LSTM", "config": {"name": "l", "units": 2, "time_major": True}}
    with pytest.raises(ValueError, match="'l'.*time_major"):
        legacy_configs.modern_entry(lstm, 2)


def test_decay_becomes_a_schedule():
    old = {"optimizer_config": {"class_name": "SGD", "config": {"lr": 0.1, "decay": 0.5}}}
    config = legacy_configs.modern_compile_config(old)["optimizer"]
    rate = keras.optimizers.deserialize(config)._learning_rate
    np.testing.assert_allclose([float(rate(step)) for step in (0, 2)], [0.1, 0.05], rtol=1e-6)


@pytest.mark.parametrize("version", ["1.2.2", "2.2.4", "3.15.1"])
@pytest.mark.parametrize(
    "config",
    [
        {"name": "m", "layers": [{"config": {}}], "input_layers": [], "output_layers": []},
        {"name": "m", "layers": 3},
        {"name": "m", "layers": [[]], "input_layers": 1, "output_layers": None},
        {"name": "m", "layers": [{"class_name": [], "config": {"name": "a"}}]},
    ],
)
def test_malformed_configs_are_refused(tmp_path, version, config):
    import h5py

    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["keras_version"] = version
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": config})
        file.create_group("model_weights")
    with pytest.raises((ValueError, TypeError)):
        keras.saving.load_model(tmp_path / "m.h5")


# `.h5` files of today.


def small_graph(library):
    layers = library.layers
    a, b = library.Input((4,)), library.Input((4,))
    shared = layers.Dense(3, activation="tanh", trainable=False)
    total = layers.Add()([shared(a), shared(b)])
    number = layers.Dense(1, name="number")(total)
    kind = layers.Dense(2, name="kind", activation="softmax")(total)
    model = library.Model([a, b], [number, kind])
    model.compile(
        library.optimizers.RMSprop(0.01),
        {"number": "mse", "kind": library.losses.CategoricalCrossentropy(label_smoothing=0.1)},
        metrics={"number": ["mae"], "kind": ["accuracy"]},
        loss_weights={"number": 1.0, "kind": 0.5},
    )
    x = [np.linspace(-1, 1, 16, dtype="float32").reshape(4, 4) ** n for n in (1, 2)]
    y = [x[0][:, :1], np.eye(2, dtype="float32")[[0, 1, 1, 0]]]
    model.train_on_batch(x, y)
    return model, x, y


@pytest.mark.slow
def test_keras_reads_and_compiles_our_h5(tmp_path, request):
    """Keras cannot read its own file of such a model: it takes "mse" for a metric."""
    library = request.getfixturevalue("keras")
    model, x, y = small_graph(keras)
    model.save(tmp_path / "m.h5")
    theirs = library.saving.load_model(tmp_path / "m.h5")
    check(outputs(theirs, x), outputs(model, x))
    # It does not train on from any `.h5` file with JAX: it builds the optimizer for no weights.
    ours = model.evaluate(x, y, verbose=0, return_dict=True)
    found = theirs.evaluate(x, y, verbose=0, return_dict=True)
    found["number_mae"] = found.pop("number_mean_absolute_error")  # its name for "mae"
    assert ours.keys() == found.keys()
    check([found[key] for key in ours], list(ours.values()))
    assert int(theirs.optimizer.iterations) == 1


def test_h5_says_what_tf_keras_understands(tmp_path):
    """By the names that its configs have; TensorFlow itself is not there to try."""
    import h5py

    model, _, _ = small_graph(keras)
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        text = file.attrs["model_config"] + file.attrs["training_config"]
    assert '"batch_input_shape": [null, 4]' in text
    assert '"inbound_nodes": [[["input_layer' in text  # a list for each call
    for unknown in ("DTypePolicy", "optional", "quantization_config", "loss_scale_factor", '"mse"'):
        assert unknown not in text


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_frozen_layers_stay_frozen(tmp_path, ending):
    model, _, _ = small_graph(keras)
    model.save(tmp_path / f"m{ending}")
    loaded = keras.saving.load_model(tmp_path / f"m{ending}")
    assert [layer.trainable for layer in loaded.layers] == [la.trainable for la in model.layers]
    assert len(loaded.trainable_weights) == 4
    assert int(loaded.optimizer.iterations) == 1  # its state fitted


@pytest.mark.slow
def test_h5_of_a_frozen_model_inside_is_ordered_as_keras_does(tmp_path, request):
    library = request.getfixturevalue("keras")

    def make(library):
        layers = library.layers
        inner = library.Sequential(
            [library.Input((3,)), layers.BatchNormalization(), layers.Dense(3)]
        )
        inner.trainable = False
        model = library.Sequential([library.Input((3,)), inner, layers.Dense(1)])
        model.set_weights([np.full(w.shape, i, "float32") for i, w in enumerate(model.weights)])
        return model

    make(library).save(tmp_path / "theirs.h5")
    make(keras).save(tmp_path / "ours.h5")
    ours = keras.saving.load_model(tmp_path / "theirs.h5", compile=False)
    theirs = library.saving.load_model(tmp_path / "ours.h5", compile=False)
    for loaded in (ours, theirs):
        for actual, expected in zip(loaded.get_weights(), make(keras).get_weights(), strict=True):
            np.testing.assert_array_equal(actual, expected)


@pytest.mark.slow
def test_model_inside_whose_calls_are_outputs(tmp_path, request):
    """Keras counts the calls of such a model from 1."""
    library = request.getfixturevalue("keras")

    def make(library):
        inputs = library.Input((3,))
        inner = library.Model(inputs, library.layers.Dense(2)(inputs))
        a, b = library.Input((3,)), library.Input((3,))
        first, second = inner(a), inner(b)
        return library.Model([a, b], [second, first])

    x = [np.full((1, 3), n, "float32") for n in (1, 2)]
    for source, reader in ((library, keras), (keras, library)):
        model = make(source)
        model.save(tmp_path / "m.keras")
        loaded = reader.saving.load_model(tmp_path / "m.keras", compile=False)
        check(outputs(loaded, x), outputs(model, x))
