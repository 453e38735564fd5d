"""The data of the page: what is made, and what a file may hold."""

import numpy as np
import pytest

from minikeras.playground.examples import MOST_ROWS, examples_of_csv, make_examples, names
from minikeras.playground.model_code import TEMPLATE, ModelCode
from minikeras.playground.trial import Trial

ROWS = "1,2,cat\n3,4,dog\n" * 4


@pytest.mark.parametrize("name", ["moons", "circles", "spirals", "blobs", "digits"])
def test_a_model_learns_each_kind_of_data(name):
    if name == "digits":
        pytest.importorskip("sklearn")
    assert name in names()
    examples = make_examples(name)
    code = ModelCode(TEMPLATE).fitted(examples.x.shape[1], len(examples.labels))
    code = code.replace("0.01", "0.03").replace("Dense(8", "Dense(16")
    trial = Trial(code, examples, batch_size=32)
    first = trial.accuracy(held_out=True)
    while trial.epoch < (5 if name == "digits" else 40):
        trial.train_batch()
    assert trial.accuracy(held_out=True) > max(0.9, first)
    assert trial.last[1] < trial.history[0][1]  # the loss


def test_a_quarter_is_held_out_and_has_every_class():
    for name in ("moons", "circles", "spirals", "blobs"):
        examples = make_examples(name, points=200, classes=3)
        (x, y), (held_out, y_held_out) = examples.training, examples.validation
        assert len(x) == 150 and len(held_out) == 50
        assert set(y.ravel()) == set(y_held_out.ravel()) == set(range(len(examples.labels)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "rings"}, "Unknown data 'rings'. Known: moons"),
        ({"points": 19}, f"Points must be a whole number from 20 to {MOST_ROWS}"),
        ({"noise": -1}, "Noise must be a number from 0 to 2"),
        ({"points": 30.5}, r"Received: 30\.5"),
        ({"noise": ""}, "Received: no number"),
        ({"name": "blobs", "classes": 7}, "Classes must be a whole number from 2 to 6"),
    ],
)
def test_what_cannot_be_made_is_said(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_examples(**arguments)


@pytest.mark.parametrize(
    ("text", "features"),
    [
        (ROWS, ["x1", "x2"]),
        ("width,height,kind\n" + ROWS, ["width", "height"]),
        ("\ufeffläng;höhe;art\n" + ROWS.replace(",", ";"), ["läng", "höhe"]),
        (ROWS.replace(",", "\t").replace("cat", '"cat"') + "\n\n", ["x1", "x2"]),
    ],
)
def test_a_table_with_and_without_names(text, features):
    table = examples_of_csv(text)
    assert (table.features, table.labels, table.name) == (features, ["cat", "dog"], "csv")
    np.testing.assert_allclose(table.x.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(table.x.std(axis=0), 1, rtol=1e-6)
    # A cat lies left of a dog, also after the rows were mixed.
    assert ((table.x[:, :1] > 0) == table.y).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,kind\n" + ROWS + "5,,cat\n", "Row 10: b is missing."),
        (",2,cat\n" + ROWS, "Row 1: x1 is missing."),
        (",,cat\n" + ROWS, "Row 1: x1 is missing."),
        (ROWS + "5,NA,cat\n", "Row 9: x2 is no number: 'NA'."),
        (ROWS + "5,nan,cat\n", "Row 9: x2 is no number: 'nan'."),
        (ROWS + "5,6,\n", "Row 9: the label is missing."),
        ("1,2,3,cat\n" * 8, "Row 1 has 4 columns: two features and a label are expected."),
        ("hello\nworld\n", "Row 1 has 1 column: "),
        ("\x89PNG\r\n\x1a\n\x00\x00", "Row 1 "),
        (ROWS + '"5,6,cat', "Row 9 is no CSV: "),
        ("1,2,cat\n" * 9, "There must be 2 to 20 kinds of labels. Received: 1"),
        ("1,2,cat\n", f"A file must have 8 to {MOST_ROWS} rows. Received: 1"),
        ("", "A file must have 8 to"),
        ("1,2,a\n3,4,b\n" * (MOST_ROWS // 2 + 1), f"Received: {MOST_ROWS + 2}"),
    ],
)
def test_a_file_that_is_no_such_table(text, message):
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        examples_of_csv(text)
