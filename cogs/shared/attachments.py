"""Files that people hand in: what they are is told by their bytes, not by their names."""

import asyncio
import codecs
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import discord

from audio import codec, ogg
from audio.errors import AudioError, TooLongError
from bot.contract import Input
from bot.contract.penny import audio_input
from bot.errors import BadInput, TooLarge
from bot.i18n import Words, duration
from cogs.shared.patience import persist

MOST_TEXT_BYTES: Final = 4 * 1024 * 1024
"""As many as the longest text that Grace takes can have."""
MOST_AUDIO_BYTES: Final = 7 * 1024 * 1024
"""In base64 it is just under what one submission may hold."""
MOST_FETCHED_BYTES: Final = 50 * 1024 * 1024
"""Of a recording that has to be made smaller first."""
LONGEST_S: Final = 1800.0
"""Of such a recording: as Opus it has 5.4 MB, as samples in memory it has 173 MB."""
_SPEECH_BITRATE: Final = 24_000

_TEXT_NAMES: Final = re.compile(
    r"\.(?:txt|md|rst|csv|tsv|json|ya?ml|toml|ini|cfg|xml|html?|css|log|srt|vtt|sql|sh"
    r"|py|jsx?|tsx?|java|kt|c|h|cpp|hpp|cs|go|rs|rb|php|swift|lua)$"
)
_AUDIO_NAMES: Final = re.compile(r"\.(?:ogg|oga|opus|wav|flac|mp3|aac|m4a|aiff?|weba)$")
_TEXT_TYPES: Final = ("text/", "application/json", "application/xml")

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_AUDIO_BEGINS: Final = (
    (re.compile(rb"OggS"), "ogg"),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "wav"),
    (re.compile(rb"fLaC"), "flac"),
    (re.compile(rb"ID3|\xff[\xfb\xfa\xf3\xf2]"), "mp3"),
    (re.compile(rb"\xff[\xf1\xf9]"), "aac"),
    (re.compile(rb"....ftyp", re.DOTALL), "m4a"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), "webm"),
    (re.compile(rb"FORM....AIF[FC]", re.DOTALL), "aiff"),
)
"""How files with sound begin. Source: each container's specification."""


def is_text(attachment: discord.Attachment) -> bool:
    """Whether a file says that it is text."""
    kind = attachment.content_type or ""
    return kind.startswith(_TEXT_TYPES) or bool(_TEXT_NAMES.search(attachment.filename.lower()))


def is_audio(attachment: discord.Attachment) -> bool:
    """Whether a file says that it is a recording; Discord need not tell its type."""
    if attachment.content_type is None and _AUDIO_NAMES.search(attachment.filename.lower()):
        return True
    return (attachment.content_type or "").startswith("audio/") or attachment.is_voice_message()


async def read_text(attachment: discord.Attachment, words: Words) -> str:
    """A file's text, in UTF-8 or, with a byte order mark, UTF-16.

    Raises:
        TooLarge: There is too much of it.
        BadInput: It is no text.
        discord.HTTPException: Discord no longer has it.
        OSError: Discord does not hand it out now.
    """
    content = await _read(attachment, MOST_TEXT_BYTES, words)
    text = decode_text(content)
    if text is None:
        raise BadInput(words("common.file.no_text", name=attachment.filename))
    return text


def decode_text(content: bytes) -> str | None:
    """The text in some bytes; None where they are something else."""
    encoding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else text


async def read_audio(attachment: discord.Attachment, words: Words) -> Input:
    """A recording, for the wire; one that is too large as it is is sent as Opus.

    Raises:
        TooLarge: There is too much of it.
        BadInput: It is no recording.
        discord.HTTPException: Discord no longer has it.
        OSError: Discord does not hand it out now.
    """
    content = await _read(attachment, MOST_FETCHED_BYTES, words)
    container = audio_container(content)
    if container is None:
        raise BadInput(words("common.file.no_sound", name=attachment.filename))
    if len(content) <= MOST_AUDIO_BYTES:
        return audio_input(content, format=container)
    loop = asyncio.get_running_loop()
    try:
        smaller = await loop.run_in_executor(_encoder, _made_smaller, content)
        return audio_input(smaller, format="ogg")
    except TooLongError as e:
        raise TooLarge(words("common.file.too_long", most=duration(LONGEST_S))) from e
    except AudioError as e:
        raise BadInput(words("common.file.no_sound", name=attachment.filename)) from e


_encoder: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoder")
"""A long recording's samples fill much memory, so one at a time; in a thread of its own, since who
waits for it would keep the loop's threads from all others."""


def _made_smaller(content: bytes) -> bytes:
    """The same speech as Ogg Opus; blocking, for a thread.

    Raises:
        AudioError: It cannot be decoded, or is too long.
    """
    samples = codec.decode(content, limit_s=LONGEST_S)
    return ogg.mux(codec.encode(samples, codec.SPEECH_RATE_HZ, bitrate=_SPEECH_BITRATE))


def audio_container(content: bytes) -> str | None:
    """What kind of recording some bytes are; None where they are none."""
    return next((name for begin, name in _AUDIO_BEGINS if begin.match(content)), None)


async def _read(attachment: discord.Attachment, most: int, words: Words) -> bytes:
    if attachment.size > most:
        size, limit = attachment.size / 2**20, most / 2**20
        raise TooLarge(
            words("common.file.too_heavy", size=f"{size:.1f} MiB", most=f"{limit:.0f} MiB")
        )
    return await persist(attachment.read)
