"""What happens when somebody tells the assistant to do something: how it speaks, what it says."""

from itertools import count
from typing import Any

import pytest

from audio.manner import Manner
from bot.clock import SystemClock
from bot.errors import ServiceUnreachable, StoreFailed
from bot.i18n import Words
from bot.spoken_commands import CommandKind, find_commands, words_of
from bot.voice_agent.command_performer import AS_USUAL, CommandPerformer
from bot.voice_agent.command_replies import CommandReplies
from bot.voice_agent.events import (
    CommandsDeclined,
    Fact,
    PerformCommands,
    ReplyChunk,
    RequestCompleted,
    RequestFailed,
)
from bot.voice_agent.options.commands import CommandOptions

ANA, BEN = 1, 2


new_turn_id = count(100).__next__


def order(
    said: str, *, user_id: int = ANA, over: bool = False, turn_id: int | None = None
) -> PerformCommands:
    match = find_commands(words_of(said))
    assert match is not None, said
    return PerformCommands(9, user_id, match, said, None, over, turn_id=turn_id or new_turn_id())


def answered(performer: CommandPerformer, *texts: str, user_id: int = ANA) -> None:
    for text in texts:
        performer.arrived(user_id, ReplyChunk(5, f"{text} ", (b"opus",) * 2, text, 0.0))
    performer.plays(5)


class Handler:
    """Says what it is told to do."""

    performs = frozenset({CommandKind.CANCEL, CommandKind.PROGRESS})

    def __init__(self, said: str | None = "Done.", error: Exception | None = None) -> None:
        self.said, self.error = said, error
        self.orders: list[PerformCommands] = []

    async def perform(self, order: PerformCommands, words: Words) -> str | None:
        self.orders.append(order)
        if self.error is not None:
            raise self.error
        return self.said


@pytest.mark.parametrize(
    ("said", "manner"),
    [
        ("louder", Manner(1.0, 6.0)),
        ("quieter", Manner(1.0, -6.0)),
        ("slower", Manner(0.833, 0.0)),
        ("faster", Manner(1.2, 0.0)),
        ("habla más despacio y más alto", Manner(0.833, 6.0)),
    ],
)
async def test_how_it_speaks_to_one_person(said: str, manner: Manner) -> None:
    performer = CommandPerformer()
    outcome = await performer.perform(order(said))
    assert outcome is not None
    assert outcome.text
    assert performer.manner_for(ANA) == manner
    assert performer.manner_for(BEN) == AS_USUAL.manner


@pytest.mark.parametrize("said", ["louder", "quieter", "slower", "faster"])
async def test_there_is_a_limit_and_it_says_so(said: str) -> None:
    performer = CommandPerformer(CommandOptions())
    texts = []
    for _ in range(8):
        outcome = await performer.perform(order(said))
        assert outcome is not None
        texts.append(outcome.text)
    assert texts[-1] != texts[0]
    assert "can't" in texts[-1]


async def test_short_answers_in_another_language() -> None:
    performer = CommandPerformer()
    await performer.perform(order("be brief"))
    outcome = await performer.perform(order("háblame en inglés"))
    assert performer.params_for(ANA) == {"brief": True, "reply_language": "en"}
    assert outcome is not None
    assert outcome.text == "All right, I'll answer you in English from now on."
    assert outcome.language == "en"
    assert performer.params_for(BEN) == {}


async def test_a_language_without_texts_of_its_own_is_named_in_theirs() -> None:
    outcome = await CommandPerformer().perform(order("contesta en alemán"))
    assert outcome is not None
    assert outcome.text == "De acuerdo, a partir de ahora te respondo en alemán."


async def test_what_is_said_about_commands_is_in_the_wanted_language_too() -> None:
    performer = CommandPerformer()
    await performer.perform(order("in Spanish"))
    outcome = await performer.perform(order("louder"))
    assert outcome is not None
    assert (outcome.text, outcome.language) == ("A partir de ahora hablo más alto.", "es")


async def test_the_latest_answer_is_said_again_to_anybody() -> None:
    performer = CommandPerformer()
    answered(performer, "The moon is far.", "Very far.")
    outcome = await performer.perform(order("say it again", user_id=BEN))
    assert outcome is not None
    assert outcome.text == "The moon is far. Very far."
    assert outcome.again is not None
    assert [packets for packets, _ in outcome.again.pieces] == [(b"opus",) * 2] * 2


async def test_shorter_it_is_its_first_sentence() -> None:
    performer = CommandPerformer()
    answered(performer, "The moon is far.", "Very far.")
    outcome = await performer.perform(order("say it shorter"))
    assert outcome is not None
    assert outcome.text == "The moon is far."


async def test_louder_over_an_answer_says_it_again() -> None:
    performer = CommandPerformer()
    answered(performer, "The moon is far.")
    outcome = await performer.perform(order("louder", over=True))
    assert outcome is not None
    assert outcome.again is not None


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_what_never_played_is_not_the_latest(is_cancelled: bool) -> None:
    performer = CommandPerformer()
    performer.arrived(ANA, ReplyChunk(5, "Never mind.", (b"opus",), "Never mind.", 0.0))
    if is_cancelled:
        performer.cancelled(5)
        performer.plays(5)
    assert await performer.perform(order("say it again")) is None


async def test_in_another_language_the_model_says_it_again() -> None:
    performer = CommandPerformer()
    answered(performer, "The moon is far.")
    assert await performer.perform(order("say that in Spanish")) is None
    assert performer.params_for(ANA) == {"reply_language": "es"}


async def test_an_answer_may_play_long_after_it_came() -> None:
    performer = CommandPerformer(CommandOptions(max_answers=2))
    for number in (5, 6, 7):
        text = f"Answer {number}."
        performer.arrived(ANA, ReplyChunk(number, text, (b"opus",), text, 0.0))
    performer.plays(5)
    assert performer.latest is None, "it is long over"
    performer.plays(6)
    assert performer.latest is not None
    assert performer.latest.text == "Answer 6."


async def test_what_is_forgotten_is_not_said_again() -> None:
    performer = CommandPerformer()
    await performer.perform(order("louder"))
    answered(performer, "Your secret.")
    performer.forget(ANA)
    assert await performer.perform(order("say it again")) is None
    assert performer.style_of(ANA) == AS_USUAL


async def test_one_person_with_two_ids_is_spoken_to_in_one_manner() -> None:
    performer = CommandPerformer(CommandOptions(is_for_one=True))
    await performer.perform(order("louder", user_id=BEN))
    assert performer.manner_for(ANA).gain_db == 6.0


async def test_the_rest_is_for_the_handler() -> None:
    handler = Handler()
    performer = CommandPerformer(handler=handler)
    assert performer.performs >= {CommandKind.CANCEL, CommandKind.REPEAT}
    outcome = await performer.perform(order("cancel it and be brief"))
    assert outcome is not None
    assert "Done." in outcome.text
    assert performer.style_of(ANA).is_brief
    handler.said = None
    assert await performer.perform(order("how far is it")) is None


async def test_a_turn_does_nothing_twice() -> None:
    handler = Handler()
    performer = CommandPerformer(handler=handler)
    first = await performer.perform(order("cancel it", turn_id=5))
    again = await performer.perform(order("cancel it", turn_id=5))
    assert again == first
    await performer.perform(order("cancel it and louder", turn_id=5))
    assert len(handler.orders) == 1
    assert performer.manner_for(ANA).gain_db == 6.0
    await performer.perform(order("cancel it"))
    assert len(handler.orders) == 2


# -- facts -----------------------------------------------------------------------------------------


async def carried_out(performer: CommandPerformer, order: PerformCommands, say: Any) -> list[Fact]:
    facts: list[Fact] = []
    await CommandReplies(performer, say, facts.append, SystemClock()).carry_out(order)
    return facts


async def speaks(utterance_id, text, deliver, *, language, user_id) -> None:
    deliver(ReplyChunk(utterance_id, text, (b"opus",), text, 0.0))
    deliver(RequestCompleted(utterance_id, 0.0))


async def is_down(utterance_id, text, deliver, *, language, user_id) -> None:
    raise ServiceUnreachable("down")


async def breaks(utterance_id, text, deliver, *, language, user_id) -> None:
    raise ZeroDivisionError


async def never(*_: Any, **__: Any) -> None:
    raise AssertionError("nothing is called")


async def test_the_words_come_first_and_once() -> None:
    facts = await carried_out(CommandPerformer(), order("louder"), speaks)
    text, sound, end = facts
    assert isinstance(text, ReplyChunk)
    assert isinstance(sound, ReplyChunk)
    assert (text.text, text.packets) == ("Louder from now on.", ())
    assert (sound.text, sound.packets) == ("", (b"opus",))
    assert isinstance(end, RequestCompleted)


@pytest.mark.parametrize("say", [is_down, breaks])
async def test_a_service_that_is_down_costs_only_the_sound(say: Any) -> None:
    performer = CommandPerformer(handler=Handler())
    text, end = await carried_out(performer, order("cancel it"), say)
    assert isinstance(text, ReplyChunk)
    assert text.text == "Done."
    assert isinstance(end, RequestCompleted)


async def test_an_answer_is_said_again_without_a_call() -> None:
    performer = CommandPerformer()
    answered(performer, "The moon is far.")
    facts = await carried_out(performer, order("again"), never)
    assert [type(fact) for fact in facts] == [ReplyChunk, ReplyChunk, RequestCompleted]


@pytest.mark.parametrize(
    "said", ["say it again and cancel it", "cancel it and say that in Spanish"]
)
async def test_what_was_done_beside_a_repetition_is_told(said: str) -> None:
    performer = CommandPerformer(handler=Handler())
    answered(performer, "The moon is far.")
    facts = await carried_out(performer, order(said), speaks)
    assert isinstance(facts[0], ReplyChunk)
    assert facts[0].text.endswith("Done.")
    spoken = [fact.spoken_text for fact in facts if isinstance(fact, ReplyChunk) and fact.packets]
    assert spoken[-1] == "Done."
    assert ("The moon is far." in spoken) == ("again" in said)


async def test_what_means_nothing_here_is_declined() -> None:
    [fact] = await carried_out(CommandPerformer(), order("again"), never)
    assert isinstance(fact, CommandsDeclined)


@pytest.mark.parametrize("error", [StoreFailed("gone"), ZeroDivisionError()])
async def test_what_fails_is_told(error: Exception) -> None:
    performer = CommandPerformer(handler=Handler(error=error))
    [fact] = await carried_out(performer, order("cancel"), never)
    assert isinstance(fact, RequestFailed)
    assert fact.error is error
