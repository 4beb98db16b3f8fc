"""A job's input: which of the ways to give one was used, and the text that it leads to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import discord

from bot.contract import Input
from bot.contract.envelope import speaker_label
from bot.contract.grace import MAX_TEXT_CHARS
from bot.discord_client import SkyDeck
from bot.errors import BadInput, NotAllowed, TooLarge
from bot.file_kinds import FileKind
from bot.i18n import INTERFACE_LANGUAGES, Words, words_for
from bot.sanitize import is_blank
from cogs.shared.attachments import name_of
from cogs.shared.files import read_files, read_text
from cogs.shared.gone import require_there
from cogs.shared.message_content import MessageContent, has_content, read_message, read_messages
from cogs.shared.message_parts import walk, whole
from cogs.shared.names import typed_words
from cogs.shared.permissions import require_permissions
from cogs.shared.places import Places, find_place
from cogs.shared.rights import Right, may

MAX_MESSAGES: Final = 100
_LOOK_BACK: Final = 3
"""At most this many times the wanted number of messages is searched."""
_MAX_FILES: Final = 3
"""How many text files of one message are read."""
_READING: Final = ("view_channel", "read_message_history")
_TEXTS: Final = frozenset({FileKind.TEXT})
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


# -- reading it -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceText:
    """A job's input.

    Attributes:
        text: The whole text.
        name: What to call it, in the person's language.
        notes: What the person should know: a guessed encoding, lost sound.
        clip: The recordings, if they are the input.
    """

    text: str
    name: str
    notes: tuple[str, ...] = ()
    clip: Input | None = None


async def read_source(
    source: Source, interaction: discord.Interaction[SkyDeck], words: Words
) -> SourceText:
    """Read a source.

    Raises:
        BadInput: It contains no text.
        TooLarge: It contains too much text.
        NotAllowed: The person may not read it.
        MissingPermission: The bot may not read it.
        QuestionDeleted: It was deleted.
        discord.HTTPException: Discord does not return it.
    """
    match source:
        case Typed():
            source_text = SourceText(
                await typed_words(interaction, source.text), words("grace.source.typed")
            )
        case Uploaded():
            source_text = await _file_text(source.file, words)
        case Linked():
            message = await _linked_message(source, interaction, words)
            source_text = await _message_text(message, interaction, words)
        case GivenMessage():
            require_there(interaction.client, source.message)
            source_text = await _message_text(source.message, interaction, words)
        case Latest():
            source_text = await _latest(source.count, interaction, words)
    check_text(source_text.text, words)
    return source_text


async def _file_text(attachment: discord.Attachment, words: Words) -> SourceText:
    file = await read_text(attachment, words)
    key = "grace.source.file_guessed" if file.encoding else "grace.source.file"
    return SourceText(file.text, words(key, name=file.name, encoding=file.encoding))


async def _message_text(
    message: discord.Message, interaction: discord.Interaction[SkyDeck], words: Words
) -> SourceText:
    """All words of a message, and its text files."""
    content = await read_message(interaction.client, message)
    files = await read_files(content.files, words, wanted=_TEXTS, most=_MAX_FILES)
    parts = [content.words, *(one.text for one in files.texts)]
    name = words("grace.source.message", name=message.author.display_name)
    return SourceText("\n\n".join(filter(None, parts)), name, tuple(files.notes(words)))


async def _latest(
    count: int, interaction: discord.Interaction[SkyDeck], words: Words
) -> SourceText:
    channel = interaction.channel
    if channel is None or not hasattr(channel, "history"):
        raise BadInput(words("grace.input.nothing_said"))
    if interaction.guild_id is not None:
        if not interaction.permissions.read_message_history:
            raise NotAllowed(words("grace.input.no_history"))
        require_permissions(interaction.app_permissions, *_READING)
    found: list[discord.Message] = []
    # before the command itself, whose answer is already in the channel
    before = discord.Object(interaction.id)
    async for message in channel.history(limit=count * _LOOK_BACK, before=before):
        if is_said(message, interaction.application_id) and has_content(message):
            found.append(message)
        if len(found) == count:
            break
    contents = zip(found, await read_messages(interaction.client, found), strict=True)
    said = [Said(one.author.display_name, content) for one, content in contents]
    latest = [one for one in said if one.content.words or one.content.files]
    if not latest:
        raise BadInput(words("grace.input.nothing_said"))
    return SourceText(conversation(latest), words.count("grace.source.last", len(latest)))


# -- a message that somebody points at ----------------------------------------------------------


async def _linked_message(
    link: Linked, interaction: discord.Interaction[SkyDeck], words: Words
) -> discord.Message:
    channel_id = link.channel_id or interaction.channel_id
    if interaction.guild is None and channel_id != interaction.channel_id:
        raise BadInput(words("grace.input.other_server"))
    channel = await _channel(interaction, channel_id, words)
    try:
        return await channel.fetch_message(link.message_id)
    except discord.NotFound:
        raise BadInput(words("grace.input.no_message")) from None


async def _channel(
    interaction: discord.Interaction[SkyDeck], channel_id: int | None, words: Words
) -> discord.PartialMessageable | discord.abc.Messageable:
    """The channel, if both the person and the bot may read it.

    A person who may not read it gets the same error as for a channel that does not exist.
    """
    guild = interaction.guild
    if channel_id is None:
        raise BadInput(words("grace.input.no_message"))
    if guild is None:
        return interaction.client.get_partial_messageable(channel_id)
    relation = await Places(interaction).relation(
        owner_id=None, guild_id=guild.id, channel_id=channel_id
    )
    channel = await find_place(guild, channel_id)
    if channel is None or not may(Right.READ_MESSAGE, relation):
        raise BadInput(words("grace.input.no_message"))
    require_permissions(channel.permissions_for(guild.me), *_READING)
    return interaction.client.get_partial_messageable(channel_id, guild_id=guild.id)
