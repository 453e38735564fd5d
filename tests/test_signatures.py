"""Public names take Keras's arguments, in its order and with its defaults; `docs/coverage.md` says so."""

import re

import keras_api
import pytest

NAMES = keras_api.read_names()
SPACES = sorted({path.rpartition(".")[0] for path in NAMES})


def test_the_list_is_that_of_the_installed_keras(keras):
    if keras.__version__ != "3.15.1":
        pytest.skip(f"the list is of Keras 3.15.1, and this is {keras.__version__}")
    assert keras_api.written_names(keras) == keras_api.NAMES.read_text()


@pytest.mark.parametrize("space", SPACES)
def test_arguments_and_defaults_are_keras_own(space):
    if space == "wrappers":
        pytest.importorskip("sklearn")
    for path in NAMES:
        if path.rpartition(".")[0] != space or path in keras_api.OTHERWISE:
            continue
        if keras_api.reason(path) is None and keras_api.ours(path) is not keras_api.MISSING:
            assert keras_api.difference(path, NAMES[path]) is None, path


@pytest.mark.parametrize("path", keras_api.LEFT_OUT)
def test_what_is_left_out_says_why_when_it_is_made(path):
    assert keras_api.difference(path, NAMES[path]) is None
    with pytest.raises(ImportError, match=re.escape(keras_api.reason(path))):
        keras_api.ours(path)()


def test_what_comes_later_is_not_there():
    """Nor is there a word about a name that Keras has not got."""
    out = [path for path in NAMES if keras_api.reason(path) and path not in keras_api.LEFT_OUT]
    assert [path for path in out if keras_api.ours(path) is not keras_api.MISSING] == []
    spaces = {path.rpartition(".")[0] for path in out}
    assert set(keras_api.LATER) <= set(out) | spaces
    assert set(keras_api.OTHERWISE) <= set(NAMES)


def test_the_page_is_up_to_date():
    pytest.importorskip("sklearn")
    assert keras_api.PAGE.read_text() == keras_api.page(), "run python tests/keras_api.py"


def test_nothing_is_missing():
    pytest.importorskip("sklearn")
    assert keras_api.missing() == []
