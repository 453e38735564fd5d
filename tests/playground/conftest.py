"""A playground that is served, and how long its tests wait for what should take no time."""

import threading

import pytest

from minikeras.playground import session as session_module
from minikeras.playground.server import PlaygroundServer


@pytest.fixture(scope="module", autouse=True)
def patience():
    """Give the thread more seconds than a busy machine needs: a test of one that hangs fails then."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session_module, "PATIENCE", 60.0)
        yield session_module.PATIENCE


@pytest.fixture(scope="module")
def server(patience):
    with PlaygroundServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
