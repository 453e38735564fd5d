"""`RemoteMonitor`: sends the metrics of every epoch to a server."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from minikeras.callbacks.callback import Callback, Logs
from minikeras.common.traceback_utils import warn

TIMEOUT = 10  # seconds; a server that hangs must not hang the training


class RemoteMonitor(Callback):
    """Sends the metrics of every epoch as JSON, in an HTTP POST request to `root + path`.

    A server that cannot be reached, or answers with an error, makes a warning; training goes on.

    Args:
        root: address of the server.
        path: path on the server.
        field: name of the form field that holds the JSON, unless `send_as_json`.
        headers: dict of HTTP headers to add.
        send_as_json: whether the body is the JSON itself, of type `application/json`, rather than
            a form.

    Example:

    >>> from minikeras.callbacks import RemoteMonitor
    >>> monitor = RemoteMonitor(root="http://localhost:9000", send_as_json=True)
    >>> monitor.root + monitor.path
    'http://localhost:9000/publish/epoch/end/'
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        import urllib.error  # 30 ms that few need
        import urllib.parse
        import urllib.request

        text = json.dumps({"epoch": epoch, **{k: _plain(v) for k, v in (logs or {}).items()}})
        if self.send_as_json:
            body, kind = text, "application/json"
        else:
            body = urllib.parse.urlencode({self.field: text})
            kind = "application/x-www-form-urlencoded"
        request = urllib.request.Request(
            self.root + self.path,
            data=body.encode(),
            headers={"Content-Type": kind, **(self.headers or {})},
            method="POST",
        )
        try:
            urllib.request.urlopen(request, timeout=TIMEOUT).close()
        except urllib.error.HTTPError as error:
            error.close()
            warn(f"RemoteMonitor root server at {self.root} answered {error.code} {error.reason}")
        except OSError as error:
            warn(f"Could not reach RemoteMonitor root server at {self.root}: {error}")


def _plain(value: Any) -> Any:
    """Return arrays as numbers and lists."""
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
