"""What was said in a channel, as the text of a job: one message, or the latest ones."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

import discord

from bot.contract import Input
from bot.contract.envelope import speaker_label
from bot.contract.grace import MAX_TEXT_CHARS
from bot.errors import BadInput, TooLarge
from bot.file_kinds import FileKind
from bot.i18n import INTERFACE_LANGUAGES, Words, words_for
from bot.sanitize import clean_line, is_blank
from cogs.shared.attachments import name_of
from cogs.shared.files import read_files
from cogs.shared.message_content import MessageContent, has_content, read_message, read_messages
from cogs.shared.message_parts import walk, whole

READING: Final = ("view_channel", "read_message_history")
"""What the bot needs to read a channel."""
TEXTS: Final = frozenset({FileKind.TEXT})
MAX_FILES: Final = 3
"""How many text files of one message are read."""
_QUOTED_CHARS: Final = 60
_LOOKED_AT_CHARS: Final = 600
_HIDDEN: Final = re.compile(r"\|\|.*?(?:\|\||\Z)", re.DOTALL)
"""A spoiler, which the heading of a result must not show."""
_FENCED: Final = re.compile(r"^```\w*$", re.MULTILINE)
_LOOK_BACK: Final = 3
"""At most this many times the wanted number of messages is searched."""
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
class SourceText:
    """A job's input.

    Attributes:
        name: What to call it, in the person's language; empty: its words say it.
        notes: What the person should know: a guessed encoding, lost sound.
        clip: The recordings, if they are the input.
        is_quoted: Whether its first words say what it is; those of a conversation do not.
    """

    text: str
    name: str
    notes: tuple[str, ...] = ()
    clip: Input | None = None
    is_quoted: bool = True

    def called(self, words: Words) -> str:
        """What it is, on one line: its name and its first words, as `notes.txt: “The ferry …”`."""
        start = first_words(self.text) if self.is_quoted else ""
        if not start:
            return self.name or words("grace.source.typed")
        quote = words("grace.source.quote", words=start)
        return words("grace.source.named", name=self.name, quote=quote) if self.name else quote


def first_words(text: str) -> str:
    """The first words of a text, on one line; what is hidden in it stays hidden."""
    shown = _HIDDEN.sub("…", _FENCED.sub(" ", text[:_LOOKED_AT_CHARS]))
    line = clean_line(" ".join(shown.replace("`", "").split())).strip()
    if len(line) <= _QUOTED_CHARS:
        return line
    cut = line[: _QUOTED_CHARS - 1]
    at_word = cut.rpartition(" ")[0]
    return f"{(at_word if len(at_word) > _QUOTED_CHARS // 2 else cut).rstrip(' .,;:')}…"


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a conversation: who said it, and what."""

    name: str
    content: MessageContent


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
        raise TooLarge(words("grace.input.too_long", number=len(text), most=MAX_TEXT_CHARS))
    return text


async def message_text(
    client: discord.Client, message: discord.Message, words: Words
) -> SourceText:
    """All words of a message, and its text files."""
    content = await read_message(client, message)
    files = await read_files(content.files, words, wanted=TEXTS, most=MAX_FILES)
    parts = [content.words, *(one.text for one in files.texts)]
    name = words("grace.source.message", name=message.author.display_name)
    return SourceText("\n\n".join(filter(None, parts)), name, tuple(files.notes(words)))


async def latest_said(
    client: discord.Client,
    channel: discord.abc.Messageable,
    before: discord.abc.Snowflake,
    words: Words,
    *,
    count: int,
    since_s: float = 0.0,
    skipped: Collection[int] = (),
) -> SourceText:
    """The latest messages of a channel.

    Args:
        client: The client.
        channel: The channel.
        before: The message or command after which nothing counts.
        words: The person's language.
        count: How many messages at most.
        since_s: How old they may be: seconds since the epoch.
        skipped: The messages that do not count.

    Raises:
        BadInput: Nothing was said.
        discord.HTTPException: Discord does not return them.
    """
    own_id = client.user.id if client.user is not None else 0
    found: list[discord.Message] = []
    async for message in channel.history(limit=count * _LOOK_BACK, before=before):
        if len(found) == count or message.created_at.timestamp() < since_s:
            break
        if message.id not in skipped and is_said(message, own_id) and has_content(message):
            found.append(message)
    contents = zip(found, await read_messages(client, found), strict=True)
    said = [Said(one.author.display_name, content) for one, content in contents]
    latest = [one for one in said if one.content.words or one.content.files]
    if not latest:
        raise BadInput(words("grace.input.nothing_said"))
    name = words.count("grace.source.last", len(latest))
    return SourceText(conversation(latest), name, is_quoted=False)
