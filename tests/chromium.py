"""A page in a headless Chromium, spoken to through its pipe: nothing but the standard library."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
from typing import Any

PROGRAM = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome", "chrome"])),
    None,
)

SILENCE = 60
"""How many seconds Chromium may say nothing while something is asked of it."""

_BEGIN = """
import fcntl, os, sys
read, write = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(read, 3)
os.dup2(write, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Puts the pipes where the browser looks for them, and becomes the browser."""


class Page:
    """An open page.

    Attributes:
        errors: what went wrong in the page's code so far.

    Args:
        address: what to open.
        folder: where the browser keeps its files.
        width, height: of the window.
        dark: whether the reader prefers dark colours.
    """

    def __init__(
        self, address: str, folder: Any, width: int = 1400, height: int = 900, dark: bool = False
    ) -> None:
        to_browser, self._to = os.pipe()
        self._from, from_browser = os.pipe()
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        options += ["--remote-debugging-pipe", f"--user-data-dir={folder}", "--no-first-run"]
        pipes = to_browser, from_browser
        self._process = subprocess.Popen(
            [sys.executable, "-ISc", _BEGIN, *map(str, pipes), PROGRAM, *options],
            pass_fds=pipes,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._count, self._rest, self.errors = 0, b"", []
        self._session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self.call("Runtime.enable")
        self.call("Log.enable")
        self.call("Page.enable")
        media = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=media)
        self.resize(width, height)
        self.open(address)

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *exception: Any) -> None:
        os.close(self._to)
        os.close(self._from)
        self._process.kill()
        self._process.wait()

    def call(self, method: str, **params: Any) -> dict:
        """Call a method of the DevTools protocol."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._rest:
                if not select.select([self._from], [], [], SILENCE)[0]:
                    raise TimeoutError(f"Chromium does not answer: {method}")
                piece = os.read(self._from, 1 << 20)
                if not piece:
                    raise RuntimeError("Chromium has ended.")
                self._rest += piece
            text, _, self._rest = self._rest.partition(b"\0")
            answer = json.loads(text)
            if answer.get("method") == "Runtime.exceptionThrown":
                self.errors.append(answer["params"]["exceptionDetails"])
            if answer.get("method") == "Log.entryAdded":
                entry = answer["params"]["entry"]
                if entry["level"] == "error" and entry["source"] != "network":
                    self.errors.append(entry["text"])
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, address: str) -> None:
        """Go to an address."""
        self.call("Page.navigate", url=address)

    def resize(self, width: int, height: int = 900) -> None:
        """Give the window another size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def value(self, expression: str) -> Any:
        """Return the value of JavaScript on the page, of a promise the value it comes to."""
        more = {"returnByValue": True, "awaitPromise": True}
        result = self.call("Runtime.evaluate", expression=expression, **more)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait_for(self, expression: str, seconds: float = 30) -> None:
        """Wait until JavaScript is true."""
        come = self.value(
            f"""new Promise((end) => {{
              const late = performance.now() + {1000 * seconds};
              const look = () => {{
                if ({expression}) end(true);
                else if (performance.now() > late) end(false);
                else setTimeout(look, 20);
              }};
              look();
            }})"""
        )
        assert come, f"never true: {expression}"

    def press(self, key: str, modifiers: int = 0) -> None:
        """Press a key where the focus is; `modifiers` is `CTRL`, `SHIFT`."""
        code = _CODES.get(key) or ord(key.upper())
        text = {"Enter": "\r", "Space": " "}.get(key, key if len(key) == 1 else "")
        event = {"key": " " if key == "Space" else key, "windowsVirtualKeyCode": code}
        event["modifiers"] = modifiers
        down = {"text": text} if text and not modifiers else {}
        if (key, modifiers) == ("a", CTRL):
            down = {"commands": ["selectAll"]}  # headless browsers know no shortcuts
        self.call("Input.dispatchKeyEvent", type="keyDown", **event, **down)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def write(self, text: str) -> None:
        """Write text in the place of what the field with the focus holds."""
        self.press("a", CTRL)
        self.call("Input.insertText", text=text)

    def picture(self) -> bytes:
        """Return a PNG of the whole page."""
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])


CTRL, SHIFT = 2, 8
"""Modifiers of keys."""

_CODES = {"Tab": 9, "Enter": 13, "Space": 32, "End": 35, "Home": 36, "ArrowUp": 38, "ArrowDown": 40}
