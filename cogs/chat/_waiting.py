"""An action that waits for a word of the person: a yes, or what to work on."""

from dataclasses import dataclass
from typing import Final

import discord

from bot.actions.asked import build_question, sure_question
from bot.actions.offering import Chosen
from bot.actions.subject import Subject
from bot.contract import Service
from bot.i18n import Words
from bot.jobs.view import Requester
from cogs.shared.actions import SpokenRequest
from cogs.shared.asking import Asking
from cogs.shared.live import NO_MESSAGE, LiveMessage
from cogs.shared.said import SourceText
from cogs.shared.splitting import disarm

_SHOWN_TASK_CHARS: Final = 600


@dataclass(frozen=True, slots=True)
class ActionPlace:
    """Where an action was asked for.

    Attributes:
        permissions: What the bot may do there.
        question_id: The message that asked; 0: a command did, or it was said aloud.
    """

    channel: object
    permissions: discord.Permissions
    question_id: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """An action that waits for a yes, or (without a subject) for what to work on.

    Attributes:
        place: Where they asked.
        live: The message that asks them, and then shows the action.
        asking: The message or the command that names that; None: it was said aloud.
        source: What it says, if that is known already.
        spoken: The request, if it was said aloud.
        is_costly: Whether it may cost more than what they usually ask for.
    """

    chosen: Chosen
    requester: Requester
    place: ActionPlace
    live: LiveMessage
    subject: Subject | None = None
    asking: Asking | None = None
    source: SourceText | None = None
    spoken: SpokenRequest | None = None
    is_costly: bool = False

    @property
    def shown_in(self) -> frozenset[int]:
        """The messages that it needs: the request, if it is one, and the question about it."""
        return frozenset({self.place.question_id, self.live.message_id} - {NO_MESSAGE})

    @property
    def has_to_ask(self) -> bool:
        """Whether it is unclear that the person wants it, or that they want to pay for it."""
        return self.chosen.asks_first or self.chosen.is_unsure or self.is_costly

    def question(self, words: Words) -> str:
        """Whether to go ahead, for readers."""
        text = words("actions.may_i_build") if self._is_build else self._short_question(words)
        task = self._task
        return f"{text}\n> {disarm(task[:_SHOWN_TASK_CHARS])}" if task else text

    def spoken_question(self, words: Words) -> str:
        """Whether to go ahead, as one short question aloud."""
        return build_question(self._task, words) if self._is_build else self._short_question(words)

    def _short_question(self, words: Words) -> str:
        if not self.chosen.is_unsure:
            return words("actions.may_i_spend")
        asks = sure_question(self.chosen, words)
        return f"{words('actions.may_cost_more')} {asks}" if self.is_costly else asks

    @property
    def _is_build(self) -> bool:
        return self.chosen.service is Service.FACTORY

    @property
    def _task(self) -> str:
        return "" if self.subject is None else " ".join(self.subject.text.split())
