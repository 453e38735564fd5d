"""The examples run at small size, in processes of their own, and say what they should."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def test_make_moons_reaches_its_target_without_optional_packages(run_example, tmp_path):
    done = run_example("make_moons.py", folder=tmp_path, blocked=["matplotlib", "sklearn"])
    assert done.returncode == 0, done.stderr
    assert "Total params: 25" in done.stdout
    assert 'pip install "minikeras-numpy[plot]"' in done.stdout
    assert not list(tmp_path.iterdir())


def test_make_moons_draws_a_picture(run_example, tmp_path):
    pytest.importorskip("matplotlib")
    done = run_example("make_moons.py", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "accuracy 1.0000" in done.stdout or "accuracy 0.99" in done.stdout
    assert (tmp_path / "make_moons.png").read_bytes().startswith(b"\x89PNG")


def test_make_moons_fails_below_its_target(run_example, tmp_path):
    done = run_example("make_moons.py", "--epochs", "1", folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 1
    assert "is below 0.99" in done.stderr


def test_digits(run_example, tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    done = run_example("digits.py", "--epochs", "6", "--target", "0.9", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "val_accuracy" in done.stdout
    assert (tmp_path / "digits.png").read_bytes().startswith(b"\x89PNG")


def test_digits_says_what_brings_scikit_learn(run_example, tmp_path):
    done = run_example("digits.py", folder=tmp_path, blocked=["sklearn"])
    assert done.returncode == 1
    assert 'pip install "minikeras-numpy[sklearn]"' in done.stderr


def test_private_digits(run_example, tmp_path):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    arguments = ["--epochs", "8", "--noise", "8", "2", "--target", "0.7"]
    done = run_example("private_digits.py", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "private_digits.png").read_bytes().startswith(b"\x89PNG")
    rows = [line.split() for line in done.stdout.splitlines()[2:5]]
    (_, little, worse), (_, much, better), (_, _, best) = rows
    assert float(little) < float(much) and float(worse) < float(better) <= float(best) + 0.02


@pytest.mark.parametrize(
    "noise, probability, steps, epsilon",
    [
        (8.0, 128 / 1437, 220, 0.658888070663637),
        (1.0, 128 / 1437, 220, 10.246656422085074),
        (0.7, 128 / 1437, 220, 21.516316869533924),
        (0.7, 0.01, 1000, 5.684078683694455),
        (0.5, 0.01, 1000, 15.4721334181956),
    ],
)
def test_the_privacy_budget_is_that_of_dp_accounting(noise, probability, steps, epsilon):
    """Epsilons for delta 1e-5 of dp-accounting 0.6.0, `RdpAccountant` with orders 2 to 256."""
    pytest.importorskip("sklearn")
    example = runpy.run_path(str(EXAMPLES / "private_digits.py"))
    found = example["epsilon_of"](noise, probability, steps, 1e-5)
    assert found == pytest.approx(epsilon, rel=1e-9)


def test_functional_mlp(run_example, tmp_path):
    arguments = ["--epochs", "2", "--samples", "200", "--no-check"]
    done = run_example("functional_mlp.py", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Connected to" in done.stdout
    assert "siamese: same_quadrant_accuracy" in done.stdout
    pytest.importorskip("matplotlib")
    assert (tmp_path / "functional_mlp.png").read_bytes().startswith(b"\x89PNG")


def test_gan(run_example, tmp_path):
    arguments = ["--epochs", "2", "--samples", "256", "--no-check"]
    done = run_example("gan_two_tapes.py", *arguments, folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 0, done.stderr
    assert "d_loss" in done.stdout
    assert "radius of the generated points" in done.stdout
