"""The examples that read folders and series, at small size."""

import re

import pytest

PNG = b"\x89PNG"


def test_forecast(run_example, tmp_path):
    pytest.importorskip("matplotlib")
    arguments = ["--hours", "3000", "--epochs", "5"]
    done = run_example("forecast.py", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    errors = [float(e) for e in re.findall(r"^\S.*\S +(\d\.\d\d)$", done.stdout, re.MULTILINE)]
    assert len(errors) == 3 and errors[0] < 0.9 * min(errors[1:])
    assert (tmp_path / "forecast.png").read_bytes().startswith(PNG)


def test_a_forecast_that_is_not_good_enough_fails(run_example, tmp_path):
    arguments = ["--hours", "600", "--epochs", "1", "--gain", "0.9"]
    done = run_example("forecast.py", *arguments, folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 1 and "is not 90% below" in done.stderr
    assert 'pip install "minikeras-numpy[plot]"' in done.stdout


def test_images_in_folders(run_example, tmp_path):
    for library in ("sklearn", "PIL", "matplotlib"):
        pytest.importorskip(library)
    arguments = ["--epochs", "3", "--target", "0.9"]
    done = run_example("images_in_folders.py", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Found 1797 files belonging to 10 classes." in done.stdout
    assert "359 images set aside" in done.stdout
    assert (tmp_path / "images_in_folders.png").read_bytes().startswith(PNG)


def test_texts_in_folders(run_example, tmp_path):
    pytest.importorskip("matplotlib")
    done = run_example("texts_in_folders.py", "--samples", "800", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    words, pairs = (float(p) for p in re.findall(r"([\d.]+)% of the texts", done.stdout))
    assert words < 75 and pairs >= 95
    assert (tmp_path / "texts_in_folders.png").read_bytes().startswith(PNG)
