"""How many processors a process may use, by its affinity and its control groups."""

import os

import pytest

from bot.processors import model_threads, usable_processors


@pytest.fixture(autouse=True)
def _a_machine_with_64(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(64)), raising=False)


@pytest.fixture
def machine(tmp_path):
    """Writes files below /proc and /sys; returns their root."""

    def write(**files: str):
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return tmp_path

    return lambda files: write(**files)


V2 = {"proc/self/cgroup": "0::/\n"}
V1 = {"proc/self/cgroup": "9:memory:/x\n4:cpu,cpuacct:/docker/abc\n0::/\n"}
CPU = "sys/fs/cgroup/cpu,cpuacct"


@pytest.mark.parametrize(
    ("files", "usable"),
    [
        ({}, 64),
        (V2, 64),
        (V2 | {"sys/fs/cgroup/cpu.max": "max 100000\n"}, 64),
        (V2 | {"sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        (V2 | {"sys/fs/cgroup/cpu.max": "250000 100000\n"}, 2),
        (V2 | {"sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        (V2 | {"sys/fs/cgroup/cpu.max": "garbage"}, 64),
        (V2 | {"sys/fs/cgroup/cpu.max": "0 0"}, 64),
        (
            {
                "proc/self/cgroup": "0::/a.slice/b.scope\n",
                "sys/fs/cgroup/a.slice/b.scope/cpu.max": "max 100000",
                "sys/fs/cgroup/a.slice/cpu.max": "300000 100000",
            },
            3,
        ),
        ({"proc/self/cgroup": "0::/../../x\n"}, 64),
        (V1 | {f"{CPU}/cpu.cfs_quota_us": "-1", f"{CPU}/cpu.cfs_period_us": "100000"}, 64),
        (V1 | {f"{CPU}/cpu.cfs_quota_us": "400000", f"{CPU}/cpu.cfs_period_us": "100000"}, 4),
        (
            V1
            | {
                f"{CPU}/docker/abc/cpu.cfs_quota_us": "150000",
                f"{CPU}/docker/abc/cpu.cfs_period_us": "50000",
            },
            3,
        ),
    ],
)
def test_the_smallest_limit_counts(machine, files, usable):
    assert usable_processors(machine(files)) == usable


def test_affinity_counts(monkeypatch, machine):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {5}, raising=False)
    root = machine(V2 | {"sys/fs/cgroup/cpu.max": "200000 100000\n"})
    assert usable_processors(root) == model_threads(root) == 1


@pytest.mark.parametrize(("quota", "threads"), [(1, 1), (2, 2), (3, 2), (8, 7)])
def test_the_language_model_leaves_one_free(machine, quota, threads):
    root = machine(V2 | {"sys/fs/cgroup/cpu.max": f"{quota}00000 100000\n"})
    assert model_threads(root) == threads


def test_without_affinity_and_control_groups(monkeypatch, tmp_path):
    monkeypatch.delattr(os, "sched_getaffinity")
    assert usable_processors(tmp_path) == 64
