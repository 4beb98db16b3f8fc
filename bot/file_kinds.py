"""What kind of file somebody gives: a recording, a text, or neither. Pure.

A name and a type are only what somebody claims: Discord derives a file's type from its name, calls
a voice memo a video, TypeScript an MPEG stream, and a file without a known ending nothing at all.
So the bytes decide. Whether there is sound in a file, only the decoder knows.
"""

import io
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from audio.containers import MIN_HEAD_BYTES, sniff, tag_bytes
from bot.text_files import decode_text, is_text_start

HEAD_BYTES: Final = MIN_HEAD_BYTES
"""How much of a file's start `kind_of` needs, unless the file is shorter."""

_GUESS_BYTES: Final = 4096
_MAX_CHARACTER_BYTES: Final = 4

_SOUND_NAMES: Final = re.compile(
    r"\.(?:ogg|oga|ogx|opus|spx|wav|wave|bwf|rf64|w64|flac|mp[123]|mpga|aac|adts|m4[abr]|aif[fc]?"
    r"|weba|caf|3gp|3g2|amr|awb|mka|wma|e?ac3|au|snd|wv)$"
)
_TEXT_NAMES: Final = re.compile(
    r"\.(?:txt|md|rst|csv|tsv|json|ya?ml|toml|ini|cfg|xml|html?|css|log|srt|vtt|sql|sh"
    r"|py|jsx?|tsx?|java|kt|c|h|cpp|hpp|cs|go|rs|rb|php|swift|lua)$"
)
_TEXT_TYPES: Final = ("text/", "application/json", "application/xml")


class FileKind(StrEnum):
    """What a file is."""

    SOUND = "sound"
    TEXT = "text"
    OTHER = "other"


def kind_of(head: bytes) -> FileKind:
    """What a file is by its bytes.

    Args:
        head: Its first `HEAD_BYTES`, or all of it.
    """
    head = head[:HEAD_BYTES]
    if is_text_start(head):  # first: some signatures are words
        return FileKind.TEXT
    if tag_bytes(head) > len(head) or sniff(io.BytesIO(head))[1] is not None:
        return FileKind.SOUND
    return FileKind.TEXT if any(map(decode_text, _starts(head))) else FileKind.OTHER


def _starts(head: bytes) -> Iterator[bytes]:
    """Enough for a guess that does not hold the event loop, with no character cut in two."""
    if len(head) <= _GUESS_BYTES:
        yield head
    else:
        yield from (head[: _GUESS_BYTES - cut] for cut in range(_MAX_CHARACTER_BYTES))


def claims_text(name: str, content_type: str | None) -> bool:
    """Whether a file's name or type says that it is text."""
    return (content_type or "").startswith(_TEXT_TYPES) or bool(_TEXT_NAMES.search(name.lower()))


def claims_sound(name: str, content_type: str | None) -> bool:
    """Whether a file's name or type says that it is a recording without pictures."""
    kind = content_type or ""
    if kind.startswith("audio/"):
        return True
    return not kind.startswith("image/") and bool(_SOUND_NAMES.search(name.lower()))


def claims_picture(name: str, content_type: str | None) -> bool:
    """Whether a file says that it is a picture, in which nobody expects words or sound."""
    return (content_type or "").startswith("image/") and not claims_text(name, content_type)
