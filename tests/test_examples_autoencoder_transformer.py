"""The denoising autoencoder and the transformer that reads the order of words."""

import gzip
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def squared_errors(printed):
    """Read the last column of the table that the autoencoder prints."""
    rows = re.findall(r"^([a-z ]+?) +[\d.]+ +([\d.]+)$", printed, flags=re.MULTILINE)
    return {name: float(error) for name, error in rows}


def write_idx(path, images):
    header = np.array([0x0803, *images.shape], ">i4").tobytes()
    path.write_bytes(gzip.compress(header + images.astype("uint8").tobytes()))


def bars(n):
    """Images of 8x12 pixels with one bright bar, upright or lying."""
    images = np.zeros((n, 8, 12))
    for i, image in enumerate(images):
        (image.T if i % 2 else image)[i // 2 % 8] = 255
    return images


def test_denoising_autoencoder(run_example, tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    done = run_example("denoising_autoencoder.py", "--epochs", "20", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "359 held-out images" in done.stdout
    errors = squared_errors(done.stdout)
    assert errors["autoencoder"] < 0.4 * errors["noisy image"]
    assert errors["autoencoder"] < errors["linear filter"] < errors["average digit"]
    assert errors["clean image"] == 0
    assert (tmp_path / "denoising.png").read_bytes().startswith(b"\x89PNG")


def test_denoising_autoencoder_reads_mnist_files_without_optional_packages(run_example, tmp_path):
    write_idx(tmp_path / "bars.gz", bars(800))
    arguments = ["--images", "bars.gz", "--epochs", "15", "--samples", "600"]
    blocked = ["matplotlib", "sklearn"]
    done = run_example("denoising_autoencoder.py", *arguments, folder=tmp_path, blocked=blocked)
    assert done.returncode == 0, done.stderr
    assert "(None, 8, 12, 1)" in done.stdout
    assert "120 held-out images" in done.stdout
    assert 'pip install "minikeras-numpy[plot]"' in done.stdout
    assert not (tmp_path / "denoising.png").exists()


def test_denoising_autoencoder_fails_above_its_target(run_example, tmp_path):
    write_idx(tmp_path / "bars.gz", bars(100))
    arguments = ["--images", "bars.gz", "--epochs", "1", "--target", "0.01"]
    done = run_example(
        "denoising_autoencoder.py", *arguments, folder=tmp_path, blocked=["matplotlib"]
    )
    assert done.returncode == 1
    assert "is above 0.01" in done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no images in the format of MNIST"),
        (b"P5 8 8 255 and then some bytes", "holds no images in the format of MNIST"),
        (np.array([0x0803, 1, 7, 8], ">i4").tobytes() + bytes(56), "must be multiples of 4"),
    ],
)
def test_denoising_autoencoder_turns_down_other_files(run_example, tmp_path, content, message):
    (tmp_path / "file").write_bytes(content)
    done = run_example("denoising_autoencoder.py", "--images", "file", folder=tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_denoising_autoencoder_says_what_brings_scikit_learn(run_example, tmp_path):
    done = run_example("denoising_autoencoder.py", folder=tmp_path, blocked=["sklearn"])
    assert done.returncode == 1
    assert 'pip install "minikeras-numpy[sklearn]"' in done.stderr


def test_transformer_order_reaches_its_target_without_optional_packages(run_example, tmp_path):
    done = run_example("transformer_order.py", folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 0, done.stderr
    assert re.search(r"^bag of words +\d+ +[\d.]+ +0\.5000$", done.stdout, flags=re.MULTILINE)
    assert 'pip install "minikeras-numpy[plot]"' in done.stdout
    assert not list(tmp_path.iterdir())


def test_transformer_order_draws_a_picture(run_example, tmp_path):
    pytest.importorskip("matplotlib")
    arguments = ["--epochs", "1", "--pairs", "100", "--target", "0"]
    done = run_example("transformer_order.py", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "transformer_order.png").read_bytes().startswith(b"\x89PNG")


def test_transformer_order_fails_below_its_target(run_example, tmp_path):
    arguments = ["--epochs", "1", "--pairs", "50"]
    done = run_example("transformer_order.py", *arguments, folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 1
    assert "is below 0.97" in done.stderr


@pytest.fixture(scope="module")
def transformer():
    return runpy.run_path(str(EXAMPLES / "transformer_order.py"))


def test_sentences_of_a_pair_differ_in_nothing_but_order(transformer):
    x, y = transformer["make_sentences"](500, np.random.default_rng(0))
    counts = transformer["count_words"](x)
    assert len(np.unique(x, axis=0)) == len(x) == 1000
    np.testing.assert_array_equal(counts[::2], counts[1::2])
    np.testing.assert_array_equal(y[::2], 1 - y[1::2])
    # Nor does it help to know who comes first, without the voice.
    people = [transformer["WORDS"].index(word) for word in transformer["PEOPLE"]]
    animals = [transformer["WORDS"].index(word) for word in transformer["ANIMALS"]]
    person_first = np.isin(x, people).argmax(axis=1) < np.isin(x, animals).argmax(axis=1)
    assert 0.4 < np.mean(person_first == y[:, 0]) < 0.6


def test_transformer_is_made_again_from_its_config(transformer):
    x, _ = transformer["make_sentences"](4, np.random.default_rng(0))
    model = transformer["build_transformer"]()
    again = type(model).from_config(model.get_config())
    again.set_weights(model.get_weights())
    expected = model.predict(x, verbose=0)
    np.testing.assert_array_equal(again.predict(x, verbose=0), expected)
    # What is after the end of a sentence is masked: other vectors there change nothing.
    embedding = again.layers[0]
    table = embedding.tokens.get_weights()[0]
    table[0] = table[1]
    embedding.tokens.set_weights([table])
    np.testing.assert_allclose(again.predict(x, verbose=0), expected, rtol=1e-6)


def test_attention_leaves_out_what_is_after_the_end(transformer):
    x, _ = transformer["make_sentences"](4, np.random.default_rng(0))
    embedding, block = transformer["build_transformer"]().layers[:2]
    scores = np.asarray(block.scores(embedding(x)))
    assert scores.shape == (8, 2, 13, 13)
    ended = np.broadcast_to((x == 0)[:, None, None, :], scores.shape)
    assert ended.any()
    written = (x != 0)[:, None, :, None] & ended
    assert (scores[np.broadcast_to(written, scores.shape)] == 0).all()
    np.testing.assert_allclose(scores.sum(axis=-1)[:, :, 0], 1, rtol=1e-5)
