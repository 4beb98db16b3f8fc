"""Reads the files of a message: recordings for the wire, and texts; by bytes, not by names.

One that cannot be read is named, and the others are read; it is an error only if none is left.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from typing import Final

import discord

from audio import codec, ogg
from audio.constants import SPEECH_RATE_HZ
from audio.containers import READABLE, sniff
from audio.errors import AudioError, TooLongError
from audio.loss import Loss
from audio.pool import SoundPool
from audio.stopping import NEVER, Stop
from bot.contract import Input, Response
from bot.contract.penny import audio_input
from bot.contract.recordings import Clip, Heard, heard_in, recordings_input
from bot.errors import BadInput, SkydeckError, TooLarge, WrongUse
from bot.figures import duration
from bot.file_kinds import FileKind, UnreadKind
from bot.i18n import Words
from bot.sanitize import is_blank
from bot.text_files import decode_text
from cogs.shared.attachments import (
    MAX_AUDIO_BYTES,
    ReceivedFile,
    is_unread,
    may_be,
    name_of,
    receive,
    what_is,
)
from cogs.shared.error_messages import explain, facts_of, reason_of
from cogs.shared.markdown import escaped
from cogs.shared.splitting import as_plain_text

MAX_FILES: Final = 5
"""How many files of one message are read."""
MAX_RECORDING_S: Final = 1800.0
"""For recordings that are re-encoded, together: 5.4 MB as Opus."""
_SPEECH_BITRATE: Final = 24_000

_AS_IT_IS: Final = frozenset({"ogg", "wav", "flac", "mp3", "aac", "m4a", "webm", "aiff"})
"""Containers that every service can read; others are re-encoded as Opus."""

_ALL: Final = frozenset({FileKind.SOUND, FileKind.TEXT})

_encoder: Final = SoundPool(1)
"""Re-encodes recordings, one at a time: it takes much CPU time and up to 50 MiB."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file: its name and what it says; `encoding` is empty unless it was guessed."""

    name: str
    text: str
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording: its name, its file in a container that services read, and how much was lost."""

    name: str
    content: bytes
    container: str
    lost_s: float = 0.0


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """A file that is not read: its name, and what it is."""

    name: str
    kind: UnreadKind


@dataclass(frozen=True, slots=True)
class Files:
    """What the files of a message are.

    Attributes:
        recordings: In the message's order.
        texts: In the message's order.
        others: Those that cannot be read here, such as pictures.
        left_out: The names of those that were too many.
        refused: The names of those that could not be read, and why.
    """

    recordings: tuple[Recording, ...]
    texts: tuple[TextFile, ...]
    others: tuple[UnreadFile, ...] = ()
    left_out: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()

    @property
    def unread(self) -> tuple[str, ...]:
        """The names of all that were not read, for whatever reason."""
        others = (one.name for one in self.others)
        return (*others, *self.left_out, *(name for name, _ in self.refused))

    def notes(self, words: Words) -> list[str]:
        """What to tell the person: what was guessed, lost, refused and left out."""
        guessed = [
            words("common.file.guessed", name=as_plain_text(one.name), encoding=one.encoding)
            for one in self.texts
            if one.encoding
        ]
        lost = [
            words(
                "common.file.lost", name=as_plain_text(one.name), seconds=max(1, round(one.lost_s))
            )
            for one in self.recordings
            if one.lost_s > 0
        ]
        refused = [
            words("common.file.unheard", name=as_plain_text(name), reason=reason)
            for name, reason in self.refused
        ]
        names = as_plain_text(", ".join(self.left_out))
        left = [words("common.file.left_out", most=MAX_FILES, names=names)] if names else []
        return guessed + lost + refused + left


async def read_files(
    attachments: Sequence[discord.Attachment],
    words: Words,
    *,
    wanted: frozenset[FileKind] = _ALL,
    most: int = MAX_FILES,
) -> Files:
    """Read the first files of a message; the others are named.

    Args:
        attachments: The message's files.
        words: The person's language.
        wanted: The kinds to read.
        most: How many to read.

    Raises:
        TooLarge: The only one is too large, or too long.
        BadInput: The only one claims to be a recording or text, and is not.
        FileUnreachable: Discord does not hand out the only one now.
        discord.HTTPException: Discord no longer has the only one.
    """
    reading = _Reading(words)
    for attachment in attachments:
        name = name_of(attachment)
        if is_unread(attachment):
            reading.others.append(UnreadFile(name, what_is(attachment)))
        elif reading.count < most:
            await reading.add(attachment, wanted)
        elif may_be(attachment, wanted):
            reading.left_out.append(name)
        else:
            reading.others.append(UnreadFile(name, what_is(attachment)))
    return reading.files()


class _Reading:
    """What was read so far of several files."""

    def __init__(self, words: Words) -> None:
        self.others: list[UnreadFile] = []
        self.left_out: list[str] = []
        self._words = words
        self._recordings: list[Recording] = []
        self._texts: list[TextFile] = []
        self._refused: list[tuple[str, str]] = []
        self._error: Exception | None = None

    @property
    def count(self) -> int:
        """How many were read, or tried."""
        return len(self._recordings) + len(self._texts) + len(self._refused)

    async def add(self, attachment: discord.Attachment, wanted: frozenset[FileKind]) -> None:
        """Read one; if it cannot be read, note why."""
        try:
            file = await _read_in_turn(attachment, self._words, wanted)
        except (SkydeckError, discord.HTTPException) as e:
            self._error = self._error or e
            self._refused.append((name_of(attachment), reason_for(e, self._words)))
            return
        if isinstance(file, Recording):
            self._recordings.append(file)
        elif isinstance(file, TextFile):
            self._texts.append(file)
        else:
            self.others.append(file)

    def files(self) -> Files:
        """What was read.

        Raises:
            SkydeckError, discord.HTTPException: Nothing; this is the first reason.
        """
        if self._error is not None and not self._recordings and not self._texts:
            raise self._error
        return Files(
            tuple(self._recordings),
            tuple(self._texts),
            tuple(self.others),
            tuple(self.left_out),
            tuple(self._refused),
        )


def reason_for(error: Exception, words: Words) -> str:
    """Why one file of several was not read, in one line."""
    if isinstance(error, WrongUse):
        return facts_of(error, words)
    return explain(error, words).text.partition("\n")[0]


async def read_text(attachment: discord.Attachment, words: Words) -> TextFile:
    """Read one text file.

    Raises:
        BadInput: It is not text; otherwise as `read_files`.
    """
    files = await read_files([attachment], words, wanted=frozenset({FileKind.TEXT}))
    if not files.texts:
        raise BadInput(words("common.file.no_text", name=name_of(attachment)))
    return files.texts[0]


async def read_recordings(
    attachments: Sequence[discord.Attachment], words: Words
) -> tuple[Input, Files]:
    """Read the recordings among some files for the wire.

    Raises:
        BadInput: There is none; otherwise as `read_files`.
    """
    files = await read_files(attachments, words, wanted=frozenset({FileKind.SOUND}))
    if not files.recordings:
        name = escaped(", ".join(files.unread))
        raise BadInput(words("common.file.no_sound", name=name, kinds=READABLE))
    return await speech_of(files, words)


async def speech_of(files: Files, words: Words) -> tuple[Input, Files]:
    """The recordings among some files for the wire: one as it is, or several, each by itself.

    Several are re-encoded, so that together they fit into one request; the files that are returned
    say which of them was refused, or lost a part.

    Raises:
        TooLarge: None is short enough.
        BadInput: None can be decoded.
    """
    if len(files.recordings) > 1:
        files = await _several(files, words)
    first, *others = files.recordings
    if not others:
        return audio_input(first.content, format=first.container), files
    clips = [Clip.of(one.name, one.content, one.container) for one in files.recordings]
    return recordings_input(clips), files


async def _several(files: Files, words: Words) -> Files:
    """Re-encode each recording; they share the limit of their length."""
    left_s, made, refused = MAX_RECORDING_S, [], []
    error: SkydeckError | None = None
    for one in files.recordings:
        loss = Loss()
        try:
            work = partial(_made_smaller, one.content, loss=loss, limit_s=left_s)
            content = await _encoder.run(work)
            took_s = await asyncio.to_thread(_length_s, content)
        except AudioError as e:
            reason = _too_long(words) if isinstance(e, TooLongError) else _no_sound(one.name, words)
            error = error or reason
            refused.append((one.name, reason_for(reason, words)))
            continue
        left_s -= took_s
        lost_s = one.lost_s or (loss.seconds if loss.is_notable else 0.0)
        made.append(Recording(one.name, content, "ogg", lost_s))
    if error is not None and not made:
        raise error
    return replace(files, recordings=tuple(made), refused=(*files.refused, *refused))


async def _read_in_turn(
    attachment: discord.Attachment, words: Words, wanted: frozenset[FileKind]
) -> Recording | TextFile | UnreadFile:
    """A file, read, unless it is of no wanted kind."""
    if attachment.size <= MAX_AUDIO_BYTES:
        return await _read(attachment, words, wanted)
    async with _encoder.room:  # few large files in memory at once
        return await _read(attachment, words, wanted)


async def _read(
    attachment: discord.Attachment, words: Words, wanted: frozenset[FileKind]
) -> Recording | TextFile | UnreadFile:
    file = await receive(attachment, words, wanted=wanted)
    is_false = file.kind is FileKind.OTHER or (
        file.claim is FileKind.SOUND and file.kind is FileKind.TEXT
    )
    if is_false and file.claim in wanted:
        raise _unreadable(file, words)
    if file.content is None:
        return UnreadFile(file.name, file.what)
    if file.kind is FileKind.TEXT:
        return await _text(file, file.content, words)
    try:
        return await _recording(file, file.content)
    except TooLongError as e:
        raise _too_long(words) from e
    except AudioError as e:
        if file.claim is FileKind.SOUND:
            raise _unreadable(file, words) from e
        return UnreadFile(file.name, file.what)  # a film without sound


async def _text(file: ReceivedFile, content: bytes, words: Words) -> TextFile:
    decoded = await asyncio.to_thread(decode_text, content)
    if decoded is None:
        raise BadInput(words("common.file.no_text", name=escaped(file.name)))
    if is_blank(decoded.text):
        raise BadInput(words("common.file.blank", name=escaped(file.name)))
    return TextFile(file.name, decoded.text, decoded.encoding if decoded.is_guessed else "")


def _unreadable(file: ReceivedFile, words: Words) -> BadInput:
    if file.claim is FileKind.TEXT:
        return BadInput(words("common.file.no_text", name=escaped(file.name)))
    return _no_sound(file.name, words)


def _no_sound(name: str, words: Words) -> BadInput:
    return BadInput(words("common.file.no_sound", name=escaped(name), kinds=READABLE))


async def _recording(file: ReceivedFile, content: bytes) -> Recording:
    """The file as it is, if it says that it is sound and every service can read it; else as Opus.

    Raises:
        AudioError: It has no sound that can be decoded.
    """
    container = sniff(BytesIO(content))[1]
    is_sound = file.claim is FileKind.SOUND and len(content) <= MAX_AUDIO_BYTES
    if is_sound and container in _AS_IT_IS:
        return Recording(file.name, content, container)
    loss = Loss()
    made = await _encoder.run(partial(_made_smaller, content, loss=loss))
    return Recording(file.name, made, "ogg", loss.seconds if loss.is_notable else 0.0)


def _made_smaller(
    content: bytes, stop: Stop = NEVER, *, loss: Loss, limit_s: float = MAX_RECORDING_S
) -> bytes:
    """Re-encode a recording as Ogg Opus. Blocking: run it in a thread.

    Raises:
        AudioError: It cannot be decoded, or is too long.
    """
    return codec.transcode_to_ogg(
        content,
        rate_hz=SPEECH_RATE_HZ,
        limit_s=limit_s,
        bitrate=_SPEECH_BITRATE,
        stop=stop,
        loss=loss,
    )


def _length_s(content: bytes) -> float:
    return ogg.demux(content, check_crc=False).duration_ms / 1000


def _too_long(words: Words) -> TooLarge:
    return TooLarge(words("common.file.too_long", most=duration(MAX_RECORDING_S)))


# -- what was heard in them ---------------------------------------------------------------------


def notes_of(response: Response, words: Words) -> list[str]:
    """A line for each of several recordings that was not heard, not wholly, or is silent."""
    return [note for one in heard_in(response) if (note := _note(one, words))]


def _note(heard: Heard, words: Words) -> str:
    name = as_plain_text(heard.name)
    if heard.error is not None:
        reason = reason_of(heard.error.code, heard.error.message, words)
        return words("common.file.unheard", name=name, reason=reason)
    if not heard.transcript:
        return words("common.file.silent", name=name)
    return words("common.file.unasked", name=name) if heard.is_cut else ""
