"""Who may ask the server, and what: it runs code, so it listens to its own page alone."""

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from minikeras.playground import command
from minikeras.playground.model_code import TEMPLATE
from minikeras.playground.server import MOST_BYTES, PlaygroundServer

ROOT = Path(__file__).parents[2]


def asked(server, path, body=None, method=None, headers=(), token=True, host=None):
    """Send a request, with headers as given; return status, headers and answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=90)
    address = f"/{server.token}/{path}" if token else path
    connection.putrequest(
        method or ("POST" if body is not None else "GET"), address, skip_host=True
    )
    hosts = [f"127.0.0.1:{server.server_port}"] if host is None else host
    for name, value in [*(("Host", h) for h in hosts), *dict(headers).items()]:
        connection.putheader(name, value)
    names = {name.lower() for name in dict(headers)}
    if body is not None:
        if "content-length" not in names:
            connection.putheader("Content-Length", str(len(body)))
        if "content-type" not in names:
            connection.putheader("Content-Type", "application/json")
    connection.endheaders(body)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    with contextlib.suppress(ValueError):
        text = json.loads(text)
    return answer.status, answer.headers, text


def test_the_page_and_its_files_are_there_and_load_nothing_from_elsewhere(server):
    for path, kind in (("", "text/html"), ("page.css", "text/css"), ("page.js", "text/javascript")):
        status, headers, text = asked(server, path)
        assert (status, headers.get_content_type()) == (200, kind)
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"  # the token stays here
        elsewhere = set(re.findall(rb"https?://[\w.]+", text)) - {b"http://www.w3.org"}
        assert not elsewhere
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "address", ["/", "/page", "/wrong/state", "/wrong/", "/{token}", "/{half}/state"]
)
def test_without_the_token_there_is_nothing(server, address):
    address = address.format(token=server.token, half=server.token[:-1])
    status, _, answer = asked(server, address, token=False)
    assert status == 403 and "The token is missing" in answer["message"]
    assert server.token not in json.dumps(answer)


def test_every_server_has_another_token(server):
    with PlaygroundServer() as other:
        assert other.token != server.token and len(other.token) >= 32


@pytest.mark.parametrize(
    "host",
    [
        ["evil.example"],
        ["evil.example:{port}"],
        ["127.0.0.1"],
        ["127.0.0.1:1"],
        [],
        ["{me}", "{me}"],
    ],
)
def test_a_name_of_a_strangers_that_leads_here_is_refused(server, host):
    """DNS rebinding."""
    me = f"127.0.0.1:{server.server_port}"
    status, _, answer = asked(
        server, "state", host=[h.format(port=server.server_port, me=me) for h in host]
    )
    assert (status, answer) == (403, {"message": "This server has another name."})


def test_this_computers_other_name_is_known(server):
    assert asked(server, "state", host=[f"LocalHost:{server.server_port}"])[0] == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1", ""]
)
def test_other_pages_are_refused(server, origin):
    """Cross-site requests, with the token guessed."""
    headers = {"Origin": origin.format(port=server.server_port)}
    for body in (None, b"{}"):
        status, _, answer = asked(
            server, "state" if body is None else "step", body, headers=headers
        )
        assert (status, answer) == (403, {"message": "Other pages may not ask this server."})
    own = {"Origin": f"http://127.0.0.1:{server.server_port}"}
    assert asked(server, "stop", b"{}", headers=own)[0] == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"]
)
def test_what_forms_send_is_refused(server, kind):
    assert asked(server, "reset", b"{}", headers={"Content-Type": kind})[0] == 415


@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("", 411),
        ("-1", 411),
        ("ten", 411),
        ("²", 411),
        (str(MOST_BYTES + 1), 413),
        ("9" * 5000, 413),
    ],
)
def test_how_long_a_request_may_be(server, length, status):
    """It is refused before it is read: nothing of it was sent."""
    headers = {"Content-Length": length.encode("latin-1")}
    assert asked(server, "code", b"", headers=headers)[0] == status


def test_a_request_that_does_not_say_its_length(server):
    assert asked(server, "code", None, "POST", {"Transfer-Encoding": "chunked"})[0] == 411


@pytest.mark.parametrize("body", [b"no json", b"[1]", b"\xff", b'{"a": ', b"3"])
def test_commands_are_json_objects(server, body):
    status, _, answer = asked(server, "code", body)
    assert (status, answer) == (400, {"message": "A JSON object was expected."})


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("code", {}),
        ("code", {"code": 3}),
        ("code", {"code": "", "nothing": 1}),
        ("code", {"code": "", "command": "x", "self": 1}),
        ("code", {"code": "", "batch_size": 1e999}),
        ("data", {"name": "moons", "points": "many"}),
        ("edit", {"code": "", "action": "add"}),
        ("start", {"speed": "fast"}),
    ],
)
def test_wrong_arguments_are_said(server, command, arguments):
    status, _, answer = asked(server, command, json.dumps(arguments).encode())
    if status == 200:  # the code itself is wrong
        assert answer["error"]["message"]
    else:
        assert 400 <= status <= 500 and answer["message"]
    assert asked(server, "state")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "../server.py",
        "..%2fserver.py",
        "page.js/../server.py",
        "/etc/passwd",
        "server.py",
        "page.html",
        "__init__.py",
        "step",
        "x" * 3000,
    ],
)
def test_there_is_nothing_but_the_page(server, path):
    status, _, answer = asked(server, path)
    assert (status, answer) == (404, {"message": "There is no such page."})


def test_commands_are_not_asked_for_and_questions_are_not_posted(server):
    assert asked(server, "state", b"{}")[0] == 404
    assert asked(server, "nothing", b"{}")[0] == 404
    assert asked(server, "", method="PUT", body=b"")[0] == 501
    assert asked(server, "http://[/", token=False)[0] == 400


def test_a_training_over_http(server):
    code = asked(server, "page")[2]["code"]
    answer = asked(server, "code", json.dumps({"code": code + "# größer\n", "seed": 1}).encode())[2]
    assert answer["error"] is None
    asked(server, "step", b"")
    state = asked(server, "state")[2]
    assert state["step"] == 1
    name = "gradient%20of%20dense%2Fkernel"
    assert asked(server, f"array?name={name}")[2]["shape"] == [2, 8]
    status, _, answer = asked(server, "settings", json.dumps({"code": code, "seed": -1}).encode())
    assert status == 400 and answer["field"] == "seed" and "Received: -1" in answer["message"]
    status, _, answer = asked(server, "array?name=nothing")
    assert status == 400 and "nothing" in answer["message"]


def test_a_port_that_is_taken(server, capsys):
    port = str(server.server_port)
    assert command.main(["--port", port, "--no-browser"]) == 2
    assert f"port {port}: " in capsys.readouterr().err
    assert command.main(["--port", "99999", "--no-browser"]) == 2


def test_numbers_that_json_lacks_become_null(server):
    undefined = "bias_initializer=keras.initializers.Constant(float('nan'))"
    code = TEMPLATE.replace("Dense(8", f"Dense(8, {undefined}", 1)
    asked(server, "code", json.dumps({"code": code}).encode())
    asked(server, "step", b"{}")
    state = asked(server, "state")
    assert state[0] == 200 and state[2]["layers"][0]["weights"][1]["value"] is None
    values = asked(server, "array?name=dense%2Fbias%20after")[2]["values"]
    assert values == ["nan"] * 8
    asked(server, "code", json.dumps({"code": TEMPLATE}).encode())


KERAS = """
import keras
from tensorflow.keras.layers import Dense
model = keras.Sequential([keras.Input((2,)), Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
print("it runs", keras.__name__)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
@pytest.mark.parametrize("code", [KERAS, "print('it runs', flush=True)\nwhile True: pass"])
def test_ctrl_c_ends_it_whatever_it_does(code, patience):
    # As from a terminal, also where these tests run behind a shell that has its children ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "minikeras", "playground", "--no-browser"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    late = threading.Timer(patience, process.kill)
    late.start()
    try:
        host, port, token = re.match(
            r"The playground is at http://([\d.]+):(\d+)/([\w-]+)/", process.stdout.readline()
        ).groups()
        assert process.stdout.readline() == "Stop it with Ctrl-C.\n"
        body = json.dumps({"code": code}).encode()
        head = f"POST /{token}/code HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        with socket.create_connection((host, int(port)), timeout=patience) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            assert process.stdout.readline().startswith("it runs")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=patience)
    finally:
        late.cancel()
        process.kill()
        process.wait()
    assert (process.returncode, out, err) == (0, "\nStopped.\n", "")


def test_nothing_of_it_is_imported_with_the_package():
    program = (
        "import sys, minikeras; print([m for m in sys.modules if 'playground' in m or m == 'http'])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
