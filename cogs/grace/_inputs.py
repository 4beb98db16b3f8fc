"""A job's input: which of the four ways was used, and what a message contains."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import discord

from bot.contract.envelope import speaker_label
from bot.contract.grace import MAX_TEXT_CHARS
from bot.errors import BadInput, TooLarge
from bot.i18n import INTERFACE_LANGUAGES, Words, words_for
from bot.sanitize import is_blank
from cogs.shared.attachments import name_of
from cogs.shared.message_content import MessageContent
from cogs.shared.message_parts import walk
from cogs.shared.whole import whole

MAX_MESSAGES: Final = 100
_MAX_ID: Final = 2**63 - 1

_LINK = re.compile(
    r"<?https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com"
    r"/channels/(?P<guild>\d{1,20}|@me)/(?P<channel>\d{1,20})/(?P<message>\d{1,20})/?(?:[?#][^\s<>]{0,200})?>?",
    re.ASCII,
)
_IDS = re.compile(r"(?:(?P<channel>\d{1,20})-)?(?P<message>\d{1,20})", re.ASCII)
"""An id, or two as Discord's client copies them with Shift."""

_SAID_BY_PEOPLE: Final = frozenset(
    {
        discord.MessageType.default,
        discord.MessageType.reply,
        discord.MessageType.chat_input_command,
        discord.MessageType.context_menu_command,
        discord.MessageType.thread_starter_message,
        discord.MessageType.poll_result,
    }
)
_FIRST_WORDS: Final = frozenset(words_for(one)("common.working") for one in INTERFACE_LANGUAGES)
_UNDER_WAY = re.compile(r"[a-z]+:(?:cancel|stop):\d+")


@dataclass(frozen=True, slots=True)
class Typed:
    """The text itself."""

    text: str


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file attached to the command."""

    file: discord.Attachment


@dataclass(frozen=True, slots=True)
class Linked:
    """A message; in the command's own channel if `channel_id` is None."""

    channel_id: int | None
    message_id: int


@dataclass(frozen=True, slots=True)
class Latest:
    """The last messages of the channel."""

    count: int


@dataclass(frozen=True, slots=True)
class GivenMessage:
    """A message that came with the interaction, so the person has read it."""

    message: discord.Message


Source = Typed | Uploaded | Linked | Latest | GivenMessage


def choose_source(
    *,
    text: str | None,
    file: discord.Attachment | None,
    message: str | None,
    last: int | None,
    guild_id: int | None,
    words: Words,
) -> Source | None:
    """The source that was given; None if there is none, so that the text is asked for.

    Raises:
        BadInput: There is more than one, or the link is invalid or leads to another server.
    """
    given = [one for one in (text, file, message, last) if one is not None]
    if len(given) > 1:
        raise BadInput(words("grace.input.one_only"))
    if text is not None:
        return Typed(text)
    if file is not None:
        return Uploaded(file)
    if message is not None:
        return read_link(message, guild_id=guild_id, words=words)
    return None if last is None else Latest(min(max(last, 1), MAX_MESSAGES))


def read_link(text: str, *, guild_id: int | None, words: Words) -> Linked:
    """Parse a message link or a message id.

    Raises:
        BadInput: It is neither, or it leads out of this server (or this DM).
    """
    text = text.strip()
    if found := _LINK.fullmatch(text):
        here = "@me" if guild_id is None else str(guild_id)
        if found["guild"] != here:
            raise BadInput(words("grace.input.other_server"))
    else:
        found = _IDS.fullmatch(text)
    if found is None:
        raise BadInput(words("grace.input.no_link"))
    channel_id = int(found["channel"]) if found["channel"] else None
    message_id = int(found["message"])
    if max(channel_id or 0, message_id) > _MAX_ID:
        raise BadInput(words("grace.input.no_link"))
    return Linked(channel_id, message_id)


def is_said(message: discord.Message, own_id: int) -> bool:
    """Whether a message belongs to the conversation: no system message, no unfinished answer.

    Unfinished answers of the bot have a Stop or Cancel button, or start with the placeholder text.
    """
    if message.type not in _SAID_BY_PEOPLE:
        return False
    return message.author.id != own_id or not _is_under_way(message)


def _is_under_way(message: discord.Message) -> bool:
    if message.flags.loading or message.content in _FIRST_WORDS:
        return True
    ids = (getattr(one, "custom_id", None) for one in walk(whole(message).components))
    return any(_UNDER_WAY.fullmatch(one or "") for one in ids)


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a conversation: who said it, and what."""

    name: str
    content: MessageContent


def conversation(newest_first: Iterable[Said]) -> str:
    """Messages as lines `Name: text`, oldest first; files by their names."""
    lines = []
    for said in newest_first:
        words = " ".join(said.content.words.split())
        files = " ".join(f"[{name_of(attachment)}]" for attachment in said.content.files)
        lines.append(f"{speaker_label(said.name)}: {' '.join(filter(None, [words, files]))}")
    return "\n".join(reversed(lines))


def check_text(text: str, words: Words) -> str:
    """Check a text's length.

    Raises:
        BadInput: It is blank.
        TooLarge: It is longer than Grace accepts.
    """
    if is_blank(text):
        raise BadInput(words("grace.input.empty"))
    if len(text) > MAX_TEXT_CHARS:
        number, most = f"{len(text):_}".replace("_", " "), f"{MAX_TEXT_CHARS:_}".replace("_", " ")
        raise TooLarge(words("grace.input.too_long", number=number, most=most))
    return text
