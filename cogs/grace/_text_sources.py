"""Reads a job's input from its source: a file, a message, or the channel's last messages."""

from dataclasses import dataclass
from typing import Final

import discord

from bot.contract import Input
from bot.discord_client import SkyDeck
from bot.errors import BadInput, MissingPermission, NotAllowed
from bot.file_kinds import FileKind
from bot.i18n import Words
from cogs.grace._inputs import (
    GivenMessage,
    Latest,
    Linked,
    Said,
    Source,
    Typed,
    Uploaded,
    check_text,
    conversation,
    is_said,
)
from cogs.shared.files import read_files, read_text
from cogs.shared.gone import require_there
from cogs.shared.message_content import has_content, read_message, read_messages
from cogs.shared.names import typed_words
from cogs.shared.places import Places, find_place
from cogs.shared.rights import Right, may

_MAX_FILES: Final = 3
"""How many text files of one message are read."""
_TEXTS: Final = frozenset({FileKind.TEXT})
_LOOK_BACK: Final = 3
"""At most this many times the wanted number of messages is searched."""


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
        _check_own(interaction.app_permissions)
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
    _check_own(channel.permissions_for(guild.me))
    return interaction.client.get_partial_messageable(channel_id, guild_id=guild.id)


def _check_own(allowed: discord.Permissions) -> None:
    lacking = tuple(n for n in ("view_channel", "read_message_history") if not getattr(allowed, n))
    if lacking:
        raise MissingPermission(lacking)
