"""A spoken conversation in the channel's text chat: both sides, as they grow."""

import contextlib
import logging
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import discord

from bot.discord_client import SkyDeck
from bot.errors import ServiceDown, SkydeckError
from bot.i18n import Words
from bot.jobs.edit_throttle import EditThrottle
from bot.voice_agent.events import Stage, TurnUpdate
from cogs.shared.discord_retry import Nonces, draw_nonce
from cogs.shared.error_messages import explain
from cogs.shared.live import LiveMessage
from cogs.shared.page import Page
from cogs.shared.splitting import as_plain_text, closed, disarm, split

log = logging.getLogger(__name__)

_UNSEEN: Final = frozenset({Stage.NOT_FOR_US, Stage.NOTHING_HEARD})
"""Side talk is not posted."""
_FINAL: Final = frozenset({Stage.DONE, Stage.INTERRUPTED, Stage.FAILED}) | _UNSEEN
_WORDLESS: Final = frozenset({Stage.WAITING_FOR_WORKER, Stage.FAILED})
"""Shown even without words: otherwise a cold start would look as if the bot heard nothing."""
_MAX_TURNS: Final = 64
_MAX_LINES: Final = 16
"""How many messages wait while Discord accepts none; beyond that the oldest is dropped."""
_TRIES: Final = 5
"""How often to try a turn that Discord refuses."""
_FAILURES: Final = (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError)


@dataclass(slots=True)
class _Turn:
    update: TurnUpdate
    failure: str = ""
    live: LiveMessage | None = None
    nonces: Nonces = field(default_factory=Nonces)
    is_new: bool = True
    tries: int = 0


@dataclass(slots=True, eq=False)
class _Line:
    text: str
    nonce: str = field(default_factory=draw_nonce)


@dataclass(slots=True)
class ChannelTranscript:
    """A `TranscriptView`: one message per turn, edited at most once a second.

    Attributes:
        channel_id: The text chat; changes when the bot is moved.
        words: The channel's language.
        names: People's names, by id.
        pace: Calls `refresh` while the conversation is open.
    """

    bot: SkyDeck
    channel_id: int
    words: Words
    assistant: str
    names: dict[int, str] = field(default_factory=dict)
    pace: EditThrottle | None = None
    _is_down_told: bool = False
    _turns: dict[int, _Turn] = field(default_factory=dict)
    _lines: list[_Line] = field(default_factory=list)

    def show(self, update: TurnUpdate) -> None:
        """Take a turn's current state."""
        failure = self._explain_once(update)
        turn = self._turns.get(update.turn_id)
        if turn is None:
            if update.stage in _UNSEEN:
                return
            turn = self._turns[update.turn_id] = _Turn(update)
            while len(self._turns) > _MAX_TURNS:
                del self._turns[next(iter(self._turns))]
        turn.update, turn.failure, turn.is_new = update, failure, True
        self._hurry()

    def _explain_once(self, update: TurnUpdate) -> str:
        """Why a turn failed; of an outage, only the first one until the service answers again.

        Everybody in the channel reads it, so it has no figures of a person's own budget.
        """
        if update.stage is Stage.DONE:
            self._is_down_told = False
        if update.stage is not Stage.FAILED:
            return ""
        if isinstance(update.error, ServiceDown):
            if self._is_down_told:
                return ""
            self._is_down_told = True
        return explain(update.error or SkydeckError(), self.words, privately=False).text

    def trouble(self, kind: str) -> None:
        """Report a fault of the connection, or the end of it."""
        self.say(self.words(f"voice.trouble.{kind}"))

    def say(self, text: str) -> None:
        """Post a message of its own."""
        self._lines.append(_Line(text))
        del self._lines[:-_MAX_LINES]
        self._hurry()

    async def refresh(self) -> None:
        """Bring the chat up to date; whatever fails is retried at the next change.

        Raises:
            discord.DiscordServerError, aiohttp.ClientError, OSError: Discord does not answer.
        """
        while self._lines:
            await self._send_line(self._lines[0])
        for number, turn in list(self._turns.items()):
            if turn.is_new:
                turn.is_new = False
                await self._update(turn)
            if turn.update.stage in _FINAL and not turn.is_new:
                self._turns.pop(number, None)

    async def finish(self) -> None:
        """Show how the conversation ended, if Discord accepts it."""
        try:
            await self.refresh()
        except _FAILURES as e:
            log.warning("the end of a voice conversation is not shown: %s", type(e).__name__)

    async def _send_line(self, line: _Line) -> None:
        channel = self.bot.get_partial_messageable(self.channel_id)
        try:
            await channel.send(line.text, nonce=line.nonce)
        except discord.DiscordServerError:
            raise
        except discord.HTTPException as e:  # refused: do not block the messages after it
            log.warning("a line about a voice conversation was refused: %s", e.code)
        with contextlib.suppress(ValueError):  # newer messages may have pushed it out
            self._lines.remove(line)

    async def _update(self, turn: _Turn) -> None:
        try:
            await self._bring(turn)
        except _FAILURES as e:
            turn.tries += 1
            turn.is_new = turn.tries < _TRIES
            log.warning("a spoken turn is not shown: %s", type(e).__name__)

    async def _bring(self, turn: _Turn) -> None:
        """Show a turn's current state; remove its message if nothing of it remains."""
        update = turn.update
        name = self.names.get(update.user_id, "?")
        text = render(update, name, self.assistant, self.words, failure=turn.failure)
        if text and turn.live is None:
            turn.live = await self._post(turn, text)
        elif text and turn.live is not None:
            await turn.live.refresh(Page(text=text))
        elif turn.live is not None and update.stage in _FINAL:
            await turn.live.remove()

    async def _post(self, turn: _Turn, text: str) -> LiveMessage:
        first, *rest = split(text)
        channel = self.bot.get_partial_messageable(self.channel_id)

        async def send(nonce: str) -> discord.Message:
            return await channel.send(first, nonce=nonce)

        sent = await turn.nonces.post("first", send)
        user_id = turn.update.user_id
        live = LiveMessage(self.bot, self.channel_id, sent.id, user_id, nonces=turn.nonces)
        if rest:
            await live.refresh(Page(text=text))
        return live

    def _hurry(self) -> None:
        if self.pace is not None:
            self.pace.hurry()


def render(
    update: TurnUpdate, name: str, assistant: str, words: Words, *, failure: str = ""
) -> str:
    """A turn as Markdown; empty while there is nothing to show. Pure.

    Args:
        update: The turn.
        name: Whose turn it is.
        assistant: The assistant's name.
        words: The channel's language.
        failure: Why it failed, in words.
    """
    heard, said = update.transcript.strip(), update.reply.strip()
    is_empty = not heard and not said and update.stage not in _WORDLESS
    if is_empty or update.stage in _UNSEEN:
        return ""
    person = as_plain_text(name)
    lines = [f"🗣️ **{person}:** {disarm(heard)}"] if heard else []
    if not heard and update.stage is Stage.WAITING_FOR_WORKER:
        lines = [f"🗣️ **{person}**"]
    if said:
        grows = " ▌" if update.stage is Stage.ANSWERING else ""
        answerer = as_plain_text(assistant)
        lines.append(f"💬 **{answerer}:** {disarm(closed(said) if grows else said)}{grows}")
    note = _note(update, words, failure)
    return "\n".join([*lines, note] if note else lines)


def _note(update: TurnUpdate, words: Words, failure: str) -> str:
    match update.stage:
        case Stage.WAITING_FOR_WORKER:
            return words("voice.waiting")
        case Stage.INTERRUPTED:
            return words("voice.interrupted")
        case Stage.FAILED if failure:
            return f"⚠️ {failure}"
        case _:
            return ""
