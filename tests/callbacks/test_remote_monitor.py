import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from minikeras.callbacks import RemoteMonitor


@pytest.fixture
def server():
    """A server on this machine that notes what it gets and answers with `server.status`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.server.got.append((self.path, dict(self.headers), body))
            self.send_response(self.server.status)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.status = [], 200
    server.root = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


LOGS = {"loss": 0.5, "acc": np.float32(0.25), "vec": np.array([1, 2])}
EXPECTED = {"epoch": 3, "loss": 0.5, "acc": 0.25, "vec": [1, 2]}


def test_form(server):
    RemoteMonitor(server.root, field="news").on_epoch_end(3, LOGS)
    ((path, headers, body),) = server.got
    assert path == "/publish/epoch/end/"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    fields = urllib.parse.parse_qs(body)
    assert list(fields) == ["news"]
    assert json.loads(fields["news"][0]) == EXPECTED


def test_json(server):
    monitor = RemoteMonitor(server.root, "/p", headers={"X-Key": "k"}, send_as_json=True)
    monitor.on_epoch_end(3, LOGS)
    ((path, headers, body),) = server.got
    assert path == "/p"
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Key"] == "k"
    assert json.loads(body) == EXPECTED


def test_error_answer_warns(server):
    server.status = 500
    with pytest.warns(UserWarning, match="answered 500"):
        RemoteMonitor(server.root).on_epoch_end(0, LOGS)
    assert len(server.got) == 1


def test_no_server_warns(server):
    root = "http://127.0.0.1:1"  # a port that nobody listens on
    with pytest.warns(UserWarning, match=f"Could not reach RemoteMonitor root server at {root}"):
        RemoteMonitor(root).on_epoch_end(0, LOGS)
