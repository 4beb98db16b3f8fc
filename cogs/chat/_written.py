"""A message, or a command such as `/ask`, that tells the bot to do something in fixed words."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import discord

from bot.spoken_commands import CommandKind, CommandMatch
from cogs.chat._memory import may_read_history
from cogs.chat._reference import parent_of
from cogs.shared.answering import LATEST_ANSWER_S
from cogs.shared.gone import reply_to
from cogs.shared.presence import guest_conversation, is_guest, server_id_of
from cogs.shared.requester import Occasion, person_of
from cogs.shared.rights import Relation, Right, may
from cogs.shared.splitting import split

ENDS: Final = frozenset(
    {CommandKind.STOP, CommandKind.DISMISS, CommandKind.CANCEL, CommandKind.CANCEL_JOB}
)
_MAX_TOLD_CHARS: Final = 16_000
_MAX_FOLLOW_UPS: Final = 5
"""Discord's limit where the bot is only a guest."""


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody has written to the bot in fixed words.

    Attributes:
        occasion: The message, or the command with which they gave it.
        whole_channel: Whether the channel itself is the conversation.
    """

    occasion: Occasion
    match: CommandMatch
    whole_channel: bool

    @property
    def is_free(self) -> bool:
        """Whether it only stops something: even somebody who asks too often may do that."""
        return ENDS.issuperset(self.match.kinds)

    @property
    def message(self) -> discord.Message | None:
        """The message; None: it is a command."""
        return self.occasion if isinstance(self.occasion, discord.Message) else None

    @property
    def author(self) -> discord.abc.User:
        """The person."""
        return person_of(self.occasion)

    @property
    def channel_id(self) -> int:
        """Where they wrote it."""
        return self.occasion.channel.id if self.occasion.channel is not None else 0

    @property
    def conversation_id(self) -> int:
        """The channel's conversation; where the bot is a guest, the person's own one there."""
        if is_guest(self.occasion):
            return guest_conversation(self.channel_id, self.author.id)
        return self.channel_id

    @property
    def key(self) -> tuple[int, int]:
        """The channel and the person."""
        return self.channel_id, self.author.id

    @property
    def guild_id(self) -> int | None:
        """The server; None: a DM, or the bot is only a guest."""
        if isinstance(self.occasion, discord.Interaction):
            return server_id_of(self.occasion)
        return self.occasion.guild.id if self.occasion.guild is not None else None

    @property
    def parent_id(self) -> int | None:
        """The message that they reply to."""
        return None if self.message is None else parent_of(self.message)

    @property
    def reads_history(self) -> bool:
        """Whether they may know what was said before in that channel."""
        if isinstance(self.occasion, discord.Message):
            return may_read_history(self.occasion)
        if server_id_of(self.occasion) is None:  # what they and the bot have said to each other
            return True
        allowed = self.occasion.permissions.read_message_history
        relation = Relation(is_of_server=True, sees=True, reads_history=allowed)
        return may(Right.HEAR_BEFORE, relation)

    @contextlib.asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """If the block takes longer, tell Discord that the answer to a command is coming.

        Only a "yes" starts work that takes seconds; anything else only reads the database.
        """
        timer = asyncio.ensure_future(_think(self.occasion, after_s=LATEST_ANSWER_S))
        try:
            yield
        finally:
            timer.cancel()

    async def reply(self, text: str, view: discord.ui.View | None = None) -> discord.Message:
        """Reply; the last message has the buttons. Only the person sees the reply to a command.

        Raises:
            discord.HTTPException, OSError: Discord accepts no reply.
        """
        *before, last = split(text[:_MAX_TOLD_CHARS])
        if is_guest(self.occasion):
            del before[_MAX_FOLLOW_UPS - 1 :]
        for part in before:
            await self._send(part)
        return await self._send(last, view)

    async def _send(self, text: str, view: discord.ui.View | None = None) -> discord.Message:
        if isinstance(self.occasion, discord.Message):
            return await reply_to(self.occasion, text, view=view)
        return await _respond(self.occasion, text, view)


async def _think(occasion: Occasion, *, after_s: float) -> None:
    await asyncio.sleep(after_s)
    if isinstance(occasion, discord.Interaction) and not occasion.response.is_done():
        with contextlib.suppress(discord.HTTPException, OSError):
            await occasion.response.defer(ephemeral=True, thinking=True)


async def _respond(
    interaction: discord.Interaction[Any], text: str, view: discord.ui.View | None
) -> discord.Message:
    """Answer a command; only the person who gave it sees the answer."""
    more: dict[str, Any] = {} if view is None else {"view": view}
    if interaction.response.is_done():
        return await interaction.followup.send(text, ephemeral=True, wait=True, **more)
    await interaction.response.send_message(text, ephemeral=True, **more)
    return await interaction.original_response()
