"""Shorter, Longer, Translate and Again under a result."""

import asyncio
import json
from functools import partial as partially

import pytest

from bot.contract import Output, Response, Status
from local_discord import Permission
from tests.fakes.discord_bot import made
from tests.fakes.handlers import completed
from tests.integration.cogs.grace.sight import settled


@pytest.fixture
def dee(guild):
    return guild.member("Dee")


def saying(text):
    async def script(_request):
        yield completed(text)

    return script


async def summary(ben, grace, channel=None, **options):
    grace.answer = saying("The ferry leaves at eight.")
    await ben.slash("/grace summarize", channel, text="The ferry to Arran …", **options)
    return await settled(ben, "leaves at eight", channel)


async def test_a_result_says_of_what_and_can_be_had_longer(sim, deck, ben, grace):
    seen = await summary(ben, grace, style="bullets")
    assert seen.content.startswith("**Summary** · “The ferry to Arran …”\n")
    assert list(seen.buttons) == ["Shorter", "Longer", "Translate", "Again"]
    assert not seen.attachments
    grace.answer = saying("At eight, on weekdays and Sundays.")
    await ben.clicks("Longer", on=seen)
    longer = await settled(ben, "weekdays")
    assert longer.content.startswith("**Summary** · “The ferry to Arran …”\n")
    assert grace.last.input.data == "The ferry to Arran …"
    assert grace.last.params == {"style": "bullets", "length": "long"}
    assert list(longer.buttons) == ["Shorter", "Translate", "Again"]
    assert "leaves at eight" in seen.content
    assert not sim.problems


async def test_again_asks_the_same_and_costs_who_presses(sim, deck, ben, grace):
    seen = await summary(ben, grace)
    grace.answer = saying("Another one.")
    await ben.clicks("Again", on=seen)
    await settled(ben, "Another one.")
    assert [one.params for one in grace.asked] == [grace.last.params] * 2
    assert grace.last.source.user == str(ben.id)
    assert not sim.problems


async def test_anybody_there_may_have_it_translated_into_a_language_of_theirs(
    sim, deck, ana, ben, grace
):
    seen = await summary(ben, grace)
    reply = await ana.clicks("Translate", on=seen)
    assert reply.modal.title == "Traducir"
    [field] = reply.modal.fields.values()
    assert field["value"] == "español"
    grace.answer = saying("Die Fähre fährt um acht.")
    await ana.submits(reply, {"A qué idioma": "alemán"})
    shown = await settled(ana, "fährt um acht")
    assert shown.content.startswith("**Traducción** · Resumen · “The ferry to Arran …”\n")
    assert grace.last.input.data == "The ferry leaves at eight."
    assert grace.last.params == {"to": "German"}
    assert grace.last.source.user == str(ana.id)
    assert not sim.problems


async def test_no_language_is_said_so(sim, deck, ben, grace):
    seen = await summary(ben, grace)
    reply = await ben.clicks("Translate", on=seen)
    told = await ben.submits(reply, {"Into which language": "xqzt"})
    assert told.ephemeral
    assert "I don't know that language" in told.text
    assert len(grace.asked) == 1


async def test_others_may_not_have_the_original_read_again(sim, deck, ana, ben, grace):
    """It may come from a channel that they do not see."""
    seen = await summary(ben, grace)
    for label in ("Shorter", "Longer", "Again"):
        reply = await ana.clicks(label, on=seen)
        assert reply.ephemeral
        assert "Solo quien lo pidió" in reply.text
    assert len(grace.asked) == 1
    assert not sim.problems


async def test_two_presses_are_one_job(sim, deck, ben, grace):
    seen = await summary(ben, grace)
    gate = asyncio.Event()

    async def slow(_request):
        await gate.wait()
        yield completed("once")

    grace.answer = slow
    await ben.clicks("Again", on=seen)
    second = await ben.clicks("Again", on=seen)
    assert second.ephemeral
    assert "already doing that" in second.text
    gate.set()
    await settled(ben, "once")
    await ben.clicks("Again", on=seen)
    assert len(grace.asked) in {2, 3}
    assert not sim.problems


async def test_a_result_in_three_messages_is_translated_whole(sim, deck, ben, grace):
    text = "\n\n".join(f"Paragraph {n}: " + "words " * 60 for n in range(12))
    grace.answer = saying(text)
    await ben.slash("/grace rewrite", text="…")
    seen = await settled(ben, "Paragraph 11")
    await ben.says("something else")
    reply = await ben.clicks("Translate", on=seen)
    grace.answer = saying("whole")
    await ben.submits(reply, {"Into which language": "fr"})
    await settled(ben, "whole")
    given = grace.last.input.data
    assert given.startswith("Paragraph 0")
    assert given.rstrip().endswith("words")
    assert [f"Paragraph {n}:" in given for n in range(12)] == [True] * 12
    assert "**" not in given


async def test_a_result_in_a_file_is_shortened_whole(sim, deck, ben, grace):
    text = "\n\n".join(f"Paragraph {n}:" + " words" * 60 for n in range(100))
    grace.answer = saying(text)
    await ben.slash("/grace explain", text="…")
    seen = await settled(ben, "the rest is in the file")
    grace.answer = saying("short")
    await ben.clicks("Shorter", on=seen)
    await settled(ben, "short")
    assert grace.last.input.data == text
    assert grace.last.params == {"tone": "concise"}


async def test_what_is_forgotten_says_so(sim, deck, ben, grace):
    seen = await summary(ben, grace)
    await deck.store.privacy.forget(ben.id)
    reply = await ben.clicks("Longer", on=seen)
    assert reply.ephemeral
    assert "I no longer have what this was made from" in reply.text


async def test_it_works_in_a_direct_message(sim, deck, ben, grace):
    seen = await summary(ben, grace, ben.dm)
    grace.answer = saying("longer")
    await ben.clicks("Longer", on=seen)
    await settled(ben, "longer", ben.dm)
    assert not sim.problems


async def test_a_json_result_has_more_or_the_same_again_with_its_file(sim, deck, ben, grace):
    async def words(_request):
        yield Response(
            status=Status.COMPLETED, output=Output(type="json", data={"keywords": ["a"]})
        )

    grace.answer = words
    await ben.slash("/grace keywords", text="…", json=True)
    seen = await settled(ben, "- a")
    assert list(seen.buttons) == ["Shorter", "Longer", "Again"]
    await ben.clicks("Longer", on=seen)
    more = await ben.sees(lambda m: m.id != seen.id and "- a" in m.text and "Again" in m.buttons)
    assert grace.last.params == {"count": 12}
    assert json.loads(more.file("result.json").data) == {"keywords": ["a"]}


async def test_the_button_works_after_a_restart_and_long_after_the_interaction(
    sim, ben, grace, base_url, tmp_path, cogs, channel
):
    bot = partially(made, base_url, tmp_path / "skydeck.db", cogs=cogs)
    async with bot() as first, sim.connect(first):
        grace.answer = saying("The ferry leaves at eight.")
        reply = await ben.slash("/grace summarize", text="The ferry")
        seen = await settled(ben, "leaves at eight")
        reply.expire()
    grace.answer = saying("much longer")
    async with bot() as second, sim.connect(second):
        await ben.clicks("Longer", on=seen)
        await settled(ben, "much longer")
    assert not sim.problems


async def test_where_it_may_not_post_any_more_nothing_begins(sim, deck, guild, channel, ben, grace):
    seen = await summary(ben, grace)
    guild.deny(channel, sim.bot, Permission.SEND_MESSAGES)
    reply = await ben.clicks("Again", on=seen)
    assert reply.ephemeral
    assert "Send Messages" in reply.text
    assert len(grace.asked) == 1


async def test_a_spoiler_stays_hidden_in_the_heading(sim, deck, ben, grace):
    grace.answer = saying("fine")
    await ben.slash("/grace summarize", text="In the end ||the butler|| did it")
    seen = await settled(ben, "fine")
    assert seen.content.startswith("**Summary** · “In the end … did it”")
