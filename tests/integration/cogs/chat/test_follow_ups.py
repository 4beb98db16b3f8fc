"""Shorter and Translate under an answer in a conversation, beside Regenerate."""

import pytest

from tests.integration.cogs.grace.sight import settled

LONG = "The ferry to Arran leaves at eight on weekdays. " * 8


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.chat", "cogs.grace")


async def answered(ben, penny_script, channel):
    penny_script.answers["when does it leave?"] = LONG.strip()
    await ben.says("@Alfred when does it leave?", channel)
    return await settled(ben, "leaves at eight", channel)


async def test_a_long_answer_can_be_had_shorter_in_a_message_of_its_own(
    sim, deck, channel, ben, penny_script
):
    seen = await answered(ben, penny_script, channel)
    assert list(seen.buttons) == ["Regenerate", "Shorter", "Translate"]
    await ben.clicks("Shorter", on=seen)
    shorter = await settled(ben, "**New version**", channel)
    assert LONG.strip() in shorter.text
    assert list(seen.buttons) == ["Regenerate", "Shorter", "Translate"]
    assert not sim.problems


async def test_anybody_there_has_it_in_a_language_of_theirs(
    sim, deck, channel, ana, ben, penny_script
):
    seen = await answered(ben, penny_script, channel)
    dialog = await ana.clicks("Translate", on=seen)
    await ana.submits(dialog, {"A qué idioma": "alemán"})
    await settled(ana, "**Traducción** · Respuesta de Penny", channel)
    assert not sim.problems


async def test_a_line_has_regenerate_alone(sim, deck, channel, ben, penny_script):
    await ben.says("@Alfred hello", channel)
    seen = await settled(ben, "You said: hello", channel)
    assert list(seen.buttons) == ["Regenerate"]
