"""What the person at the microphone says, or types, to have done at once."""

from collections.abc import Callable
from typing import Final

from bot.clock import Clock
from bot.i18n import Words
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import Kind
from bot.money import micro
from bot.spoken_commands import CommandKind
from bot.voice_agent.events import PerformCommands
from bot.wording import money_in_words

_CONFIRMED_WITHIN_S: Final = 60.0


class SaidCommands:
    """A `CommandHandler` for the one person who is here: their commands, and what it all costs.

    Args:
        cancel: Cancels the newest command; returns False if none is running.
        forget: Forgets the conversation.
        transcript: What was said, and how far each command is.
        clock: Tells how old a question is.
    """

    performs: frozenset[CommandKind] = frozenset(
        {
            CommandKind.CANCEL,
            CommandKind.CANCEL_JOB,
            CommandKind.PROGRESS,
            CommandKind.COST,
            CommandKind.FORGET,
            CommandKind.LEAVE,
            CommandKind.YES,
            CommandKind.NO,
        }
    )

    def __init__(
        self,
        cancel: Callable[[], bool],
        forget: Callable[[], object],
        transcript: Transcript,
        clock: Clock,
    ) -> None:
        self._cancel = cancel
        self._forget = forget
        self._transcript = transcript
        self._clock = clock
        self._asked_s: float | None = None

    async def perform(self, order: PerformCommands, words: Words) -> str | None:
        """Carry out what the person has said; see `CommandHandler`."""
        said = [self._perform(kind, words) for kind in order.match.kinds if kind in self.performs]
        told = [one for one in said if one is not None]
        return " ".join(told) if told else None

    def _perform(self, kind: CommandKind, words: Words) -> str | None:
        match kind:
            case CommandKind.CANCEL | CommandKind.CANCEL_JOB:
                if self._cancel():
                    return words("commands.cancelled_newest")
                return words("commands.cancelled_nothing")
            case CommandKind.PROGRESS:
                return self._progress(words)
            case CommandKind.COST:
                return self._cost(words)
            case CommandKind.LEAVE:
                return words("commands.quit")
            case CommandKind.FORGET:
                self._asked_s = self._clock.now()
                return words("commands.ask_forget")
            case _:
                return self._answered(kind, words)

    def _progress(self, words: Words) -> str | None:
        running = [e for e in self._transcript.entries if e.kind is Kind.TASK and not e.is_over]
        if not running:
            return None
        latest = running[-1]
        name = latest.asked.split(maxsplit=1)[0]
        step = dict(latest.progress_by_language).get(words.language, latest.progress)
        return words("commands.progress_here", command=name, step=step.rstrip("."))

    def _cost(self, words: Words) -> str:
        spent = micro(self._transcript.cost_usd)
        if not spent:
            return words("commands.cost_here_nothing")
        return words("commands.cost_here", money=money_in_words(spent, words))

    def _answered(self, answer: CommandKind, words: Words) -> str | None:
        asked_s, self._asked_s = self._asked_s, None
        if asked_s is None or self._clock.now() - asked_s > _CONFIRMED_WITHIN_S:
            return None
        if answer is CommandKind.NO:
            return words("commands.kept")
        self._forget()
        return words("commands.forgot")
