"""Tells what was deleted from what Discord refuses for another reason."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import discord

from bot.discord_client import INVALID_FORM, SkyDeck
from bot.errors import QuestionDeleted
from cogs.shared.discord_retry import draw_nonce, is_passing, persist

_GONE: Final = frozenset({10003, 10008})
"""Unknown channel, unknown message."""
_UNKNOWN_CHANNEL: Final = 10003
_MAY_NOT_REPLY: Final = 160002
"""A reply needs the permission to read the history, which a message does not need."""


async def is_gone(fetch: Callable[[], Awaitable[Any]]) -> bool:
    """Whether Discord no longer has something, or the channel that it was in.

    Raises:
        OSError, TimeoutError: Discord does not answer now.
    """
    try:
        await persist(fetch)
    except discord.HTTPException as e:
        if is_passing(e):
            raise TimeoutError("Discord limits us") from e
        return e.code in _GONE
    except discord.ClientException:  # there, but of a kind that discord.py does not know
        return False
    return False


def was_deleted(bot: SkyDeck, message: discord.Message) -> bool:
    """Whether a message, its channel or its server is gone, as far as this process was told."""
    guild_id = message.guild.id if message.guild is not None else None
    return bot.deleted.holds(
        message_id=message.id, channel_id=message.channel.id, guild_id=guild_id
    )


def require_there(bot: SkyDeck, message: discord.Message) -> None:
    """Check a message that a menu was used on: its words still come along when it is gone.

    Raises:
        QuestionDeleted: It was deleted meanwhile.
    """
    if was_deleted(bot, message):
        raise QuestionDeleted("The message was deleted.")


async def reply_to(
    message: discord.Message | discord.PartialMessage,
    text: str,
    *,
    view: discord.ui.View | None = None,
) -> discord.Message:
    """Reply exactly once, even if Discord's response is lost; where it may not reply, just write.

    Raises:
        QuestionDeleted: The message, or its channel, is gone.
        discord.HTTPException: Discord refuses the reply.
        OSError, TimeoutError: Discord does not answer now.
    """
    nonce, other = draw_nonce(), draw_nonce()
    more: dict[str, Any] = {} if view is None else {"view": view}
    try:
        return await persist(lambda: message.reply(text, nonce=nonce, **more))
    except discord.HTTPException as e:
        if _names_what_is_gone(e):
            raise QuestionDeleted("The question was deleted.") from e
        if e.code != _MAY_NOT_REPLY:
            raise
    return await persist(lambda: message.channel.send(text, nonce=other, **more))


def _names_what_is_gone(error: discord.HTTPException) -> bool:
    """Discord reports an unknown message reference as a fault of the form, not as "unknown"."""
    is_reference = error.code == INVALID_FORM and "message_reference" in error.text
    return error.code == _UNKNOWN_CHANNEL or is_reference
