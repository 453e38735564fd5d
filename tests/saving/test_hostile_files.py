"""Files that are cut, damaged or made to harm: a clear error, nothing executed, no memory filled."""

from __future__ import annotations

import io
import json
import os
import stat
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import minikeras
from minikeras import layers
from minikeras.saving.weight_files import DamagedFileError

h5py = pytest.importorskip("h5py")

ENDINGS = (".keras", ".h5", ".weights.h5", ".weights.npz")


def build():
    minikeras.utils.set_random_seed(0)
    stack = [minikeras.Input((4,)), layers.Dense(3, "relu", name="a"), layers.Dense(1, name="b")]
    model = minikeras.Sequential(stack)
    model.compile("sgd", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    """The bytes of a valid file of each format."""
    folder = tmp_path_factory.mktemp("valid")
    for ending in ENDINGS:
        path = folder / f"m{ending}"
        build().save_weights(path) if "weights" in ending else build().save(path)
    return {ending: (folder / f"m{ending}").read_bytes() for ending in ENDINGS}


def load(path):
    """Load a file of any format; give the weights that it brought."""
    if ".weights." in str(path):
        model = build()
        model.load_weights(path)
    else:
        model = minikeras.saving.load_model(path)
    return model.get_weights()


def members(data):
    """The members of a zip file, by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(path, parts, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def with_config(valid, path, change):
    """Write a `.keras` file whose config was changed."""
    parts = members(valid[".keras"])
    config = json.loads(parts["config.json"])
    config = change(config) or config
    parts["config.json"] = config if isinstance(config, (str, bytes)) else json.dumps(config)
    write_zip(path, parts)


def refuses(path, match=None, error=ValueError):
    """Loading raises a clear error, with little memory."""
    limit = 2 * os.path.getsize(path) + (64 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(error, match=match):
            load(path)
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


# Zip files.


def test_members_that_point_out_of_the_archive_or_are_links(valid, tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    for name in ("../evil.txt", "/tmp/evil.txt", "assets/../../evil.txt", "C:\\evil.txt", "..\\e"):
        path = inside / "m.keras"
        write_zip(path, {**members(valid[".keras"]), name: b"x"})
        refuses(path, "points out of the archive")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members(valid[".keras"]).items():
            archive.writestr(name, content)
        link = zipfile.ZipInfo("assets/link")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    refuses(path, "link or a device")
    assert os.listdir(tmp_path) == ["inside"] and os.listdir(inside) == ["m.keras"]


def test_two_members_of_one_name(valid, tmp_path):
    path = tmp_path / "m.keras"
    write_zip(path, members(valid[".keras"]))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("config.json", "{}")
    refuses(path, "appears twice")


@pytest.mark.parametrize("part", ["config.json", "model.weights.h5"])
def test_decompression_bombs(valid, tmp_path, part):
    path = tmp_path / "m.keras"
    parts = {**members(valid[".keras"]), part: b" " * (200 << 20)}
    write_zip(path, parts, compression=zipfile.ZIP_DEFLATED)
    refuses(path, "more than a file of this size")
    write_zip(
        tmp_path / "m.weights.npz",
        {"layers/dense/vars/0.npy": b" " * (200 << 20)},
        compression=zipfile.ZIP_DEFLATED,
    )
    refuses(tmp_path / "m.weights.npz")


def test_missing_parts(valid, tmp_path):
    for part in ("config.json", "model.weights.h5"):
        parts = members(valid[".keras"])
        del parts[part]
        write_zip(tmp_path / "m.keras", parts)
        refuses(tmp_path / "m.keras", part)


# Configs.


@pytest.mark.parametrize(
    "config",
    [
        "[" * 10000 + "]" * 10000,
        '{"class_name": ' * 10000 + "1" + "}" * 10000,
        "null",
        "[1, 2]",
        "{}",
        "\x00",
        b"\xff\xfe",
        '{"class_name": "Sequential", "config": {"layers": [NaN]}}',
        '{"class_name": 5, "config": {}}',
        '{"class_name": "Sequential", "config": 5}',
        '{"class_name": "Sequential", "config": {"layers": 5}}',
        '{"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense"}]}}',
    ],
    ids=range(12),
)
def test_configs_that_describe_no_model(valid, tmp_path, config):
    with_config(valid, tmp_path / "m.keras", lambda _: config)
    refuses(tmp_path / "m.keras", error=(ValueError, TypeError))


def nested(depth):
    entry = {"class_name": "Dense", "config": {"units": 1}}
    for _ in range(depth):
        entry = {"class_name": "Sequential", "config": {"layers": [entry]}}
    return entry


def test_models_that_are_nested_too_deep(valid, tmp_path):
    with_config(valid, tmp_path / "m.keras", lambda _: nested(250))
    refuses(tmp_path / "m.keras", "nested too deep")


def entry_of(module, name, kind="function"):
    return {"module": module, "class_name": kind, "config": name, "registered_name": kind}


@pytest.mark.parametrize(
    "function",
    [
        entry_of("builtins", "eval"),
        entry_of("os", "system"),
        entry_of("builtins", "exec"),
        entry_of("keras.utils", "get_file"),
        entry_of("keras.config", "enable_unsafe_deserialization"),
        entry_of("keras.saving", "load_model"),
        entry_of("keras.src.saving.saving_api", "load_model"),
        entry_of("minikeras.common.extras", "require"),
        entry_of("keras.src.common.extras", "require"),
        entry_of("numpy", "fromfile"),
        entry_of("subprocess", "Popen", "type"),
        {"module": "os", "class_name": "system", "config": {}, "registered_name": "system"},
        {"class_name": "__lambda__", "config": {"value": ["4w==", None, None]}},
        "eval",
        "os.system",
    ],
    ids=str,
)
def test_functions_that_a_config_may_not_name(valid, tmp_path, function):
    def change(config):
        lambda_entry = {
            "module": "keras.layers",
            "class_name": "Lambda",
            "config": {"name": "l", "function": function, "arguments": {}},
            "registered_name": None,
        }
        config["config"]["layers"].insert(1, lambda_entry)

    with_config(valid, tmp_path / "m.keras", change)
    refuses(tmp_path / "m.keras", error=(ValueError, TypeError))
    assert not minikeras.common.settings.settings.unsafe_deserialization
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = members(Path(tmp_path / "m.keras").read_bytes())["config.json"]
        file.create_group("model_weights")
    refuses(tmp_path / "m.h5", error=(ValueError, TypeError))


def test_layers_larger_than_the_file_can_hold(valid, tmp_path):
    for units in (10**9, 10**15, 10**25):
        for field in ("class_name", "units"):

            def change(config, units=units, field=field):
                entry = config["config"]["layers"][1]
                if field == "units":
                    entry["config"]["units"] = units
                else:
                    entry.update(class_name="Embedding")
                    entry["config"] = {"input_dim": units, "output_dim": 100}

            with_config(valid, tmp_path / "m.keras", change)
            refuses(tmp_path / "m.keras", error=(ValueError, TypeError))


# HDF5 files.

KERNEL = "layers/dense/vars/0"


def damaged(valid, tmp_path, change, ending=".weights.h5"):
    """Write a file of weights after a change to its HDF5 tree, and load it."""
    path = tmp_path / f"m{ending}"
    path.write_bytes(valid[ending])
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def test_links_and_data_that_stand_elsewhere(valid, tmp_path):
    secret = tmp_path / "secret.bin"
    secret.write_bytes(np.zeros((4, 3), "float32").tobytes())
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["x"] = np.zeros((4, 3), "float32")

    def external_link(file):
        del file[KERNEL]
        file[KERNEL] = h5py.ExternalLink(str(other), "x")

    def soft_link(file):
        file["moved"] = file[KERNEL]
        del file[KERNEL]
        file[KERNEL] = h5py.SoftLink("/moved")

    def linked_group(file):
        del file["layers/dense"]
        file["layers/dense"] = h5py.ExternalLink(str(other), "/")

    def external_storage(file):
        del file[KERNEL]
        file.create_dataset(KERNEL, (4, 3), "f4", external=[(str(secret), 0, 48)])

    def virtual(file):
        layout = h5py.VirtualLayout((4, 3), "f4")
        layout[:] = h5py.VirtualSource(str(other), "x", (4, 3))
        del file[KERNEL]
        file.create_virtual_dataset(KERNEL, layout)

    for change in (external_link, soft_link, linked_group, external_storage, virtual):
        refuses(damaged(valid, tmp_path, change), "link|elsewhere")


def test_datasets_that_are_no_weights(valid, tmp_path):
    def replace(value=None, **options):
        def change(file):
            del file[KERNEL]
            file.create_dataset(KERNEL, data=value, **options)

        return change

    references = np.empty((4, 3), h5py.ref_dtype)
    texts = np.full((4, 3), "x", h5py.string_dtype())
    compound = np.zeros((4, 3), [("a", "f4"), ("b", "f4")])
    for change in (
        replace(references),
        replace(texts),
        replace(compound),
        replace(np.zeros((4, 3), "S4")),
        replace(h5py.Empty("f4")),
        replace(np.zeros((4, 3, 1), "f4")),
        replace(shape=(10**6, 10**6), dtype="f4"),
        replace(shape=(10**6, 10**6), dtype="f4", chunks=(1000, 1000), compression="gzip"),
        lambda file: (file.pop(KERNEL), file.create_group(KERNEL)),
        lambda file: file.pop("layers/dense/vars/0"),
        lambda file: (file.pop("layers/dense"), file.create_dataset("layers/dense", data=1.0)),
    ):
        refuses(damaged(valid, tmp_path, change))


def test_an_endless_tree_of_groups_is_no_harm(valid, tmp_path):
    def change(file):
        file["layers/dense/again"] = file["layers"]

    load(damaged(valid, tmp_path, change))


def test_arrays_of_pickled_objects_are_refused(valid, tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "executed"),))

    path = tmp_path / "m.weights.npz"
    content = io.BytesIO()
    np.lib.format.write_array(content, np.array([Evil()], dtype=object), allow_pickle=True)
    for part in ("layers/dense/vars/0.npy", "layers/dense/vars/1.npy"):
        parts = {**members(valid[".weights.npz"]), part: content.getvalue()}
        write_zip(path, parts)
        refuses(path, "dtype")
    assert not (tmp_path / "executed").exists()


def test_headers_that_promise_more_than_there_is(valid, tmp_path):
    path = tmp_path / "m.weights.npz"
    for shape in ((10**9, 10**9), (4, 2), (4, -3), (5, 3)):
        content = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            content, {"descr": "<f4", "fortran_order": False, "shape": shape}
        )
        content.write(bytes(48))
        parts = {**members(valid[".weights.npz"]), "layers/dense/vars/0.npy": content.getvalue()}
        write_zip(path, parts)
        refuses(path)


def test_shards_outside_their_folder(tmp_path):
    build().save_weights(tmp_path / "w.weights.json", max_shard_size=1)
    index = json.loads((tmp_path / "w.weights.json").read_text())
    for name in ("../w_00000.weights.h5", "/etc/passwd", "a\\b.weights.h5", 5, "none.weights.h5"):
        index["weight_map"] = {key: [name] for key in index["weight_map"]}
        (tmp_path / "w.weights.json").write_text(json.dumps(index))
        refuses(tmp_path / "w.weights.json", error=(ValueError, FileNotFoundError))
    for text in ("", "[]", '{"weight_map": 5}', "[" * 10000):
        (tmp_path / "w.weights.json").write_text(text)
        refuses(tmp_path / "w.weights.json")


def test_a_config_that_lacks_something_is_named():
    for config in ({"name": "m"}, {"layers": 5}, {"layers": [{}]}):
        entry = {"module": "keras", "class_name": "Sequential", "config": config}
        with pytest.raises((ValueError, TypeError), match="Sequential|config"):
            minikeras.saving.deserialize_keras_object(entry)


def test_variables_of_an_optimizer_under_other_names(valid, tmp_path):
    """As many as an optimizer of tf.keras has, which lacks the learning rate."""
    parts = members(valid[".weights.npz"])
    own = sorted(name for name in parts if name.startswith("optimizer/vars/"))
    del parts[own[-1]]
    parts["optimizer/vars/x.npy"] = parts.pop(own[0])
    path = tmp_path / "m.weights.npz"
    write_zip(path, parts)
    model = build()
    with pytest.raises(ValueError, match="1 variables"), warnings.catch_warnings():
        warnings.simplefilter("error")
        model.load_weights(path)


def test_a_config_of_something_else(valid, tmp_path):
    path = tmp_path / "m.h5"
    path.write_bytes(valid[".h5"])
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps({"name": "no model"})
    refuses(path, "no model|config")


# Any bytes.


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS)
def test_flipped_and_cut_bytes_give_an_error_or_a_model(valid, tmp_path, ending):
    data = valid[ending]
    path = tmp_path / f"m{ending}"
    shapes = [w.shape for w in load_bytes(path, data)]

    @hypothesis.settings(
        max_examples=int(os.environ.get("MINIKERAS_FUZZ", 200)),
        derandomize="MINIKERAS_FUZZ" not in os.environ,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(
        st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=4),
        st.one_of(st.none(), st.integers(0, len(data))),
    )
    def check(changes, cut):
        changed = bytearray(data)
        for place, value in changes:
            changed[place] = value
        try:
            weights = load_bytes(path, bytes(changed[:cut]))
        except (DamagedFileError, ValueError, TypeError):
            return
        if ending != ".keras" and ending != ".h5":
            assert [w.shape for w in weights] == shapes

    check()


def load_bytes(path, data):
    path.write_bytes(data)
    return load(path)
