"""Reads the files of a message: recordings for the wire, and texts; by bytes, not by names."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Final

import discord

from audio import codec
from audio.constants import SPEECH_RATE_HZ
from audio.containers import READABLE, sniff
from audio.errors import AudioError, TooLongError
from audio.loss import Loss
from audio.pool import SoundPool
from audio.stopping import NEVER, Stop
from bot.contract import Input
from bot.contract.penny import audio_input
from bot.errors import BadInput, TooLarge
from bot.file_kinds import FileKind
from bot.i18n import Words, duration
from bot.text_files import decode_text
from cogs.shared.attachments import MAX_AUDIO_BYTES, ReceivedFile, is_unread, name_of, receive
from cogs.shared.splitting import disarm

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
class Files:
    """What the files of a message are.

    Attributes:
        recordings: In the message's order.
        texts: In the message's order.
        others: The names of those that were not read.
    """

    recordings: tuple[Recording, ...]
    texts: tuple[TextFile, ...]
    others: tuple[str, ...]

    def notes(self, words: Words) -> list[str]:
        """What to tell the person: whose encoding was guessed, and of which a part was lost."""
        guessed = [
            words("common.file.guessed", name=disarm(one.name), encoding=one.encoding)
            for one in self.texts
            if one.encoding
        ]
        lost = [
            words("common.file.lost", name=disarm(one.name), seconds=max(1, round(one.lost_s)))
            for one in self.recordings
            if one.lost_s > 0
        ]
        return guessed + lost


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
        TooLarge: One is too large, or too long.
        BadInput: One claims to be a recording or text, and is not.
        FileUnreachable: Discord does not hand one out now.
        discord.HTTPException: Discord no longer has one.
    """
    recordings: list[Recording] = []
    texts: list[TextFile] = []
    others: list[str] = []
    for attachment in attachments:
        if is_unread(attachment) or len(recordings) + len(texts) >= most:
            others.append(name_of(attachment))
            continue
        file = await _read_in_turn(attachment, words, wanted)
        if isinstance(file, Recording):
            recordings.append(file)
        elif isinstance(file, TextFile):
            texts.append(file)
        else:
            others.append(file)
    return Files(tuple(recordings), tuple(texts), tuple(others))


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
    """Read the recordings among some files for the wire; several follow one another in one clip.

    Raises:
        BadInput: There is none; otherwise as `read_files`.
    """
    files = await read_files(attachments, words, wanted=frozenset({FileKind.SOUND}))
    if not files.recordings:
        name = ", ".join(files.others)
        raise BadInput(words("common.file.no_sound", name=name, kinds=READABLE))
    return await speech_of(files.recordings, words), files


async def speech_of(recordings: Sequence[Recording], words: Words) -> Input:
    """One recording as it is, or several as one clip, in order.

    Raises:
        TooLarge: They are too long together.
        BadInput: One cannot be decoded.
    """
    if len(recordings) == 1:
        return audio_input(recordings[0].content, format=recordings[0].container)
    try:
        joined = await _encoder.run(partial(_joined, [one.content for one in recordings]))
    except TooLongError as e:
        raise _too_long(words) from e
    except AudioError as e:
        names = ", ".join(one.name for one in recordings)
        raise BadInput(words("common.file.no_sound", name=names, kinds=READABLE)) from e
    return audio_input(joined, format="ogg")


async def _read_in_turn(
    attachment: discord.Attachment, words: Words, wanted: frozenset[FileKind]
) -> Recording | TextFile | str:
    """A file, read; the name alone of one that is of no wanted kind."""
    if attachment.size <= MAX_AUDIO_BYTES:
        return await _read(attachment, words, wanted)
    async with _encoder.room:  # few large files in memory at once
        return await _read(attachment, words, wanted)


async def _read(
    attachment: discord.Attachment, words: Words, wanted: frozenset[FileKind]
) -> Recording | TextFile | str:
    file = await receive(attachment, words, wanted=wanted)
    is_false = file.kind is FileKind.OTHER or (
        file.claim is FileKind.SOUND and file.kind is FileKind.TEXT
    )
    if is_false and file.claim in wanted:
        raise _unreadable(file, words)
    if file.content is None:
        return file.name
    if file.kind is FileKind.TEXT:
        return await _text(file, file.content, words)
    try:
        return await _recording(file, file.content)
    except TooLongError as e:
        raise _too_long(words) from e
    except AudioError as e:
        if file.claim is FileKind.SOUND:
            raise _unreadable(file, words) from e
        return file.name  # a film without sound


async def _text(file: ReceivedFile, content: bytes, words: Words) -> TextFile:
    decoded = await asyncio.to_thread(decode_text, content)
    if decoded is None:
        raise BadInput(words("common.file.no_text", name=file.name))
    return TextFile(file.name, decoded.text, decoded.encoding if decoded.is_guessed else "")


def _unreadable(file: ReceivedFile, words: Words) -> BadInput:
    if file.claim is FileKind.TEXT:
        return BadInput(words("common.file.no_text", name=file.name))
    return BadInput(words("common.file.no_sound", name=file.name, kinds=READABLE))


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


def _made_smaller(content: bytes, stop: Stop = NEVER, *, loss: Loss | None = None) -> bytes:
    """Re-encode a recording as Ogg Opus. Blocking: run it in a thread.

    Raises:
        AudioError: It cannot be decoded, or is too long.
    """
    return codec.transcode_to_ogg(
        content,
        rate_hz=SPEECH_RATE_HZ,
        limit_s=MAX_RECORDING_S,
        bitrate=_SPEECH_BITRATE,
        stop=stop,
        loss=loss,
    )


def _joined(contents: Sequence[bytes], stop: Stop = NEVER) -> bytes:
    """Re-encode recordings as one, in order. Blocking: run it in a thread."""
    return codec.join_to_ogg(
        contents,
        rate_hz=SPEECH_RATE_HZ,
        limit_s=MAX_RECORDING_S,
        bitrate=_SPEECH_BITRATE,
        stop=stop,
    )


def _too_long(words: Words) -> TooLarge:
    return TooLarge(words("common.file.too_long", most=duration(MAX_RECORDING_S)))
