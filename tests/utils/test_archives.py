"""Archives of strangers: what Keras's published weaknesses of `get_file` let in is refused."""

import gzip
import io
import os
import stat
import tarfile
import zipfile

import pytest

from minikeras.utils import archives
from minikeras.utils.archives import UnsafeArchive, extract_archive

needs_links = pytest.mark.skipif(os.name == "nt", reason="needs links")


def entry(name, kind=tarfile.REGTYPE, target="", content=b"", mode=0o644):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size, info.mode = kind, target, len(content), mode
    return info, content


def tar(path, *entries, mode="w"):
    with tarfile.open(path, mode) as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content))
    return str(path)


def everything(folder):
    """Each file and link below a folder, with what is in it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"-> {os.readlink(path)}"
        elif path.is_file():
            found[name] = path.read_bytes()
    return found


SYM, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE
DEEP = "/".join(["d" * 247] * 15)

ATTACKS = {
    "CVE-2007-4559, CVE-2021-35958: up": [entry("../evil", content=b"x")],
    "up and down again": [entry("a/../../evil", content=b"x")],
    "an absolute name (CVE-2024-55459)": [entry("/tmp/evil", content=b"x")],
    "CVE-2025-12060: through a link": [entry("a", SYM, ".."), entry("a/evil", content=b"x")],
    "a link out": [entry("a", SYM, "../secret")],
    "an absolute link out": [entry("a", SYM, "/etc/passwd")],
    "a link to the folder itself, then up (keras pull 23015)": [
        entry("link", SYM, "."),
        entry("link/../evil", content=b"x"),
    ],
    "links in a row": [
        entry("d", tarfile.DIRTYPE),
        entry("d/a", SYM, ".."),
        entry("b", SYM, "d/a/.."),
    ],
    "a link through a link": [
        entry("d/f", content=b"x"),
        entry("e", SYM, "d"),
        entry("b", SYM, "e/f"),
    ],
    "a hard link to a link": [entry("a", SYM, "first"), entry("b", HARD, "a")],
    "CVE-2025-12638, CVE-2025-4517: a path too long to be resolved": [
        entry(DEEP, tarfile.DIRTYPE),
        entry("short", SYM, DEEP),
        entry("escape", SYM, "short/" + "../" * 16),
        entry("escape/evil", content=b"x"),
    ],
    "the name of a hard link (keras pull 22973)": [
        entry("good", content=b"x"),
        entry("../evil", HARD, "good"),
    ],
    "a hard link to outside": [entry("a", HARD, "../secret")],
    "a hard link to a link to outside": [entry("a", SYM, "../secret"), entry("b", HARD, "a")],
    "a link to nothing": [entry("a", SYM, "nothing")],
    "links to each other": [entry("a", SYM, "b"), entry("b", SYM, "a")],
    "a file and a link in one place": [entry("a/b", content=b"x"), entry("a", SYM, ".")],
    "a pipe": [entry("a", tarfile.FIFOTYPE)],
    "a device": [entry("a", tarfile.CHRTYPE)],
    "a folder in too many folders": [entry("a/" * 101 + "b", content=b"x")],
}


@needs_links
@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_refused_and_change_nothing(tmp_path, monkeypatch, name):
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "mine").write_bytes(b"mine")
    path = tar(tmp_path / "a.tar", entry("first", content=b"1"), *ATTACKS[name])
    before = everything(tmp_path)
    # Keras once measured paths from where the process stood (GHSA-hqp4-2352-xf5r).
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnsafeArchive, match=r"a\.tar was not unpacked: .*member"):
        extract_archive(path, str(tmp_path / "into"))
    assert everything(tmp_path) == before


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil"])
def test_zip_attacks_are_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("first", "1")
        archive.writestr(name, "x")
    with pytest.raises(UnsafeArchive, match="evil"):
        extract_archive(str(tmp_path / "a.zip"), str(tmp_path / "into"))
    assert sorted(everything(tmp_path)) == ["a.zip"]


@needs_links
def test_what_is_in_archives_of_data_is_unpacked(tmp_path):
    entries = [
        entry("./data", tarfile.DIRTYPE),
        entry("data/a.txt", content=b"one"),
        entry("data/run", content=b"two", mode=0o4777),
        entry("data/same", HARD, "data/a.txt"),
        entry("data/latest", SYM, "newest"),  # to a link that comes later
        entry("data/newest", SYM, "../data/a.txt"),
        entry("more", SYM, "data"),
        entry("data/a.txt", content=b"the last one counts"),
    ]
    for suffix in ("", ":gz", ":bz2", ":xz"):
        into = tmp_path / f"into{suffix[1:]}"
        path = tar(tmp_path / f"a{suffix[1:]}.tar", *entries, mode=f"w{suffix}")
        assert extract_archive(path, str(into))
        assert everything(into) == {
            "data/a.txt": b"the last one counts",
            "data/latest": "-> newest",
            "data/newest": "-> ../data/a.txt",
            "data/run": b"two",
            "data/same": b"one",
            "more": "-> data",
        }
        assert stat.S_IMODE((into / "data" / "run").stat().st_mode) == 0o755  # not as another user


@needs_links
def test_what_was_there_stays_and_links_of_the_users_are_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    into = tmp_path / "into"
    (into / "a").mkdir(parents=True)
    (into / "a" / "mine").write_bytes(b"mine")
    (into / "a" / "old").write_bytes(b"old")
    (into / "b").symlink_to(outside)
    path = tar(tmp_path / "a.tar", entry("a/old", content=b"new"), entry("b/x", content=b"x"))
    extract_archive(path, str(into))
    assert everything(into) == {"a/mine": b"mine", "a/old": b"new", "b/x": b"x"}
    assert everything(outside) == {}
    assert sorted(os.listdir(tmp_path)) == ["a.tar", "into", "outside"]


def test_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("data/", "")
        archive.writestr("data/a.txt", "one")
        archive.writestr("b", "two")
    assert not extract_archive(str(tmp_path / "a.zip"), str(tmp_path / "into"), ("tar",))
    assert extract_archive(str(tmp_path / "a.zip"), str(tmp_path / "into"))
    assert everything(tmp_path / "into") == {"data/a.txt": b"one", "b": b"two"}


def test_bombs(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_ALWAYS", 1 << 16)
    zeros, few = bytes(1 << 20), [entry("zeros", content=bytes(1 << 16))]
    many = [entry(f"{i}/{j}") for i in range(10) for j in range(60)]
    bombs = {
        "large": tar(tmp_path / "large.tgz", entry("zeros", content=zeros), mode="w:gz"),
        "many": tar(tmp_path / "many.tgz", *many, mode="w:gz"),
        "zip": str(tmp_path / "large.zip"),
    }
    with zipfile.ZipFile(bombs["zip"], "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", zeros)
    for path in bombs.values():
        with pytest.raises(UnsafeArchive, match="much more is in it"):
            extract_archive(path, str(tmp_path / "into"))
    assert not (tmp_path / "into").exists()
    extract_archive(tar(tmp_path / "few.tgz", *few, mode="w:gz"), str(tmp_path / "into"))

    # A header of which all would be read into memory.
    header = entry("long", tarfile.GNUTYPE_LONGNAME)[0]
    header.size = 1 << 40
    content = header.tobuf(tarfile.GNU_FORMAT) + bytes(2 * archives._LARGEST_HEADER)
    (tmp_path / "header.tgz").write_bytes(gzip.compress(content, 1))
    with pytest.raises(UnsafeArchive, match="a header of"):
        extract_archive(str(tmp_path / "header.tgz"), str(tmp_path / "into"))


def test_damaged_archives(tmp_path):
    content = os.urandom(1 << 16)
    path = tmp_path / "a.tgz"
    tar(path, entry("a", content=content), mode="w:gz")
    path.write_bytes(path.read_bytes()[: 1 << 15])
    with pytest.raises(ValueError, match=r"a\.tgz cannot be unpacked"):
        extract_archive(str(path), str(tmp_path / "into"))
    path.write_bytes(b"no archive")
    assert not extract_archive(str(path), str(tmp_path / "into"))
    assert os.listdir(tmp_path) == ["a.tgz"]
