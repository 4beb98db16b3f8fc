"""What a message says: the one reader of Discord's messages.

It reads the text, files, embeds, polls, components, stickers and forwarded messages. Services get
words, so mentions, custom emoji and times are words too (`cogs.shared.mentions`). Everything is
bounded, whatever Discord sends.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

import discord

from bot.sanitize import is_blank
from cogs.shared.mentions import Names, Own, as_words
from cogs.shared.message_parts import (
    component_files,
    components_as_text,
    embed_as_text,
    poll_as_text,
    whole,
)
from cogs.shared.names import People, names_in, own_ids

MAX_CHARS: Final = 60_000
"""Of one message's words. The largest real message has about 24,000: text, embeds, components, and
a forwarded message with the same."""
_MAX_EMBEDS: Final = 10
_MAX_STICKERS: Final = 10
_MAX_FORWARDED: Final = 10
_FEW_MESSAGES: Final = 4
"""More are read in a thread."""
_MAX_FILES: Final = 20
_FORWARDED: Final = "[forwarded]"
_MAX_POINTING_CHARS: Final = 20
_POINTING: Final = re.compile(
    r"(?:[\s?!.\u2026\u00bf\u00a1^\u2191\u2b06\u261d\ufe0f]|[👆🔼🏻-🏿])*"
)
"""What people write to point at a message above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageContent:
    """What a message says.

    Attributes:
        text: Its author's own words.
        question: The same without the mentions of the bot at its ends.
        shown: Embeds, poll, components and stickers, each as text.
        forwarded: The messages that it forwards.
        attached: Its own files.
    """

    text: str = ""
    question: str = ""
    shown: tuple[str, ...] = ()
    forwarded: "tuple[MessageContent, ...]" = ()
    attached: tuple[discord.Attachment, ...] = ()

    @property
    def words(self) -> str:
        """All its words."""
        return self._joined(self.text)

    @property
    def asked(self) -> str:
        """All its words, as a question to the bot."""
        return self._joined(self.question)

    @property
    def files(self) -> tuple[discord.Attachment, ...]:
        """Its files, and those of the messages that it forwards."""
        return (*self.attached, *(file for one in self.forwarded for file in one.files))

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing, except perhaps that the bot is called."""
        return not self.asked and not self.files

    @property
    def only_points(self) -> bool:
        """Whether a reply with this asks about the message that it replies to: "@Alfred ^"."""
        is_short = len(self.asked) <= _MAX_POINTING_CHARS
        return not self.files and is_short and _POINTING.fullmatch(self.asked) is not None

    def _joined(self, text: str) -> str:
        forwarded = (f"{_FORWARDED}\n{one.words}" for one in self.forwarded if one.words)
        whole_text = "\n\n".join(filter(None, [text, *self.shown, *forwarded]))
        return whole_text if len(whole_text) <= MAX_CHARS else f"{whole_text[:MAX_CHARS]}…"


async def read_message(client: discord.Client, message: discord.Message) -> MessageContent:
    """Read a message from the gateway, an interaction, or the history."""
    return (await read_messages(client, [message]))[0]


async def read_messages(
    client: discord.Client, messages: Sequence[discord.Message]
) -> list[MessageContent]:
    """Read messages of one place; names that did not come with them are looked up, all at once."""
    if not messages:
        return []
    guild = messages[0].guild
    own, people = own_ids(client, guild), People(client, guild)

    def read() -> list[MessageContent]:
        return [content_of(one, own, names_in(one, people)) for one in messages]

    async def read_aside() -> list[MessageContent]:
        """A hundred messages with hundreds of mentions each would hold the event loop."""
        return await asyncio.to_thread(read) if len(messages) > _FEW_MESSAGES else read()

    contents = await read_aside()
    return await read_aside() if await people.look_up() else contents


def has_content(message: discord.Message) -> bool:
    """Whether there is anything to read in a message."""
    parts = (message.content, message.attachments, message.embeds, message.message_snapshots)
    return any(parts) or bool(message.poll or whole(message).components or message.stickers)


def content_of(message: discord.Message, own: Own, names: Names) -> MessageContent:
    """What a message says.

    Args:
        message: The message.
        own: The ids by which the bot is called.
        names: The names for mentions.
    """
    is_own = message.author.id == own.user_id
    shown = _shown(whole(message), names, with_labels=not is_own)
    if message.poll is not None:
        shown.append(poll_as_text(message.poll, names))
    content = message.content[:MAX_CHARS]
    text, is_call = _visible(as_words(content, names)), own.is_called_in(content)
    forwarded = islice(message.message_snapshots, _MAX_FORWARDED)
    return MessageContent(
        text=text,
        question=_visible(as_words(own.without_calls(content), names)) if is_call else text,
        shown=_stripped(shown),
        forwarded=tuple(_read_forwarded(one, names) for one in forwarded),
        attached=_files(message),
    )


def _read_forwarded(snapshot: discord.MessageSnapshot, names: Names) -> MessageContent:
    text = _visible(as_words(snapshot.content[:MAX_CHARS], names))
    # Controls under a message are not forwarded; in a layout they are content.
    shown = _shown(snapshot, names, with_labels=snapshot.flags.components_v2)
    return MessageContent(
        text=text, question=text, shown=_stripped(shown), attached=_files(snapshot)
    )


def _shown(
    part: discord.Message | discord.MessageSnapshot, names: Names, *, with_labels: bool
) -> list[str]:
    embeds = [
        embed_as_text(embed, names, beside=part.content) for embed in part.embeds[:_MAX_EMBEDS]
    ]
    stickers = [f"[sticker: {one.name[:100]}]" for one in part.stickers[:_MAX_STICKERS]]
    return [*embeds, components_as_text(part.components, names, with_labels=with_labels), *stickers]


def _stripped(shown: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, map(_visible, shown)))


def _visible(text: str) -> str:
    return "" if is_blank(text) else text.strip()


def _files(part: discord.Message | discord.MessageSnapshot) -> tuple[discord.Attachment, ...]:
    """Its attachments, and the files that its components show."""
    known = {file.id for file in part.attachments}
    shown = (file for file in component_files(part.components) if file.id not in known)
    return tuple(islice(chain(part.attachments, shown), _MAX_FILES))
