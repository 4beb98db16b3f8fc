"""How `skydeck try` ends, and what it keeps: no process stays behind, no message is lost."""

# mypy: ignore-errors

import signal
import socket

import psutil

from tests.fakes.page_client import tab
from tests.system.local_discord.page.conftest import started, trying
from tests.waiting import until


async def family(program):
    """The process and the bot that it has started."""
    one = psutil.Process(program.process.pid)
    return [one, *await until(lambda: one.children(recursive=True))]


def gone(processes):
    return not any(one.is_running() and one.status() != "zombie" for one in processes)


async def said(program, words):
    async with tab(program.address) as ana:
        await ana.does("say", text=words)


async def shown(program):
    async with tab(program.address) as ana:
        return "".join((await ana.hears(lambda it: it.messages)).messages.values())


async def test_it_ends_with_all_it_began_and_keeps_what_was_said(tmp_path):
    keep = ("--keep", "kept")
    async with trying(tmp_path, *keep) as program:
        processes = await family(program)
        await said(program, "before Ctrl-C")
        assert await program.is_asked_to_stop() == 0
        await until(lambda: gone(processes))
        assert "Traceback" not in program.said
    async with trying(tmp_path, *keep) as program:
        assert "before Ctrl-C" in await shown(program)
        processes = await family(program)
        await said(program, "before two of them")
        program.process.send_signal(signal.SIGINT)
        await program.until_says("Ending")
        assert await program.is_asked_to_stop() == 0
        await until(lambda: gone(processes))
    async with trying(tmp_path, *keep) as program:
        assert "before two of them" in await shown(program)
        processes = await family(program)
        program.process.kill()
        await until(lambda: gone(processes))
        await program.process.wait()
    assert not list(tmp_path.glob("kept/*.tmp"))


async def test_what_cannot_be_is_said_in_one_line(tmp_path):
    taken = socket.create_server(("127.0.0.1", 0))
    (tmp_path / "file").write_text("no folder")
    with taken:
        for arguments, words in (
            (("--port", str(taken.getsockname()[1])), "is taken"),
            (("--keep", "file"), "cannot be used"),
        ):
            process = await started(tmp_path, *arguments)
            _, said = await process.communicate()
            assert words in said.decode()
            assert process.returncode == 2
            assert len(said.splitlines()) == 1
