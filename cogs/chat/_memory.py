"""Which conversation a message belongs to, what is remembered of it, and what Penny is given."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import discord

from bot.contract import Message
from bot.discord_client import SkyDeck
from bot.store.records import Role, StoredMessage
from bot.voice_agent.chat_context import fit_history
from bot.voice_agent.options.history import TEXT_CHAT
from cogs.chat._reference import parent_of, replied_to
from cogs.shared.message_content import read_message
from cogs.shared.presence import guest_conversation
from cogs.shared.rights import Relation, Right, may

_BUDGET_CHARS: Final = TEXT_CHAT.max_chars

Fetch = Callable[[], Awaitable[discord.Message | None]]


@dataclass(frozen=True, slots=True)
class History:
    """The conversation before a message.

    Attributes:
        conversation_id: The thread, the DM, or the first message of the reply chain.
        messages: For the contract, oldest first.
        parent_id: The message that the question replies to.
        quoted: That message, if it is in `messages` without being remembered.
    """

    conversation_id: int
    messages: Sequence[Message]
    parent_id: int | None = None
    quoted: discord.Message | None = None


async def is_conversation(bot: SkyDeck, channel: object) -> bool:
    """Whether a thread is a conversation with the bot; the bot also opens threads for builds."""
    own = bot.user.id if bot.user else 0
    if not isinstance(channel, discord.Thread) or channel.owner_id != own:
        return False
    return bool(await bot.store.conversations.thread(channel.id, budget_chars=1))


async def history_before(
    bot: SkyDeck, message: discord.Message, *, asked: discord.Message, whole_channel: bool
) -> History:
    """The conversation before a person's message.

    Args:
        bot: The client.
        message: The person's message.
        asked: The message with the question: theirs, or one that they point at.
        whole_channel: Whether the channel itself (a DM, a thread) is the conversation.

    Raises:
        StoreFailed: The memory cannot be read.
    """
    here = message.channel.id if whole_channel else message.id
    parent_id = parent_of(asked)
    if not may_read_history(message):
        return History(here, [], parent_id)

    async def fetch() -> discord.Message | None:
        return await replied_to(asked)

    return await _history(bot, here, parent_id, fetch, before=message.id if whole_channel else None)


async def history_of(bot: SkyDeck, question: StoredMessage, channel_id: int) -> Sequence[Message]:
    """The conversation before a remembered question, as `history_before` found it.

    Args:
        bot: The client.
        question: The remembered question.
        channel_id: Where it was asked; a thread or a DM is a conversation of its own.

    Raises:
        StoreFailed: The memory cannot be read.
    """
    channel = bot.get_partial_messageable(channel_id, guild_id=question.guild_id)

    async def fetch() -> discord.Message | None:
        with contextlib.suppress(discord.HTTPException, OSError):  # deleted, or not available now
            return await channel.fetch_message(question.parent_id or 0)
        return None

    as_guest = guest_conversation(channel_id, question.person_id)
    is_whole = question.conversation_id in (channel_id, as_guest)
    before = question.message_id if is_whole else None
    here = question.conversation_id if is_whole else question.message_id
    return (await _history(bot, here, question.parent_id, fetch, before=before)).messages


async def history_as_guest(bot: SkyDeck, conversation_id: int, *, before: int) -> Sequence[Message]:
    """What a person and the bot have said to each other where it is only a guest.

    Raises:
        StoreFailed: The memory cannot be read.
    """
    memory = bot.store.conversations
    return _fit(await memory.thread(conversation_id, budget_chars=_BUDGET_CHARS, before=before))


async def _history(
    bot: SkyDeck, here: int, parent_id: int | None, fetch: Fetch, *, before: int | None
) -> History:
    """The conversation before a question.

    Args:
        bot: The client.
        here: The conversation's id, if the question begins or continues one of its own.
        parent_id: The message that the question replies to.
        fetch: Gets that message.
        before: The question's id, if the channel `here` is the conversation.
    """
    memory = bot.store.conversations
    said: Sequence[StoredMessage] = ()
    if before is not None:
        said = await memory.thread(here, budget_chars=_BUDGET_CHARS, before=before)
        if parent_id is None or _has(said, parent_id):
            return History(here, _fit(said), parent_id)
    if parent_id is None:
        return History(here, [], None)
    chain = await memory.chain(parent_id, budget_chars=_BUDGET_CHARS)
    quoted = None if chain else await fetch()
    if part_of := await _chain_of_part(bot, quoted):
        parent_id, chain, quoted = part_of[-1].message_id, part_of, None
    if before is not None:
        older = () if _has(said, parent_id) else chain[-1:]
        messages = [*_fit(said), *_fit(older), *await _quote(bot, quoted)]
        return History(here, messages, parent_id, quoted)
    if chain:
        return History(chain[-1].conversation_id, _fit(chain), parent_id)
    return History(here, await _quote(bot, quoted), parent_id, quoted)


def _has(said: Sequence[StoredMessage], message_id: int) -> bool:
    return any(message_id in (one.message_id, *one.parts) for one in said)


async def _chain_of_part(bot: SkyDeck, quoted: discord.Message | None) -> tuple[StoredMessage, ...]:
    """The chain of an answer, by one of its messages that is not remembered yet, or is spoken."""
    if quoted is None or bot.user is None or quoted.author.id != bot.user.id:
        return ()
    first = first_of_answer(quoted, question_id=None)
    said = await bot.store.conversations.chain(first, budget_chars=_BUDGET_CHARS)
    return said if said and said[-1].role is Role.ASSISTANT else ()


def first_of_answer(part: discord.Message, question_id: int | None) -> int:
    """The first message of an answer, by any of its messages, without the memory.

    The further messages reply to the first, and the first replies to the question.
    """
    replied_to = part.reference.message_id if part.reference is not None else None
    return part.id if replied_to is None or replied_to == question_id else replied_to


def _fit(said: Sequence[StoredMessage]) -> list[Message]:
    return fit_history(said, max_chars=_BUDGET_CHARS)


def may_read_history(message: discord.Message) -> bool:
    """Whether a person may know what was said before, since Penny can be made to repeat it."""
    author, channel = message.author, message.channel
    if message.guild is None:
        return True
    if not isinstance(author, discord.Member) or isinstance(channel, discord.PartialMessageable):
        return False
    allowed = channel.permissions_for(author)
    relation = Relation(is_of_server=True, sees=True, reads_history=allowed.read_message_history)
    return may(Right.HEAR_BEFORE, relation)


async def _quote(bot: SkyDeck, quoted: discord.Message | None) -> list[Message]:
    """A message that a person replies to, and that is not remembered: its words for Penny."""
    if quoted is None:
        return []
    words = (await read_message(bot, quoted)).words[:_BUDGET_CHARS]
    if not words:
        return []
    if quoted.author == bot.user:
        return [Message(role=Role.ASSISTANT.value, content=words)]
    return [Message(role=Role.USER.value, content=words, name=quoted.author.display_name)]


def stored(message: discord.Message, text: str, before: History) -> StoredMessage:
    """A person's message, as the memory stores it.

    Args:
        message: The message.
        text: Its words, and those of what it points at.
        before: The conversation before it.
    """
    return StoredMessage(
        message_id=message.id,
        conversation_id=before.conversation_id,
        person_id=message.author.id,
        author_id=message.author.id,
        author_name=message.author.display_name,
        role=Role.USER,
        content=text,
        created_at_ms=int(message.created_at.timestamp() * 1000),
        parent_id=before.parent_id,
        guild_id=message.guild.id if message.guild is not None else None,
    )
