"""`CSVLogger`: writes the metrics of every epoch to a CSV file."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from typing import Any

from minikeras.callbacks.callback import Callback, Logs
from minikeras.common.arguments import PathLike


class CSVLogger(Callback):
    """Writes a line for every epoch: its number and its metrics, in alphabetical order.

    The columns are those of the first epoch; if it has no validation, columns for one are kept
    free. A metric that an epoch lacks is written as `NA`, a vector as `"[1.0, 2.0]"`. Every line
    reaches the file at once.

    Args:
        filename: the file.
        separator: what stands between the columns, one character.
        append: whether to go on with a file that exists, rather than to replace it.

    Example:

    >>> import os, tempfile
    >>> from minikeras.callbacks import CSVLogger
    >>> path = os.path.join(tempfile.mkdtemp(), "log.csv")
    >>> logger = CSVLogger(path)
    >>> logger.on_train_begin()
    >>> logger.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
    >>> logger.on_train_end()
    >>> print(open(path).read().strip())
    epoch,loss,val_loss
    0,0.5,0.75
    """

    def __init__(self, filename: PathLike, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.append_header = True
        self.csv_file: Any = None
        self.keys: list[str] | None = None
        self._start = 0  # where the rows of this training begin in the file
        self._written = ""

    def get_state(self) -> dict[str, Any]:
        return {
            "append_header": self.append_header,
            "keys": self.keys,
            "start": self._start,
            "written": self._written,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        self.append_header, self.keys = state["append_header"], state["keys"]
        self._start = min(state["start"], os.path.getsize(self.filename))
        self.csv_file.seek(self._start)
        self.csv_file.truncate()
        self._written = ""
        self._write(state["written"])

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._close()
        has_text = os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        self.append_header = not (self.append and has_text)
        # The csv module writes line ends itself.
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="")  # noqa: SIM115
        self.keys = None
        self._start, self._written = self.csv_file.tell(), ""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        import csv

        logs = logs or {}
        rows = io.StringIO()
        writer = csv.writer(rows, delimiter=self.sep)
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
            if self.append_header:
                writer.writerow(["epoch", *self.keys])
        writer.writerow([epoch, *(_as_cell(logs.get(key, "NA")) for key in self.keys)])
        self._write(rows.getvalue())

    def _write(self, text: str) -> None:
        self.csv_file.write(text)
        self.csv_file.flush()
        self._written += text

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._close()

    def on_train_abort(self) -> None:
        self._close()

    def _close(self) -> None:
        if self.csv_file is not None:
            self.csv_file.close()
            self.csv_file = None  # so that the callback can be pickled


def _as_cell(value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"'
