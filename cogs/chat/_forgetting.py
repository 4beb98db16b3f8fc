"""Forgets what a person has said in a conversation, and the answers to it."""

from typing import Final

from bot.discord_client import SkyDeck
from cogs.chat._written import Written
from cogs.shared.forgetting import forget_messages

_READ_CHARS: Final = 10_000_000
_MAX_ROUNDS: Final = 100
"""Each forgets up to 200 messages."""


async def forget_what_was_said(bot: SkyDeck, written: Written) -> int:
    """Forget what a person said in this conversation; without one, on this whole server.

    Answers that are being written to it are withdrawn. Returns how many messages are forgotten.

    Raises:
        StoreFailed: The memory cannot be changed.
    """
    gone = 0
    for _ in range(_MAX_ROUNDS):
        found = await _said(bot, written)
        if not found:
            break
        await forget_messages(bot, found)
        gone += len(found)
    return gone


async def _said(bot: SkyDeck, written: Written) -> set[int]:
    memory, user_id = bot.store.conversations, written.author.id
    if written.whole_channel:
        said = await memory.thread(written.conversation_id, budget_chars=_READ_CHARS)
    elif written.parent_id is not None:
        said = await memory.chain(written.parent_id, budget_chars=_READ_CHARS)
    else:
        return set(await memory.of_person(user_id, written.guild_id))
    return {one.message_id for one in said if one.person_id == user_id}
