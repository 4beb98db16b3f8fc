"""A table of attacks on the sandbox, each run for real; and of what must go on working in it."""

import platform
from pathlib import Path

import pytest

from bot.workers.factory import isolation
from bot.workers.factory import sandbox as module
from bot.workers.factory.sandbox import Sandbox
from bot.workers.factory.sandbox_limits import MAX_FILES
from tests.system.bot.workers.factory.attacks import BOUNDED, HONEST, REFUSED, refused
from tests.system.bot.workers.factory.running import left, processes, run

on_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers and code of x86_64")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not stopped by a limit of its own is to be seen as that, also on a busy machine."""
    monkeypatch.setattr(module, "WALL_SECONDS", 60)
    monkeypatch.setattr(module, "CPU_SECONDS", 20)


@on_x86
@pytest.mark.parametrize("name", REFUSED)
async def test_it_is_refused(sandbox: Sandbox, temporary: Path, name: str) -> None:
    ran = await run(sandbox, refused(name))

    assert ran.passed, ran.problem
    assert not processes(str(temporary))
    assert not left(temporary)


@on_x86
@pytest.mark.parametrize("name", BOUNDED)
async def test_it_is_bounded(sandbox: Sandbox, temporary: Path, name: str) -> None:
    code, words = BOUNDED[name]

    ran = await run(sandbox, code)

    assert not ran.passed
    assert any(one in ran.problem for one in words), ran.problem
    assert not processes(str(temporary))
    assert not left(temporary)


@pytest.mark.parametrize("name", HONEST)
async def test_it_works(sandbox: Sandbox, name: str) -> None:
    ran = await run(sandbox, HONEST[name])

    assert ran.passed, ran.problem


async def test_its_folder_has_a_bounded_number_of_files_by_itself(sandbox: Sandbox) -> None:
    """And not only because somebody looks; but where bubblewrap may not mount, somebody does."""
    if sandbox.command is isolation.bare_bubblewrap:
        pytest.skip("bubblewrap's own file system in memory has no such limit")

    ran = await run(sandbox, f"import os\nassert os.statvfs('.').f_files == {MAX_FILES}")

    assert ran.passed, ran.problem


def test_what_the_kernel_counts_is_told(sandbox: Sandbox) -> None:
    assert "no cgroup is delegated" in sandbox.describe()
