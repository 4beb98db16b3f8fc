"""A job's input: which of the ways to give one was used, and the text that it leads to."""

import re
from dataclasses import dataclass
from typing import Final

import discord

from bot.discord_client import SkyDeck
from bot.errors import BadInput, NotAllowed, NotPossible
from bot.i18n import Words
from cogs.shared.files import read_text
from cogs.shared.gone import require_there
from cogs.shared.names import typed_words
from cogs.shared.permissions import require_permissions
from cogs.shared.places import Places, find_place
from cogs.shared.presence import is_guest
from cogs.shared.rights import Right, may
from cogs.shared.said import READING, SourceText, check_text, latest_said, message_text

MAX_MESSAGES: Final = 100
_MAX_ID: Final = 2**63 - 1

_LINK = re.compile(
    r"<?https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com"
    r"/channels/(?P<guild>\d{1,20}|@me)/(?P<channel>\d{1,20})/(?P<message>\d{1,20})/?(?:[?#][^\s<>]{0,200})?>?",
    re.ASCII,
)
_IDS = re.compile(r"(?:(?P<channel>\d{1,20})-)?(?P<message>\d{1,20})", re.ASCII)
"""An id, or two as Discord's client copies them with Shift."""


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


# -- reading it -------------------------------------------------------------------------------


async def read_source(
    source: Source, interaction: discord.Interaction[SkyDeck], words: Words
) -> SourceText:
    """Read a source.

    Raises:
        BadInput: It contains no text.
        NotPossible: It is in a place that the bot cannot read.
        TooLarge: It contains too much text.
        NotAllowed: The person may not read it.
        MissingPermission: The bot may not read it.
        QuestionDeleted: It was deleted.
        discord.HTTPException: Discord does not return it.
    """
    if isinstance(source, Linked | Latest) and is_guest(interaction):
        raise NotPossible(words("grace.input.guest"))
    match source:
        case Typed():
            source_text = SourceText(await typed_words(interaction, source.text), "")
        case Uploaded():
            source_text = await _file_text(source.file, words)
        case Linked():
            message = await _linked_message(source, interaction, words)
            source_text = await message_text(interaction.client, message, words)
        case GivenMessage():
            require_there(interaction.client, source.message)
            source_text = await message_text(interaction.client, source.message, words)
        case Latest():
            source_text = await _latest(source.count, interaction, words)
    check_text(source_text.text, words)
    return source_text


async def _file_text(attachment: discord.Attachment, words: Words) -> SourceText:
    file = await read_text(attachment, words)
    key = "grace.source.file_guessed" if file.encoding else "grace.source.file"
    return SourceText(file.text, words(key, name=file.name, encoding=file.encoding))


async def _latest(
    count: int, interaction: discord.Interaction[SkyDeck], words: Words
) -> SourceText:
    channel = interaction.channel
    if not isinstance(channel, discord.abc.Messageable):
        raise BadInput(words("grace.input.nothing_said"))
    if interaction.guild_id is not None:
        if not interaction.permissions.read_message_history:
            raise NotAllowed(words("grace.input.no_history"))
        require_permissions(interaction.app_permissions, *READING)
    # before the command itself, whose answer is already in the channel
    return await latest_said(
        interaction.client, channel, discord.Object(interaction.id), words, count=count
    )


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
    require_permissions(channel.permissions_for(guild.me), *READING)
    return interaction.client.get_partial_messageable(channel_id, guild_id=guild.id)
