"""Whether to do what was asked for aloud: the bot asks aloud, and a yes or a no is heard."""

# mypy: ignore-errors

import pytest

from bot.contract import Response, Service, Status
from bot.money import Basis, Call, Charge, Payer
from bot.voice_agent.options.actions import QUESTION_OPEN_S
from tests.fakes.handlers import Scripted, echo
from tests.integration.cogs.factory.scripts import Factory
from tests.integration.cogs.voice.conftest import finished
from tests.waiting import until

BUILD = {"service": "FACTORY", "module": "BUILD", "params": {}}
SUMMARY = {"service": "GRACE", "module": "SUMMARIZER", "params": {}}
IN = {
    "en": (
        "Can you build me a dice roller?",
        "Shall I build this: a dice roller? Say “build it” or “leave it”.",
        "Shall I build this?",
    ),
    "es": (
        "¿Puedes construirme un lanzador de dados?",
        "¿Hago este encargo: un lanzador de dados? Di «haz el encargo» o «déjalo».",
        "¿Hago este encargo?",
    ),
}


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.voice", "cogs.chat", "cogs.grace", "cogs.factory", "cogs.ops")


@pytest.fixture
def factory():
    return Factory()


@pytest.fixture
def handlers(penny_says, factory):
    return {
        "penny": penny_says,
        "grace": Scripted(echo, service=Service.GRACE),
        "factory": Scripted(factory, service=Service.FACTORY),
    }


@pytest.fixture
async def room(sim, deck, guild, called):
    """The voice channel; the bot has said hello."""
    await finished(sim.voice.line(guild))
    [room] = deck.get_cog("Voice").channels._open_by_guild.values()
    return room


def spoken_by(penny):
    return [str(r.input.data) for r in penny.asked if r.target.module == "SPEAK"]


async def say(speaker, word, penny, words, *, action=None, says="I see."):
    penny.hears, penny.says, penny.action = words, says, action
    await speaker.plays(word)


async def is_asked(room, person, speaker, lounge, word, penny, language="en"):
    """Somebody asks for a build, and is asked aloud whether to begin it; returns the message."""
    request, aloud, shown = IN[language]
    before = spoken_by(penny).count(aloud)
    await say(speaker, word, penny, request, action=BUILD, says="I can do that.")
    question = await person.sees(f"{shown}\n", lounge, ever=True)
    await until(lambda: spoken_by(penny).count(aloud) > before)
    await until(lambda: not room.session.is_busy)
    return question


async def test_a_yes_begins_it_and_the_buttons_are_gone(
    sim, room, lounge, ben, word, called, penny_says, factory
):
    question = await is_asked(room, ben, called, lounge, word, penny_says)
    assert list(question.buttons) == ["Go ahead", "No, thanks"]
    assert factory.requests == []
    await say(called, word, penny_says, "Yes, build it.")
    await until(lambda: factory.tasks == ["a dice roller"])
    shown = await ben.sees("I'm on it.", lounge, ever=True)
    await until(lambda: "I'm on it." in spoken_by(penny_says))
    await until(lambda: "Go ahead" not in question.buttons)
    assert "**Ben:** Yes, build it." in shown.content
    await until(lambda: not room.session.is_busy)
    await say(called, word, penny_says, "Yes.")
    await ben.sees("I see.", lounge, ever=True)  # to whom? it is talk
    assert len(factory.requests) == 1
    assert not sim.problems


@pytest.mark.parametrize(
    ("language", "yes", "told"),
    [
        ("en", "Build it.", "The build is ready: a dice roller"),
        ("es", "Haz el encargo.", "El encargo está listo: un lanzador de dados"),
    ],
)
async def test_the_end_of_a_build_is_announced_at_a_pause_in_the_language_of_the_request(
    sim, room, lounge, ben, word, called, penny_says, factory, language, yes, told
):
    request, aloud, _ = IN[language]
    penny_says.language = language
    await say(called, word, penny_says, request, action=BUILD, says="I can do that.")
    await until(lambda: aloud in spoken_by(penny_says))
    await until(lambda: not room.session.is_busy)
    await say(called, word, penny_says, yes)
    await until(lambda: told in spoken_by(penny_says))
    assert not sim.problems


async def test_the_end_of_a_build_that_failed_is_announced(
    sim, room, lounge, ben, word, called, penny_says, factory
):
    factory.result = Response(status=Status.FAILED, error={"code": "BROKEN", "message": "Broken."})
    await is_asked(room, ben, called, lounge, word, penny_says)
    await say(called, word, penny_says, "Build it.")
    told = "The build did not work: a dice roller. The chat says why."
    await until(lambda: told in spoken_by(penny_says))


async def test_who_has_gone_is_told_nothing_aloud(
    sim, room, lounge, ana, ben, word, called, penny_says, factory
):
    await is_asked(room, ben, called, lounge, word, penny_says)
    await ana.joins(lounge)
    factory.go.clear()
    await say(called, word, penny_says, "Build it.")
    await until(lambda: factory.tasks)
    await ben.leaves_voice()
    factory.go.set()
    await ana.sees("Done.", lounge, ever=True)
    await until(lambda: not room._actions._background._tasks)  # it has looked whether he is there
    assert not any("ready" in one for one in spoken_by(penny_says))


@pytest.mark.parametrize("heard", ["Yes.", "Of course!", "Okay."])
async def test_a_television_begins_nothing_and_the_question_is_closed(
    sim, room, lounge, ben, word, called, penny_says, factory, heard
):
    question = await is_asked(room, ben, called, lounge, word, penny_says)
    await say(called, word, penny_says, heard)
    await until(lambda: any("Just to be sure" in one for one in spoken_by(penny_says)))
    await until(lambda: not room.session.is_busy)
    await say(called, word, penny_says, heard)
    await ben.sees("All right, I'll leave it.", lounge, ever=True)
    await until(lambda: not question.buttons)
    assert factory.requests == []
    assert not sim.problems


async def test_who_only_said_yes_is_asked_for_more_and_says_it(
    sim, room, lounge, ben, word, called, penny_says, factory
):
    await is_asked(room, ben, called, lounge, word, penny_says)
    await say(called, word, penny_says, "Yes.")
    await until(lambda: any("Just to be sure" in one for one in spoken_by(penny_says)))
    await until(lambda: not room.session.is_busy)
    await say(called, word, penny_says, "Build it, please.")
    await until(lambda: factory.tasks == ["a dice roller"])
    assert not sim.problems


async def test_a_no_leaves_it_and_a_later_yes_does_nothing(
    sim, room, lounge, ben, word, called, penny_says, factory
):
    question = await is_asked(room, ben, called, lounge, word, penny_says)
    await say(called, word, penny_says, "Never mind.")
    await ben.sees("All right, I'll leave it.", lounge, ever=True)
    await until(lambda: not question.buttons)
    await until(lambda: not room.session.is_busy)
    await say(called, word, penny_says, "Yes.")
    await ben.sees("I see.", lounge, ever=True)
    assert factory.requests == []
    assert not sim.problems


async def test_in_spanish_among_others_who_answer_nothing(
    sim, room, lounge, ana, ben, word, called, penny_says, factory
):
    speaker = await ana.joins(lounge)
    consent = await ana.sees("I only listen to people who agree", lounge, ever=True)
    await ana.clicks("Listen to me", on=consent)
    request, aloud, shown = IN["es"]
    await say(speaker, word, penny_says, f"Alfred, {request}", action=BUILD, says="Puedo hacerlo.")
    await ana.sees(f"{shown}\n", lounge, ever=True)
    await until(lambda: aloud in spoken_by(penny_says))
    await until(lambda: not room.session.is_busy)
    await say(called, word, penny_says, "Alfred, yes.", says="Yes to what?")  # Ben
    await ben.sees("Yes to what?", lounge, ever=True)
    await until(lambda: not room.session.is_busy)
    asked = len(penny_says.asked)
    await say(speaker, word, penny_says, "Sí.")  # to Ben, perhaps
    await until(lambda: len(penny_says.asked) > asked)
    await until(lambda: not room.session.is_busy)
    assert "Voy con ello." not in spoken_by(penny_says)
    assert factory.requests == []
    await say(speaker, word, penny_says, "Alfred, constrúyelo.")
    await until(lambda: factory.tasks == ["un lanzador de dados"])
    await until(lambda: "Voy con ello." in spoken_by(penny_says))
    assert not sim.problems


async def test_a_button_settles_it_and_a_yes_after_that_is_talk(
    sim, room, lounge, ben, word, called, penny_says, factory
):
    question = await is_asked(room, ben, called, lounge, word, penny_says)
    await ben.clicks("No, thanks", on=question)
    await say(called, word, penny_says, "Yes.")
    await ben.sees("I see.", lounge, ever=True)
    assert factory.requests == []
    assert not sim.problems


async def test_a_late_yes_does_nothing(
    sim, room, lounge, ben, word, called, penny_says, factory, monkeypatch
):
    await is_asked(room, ben, called, lounge, word, penny_says)
    late_s = room.bot.clock.now() + QUESTION_OPEN_S + 1
    monkeypatch.setattr(
        room._commands.questions._open, "clock", type("", (), {"now": lambda: late_s})
    )
    await say(called, word, penny_says, "Yes.")
    await ben.sees("I see.", lounge, ever=True)
    assert factory.requests == []


async def test_what_costs_more_than_usual_is_asked_aloud(
    sim, deck, room, lounge, ben, word, called, penny_says, factory
):
    await say(called, word, penny_says, "Is my cat called Miso?", says="Nice name.")
    await ben.sees("Nice name.", lounge, ever=True)
    await until(lambda: not room.session.is_busy)
    for person, service, module, micro_usd in (
        (ben.id, Service.PENNY, "CONVERSE", 10),
        (1, Service.GRACE, "SUMMARIZER", 90_000),
    ):
        payer = Payer(user_id=person, guild_id=1, channel_id=1)
        call = Call(call_id=f"made by {person}", service=service, module=module, payer=payer)
        await deck.store.ledger.settle(call, Charge(micro_usd=micro_usd, basis=Basis.REPORTED))
    await say(
        called, word, penny_says, "Summarise what we said.", action=SUMMARY, says="I'm on it."
    )
    await until(lambda: any("may cost more" in one for one in spoken_by(penny_says)))
    await until(lambda: not room.session.is_busy)
    await say(called, word, penny_says, "Yes, please.")
    await ben.sees("Ben: Is my cat called Miso?", lounge, ever=True)
    assert not sim.problems


async def test_what_the_service_is_not_sure_of_is_asked_aloud(
    sim, room, lounge, ben, word, called, penny_says
):
    await say(called, word, penny_says, "Is my cat called Miso?", says="Nice name.")
    await ben.sees("Nice name.", lounge, ever=True)
    await until(lambda: not room.session.is_busy)
    request = "A summary of what we said would be good."
    unsure = {**SUMMARY, "is_unsure": True}
    await say(called, word, penny_says, request, action=unsure, says="I'm not sure.")
    await until(lambda: "Shall I summarize it?" in spoken_by(penny_says))
    await until(lambda: not room.session.is_busy)
    await say(called, word, penny_says, "Yes, please.")
    await ben.sees("Ben: Is my cat called Miso?", lounge, ever=True)
    assert not sim.problems


async def test_a_yes_when_they_may_not_ask_there_any_more(
    sim, deck, guild, room, lounge, channel, ben, word, called, penny_says, factory
):
    await is_asked(room, ben, called, lounge, word, penny_says)
    await deck.store.guilds.patch(guild.id, allowed_channels=frozenset({channel.id}))
    await say(called, word, penny_says, "Build it.")
    await until(lambda: any("couldn't begin that" in one for one in spoken_by(penny_says)))
    assert factory.requests == []


async def test_a_yes_to_what_was_switched_off_meanwhile(
    sim, deck, guild, room, lounge, ben, word, called, penny_says, factory
):
    await is_asked(room, ben, called, lounge, word, penny_says)
    await deck.store.guilds.patch(guild.id, actions=False)
    await say(called, word, penny_says, "Build it.")
    await ben.sees("That was switched off here", lounge, ever=True)
    await until(lambda: any("in the chat says why" in one for one in spoken_by(penny_says)))
    assert factory.requests == []


async def test_who_has_their_words_forgotten_or_withdraws_is_asked_nothing_any_more(
    sim, room, lounge, ben, word, called, penny_says, factory
):
    question = await is_asked(room, ben, called, lounge, word, penny_says)
    await say(called, word, penny_says, "Forget what I said.")
    await ben.sees("Shall I really forget", lounge, ever=True)
    await until(lambda: not room.session.is_busy)
    await say(called, word, penny_says, "Delete it.")
    await ben.sees_gone(question)
    await until(lambda: not room.session.is_busy)
    question = await is_asked(room, ben, called, lounge, word, penny_says)
    room.exclude(ben.id)
    await ben.sees_gone(question)
    assert factory.requests == []
    assert not sim.problems


async def test_a_written_yes_settles_what_was_asked_for_aloud(
    sim, room, lounge, ben, word, called, penny_says, factory
):
    await is_asked(room, ben, called, lounge, word, penny_says)
    await ben.says("@Alfred yes", lounge)
    await until(lambda: factory.tasks == ["a dice roller"])
    await say(called, word, penny_says, "Yes.")
    await ben.sees("I see.", lounge, ever=True)
    assert len(factory.requests) == 1
    assert not sim.problems
