"""How much memory a process may use, by the machine, its control groups and its own limits."""

import os
import resource
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.memory import usable_memory_bytes

GIB = 2**30
V1 = "9:cpuset:/\n4:memory:/machine/abc\n0::/\n"
V1_MEMORY = "sys/fs/cgroup/memory"


@pytest.fixture(autouse=True)
def _a_machine_with_64_gib(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"SC_PHYS_PAGES": 64 * GIB // 4096, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", sizes.__getitem__)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)


@pytest.mark.parametrize(
    ("files", "gib"),
    [
        ({}, 64),
        ({"proc/self/cgroup": "0::/\n"}, 64),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 64),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": f"{2 * GIB}\n"}, 2),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "garbage\n"}, 64),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "0\n"}, 64),
        (
            {  # a unit of systemd's with MemoryMax, on a machine without containers
                "proc/self/cgroup": "0::/system.slice/skydeck.service\n",
                "sys/fs/cgroup/system.slice/skydeck.service/memory.max": f"{2 * GIB}",
                "sys/fs/cgroup/system.slice/memory.max": "max",
            },
            2,
        ),
        (
            {  # MemoryHigh: what is above it is taken back, so slowly that nothing runs
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/b/memory.max": f"{8 * GIB}",
                "sys/fs/cgroup/a/memory.high": f"{3 * GIB}",
            },
            3,
        ),
        ({"proc/self/cgroup": V1, f"{V1_MEMORY}/memory.limit_in_bytes": f"{2**63 - 4096}"}, 64),
        ({"proc/self/cgroup": V1, f"{V1_MEMORY}/memory.limit_in_bytes": f"{4 * GIB}"}, 4),
        (
            {
                "proc/self/cgroup": V1,
                f"{V1_MEMORY}/memory.limit_in_bytes": f"{2**63 - 4096}",
                f"{V1_MEMORY}/machine/abc/memory.limit_in_bytes": f"{2 * GIB}",
            },
            2,
        ),
        ({"proc/self/cgroup": "0::/../x\n", "sys/fs/x/memory.max": f"{GIB}"}, 64),
    ],
)
def test_the_smallest_limit_counts(tmp_path: Path, files: dict[str, str], gib: int) -> None:
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert usable_memory_bytes(tmp_path) == gib * GIB


@pytest.mark.parametrize("kind", [resource.RLIMIT_AS, resource.RLIMIT_DATA])
def test_its_own_limits_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: int) -> None:
    limits = {kind: 2 * GIB}
    monkeypatch.setattr(
        resource, "getrlimit", lambda one: (limits.get(one, resource.RLIM_INFINITY), 0)
    )
    assert usable_memory_bytes(tmp_path) == 2 * GIB


def test_where_nobody_can_tell_it_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sysconf")
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert usable_memory_bytes(tmp_path) == 0


def test_on_windows_psutil_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = SimpleNamespace(total=8 * GIB)
    psutil = SimpleNamespace(virtual_memory=lambda: memory)
    monkeypatch.setitem(sys.modules, "psutil", psutil)  # type: ignore[arg-type]
    monkeypatch.setattr(sys, "platform", "win32")
    assert usable_memory_bytes(tmp_path) == 8 * GIB
