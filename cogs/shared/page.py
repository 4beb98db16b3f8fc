"""What a message is to show, and how that is divided among messages."""

import io
from dataclasses import dataclass, replace
from typing import Final

import discord

from cogs.shared.harmless import harmless
from cogs.shared.splitting import SHOWN_CHARS, split

MOST_FILES: Final = 10
"""The most files with one message. Source: Discord's reference, "Create Message"."""
WHOLE: Final = "answer.md"
"""The name of the file in which a text is whole, where it may not take several messages."""

_MOST_WHOLE_CHARS: Final = 8 * 1024 * 1024
"""Characters, and bytes, of that file: Discord takes 10 MiB on a server without boosts."""


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
    if len(page.text) > SHOWN_CHARS:
        return [in_one_message(page)]
    *first, last = split(harmless(page.text)) or [""]
    return [*(Page(text=text) for text in first), replace(page, text=last)]


def in_one_message(page: Page) -> Page:
    """The same in one message: a text that is too long begins there, and is whole in a file."""
    is_cut = len(page.text) > SHOWN_CHARS
    pieces = split(harmless(page.text[:SHOWN_CHARS]))
    if len(pieces) <= 1 and not is_cut:
        return replace(page, text=pieces[0] if pieces else "")
    head = pieces[0] if pieces else ""
    content = page.text[:_MOST_WHOLE_CHARS].strip().encode("utf-8", "replace")
    whole = (WHOLE, content[:_MOST_WHOLE_CHARS])
    return replace(page, text=head, files=(whole, *page.files)[:MOST_FILES])


def files_of(page: Page) -> list[discord.File]:
    """Fresh ones for each attempt: sending reads them to their end."""
    return [discord.File(io.BytesIO(content), filename=name) for name, content in page.files]
