"""The service that commands share, in a process of its own; its language model is elsewhere."""

import asyncio
import contextlib
import logging
import os
import signal
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bot.cli.serve_status import _kill
from bot.composition import Services, WarmUp, open_services
from bot.contract import Input, InputType, Request, Service, Source, System, Target
from bot.local_service.client import Held, own_session
from bot.local_service.place import Place
from bot.settings import Settings
from tests.fakes.command_line import skydeck
from tests.fakes.openai_api import Answer, FakeOpenAI

MODEL = "a-model"


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder for running programs of this test's own; nothing stays behind in it."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    record = Place().read()
    if record is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(record.pid, signal.SIGKILL)


@pytest.fixture
async def model():
    async with FakeOpenAI(*[Answer(("Short.",))] * 20, key="") as server:
        yield server


def settings(model: FakeOpenAI, folder: Path, **more) -> Settings:
    known = {"skydeck_llm_url": model.url, "skydeck_llm_model": MODEL, "skydeck_keep_loaded_s": 60}
    return Settings(_env_file=None, skydeck_weights_dir=folder, **(known | more))


def opened(given: Settings) -> contextlib.AbstractAsyncContextManager[Services]:
    return open_services(
        given,
        fetch=lambda *_: None,
        only={Service.GRACE},
        warm_up=WarmUp.NEVER,
        shared=True,
    )


async def summarize(services: Services) -> str:
    request = Request(
        source=Source(system=System.DECK),
        target=Target(service=Service.GRACE, module="SUMMARIZE"),
        input=Input(type=InputType.TEXT, data="A long text about rooks and castles."),
    )
    last = None
    async with services.client.submit(request) as updates:
        async for update in updates:
            last = update
    assert last is not None
    assert last.response is not None
    return last.response.text or ""


def running() -> int:
    """The process of the service that is written down."""
    record = Place().read()
    assert record is not None
    assert psutil.Process(record.pid).is_running()
    return record.pid


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(60):
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_second_command_finds_the_first_one_s_service(runtime, model, tmp_path):
    given = settings(model, tmp_path)
    async with opened(given) as services:
        assert await summarize(services) == "Short."
    first = running()
    async with opened(given) as services, opened(given) as others:
        assert await summarize(services) == await summarize(others) == "Short."
        seen = await asyncio.to_thread(skydeck, "serve", "--status")
        assert seen.returncode == 0
        assert f"process {first}" in seen.stdout
        assert "2 commands use it now; it ends 1 min after" in seen.stdout
        healthy = await asyncio.to_thread(skydeck, "health")
        assert healthy.returncode == 0, healthy.stderr
        lines = healthy.stdout.splitlines()
        assert [line.split()[0] for line in lines] == ["factory:", "grace:", "penny:", "bot:"]
    assert running() == first
    ended = await asyncio.to_thread(skydeck, "serve", "--stop")
    assert ended.stdout == f"The service is ended (process {first}).\n"
    await until_gone(first)
    seen = await asyncio.to_thread(skydeck, "serve", "--status")
    assert (seen.returncode, seen.stdout.split(".")[0]) == (4, "No models are kept loaded")
    healthy = await asyncio.to_thread(skydeck, "health")
    assert healthy.returncode == 2
    assert "start the services when they need them" in healthy.stderr
    assert (await asyncio.to_thread(skydeck, "serve", "--stop")).returncode == 0
    assert {one.name for one in Place().folder.iterdir()} <= {"service.lock", "service.log"}


async def test_two_starts_at_once_make_one_service(runtime, model, tmp_path):
    given = settings(model, tmp_path)
    processes = set()

    async def use() -> None:
        async with opened(given) as services:
            processes.add(running())
            assert await summarize(services) == "Short."

    await asyncio.gather(use(), use(), use())
    assert len(processes) == 1


async def test_it_ends_by_itself_and_takes_its_file_along(runtime, model, tmp_path):
    async with opened(settings(model, tmp_path, skydeck_keep_loaded_s=0.2)) as services:
        await summarize(services)
        await asyncio.sleep(0.5)  # longer than it stays unused: it is held
        pid = running()
        assert await summarize(services) == "Short."
    await until_gone(pid)
    assert Place().read() is None


async def test_after_a_crash_the_next_command_starts_another(runtime, model, tmp_path):
    given = settings(model, tmp_path)
    async with opened(given):
        first = running()
    os.kill(first, signal.SIGKILL)
    await until_gone(first)
    assert Place().read() is not None  # it could not take its file along
    async with opened(given) as services:
        assert running() != first
        assert await summarize(services) == "Short."


@pytest.mark.parametrize("how", ["crash", "stop"])
async def test_a_conversation_goes_on_with_another_when_one_has_ended(
    runtime, model, tmp_path, how
):
    async with opened(settings(model, tmp_path)) as services:
        assert await summarize(services) == "Short."
        first = running()
        if how == "crash":
            os.kill(first, signal.SIGKILL)
        else:
            await asyncio.to_thread(skydeck, "serve", "--stop")
        await until_gone(first)
        both = await asyncio.gather(summarize(services), summarize(services))
        assert both == ["Short.", "Short."]
        assert running() != first
    async with own_session() as session:
        held = await Held.take(session, Place().read())
        assert await held.users() == 1  # the conversation has let it go
        await held.end()


async def test_other_settings_end_an_unused_one(runtime, model, tmp_path):
    async with opened(settings(model, tmp_path)):
        first = running()
    async with opened(settings(model, tmp_path, skydeck_threads=2)) as services:
        second = running()
        assert second != first
        assert await summarize(services) == "Short."
        await until_gone(first)


async def test_other_settings_leave_a_used_one_alone_and_say_so(runtime, model, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    async with opened(settings(model, tmp_path)) as services:
        first = running()
        async with opened(settings(model, tmp_path, skydeck_threads=2)) as others:
            assert await summarize(others) == "Short."
            assert running() == first
        assert await summarize(services) == "Short."
    assert "with other settings" in caplog.text


async def test_one_that_hangs_is_done_without_and_can_be_ended(
    runtime, model, tmp_path, monkeypatch, caplog
):
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr("bot.local_service.client._ANSWERS_S", 0.5)
    given = settings(model, tmp_path)
    async with opened(given):
        pid = running()
    os.kill(pid, signal.SIGSTOP)
    async with opened(given) as services:
        assert await summarize(services) == "Short."
    assert "`skydeck serve --stop` ends it" in caplog.text
    ended = await asyncio.to_thread(skydeck, "serve", "--stop")
    assert ended.stdout == f"The service is ended (process {pid}).\n"
    await until_gone(pid)


async def test_a_stop_never_ends_a_process_that_only_has_the_number(runtime, model, tmp_path):
    async with opened(settings(model, tmp_path)):
        record = Place().read()
    assert record is not None
    assert not _kill(replace(record, began_s=record.began_s - 100))
    assert running() == record.pid


async def test_a_folder_of_others_is_not_used(runtime, model, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    (runtime / "skydeck").mkdir()
    (runtime / "skydeck").chmod(0o700)
    os.chown(runtime / "skydeck", 12345, 12345) if os.geteuid() == 0 else pytest.skip("needs root")
    async with opened(settings(model, tmp_path)) as services:
        assert await summarize(services) == "Short."
    assert "is not a folder of yours" in caplog.text
    assert not list((runtime / "skydeck").iterdir())


async def test_without_a_time_to_stay_nothing_is_started(runtime, model, tmp_path):
    async with opened(settings(model, tmp_path, skydeck_keep_loaded_s=0)) as services:
        assert await summarize(services) == "Short."
    assert not list(runtime.iterdir())


async def test_a_module_of_the_same_name_in_the_current_folder_is_not_run(
    runtime, model, tmp_path, monkeypatch
):
    trap = tmp_path / "here"
    for name in ("bot", "json"):
        (trap / name).mkdir(parents=True)
        (trap / name / "__init__.py").write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(trap)
    async with opened(settings(model, tmp_path)) as services:
        running()
        assert await summarize(services) == "Short."


async def test_it_outlives_the_terminal_of_whoever_started_it(runtime, model, tmp_path):
    async with opened(settings(model, tmp_path)):
        process = psutil.Process(running())
        assert os.getsid(process.pid) != os.getsid(0)
        assert process.ppid() != os.getpid()


async def test_nobody_else_can_start_one_by_hand(runtime):
    refused = await asyncio.to_thread(skydeck, "serve", "--on-demand", stdin=b"{}")
    assert refused.returncode == 2
    assert refused.stderr == "skydeck: --on-demand is for skydeck itself. Use: skydeck serve\n"


async def test_its_key_is_in_no_list_of_processes(runtime, model, tmp_path):
    async with opened(settings(model, tmp_path, skydeck_llm_key="sk-very-secret")):
        record = Place().read()
        assert record is not None
        words = " ".join(psutil.Process(record.pid).cmdline())
        assert record.key not in words
        assert "sk-very-secret" not in words + (Place().folder / "service.json").read_text()
    async with own_session() as session:
        held = await Held.take(session, record)
        assert held is not None
        await held.end()
