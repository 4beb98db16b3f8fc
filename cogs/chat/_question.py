"""A person's question: their text, the contents of their files, or their recording."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import discord

from bot.contract import Input
from bot.contract.pictures import Picture
from bot.file_kinds import UnreadKind
from bot.i18n import Words
from cogs.shared.attachments import may_be_audio, name_of
from cogs.shared.files import UnreadFile, read_files, speech_of
from cogs.shared.pictures import is_picture, read_pictures
from cogs.shared.splitting import as_plain_text, disarm

MAX_CHARS: Final = 16_000
"""For a question with its files: below the 20,000 that Penny accepts, with room for a quote."""
_TITLE_CHARS: Final = 80
_AN_IMAGE: Final = "an image, "


@dataclass(frozen=True, slots=True)
class Question:
    """A question to Penny.

    Attributes:
        text: The text to remember; a recording's transcript is added later.
        note: What to tell the person about it, such as that a picture was ignored.
        is_bare: Whether it is a file without a comment.
        is_quoted: Whether it is a recording in a message that the person points at.
        pictures: What a model that can see gets with it.
    """

    said: str | Input
    text: str
    note: str = ""
    is_bare: bool = False
    is_quoted: bool = False
    pictures: tuple[Picture, ...] = ()

    @property
    def is_spoken(self) -> bool:
        """Whether it is a recording."""
        return not isinstance(self.said, str)

    @property
    def is_answered_aloud(self) -> bool:
        """Whether the answer is spoken too: the person spoke."""
        return self.is_spoken and not self.is_quoted

    @property
    def title(self) -> str:
        """One line for lists."""
        return disarm(" ".join(self.text.split()))[:_TITLE_CHARS] or "🎙"


async def read_question(
    content: str,
    attachments: list[discord.Attachment],
    words: Words,
    *,
    shows_pictures: bool = False,
) -> Question | None:
    """Read a message; None if it is empty.

    Recordings take precedence, each by itself; text beside them, and in files, goes into Penny's
    context. Pictures are named to her, and go with the question to a model that may see them; other
    files are named only.

    Args:
        content: The text, without the bot's mention.
        attachments: The message's files.
        words: The person's language.
        shows_pictures: Whether pictures go with the question.

    Raises:
        BadInput: A file is not what it claims to be.
        TooLarge: A file is too large.
        discord.HTTPException: A file is gone.
    """
    pictures, others = (
        await read_pictures(attachments, words) if shows_pictures else ([], attachments)
    )
    seen = [name_of(one) for one in attachments if one not in others]
    files = await read_files(others, words)
    parts = [content] if content else []
    if pictures and not content:
        parts.append(words("chat.picture"))
    parts += [f"[{_AN_IMAGE}{name}]" for name in seen]
    parts += [f"[{one.name}]\n{one.text}" for one in files.texts]
    speech: Input | None = None
    if files.recordings:
        speech, files = await speech_of(files, words)
    notes = [*_note(files.others, words), *files.notes(words)]
    if not parts and speech is None:
        return Question("", "", "\n".join(notes)) if notes else None
    if files.unread and speech is None:
        images = {name_of(one) for one in others if is_picture(one)}
        names = [f"{_AN_IMAGE}{one}" if one in images else one for one in files.unread]
        parts.append(f"[{', '.join(names)}: not read]")
    text = "\n\n".join(parts)
    if len(text) > MAX_CHARS:
        text = text[:MAX_CHARS]
        notes.append(words("chat.cut", most=MAX_CHARS))
    note = "\n".join(notes)
    if speech is not None:
        return Question(speech, text, note, pictures=tuple(pictures))
    is_bare = not content and not pictures
    return Question(text, text, note, is_bare=is_bare, pictures=tuple(pictures))


def _note(unread: Sequence[UnreadFile], words: Words) -> list[str]:
    """What each file is that cannot be read: a line for each kind."""
    names: dict[UnreadKind, list[str]] = {}
    for one in unread:
        names.setdefault(one.kind, []).append(one.name)
    return [
        words(f"chat.unread.{kind}", names=as_plain_text(", ".join(found)))
        for kind, found in names.items()
    ]


def edited_question(
    remembered: str, content: str, attachments: Sequence[discord.Attachment]
) -> str:
    """A remembered question after its text was edited; the contents of its files stay.

    Args:
        remembered: The question with its files, as `read_question` wrote it.
        content: The new text.
        attachments: The message's files.
    """
    if any(may_be_audio(one) and f"[{name_of(one)}" not in remembered for one in attachments):
        return remembered  # it contains the transcript, which an edit does not change
    marks = [f"[{before}{name_of(one)}" for one in attachments for before in ("", _AN_IMAGE)]
    begins = [remembered.find(mark) for mark in marks]
    files = remembered[min((at for at in begins if at >= 0), default=len(remembered)) :]
    return "\n\n".join(filter(None, [content, files]))
