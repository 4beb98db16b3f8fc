"""Which conversation a message belongs to, what is remembered of it, and what Penny is given.

The history's length is `TEXT_CHAT`, a `ChatContextOptions` of bot/voice_agent/options.py.
"""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import discord

from bot.contract import Message
from bot.discord_client import SkyDeck
from bot.store.records import Role, StoredMessage
from bot.voice_agent.chat_context import fit_history
from bot.voice_agent.options import TEXT_CHAT
from cogs.shared.mentions import readable_content
from cogs.shared.rights import Relation, Right, may
from cogs.shared.whole import whole

_BUDGET_CHARS: Final = TEXT_CHAT.max_chars
_QUOTED_CHARS: Final = 2_000


@dataclass(frozen=True, slots=True)
class History:
    """The conversation before a message.

    Attributes:
        conversation_id: The thread, the DM, or the first message of the reply chain.
        messages: For the contract, oldest first.
    """

    conversation_id: int
    messages: Sequence[Message]


async def is_conversation(bot: SkyDeck, channel: object) -> bool:
    """Whether a thread is a conversation with the bot; the bot also opens threads for builds."""
    own = bot.user.id if bot.user else 0
    if not isinstance(channel, discord.Thread) or channel.owner_id != own:
        return False
    return bool(await bot.store.conversations.thread(channel.id, budget_chars=1))


async def author_replied_to(bot: SkyDeck, message: discord.Message) -> int | None:
    """The author of the message that this one replies to; None if it is not a reply, or unknown.

    Discord may leave that message out ("the backend did not attempt to fetch the message", in its
    reference of `referenced_message`); if it is fetched here, it is stored in `resolved`.

    Raises:
        StoreFailed: The memory cannot be read.
    """
    reference = message.reference
    if reference is None or message.type is not discord.MessageType.reply:
        return None
    if reference.resolved is None and reference.message_id is not None:
        remembered = await bot.store.conversations.get(reference.message_id)
        if remembered is not None:
            return remembered.author_id
    resolved = await _replied_to(message, reference)
    return resolved.author.id if resolved is not None else None


async def _replied_to(
    message: discord.Message, reference: discord.MessageReference
) -> discord.Message | None:
    """The message replied to; fetched if Discord has left it out."""
    if reference.resolved is None and reference.message_id is not None:
        with contextlib.suppress(discord.HTTPException, OSError):  # deleted, or not available now
            reference.resolved = await message.channel.fetch_message(reference.message_id)
    return reference.resolved if isinstance(reference.resolved, discord.Message) else None


async def history_before(bot: SkyDeck, message: discord.Message, *, whole_channel: bool) -> History:
    """The conversation before a person's message.

    Args:
        bot: The client.
        message: The person's message.
        whole_channel: Whether the channel itself (a DM, a thread) is the conversation.

    Raises:
        StoreFailed: The memory cannot be read.
    """
    memory = bot.store.conversations
    parent_id = parent_of(message)
    if not _may_read_history(message):
        return History(message.channel.id if whole_channel else message.id, [])
    if whole_channel:
        said = await memory.thread(
            message.channel.id, budget_chars=_BUDGET_CHARS, before=message.id
        )
        return History(message.channel.id, fit_history(said, max_chars=_BUDGET_CHARS))
    if parent_id is None:
        return History(message.id, [])
    said = await memory.chain(parent_id, budget_chars=_BUDGET_CHARS)
    if said:
        return History(said[-1].conversation_id, fit_history(said, max_chars=_BUDGET_CHARS))
    pointed_at = await _replied_to(message, message.reference) if message.reference else None
    said = await _chain_of_part(bot, pointed_at)
    if said:
        return History(said[-1].conversation_id, fit_history(said, max_chars=_BUDGET_CHARS))
    return History(message.id, _quoted(pointed_at))


async def _chain_of_part(
    bot: SkyDeck, pointed_at: discord.Message | None
) -> tuple[StoredMessage, ...]:
    """The chain of an answer, by one of its messages that is not remembered yet."""
    if pointed_at is None or bot.user is None or pointed_at.author.id != bot.user.id:
        return ()
    first = first_of_answer(pointed_at, question_id=None)
    said = await bot.store.conversations.chain(first, budget_chars=_BUDGET_CHARS)
    return said if said and said[-1].role is Role.ASSISTANT else ()


def first_of_answer(part: discord.Message, question_id: int | None) -> int:
    """The first message of an answer, by any of its messages, without the memory.

    The further messages reply to the first, and the first replies to the question.
    """
    replied_to = part.reference.message_id if part.reference is not None else None
    return part.id if replied_to is None or replied_to == question_id else replied_to


def parent_of(message: discord.Message) -> int | None:
    """The id of the message that a person replies to, in the same channel.

    A forwarded message also references its original, which is in another channel. Readers of this
    channel may not be allowed to read that one, so the reference is ignored.
    """
    pointed_at = message.reference
    if pointed_at is None or pointed_at.type is not discord.MessageReferenceType.reply:
        return None
    return pointed_at.message_id if pointed_at.channel_id == message.channel.id else None


def _may_read_history(message: discord.Message) -> bool:
    """Whether a person may know what was said before, since Penny can be made to repeat it."""
    author, channel = message.author, message.channel
    if message.guild is None:
        return True
    if not isinstance(author, discord.Member) or isinstance(channel, discord.PartialMessageable):
        return False
    allowed = channel.permissions_for(author)
    relation = Relation(is_of_server=True, sees=True, reads_history=allowed.read_message_history)
    return may(Right.HEAR_BEFORE, relation)


async def history_of(bot: SkyDeck, question: StoredMessage, channel_id: int) -> Sequence[Message]:
    """The conversation before a remembered question, as `history_before` found it.

    Args:
        bot: The client.
        question: The remembered question.
        channel_id: Where it was asked; a thread or a DM is a conversation of its own.

    Raises:
        StoreFailed: The memory cannot be read.
    """
    memory, parent_id = bot.store.conversations, question.parent_id
    if question.conversation_id == channel_id:
        said = await memory.thread(
            channel_id, budget_chars=_BUDGET_CHARS, before=question.message_id
        )
        return fit_history(said, max_chars=_BUDGET_CHARS)
    if parent_id is None:
        return []
    said = await memory.chain(parent_id, budget_chars=_BUDGET_CHARS)
    if said:
        return fit_history(said, max_chars=_BUDGET_CHARS)
    channel = bot.get_partial_messageable(channel_id)
    with contextlib.suppress(discord.HTTPException, OSError):  # deleted, or not available now
        return _quoted(await channel.fetch_message(parent_id))
    return []


def _quoted(pointed_at: object) -> list[Message]:
    """Someone else's message that a person replies to: given to Penny, but not remembered."""
    if not isinstance(pointed_at, discord.Message) or not pointed_at.content:
        return []
    content = readable_content(pointed_at)[:_QUOTED_CHARS]
    return [Message(role="user", content=content, name=pointed_at.author.display_name)]


def stored(message: discord.Message, text: str, conversation_id: int) -> StoredMessage:
    """A person's message, as the memory stores it."""
    return StoredMessage(
        message_id=message.id,
        conversation_id=conversation_id,
        person_id=message.author.id,
        author_id=message.author.id,
        author_name=message.author.display_name,
        role=Role.USER,
        content=text,
        created_at_ms=int(message.created_at.timestamp() * 1000),
        parent_id=parent_of(message),
        guild_id=message.guild.id if message.guild is not None else None,
    )


def text_of(message: discord.Message, own_id: int) -> str:
    """A message's text, without the mention of the bot, and with names in place of mentions."""
    content = re.sub(rf"<@!?{own_id}>", " ", message.content)
    for person in whole(message).mentions:
        content = re.sub(rf"<@!?{person.id}>", f"@{person.display_name}", content)
    return content.strip()
