"""Limits of control groups: version 1, version 2, and groups in groups."""

import math

import pytest

from nst_helpers.machine import limits


@pytest.fixture
def container(tmp_path, monkeypatch):
    """A folder like /sys/fs/cgroup, and the groups that the process is in."""
    member = tmp_path / "member"
    monkeypatch.setattr(limits, "MEMBERSHIP", member)
    member.write_text("4:memory:/slurm/job1\n1:cpu,cpuacct:/slurm/job1\n0::/user.slice/job2\n")
    return tmp_path / "cgroup"


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")


V2 = {"memory__max": 3000, "memory__current": 1000, "memory__stat": "anon 400\ninactive_file 500"}
V1 = {
    "memory__limit_in_bytes": 1500,
    "memory__usage_in_bytes": 900,
    "memory__stat": "cache 0\ntotal_inactive_file 100",
}


@pytest.mark.parametrize(
    ("group", "files", "room"),
    [
        ("", V2, 2500),
        ("user.slice", V2, 2500),  # as systemd and Slurm nest them
        ("user.slice/job2", V2, 2500),
        ("unified/user.slice", V2, 2500),  # both versions side by side
        ("memory", V1, 700),  # in a container's own namespace
        ("memory/slurm/job1", V1, 700),
        ("memory/slurm", V1, 700),
        ("memory/another", V1, math.inf),  # not ours
        ("", {**V2, "memory__max": "max"}, math.inf),
        ("", {**V2, "memory__stat": "anon 400"}, math.inf),
    ],
)
def test_the_memory_that_a_group_leaves(container, group, files, room):
    write(container / group, **files)
    assert limits.memory_room(container) == room


def test_the_tightest_group_counts(container):
    write(container / "user.slice", **V2)
    write(container / "user.slice" / "job2", **{**V2, "memory__max": 2000})
    assert limits.memory_room(container) == 1500
    write(container / "memory", **V1)
    assert limits.memory_room(container) == 700


@pytest.mark.parametrize(
    ("group", "files", "cores"),
    [
        ("", {"cpu__max": "200000 100000"}, 2),
        ("user.slice", {"cpu__max": "50000 100000"}, 0.5),
        ("", {"cpu__max": "max 100000"}, math.inf),
        ("cpu", {"cpu__cfs_quota_us": 150000, "cpu__cfs_period_us": 100000}, 1.5),
        ("cpu/slurm/job1", {"cpu__cfs_quota_us": 100000, "cpu__cfs_period_us": 100000}, 1),
        ("cpu", {"cpu__cfs_quota_us": -1, "cpu__cfs_period_us": 100000}, math.inf),
    ],
)
def test_the_cores_that_a_group_allows(container, group, files, cores):
    write(container / group, **files)
    assert limits.cores(container) == cores


def test_no_limits_where_there_are_no_groups(container):
    assert limits.memory_room(container) == limits.cores(container) == math.inf
    limits.MEMBERSHIP.unlink(missing_ok=True)
    assert limits.memory_room(container) == math.inf
