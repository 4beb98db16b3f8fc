"""What a message is to show, and how that is divided among messages."""

import io
from dataclasses import dataclass, replace
from typing import Final

import discord

from cogs.shared.splitting import split

MOST_FILES: Final = 10
"""The most files with one message. Source: Discord's reference, "Create Message"."""
WHOLE: Final = "answer.md"
"""The name of the file in which a text is whole, where it may not take several messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a message is to show.

    Attributes:
        text: Markdown of any length.
        embeds: Under the last piece of the text.
        view: Buttons, under the last piece.
        files: Names and contents, with the last piece.
    """

    text: str = ""
    embeds: tuple[discord.Embed, ...] = ()
    view: discord.ui.View | None = None
    files: tuple[tuple[str, bytes], ...] = ()


def messages_of(page: Page) -> list[Page]:
    """One page for each message; what is not text goes with the last."""
    *first, last = split(page.text) or [""]
    return [*(Page(text=text) for text in first), replace(page, text=last)]


def in_one_message(page: Page) -> Page:
    """The same in one message: a text that is too long begins there, and is whole in a file."""
    pieces = split(page.text)
    if len(pieces) <= 1:
        return page
    whole = (WHOLE, page.text.strip().encode("utf-8", "replace"))
    return replace(page, text=pieces[0], files=(whole, *page.files)[:MOST_FILES])


def files_of(page: Page) -> list[discord.File]:
    """Fresh ones for each attempt: sending reads them to their end."""
    return [discord.File(io.BytesIO(content), filename=name) for name, content in page.files]
