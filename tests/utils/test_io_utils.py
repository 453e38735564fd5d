import ast
import io
import sys
from pathlib import Path

import pytest

import minikeras
from minikeras.utils.io_utils import (
    ask_to_proceed_with_overwrite,
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
    print_msg,
)


def test_print_msg(capsys):
    print_msg("a")
    print_msg(1, line_break=False)
    assert capsys.readouterr().out == "a\n1"


def test_interactive_logging_off(capsys, caplog):
    caplog.set_level("INFO", logger="minikeras")
    assert is_interactive_logging_enabled()
    disable_interactive_logging()
    try:
        assert not is_interactive_logging_enabled()
        print_msg("\nhello")
    finally:
        enable_interactive_logging()
    assert is_interactive_logging_enabled()
    assert capsys.readouterr().out == ""
    assert caplog.messages == ["hello"]


def test_characters_that_the_output_lacks(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", newline="\n"))
    print_msg("━é━")
    assert raw.getvalue() == b"==\n"


def test_no_output_at_all(monkeypatch, capfd, caplog):
    """Nothing is raised, nothing goes elsewhere, and the next message is printed again."""
    caplog.set_level("INFO", logger="minikeras")
    with monkeypatch.context() as without_output:
        without_output.setattr(sys, "stdout", None)
        print_msg("lost")
    print_msg("seen")
    assert capfd.readouterr() == ("seen\n", "")
    assert caplog.messages == []


@pytest.mark.parametrize("answers, expected", [(["y"], True), ([" N "], False), (["x", "Y"], True)])
def test_ask_to_proceed_with_overwrite(monkeypatch, capsys, answers, expected):
    replies = iter(answers)
    monkeypatch.setattr("builtins.input", lambda prompt: next(replies))
    assert ask_to_proceed_with_overwrite("f.keras") is expected
    assert ("overwrite=True" in capsys.readouterr().out) is expected
    assert next(replies, None) is None


def test_nothing_is_printed_past_print_msg():
    """Messages go through `print_msg`, warnings through `warnings`; only command lines print."""
    package = Path(minikeras.__file__).parent
    command_lines = {
        "compat/runner.py",
        "compat/modernize/__init__.py",
        "playground/command.py",
    }
    command_lines |= {"compat/keras_backend/elementwise.py"}  # print_tensor
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "print(" in (text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    }
    assert found == command_lines
