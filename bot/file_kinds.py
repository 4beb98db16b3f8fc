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


class UnreadKind(StrEnum):
    """What a file is that holds neither words nor sound for us."""

    PICTURE = "picture"
    FILM = "film"
    ARCHIVE = "archive"
    PROGRAM = "program"
    DOCUMENT = "document"
    OTHER = "other"


_SIGNATURES: Final = (
    (
        UnreadKind.PICTURE,
        rb"\x89PNG|GIF8|\xff\xd8\xff|RIFF....WEBP|BM....\0\0|II\*\0|MM\0\*"
        rb"|....ftyp(?:avi[fs]|hei|mif)",
    ),
    (UnreadKind.FILM, rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI |FLV\x01|\0\0\x01[\xba\xb3]"),
    (UnreadKind.DOCUMENT, rb"%PDF-|\{\\rtf|\xd0\xcf\x11\xe0"),
    (UnreadKind.PROGRAM, rb"\x7fELF|MZ|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe|\0asm|!<arch>\ndebian"),
    (
        UnreadKind.ARCHIVE,
        rb"PK\x03\x04|PK\x05\x06|Rar!|7z\xbc\xaf|\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd"
        rb"|.{257}ustar",
    ),
)
_BY_SIGNATURE: Final = tuple((kind, re.compile(found, re.DOTALL)) for kind, found in _SIGNATURES)
_ENDINGS: Final = (
    (UnreadKind.PROGRAM, "exe|msi|dll|so|apk|ipa|dmg|app|appimage|deb|rpm|jar|com|scr|bat|class"),
    (UnreadKind.DOCUMENT, "pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|epub|pages|numbers|key"),
    (UnreadKind.ARCHIVE, "zip|rar|7z|tar|t?gz|bz2|xz|zst"),
    (UnreadKind.FILM, "mp4|mov|mkv|avi|webm|m4v|wmv|flv|mpe?g"),
    (UnreadKind.PICTURE, "png|jpe?g|gif|webp|avif|hei[cf]|bmp|tiff?|ico|psd"),
)
_BY_ENDING: Final = tuple(
    (kind, re.compile(rf"\.(?:{found})$", re.IGNORECASE)) for kind, found in _ENDINGS
)
_IN_ZIP: Final = (UnreadKind.DOCUMENT, UnreadKind.PROGRAM)
"""What is a ZIP by its bytes, and more by its name: office documents, apps."""


def unread_kind(head: bytes, name: str, content_type: str | None = None) -> UnreadKind:
    """What a file is that we do not read: by its bytes, else by what it claims.

    Args:
        head: Its start; empty if none of it was read.
        name: Its name.
        content_type: As Discord derives it.
    """
    by_bytes = next((kind for kind, signature in _BY_SIGNATURE if signature.match(head)), None)
    by_name = next((kind for kind, ending in _BY_ENDING if ending.search(name)), None)
    if by_bytes is UnreadKind.ARCHIVE and by_name in _IN_ZIP:
        return by_name
    if by_bytes is not None:
        return by_bytes
    if claims_picture(name, content_type):
        return UnreadKind.PICTURE
    return by_name or UnreadKind.OTHER


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
