"""The examples that learn from scikit-learn's digits: generative ones, pairs, and transfer."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PNG = b"\x89PNG"


def test_vae(run_example, tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    done = run_example("vae.py", "--epochs", "20", "--target", "1.3", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "divergence" in done.stdout
    assert (tmp_path / "vae.png").read_bytes().startswith(PNG)


def test_the_linear_code_is_that_of_scikit_learn():
    decomposition = pytest.importorskip("sklearn.decomposition")
    example = runpy.run_path(str(EXAMPLES / "vae.py"))
    train, test = np.random.default_rng(0).uniform(size=(2, 50, 8, 8, 1))
    pca = decomposition.PCA(2).fit(train.reshape(50, 64))
    wanted = pca.inverse_transform(pca.transform(test.reshape(50, 64)))
    found = example["principal_components"](train, test, 2)
    np.testing.assert_allclose(found.reshape(50, 64), wanted.clip(0, 1), rtol=1e-9)


def test_digits_gan(run_example, tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    arguments = ["--epochs", "25", "--target", "0.6"]
    done = run_example("digits_gan.py", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "digits_gan.png").read_bytes().startswith(PNG)


def test_a_gan_that_drew_nothing_fails(run_example, tmp_path):
    pytest.importorskip("sklearn")
    arguments = ["--epochs", "1", "--target", "0.9"]
    done = run_example("digits_gan.py", *arguments, folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 1 and "is below 0.9" in done.stderr
    assert 'pip install "minikeras-numpy[plot]"' in done.stdout


def test_transfer(run_example, tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    arguments = ["--examples", "20", "--draws", "1"]
    done = run_example("transfer.py", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    scratch, frozen = map(
        float, re.search(r"^ +20 +([\d.]+)% +([\d.]+)%$", done.stdout, re.M).groups()
    )
    assert scratch > 90 and frozen > 90
    assert (tmp_path / "transfer.png").read_bytes().startswith(PNG)


def test_siamese(run_example, tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    arguments = ["--pairs", "3000", "--epochs", "3", "--targets", "0.8", "0.53"]
    done = run_example("siamese.py", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "siamese.png").read_bytes().startswith(PNG)


def test_pairs_are_what_their_labels_say():
    """Images of one grey value each, which tells where they are from."""
    example = runpy.run_path(str(EXAMPLES / "siamese.py"))
    digits = np.repeat([3, 5, 6], [4, 9, 2])
    images = np.broadcast_to(digits[:, None, None, None], (15, 8, 8, 1)).astype("float32")
    (a, b), same = example["make_pairs"](images, digits, 200, np.random.default_rng(0))
    assert a.shape == b.shape == (200, 14, 14, 1) and same.mean() == 0.5
    first, second = (c.max(axis=(1, 2, 3)) for c in (a, b))
    np.testing.assert_array_equal(first == second, same[:, 0] == 1)
    np.testing.assert_array_equal((a > 0).sum(axis=(1, 2, 3)), 64)


def test_the_threshold_makes_the_fewest_errors():
    example = runpy.run_path(str(EXAMPLES / "siamese.py"))
    distances = np.array([0.9, 0.1, 0.5, 0.3, 0.4])
    same = np.array([False, True, True, True, False])
    found = example["best_threshold"](distances, same)
    errors = [np.sum((distances <= t) != same) for t in (0, *distances)]
    assert np.sum((distances <= found) != same) == min(errors)


@pytest.mark.parametrize("name", ["vae.py", "digits_gan.py", "siamese.py", "transfer.py"])
def test_they_say_what_brings_the_digits(run_example, tmp_path, name):
    done = run_example(name, folder=tmp_path, blocked=["sklearn"])
    assert done.returncode == 1
    assert 'pip install "minikeras-numpy[sklearn]"' in done.stderr
