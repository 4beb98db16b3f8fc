"""Downloads files from people, and says by their bytes what they are.

How large a picture may be: `bot/contract/pictures.py`.
"""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

import discord

from bot.errors import FileUnreachable, TooLarge
from bot.figures import decimal
from bot.file_kinds import (
    HEAD_BYTES,
    FileKind,
    UnreadKind,
    claims_picture,
    claims_sound,
    claims_text,
    kind_of,
    unread_kind,
)
from bot.i18n import Words
from cogs.shared.discord_retry import persist
from cogs.shared.fetching import Oversized, fetch

_MAX_NAME_CHARS: Final = 260
MAX_TEXT_BYTES: Final = 4 * 1024 * 1024
"""The size of the longest text that Grace accepts."""
MAX_AUDIO_BYTES: Final = 7 * 1024 * 1024
"""For a recording that is sent as it is: in base64 it is just below the limit of one submission."""
MAX_FETCHED_BYTES: Final = 50 * 1024 * 1024
"""For a recording that has to be re-encoded first."""
MAX_BUILD_FILES_BYTES: Final = 10 * 1024 * 1024
"""For the files that a build starts from, together."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A downloaded file.

    Attributes:
        name: As its owner named it.
        kind: By its bytes.
        what: What it is if it is not read.
        claim: By its name and type; None if they do not say.
        content: None if it was not wanted.
    """

    name: str
    kind: FileKind
    claim: FileKind | None
    content: bytes | None
    what: UnreadKind = UnreadKind.OTHER


def name_of(attachment: discord.Attachment) -> str:
    """A file by the name that a person gave it; Discord cleans the name that it stores."""
    title = " ".join((attachment.title or "").split())[:_MAX_NAME_CHARS]
    ending = PurePath(attachment.filename).suffix
    return title.removesuffix(ending) + ending if title else attachment.filename


def is_audio(attachment: discord.Attachment) -> bool:
    """Whether a file claims to be a recording; its bytes may say otherwise."""
    name, kind = attachment.filename, attachment.content_type
    return attachment.is_voice_message() or (claims_sound(name, kind) and not is_text(attachment))


def is_text(attachment: discord.Attachment) -> bool:
    """Whether a file claims to be text; its bytes may say otherwise."""
    return claims_text(attachment.filename, attachment.content_type)


def may_be_audio(attachment: discord.Attachment) -> bool:
    """Whether a file may turn out to be a recording: it claims that, or nothing."""
    return is_audio(attachment) or not (is_text(attachment) or is_unread(attachment))


def is_unread(attachment: discord.Attachment) -> bool:
    """Whether a file is not worth a download: a picture, or a large file that claims nothing."""
    claimed = is_audio(attachment) or is_text(attachment)
    is_large = attachment.size > MAX_FETCHED_BYTES and not claimed
    return is_large or (
        claims_picture(attachment.filename, attachment.content_type)
        and not attachment.is_voice_message()
    )


def may_be(attachment: discord.Attachment, wanted: frozenset[FileKind]) -> bool:
    """Whether a file may turn out to be of one of these kinds: it claims that, or nothing."""
    claim = _claim(attachment)
    return claim is None or claim in wanted


async def receive(
    attachment: discord.Attachment, words: Words, *, wanted: frozenset[FileKind]
) -> ReceivedFile:
    """Download a file if it is of a wanted kind; of any other, only the start is read.

    Raises:
        TooLarge: It is too large for its kind.
        FileUnreachable: Discord does not hand it out now.
        discord.HTTPException: Discord no longer has it.
    """
    name, claim = name_of(attachment), _claim(attachment)
    # As large as Discord reports: few large recordings are in memory at once.
    is_small = attachment.size <= MAX_AUDIO_BYTES
    most = {
        FileKind.TEXT: MAX_TEXT_BYTES,
        FileKind.SOUND: MAX_AUDIO_BYTES if is_small else MAX_FETCHED_BYTES,
    }
    if claim in wanted:
        _check_weight(attachment, most[claim], words)
    kinds: list[FileKind] = []
    heads: list[bytes] = []

    def judge(head: bytes) -> int:
        heads.append(head)
        kinds.append(kind_of(head))
        return most[kinds[-1]] if kinds[-1] in wanted else 0

    try:
        content = await persist(lambda: fetch(attachment, MAX_FETCHED_BYTES, judge=judge))
    except Oversized as e:
        kind = kinds[-1] if kinds else FileKind.OTHER
        if kind not in wanted:
            return ReceivedFile(name, kind, claim, None, what_is(attachment, b"".join(heads)))
        raise _too_heavy(max(e.bytes_read, attachment.size), most[kind], words) from e
    except OSError as e:  # and TimeoutError, which is one
        raise FileUnreachable from e
    kind = kinds[-1] if kinds else kind_of(content)
    what = what_is(attachment, content)
    return ReceivedFile(name, kind, claim, content if kind in wanted else None, what)


def what_is(attachment: discord.Attachment, head: bytes = b"") -> UnreadKind:
    """What a file is that is not read: by its start, else by what it claims."""
    return unread_kind(head[:HEAD_BYTES], attachment.filename, attachment.content_type)


def _claim(attachment: discord.Attachment) -> FileKind | None:
    if is_audio(attachment):
        return FileKind.SOUND
    return FileKind.TEXT if is_text(attachment) else None


async def download(attachment: discord.Attachment, most_bytes: int, words: Words) -> bytes:
    """Download a file; no more than `most_bytes` are read, whatever size Discord reports.

    Raises:
        TooLarge: It is larger.
        FileUnreachable: Discord does not hand it out now.
        discord.HTTPException: Discord no longer has it.
    """
    _check_weight(attachment, most_bytes, words)
    try:
        return await persist(lambda: fetch(attachment, most_bytes))
    except Oversized as e:  # Discord reported a wrong size
        raise _too_heavy(e.bytes_read, most_bytes, words) from e
    except OSError as e:  # and TimeoutError, which is one
        raise FileUnreachable from e


def _check_weight(attachment: discord.Attachment, most: int, words: Words) -> None:
    if attachment.size > most:
        raise _too_heavy(attachment.size, most, words)


def _too_heavy(size_bytes: int, most_bytes: int, words: Words) -> TooLarge:
    size, limit = size_bytes / 2**20, most_bytes / 2**20
    shown = f"{decimal(size, 1, words.language)} MiB"
    return TooLarge(words("common.file.too_heavy", size=shown, most=f"{limit:.0f} MiB"))
