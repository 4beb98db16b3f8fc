"""An action that somebody asked for in a sentence, on its way from the conversation to its service.

The cog of each service does its own: Grace in her message, the Factory in a thread. Cogs do not
know each other, so they are found by name.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, cast

import discord

from bot.actions.offering import Chosen
from bot.actions.subject import Subject
from bot.background import Background
from bot.contract import Response, Service
from bot.contract.actions import ActionStep, OfferedAction
from bot.discord_client import SkyDeck
from bot.errors import SkydeckError
from bot.jobs.runner import Wanted
from bot.jobs.view import Requester
from bot.voice_agent.confirmations import YesNoQuestion
from cogs.shared.answering import give_reason
from cogs.shared.live import LiveMessage
from cogs.shared.requester import words_of
from cogs.shared.said import SourceText

_COGS: Final[Mapping[Service, str]] = {Service.GRACE: "Grace", Service.FACTORY: "Factory"}


class Done(Protocol):
    """Called when the end of an action can be seen."""

    def __call__(self, service: Service, text: str, *, is_ok: bool = True) -> object:
        """Take it.

        Args:
            service: The service that has done it.
            text: The result's text, or a build's title.
            is_ok: Whether it has a result.
        """


def _nothing(service: Service, text: str, *, is_ok: bool = True) -> object:
    return service, text, is_ok


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAction:
    """An action that was checked, with what it works on.

    Attributes:
        steps: What to do, in order, all by one service.
        source: What the first step works on.
        channel: Where they asked.
        permissions: What the bot may do there.
        question_id: Their message; 0: a command asked, or they said it aloud.
        live: The message that shows it; it is there already.
        once: The message or interaction that asks for it: it is done only once for each.
        done: Called with the result's text when all of it can be seen.
    """

    steps: tuple[ActionStep, ...]
    source: SourceText
    requester: Requester
    channel: object
    permissions: discord.Permissions
    question_id: int
    live: LiveMessage
    once: int
    done: Done = _nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenRequest:
    """What somebody said in a voice conversation, and was answered with an action.

    Attributes:
        requester: The person; they have agreed to be heard.
        member: They, on this server.
        channel: The channel's chat.
        permissions: What the bot may do there.
        own_words: What they said.
        read: Returns what an action works on, of what was said there.
        ask: Asks the person aloud whether to go ahead, at the next pause.
        done: Called when an action's result can be seen.
    """

    requester: Requester
    member: discord.Member
    channel: discord.VoiceChannel | discord.StageChannel
    permissions: discord.Permissions
    own_words: str
    read: Callable[[Chosen, Subject], SourceText]
    ask: Callable[[YesNoQuestion], None]
    done: Done = _nothing


class TakesSpoken(Protocol):
    """What takes actions that are asked for aloud."""

    async def offered(self, guild: discord.Guild | None) -> list[OfferedAction]:
        """What may be asked for on a server."""

    async def take_spoken(self, response: Response, spoken: SpokenRequest) -> None:
        """Take the action of an answer in a voice conversation."""

    async def forget_person(self, user_id: int, channel_id: int | None = None) -> None:
        """Take back what a person was asked about an action, in one channel or everywhere."""


class ActsOnRequest(Protocol):
    """A service's cog."""

    async def act(self, asked: AskedAction, is_wanted: Wanted) -> None:
        """Do an action, and return when its result can be seen.

        Args:
            asked: The action.
            is_wanted: For `JobRunner.perform`: called when the journal has the first step.

        Raises:
            SkydeckError: It did not begin.
        """


def actor_of(bot: SkyDeck, service: Service) -> ActsOnRequest | None:
    """The cog of a service; None: it is not loaded, or the service has no actions."""
    cog = bot.get_cog(_COGS[service]) if service in _COGS else None
    return None if cog is None else cast("ActsOnRequest", cog)


def services_here(bot: SkyDeck) -> frozenset[Service]:
    """The services whose actions can be asked for."""
    return frozenset(one for one in _COGS if actor_of(bot, one) is not None)


async def begin_action(actor: ActsOnRequest, asked: AskedAction, background: Background) -> None:
    """Do an action beside the caller, and return as soon as the journal has it.

    Raises:
        SkydeckError, discord.HTTPException: It did not begin. If a later step of a chain does not,
            the action's message says why.
    """
    begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def is_wanted() -> bool:
        if not begun.done():
            begun.set_result(None)
        return True

    async def work() -> None:
        try:
            await actor.act(asked, is_wanted)
        except Exception as e:
            if not begun.done():
                begun.set_exception(e)
                return
            if not isinstance(e, SkydeckError | discord.HTTPException):
                raise
            await give_reason(asked.live, e, words_of(asked.requester))
        if not begun.done():  # somebody does it already
            begun.set_result(None)

    background.start(work())
    await begun
