"""The convolutional examples at small size: digits of scikit-learn, MNIST's files, ResNet-20."""

import gzip
import runpy
import struct
from pathlib import Path

import numpy as np
import pytest

PNG = b"\x89PNG"


def idx(array):
    """Return an array of bytes in the format of MNIST's files."""
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.astype("uint8").tobytes()


@pytest.fixture
def files(tmp_path):
    """Images of which the bright half tells the label; one file packed, one not."""
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 10
    images = rng.integers(0, 60, (200, 28, 28))
    for image, label in zip(images, labels):
        image[2 * label : 2 * label + 6, 4:24] += 150
    (tmp_path / "images.gz").write_bytes(gzip.compress(idx(images), mtime=0))
    (tmp_path / "labels").write_bytes(idx(labels))
    return "--images", "images.gz", "--labels", "labels"


def test_convnet_on_scikit_learns_digits(run_example, tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    done = run_example("convnet.py", "--epochs", "3", "--target", "0.9", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "unseen digits" in done.stdout
    assert (tmp_path / "convnet.png").read_bytes().startswith(PNG)


def test_convnet_reads_mnists_files_without_scikit_learn(run_example, tmp_path, files):
    options = ("--epochs", "8", "--batch-size", "8", "--target", "0.9")
    done = run_example(
        "convnet.py", *files, *options, folder=tmp_path, blocked=["sklearn", "matplotlib"]
    )
    assert done.returncode == 0, done.stderr
    assert "unseen digits" in done.stdout


def test_convnet_below_its_target(run_example, tmp_path, files):
    options = ("--epochs", "1", "--target", "1.1")
    done = run_example("convnet.py", *files, *options, folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 1
    assert "is below 1.1" in done.stderr


def test_convnet_says_which_file_is_bad(run_example, tmp_path, files):
    (tmp_path / "labels").write_bytes(b"no idx file at all")
    done = run_example("convnet.py", *files, folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("labels: not an idx file")
    done = run_example("convnet.py", "--images", "images.gz", folder=tmp_path)
    assert done.returncode == 2
    assert "--images and --labels go together" in done.stderr


@pytest.fixture(scope="module")
def convnet():
    """The names in convnet.py, which is not run."""
    return runpy.run_path(str(Path(__file__).parent.parent / "examples" / "convnet.py"))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("shape", [(3, 4, 5), (7,), (0, 28, 28)])
def test_read_idx(convnet, tmp_path, pack, shape):
    array = np.random.default_rng(0).integers(0, 256, shape, dtype="uint8")
    (tmp_path / "file").write_bytes(pack(idx(array)))
    read = convnet["read_idx"](tmp_path / "file")
    assert read.dtype == "uint8"
    np.testing.assert_array_equal(read, array, strict=True)


WHOLE = idx(np.zeros((3, 4, 5)))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an idx file"),
        (b"\x89PNG and so on", "not an idx file"),
        (WHOLE[:3] + b"\x03\x00", "bytes expected"),  # the header ends early
        (WHOLE[:-1], "76 bytes expected"),
        (WHOLE + b"\0", "there are 77"),
        (gzip.compress(WHOLE, mtime=0)[:-9], "damaged gzip file"),
        (gzip.compress(WHOLE, mtime=0)[:12] + b"\xff" * 20, "damaged gzip file"),
    ],
)
def test_read_idx_rejects(convnet, tmp_path, data, message):
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(ValueError, match=f"file: .*{message}"):
        convnet["read_idx"](tmp_path / "file")


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((3, 4, 4)), np.zeros(2), "n labels"),
        (np.zeros((3, 4)), np.zeros(3), "expected images of shape"),
        (np.zeros((0, 4, 4)), np.zeros(0), "expected images of shape"),
        (np.zeros((3, 4, 4)), np.array([0, 9, 10]), "labels go up to 10"),
    ],
)
def test_read_mnist_rejects(convnet, tmp_path, images, labels, message):
    (tmp_path / "images").write_bytes(idx(images))
    (tmp_path / "labels").write_bytes(idx(labels))
    with pytest.raises(ValueError, match=message):
        convnet["read_mnist"](tmp_path / "images", tmp_path / "labels")


def test_resnet_learns_a_few_tiles_by_heart(run_example, tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")  # and Pillow with it
    options = (
        "--images",
        "32",
        "--epochs",
        "18",
        "--batch-size",
        "16",
        "--target",
        "0.3",
        "--seed",
        "1",
    )
    done = run_example("resnet20.py", *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout[-500:]
    assert "gradient check: 120 derivatives agree" in done.stdout
    assert "Trainable params: 269,722" in done.stdout  # the paper: 0.27 million
    assert "on 32 tiles" in done.stdout
    assert (tmp_path / "resnet20.png").read_bytes().startswith(PNG)


def test_resnet_above_its_target(run_example, tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("PIL")
    options = ("--images", "8", "--epochs", "1", "--target", "0.0001")
    done = run_example("resnet20.py", *options, folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 1
    assert "is not below 0.0001" in done.stderr
    assert 'pip install "minikeras-numpy[plot]"' in done.stdout


@pytest.mark.parametrize("missing", ["sklearn", "PIL"])
def test_resnet_says_what_brings_the_photographs(run_example, tmp_path, missing):
    done = run_example("resnet20.py", folder=tmp_path, blocked=[missing])
    assert done.returncode == 1
    assert 'pip install "minikeras-numpy[plot,sklearn]"' in done.stderr
