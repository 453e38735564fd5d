"""How many cores a process may use: affinity and control groups, of files made up and of this machine."""

import os

import pytest

from minikeras.kernels import cores


@pytest.fixture
def limits_of(tmp_path):
    """Lay files as a system has them, and ask for the limits."""

    def ask(groups, **files):
        for path, text in {"proc/self/cgroup": groups, **files}.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text + "\n")
        return sorted(cores.cgroup_limits(str(tmp_path)))

    return ask


V2 = "sys/fs/cgroup"
V1 = "sys/fs/cgroup/cpu,cpuacct"


def test_version_2_with_groups_in_groups(limits_of):
    files = {
        f"{V2}/a/cpu.max": "150000 100000",
        f"{V2}/a/b/cpu.max": "max 100000",
        f"{V2}/a/b/c/cpu.max": "400000 100000",
        f"{V2}/other/cpu.max": "100000 100000",
    }
    assert limits_of("0::/a/b/c", **files) == [2, 4]


def test_version_2_in_a_container(limits_of):
    assert limits_of("0::/", **{f"{V2}/cpu.max": "50000 100000"}) == [1]
    assert limits_of("0::/../../host/path") == [1]


def test_version_1(limits_of):
    files = {
        f"{V1}/cpu.cfs_quota_us": "-1",
        f"{V1}/cpu.cfs_period_us": "100000",
        f"{V1}/docker/x/cpu.cfs_quota_us": "300000",
        f"{V1}/docker/x/cpu.cfs_period_us": "100000",
    }
    groups = "5:memory:/m\n4:cpu,cpuacct:/docker/x\n3:cpuset:/docker"
    assert limits_of(groups, **files) == [3]


@pytest.mark.parametrize("text", ["max 100000", "", "0 0", "nonsense", "100000"])
def test_what_is_no_limit(limits_of, text):
    assert limits_of("0::/", **{f"{V2}/cpu.max": text}) == []
    assert limits_of("") == []


def test_no_such_system(tmp_path):
    assert list(cores.cgroup_limits(str(tmp_path))) == []


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs processor affinity")
def test_the_least_of_affinity_and_limits(monkeypatch):
    allowed = os.sched_getaffinity(0)
    monkeypatch.setattr(cores, "cgroup_limits", lambda: iter(()))
    assert cores.count_cores() == len(allowed)
    monkeypatch.setattr(cores, "cgroup_limits", lambda: iter((1, 64)))
    assert cores.count_cores() == 1
    monkeypatch.setattr(cores, "cgroup_limits", lambda: iter((64,)))
    try:
        os.sched_setaffinity(0, [min(allowed)])
        assert cores.count_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
