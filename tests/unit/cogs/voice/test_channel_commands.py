"""What people in a voice channel tell the bot about itself: to leave, to forget."""

from typing import Any

import pytest

from bot.clock import SystemClock
from bot.i18n import Words, words_for
from bot.spoken_commands import Agreement, CommandKind, CommandMatch, SpokenCommand
from bot.voice_agent.confirmations import YesNoQuestion
from bot.voice_agent.events import PerformCommands
from bot.voice_agent.options.actions import QUESTION_OPEN_S
from cogs.voice._channel_commands import ChannelCommands

ANA, BEN = 1, 2


class HandClock(SystemClock):
    """It stands still."""

    at_s = 100.0

    def now(self) -> float:
        return self.at_s


class Lounge:
    """A voice channel."""

    def __init__(self, *others: int) -> None:
        self.others = others
        self.is_left = False
        self.forgotten: list[int] = []
        self.clock = HandClock()
        bot: Any = type("Bot", (), {"clock": self.clock})()
        self.commands = ChannelCommands(bot, self)

    def others_than(self, user_id: int) -> bool:
        return bool(self.others)

    def send_away(self) -> None:
        self.is_left = True

    async def forget_words(self, user_id: int) -> int:
        self.forgotten.append(user_id)
        return 3

    async def told(
        self,
        *kinds: CommandKind,
        user_id: int = ANA,
        says: Agreement = Agreement.PLAIN,
        is_written: bool = False,
    ) -> str | None:
        told = tuple(SpokenCommand(kind, agreement=says) for kind in kinds)
        match = CommandMatch(told, "en")
        order = PerformCommands(
            1, user_id, match, "", "en", overlaps_answer=False, is_written=is_written
        )
        return await self.commands.perform(order, words_for("en"))


async def test_who_is_alone_with_it_sends_it_away_at_once() -> None:
    lounge = Lounge()
    assert await lounge.told(CommandKind.LEAVE) == "Goodbye."
    assert lounge.is_left


@pytest.mark.parametrize(("answer", "is_left"), [(CommandKind.YES, True), (CommandKind.NO, False)])
async def test_with_others_there_it_asks(answer: CommandKind, is_left: bool) -> None:
    lounge = Lounge(BEN)
    assert (await lounge.told(CommandKind.LEAVE) or "").endswith("?")
    assert not lounge.is_left
    assert await lounge.told(answer, user_id=BEN) is None, "nobody has asked him"
    assert await lounge.told(answer)
    assert lounge.is_left is is_left


async def test_what_was_said_is_forgotten_once_it_is_confirmed() -> None:
    lounge = Lounge()
    assert "Shall I really forget" in (await lounge.told(CommandKind.FORGET) or "")
    assert lounge.forgotten == []
    told = await lounge.told(CommandKind.YES, says=Agreement.FORGET)
    assert told == "Done. I've forgotten it."
    assert lounge.forgotten == [ANA]
    assert await lounge.told(CommandKind.YES) is None, "it is answered once"


@pytest.mark.parametrize("says", [Agreement.PLAIN, Agreement.UNCLEAR, Agreement.BUILD])
async def test_a_television_that_says_yes_forgets_nothing(says: Agreement) -> None:
    lounge = Lounge()
    await lounge.told(CommandKind.FORGET)
    assert "delete it" in (await lounge.told(CommandKind.YES, says=says) or "")
    assert lounge.forgotten == []
    assert await lounge.told(CommandKind.YES, says=says) == "All right, nothing has changed."
    assert await lounge.told(CommandKind.YES, says=Agreement.FORGET) is None
    assert lounge.forgotten == []


async def test_who_is_asked_again_for_a_clear_yes_can_give_it() -> None:
    lounge = Lounge(BEN)
    await lounge.told(CommandKind.LEAVE)
    told = await lounge.told(CommandKind.YES, says=Agreement.UNCLEAR)
    assert told == "Is that a yes? Say yes or no."
    assert not lounge.is_left
    await lounge.told(CommandKind.YES)
    assert lounge.is_left


async def test_who_types_needs_to_name_nothing() -> None:
    lounge = Lounge()
    await lounge.told(CommandKind.FORGET)
    await lounge.told(CommandKind.YES, says=Agreement.UNCLEAR, is_written=True)
    assert lounge.forgotten == [ANA]


async def test_a_late_yes_does_nothing() -> None:
    lounge = Lounge()
    await lounge.told(CommandKind.FORGET)
    lounge.clock.at_s += QUESTION_OPEN_S + 1
    assert await lounge.told(CommandKind.YES) is None
    assert lounge.forgotten == []


async def test_what_was_asked_for_in_a_sentence_is_asked_and_answered_the_same_way() -> None:
    lounge, answers = Lounge(BEN), list[bool]()
    is_settled = False

    async def answer(is_yes: bool, words: Words) -> str | None:
        answers.append(is_yes)
        return words("actions.doing")

    def text(words: Words) -> str | None:
        return None if is_settled else words("actions.may_i_build")

    lounge.commands.questions.put(ANA, YesNoQuestion(text, answer))
    assert await lounge.told(CommandKind.CONFIRM, user_id=BEN) is None
    assert await lounge.told(CommandKind.CONFIRM) == "Shall I build this?"
    assert await lounge.told(CommandKind.YES, user_id=BEN) is None
    assert await lounge.told(CommandKind.YES) == "I'm on it."
    assert await lounge.told(CommandKind.YES) is None, "it is answered once"
    assert answers == [True]
    lounge.commands.questions.put(ANA, YesNoQuestion(text, answer))
    is_settled = True
    assert await lounge.told(CommandKind.CONFIRM) is None, "a button was faster"


class Build:
    """A build that somebody has asked for, and the answers to whether to begin it."""

    def __init__(self) -> None:
        self.answers = list[bool]()
        self.question = YesNoQuestion(
            lambda words: words("actions.may_i_build"), self._answer, Agreement.BUILD
        )

    async def _answer(self, is_yes: bool, _: Words) -> str:
        self.answers.append(is_yes)
        return "I'm on it."


@pytest.mark.parametrize("is_waiting_first", [True, False])
async def test_a_yes_is_about_what_was_asked_not_about_what_waits_to_be_asked(
    is_waiting_first: bool,
) -> None:
    lounge, build = Lounge(BEN), Build()
    if is_waiting_first:
        lounge.commands.questions.put(ANA, build.question)
    await lounge.told(CommandKind.FORGET)
    if not is_waiting_first:
        lounge.commands.questions.put(ANA, build.question)
    await lounge.told(CommandKind.YES, says=Agreement.FORGET)
    assert (lounge.forgotten, build.answers) == ([ANA], [])
    assert await lounge.told(CommandKind.YES) is None
    assert await lounge.told(CommandKind.CONFIRM) == "Shall I build this?"
    await lounge.told(CommandKind.YES, says=Agreement.BUILD)
    assert (lounge.forgotten, build.answers) == ([ANA], [True])


async def test_the_latest_question_is_the_one_that_is_answered() -> None:
    lounge, build = Lounge(BEN), Build()
    lounge.commands.questions.put(ANA, build.question)
    await lounge.told(CommandKind.CONFIRM)
    await lounge.told(CommandKind.FORGET)
    await lounge.told(CommandKind.YES, says=Agreement.FORGET)
    assert (lounge.forgotten, build.answers) == ([ANA], [])


async def test_who_did_not_hear_the_question_out_is_asked_again_until_they_answer() -> None:
    lounge, build = Lounge(BEN), Build()
    lounge.commands.questions.put(ANA, build.question)
    for _ in range(2):
        assert await lounge.told(CommandKind.CONFIRM) == "Shall I build this?"
    await lounge.told(CommandKind.NO)
    assert await lounge.told(CommandKind.CONFIRM) is None
    assert build.answers == [False]
