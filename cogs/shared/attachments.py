"""Files from people: their type is decided by their bytes, not by their names."""

import codecs
import io
import re
from functools import partial
from typing import Final

import discord

from audio import codec
from audio.constants import SPEECH_RATE_HZ
from audio.containers import READABLE, sniff
from audio.errors import AudioError, TooLongError
from audio.pool import SoundPool
from audio.stopping import NEVER, Stop
from bot.contract import Input
from bot.contract.penny import audio_input
from bot.errors import BadInput, FileUnreachable, TooLarge
from bot.i18n import Words, duration
from cogs.shared.fetching import Oversized, fetch
from cogs.shared.patience import persist

MAX_TEXT_BYTES: Final = 4 * 1024 * 1024
"""The size of the longest text that Grace accepts."""
MAX_AUDIO_BYTES: Final = 7 * 1024 * 1024
"""In base64 it is just below the limit of one submission."""
MAX_FETCHED_BYTES: Final = 50 * 1024 * 1024
"""For a recording that has to be re-encoded first."""
MAX_RECORDING_S: Final = 1800.0
"""For such a recording: 5.4 MB as Opus."""
MAX_BUILD_FILES_BYTES: Final = 10 * 1024 * 1024
"""For the files that a build starts from, together."""
_SPEECH_BITRATE: Final = 24_000

_TEXT_NAMES: Final = re.compile(
    r"\.(?:txt|md|rst|csv|tsv|json|ya?ml|toml|ini|cfg|xml|html?|css|log|srt|vtt|sql|sh"
    r"|py|jsx?|tsx?|java|kt|c|h|cpp|hpp|cs|go|rs|rb|php|swift|lua)$"
)
_AUDIO_NAMES: Final = re.compile(r"\.(?:ogg|oga|opus|wav|flac|mp3|aac|m4a|aiff?|weba)$")
_TEXT_TYPES: Final = ("text/", "application/json", "application/xml")

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_AS_IT_IS: Final = frozenset({"ogg", "wav", "flac", "mp3", "aac", "m4a", "webm", "aiff"})
"""Containers that every service can read; others are re-encoded as Opus."""


def is_text(attachment: discord.Attachment) -> bool:
    """Whether a file claims to be text."""
    kind = attachment.content_type or ""
    return kind.startswith(_TEXT_TYPES) or bool(_TEXT_NAMES.search(attachment.filename.lower()))


def is_audio(attachment: discord.Attachment) -> bool:
    """Whether a file claims to be a recording; Discord may leave its type out."""
    if attachment.content_type is None and _AUDIO_NAMES.search(attachment.filename.lower()):
        return True
    return (attachment.content_type or "").startswith("audio/") or attachment.is_voice_message()


async def read_text(attachment: discord.Attachment, words: Words) -> str:
    """Read a text file in UTF-8 or, with a byte order mark, UTF-16.

    Raises:
        TooLarge: It is too large.
        BadInput: It is not text.
        FileUnreachable: Discord does not hand it out now.
        discord.HTTPException: Discord no longer has it.
    """
    content = await download(attachment, MAX_TEXT_BYTES, words)
    text = decode_text(content)
    if text is None:
        raise BadInput(words("common.file.no_text", name=attachment.filename))
    return text


def decode_text(content: bytes) -> str | None:
    """Decode text; None if the bytes are not text."""
    encoding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else text


async def read_audio(attachment: discord.Attachment, words: Words) -> Input:
    """Read a recording for the wire; one that is too large is re-encoded as Opus.

    Raises:
        TooLarge: It is too large or too long.
        BadInput: It is not a recording.
        FileUnreachable: Discord does not hand it out now.
        discord.HTTPException: Discord no longer has it.
    """
    _check_weight(attachment, MAX_FETCHED_BYTES, words)
    try:
        if attachment.size <= MAX_AUDIO_BYTES:
            return await _small(await download(attachment, MAX_AUDIO_BYTES, words))
        async with _encoder.room:
            return await _as_opus(await download(attachment, MAX_FETCHED_BYTES, words))
    except TooLongError as e:
        raise TooLarge(words("common.file.too_long", most=duration(MAX_RECORDING_S))) from e
    except AudioError as e:
        why = words("common.file.no_sound", name=attachment.filename, kinds=READABLE)
        raise BadInput(why) from e


_encoder: Final = SoundPool(1)
"""Re-encode a recording, one at a time: it takes much CPU time and up to 50 MiB."""


async def _small(content: bytes) -> Input:
    container = sniff(io.BytesIO(content))[1]
    if container in _AS_IT_IS:
        return audio_input(content, format=container)
    return await _as_opus(content)


async def _as_opus(content: bytes) -> Input:
    return audio_input(await _encoder.run(partial(_made_smaller, content)), format="ogg")


def _made_smaller(content: bytes, stop: Stop = NEVER) -> bytes:
    """Re-encode a recording as Ogg Opus. Blocking: run it in a thread.

    Raises:
        AudioError: It cannot be decoded, or is too long.
    """
    rate_hz = SPEECH_RATE_HZ
    return codec.transcode_to_ogg(
        content, rate_hz=rate_hz, limit_s=MAX_RECORDING_S, bitrate=_SPEECH_BITRATE, stop=stop
    )


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
    return TooLarge(words("common.file.too_heavy", size=f"{size:.1f} MiB", most=f"{limit:.0f} MiB"))
