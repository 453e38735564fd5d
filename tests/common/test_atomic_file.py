"""Files are there whole or not at all, whatever happens to the disk and to those who write them."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minikeras
from minikeras.common import atomic_file
from minikeras.common.atomic_file import atomic_path, remove_leftovers, scratch_folder, write_text
from minikeras.saving.saving_lib import load_training, save_training

ROOT = Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")


def start(script, *arguments):
    """Start a script in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


HOLD = """
import sys
from minikeras.common.atomic_file import atomic_path, scratch_folder
with atomic_path(sys.argv[1]) as temporary, scratch_folder(sys.argv[1]) as folder:
    open(temporary, "w").write("half")
    print("ready", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path):
    write_text(tmp_path / "file.txt", "old")
    atomic_file._cleaned.clear()
    return tmp_path / "file.txt"


def names(path):
    return sorted(os.listdir(path.parent))


def test_a_block_that_raises_leaves_the_old_file(path):
    with pytest.raises(KeyError), atomic_path(path) as temporary:
        Path(temporary).write_text("half")
        raise KeyError
    assert path.read_text() == "old" and names(path) == ["file.txt"]


def test_flushes_before_it_renames(path, monkeypatch):
    order = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (order.append("fsync"), fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda a, b: (order.append("rename"), replace(a, b)))
    write_text(path, "new")
    assert order == ["fsync", "rename", "fsync"]  # the file, then the folder
    assert path.read_text() == "new"


@posix
def test_temporary_files_of_killed_processes_are_deleted_by_the_next_one(path):
    killed, alive = start(HOLD, path), start(HOLD, path)
    for process in (killed, alive):
        assert process.stdout.readline() == "ready\n"
    assert len(names(path)) == 5
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    with atomic_path(path) as mine, scratch_folder(path) as folder:
        remove_leftovers(path)  # nor those in use here
        assert os.path.exists(mine) and os.path.exists(folder)
        left = names(path)
        assert [f".{killed.pid}." in name or f"-{killed.pid}." in name for name in left] == [
            False
        ] * 5
    alive.communicate("go on\n")
    assert names(path) == ["file.txt"]


def test_temporary_files_from_elsewhere_are_deleted_after_a_day(path):
    old, young = (path.with_name(f".file.0123abcd-{n}.xyz.txt") for n in (1, 2))
    foreign = path.with_name(".file.backup.txt")
    for file in (old, young, foreign):
        file.write_text("")
    day = os.stat(young).st_mtime - 25 * 3600
    os.utime(old, (day, day))
    os.utime(foreign, (day, day))
    write_text(path, "new")
    assert names(path) == sorted([young.name, foreign.name, "file.txt"])


@posix
def test_temporary_files_of_this_process_number_before(path):
    stale = path.with_name(f".file.{atomic_file._machine()}-{os.getpid()}.xyz.txt")
    stale.write_text("")
    write_text(path, "new")
    assert names(path) == ["file.txt"]


WRITE = """
import sys
from minikeras.common.atomic_file import write_text
for i in range(150):
    write_text(sys.argv[1], sys.argv[2] * 300_000)
"""


def test_two_processes_that_write_the_same_file_do_not_tear_it(path):
    path.write_text("old" * 100_000)
    writers = [start(WRITE, path, letter) for letter in "ab"]
    seen = set()
    while any(w.poll() is None for w in writers):
        text = path.read_text()
        assert len(text) == 300_000 and text in ("old" * 100_000, "a" * 300_000, "b" * 300_000)
        seen.add(text[0])
    assert [w.returncode for w in writers] == [0, 0]
    assert seen >= {"a", "b"}
    assert names(path) == ["file.txt"]


BACKUPS = """
import sys
import numpy as np
import minikeras
from minikeras.saving.saving_lib import save_training
model = minikeras.Sequential([minikeras.Input((200,)), minikeras.layers.Dense(200)])
value = float(sys.argv[2])
model.set_weights([np.full(w.shape, value) for w in model.get_weights()])
for i in range(60):
    save_training(model, sys.argv[1], {"value": value})
"""


def test_two_processes_with_the_same_backup_do_not_mix(tmp_path):
    path = str(tmp_path / "latest.weights.npz")
    model = minikeras.Sequential([minikeras.Input((200,)), minikeras.layers.Dense(200)])
    save_training(model, path, {"value": 0.0})
    writers = [start(BACKUPS, path, value) for value in (1, 2)]
    seen = set()
    while any(w.poll() is None for w in writers):
        value = load_training(model, path)["value"]
        if value:
            assert all((w == value).all() for w in model.get_weights())
        seen.add(value)
    assert [w.returncode for w in writers] == [0, 0]
    assert seen >= {1.0, 2.0}


# Disks that are full, and folders that cannot be written into.

ENDINGS = [".weights.npz", ".weights.h5", ".keras", ".h5", ".safetensors"]


def model_and_save(ending):
    if ending != ".weights.npz":
        pytest.importorskip("safetensors" if ending == ".safetensors" else "h5py")
    model = minikeras.Sequential(
        [minikeras.Input((100,)), minikeras.layers.Dense(500), minikeras.layers.Dense(50)]
    )
    model.compile("adam", "mse")
    return model, model.save if ending in (".keras", ".h5") else model.save_weights


@pytest.mark.parametrize("limit", [100, 3000, 150_000])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_may_not_grow(tmp_path, ending, limit):
    resource = pytest.importorskip("resource")
    model, save = model_and_save(ending)
    path = str(tmp_path / f"model{ending}")
    save(path)
    before = Path(path).read_bytes()
    model.set_weights([w + 1 for w in model.get_weights()])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
    try:
        with pytest.raises(OSError, match="unchanged") as error:
            save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert error.value.filename == path
    assert Path(path).read_bytes() == before
    assert os.listdir(tmp_path) == [f"model{ending}"]
    save(path)  # once there is room again
    expected = [w.tolist() for w in model.get_weights()]
    model.set_weights([w * 0 for w in model.get_weights()])
    model.load_weights(path)
    assert [w.tolist() for w in model.get_weights()] == expected


@pytest.fixture
def small_disk(tmp_path):
    """A folder that holds 200 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", folder]
    try:
        done = subprocess.run(mount, capture_output=True, check=False).returncode
    except FileNotFoundError:
        done = None
    if done != 0:
        pytest.skip("may not mount a disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_full_disk(small_disk, ending):
    model, save = model_and_save(ending)
    path = small_disk / f"model{ending}"
    path.write_text("the last good one")
    with pytest.raises(OSError, match=r"No space left.*unchanged") as error:
        save(str(path))
    assert error.value.filename == str(path)
    assert path.read_text() == "the last good one"
    assert os.listdir(small_disk) == [path.name]


def test_a_training_on_a_full_disk(small_disk):
    class Fill(minikeras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                with contextlib.suppress(OSError), open(small_disk / "filler", "wb", 0) as file:
                    while file.write(b"x" * 4096):
                        pass

    small = minikeras.Sequential([minikeras.Input((100,)), minikeras.layers.Dense(50)])
    small.compile("sgd", "mse")
    backup = minikeras.callbacks.BackupAndRestore(small_disk / "backup")
    data = np.ones((4, 100)), np.ones((4, 50))
    with pytest.raises(OSError, match=r"unchanged.*latest\.weights\.npz"):
        small.fit(*data, epochs=3, verbose=0, callbacks=[backup, Fill()])
    os.remove(small_disk / "filler")
    history = small.fit(*data, epochs=3, verbose=0, callbacks=[backup])
    assert history.epoch == [0, 1, 2]  # of which the first was in the backup


@posix
def test_a_folder_that_may_only_be_read(path):
    path.parent.chmod(0o500)
    try:
        if os.access(path.parent, os.W_OK):
            pytest.skip("this user may write everywhere")
        with pytest.raises(PermissionError, match="unchanged") as error:
            write_text(path, "new")
    finally:
        path.parent.chmod(0o700)
    assert error.value.filename == str(path)
    assert path.read_text() == "old"


def test_a_folder_that_is_gone(tmp_path):
    path = tmp_path / "lost" / "file.txt"
    with pytest.raises(FileNotFoundError, match="Could not write") as error:
        write_text(path, "new")
    assert error.value.filename == str(path)


def test_a_file_in_place_of_a_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="Could not write"):
        write_text(tmp_path / "file" / "file.txt", "new")


def test_a_folder_that_gets_lost_while_writing(tmp_path):
    (tmp_path / "lost").mkdir()
    path = tmp_path / "lost" / "file.txt"
    with pytest.raises(FileNotFoundError, match="Could not write") as error:  # noqa: SIM117
        with atomic_path(path) as temporary:
            os.remove(temporary)
            os.rmdir(tmp_path / "lost")
    assert error.value.filename == str(path)
