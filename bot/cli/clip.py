"""Recordings in, replies out: the files that the command line reads and writes."""

from pathlib import Path

from audio import codec, ogg
from audio.errors import AudioError, TooLongError
from bot.contract import Audio, Input
from bot.contract.penny import audio_input
from bot.errors import BadInput, TooLarge

QUESTION_LIMIT_S = 300
RECORDING_LIMIT_S = 3600
_SPEECH_BITRATE = 24_000
_MOST_OGG_BYTES = 10 * 1024 * 1024
_WRITABLE = {".ogg", ".opus", ".wav"}


def read_clip(path: Path, *, language: str | None, limit_s: float) -> Input:
    """A recording as contract input: Ogg Opus, whatever the file was.

    A file that is already Ogg Opus is sent as it is.

    Raises:
        BadInput: The file is missing, empty, or has no sound in it.
        TooLarge: It is longer than the limit.
    """
    check_readable(path)
    as_it_is = _ogg_opus(path, limit_s)
    return audio_input(as_it_is or _recode(path, limit_s), format="ogg", language=language)


def _ogg_opus(path: Path, limit_s: float) -> bytes | None:
    """The file itself when it is Ogg Opus within the limit; all else has to be decoded."""
    if path.stat().st_size > _MOST_OGG_BYTES:
        return None
    data = path.read_bytes()
    try:
        fits = data.startswith(b"OggS") and ogg.demux(data).duration_ms <= limit_s * 1000
    except AudioError:
        return None
    return data if fits else None


def _recode(path: Path, limit_s: float) -> bytes:
    try:
        samples = codec.decode(path, limit_s=limit_s)
        stream = codec.encode(samples, codec.SPEECH_RATE_HZ, bitrate=_SPEECH_BITRATE)
    except TooLongError as e:
        raise TooLarge(f"{path.name}: {e}", hint="Cut it, or use a shorter recording.") from e
    except AudioError as e:
        raise BadInput(f"{path.name}: {e}") from e
    return ogg.mux(stream)


def read_text(path: Path, *, limit_bytes: int) -> bytes:
    """The bytes of a file that a person named.

    Raises:
        BadInput: There is no such file, it cannot be read, or it is empty.
        TooLarge: It is over the limit.
    """
    check_readable(path)
    size = path.stat().st_size
    if size > limit_bytes:
        raise TooLarge(f"{path.name} is {size / 1e6:.0f} MB; at most {limit_bytes / 1e6:.0f} MB.")
    return path.read_bytes()


def check_readable(path: Path) -> None:
    """See that a file that a person named is there and has something in it.

    Raises:
        BadInput: It is not, or has not.
    """
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise BadInput(f"{path.name} is empty.")
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise BadInput(f"{path} is a folder; a file is needed.") from None
    except OSError as e:
        raise BadInput(f"{path} cannot be read ({e.strerror}).") from None


def check_writable(path: Path) -> None:
    """Find out before the work that a reply could be stored.

    Raises:
        BadInput: The name's ending is not one we write, or the folder is not there.
    """
    if path.suffix.lower() not in _WRITABLE:
        raise BadInput(f"A reply can be saved as .ogg, .opus or .wav, not as {path.name!r}.")
    if not path.parent.is_dir():
        raise BadInput(f"There is no folder {path.parent}.")
    if path.is_dir():
        raise BadInput(f"{path} is a folder.")


def save_reply(audio: Audio, path: Path) -> None:
    """Write a reply: Ogg Opus, or WAV where the name asks for it.

    Raises:
        BadInput: It cannot be written, or it is not audio.
    """
    data = audio.file()
    try:
        if path.suffix.lower() == ".wav":
            data = codec.wav(codec.decode(data, limit_s=RECORDING_LIMIT_S), codec.SPEECH_RATE_HZ)
        elif not data.startswith(b"OggS"):
            samples = codec.decode(data, rate_hz=ogg.OPUS_RATE_HZ, limit_s=RECORDING_LIMIT_S)
            data = ogg.mux(codec.encode(samples, ogg.OPUS_RATE_HZ))
        path.write_bytes(data)
    except AudioError as e:
        raise BadInput(f"The reply's audio cannot be used: {e}") from e
    except OSError as e:
        raise BadInput(f"{path} cannot be written ({e.strerror}).") from None
