"""`get_file`: where files lie, hashes, downloads that break off, archives."""

import hashlib
import io
import os
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from minikeras.utils import get_file

CONTENT = bytes(range(256)) * 64
MD5, SHA256 = hashlib.md5(CONTENT).hexdigest(), hashlib.sha256(CONTENT).hexdigest()
URL = "https://there/a/words.txt?x=1"


class Server:
    """A server of one file, in the place of the net.

    Args:
        content: the file.
        sign: its ETag.
        breaks: after how many bytes the connection breaks.
    """

    def __init__(self, content=CONTENT, sign='"1"', breaks=None, url=URL):
        self.content, self.sign, self.breaks, self.url = content, sign, breaks, url
        self.asked = []

    def __call__(self, request, timeout):
        headers = {} if isinstance(request, str) else dict(request.header_items())
        self.asked.append(headers)
        start = 0
        if headers.get("If-range") == self.sign:
            start = int(headers["Range"].removeprefix("bytes=").removesuffix("-"))
        answer = Breaking(self.content[start:], self.breaks)
        answer.status = 206 if start else 200
        answer.geturl = lambda: self.url
        answer.headers = {"Content-Length": str(len(self.content) - start), "ETag": self.sign}
        if start:
            answer.headers["Content-Range"] = f"bytes {start}-"
        return answer


class Breaking(io.BytesIO):
    def __init__(self, content, breaks):
        super().__init__(content)
        self.left = breaks

    def read(self, n=-1):
        if self.left is None:
            return super().read(n)
        if self.left == 0:
            raise ConnectionResetError("broken")
        piece = super().read(min(n, self.left))
        self.left -= len(piece)
        return piece


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


def serve(monkeypatch, *args, **kwargs):
    server = Server(*args, **kwargs)
    monkeypatch.setattr(urllib.request, "urlopen", server)
    return server


def test_a_file_is_downloaded_once(home, monkeypatch, capsys):
    server = serve(monkeypatch)
    path = get_file(origin=URL, file_hash=SHA256)
    assert path == str(home / "datasets" / "words.txt")
    assert (home / "datasets" / "words.txt").read_bytes() == CONTENT
    out = capsys.readouterr().out
    assert f"Downloading data from {URL}" in out and "16384/16384" in out
    assert get_file(origin=URL, md5_hash=MD5.upper()) == path
    assert len(server.asked) == 1
    get_file(origin=URL, force_download=True)
    assert len(server.asked) == 2


def test_where_it_lies(home, monkeypatch):
    serve(monkeypatch)
    assert get_file("w", URL, cache_subdir="models/x") == str(home / "models" / "x" / "w")
    assert get_file("w", URL, cache_dir=home / "other") == str(home / "other" / "datasets" / "w")
    assert get_file("w", URL, cache_subdir=str(home / "abs")) == str(home / "abs" / "w")


def test_another_hash_downloads_again_or_fails(home, monkeypatch, capsys):
    serve(monkeypatch)
    path = home / "datasets" / "words.txt"
    path.parent.mkdir()
    path.write_bytes(b"half")
    get_file(origin=URL, file_hash=MD5)
    assert path.read_bytes() == CONTENT and "incomplete or outdated" in capsys.readouterr().out
    serve(monkeypatch, b"something else")
    with pytest.raises(ValueError, match="incomplete or corrupted.*has the hash"):
        get_file(origin=URL, file_hash=SHA256, force_download=True)
    assert path.read_bytes() == CONTENT  # what was there stays
    assert os.listdir(path.parent) == ["words.txt"]


@pytest.mark.parametrize("sign", ['"1"', "Thu, 26 Nov 2026 10:00:00 GMT"])
def test_a_download_goes_on_where_it_broke_off(home, monkeypatch, sign):
    serve(monkeypatch, sign=sign, breaks=10_000)
    with pytest.raises(OSError, match="URL fetch failure on https://there.*connection broke"):
        get_file(origin=URL)
    assert not (home / "datasets" / "words.txt").exists()
    server = serve(monkeypatch, sign=sign)
    path = get_file(origin=URL, file_hash=SHA256)
    assert server.asked == [{}, {"Range": "bytes=10000-", "If-range": sign}]
    assert Path(path).read_bytes() == CONTENT
    assert os.listdir(home / "datasets") == ["words.txt"]


def test_of_another_version_nothing_is_taken(home, monkeypatch):
    serve(monkeypatch, sign='"1"', breaks=10_000)
    with pytest.raises(OSError, match="broke"):
        get_file(origin=URL)
    server = serve(monkeypatch, CONTENT[::-1], sign='"2"')
    assert Path(get_file(origin=URL)).read_bytes() == CONTENT[::-1]
    assert server.asked == [{}]
    serve(monkeypatch, sign='"2"', breaks=10_000)
    with pytest.raises(OSError, match="broke"):
        get_file(origin=URL, force_download=True)
    serve(monkeypatch, CONTENT[:5000], sign='"2"')  # shorter, under the same sign
    assert Path(get_file(origin=URL, force_download=True)).read_bytes() == CONTENT[:5000]


def test_nobody_is_led_from_https_to_http(home, monkeypatch):
    serve(monkeypatch, url="http://elsewhere/words.txt")
    with pytest.raises(OSError, match="which is not https"):
        get_file(origin=URL)
    assert os.listdir(home / "datasets") == []


def test_without_the_net(home, monkeypatch):
    def no_net(*_, **__):
        raise urllib.error.URLError("no net here")

    monkeypatch.setattr(urllib.request, "urlopen", no_net)
    with pytest.raises(OSError, match="get_file: URL fetch failure on https://there.*no net"):
        get_file(origin=URL)


@pytest.mark.parametrize("name", ["../x", "a/b", "..", ".", "/etc/x", "a\0b", "..\\x"])
def test_names_are_no_paths(home, name):
    with pytest.raises(ValueError, match="`fname` must be a name without a folder"):
        get_file(name, URL)
    with pytest.raises(ValueError, match="fname"):
        get_file(origin="https://there/a/..")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"origin": None}, "`origin` must be a URL"),
        ({"origin": "words.txt"}, "`origin` must be a URL of https"),
        ({"origin": "https://there/"}, "does not end in a name"),
        # Keras takes any hash that it does not know for MD5.
        ({"file_hash": "0" * 40}, "32 or 64 hexadecimal digits"),
        ({"file_hash": MD5, "hash_algorithm": "sha256"}, "64 hexadecimal digits"),
        ({"file_hash": SHA256, "hash_algorithm": "md5"}, "32 hexadecimal digits"),
        ({"file_hash": SHA256, "hash_algorithm": "sha512"}, "hash_algorithm"),
    ],
)
def test_bad_arguments(home, monkeypatch, arguments, message):
    serve(monkeypatch)
    with pytest.raises(ValueError, match=message):
        get_file(**{"origin": URL, **arguments})
    assert not (home / "datasets" / "words.txt").exists()


def archive_of(name, content=b"one"):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


@pytest.mark.parametrize(
    ("fname", "archive", "folder"),
    [
        ("flowers", "flowers_archive", "flowers"),
        ("flowers.tar.gz", "flowers.tar.gz", "flowers_extracted"),
        (None, "words.txt_archive", "words.txt"),
    ],
)
def test_archives_lie_where_keras_has_them(home, monkeypatch, fname, archive, folder):
    serve(monkeypatch, archive_of("a/b.txt"))
    for how in ({"extract": True}, {"untar": True}):
        assert get_file(fname, URL, **how) == str(home / "datasets" / folder)
        assert (home / "datasets" / folder / "a" / "b.txt").read_bytes() == b"one"
    assert sorted(os.listdir(home / "datasets")) == sorted([archive, folder])


def test_what_is_no_archive_is_not_passed_over(home, monkeypatch):
    serve(monkeypatch)
    for kind in ("auto", "zip", ["tar"], None):
        with pytest.raises(ValueError, match="no archive of the format"):
            get_file("x", URL, extract=True, archive_format=kind)
    with pytest.raises(ValueError, match="`archive_format` must be"):
        get_file("x", URL, extract=True, archive_format="rar")
    serve(monkeypatch, archive_of("../evil"))
    with pytest.raises(ValueError, match="was not unpacked"):
        get_file("y", URL, extract=True)
    assert not (home / "datasets" / "evil").exists() and not (home / "datasets" / "y").exists()


def test_paths_are_keras_s(keras, home, tmp_path):
    """The same calls give the same paths, side by side."""
    source = tmp_path / "flowers.tgz"
    source.write_bytes(archive_of("a/b.txt"))
    for i, arguments in enumerate(
        [{}, {"fname": "x"}, {"fname": "x", "extract": True}, {"fname": "x.y.z", "untar": True}]
        + [{"extract": True}, {"cache_subdir": "s"}, {"file_hash": None, "archive_format": "tar"}]
    ):
        paths = []
        for name, library in (("theirs", keras), ("ours", None)):
            folder = tmp_path / f"{name}{i}"
            folder.mkdir()
            function = get_file if library is None else library.utils.get_file
            made = function(origin=source.as_uri(), cache_dir=str(folder), **arguments)
            found = sorted(p.relative_to(folder) for p in folder.rglob("*"))
            paths.append((os.path.relpath(made, folder), found))
        assert paths[0] == paths[1]
