"""Where a cgroup of this process's can be."""

from pathlib import Path

import pytest

from bot.workers.factory.cgroup import candidates

V2 = "35 24 0:30 {root} {point} rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "36 24 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"


@pytest.mark.parametrize(
    ("mounts", "own", "found"),
    [
        (
            V2.format(root="/", point="/sys/fs/cgroup"),
            "0::/user.slice/user@1000.service/bot\n",
            ["user.slice/user@1000.service/bot", "user.slice/user@1000.service", "user.slice", ""],
        ),
        (V2.format(root="/", point="/sys/fs/cgroup"), "0::/\n", [""]),
        (V2.format(root="/docker/a", point="/sys/fs/cgroup"), "0::/docker/a/b\n", ["b", ""]),
        (V2.format(root="/elsewhere", point="/sys/fs/cgroup"), "0::/docker/a\n", []),
        (V1, "4:memory:/docker/a\n", []),
        (V1 + V2.format(root="/", point="/sys/fs/cgroup"), "4:memory:/x\n0::/x\n", ["x", ""]),
        ("", "", []),
        ("nonsense - cgroup2", "0::/x", []),
    ],
    ids=["a user's", "the root", "a part", "not seen", "version 1", "both", "none", "nonsense"],
)
def test_its_own_first_then_those_above(mounts: str, own: str, found: list[str]) -> None:
    assert candidates(mounts, own) == [Path("/sys/fs/cgroup") / part for part in found]
