"""What an answer shows, and how that is divided among messages."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import discord

from cogs.shared.harmless import harmless
from cogs.shared.splitting import SHOWN_CHARS, closed, split

MAX_FILES: Final = 10
"""The most files in one message. Source: Discord's reference, "Create Message"."""
WHOLE: Final = "answer.md"
"""The file with the whole text, where it may not take several messages."""
ARCHIVE: Final = "files.zip"
"""The archive with all files."""

_MAX_DESCRIPTION: Final = 1024
"""In characters. Source: Discord's reference, "Attachment Object"."""
_MAX_WHOLE_CHARS: Final = 8 * 1024 * 1024
"""In characters, and in bytes, of that file: Discord accepts 10 MiB on a server without boosts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What an answer shows.

    Attributes:
        text: Markdown of any length.
        embeds: Below the last part of the text.
        view: Buttons, below the last part.
        files: Names and contents, with the last part.
    """

    text: str = ""
    embeds: tuple[discord.Embed, ...] = ()
    view: discord.ui.View | None = None
    files: tuple[tuple[str, bytes], ...] = ()


def messages_of(page: Page) -> list[Page]:
    """One page per message; everything but text goes into the last."""
    if len(page.text) > SHOWN_CHARS:
        return [in_one_message(page)]
    *first, last = split(harmless(page.text)) or [""]
    return [*(Page(text=text) for text in first), replace(page, text=last)]


def in_one_message(page: Page) -> Page:
    """The page in one message: a text that is too long is cut there, with all of it in a file."""
    is_cut = len(page.text) > SHOWN_CHARS
    pieces = split(harmless(closed(page.text[:SHOWN_CHARS]) if is_cut else page.text))
    if len(pieces) <= 1 and not is_cut:
        return replace(page, text=pieces[0] if pieces else "")
    head = pieces[0] if pieces else ""
    content = page.text[:_MAX_WHOLE_CHARS].strip().encode("utf-8", "replace")
    whole = (WHOLE, content[:_MAX_WHOLE_CHARS])
    return replace(page, text=head, files=(whole, *page.files)[:MAX_FILES])


def lighter(page: Page, note: str) -> Iterator[Page]:
    """The page, and smaller and smaller replacements for it.

    Args:
        page: The original page.
        note: Says that its files are missing.
    """
    yield page
    text, files = page.text, page.files
    if len(messages_of(page)) == 1:  # a long text becomes a file there
        files = messages_of(page)[0].files
        text = messages_of(page)[0].text
    if not files:
        return
    packed = _zipped(files)
    if len(packed) < sum(len(content) for _, content in files):
        yield replace(page, text=text, files=((ARCHIVE, packed),))
    yield replace(page, text="\n".join(filter(None, [text, f"-# {note}"])), files=())


def _zipped(files: tuple[tuple[str, bytes], ...]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return target.getvalue()


def files_of(page: Page) -> list[discord.File]:
    """New file objects for each attempt, because sending reads them to their end.

    Discord cleans names: `__init__.py` becomes `init__.py`. It keeps the description as it is, so
    that holds our name (`given_name`).
    """
    return [
        discord.File(io.BytesIO(content), filename=name, description=name[:_MAX_DESCRIPTION])
        for name, content in page.files
    ]


def given_name(attachment: discord.Attachment) -> str:
    """The name that a file of one of our own messages had, before Discord cleaned it."""
    return attachment.description or attachment.filename
