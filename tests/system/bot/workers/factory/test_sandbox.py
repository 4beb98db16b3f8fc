"""Code that means harm, run for real in every sandbox that this machine has."""

import asyncio
import os
import uuid
from pathlib import Path

import pytest

from bot.build_notes import note
from bot.contract.factory import File
from bot.workers.factory import sandbox as module
from bot.workers.factory.sandbox import Sandbox, find_sandbox
from bot.workers.factory.verdict import ExampleRun
from tests.system.bot.workers.factory.running import left, processes, run
from tests.waiting import until


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit on processor time that a test can wait for, and no other on a busy machine."""
    monkeypatch.setattr(module, "WALL_SECONDS", 120)
    monkeypatch.setattr(module, "CPU_SECONDS", 1)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, of time on the wall."""
    monkeypatch.setattr(module, "WALL_SECONDS", 2)


async def test_a_sound_program_passes(sandbox: Sandbox) -> None:
    adder = File(name="adder.py", content="def add(a, b):\n    return a + b\n")

    ran = await run(sandbox, "from adder import add\nassert add(1, 2) == 3\nprint('ok')", adder)

    assert ran == ExampleRun(ended=True, checks=1, held=1)


async def test_each_check_that_fails_says_what_came_out(sandbox: Sandbox) -> None:
    adder = File(name="adder.py", content="def add(a, b):\n    return a + a\n")
    code = (
        "from adder import add\nassert add(1, 1) == 2\nassert add(1, 2) == 3\nassert add() == 3\n"
    )

    ran = await run(sandbox, code, adder)

    assert (ran.ended, ran.checks, ran.held, ran.failed) == (True, 3, 1, (3, 4))
    assert ran.got == {3: "2"}  # of line 4 nothing came out
    assert "`assert add(1, 2) == 3` does not hold: add(1, 2) is 2." in ran.problem
    assert "raises TypeError: add() missing 2 required positional arguments" in ran.problem
    failed, raised = ran.notes
    assert failed == note("fails_with", check="assert add(1, 2) == 3", got="add(1, 2) → 2")
    assert (raised.kind, raised.values["source"]) == ("raises", "assert add() == 3")


async def test_an_error_names_the_line_of_the_program(sandbox: Sandbox) -> None:
    broken = File(name="broken.py", content="def f(d):\n    return d['x']\n")

    ran = await run(sandbox, "from broken import f\nprint(f({}))\nassert True", broken)

    assert not ran.ended
    assert ran.problem == (
        "`print(f({}))` raises KeyError: 'x', in broken.py line 2: `return d['x']`."
    )
    told = {"source": "print(f({}))", "error": "KeyError: 'x'", "file": "broken.py", "line": "2"}
    assert ran.notes == (note("raises_at", **told),)


@pytest.mark.parametrize(
    "code",
    [
        "import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()\nassert True",
        "import asyncio\nasync def f():\n    return 3\nassert asyncio.run(f()) == 3",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(99,)).start()\nassert 1",
        "open('notes.txt', 'w').write('a')\nassert open('notes.txt').read() == 'a'",
        "import csv, json, re, datetime, decimal, sqlite3\nassert json.loads('1') == 1",
    ],
    ids=["thread", "asyncio", "a thread that stays", "a file of its own", "standard library"],
)
async def test_what_honest_programs_do_is_allowed(sandbox: Sandbox, code: str) -> None:
    assert (await run(sandbox, code)).passed


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os\nwhile True:\n    os.fork()", "no other process can be started"),
        ("import subprocess\nsubprocess.run(['ls'])", "no other process can be started"),
        ("x = []\nwhile True:\n    x.append(bytearray(10**9))", "more memory than the limit"),
        ("while True:\n    print('x' * 1000)", "prints without end"),
        ("open('/tmp/x', 'wb').write(b'0' * 10**8)", "it writes too much"),
        ("for n in range(99):\n    open(f'{n}', 'wb').write(b'0' * 10**6)", "it writes too much"),
        ("input('your name?')", "nobody answers input()"),
        ("import ctypes\nctypes.string_at(0)", "crashed the interpreter"),
        ("import os\nos._exit(0)", "broke off before the end"),
        ("import sys\nsys.exit(3)", "raises SystemExit: 3"),
        ("import os\nos.chroot('/')", "Operation not permitted"),
        ("import ctypes\nassert ctypes.CDLL(None).unshare(0x10000000) == 0", "does not hold"),
    ],
    ids=[
        "fork bomb", "process", "memory", "output", "one huge file", "many files", "input",
        "crash", "exit without a word", "exit with a code", "chroot", "user namespace",
    ],
)  # fmt: skip
async def test_what_does_harm_is_stopped_and_told(
    sandbox: Sandbox, hasty: None, code: str, words: str
) -> None:
    ran = await run(sandbox, code)

    assert not ran.passed
    assert words in ran.problem


@pytest.mark.parametrize("where", ["/x", "/dev/x", "/dev/shm/x", "/usr/x", "/code/x", "/inside/x"])
async def test_nothing_can_be_written_but_in_its_own_folder(sandbox: Sandbox, where: str) -> None:
    """The root and /dev are file systems in memory: writable, they would fill the host's."""
    ran = await run(sandbox, f"open({where!r}, 'w').write('a')")

    assert not ran.ended
    assert "OSError" in ran.problem or "FileNotFoundError" in ran.problem


async def test_nothing_of_the_host_can_be_read(
    sandbox: Sandbox, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNPOD_API_KEY", "a-key-of-the-host")
    secret = temporary / "secret"
    secret.write_text("a secret")
    code = f"""
import os
assert not [v for v in os.environ.values() if "key-of-the-host" in v]
assert not [k for k in os.environ if k in ("HOME", "USER", "PATH", "VIRTUAL_ENV")]
for path in ({str(secret)!r}, {__file__!r}, "/etc/passwd", "/etc/hostname", "/sys/kernel"):
    assert not os.path.exists(path), path
# what a process was started with can be read as long as it lives
for pid in filter(str.isdigit, os.listdir("/proc")):
    assert "key-of-the-host" not in open(f"/proc/{{pid}}/environ").read()
    assert "pytest" not in open(f"/proc/{{pid}}/cmdline").read()
"""
    ran = await run(sandbox, code)

    assert ran.passed, ran.problem


async def test_there_is_no_other_process_to_tamper_with(sandbox: Sandbox) -> None:
    code = "import os\nassert [p for p in os.listdir('/proc') if p.isdigit()] == ['1']"

    ran = await run(sandbox, code)

    assert ran.passed, ran.problem


@pytest.mark.parametrize("knob", ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches"])
async def test_the_kernels_settings_are_out_of_reach_also_for_root(
    sandbox: Sandbox, knob: str
) -> None:
    """Workers in containers run as root, and its files in /proc need no capability to write."""
    ran = await run(sandbox, f"open({knob!r}, 'a')")

    assert any(f"{kind}Error" in ran.problem for kind in ("OS", "Permission", "FileNotFound"))


async def test_no_network_not_even_this_machine(sandbox: Sandbox) -> None:
    called: list[object] = []
    server = await asyncio.start_server(lambda r, w: called.append(r), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        ran = await run(sandbox, f"import socket\nsocket.create_connection(('127.0.0.1', {port}))")

    assert "there is no network here" in ran.problem
    assert note("no_network") in ran.notes
    assert not called


async def test_it_cannot_kill_whoever_runs_it(sandbox: Sandbox) -> None:
    code = f"""
import os
for pid in (os.getppid(), 1, {os.getpid()}, -1):
    try:
        os.kill(pid, 9) if pid not in (0, os.getpid()) else None
    except OSError:
        pass
assert True
"""
    assert (await run(sandbox, code)).passed


@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    pass",
        "while True:\n    try:\n        1 / 0\n    except Exception:\n        pass",
        "import re\nre.match(r'(a+)+$', 'a' * 40 + 'b')",
    ],
    ids=["a loop", "a loop that catches", "one long call"],
)
async def test_processor_time_is_bounded(
    sandbox: Sandbox, hasty: None, temporary: Path, code: str
) -> None:
    ran = await run(sandbox, code)

    assert "processor time" in ran.problem
    assert not processes(str(temporary))
    assert not left(temporary)


async def test_time_is_bounded(sandbox: Sandbox, impatient: None, temporary: Path) -> None:
    ran = await run(sandbox, "import time\ntime.sleep(99)")

    assert ran.problem == "It did not end within 2 seconds."
    assert not processes(str(temporary))
    assert not left(temporary)


async def test_cancelling_leaves_no_process_and_no_file(sandbox: Sandbox, temporary: Path) -> None:
    name = f"{uuid.uuid4().hex}.py"
    files = [File(name=name, content="import time\ntime.sleep(99)")]
    running = asyncio.ensure_future(sandbox.run(files, name))
    await until(lambda: len(processes(name)) > 1)  # the sandbox's own, and the one inside

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    await until(lambda: not processes(name))  # the kernel takes a moment to reap what was inside
    assert not left(temporary)


async def test_a_report_of_the_codes_own_is_read_with_care(sandbox: Sandbox) -> None:
    forged = "\\x1ereport " + '{"checks": "many", "held": [], "failed": 3}'

    ran = await run(sandbox, f"import os\nos.write(2, b'{forged}')\nos._exit(0)")

    assert ran.problem == "It broke off before the end of its example."
    assert ran == ExampleRun(problem=ran.problem, notes=(note("broke_off"),))


def test_where_nothing_works_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    found = find_sandbox.__wrapped__()

    assert found.name == "none"
    assert "only parsed" in found.describe()
    assert "apt-get install bubblewrap" in found.describe()


def test_what_is_installed_but_forbidden_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As in most containers."""
    for name in ("bwrap", "unshare"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'Operation not permitted' >&2\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    assert find_sandbox.__wrapped__().command is None


async def test_without_a_sandbox_nothing_is_run() -> None:
    with pytest.raises(ValueError, match="no sandbox"):
        await run(Sandbox("none", None), "assert True")


def test_what_killed_processes_left_is_deleted_and_nothing_else(temporary: Path) -> None:
    old, new, foreign = (
        temporary / name for name in ("skydeck-factory-old", "skydeck-factory-new", "other-old")
    )
    for folder in (old, new, foreign):
        folder.mkdir()
        (folder / "main.py").write_text("pass")
    for folder in (old, foreign):
        os.utime(folder, (0, 0))
    (temporary / "skydeck-factory-link").symlink_to(foreign)
    os.utime(temporary / "skydeck-factory-link", (0, 0), follow_symlinks=False)

    module._remove_stale_folders()

    assert not old.exists()
    assert (new / "main.py").exists()
    assert (foreign / "main.py").exists()
