"""Builds as people see them, from the command to the files."""

import asyncio
import contextlib
import re
import zipfile
from io import BytesIO

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.contract import Output, Response, Service, Status
from bot.contract.factory import File
from bot.workers.server.lifecycle import embedded_server
from local_discord import Permission
from tests.fakes.discord_bot import KEY
from tests.fakes.handlers import Scripted
from tests.integration.cogs.factory.scripts import PROGRAM, completed, iteration, result


async def test_a_build_is_shown_in_its_own_thread_from_beginning_to_end(sim, deck, ben, factory):
    factory.go.clear()
    reply = await ben.slash("/factory build", task="a fizz function\nwith tests", iterations=3)
    thread = await ben.sees_thread("a fizz function")
    shown = await ben.sees("Iteration 2 of 3: reviewing", thread)
    assert "▰▱▱" in shown.text
    assert "**1** · 0.70 · first draft" in shown.text
    assert "does not hold: fizz(3) → 4." in shown.text
    assert "<t:" in shown.text
    assert list(shown.buttons) == ["Cancel"]
    assert thread.mention in reply.text
    assert ben.id in thread.thread.members
    factory.go.set()
    await ben.sees("Its own example ran and passed", thread)
    assert "$0.01" in shown.text
    assert "**2** · 1.00 · lines: 1 added, 1 removed: “Return n.”" in shown.text
    assert "The Factory says" not in shown.text  # all of it is said above in our own words
    assert shown.file("fizz.py").data.decode() == PROGRAM
    assert set(shown.buttons) == {"Refine", "Build again"}
    assert len(shown.revisions) <= 6
    request = factory.requests[0]
    assert (request.policy.max_iterations, request.option("kind")) == (3, "auto")
    assert not sim.problems


async def test_in_spanish(sim, deck, ana, factory):
    factory.go.clear()
    await ana.slash("/fábrica encargar", tarea="una función", tipo="python", iteraciones=2)
    thread = await ana.sees_thread("una función")
    shown = await ana.sees("Iteración 2 de 2: buscando fallos", thread)
    assert list(shown.buttons) == ["Cancelar"]
    factory.go.set()
    await ana.sees("Su propio ejemplo se ejecutó", thread)
    assert "Coste\n0,01\u00a0$" in shown.text
    assert "Mejor nota\n1,00" in shown.text
    assert "**1** · 0,70 · primer borrador — assert fizz(3) == 3 no se cumple" in shown.text
    assert "**2** · 1,00 · líneas: 1 más, 1 menos: «Return n.»" in shown.text
    assert not re.search(r"first|added|says|\$\d|\d\.\d", shown.text)
    assert set(shown.buttons) == {"Refinar", "Encargar de nuevo"}
    assert factory.requests[0].option("kind") == "python"
    assert not sim.problems


async def test_a_result_whose_check_did_not_pass_says_so(sim, deck, ben, factory):
    tried = [
        iteration(n, 4, 0.7, changed="lines: 1 added", problem=f"fizz(3) gave {n}") for n in (1, 2)
    ]
    factory.result = completed(result(passed=False, iterations=tried), cost_usd=None)
    await ben.slash("/factory build", task="fizz")
    shown = await ben.sees("its check did not pass", await ben.sees_thread("fizz"))
    assert "Problem: “fizz(3) gave 1”" in shown.text
    assert shown.file("fizz.py")
    assert "—" in shown.text  # nobody said what it cost
    assert not sim.problems


async def test_cancel_ends_it_at_the_service_too(sim, deck, ben, factory):
    factory.go.clear()
    await ben.slash("/factory build", task="fizz")
    thread = await ben.sees_thread("fizz")
    shown = await ben.sees("reviewing", thread)
    await ben.clicks("Cancel", on=shown)
    await ben.sees("Stopped.", thread)
    assert "first draft" in shown.text  # what there was stays to be seen
    assert list(shown.buttons) == ["Build again"]
    await factory.until_idle()
    assert not sim.problems


async def test_only_the_asker_and_managers_cancel(sim, deck, guild, ben, ana, factory):
    factory.go.clear()
    boss = guild.member("Boss", roles=(guild.role("mod", Permission.MANAGE_MESSAGES),))
    await ben.slash("/factory build", task="fizz")
    thread = await ben.sees_thread("fizz")
    shown = await ben.sees("reviewing", thread)
    reply = await ana.clicks("Cancel", on=shown)
    assert reply.ephemeral
    assert "quien gestiona los mensajes" in reply.text
    await boss.clicks("Cancel", on=shown)
    await ben.sees("Stopped.", thread)
    assert not sim.problems


async def test_refine_starts_from_the_files_and_adds_what_to_change(sim, deck, ben, ana, factory):
    await ben.slash("/factory build", task="fizz", kind="python", iterations=2)
    thread = await ben.sees_thread("fizz")
    shown = await ben.sees("ran and passed", thread)
    dialog = await ana.clicks("Refine", on=shown)
    assert dialog.modal.title == "Refinar este encargo"
    reply = await ana.submits(dialog, {"Qué cambiar": "cuenta hasta cien"})
    again = await ana.sees("funciona", thread)
    assert again.id == reply.message.id
    second = factory.requests[1]
    assert second.input.data == "fizz\n\nCambio: cuenta hasta cien"
    assert second.option("files") == [{"name": "fizz.py", "content": PROGRAM}]
    assert (second.option("kind"), second.policy.max_iterations) == ("python", 2)
    assert second.source.user == str(ana.id)
    assert not sim.problems


async def test_build_again_asks_for_the_same(sim, deck, ben, factory):
    await ben.slash("/factory build", task="fizz", iterations=3)
    thread = await ben.sees_thread("fizz")
    shown = await ben.sees("ran and passed", thread)
    reply = await ben.clicks("Build again", on=shown)
    again = await ben.sees(
        lambda m: m.id == reply.message.id and "ran and passed" in m.text, thread
    )
    assert again.file("fizz.py")
    first, second = factory.requests
    assert first.contract_id != second.contract_id
    assert first.model_dump(exclude={"contract_id", "source"}) == second.model_dump(
        exclude={"contract_id", "source"}
    )
    assert not sim.problems


async def test_what_the_journal_has_forgotten_cannot_be_built_again(sim, deck, ben, factory):
    await ben.slash("/factory build", task="fizz")
    shown = await ben.sees("ran and passed", await ben.sees_thread("fizz"))
    await ben.slash("/factory jobs", shown.channel)  # its end is noted after it is seen
    assert await deck.store.jobs.prune(before_ms=2**60) == 1
    for label in ("Build again", "Refine"):
        reply = await ben.clicks(label, on=shown)
        assert reply.ephemeral
        assert "no longer have that request" in reply.text
    assert not sim.problems


async def test_without_a_right_to_open_threads_it_stays_and_says_why(
    sim, deck, guild, channel, ben, factory
):
    guild.deny(channel, sim.bot, Permission.CREATE_PUBLIC_THREADS)
    reply = await ben.slash("/factory build", task="fizz")
    shown = await ben.sees("ran and passed")
    assert shown is reply.message
    assert "I can't open threads in this channel" in shown.text
    assert shown.file("fizz.py")
    assert not sim.problems


async def test_when_discord_opens_no_thread_after_all_it_stays(sim, deck, ben, factory):
    sim.fail("/threads", 403)
    reply = await ben.slash("/factory build", task="fizz")
    assert await ben.sees("ran and passed") is reply.message
    assert [problem.message for problem in sim.problems] == ["403: Internal Server Error"]


async def test_a_thread_whose_answer_got_lost_is_not_opened_twice(sim, deck, channel, ben, factory):
    sim.fail("POST /channels/{channel_id}/messages/{message_id}/threads", lost=True)
    await ben.slash("/factory build", task="fizz")
    thread = await ben.sees_thread("fizz")
    await ben.sees("ran and passed", thread)
    assert [problem.code for problem in sim.problems] == [160004]  # so it learned that it is there
    assert len([c for c in channel.guild.channels.values() if c.parent is channel]) <= 1


async def test_where_it_could_not_be_shown_it_is_not_begun(sim, deck, guild, channel, ben, factory):
    guild.deny(channel, sim.bot, Permission.EMBED_LINKS, Permission.ATTACH_FILES)
    reply = await ben.slash("/factory build", task="fizz")
    assert reply.ephemeral
    assert "Embed Links, Attach Files" in reply.text
    assert not factory.requests
    assert not sim.problems


async def test_where_discord_takes_no_answer_nothing_is_sent(sim, deck, ben, factory):
    sim.fail("POST /interactions", 400)
    await ben.slash("/factory build", task="fizz", wait=False)
    await ben.sees("That did not work", ben.dm)
    assert not factory.requests


async def test_in_direct_messages_and_in_threads_it_stays(sim, deck, ben, factory):
    await ben.slash("/factory build", ben.dm, task="in private")
    shown = await ben.sees("ran and passed", ben.dm)
    assert "threads" not in shown.text
    thread = await ben.starts_thread("mine", in_=deck_channel(ben))
    reply = await ben.slash("/factory build", thread, task="in a thread")
    assert await ben.sees("ran and passed", thread) is reply.message
    assert not sim.problems


async def test_a_huge_task_is_taken_and_cut_where_it_is_shown(sim, deck, ben, factory):
    task = "**@everyone** [x](http://y) " * 200
    await ben.slash("/factory build", task=task)
    thread = await ben.sees_thread("@everyone")
    shown = await ben.sees("ran and passed", thread)
    assert len(thread.name) <= 100
    assert factory.tasks == [task]
    assert not shown.mention_everyone
    assert not sim.problems


async def test_a_task_of_spaces_is_refused_at_once(sim, deck, ben, factory):
    reply = await ben.slash("/factory build", task="   ")
    assert reply.ephemeral
    assert "nothing to build" in reply.text
    assert not factory.requests
    assert not sim.problems


async def test_many_files_come_in_an_archive_and_can_be_refined(sim, deck, ben, factory):
    files = [File(name=f"../part{n}.py", content=f"n = {n}\n") for n in range(10)]
    extra = File(name="PART1.py", content="")
    factory.result = completed(result(*files, extra))
    await ben.slash("/factory build", task="parts")
    shown = await ben.sees("Its check passed", await ben.sees_thread("parts"))
    with zipfile.ZipFile(BytesIO(shown.file("build.zip").data)) as archive:
        names = archive.namelist()
        assert archive.read("part3.py") == b"n = 3\n"
    assert len(names) == 11
    assert all("/" not in name for name in names)
    assert "PART1-2.py" in names
    dialog = await ben.clicks("Refine", on=shown)
    await ben.submits(dialog, {"What to change": "fewer"})
    await ben.sees("too large to work on", shown.channel)
    assert not sim.problems


NAMES = [
    "__init__.py",
    "_private.py",
    "my module.py",
    "página.md",
    "Ünïcode.txt",
    "naïve_.py",
    "설명.txt",
    "_",
    "a-b_c.tar.gz",
]
"""Discord stores each of these under another name, or two of them under one."""


async def _refined_names(ben, factory, shown, change):
    before = len(factory.requests)
    dialog = await ben.clicks("Refine", on=shown)
    reply = await ben.submits(dialog, {"What to change": change})
    await ben.sees(lambda m: m.id == reply.message.id and "Refine" in m.buttons, shown.channel)
    return [file["name"] for file in factory.requests[before].option("files")]


@pytest.mark.parametrize("name", NAMES)
async def test_a_refined_build_has_the_names_that_it_had(sim, deck, ben, factory, name):
    factory.result = completed(result(File(name=name, content=PROGRAM)))
    await ben.slash("/factory build", task="package")
    shown = await ben.sees("Its check passed", await ben.sees_thread("package"))
    assert await _refined_names(ben, factory, shown, "more") == [name]
    assert not sim.problems


async def test_files_that_discord_gives_one_name_stay_apart(sim, deck, ben, factory):
    names = ["__init__.py", "init__.py", "my module.py", "my_module.py"]
    files = [File(name=name, content=f"# {name}\n") for name in names]
    factory.result = completed(result(*files))
    await ben.slash("/factory build", task="package")
    shown = await ben.sees("Its check passed", await ben.sees_thread("package"))
    assert len({one.filename for one in shown.attachments}) < len(names)
    assert await _refined_names(ben, factory, shown, "more") == names
    given = factory.requests[1].option("files")
    assert [one["content"] for one in given] == [f"# {name}\n" for name in names]
    assert not sim.problems


async def test_a_build_that_discord_found_too_large_can_be_refined(sim, deck, guild, ben, factory):
    names = ["__init__.py", "my module.py"]
    program = "x = 1\n" * 2000
    factory.result = completed(result(*(File(name=name, content=program) for name in names)))
    guild.guild.upload_limit_bytes = 5000
    await ben.slash("/factory build", task="package")
    shown = await ben.sees(lambda m: "Refine" in m.buttons, await ben.sees_thread("package"))
    assert [one.filename for one in shown.attachments] == ["files.zip"]
    assert await _refined_names(ben, factory, shown, "more") == names


@pytest.mark.parametrize("number", [30, 5000])
async def test_reports_of_any_length_fit(sim, deck, ben, factory, number):
    tried = [
        iteration(n, 10_000, 0.5, changed="**_`" * 100, problem="@here " * 100)
        for n in range(1, number)
    ]
    build = result(passed=False, iterations=tried).model_copy(
        update={"summary": "*_" * 4000, "summary_notes": None}
    )
    factory.result = completed(build)
    await ben.slash("/factory build", task="long")
    shown = await ben.sees("its check did not pass", await ben.sees_thread("long"))
    assert "earlier" in shown.text
    assert not sim.problems


async def test_a_service_that_answers_in_plain_words(sim, deck, ben, factory):
    words = "Here is your program: print('@everyone')"
    factory.result = Response(status=Status.COMPLETED, output=Output(data=words))
    await ben.slash("/factory build", task="plain")
    shown = await ben.sees("Here is your program", await ben.sees_thread("plain"))
    assert "but didn't say how good it is" in shown.text
    assert shown.file("result.md").data.decode() == words
    assert "Refine" in shown.buttons
    assert not sim.problems


async def test_a_service_that_answers_in_another_shape(sim, deck, ben, factory):
    factory.result = Response(status=Status.COMPLETED, output=Output(data={"url": ["x"]}))
    await ben.slash("/factory build", task="odd")
    shown = await ben.sees("but didn't say", await ben.sees_thread("odd"))
    assert b'"url"' in shown.file("result.json").data
    assert not sim.problems


async def test_a_service_that_gives_nothing(sim, deck, ben, factory):
    factory.result = Response(status=Status.COMPLETED)
    await ben.slash("/factory build", task="none")
    shown = await ben.sees("gave no result", await ben.sees_thread("none"))
    assert not shown.attachments
    assert list(shown.buttons) == ["Build again"]
    assert not sim.problems


class TestTrouble:
    @pytest.fixture
    def handlers(self, factory):
        async def fail(request):
            async for response in factory(request):
                yield response
                if len(factory.requests) == 1 and "0.70" in response.text:
                    raise RuntimeError("the model fell over")

        return {"factory": Scripted(fail, service=Service.FACTORY)}

    async def test_a_failing_build_says_so_and_can_be_built_again(self, sim, deck, ben, factory):
        await ben.slash("/factory build", task="fizz")
        thread = await ben.sees_thread("fizz")
        shown = await ben.sees("The job failed", thread)
        assert "job_failed" in shown.text
        assert list(shown.buttons) == ["Build again"]
        await ben.clicks("Build again", on=shown)
        await ben.sees("ran and passed", thread)
        assert not sim.problems


class TestCold:
    @pytest.fixture
    def handler(self, factory):
        handler = Scripted(factory, service=Service.FACTORY)
        handler.warm.clear()
        return handler

    @pytest.fixture
    async def base_url(self, handler):
        async with embedded_server(
            {"factory": handler}, key=SecretStr(KEY), queue_limit=8, clock=SystemClock()
        ) as url:
            yield url

    async def test_a_cold_start_is_a_state_of_its_own(self, sim, deck, ben, handler):
        await ben.slash("/factory build", task="fizz")
        thread = await ben.sees_thread("fizz")
        await ben.sees("Waiting for the service to start", thread)
        handler.warm.set()
        await ben.sees("ran and passed", thread)
        assert not sim.problems


class TestDown:
    @pytest.fixture
    def base_url(self):
        return "http://127.0.0.1:9"

    async def test_a_service_that_is_down_is_told(self, sim, deck, ben):
        with contextlib.suppress(asyncio.TimeoutError):
            await ben.slash("/factory build", task="fizz")
        thread = await ben.sees_thread("fizz")
        shown = await ben.sees("The service isn't answering", thread, within=100)
        assert list(shown.buttons) == ["Build again"]
        assert not sim.problems


def deck_channel(person):
    return next(c for c in person.guild.channels.values() if c.name == "general")


async def test_a_build_that_discord_waited_for_no_more_is_told_directly(
    sim, deck, channel, ben, factory
):
    for _ in range(2):
        sim.fail("POST /interactions", 404, code=10062)
        await ben.slash("/factory build", channel, task="fizz", wait=False)
        await ben.sees("too slow", ben.dm)
    assert not factory.requests
    assert not [m for m in ben.reads(channel) if m.author == sim.bot]
    assert not sim.log.requests("PATCH", "/channels/")
    assert not [c for c in sim.log.requests("POST") if c.path.endswith(f"{channel.id}/messages")]
    listed = await ben.slash("/factory jobs", channel)
    assert "/0)" not in listed.text


async def test_two_presses_of_build_again_are_one_build(sim, deck, ben, ana, factory):
    await ben.slash("/factory build", task="fizz")
    thread = await ben.sees_thread("fizz")
    shown = await ben.sees("ran and passed", thread)
    factory.go.clear()
    replies = await asyncio.gather(*(ben.clicks("Build again", on=shown) for _ in range(2)))
    assert sorted(reply.ephemeral for reply in replies) == [False, True]
    assert any("I'm already building that again" in reply.text for reply in replies)
    await ana.clicks("Build again", on=shown)  # somebody else may have one of their own
    factory.go.set()
    await all_ended(deck)
    assert len(factory.requests) == 3
    assert not sim.problems


async def test_a_dialog_sent_twice_begins_one_build(sim, deck, ben, factory):
    """Discord's client sends it once; who sends it again by other means gets no second build."""
    await ben.slash("/factory build", task="fizz")
    thread = await ben.sees_thread("fizz")
    shown = await ben.sees("ran and passed", thread)
    dialog = await ben.clicks("Refine", on=shown)
    factory.go.clear()
    first = await ben.submits(dialog, {"What to change": "more"})
    again = await ben.submits(dialog, {"What to change": "more"})
    assert not first.ephemeral
    assert again.ephemeral
    assert "already sent that form" in again.text
    factory.go.set()
    await ben.sees(lambda m: m is first.message and "ran and passed" in m.text, thread)
    await all_ended(deck)
    assert len(factory.requests) == 2
    assert not sim.problems


async def all_ended(deck):
    async with asyncio.timeout(15):
        while await deck.store.jobs.listing(unfinished=True):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_dialog_that_was_opened_before_its_right_was_lost_begins_nothing(
    sim, deck, guild, channel, ana, ben, factory
):
    await ben.slash("/factory build", task="fizz")
    thread = await ben.sees_thread("fizz")
    shown = await ben.sees("ran and passed", thread)
    dialog = await ana.clicks("Refine", on=shown)
    lost = deck.wait_for("guild_channel_update", timeout=10)
    waiting = asyncio.ensure_future(lost)
    await asyncio.sleep(0)  # so that it listens
    guild.deny(channel, ana, Permission.VIEW_CHANNEL)
    await waiting
    reply = await ana.submits(dialog, {"Qué cambiar": "cuenta hasta cien"})
    assert reply.ephemeral
    assert "No encuentro" in reply.text
    assert len(factory.requests) == 1
