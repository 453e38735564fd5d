import csv

import numpy as np
import pytest

EPOCHS = [
    {"loss": 1.0, "acc": np.float32(0.1), "vec": np.array([1.0, 2.0]), "name": "a,b"},
    {"loss": 0.3333333333, "new": 5.0},
]


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("old", [None, "", "epoch,loss\r\n0,9.0\r\n"])
def test_file_as_keras(ours, theirs, fit, tmp_path, separator, append, old):
    def run(api):
        path = tmp_path / "log.csv"
        path.unlink(missing_ok=True)
        if old is not None:
            path.write_bytes(old.encode())
        logger = api.CSVLogger(path, separator, append)
        fit(api, logger, EPOCHS)
        fit(api, logger, [{"loss": 2.0, "val_loss": 3.0}])
        return path.read_bytes()

    mine = run(ours)
    assert mine == run(theirs)
    assert b"a" in mine


def test_columns(api, fit, tmp_path):
    fit(api, api.CSVLogger(str(tmp_path / "log.csv")), [{"loss": 1.0, "acc": 0.5}, {"loss": 0.5}])
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "acc", "loss", "val_acc", "val_loss"]
    assert rows[0]["acc"] == "0.5" and rows[0]["val_acc"] == "NA"
    assert rows[1] == {"epoch": "1", "acc": "NA", "loss": "0.5", "val_acc": "NA", "val_loss": "NA"}


def test_every_epoch_reaches_the_file_at_once(ours, tmp_path):
    path = tmp_path / "log.csv"
    logger = ours.CSVLogger(path)
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 1.0})
    assert "0,1.0" in path.read_text()
    logger.on_train_abort()
    assert logger.csv_file is None
