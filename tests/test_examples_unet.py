"""The U-Net at small size, and the shapes that it finds."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "examples" / "unet.py"


def test_unet(run_example, tmp_path):
    pytest.importorskip("matplotlib")
    arguments = ["--epochs", "6", "--pictures", "96", "--target", "0.3"]
    done = run_example("unet.py", *arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(?:threshold|U-Net) +(\S+) +(\S+)$", done.stdout, re.M)
    for iou, dice in np.array(rows, float):
        assert dice == pytest.approx(2 * iou / (1 + iou), abs=0.002)
    assert (tmp_path / "unet.png").read_bytes().startswith(b"\x89PNG")


def test_a_unet_that_learned_nothing_fails(run_example, tmp_path):
    arguments = ["--epochs", "1", "--pictures", "8"]
    done = run_example("unet.py", *arguments, folder=tmp_path, blocked=["matplotlib"])
    assert done.returncode == 1 and "is below 0.78" in done.stderr
    assert 'pip install "minikeras-numpy[plot]"' in done.stdout


def test_overlaps_and_shapes():
    example = runpy.run_path(str(SCRIPT))
    truth, found = np.array([[0, 0, 1, 1, 1], [0, 1, 1, 1, 0]], bool)
    assert example["overlaps"](truth, found) == (2 / 4, 4 / 6)
    grid = np.linspace(-2, 2, 401)
    u, v = np.meshgrid(grid, grid)
    cell = 0.01**2
    areas = [
        np.sum(example["outside"](kind, u, v, 1.0) < 0) * cell
        for kind in ("disc", "square", "triangle")
    ]
    np.testing.assert_allclose(areas, [np.pi, 1.7**2, 3 * np.sqrt(3) * 0.6**2], rtol=0.02)


def test_masks_turn_with_their_pictures():
    example = runpy.run_path(str(SCRIPT))
    masks = np.arange(4 * 9).reshape(4, 3, 3)
    batches = example["Augmented"](masks[..., None], masks, 3, np.random.default_rng(0))
    assert len(batches) == 2
    pictures, turned = batches[0]
    assert pictures.shape == (3, 3, 3, 1)
    np.testing.assert_array_equal(pictures[..., 0], turned)
