import io
import os
import sys

import pytest

from minikeras.utils.terminal import is_live, screen_width, terminal_width


class Terminal(io.StringIO):
    def isatty(self):
        return True


class KernelStream(io.StringIO):
    """Looks like the standard output of a notebook's kernel."""


KernelStream.__module__ = "ipykernel.iostream"


def test_is_live(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("PYCHARM_HOSTED", raising=False)
    assert is_live(Terminal())
    assert is_live(KernelStream())
    assert not is_live(io.StringIO())
    assert not is_live(None)
    monkeypatch.setenv("PYCHARM_HOSTED", "1")
    assert is_live(sys.__stdout__)
    assert not is_live(io.StringIO())


@pytest.mark.parametrize("term", ["dumb", "unknown", "DUMB"])
def test_a_dumb_terminal_is_not_live(monkeypatch, term):
    monkeypatch.setenv("TERM", term)
    assert not is_live(Terminal())


def test_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "47")
    assert terminal_width() == 47
    monkeypatch.setenv("COLUMNS", "wide")
    monkeypatch.setattr(os, "get_terminal_size", lambda fd: os.terminal_size((63, 10)))
    assert terminal_width() == 63

    def none(fd):
        raise OSError

    monkeypatch.setattr(os, "get_terminal_size", none)
    assert terminal_width() == 80
    assert screen_width("ab") == 2
    assert screen_width("层━e\u0301") == 4
