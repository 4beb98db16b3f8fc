"""What becomes of a job: states, results of all shapes, failures, Cancel, a crash."""

import asyncio
import json
from functools import partial as partially

import pytest

from bot.contract import Output, Response, ServiceError, Status, Usage
from bot.store.repositories.recovery import Ending
from local_discord import CannotDo, Permission
from tests.fakes.discord_bot import made
from tests.fakes.handlers import completed, hang, partial
from tests.integration.cogs.grace.sight import settled

FACTS = {"people": ["Ana Lee", "Tom @everyone"], "places": [], "dates": ["3 May"]}
TASKS = {"items": [{"task": "call_the_printer", "who": "Bob", "when": ""}]}


def answering(*responses):
    async def script(_request):
        for response in responses:
            yield response

    return script


def json_result(value):
    return answering(Response(status=Status.COMPLETED, output=Output(type="json", data=value)))


class Gate:
    """Answers with some progress, and waits to be let go on."""

    def __init__(self, *before):
        self.before = before
        self.open = asyncio.Event()

    async def __call__(self, request):
        for response in self.before:
            yield response
        await self.open.wait()
        yield completed(f"done: {request.input.data}")


async def test_a_json_result_is_shown(sim, deck, ben, grace):
    grace.answer = json_result(FACTS)
    await ben.slash("/grace extract", text="Ana met Tom")
    message = await settled(ben, "Ana Lee")
    lines = message.content.splitlines()
    assert lines[:3] == ["**Facts** · “Ana met Tom”", "**People**", "- Ana Lee"]
    assert "**Places:** —" in lines
    assert "@everyone" not in message.content
    assert not message.attachments
    assert not sim.problems


async def test_a_json_result_that_is_cut_is_attached(sim, deck, ben, grace):
    many = {"items": [{"task": f"task {n}", "who": "Bob"} for n in range(50)]}
    grace.answer = json_result(many)
    await ben.slash("/grace action-items", text="…")
    message = await settled(ben, "and 10 more; the file has them all")
    assert json.loads(message.file("result.json").data) == many
    assert not sim.problems


async def test_a_whole_json_result_is_a_file_too_when_asked_for(sim, deck, ben, grace):
    grace.answer = json_result(FACTS)
    await ben.slash("/grace extract", text="Ana met Tom", json=True)
    message = await settled(ben, "Ana Lee")
    assert json.loads(message.file("result.json").data) == FACTS
    assert grace.last.params is None or "json" not in grace.last.params
    assert not sim.problems


async def test_a_file_that_may_not_be_attached_is_said_before_anything_is_spent(
    sim, deck, guild, channel, ben, grace
):
    guild.deny(channel, sim.bot, Permission.ATTACH_FILES)
    reply = await ben.slash("/grace extract", channel, text="Ana met Tom", json=True)
    assert "Attach Files" in reply.text
    assert reply.ephemeral
    assert not grace.asked


async def test_only_a_json_result_has_the_option(sim, deck, ben, grace):
    with pytest.raises(CannotDo, match="no option json"):
        await ben.slash("/grace summarize", text="…", json=True)


async def test_a_json_result_in_spanish(sim, deck, ana, grace):
    grace.answer = json_result(TASKS)
    await ana.slash("/grace tareas", texto="…")
    message = await settled(ana, "Bob")
    assert "- **call\\_the\\_printer**\n  - **Quién:** Bob" in message.content


async def test_a_json_result_that_came_as_a_string_or_as_words(sim, deck, ben, grace):
    grace.answer = answering(completed(json.dumps({"sentiment": "mixed", "reason": "Both."})))
    await ben.slash("/grace sentiment", text="…")
    message = await settled(ben, "mixed")
    assert not message.attachments
    grace.answer = answering(completed("It is rather mixed."))
    await ben.slash("/grace sentiment", text="…")
    message = await settled(ben, "rather mixed")
    assert not message.attachments


async def test_an_empty_result_says_so(sim, deck, ben, grace):
    grace.answer = json_result({"items": []})
    await ben.slash("/grace action-items", text="…")
    await settled(ben, "Nothing found.")
    grace.answer = answering(completed("  "))
    await ben.slash("/grace summarize", text="…")
    await settled(ben, "gave no answer")
    assert not sim.problems


async def test_a_text_of_three_messages_is_spread(sim, deck, ben, grace):
    text = "\n\n".join(f"Paragraph {n}: " + "words " * 60 for n in range(12))
    grace.answer = answering(completed(text))
    await ben.slash("/grace rewrite", text="…")
    await settled(ben, "Paragraph 11")
    messages = [m for m in ben.reads() if "Paragraph" in m.text]
    assert 2 <= len(messages) <= 3
    assert not any(m.attachments for m in messages)
    assert not sim.problems


async def test_a_long_text_is_a_head_and_a_file(sim, deck, ben, grace):
    text = "\n\n".join(f"Paragraph {n}:" + " words" * 60 for n in range(100))
    assert len(text) > 35_000
    grace.answer = answering(completed(text))
    await ben.slash("/grace rewrite", text="…")
    message = await settled(ben, "the rest is in the file")
    assert message.file("result.md").data.decode() == text
    assert "Paragraph 0" in message.content
    assert len([m for m in ben.reads() if "Paragraph" in m.text]) == 1
    assert not sim.problems


async def test_where_no_files_may_be_attached_all_is_spread(sim, deck, guild, channel, ben, grace):
    guild.deny(channel, sim.bot, Permission.ATTACH_FILES)
    text = "\n\n".join(f"Paragraph {n}: " + "words " * 60 for n in range(25))
    grace.answer = answering(completed(text))
    await ben.slash("/grace rewrite", text="…")
    await settled(ben, "Paragraph 24")
    assert not any(m.attachments for m in ben.reads())
    assert not sim.problems


async def test_where_the_bot_may_not_write_nothing_begins(sim, deck, guild, channel, ben, grace):
    guild.deny(channel, sim.bot, Permission.SEND_MESSAGES)
    reply = await ben.slash("/grace summarize", text="…")
    assert reply.ephemeral
    assert "Send Messages" in reply.text
    assert not grace.asked


async def test_progress_is_shown_in_words(sim, deck, ana, grace):
    pieces = Output(text="La primera parte", data={"progress": {"done": 1, "total": 3}})
    gate = grace.answer = Gate(Response(status=Status.PARTIAL, output=pieces))
    await ana.slash("/grace traducir", texto="…")
    message = await ana.sees("1 de 3 partes")
    assert "La primera parte" in message.content
    assert list(message.buttons) == ["Detener"]
    gate.open.set()
    await settled(ana, "done: …")
    assert message.content.startswith("**Traducción** · «…»\ndone: …\n-# ")
    assert not sim.problems


async def test_cost_is_told_where_the_service_tells_it(sim, deck, ben, grace):
    grace.answer = answering(
        Response(
            status=Status.COMPLETED,
            output=Output(type="text", data="short"),
            usage=Usage(cost_usd=0.0021),
        )
    )
    await ben.slash("/grace summarize", text="…")
    await settled(ben, "$0.0021")


async def test_cancel(sim, deck, ben, grace):
    grace.answer = hang
    await ben.slash("/grace summarize", text="…")
    message = await ben.sees("Working on it")
    await ben.clicks("Stop", on=message)
    await settled(ben, "Stopped.")
    assert not message.buttons
    assert not sim.problems


async def test_only_those_who_may_cancel(sim, deck, guild, ana, ben, grace):
    grace.answer = hang
    await ben.slash("/grace summarize", text="…")
    message = await ben.sees("Working on it")
    reply = await ana.clicks("Stop", on=message)
    assert reply.ephemeral
    assert "Solo puede detenerlo" in reply.text
    guild.give(ana, guild.role("Mods", Permission.MANAGE_MESSAGES))
    await ana.clicks("Stop", on=message)
    await settled(ana, "Stopped.")
    assert not sim.problems


async def test_cancel_of_what_has_ended(sim, deck, ben, grace):
    gate = grace.answer = Gate(partial("so far"))
    await ben.slash("/grace summarize", text="…")
    message = await ben.sees("so far")
    shown = message.revisions[-1]
    gate.open.set()
    await settled(ben, "done")
    message.components = shown.components  # an old screen
    reply = await ben.clicks("Stop", on=message)
    assert "That has already finished." in reply.text
    assert not sim.problems


async def test_a_service_that_fails_says_why(sim, deck, ana, grace):
    grace.answer = answering(
        Response(
            status=Status.FAILED,
            error=ServiceError(code="cannot_condense", message="Too hard for me."),
        )
    )
    await ana.slash("/grace resumir", texto="…")
    message = await settled(ana, "Too hard for me.")
    assert message.content.startswith("**Resumen** · «…»\nEl trabajo ha fallado")
    assert "job_failed" in message.content
    assert not sim.problems


async def test_a_service_that_breaks(sim, deck, ben, grace):
    async def breaks(_request):
        yield partial("so")
        raise RuntimeError("a secret of the worker's")

    grace.answer = breaks
    await ben.slash("/grace summarize", text="…")
    message = await settled(ben, "job_failed")
    assert "secret" not in message.content


async def test_an_interaction_that_expires_meanwhile(sim, deck, ben, grace):
    gate = grace.answer = Gate(partial("so far"))
    reply = await ben.slash("/grace summarize", text="words")
    await ben.sees("so far")
    reply.expire()
    gate.open.set()
    await settled(ben, "done: words")
    assert not sim.problems


@pytest.mark.parametrize("status", [429, 503])
async def test_discord_in_trouble_at_the_end(sim, deck, ben, grace, status):
    gate = grace.answer = Gate(partial("so far"))
    await ben.slash("/grace summarize", text="words")
    await ben.sees("so far")
    if status == 429:
        sim.rate_limit("PATCH /channels", retry_after=0.2)
    else:
        sim.fail("PATCH /channels", 503, times=2)
    gate.open.set()
    await settled(ben, "done: words")
    assert not sim.problems


async def release_nothing(_ids=None):
    """What a process that was killed does for its leases."""


async def test_after_a_crash_the_same_message_gets_its_result(
    sim, ana, ben, grace, base_url, tmp_path, cogs, channel, monkeypatch
):
    gate = grace.answer = Gate(partial("hasta aquí"))
    bot = partially(made, base_url, tmp_path / "skydeck.db", cogs=cogs, lease_ms=1_000)
    async with bot() as first, sim.connect(first):
        monkeypatch.setattr(first.store.jobs.leases, "release", release_nothing)
        await ana.slash("/grace resumir", texto="unas palabras")
        message = await ana.sees("hasta aquí")
    assert list(message.buttons) == ["Detener"]
    gate.open.set()
    async with bot() as second, sim.connect(second):
        await settled(ana, "done: unas palabras", within=15)
        (job,) = await second.store.jobs.listing(user_id=ana.id)
        async with asyncio.timeout(5):
            while job.ending is None:
                job = await second.store.jobs.get(job.journal_id)
    assert message.content.startswith("**Resumen** · «unas palabras»\ndone: unas palabras")
    assert len([m for m in ana.reads() if "Resumen" in m.text]) == 1
    assert len(grace.asked) == 1
    assert job.ending is Ending.COMPLETED
    assert not sim.problems


async def test_after_a_crash_the_same_button_still_cancels(
    sim, ana, ben, grace, base_url, tmp_path, cogs, channel, monkeypatch
):
    grace.answer = Gate(partial("hasta aquí"))
    bot = partially(made, base_url, tmp_path / "skydeck.db", cogs=cogs, lease_ms=1_000)
    async with bot() as first, sim.connect(first):
        monkeypatch.setattr(first.store.jobs.leases, "release", release_nothing)
        await ana.slash("/grace resumir", texto="unas palabras")
        message = await ana.sees("hasta aquí")
    edits = len(message.revisions)
    async with bot() as second, sim.connect(second):
        await ana.sees(lambda m: len(m.revisions) > edits, ever=True)
        await ana.clicks("Detener", on=message)
        await settled(ana, "Detenido.")
    assert len(grace.asked) == 1
    assert not sim.problems


async def test_who_asks_too_often_waits(sim, deck, ben, grace):
    for n in range(6):
        await ben.slash("/grace summarize", text=f"words {n}")
    reply = await ben.slash("/grace summarize", text="one more")
    assert reply.ephemeral
    assert "Please try again in" in reply.text
    for n in range(6):
        await settled(ben, f"words {n}", ever=True)


async def test_only_in_the_channels_of_the_server(sim, deck, guild, channel, ben, grace):
    other = guild.channel("bots")
    await deck.store.guilds.patch(guild.id, allowed_channels=frozenset({other.id}))
    reply = await ben.slash("/grace summarize", channel, text="words")
    assert reply.ephemeral
    assert not grace.asked
