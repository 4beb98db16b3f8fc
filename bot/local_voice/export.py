"""Writes the conversation to a folder: Markdown, and the sound of each spoken turn."""

import datetime as dt
import errno
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from audio import ogg
from audio.constants import LIBOPUS_PRE_SKIP
from audio.errors import AudioError
from audio.ogg import OpusStream
from bot.figures import moment
from bot.i18n import DEFAULT, Words
from bot.local_voice.in_words import Told
from bot.local_voice.transcript import Sound
from bot.local_voice.view import Entry, Kind
from bot.reasons import reason_of
from bot.sanitize import clean

_MARKDOWN: Final = "conversation.md"
REASONS: Final = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EACCES: "forbidden",
    errno.EPERM: "forbidden",
    errno.EROFS: "read_only",
    errno.ENOENT: "missing",
    errno.ENOTDIR: "no_folder",
    errno.ENAMETOOLONG: "long_name",
}
"""Why a file cannot be written, by the system's number: the keys of the words for it."""


def export(
    folder: Path,
    entries: Sequence[Entry],
    sound_of: Callable[[int], Sound | None],
    *,
    assistant: str,
    at: dt.datetime,
    words: Words,
) -> Path:
    """Write a conversation into a new folder.

    Args:
        folder: The parent of the new folder.
        entries: The conversation.
        sound_of: Returns an entry's sound, given its number.
        assistant: The assistant's name.
        at: The time that names the folder.
        words: The person's language.

    Returns:
        The Markdown file.

    Raises:
        BadInput: There is nothing to write, or the folder cannot be written.
    """
    exported = [entry for entry in entries if entry.kind in (Kind.TURN, Kind.TASK)]
    if not exported:
        raise Told(words("talk.save.nothing"))
    place = None
    try:
        place = _new_folder(folder, at, words)
        title = words("talk.save.title", assistant=assistant, at=moment(at, words.language))
        text = [f"# {title}", ""]
        for number, entry in enumerate(exported, 1):
            text += _entry(place, number, entry, sound_of(entry.number), assistant, words)
        file = place / _MARKDOWN
        file.write_text(clean("\n".join(text)), encoding="utf-8", errors="replace")
    except OSError as e:
        if place is not None:  # part of a conversation looks like all of it
            shutil.rmtree(place, ignore_errors=True)
        reason = why_unwritable(e, words)
        raise Told(words("talk.save.unwritable", folder=str(folder), reason=reason)) from None
    return file


def why_unwritable(error: OSError, words: Words) -> str:
    """Why a file cannot be written."""
    key = REASONS.get(error.errno or 0)
    if key is not None:
        return words(f"talk.reason.{key}")
    said = reason_of(error)
    return said if words.language == DEFAULT else words("errors.said_in_english", facts=said)


def _new_folder(parent: Path, at: dt.datetime, words: Words) -> Path:
    """Make a folder that was not there, so that nothing is overwritten."""
    for suffix in ("", *(f"-{n}" for n in range(2, 100))):
        place = parent / f"skydeck-{at:%Y%m%d-%H%M%S}{suffix}"
        try:
            place.mkdir(parents=True)
        except FileExistsError:
            continue
        return place
    raise Told(words("talk.save.crowded", folder=str(parent)))


def _entry(
    place: Path, number: int, entry: Entry, sound: Sound | None, assistant: str, words: Words
) -> list[str]:
    label = words("talk.save.sound")
    heard, said = sound.question if sound else None, _muxed(sound.answer) if sound else None
    question = _keep(place / f"{number:03}-question.ogg", heard, label)
    answer = _keep(place / f"{number:03}-answer.ogg", said, label)
    cut = f" *({words('talk.stopped')})*" if entry.was_cut else ""
    asked = (
        [f"**{words('talk.you')}:** {entry.asked}{question}", ""] if entry.asked or question else []
    )
    return [
        *asked,
        f"**{assistant}:** {entry.answered}{cut}{answer}",
        "",
    ]


def _keep(path: Path, data: bytes | None, label: str) -> str:
    if not data:
        return ""
    path.write_bytes(data)
    return f" ([{label}]({path.name}))"


def _muxed(packets: Sequence[bytes]) -> bytes | None:
    if not packets:
        return None
    try:
        channels = 2 if packets[0][0] & 0x04 else 1
        return ogg.mux(OpusStream(tuple(packets), channels, LIBOPUS_PRE_SKIP))
    except AudioError:
        return None  # the service's packets are bad; the text is saved without them
