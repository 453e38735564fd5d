"""examples/character_model.py: its grammar is what it says it is, and the model learns to write."""

import random
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture(scope="module")
def example():
    return runpy.run_path(str(EXAMPLES / "character_model.py"))


def test_the_grammar_knows_its_sentences(example):
    rng = random.Random(0)
    right = example["GRAMMATICAL"].fullmatch
    sentences = [example["write_sentence"](rng) for _ in range(3000)]
    assert all(map(right, sentences))
    assert right(example["EXAMPLE"])
    for wrong in (
        "the old dogs that hear a cat sleeps.",
        "a dogs sleep.",
        "the dog sleeps",
        "the dog sleeps. ",
        "the dog that hear a cat sleeps.",
    ):
        assert not right(wrong)


def test_the_grammar_is_measured(example):
    """By hand for a part; by drawing for the whole."""
    # THING: 6 nouns after "a" and after "the", and 4 adjectives times 6 nouns.
    number, longest, length, bits = example["measure"]("THING")
    noun, adjective = (3 + 3 + 3 + 4 + 4 + 3) / 6, 3  # mean lengths
    assert (number, longest) == (6 + 6 + 24, len("the big duck"))
    assert length == pytest.approx((2 + noun + 4 + noun + 5 + adjective + noun) / 3)
    assert bits == pytest.approx(np.log2(3) + np.log2(6) + np.log2(4) / 3)

    rng = random.Random(0)
    sentences = [example["write_sentence"](rng) for _ in range(4000)]
    number, longest, length, bits = example["measure"]()
    assert np.mean([len(s) for s in sentences]) == pytest.approx(length, rel=0.02)
    assert max(map(len, sentences)) <= longest == example["LENGTH"] - 1
    assert 0 < bits < np.log2(number)


def test_what_comes_next(example):
    x, y = example["encode"](["a cat runs.", example["EXAMPLE"]])
    assert x.shape == y.shape == (2, example["LENGTH"])
    read = ["".join(example["CHARACTERS"][i] for i in row) for row in (x[0], y[0])]
    assert read == ["\na cat runs.", "a cat runs.\n"]


def test_the_model_sees_nothing_of_what_comes(example):
    model = example["build_model"](size=8, blocks=2)
    x = example["encode"]([example["EXAMPLE"]])[0][:, :12]
    other = x.copy()
    other[:, 8:] = 5
    before, after = np.asarray(model(x)), np.asarray(model(other))
    np.testing.assert_allclose(before[:, :8], after[:, :8], atol=1e-6)
    assert abs(before[:, 8:] - after[:, 8:]).max() > 1e-3


def test_character_model_learns_and_draws(run_example, tmp_path):
    pytest.importorskip("matplotlib")
    arguments = ["--sentences", "800", "--epochs", "3", "--samples", "20", "--target", "0"]
    done = run_example("character_model.py", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    bits = [float(b) for b in re.findall(r"([\d.]+) bits, ", done.stdout)]
    floor = float(re.search(r"fewer than ([\d.]+) bits", done.stdout)[1])
    assert len(bits) == 3 and bits[0] > bits[1] > bits[2] >= floor - 0.02
    assert bits[2] < 1.6  # the frequencies of single letters alone: about 4
    assert (tmp_path / "character_model.png").read_bytes().startswith(b"\x89PNG")


def test_character_model_fails_below_its_target(run_example, tmp_path):
    arguments = ["--sentences", "64", "--epochs", "1", "--samples", "10", "--blocks", "1"]
    done = run_example("character_model.py", *arguments, folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 1 and "of the sentences are grammatical" in done.stderr
    assert 'pip install "minikeras-numpy[plot]"' in done.stdout
