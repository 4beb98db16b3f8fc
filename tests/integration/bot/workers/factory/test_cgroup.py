"""A run's cgroup, on files that look like one: what the kernel is asked for, not what it does."""

import shutil

import pytest

from bot.workers.factory.cgroup import Cgroups
from bot.workers.factory.sandbox_limits import MAX_THREADS, MEMORY_BYTES


def test_its_limits_are_set_and_it_is_entered_before_anything_runs(tmp_path):
    group = Cgroups(tmp_path).make()

    assert int((group.folder / "memory.max").read_text()) >= MEMORY_BYTES
    assert int((group.folder / "pids.max").read_text()) >= MAX_THREADS
    assert (group.folder / "memory.oom.group").read_text() == "1"
    shell, _, script, folder, *rest = group.wrap(["bwrap", "--x"])
    assert (shell, folder, rest) == ("sh", str(group.folder), ["bwrap", "--x"])
    assert script.index("cgroup.procs") < script.index("exec")


@pytest.mark.parametrize(
    ("events", "full"),
    [("low 0\noom 1\noom_kill 2\n", True), ("oom_kill 0\n", False), ("", False), (None, False)],
)
def test_whether_memory_ran_out_is_read(tmp_path, events, full):
    group = Cgroups(tmp_path).make()
    if events is not None:
        (group.folder / "memory.events").write_text(events)

    assert group.ran_out_of_memory() is full


def test_it_is_gone_only_when_it_is(tmp_path):
    group = Cgroups(tmp_path).make()

    assert not group.remove()  # a folder with files in it, as with processes
    shutil.rmtree(group.folder)
    assert group.remove()


def test_where_none_can_be_made_that_is_said(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        Cgroups(tmp_path / "missing").make()
