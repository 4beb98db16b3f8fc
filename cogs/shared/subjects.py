"""Reads what an action works on: the message above, a file, what was said here."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Final

import discord

from bot.actions.subject import MAX_MESSAGES, Kind, Subject
from bot.discord_client import SkyDeck
from bot.errors import BadInput, NotAllowed
from bot.i18n import Words
from cogs.shared.asking import Asking
from cogs.shared.attachments import may_be
from cogs.shared.files import read_files
from cogs.shared.message_content import MessageContent, has_content
from cogs.shared.permissions import require_permissions
from cogs.shared.said import (
    MAX_FILES,
    READING,
    TEXTS,
    SourceText,
    check_text,
    is_said,
    latest_said,
    message_text,
)

_LOOKED_THROUGH: Final = 30
"""How many messages above are searched for a file, or for an answer."""
_RESULT: Final = re.compile(r"\A\*\*[^\n]{1,200}\*\* · [^\n]*\n")
_SMALL_PRINT: Final = re.compile(r"^-# .*$", re.MULTILINE)


async def read_subject(bot: SkyDeck, subject: Subject, asking: Asking, words: Words) -> SourceText:
    """Read what an action works on.

    Args:
        bot: The client.
        subject: What it is.
        asking: Who asks for the action, and where: they must be able to read the rest.
        words: The person's language.

    Raises:
        BadInput: It is not there, or contains no text.
        TooLarge: It contains too much text.
        NotAllowed: The person may not read it.
        MissingPermission: The bot may not read it.
        discord.HTTPException: Discord does not return it.
    """
    source = await _read(bot, subject, asking, words)
    check_text(source.text, words)
    return source


async def seconds_since_above(bot: SkyDeck, asking: Asking) -> float | None:
    """How long before a request the message above was sent; None: there is none to be read."""
    if not asking.reads_history:
        return None
    above = await _find(bot, asking, lambda _: True)
    return None if above is None else (_asked_at(asking) - above.created_at).total_seconds()


async def _read(bot: SkyDeck, subject: Subject, asking: Asking, words: Words) -> SourceText:
    if subject.kind is Kind.TEXT:
        return SourceText(subject.text, "")
    if subject.kind is Kind.OWN:
        return await _own(asking.content, words)
    _require_history(asking, words)
    if subject.kind is Kind.SAID:
        return await _said(bot, subject, asking, words)
    found = await _message(bot, subject, asking)
    if found is None:
        raise BadInput(words(_MISSING.get(subject.kind, "actions.what.nothing_above")))
    source = await message_text(bot, found, words)
    if found.author != bot.user:
        return source
    return SourceText(without_frame(source.text), source.name, source.notes)


async def _said(bot: SkyDeck, subject: Subject, asking: Asking, words: Words) -> SourceText:
    since_s = _asked_at(asking).timestamp() - 60 * subject.minutes if subject.minutes else 0.0
    count = subject.messages or MAX_MESSAGES
    before = discord.Object(asking.occasion.id)
    if asking.said_in is None:
        raise BadInput(words("grace.input.nothing_said"))
    return await latest_said(
        bot, asking.said_in, before, words, count=count, since_s=since_s, skipped=asking.skipped
    )


async def _message(bot: SkyDeck, subject: Subject, asking: Asking) -> discord.Message | None:
    match subject.kind:
        case Kind.REPLIED:
            return None if asking.message is None else await _replied_to(asking.message)
        case Kind.FILE_ABOVE:
            return await _find(bot, asking, _has_text_file)
        case Kind.ANSWER:
            return await _find(bot, asking, lambda one: one.author == bot.user)
    return await _find(bot, asking, lambda _: True)


_MISSING: Final = {
    Kind.FILE_ABOVE: "actions.what.no_file",
    Kind.ANSWER: "actions.what.no_answer",
    Kind.REPLIED: "chat.gone",
}


async def _own(content: MessageContent, words: Words) -> SourceText:
    """What a request brings along beside the person's words."""
    files = await read_files(content.files, words, wanted=TEXTS, most=MAX_FILES)
    forwarded = [one.words for one in content.forwarded]
    parts = [*content.shown, *forwarded, *(one.text for one in files.texts)]
    names = ", ".join(one.name for one in files.texts)
    name = words("grace.source.file", name=names) if names else ""
    return SourceText("\n\n".join(filter(None, parts)), name, tuple(files.notes(words)))


async def _find(
    bot: SkyDeck, asking: Asking, fits: Callable[[discord.Message], bool]
) -> discord.Message | None:
    """The latest message above that fits."""
    own_id = bot.user.id if bot.user is not None else 0
    if asking.said_in is None:
        return None
    before = discord.Object(asking.occasion.id)
    async for one in asking.said_in.history(limit=_LOOKED_THROUGH, before=before):
        if one.id in asking.skipped:
            continue
        if is_said(one, own_id) and has_content(one) and fits(one):
            return one
    return None


def _asked_at(asking: Asking) -> dt.datetime:
    return asking.occasion.created_at


def _has_text_file(message: discord.Message) -> bool:
    return any(may_be(one, TEXTS) for one in message.attachments)


async def _replied_to(message: discord.Message) -> discord.Message | None:
    reference = message.reference
    if reference is None or reference.message_id is None:
        return None
    if isinstance(reference.resolved, discord.Message):
        return reference.resolved
    try:
        return await message.channel.fetch_message(reference.message_id)
    except discord.NotFound:
        return None


def _require_history(asking: Asking, words: Words) -> None:
    if not asking.reads_history:
        raise NotAllowed(words("grace.input.no_history"))
    if asking.guild is not None:
        require_permissions(asking.allowed_there, *READING)


def without_frame(text: str) -> str:
    """A result without what the bot writes around it: its heading and its small print."""
    return _SMALL_PRINT.sub("", _RESULT.sub("", text)).strip()
