"""`.keras` files and files of weights: what comes back, and what is refused."""

from __future__ import annotations

import json
import os
import zipfile

import numpy as np
import pytest

import minikeras
from minikeras import layers

h5py = pytest.importorskip("h5py")

X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
Y = X[:, :1] * 2 - X[:, 1:2]


def small(units=3, extra=False, compiled=True):
    minikeras.utils.set_random_seed(1)
    stack = [minikeras.Input((4,)), layers.Dense(units, "tanh", name="first")]
    stack += [layers.BatchNormalization(), layers.Dropout(0.4), layers.Dense(1, name="last")]
    model = minikeras.Sequential(stack + [layers.Dense(2, name="extra")] * extra)
    if compiled:
        model.compile(minikeras.optimizers.Adam(0.01), "mse", metrics=["mae"])
        model.fit(X, Y, batch_size=4, epochs=1, verbose=0)
    return model


class Residual(minikeras.Model):
    """A subclass that holds its layers in attributes, lists and dicts."""

    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.entrance = layers.Dense(width)
        self.blocks = [layers.Dense(width), [layers.Dense(width), layers.LayerNormalization()]]
        self.heads = {"a": layers.Dense(1), "b": layers.Dense(1)}
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, x):
        x = self.entrance(x)
        for layer in (self.blocks[0], *self.blocks[1]):
            x = x + layer(x)
        return (self.heads["a"](x) + self.heads["b"](x)) * self.scale


def same_training(a, b):
    """Whether two models predict the same, go on training the same, and do so with the same bits."""
    for _ in range(2):
        np.testing.assert_array_equal(a.predict(X, verbose=0), b.predict(X, verbose=0))
        histories = []
        for model in (a, b):
            minikeras.utils.set_random_seed(3)
            histories.append(model.fit(X, Y, batch_size=4, epochs=2, verbose=0).history)
        assert histories[0] == histories[1]


@pytest.mark.parametrize("ending", [".keras", ".h5", "folder"])
def test_a_loaded_model_goes_on_training_as_if_it_had_never_been_saved(tmp_path, ending):
    model = small()
    if ending == "folder":
        path = tmp_path / "model"
        model.save(path, zipped=False)
    else:
        path = tmp_path / f"model{ending}"
        model.save(path)
    loaded = minikeras.saving.load_model(path)
    assert int(loaded.optimizer.iterations) == 3
    if ending == ".h5":  # which has no place for the states of random seeds
        for a, b in zip(model.layers, loaded.layers):
            if isinstance(a, layers.Dropout):
                b.seed_generator.state.assign(a.seed_generator.state)
    same_training(model, loaded)


@pytest.mark.parametrize("ending", [".weights.h5", ".weights.npz", ".weights.json"])
def test_files_of_weights_hold_optimizers_and_seeds_too(tmp_path, ending):
    model = small()
    path = tmp_path / f"w{ending}"
    model.save_weights(path, max_shard_size=3e-7 if ending.endswith("json") else None)
    if ending.endswith("json"):
        files = [f for f in os.listdir(tmp_path) if f.endswith(".h5")]
        assert len(files) > 1
    other = small(compiled=False)
    other.set_weights([w + 1 for w in other.get_weights()])
    other.compile(minikeras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    other.optimizer.build(other.trainable_variables)
    other.load_weights(path)
    same_training(model, other)


def test_a_subclass_is_saved_by_its_attributes(tmp_path):
    model = Residual(3)
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        archive.extract("model.weights.h5", tmp_path)
    with h5py.File(tmp_path / "model.weights.h5") as file:
        assert file["blocks/container/layer_normalization/vars/0"].shape == (3,)
        assert file["heads/dense_1/vars"].attrs["name"] == model.heads["b"].name
    objects = {"Residual": Residual}
    same_training(model, minikeras.saving.load_model(tmp_path / "m.keras", objects))
    with pytest.raises(TypeError, match="Residual"):
        minikeras.saving.load_model(tmp_path / "m.keras")


@pytest.mark.parametrize("ending", [".weights.h5", ".weights.npz", ".keras", ".h5"])
def test_what_does_not_fit_changes_nothing(tmp_path, ending):
    source = small(units=5, extra=True)
    path = tmp_path / f"w{ending}"
    source.save_weights(path) if "weights" in ending else source.save(path)
    model = small(units=3, extra=True)
    before = model.get_weights()
    with pytest.raises(ValueError, match="first") as error:
        model.load_weights(path)
    assert "(4, 3)" in str(error.value) and "(4, 5)" in str(error.value)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    with pytest.warns(UserWarning, match="first"):
        model.load_weights(path, skip_mismatch=True)
    np.testing.assert_array_equal(model.layers[-1].bias, source.layers[-1].bias)
    np.testing.assert_array_equal(model.layers[0].bias, before[1])


def test_layers_that_the_file_lacks_are_an_error_and_others_in_it_are_not(tmp_path):
    small().save_weights(tmp_path / "small.weights.h5")
    large = small(extra=True, compiled=False)
    large.save_weights(tmp_path / "large.weights.h5")
    with pytest.raises(ValueError, match="expected 2 variables, but received 0"):
        large.load_weights(tmp_path / "small.weights.h5")
    model = small(compiled=False)
    model.load_weights(tmp_path / "large.weights.h5")
    np.testing.assert_array_equal(model.layers[0].kernel, large.layers[0].kernel)


def test_a_layer_with_its_own_way_to_load_is_given_back_its_weights_when_a_later_one_fails(
    tmp_path,
):
    class Careful(layers.Dense):
        def load_own_variables(self, store):
            super().load_own_variables(store)
            if np.shape(self.kernel)[1] == 7:
                raise ValueError("seven is too many")

    def build(last):
        stack = [minikeras.Input((4,)), Careful(2), Careful(last)]
        return minikeras.Sequential(stack)

    source, model = build(7), build(7)
    source.save_weights(tmp_path / "w.weights.h5")
    before = model.get_weights()
    with pytest.raises(ValueError, match="seven is too many"):
        model.load_weights(tmp_path / "w.weights.h5")
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_assets_and_own_variables_of_a_user_s_layer(tmp_path):
    @minikeras.saving.register_keras_serializable("test_saving")
    class Words(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.words = []
            self.table = None

        def call(self, x):
            return x

        def save_own_variables(self, store):
            store["table"] = np.arange(3)

        def load_own_variables(self, store):
            assert list(store.keys()) == ["table"] and "table" in store
            self.table = np.array(store["table"])

        def save_assets(self, dir_path):
            with open(os.path.join(dir_path, "words.txt"), "w") as file:
                file.write("\n".join(self.words))

        def load_assets(self, dir_path):
            with open(os.path.join(dir_path, "words.txt")) as file:
                self.words = file.read().split("\n")

    layer = Words()
    layer.words = ["one", "two"]
    model = minikeras.Sequential([minikeras.Input((2,)), layer])
    for path, zipped in ((tmp_path / "m.keras", True), (tmp_path / "m", False)):
        model.save(path, zipped=zipped)
        loaded = minikeras.saving.load_model(path).layers[0]
        assert loaded.words == ["one", "two"]
        assert loaded.table.tolist() == [0, 1, 2]


def test_compile_false_and_models_that_are_not_built(tmp_path):
    small().save(tmp_path / "m.keras")
    loaded = minikeras.models.load_model(tmp_path / "m.keras", compile=False)
    assert loaded.optimizer is None and not loaded.compiled
    blank = minikeras.Sequential([layers.Dense(1)])
    with pytest.warns(UserWarning, match="not yet been built"):
        blank.save(tmp_path / "u.keras")
    assert not minikeras.models.load_model(tmp_path / "u.keras").built
    with pytest.raises(ValueError, match="not yet been built"):
        blank.save_weights(tmp_path / "u.weights.h5")
    with pytest.raises(ValueError, match="not yet been built"):
        small().save_weights(tmp_path / "w.weights.h5") or blank.load_weights(
            tmp_path / "w.weights.h5"
        )


def test_paths_and_arguments_that_are_refused(tmp_path):
    model = small(compiled=False)
    for call in (
        lambda: model.save(tmp_path / "m.foo"),
        lambda: model.save(tmp_path / "m.keras", save_format="tf"),
        lambda: model.save(tmp_path / "m.keras", colour="red"),
        lambda: model.save_weights(tmp_path / "m.h5"),
        lambda: model.load_weights(tmp_path, by_name=True),
        lambda: minikeras.models.load_model(tmp_path),
        lambda: minikeras.models.load_model(tmp_path / "none.keras"),
        lambda: model.save_weights(tmp_path / "m.weights.json", max_shard_size=1e-9),
    ):
        with pytest.raises(ValueError):
            call()
    with pytest.raises(FileNotFoundError, match="none"):
        model.load_weights(tmp_path / "none.weights.h5")
    with pytest.raises(FileNotFoundError):
        model.save(tmp_path / "missing" / "m.keras")
    assert os.listdir(tmp_path) == []


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path):
    class Broken(layers.Dense):
        broken = False

        def save_own_variables(self, store):
            if self.broken:
                raise RuntimeError("no")
            super().save_own_variables(store)

    model = minikeras.Sequential([minikeras.Input((2,)), layers.Dense(9), Broken(1)])
    for ending in (".keras", ".h5", ".weights.h5", ".weights.npz"):
        path = tmp_path / f"m{ending}"
        save = model.save_weights if "weights" in ending else model.save
        save(path)
        content = path.read_bytes()
        if ending == ".h5":
            continue  # does not ask layers how they save
        model.layers[-1].broken = True
        with pytest.raises(RuntimeError):
            save(path)
        model.layers[-1].broken = False
        assert path.read_bytes() == content
    assert len(os.listdir(tmp_path)) == 4


def test_lambdas_are_only_revived_where_safe_mode_is_off(tmp_path):
    model = minikeras.Sequential([minikeras.Input((2,)), layers.Lambda(lambda x: 2 * x)])
    with pytest.warns(UserWarning, match="lambda"):
        model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="safe_mode"):
        minikeras.models.load_model(tmp_path / "m.keras")
    loaded = minikeras.models.load_model(tmp_path / "m.keras", safe_mode=False)
    assert loaded.predict(np.ones((1, 2)), verbose=0).tolist() == [[2, 2]]


def test_an_existing_file_is_asked_about(tmp_path, monkeypatch):
    path = tmp_path / "m.keras"
    model = small(compiled=False)
    model.save(path)
    content = path.read_bytes()
    monkeypatch.setattr("builtins.input", lambda *_: "n")
    small(units=5, compiled=False).save(path, overwrite=False)
    assert path.read_bytes() == content
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    small(units=5, compiled=False).save(path, overwrite=False)
    assert minikeras.models.load_model(path).layers[0].units == 5


def test_objects_to_skip_stay_as_they_are(tmp_path):
    source, model = small(), small(compiled=False)
    model.set_weights([w + 1 for w in model.get_weights()])
    source.save_weights(tmp_path / "w.weights.h5")
    before = model.layers[0].get_weights()
    model.load_weights(tmp_path / "w.weights.h5", objects_to_skip=[model.layers[0]])
    np.testing.assert_array_equal(before[0], model.layers[0].kernel)
    np.testing.assert_array_equal(source.layers[-1].kernel, model.layers[-1].kernel)


def test_half_precisions_keep_their_dtype(tmp_path):
    pytest.importorskip("ml_dtypes")
    stack = [
        minikeras.Input((4,)),
        layers.Dense(2, dtype="bfloat16"),
        layers.Dense(2, dtype="float16"),
    ]
    model = minikeras.Sequential(stack)
    for ending in (".weights.h5", ".weights.npz"):
        model.save_weights(tmp_path / f"w{ending}")
        twin = minikeras.models.clone_model(model)
        twin.load_weights(tmp_path / f"w{ending}")
        for a, b in zip(model.weights, twin.weights):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(np.asarray(a, "float32"), np.asarray(b, "float32"))


def test_legacy_files_by_name_and_what_does_not_fit(tmp_path):
    source, model = small(), small(extra=True, compiled=False)
    source.save(tmp_path / "m.h5")
    with pytest.raises(ValueError, match="Layer count mismatch"):
        model.load_weights(tmp_path / "m.h5")
    model.load_weights(tmp_path / "m.h5", by_name=True)
    np.testing.assert_array_equal(source.layers[0].kernel, model.layers[0].kernel)
    with h5py.File(tmp_path / "m.h5") as file:
        names = [n.decode() for n in file["model_weights"].attrs["layer_names"]]
        assert names == [layer.name for layer in source.layers]
        config = json.loads(file.attrs["model_config"])
        assert config["class_name"] == "Sequential"


def test_long_lists_of_names_are_cut_into_several_attributes(tmp_path):
    stack = [minikeras.Input((1,))]
    stack += [layers.Dense(1, name=f"{'n' * 800}{i}") for i in range(100)]
    model = minikeras.Sequential(stack)
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert "layer_names1" in file["model_weights"].attrs
    loaded = minikeras.models.load_model(tmp_path / "m.h5", compile=False)
    for a, b in zip(model.get_weights(), loaded.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_safetensors_hold_weights_by_name(tmp_path):
    library = pytest.importorskip("safetensors.numpy")
    model, twin = small(), small(compiled=False)
    path = tmp_path / "w.safetensors"
    model.save_weights(path)
    arrays = library.load_file(path)
    assert set(arrays) >= {"first.kernel", "first.bias", "last.kernel"} and len(arrays) == 8
    np.testing.assert_array_equal(arrays["first.kernel"], model.layers[0].kernel)
    counted, other = model.layers[1].name, twin.layers[1].name  # names that are counted differ
    renamed = {k.replace(counted, other): v for k, v in arrays.items()}
    library.save_file(renamed, path)
    twin.load_weights(path)
    for a, b in zip(model.get_weights(), twin.get_weights()):
        np.testing.assert_array_equal(a, b)
    other = small(units=5, compiled=False)
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"first\.kernel.*\(4, 3\).*\(4, 5\)"):
        other.load_weights(path)
    for a, b in zip(before, other.get_weights()):
        np.testing.assert_array_equal(a, b)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="damaged"):
        twin.load_weights(path)


def _rewritten(path, target, create=None, **options):
    """Write the datasets of an HDF5 file anew, in another form."""
    with h5py.File(path) as old, h5py.File(target, "w", **options) as new:

        def put(name, item):
            if isinstance(item, h5py.Dataset):
                if create is None or item.ndim == 0:
                    new.create_dataset(name, data=item[()])
                else:
                    create(new, name, item[()])

        old.visititems(put)


def _compact(file, name, array):
    kind = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    kind.set_layout(h5py.h5d.COMPACT)
    group, _, key = name.rpartition("/")
    group = file.require_group(group)
    dtype, space = h5py.h5t.py_create(array.dtype), h5py.h5s.create_simple(array.shape)
    dataset = h5py.h5d.create(group.id, key.encode(), dtype, space, kind)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, array)


def _shifted_bits(file, name, array):
    kind = h5py.h5t.STD_I32LE.copy()
    kind.set_precision(16)  # four bytes, of which the middle two are the number
    kind.set_offset(8)
    group, _, key = name.rpartition("/")
    group = file.require_group(group)
    space = h5py.h5s.create_simple(array.shape)
    dataset = h5py.h5d.create(group.id, key.encode(), kind, space)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, array.astype("int32"))


@pytest.mark.parametrize(
    "create, options",
    [
        (lambda f, name, a: f.create_dataset(name, data=a.astype(a.dtype.newbyteorder(">"))), {}),
        (lambda f, name, a: f.create_dataset(name, data=a, chunks=a.shape), {}),
        (lambda f, name, a: f.create_dataset(name, data=a, compression="gzip", shuffle=True), {}),
        (lambda f, name, a: f.create_dataset(name, data=a.astype("float64")), {}),
        (_compact, {}),
        (_shifted_bits, {}),
        (None, {"userblock_size": 512}),
        (None, {"libver": "latest"}),
    ],
    ids=[
        "big_endian",
        "chunks",
        "gzip",
        "float64",
        "compact",
        "shifted_bits",
        "userblock",
        "latest",
    ],
)
def test_arrays_may_stand_in_a_file_in_any_form(tmp_path, create, options):
    model = small(compiled=False)
    wanted = [np.round(100 * w) for w in model.get_weights()]
    model.set_weights(wanted)
    model.save_weights(tmp_path / "a.weights.h5")
    _rewritten(tmp_path / "a.weights.h5", tmp_path / "b.weights.h5", create, **options)
    model.set_weights([w + 1 for w in wanted])
    model.load_weights(tmp_path / "b.weights.h5")
    for got, expected in zip(model.get_weights(), wanted):
        np.testing.assert_array_equal(got, expected)


def test_a_file_that_ends_within_an_array_is_damaged(tmp_path):
    model = minikeras.Sequential([minikeras.Input((64,)), layers.Dense(64, name="only")])
    path = tmp_path / "a.weights.h5"
    model.save_weights(path)
    before = model.get_weights()
    with h5py.File(path) as file:
        end = file["layers/dense/vars/0"].id.get_offset() + 100
    os.truncate(path, end)
    with pytest.raises((OSError, ValueError), match=r"a\.weights\.h5"):
        model.load_weights(path)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_equal_weights_make_equal_files(tmp_path):
    model = small()
    for name in "ab":
        model.save_weights(tmp_path / f"{name}.weights.h5")
    assert (tmp_path / "a.weights.h5").read_bytes() == (tmp_path / "b.weights.h5").read_bytes()
