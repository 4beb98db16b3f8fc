"""What people tell the bot in a voice channel: jobs, costs, leaving, forgetting."""

from functools import partial
from typing import Final, Protocol

from bot.discord_client import SkyDeck
from bot.i18n import Words
from bot.spoken_commands import Agreement, CommandKind, SpokenCommand
from bot.voice_agent.confirmations import SpokenQuestions, YesNoQuestion
from bot.voice_agent.events import PerformCommands
from cogs.shared import person_commands
from cogs.shared.rights import Relation, Right, may

_ASKED: Final = {
    CommandKind.LEAVE: ("commands.ask_leave", Agreement.PLAIN),
    CommandKind.FORGET: ("commands.ask_forget_aloud", Agreement.FORGET),
}
"""What is confirmed first, and what a spoken yes has to say."""


class Place(Protocol):
    """The voice channel, as its commands need it."""

    def others_than(self, user_id: int) -> bool:
        """Whether there are other people in it."""

    def send_away(self) -> None:
        """Leave once the goodbye has been said."""

    async def forget_words(self, user_id: int) -> int:
        """Forget what a person has said here.

        Raises:
            StoreFailed: The transcript cannot be changed.
        """


class ChannelCommands:
    """A `CommandHandler` for a voice channel. Only people who may be heard there reach it.

    Everybody there hears and reads what is said, so no sum and no title is in it.

    Attributes:
        questions: What people there were asked to confirm.
    """

    performs: frozenset[CommandKind] = person_commands.ABOUT_JOBS | {
        CommandKind.LEAVE,
        CommandKind.FORGET,
        CommandKind.CONFIRM,
        CommandKind.YES,
        CommandKind.NO,
    }

    def __init__(self, bot: SkyDeck, place: Place) -> None:
        self._bot = bot
        self._place = place
        self.questions = SpokenQuestions(bot.clock)

    async def perform(self, order: PerformCommands, words: Words) -> str | None:
        """Carry out what somebody has said; see `CommandHandler`."""
        said = [
            await self._perform(command, order, words)
            for command in order.match.commands
            if command.kind in self.performs
        ]
        told = [one for one in said if one is not None]
        return " ".join(told) if told else None

    async def _perform(
        self, command: SpokenCommand, order: PerformCommands, words: Words
    ) -> str | None:
        user_id = order.user_id
        match kind := command.kind:
            case CommandKind.CANCEL | CommandKind.CANCEL_JOB:
                return await person_commands.cancel_newest(self._bot, user_id, words, command.job)
            case CommandKind.PROGRESS:
                return await person_commands.progress(self._bot, user_id, words, noun=command.job)
            case CommandKind.COST:
                spent = await person_commands.cost_today(self._bot, user_id, words)
                return await person_commands.tell_alone(self._bot, user_id, spent, words)
            case CommandKind.LEAVE if not self._place.others_than(user_id):
                return self._leave(words)
            case CommandKind.LEAVE | CommandKind.FORGET:
                answered = partial(self._answered, kind, user_id)
                text, needs = _ASKED[kind]
                question = YesNoQuestion(lambda words: words(text), answered, needs)
                return self.questions.ask(user_id, question, words)
            case CommandKind.CONFIRM:
                return self.questions.ask_waiting(user_id, words)
            case _:
                return await self.questions.answer(
                    user_id, command, words, is_written=order.is_written
                )

    async def _answered(self, asked: CommandKind, user_id: int, is_yes: bool, words: Words) -> str:
        if not is_yes:
            return words("commands.stays" if asked is CommandKind.LEAVE else "commands.kept")
        if asked is CommandKind.LEAVE:
            return self._leave(words)
        await self._place.forget_words(user_id)
        return words("commands.forgot")

    def _leave(self, words: Words) -> str:
        """Whoever is heard is in the channel, and may send the bot away as with `/leave`."""
        if not may(Right.COMMAND_VOICE, Relation(is_of_server=True, is_present=True)):
            return words("commands.cannot_leave")
        self._place.send_away()
        return words("commands.leaves")
