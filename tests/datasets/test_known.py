"""Known data sets: files of the same layout, small, are read as Keras reads them."""

import collections
import gzip
import hashlib
import importlib
import inspect
import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request

import numpy as np
import pytest

import minikeras
from minikeras.datasets import cifar10, cifar100, fashion_mnist, imdb, mnist
from minikeras.utils import archives
from minikeras.utils import file_utils as files

IMAGES = ["mnist", "fashion_mnist", "cifar10", "cifar100"]
NAMES = [*IMAGES, "imdb", "reuters", "boston_housing", "california_housing"]
rng = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of the cache, and no net."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", no_net)
    made = tmp_path / "datasets"
    made.mkdir()
    return made


def no_net(*_, **__):
    raise urllib.error.URLError("no net here")


def trust(monkeypatch, path, module, constant="_FILE"):
    """Let a file of a test be what a module expects."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    module = importlib.import_module(f"minikeras.datasets.{module}")
    monkeypatch.setattr(module, constant, getattr(module, constant)._replace(digest=digest))


def keras_loader(keras, monkeypatch, name, folder):
    """Keras's module, which finds its files in the folder and checks no hash."""
    module = importlib.import_module(f"keras.src.datasets.{name}")

    def get_file(fname, *_, cache_subdir="datasets", **__):
        return str(folder.parent / cache_subdir / fname)

    monkeypatch.setattr(module, "get_file", get_file)
    return module


def assert_same(ours, theirs):
    for part, other in zip(ours, theirs, strict=True):
        for array, expected in zip(part, other, strict=True):
            assert type(array) is np.ndarray and array.flags.writeable
            assert (array.dtype, array.shape) == (expected.dtype, expected.shape)
            assert np.array_equal(array, expected)


def texts(n):
    made = np.empty(n, object)
    made[:] = [rng.integers(1, 50, i % 7 + 2 + (i == 0)).tolist() for i in range(n)]
    return made


def write_npz(path, name):
    if name == "mnist":
        arrays = {
            f"{k}_{part}": rng.integers(0, 256, (n, *shape)).astype("uint8")
            for part, n in (("train", 6), ("test", 3))
            for k, shape in (("x", (28, 28)), ("y", ()))
        }
    elif name == "imdb":
        arrays = {"x_train": texts(20), "x_test": texts(12)}
        arrays |= {"y_train": rng.integers(0, 2, 20), "y_test": rng.integers(0, 2, 12)}
    elif name == "reuters":
        arrays = {"x": texts(31), "y": rng.integers(0, 46, 31)}
    else:
        arrays = {"x": rng.normal(size=(700, 4)), "y": rng.normal(size=700)}
    np.savez(path, **arrays)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("mnist", {}),
        ("boston_housing", {}),
        ("boston_housing", {"test_split": 0.37, "seed": 5}),
        ("california_housing", {}),
        ("california_housing", {"version": "small", "test_split": 0}),
        ("imdb", {}),
        ("imdb", {"num_words": 30, "skip_top": 6}),
        ("imdb", {"num_words": 30, "oov_char": None}),
        ("imdb", {"start_char": None, "maxlen": 6}),
        ("imdb", {"start_char": None, "index_from": None, "seed": 4, "oov_char": 77}),
        ("reuters", {}),
        ("reuters", {"num_words": 20, "maxlen": 6, "test_split": 0.5}),
        ("reuters", {"start_char": None, "index_from": 0, "skip_top": 9, "oov_char": None}),
    ],
)
def test_npz_as_in_keras(keras, folder, monkeypatch, name, arguments):
    path = folder / f"{name}.npz"
    write_npz(path, name)
    trust(monkeypatch, path, name)
    theirs = keras_loader(keras, monkeypatch, name, folder).load_data(**arguments)
    ours = getattr(minikeras.datasets, name).load_data(**arguments)
    assert_same(ours, theirs)


def test_words_are_plain_numbers(folder, monkeypatch):
    write_npz(folder / "imdb.npz", "imdb")
    trust(monkeypatch, folder / "imdb.npz", "imdb")
    (x, _), _ = imdb.load_data()
    assert {type(text) for text in x} == {list}
    assert {type(word) for text in x for word in text} == {int}


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_a_maxlen_that_leaves_nothing(folder, monkeypatch, name):
    write_npz(folder / f"{name}.npz", name)
    trust(monkeypatch, folder / f"{name}.npz", name)
    with pytest.raises(ValueError, match=f"{name}: no text has fewer words than `maxlen`.*: 2"):
        getattr(minikeras.datasets, name).load_data(maxlen=2)


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_word_index(folder, monkeypatch, name):
    path = folder / f"{name}_word_index.json"
    path.write_text(json.dumps({"the": 1, "café": 2}))
    trust(monkeypatch, path, name, "_WORDS")
    assert getattr(minikeras.datasets, name).get_word_index() == {"the": 1, "café": 2}


def test_label_names(keras):
    assert minikeras.datasets.reuters.get_label_names() == keras.datasets.reuters.get_label_names()


def test_fashion_mnist_as_in_keras(keras, folder, monkeypatch):
    (folder / "fashion-mnist").mkdir()
    for part, n in (("train", 6), ("t10k", 3)):
        for kind, shape in (("labels-idx1", (n,)), ("images-idx3", (n, 28, 28))):
            head = np.array([0x800 + len(shape), *shape], ">u4").tobytes()
            body = rng.integers(0, 256, shape).astype("uint8").tobytes()
            with gzip.open(folder / "fashion-mnist" / f"{part}-{kind}-ubyte.gz", "wb") as file:
                file.write(head + body)
    theirs = keras_loader(keras, monkeypatch, "fashion_mnist", folder).load_data()
    assert_same(fashion_mnist.load_data(), theirs)
    damaged = folder / "fashion-mnist" / "t10k-images-idx3-ubyte.gz"
    damaged.write_bytes(damaged.read_bytes()[:-20])
    with pytest.raises(ValueError, match="t10k-images.*is damaged"):
        fashion_mnist.load_data()


class Python2Pickler(pickle._Pickler):
    """Writes strings as Python 2 did."""

    def save_string(self, value):
        content = value if isinstance(value, bytes) else value.encode("ascii")
        self.write(pickle.BINSTRING + len(content).to_bytes(4, "little") + content)
        self.memoize(value)

    dispatch = {**pickle._Pickler.dispatch, bytes: save_string, str: save_string}


def as_python_2(value):
    file = io.BytesIO()
    Python2Pickler(file, 2).dump(value)
    return file.getvalue()


def write_cifar(path, members, labels, n):
    """Write pickles as Python 2 wrote them, and beside the archive what Keras unpacks of it."""
    with tarfile.open(path, "w:gz", compresslevel=0) as archive:  # noise cannot be compressed
        for name in members:
            rows = rng.integers(0, 256, (n, 3072), "uint8")
            content = {b"data": rows, b"batch_label": b"one", b"filenames": [b"a.png"] * n}
            content |= {label: rng.integers(0, 100, n).tolist() for label in labels}
            add_member(archive, name, as_python_2(content))
    with tarfile.open(path) as archive:
        archive.extractall(str(path).removesuffix("_archive"), filter="data")


def add_member(archive, name, content):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize("order", ["channels_last", "channels_first"])
@pytest.mark.parametrize("mode", ["fine", "coarse"])
def test_cifar100_as_in_keras(keras, folder, monkeypatch, order, mode):
    path = folder / "cifar-100-python-target_archive"
    members = ["cifar-100-python/train", "cifar-100-python/test"]
    write_cifar(path, members, [b"fine_labels", b"coarse_labels"], 4)
    trust(monkeypatch, path, "cifar100")
    module = keras_loader(keras, monkeypatch, "cifar100", folder)
    monkeypatch.setattr(minikeras.common.settings.settings, "image_data_format", order)
    monkeypatch.setattr(module.backend, "image_data_format", lambda: order)
    assert_same(cifar100.load_data(mode), module.load_data(mode))


def test_cifar10_as_in_keras(keras, folder, monkeypatch):
    path = folder / "cifar-10-batches-py-target_archive"
    write_cifar(path, cifar10._MEMBERS, [b"labels"], 10000)
    trust(monkeypatch, path, "cifar10")
    theirs = keras_loader(keras, monkeypatch, "cifar10", folder).load_data()
    assert_same(cifar10.load_data(), theirs)


def test_cifar_of_older_keras_is_found(folder, monkeypatch):
    write_cifar(folder / "x_archive", cifar10._MEMBERS, [b"labels"], 2)
    path = (folder / "x_archive").rename(folder / "cifar-10-batches-py.tar.gz")
    trust(monkeypatch, path, "cifar10")
    (x, y), _ = cifar10.load_data()
    assert x.shape == (10, 32, 32, 3) and y.shape == (10, 1)


def test_links_in_archives_are_not_followed(folder, monkeypatch):
    path = folder / "cifar-100-python-target_archive"
    with tarfile.open(path, "w:gz") as archive:
        add_member(archive, "elsewhere", pickle.dumps({}))
        for name in ("cifar-100-python/train", "cifar-100-python/test"):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, "../elsewhere"
            archive.addfile(link)
    trust(monkeypatch, path, "cifar100")
    with pytest.raises(ValueError, match="no ordinary files.*cifar-100-python/train"):
        cifar100.load_data()


class Calls:
    """An object whose pickle calls a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.mkdir, ("made",)),
        (eval, ("__import__('os').mkdir('made')",)),
        (collections.OrderedDict, ()),
        (np.load, ("made",)),
        (getattr, ("text", "upper")),
    ],
)
def test_hostile_pickles_execute_nothing(tmp_path, monkeypatch, function, arguments):
    monkeypatch.chdir(tmp_path)
    objects = np.empty(1, object)
    objects[0] = Calls(function, *arguments)
    np.savez("hostile.npz", x=objects)
    with pytest.raises(pickle.UnpicklingError, match=f"asks for `.*{function.__name__}`"):
        archives.read_npz("hostile.npz", ["x"])
    with tarfile.open("hostile.tar.gz", "w:gz") as archive:
        add_member(archive, "x", pickle.dumps({"x": objects}, 2))
    with pytest.raises(pickle.UnpicklingError, match=f"asks for `.*{function.__name__}`"):
        archives.read_pickles("hostile.tar.gz", ["x"])
    assert not (tmp_path / "made").exists()


def array_pickle(dtype, state, shape=(1,)):
    """The pickle of an array that says of itself what it likes."""
    reconstruct, arguments, _ = np.zeros(0).__reduce__()

    class Lies:
        def __reduce__(self):
            return reconstruct, arguments, (1, shape, dtype, False, state)

    return pickle.dumps(Lies(), 2)


class DtypeLies:
    def __init__(self, code, state):
        self.code, self.state = code, state

    def __reduce__(self):
        return np.dtype, (self.code, False, True), self.state


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (array_pickle(np.dtype("O"), b"\x10" * 8), "no list"),
        (array_pickle(np.dtype([("a", "O")]), [(1,)]), "dtype 'V8'"),
        (
            array_pickle(
                DtypeLies("V8", (3, "|", None, ("a",), {"a": (np.dtype("O"), 0)}, 8, 1, 0)),
                b"1" * 8,
            ),
            "dtype 'V8'",
        ),
        (
            array_pickle(DtypeLies("f8", (3, "<", None, ("a",), {}, 8, 1, 0)), b"1" * 8),
            "with fields",
        ),
        (array_pickle(np.dtype("f8"), [1.0]), "no bytes"),
    ],
)
def test_arrays_that_lie_are_refused(content, message):
    with pytest.raises(pickle.UnpicklingError, match=message):
        archives.RestrictedUnpickler(io.BytesIO(content)).load()


def test_an_array_larger_than_its_bytes_is_refused():
    with pytest.raises(ValueError, match="reshape"):
        content = array_pickle(np.dtype("f8"), b"1" * 8, (1 << 40,))
        archives.RestrictedUnpickler(io.BytesIO(content)).load()


@pytest.mark.parametrize("protocol", range(5))
def test_plain_data_is_read(protocol):
    content = {
        "a": np.arange(6, dtype=">i4").reshape(2, 3).T,
        "b": [1, 2.5, "x", None],
        "c": np.float32(1.5),
        "d": np.array([True, False]),
    }
    read = archives.RestrictedUnpickler(io.BytesIO(pickle.dumps(content, protocol))).load()
    np.testing.assert_array_equal(read["a"], content["a"])
    assert read["a"].dtype == pickle.loads(pickle.dumps(content["a"], protocol)).dtype
    np.testing.assert_array_equal(read["d"], content["d"])
    assert read["b"] == content["b"]
    assert read["c"] == np.float32(1.5) and type(read["c"]) is np.float32


def test_offline_the_error_says_what_to_do(folder):
    with pytest.raises(OSError) as caught:
        mnist.load_data()
    for part in (
        "mnist.npz",
        mnist._FILE.digest,
        "SHA-256",
        str(folder),
        mnist._FILE.url,
        "no net",
    ):
        assert part in str(caught.value)
    assert not list(folder.iterdir())


def test_a_file_with_another_hash_is_downloaded_again(folder):
    (folder / "mnist.npz").write_bytes(b"half a file")
    with pytest.warns(UserWarning, match="incomplete or outdated"), pytest.raises(OSError):
        mnist.load_data()
    assert (folder / "mnist.npz").read_bytes() == b"half a file"


class Answer(io.BytesIO):
    """What a server sends."""

    def __init__(self, content, length=None, url="https://there"):
        super().__init__(content)
        self.headers = {"Content-Length": str(length or len(content))}
        self.geturl = lambda: url


def test_download(folder, monkeypatch, capsys):
    content = b"some content"
    remote = files.RemoteFile("https://there/it", hashlib.md5(content).hexdigest())
    asked = []
    monkeypatch.setattr(
        urllib.request, "urlopen", lambda url, timeout: asked.append(url) or Answer(content)
    )
    path = files.cached_file(remote, "it.npz")
    assert path == str(folder / "it.npz") and (folder / "it.npz").read_bytes() == content
    assert files.cached_file(remote, "it.npz") == path
    assert asked == ["https://there/it"]
    assert "Downloading data from https://there/it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(b"something else"), "what came has the hash"),
        (Answer(b"some", length=12), "only 4 of 12 bytes"),
        (Answer(b"some content", url="http://elsewhere"), "not https"),
    ],
)
def test_bad_downloads_leave_nothing(folder, monkeypatch, answer, message):
    remote = files.RemoteFile("https://there/it", hashlib.sha256(b"some content").hexdigest())
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: answer)
    with pytest.raises(OSError, match=message):
        files.cached_file(remote, "it.npz")
    assert not list(folder.iterdir())


@pytest.mark.parametrize("name", ["../mnist.npz", "a/b", "", "/etc/passwd"])
def test_paths_are_no_names(folder, name):
    with pytest.raises(ValueError, match="without a folder"):
        mnist.load_data(name)


def test_bad_arguments(folder):
    for module in (minikeras.datasets.boston_housing, minikeras.datasets.california_housing):
        with pytest.raises(ValueError, match="`test_split` must be at least 0.*: 1"):
            module.load_data(test_split=1)
    with pytest.raises(ValueError, match="`version` must be 'small' or 'large'.*'tiny'"):
        minikeras.datasets.california_housing.load_data("tiny")
    with pytest.raises(ValueError, match="`label_mode` must be 'fine' or 'coarse'.*'all'"):
        cifar100.load_data("all")


@pytest.mark.parametrize("name", NAMES)
def test_signatures_are_keras_s(keras, name):
    ours, theirs = getattr(minikeras.datasets, name), getattr(keras.datasets, name)
    functions = [n for n in dir(theirs) if not n.startswith("_")]
    assert "load_data" in functions
    for function in functions:
        expected = inspect.signature(getattr(theirs, function)).parameters.values()
        found = inspect.signature(getattr(ours, function)).parameters.values()
        assert [(p.name, p.default) for p in found] == [
            (p.name, p.default) for p in expected if p.kind is not p.VAR_KEYWORD
        ]


def test_files_and_hashes_are_keras_s(keras):
    for name in NAMES:
        source = inspect.getsource(importlib.import_module(f"keras.src.datasets.{name}"))
        module = importlib.import_module(f"minikeras.datasets.{name}")
        for remote in vars(module).values():
            if isinstance(remote, files.RemoteFile):
                assert remote.digest in source
                assert remote.url.rpartition("/")[2] in source


@pytest.mark.parametrize("dialect", "123")
def test_scripts_find_them(tmp_path, dialect):
    write_npz(tmp_path / "imdb.npz", "imdb")
    code = """
from keras.datasets import mnist, imdb
from keras.datasets.cifar10 import load_data
import tensorflow.keras.datasets.boston_housing
from tensorflow.keras.datasets import fashion_mnist
import os, minikeras.datasets.imdb as ours
if os.environ["DIALECT"] != "3":
    ours.load_data = lambda **arguments: print(sorted(arguments.items()))
    imdb.load_data("imdb_full.pkl", nb_words=5)
"""
    done = subprocess.run(
        [sys.executable, "-m", "minikeras", "--dialect", dialect, "-c", code],
        env={**os.environ, "KERAS_HOME": str(tmp_path), "DIALECT": dialect},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    expected = "" if dialect == "3" else "[('num_words', 5), ('path', 'imdb.npz')]"
    assert expected in done.stdout
