"""The page and its commands over HTTP, for the one who started the server and nobody else.

Code comes in and is run, so three things are asked of every request: the random token in its path;
a `Host` that is this server's (a name of a stranger's that leads here, DNS rebinding, is refused); and,
where there is an `Origin`, the page's own.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from minikeras.playground.fields import FieldError
from minikeras.playground.session import QUESTIONS, Session

MOST_BYTES = 8_000_000
"""How long a request may be: a table of 20,000 rows is well below."""

_FILES = {
    "": ("page.html", "text/html; charset=utf-8"),
    "page.css": ("page.css", "text/css; charset=utf-8"),
    "page.js": ("page.js", "text/javascript; charset=utf-8"),
}
_ORDERS = frozenset({"data", "edit", "code", "settings", "start", "stop", "step", "reset"})

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PlaygroundServer(ThreadingHTTPServer):
    """Serve the page on this machine's own address.

    Args:
        port: the port, 0 for one that is free.

    Example:

    >>> from minikeras.playground.server import PlaygroundServer
    >>> with PlaygroundServer() as server:
    ...     server.address.startswith("http://127.0.0.1:")
    True
    """

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # on Windows it would share the port with others

    def __init__(self, port: int = 0) -> None:
        self.token = secrets.token_urlsafe(24)
        super().__init__(("127.0.0.1", port), _Handler)
        self.session = Session()

    @property
    def address(self) -> str:
        """Where the page is, with its token."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}/"

    @property
    def hosts(self) -> set[str]:
        """What browsers may call this server."""
        names = {"127.0.0.1", "localhost"}
        with_port = {f"{name}:{self.server_port}" for name in names}
        return with_port | names if self.server_port == 80 else with_port

    def server_close(self) -> None:
        """Close the socket and end the session."""
        super().server_close()
        if hasattr(self, "session"):  # not if the port was taken
            self.session.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of browsers that hang up."""


class _Handler(BaseHTTPRequestHandler):
    server: PlaygroundServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "minikeras", ""
    timeout = 60

    def do_GET(self) -> None:
        target = self._allowed()
        if target is None:
            return
        if target.path in _FILES:
            name, kind = _FILES[target.path]
            self._send(
                HTTPStatus.OK, files("minikeras.playground").joinpath(name).read_bytes(), kind
            )
        elif target.path in QUESTIONS:
            self._answer(target.path, dict(parse_qsl(target.query)))
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such page.")

    def do_POST(self) -> None:
        target = self._allowed()
        if target is None:
            return
        if target.path not in _ORDERS:
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such command.")
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "The request does not say how long it is.")
            return
        if len(length) > 12 or int(length) > MOST_BYTES:
            self._refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {MOST_BYTES} bytes are taken."
            )
            return
        body = self.rfile.read(int(length))
        # A form of another page's cannot send this type without being asked for its origin.
        if self.headers.get_content_type() != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Commands are JSON.")
            return
        try:
            arguments = json.loads(body or b"{}")
        except ValueError:
            arguments = None
        if not isinstance(arguments, dict):
            self._refuse(HTTPStatus.BAD_REQUEST, "A JSON object was expected.")
            return
        self._answer(target.path, arguments)

    def _allowed(self) -> Any:
        """Return what is asked for, without the token; or answer and return None."""
        server = self.server
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or hosts[0].lower() not in server.hosts:
            return self._refuse(HTTPStatus.FORBIDDEN, "This server has another name.")
        for origin in self.headers.get_all("Origin") or []:
            if origin.lower() not in {f"http://{host}" for host in server.hosts}:
                return self._refuse(HTTPStatus.FORBIDDEN, "Other pages may not ask this server.")
        try:
            target = urlsplit(self.path)
        except ValueError:
            return self._refuse(HTTPStatus.BAD_REQUEST, "This is no address.")
        token, slash, path = target.path.removeprefix("/").partition("/")
        if not slash or not hmac.compare_digest(token.encode(), server.token.encode()):
            return self._refuse(
                HTTPStatus.FORBIDDEN,
                "The token is missing: open the address that the server printed when it started.",
            )
        return target._replace(path=path)

    def _answer(self, command: str, arguments: dict) -> None:
        try:
            session = self.server.session
            answer = session.stop() if command == "stop" else session.do(command, **arguments)
        except (ValueError, TypeError) as error:
            answer = {"message": str(error)}
            if isinstance(error, FieldError):
                answer["field"] = error.field
            self._send_json(HTTPStatus.BAD_REQUEST, answer)
        except TimeoutError as error:
            self._send_json(HTTPStatus.SERVICE_UNAVAILABLE, {"message": str(error)})
        except BaseException as error:
            message = f"{type(error).__name__}: {error}"
            self._send_json(HTTPStatus.INTERNAL_SERVER_ERROR, {"message": message})
        else:
            self._send_json(HTTPStatus.OK, answer)

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        self.close_connection = True  # what else was sent is not read
        self._send_json(status, {"message": message})

    def _send_json(self, status: HTTPStatus, value: Any) -> None:
        self._send(status, json.dumps(_plain(value)).encode(), "application/json")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Keep the terminal for what the model's code prints."""


def _plain(value: Any) -> Any:
    """Return a value with None in place of numbers that JSON lacks."""
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value
