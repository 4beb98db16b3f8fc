"""Actions that are asked for aloud, in one voice channel."""

import logging
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Final, cast

import aiohttp
import discord

from bot.actions.offering import Chosen
from bot.actions.subject import Kind, Subject
from bot.actions.wishes import OF_A_CONVERSATION
from bot.background import Background
from bot.contract import Response, Service
from bot.contract.actions import ACTIONS
from bot.discord_client import SkyDeck
from bot.errors import BadInput, SkydeckError
from bot.i18n import INTERFACE_LANGUAGES, Words, words_for
from bot.jobs.view import Requester
from bot.voice_agent.confirmations import YesNoQuestion
from bot.voice_agent.events import Remember
from bot.voice_agent.said_so_far import SaidSoFar, SaidTurn
from cogs.shared.actions import SpokenRequest, TakesSpoken
from cogs.shared.requester import words_of
from cogs.shared.said import SourceText

log = logging.getLogger(__name__)

_CHAT: Final = "Chat"


class SpokenActions:
    """What was said in a voice channel, and the actions that are asked for there.

    Args:
        assistant: Returns the assistant's name.
        channel: Returns the channel; None: it is gone.
        requester: Returns who a person is there; None: they may not ask.
        announce: Says something aloud at the next pause, if that person is still there; in that
            language.
        ask: Asks a person something aloud at the next pause, in the language that they spoke.
    """

    def __init__(
        self,
        bot: SkyDeck,
        assistant: Callable[[], str],
        channel: Callable[[], discord.VoiceChannel | discord.StageChannel | None],
        requester: Callable[[int], Requester | None],
        announce: Callable[[int, str, Words], Coroutine[Any, Any, None]],
        ask: Callable[[int, str | None, YesNoQuestion], None],
    ) -> None:
        self._bot = bot
        self._channel = channel
        self._requester = requester
        self._announce = announce
        self._ask = ask
        self._background = Background("a spoken action")
        self._assistant = assistant
        self._params: Mapping[str, Any] = {}
        self.said = SaidSoFar()

    async def close(self) -> None:
        """Stop what has not begun yet."""
        await self._background.close()

    def forget(self, user_id: int) -> None:
        """Drop what a person said, and take back what they were asked about an action."""
        self.said.forget(user_id)
        taker, channel = self._taker(), self._channel()
        if taker is not None and channel is not None:
            self._background.start(taker.forget_person(user_id, channel.id))

    def heard(self, over: Remember, name: str) -> None:
        """Note a turn that is over."""
        now_s = self._bot.clock.now()
        self.said.add(SaidTurn(now_s, over.user_id, name, over.transcript, over.reply))

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters that offer actions with a spoken question."""
        return self._params

    async def update(self) -> None:
        """Find out again what may be asked for here.

        Raises:
            StoreFailed: The server's settings cannot be read.
        """
        taker, channel = self._taker(), self._channel()
        guild = None if channel is None else channel.guild
        offered = [] if taker is None or guild is None else await taker.offered(guild)
        self._params = {ACTIONS: [one.to_wire() for one in offered]} if offered else {}

    def take(self, user_id: int, transcript: str, response: Response) -> None:
        """Take the action of an answer, beside the conversation."""
        self._background.start(self._take(user_id, transcript, response))

    async def _take(self, user_id: int, transcript: str, response: Response) -> None:
        taker, channel, requester = self._taker(), self._channel(), self._requester(user_id)
        member = channel.guild.get_member(user_id) if channel is not None else None
        if taker is None or channel is None or requester is None or member is None:
            return
        spoke = response.output.language if response.output is not None else None
        words, aloud = words_of(requester), _words_aloud(spoke, requester)

        def read(chosen: Chosen, subject: Subject) -> SourceText:
            return self._read(chosen, subject, words)

        def done(service: Service, text: str, *, is_ok: bool = True) -> None:
            if service is Service.FACTORY:
                key = "actions.build_done" if is_ok else "actions.build_failed"
                said = aloud(key, title=text)
                self._background.start(self._announce(user_id, said, aloud))
            else:
                self.said.result = text

        spoken = SpokenRequest(
            requester=requester,
            member=member,
            channel=channel,
            permissions=channel.permissions_for(channel.guild.me),
            own_words=transcript,
            read=read,
            ask=partial(self._ask, user_id, spoke),
            done=done,
        )
        try:
            await taker.take_spoken(response, spoken)
        except (SkydeckError, discord.HTTPException, aiohttp.ClientError, OSError) as e:
            log.warning("a spoken action was not begun: %s", type(e).__name__)
            # its chat may be closed
            await self._announce(user_id, aloud("actions.not_begun"), aloud)

    def _read(self, chosen: Chosen, subject: Subject, words: Words) -> SourceText:
        """What an action works on.

        Raises:
            BadInput: Nothing was said.
        """
        if subject.kind is Kind.TEXT:
            return SourceText(subject.text, "")
        if subject.kind is Kind.ANSWER and chosen.steps[0].module not in OF_A_CONVERSATION:
            answer = self.said.last_answer()
            if not answer:
                raise BadInput(words("actions.what.no_answer"))
            return SourceText(answer, words("actions.what.last_answer"))
        now_s = self._bot.clock.now()
        name = self._assistant()
        lines = self.said.lines(now_s, name, turns=subject.messages, minutes=subject.minutes)
        if not lines:
            raise BadInput(words("grace.input.nothing_said"))
        return SourceText(lines, words("actions.what.said"), is_quoted=False)

    def _taker(self) -> TakesSpoken | None:
        cog = self._bot.get_cog(_CHAT)
        return None if cog is None else cast("TakesSpoken", getattr(cog, "acting", None))


def _words_aloud(spoke: str | None, requester: Requester) -> Words:
    """The language in which a person is told something aloud: the one that they spoke."""
    return words_for(spoke) if spoke in INTERFACE_LANGUAGES else words_of(requester)
