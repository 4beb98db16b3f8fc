"""What is asked for aloud is done in the channel's chat."""

# mypy: ignore-errors

import pytest

from tests.fakes.hostile_actions import ASKS, HOSTILE
from tests.waiting import until

SUMMARY = {"service": "GRACE", "module": "SUMMARIZER", "params": {}}


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.voice", "cogs.chat", "cogs.grace", "cogs.factory", "cogs.ops")


# Whole sentences: after one that may go on, a turn ends only after 1.2 s of silence.


async def plays(called, ben, lounge, word, penny_says, hears, says):
    penny_says.hears, penny_says.says = hears, says
    await called.plays(word)
    return await ben.sees(says, lounge, ever=True)


async def test_what_was_said_is_summarised_in_the_chat(
    sim, deck, called, lounge, ben, word, penny_says
):
    await plays(called, ben, lounge, word, penny_says, "Is my cat called Miso?", "Nice name.")
    penny_says.action = SUMMARY
    await plays(called, ben, lounge, word, penny_says, "Summarise what we said.", "I'm on it.")
    result = ("what was said here", "Ben: Is my cat called Miso?")
    await ben.sees(lambda m: all(one in m.content for one in result), lounge, ever=True)
    asked = [r for r in penny_says.asked if r.target.module == "CONVERSE"]
    assert {one["module"] for one in asked[-1].params["actions"]} >= {"SUMMARIZER", "BUILD"}
    [job, *_] = await deck.store.jobs.listing(user_id=ben.id)
    assert (job.module, job.channel_id) == ("SUMMARIZER", lounge.id)
    assert not sim.problems


async def test_what_was_made_is_translated_not_that_it_was_being_made(
    sim, deck, called, lounge, ben, word, penny_says
):
    await plays(called, ben, lounge, word, penny_says, "Is my cat called Miso?", "Nice name.")
    penny_says.action = SUMMARY | {"say": "I'm on it."}
    await plays(called, ben, lounge, word, penny_says, "Summarise what we said.", "I'm on it.")
    await ben.sees("Ben: Is my cat called Miso?", lounge, ever=True)
    translation = {"service": "GRACE", "module": "TRANSLATOR", "params": {"to": "Spanish"}}
    penny_says.action, penny_says.says = translation | {"say": "I'm on it."}, "I'm on it."
    penny_says.hears = "Translate that into Spanish."
    await called.plays(word)
    made = await ben.sees(
        lambda m: "**Translation**" in m.content and "Miso" in m.content, lounge, ever=True
    )
    assert "I'm on it" not in made.content
    assert not sim.problems


async def test_that_it_is_being_done_is_no_answer_for_the_model_to_repeat(
    sim, deck, called, lounge, ben, word, penny_says
):
    await plays(called, ben, lounge, word, penny_says, "Is my cat called Miso?", "Nice name.")
    penny_says.action = SUMMARY | {"say": "I'm on it."}
    await plays(called, ben, lounge, word, penny_says, "Summarise what we said.", "I'm on it.")
    await ben.sees("Ben: Is my cat called Miso?", lounge, ever=True)
    penny_says.action = None
    await plays(called, ben, lounge, word, penny_says, "What is her name?", "Miso.")
    asked = [r for r in penny_says.asked if r.target.module == "CONVERSE"]
    before = [one.content for one in asked[-1].context.history]
    assert before == ["Is my cat called Miso?", "Nice name."]
    assert not sim.problems


async def test_a_build_is_confirmed_in_the_chat(sim, deck, called, lounge, ben, word, penny_says):
    penny_says.action = {"service": "FACTORY", "module": "BUILD", "params": {}}
    words = "Can you build me a dice roller?"
    await plays(called, ben, lounge, word, penny_says, words, "I can do that.")
    question = await ben.sees("Shall I build this?", lounge, ever=True)
    assert "a dice roller" in question.content
    assert list(question.buttons) == ["Go ahead", "No, thanks"]
    assert not [j for j in await deck.store.jobs.listing(user_id=ben.id) if j.module == "BUILD"]
    assert not sim.problems


@pytest.mark.parametrize("kind", HOSTILE)
async def test_what_does_not_fit_is_not_done(
    sim, deck, called, lounge, ben, word, penny_says, kind
):
    penny_says.action = HOSTILE[kind]
    await plays(called, ben, lounge, word, penny_says, f"{ASKS.capitalize()}.", "I'm on it.")
    await ben.sees("so I did nothing", lounge, ever=True)
    assert not await deck.store.jobs.listing(user_id=ben.id)


async def test_a_sentence_in_the_middle_of_anothers_asks_for_nothing(
    sim, deck, called, lounge, ana, ben, word, penny_says
):
    """Ana has agreed to be heard, and speaks to Ben: the assistant is not called."""
    speaker = await ana.joins(lounge)
    consent = await ana.sees(lambda m: "Listen to me" in m.buttons, lounge, ever=True)
    await ana.clicks("Listen to me", on=consent)
    penny_says.hears, penny_says.says = "Alfred, is my cat called Miso?", "Nice name."
    await called.plays(word)
    await ben.sees("Nice name.", lounge, ever=True)
    penny_says.action, penny_says.hears = SUMMARY, "Summarise what we said."
    before = penny_says.modules().count("CONVERSE")
    await speaker.plays(word)
    await until(lambda: penny_says.modules().count("TRANSCRIBE"))
    [room] = deck.get_cog("Voice").channels._open_by_guild.values()
    await until(lambda: not room.session.is_busy)
    assert penny_says.modules().count("CONVERSE") == before
    assert not await deck.store.jobs.listing(user_id=ana.id)
    assert not sim.problems


async def test_talk_leads_to_nothing_whatever_the_service_says(
    sim, deck, called, lounge, ben, word, penny_says
):
    penny_says.action = SUMMARY
    await plays(called, ben, lounge, word, penny_says, "She said, summarise it.", "I'm on it.")
    await ben.sees("nobody asked for", lounge, ever=True)
    assert not await deck.store.jobs.listing(user_id=ben.id)


async def test_what_cannot_be_shown_there_is_said_aloud(
    sim, deck, called, guild, lounge, channel, ben, word, penny_says
):
    await deck.store.guilds.patch(guild.id, allowed_channels=frozenset({channel.id}))
    penny_says.action = SUMMARY
    await plays(called, ben, lounge, word, penny_says, "Summarise what we said.", "I'm on it.")

    def spoken():
        return [str(r.input.data) for r in penny_says.asked if r.target.module == "SPEAK"]

    await until(lambda: any(said.startswith("I couldn't begin that") for said in spoken()))
    assert not await deck.store.jobs.listing(user_id=ben.id)


async def test_who_withdraws_takes_their_words_along(
    sim, deck, called, lounge, ben, word, penny_says
):
    await plays(called, ben, lounge, word, penny_says, "Is my cat called Miso?", "Nice name.")
    [room] = deck.get_cog("Voice").channels._open_by_guild.values()
    await until(lambda: "Miso" in room._actions.said.lines(deck.clock.now(), "Alfred"))
    room.exclude(ben.id)
    assert room._actions.said.lines(deck.clock.now(), "Alfred") == ""
