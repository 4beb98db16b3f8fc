"""What the person at the microphone says, or types, to have done at once."""

from collections.abc import Callable
from typing import Final

from bot.contract import Service
from bot.i18n import Words
from bot.jobs.called import called, name_of
from bot.local_voice.tasks import RunningTasks
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import Entry
from bot.money import micro
from bot.spoken_commands import Agreement, CommandKind, JobNoun, SpokenCommand
from bot.voice_agent.confirmations import SpokenQuestions, YesNoQuestion
from bot.voice_agent.events import PerformCommands
from bot.wording import money_in_words

PERSON_ID: Final = 0
"""The one person who is here, whether they speak or type."""


class SaidCommands:
    """A `CommandHandler` for the one person who is here: their commands, and what it all costs.

    Args:
        tasks: What runs beside the conversation.
        questions: What the person was asked to confirm.
    """

    performs: frozenset[CommandKind] = frozenset(
        {
            CommandKind.CANCEL,
            CommandKind.CANCEL_JOB,
            CommandKind.PROGRESS,
            CommandKind.COST,
            CommandKind.FORGET,
            CommandKind.LEAVE,
            CommandKind.CONFIRM,
            CommandKind.YES,
            CommandKind.NO,
        }
    )

    def __init__(
        self,
        tasks: RunningTasks,
        forget: Callable[[], object],
        transcript: Transcript,
        questions: SpokenQuestions,
    ) -> None:
        self._tasks = tasks
        self._forget = forget
        self._transcript = transcript
        self._questions = questions

    async def perform(self, order: PerformCommands, words: Words) -> str | None:
        """Carry out what the person has said; see `CommandHandler`."""
        said = [
            await self._perform(command, words, is_written=order.is_written)
            for command in order.match.commands
            if command.kind in self.performs
        ]
        told = [one for one in said if one is not None]
        return " ".join(told) if told else None

    async def _perform(
        self, command: SpokenCommand, words: Words, *, is_written: bool
    ) -> str | None:
        match command.kind:
            case CommandKind.CANCEL | CommandKind.CANCEL_JOB:
                return self._cancel(command.job, words)
            case CommandKind.PROGRESS:
                return self._progress(command.job, words)
            case CommandKind.COST:
                return self._cost(words)
            case CommandKind.LEAVE:
                return words("commands.quit")
            case CommandKind.FORGET:
                question = YesNoQuestion(
                    lambda words: words("commands.ask_forget_aloud"),
                    self._forgets,
                    Agreement.FORGET,
                )
                return self._questions.ask(PERSON_ID, question, words)
            case CommandKind.CONFIRM:
                return self._questions.ask_waiting(PERSON_ID, words)
            case _:
                return await self._questions.answer(
                    PERSON_ID, command, words, is_written=is_written
                )

    def _cancel(self, noun: JobNoun | None, words: Words) -> str:
        """Cancel the newest task that is called so."""
        found = next(iter(called(self._tasks.entries, noun, _what)), None)
        if found is None or not self._tasks.cancel(found.number):
            return words(
                "commands.cancelled_nothing" if noun is None else "commands.cancelled_no_such"
            )
        return words("commands.cancelled", job=name_of(*_what(found), words))

    def _progress(self, noun: JobNoun | None, words: Words) -> str | None:
        """How far the newest task is that is called so, and how many more run."""
        found = called(self._tasks.entries, noun, _what)
        if not found:
            return None
        step = dict(found[0].progress_by_language).get(words.language, found[0].progress)
        name = name_of(*_what(found[0]), words)
        said = [
            words(
                "commands.progress_here",
                job=name[:1].upper() + name[1:],
                step=step.rstrip("."),
            )
        ]
        if len(found) > 1:
            said.append(words.count("commands.more", len(found) - 1))
        return " ".join(said)

    def _cost(self, words: Words) -> str:
        spent = micro(self._transcript.cost_usd)
        if not spent:
            return words("commands.cost_here_nothing")
        return words("commands.cost_here", money=money_in_words(spent, words))

    async def _forgets(self, is_yes: bool, words: Words) -> str:
        if not is_yes:
            return words("commands.kept")
        self._forget()
        return words("commands.forgot")


def _what(task: Entry) -> tuple[Service, str]:
    return task.service or Service.PENNY, task.module
