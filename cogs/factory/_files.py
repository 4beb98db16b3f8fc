"""A build's files as attachments, and attachments as files. Pure.

Source of the limits: Discord's reference, "Uploading Files" (10 MiB on servers without boosts)
and "Create Message" (10 attachments).
"""

import io
import json
import lzma
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any, Final

from bot.contract.factory import File
from bot.errors import BadInput, TooLarge
from bot.text_files import decode_text
from bot.workers.factory.files import unique_names

MAX_FILES: Final = 10
MAX_BYTES: Final = 10 * 1024 * 1024
ARCHIVE: Final = "build.zip"
MAX_TO_REFINE: Final = 10
"""How many files a build can start from; the Factory accepts no more."""
MAX_CHARS_TO_REFINE: Final = 1024 * 1024
_PACKED: Final = ".zip"

_DAMAGED: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError),
)
"""What zipfile raises for bytes that are damaged; it promises BadZipFile alone."""

Attachment = tuple[str, bytes]
"""A name and its content."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What to attach.

    Attributes:
        files: At most as many and as large as Discord accepts.
        left_out: Whether they were too large even as an archive.
    """

    files: tuple[Attachment, ...] = ()
    left_out: bool = False


def pack(files: list[File]) -> Parcel:
    """A result's files; in an archive if there are too many or they are too large."""
    named = _named(files)
    if len(named) <= MAX_FILES and _size(named) <= MAX_BYTES:
        return Parcel(named)
    archive = _zipped(named)
    if len(archive) > MAX_BYTES:
        return Parcel(left_out=True)
    return Parcel(((ARCHIVE, archive),))


def text_file(text: str) -> Parcel:
    """A text answer as a file."""
    content = text.encode("utf-8", "replace")
    return Parcel(left_out=True) if len(content) > MAX_BYTES else Parcel((("result.md", content),))


def json_file(data: Any) -> Parcel:
    """An answer of unknown shape as a JSON file."""
    content = json.dumps(data, ensure_ascii=False, indent=2).encode("utf-8", "replace")
    return (
        Parcel(left_out=True) if len(content) > MAX_BYTES else Parcel((("result.json", content),))
    )


def unpack(attached: list[Attachment]) -> list[File]:
    """The files of an earlier build, to start from.

    Raises:
        BadInput: One of them is not text.
        TooLarge: They are too large together.
    """
    plain = [one for name, content in attached for one in _opened(name, content)]
    if len(plain) > MAX_TO_REFINE or _size(plain) > MAX_CHARS_TO_REFINE:
        raise TooLarge(f"At most {MAX_TO_REFINE} files can be worked on again.")
    files = []
    for name, content in plain:
        decoded = decode_text(content)
        if decoded is None:
            raise BadInput(f"The file {name} is not text.")
        files.append(File(name=name, content=decoded.text))
    return files


def _named(files: list[File]) -> tuple[Attachment, ...]:
    # Discord's clients reject empty files.
    contents = (file.content.encode("utf-8", "replace") or b"\n" for file in files)
    return tuple(zip(unique_names(file.name for file in files), contents, strict=True))


def _zipped(files: tuple[Attachment, ...]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return target.getvalue()


def _opened(name: str, content: bytes) -> list[Attachment]:
    if not name.endswith(_PACKED):  # ours, or the one that Discord's limits have led to
        return [(name, content)]
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = archive.infolist()
            if (
                len(inside) > MAX_TO_REFINE
                or sum(i.file_size for i in inside) > MAX_CHARS_TO_REFINE
            ):
                raise TooLarge(f"At most {MAX_TO_REFINE} files can be worked on again.")
            return [(one.filename, archive.read(one)) for one in inside]
    except _DAMAGED:
        raise BadInput("The archive cannot be opened.") from None


def _size(files: "tuple[Attachment, ...] | list[Attachment]") -> int:
    return sum(len(content) for _, content in files)
