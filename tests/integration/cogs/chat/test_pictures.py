"""Pictures in Discord: seen where a model can see, else named."""

# mypy: ignore-errors

import base64

import pytest

from bot.contract.pictures import MAX_PICTURE_BYTES
from local_discord import File

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
CAT = File("cat.png", PNG, "image/png")


@pytest.fixture
def sees(deck, monkeypatch):
    monkeypatch.setattr(deck.settings, "skydeck_pictures", "on")


def shown(penny_script):
    return [one["data"] for one in penny_script.asked[-1].option("pictures") or []]


async def test_a_model_that_can_see_gets_it(sim, deck, sees, channel, ben, penny_script):
    await ben.says("@Alfred what is this?", channel, files=[CAT])
    answer = await ben.sees("You said: what is this?")
    assert "[an image, cat.png]" in answer.text
    assert "can't view" not in answer.text
    assert shown(penny_script) == [base64.b64encode(PNG).decode()]
    assert penny_script.asked[-1].option("pictures")[0]["media_type"] == "image/png"
    assert not sim.problems


async def test_without_words_it_is_asked_what_it_shows(sim, deck, sees, channel, ben, penny_script):
    await ben.says("@Alfred", channel, files=[CAT])
    await ben.sees("What is in this picture?")
    assert len(shown(penny_script)) == 1


async def test_by_command_too(sim, deck, sees, channel, ben, penny_script):
    await ben.slash("/ask", channel, question="what is it?", file=CAT)
    await ben.sees("[an image, cat.png]")
    assert len(shown(penny_script)) == 1


async def test_where_none_can_see_it_is_named(sim, deck, channel, ben, penny_script):
    await ben.says("@Alfred what is this?", channel, files=[CAT])
    answer = await ben.sees("I can't view: cat.png")
    assert "[an image, cat.png: not read]" in answer.text
    assert shown(penny_script) == []


@pytest.mark.parametrize(
    "content",
    [b"<svg></svg>" * 9, PNG + bytes(MAX_PICTURE_BYTES)],
)
async def test_what_no_model_reads_is_named(sim, deck, sees, channel, ben, penny_script, content):
    odd = File("odd.png", content, "image/png")
    await ben.says("@Alfred what are these?", channel, files=[CAT, odd])
    answer = await ben.sees("I can't view: odd.png")
    assert "[an image, cat.png]" in answer.text
    assert len(shown(penny_script)) == 1


async def test_of_very_many_the_first_are_seen(sim, deck, sees, channel, ben, penny_script):
    files = [File(f"{n}.png", PNG, "image/png") for n in range(5)]
    await ben.says("@Alfred what are these?", channel, files=files)
    await ben.sees("I can't view: 3.png, 4.png")
    assert len(shown(penny_script)) == 3


async def test_an_edited_question_keeps_them(sim, deck, sees, channel, ben, penny_script):
    asked = await ben.says("@Alfred what is this?", channel, files=[CAT])
    await ben.sees("[an image, cat.png]")
    await ben.edits(asked, "@Alfred and this?")
    await ben.says("@Alfred done", channel)
    await ben.sees("You said: done")
    remembered = await deck.store.conversations.get(asked.id)
    assert remembered.content == "and this?\n\n[an image, cat.png]"
