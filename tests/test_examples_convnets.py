"""The convolutional examples at small size: digits of scikit-learn, MNIST's files, ResNet-20."""

import gzip
import struct

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
    (tmp_path / "images.gz").write_bytes(gzip.compress(idx(images)))
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


def test_convnet_below_its_target_and_with_files_that_do_not_fit(run_example, tmp_path, files):
    options = ("--epochs", "1", "--target", "1.1")
    done = run_example("convnet.py", *files, *options, folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 1
    assert "1.1" in done.stderr
    (tmp_path / "labels").write_bytes(b"no idx file at all")
    done = run_example("convnet.py", *files, folder=tmp_path)
    assert done.returncode == 1
    assert "labels" in done.stderr and "Traceback" not in done.stderr


def test_resnet_learns_a_few_tiles(run_example, tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    options = ("--images", "64", "--epochs", "2", "--target", "100")
    done = run_example("resnet20.py", *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Total params: 27" in done.stdout
    assert "on 64 tiles" in done.stdout
    assert (tmp_path / "resnet20.png").read_bytes().startswith(PNG)


def test_resnet_above_its_target(run_example, tmp_path):
    pytest.importorskip("sklearn")
    options = ("--images", "32", "--epochs", "1", "--target", "0.0001")
    done = run_example("resnet20.py", *options, folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 1
    assert "0.0001" in done.stderr
