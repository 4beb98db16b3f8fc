"""The files that the command line reads and writes: recordings, texts and spoken replies."""

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from audio import ogg
from audio.constants import OPUS_RATE_HZ, SPEECH_RATE_HZ
from audio.errors import AudioError, TooLongError
from audio.files import NotAFileError, open_regular
from audio.loss import Loss
from bot.cli.whole_files import writing
from bot.contract import Audio, Input
from bot.contract.penny import audio_input
from bot.contract.recordings import MAX_RECORDINGS, Clip, recordings_input
from bot.errors import BadInput, JobFailed, TooLarge, WrongUse
from bot.file_kinds import HEAD_BYTES, FileKind, kind_of
from bot.sanitize import quoted
from bot.text_files import decode_text

QUESTION_LIMIT_S = 300
RECORDING_LIMIT_S = 3600
_SPEECH_BITRATE = 24_000
_MAX_OGG_BYTES = 10 * 1024 * 1024
_WRITABLE = {".ogg", ".opus", ".wav"}


def read_clip(path: Path, *, language: str | None, limit_s: float) -> Input:
    """Read a recording of any format as contract input, which is Ogg Opus.

    Raises:
        BadInput: The file is missing, empty, or has no sound in it.
        TooLarge: The recording is longer than the limit.
    """
    return audio_input(_content(path, limit_s), format="ogg", language=language)


def _content(path: Path, limit_s: float) -> bytes:
    """A recording as Ogg Opus; a file that is that already is not encoded again."""
    with _reading(path) as file:
        return _ogg_opus(file, limit_s) or _recode(file, path.name, limit_s)


def _ogg_opus(file: BinaryIO, limit_s: float) -> bytes | None:
    """The file's bytes if it is Ogg Opus within the limit; None if it has to be decoded."""
    data = file.read(_MAX_OGG_BYTES + 1)
    file.seek(0)
    if len(data) > _MAX_OGG_BYTES or not data.startswith(b"OggS"):
        return None
    try:
        fits = ogg.demux(data).duration_ms <= limit_s * 1000
    except AudioError:
        return None
    return data if fits else None


def _recode(file: BinaryIO, name: str, limit_s: float) -> bytes:
    from audio import codec  # noqa: PLC0415  (numpy and PyAV; what people write needs neither)

    rate_hz, loss = SPEECH_RATE_HZ, Loss()
    with _told_of(name, loss):
        return codec.transcode_to_ogg(
            file, rate_hz=rate_hz, limit_s=limit_s, bitrate=_SPEECH_BITRATE, loss=loss
        )


def read_clips(
    paths: Sequence[Path], *, language: str | None, limit_s: float
) -> tuple[Input, tuple[str, ...]]:
    """Read one recording, or several, each by itself.

    Returns:
        The input, and the names of those that were left out; standard error has said why.

    Raises:
        BadInput: None can be read (see `read_clip`), or there are too many.
        TooLarge: None is short enough.
    """
    if len(paths) == 1:
        return read_clip(paths[0], language=language, limit_s=limit_s), ()
    if len(paths) > MAX_RECORDINGS:
        raise BadInput(f"At most {MAX_RECORDINGS} recordings are heard at once.")
    clips, refused = [], []
    for path in paths:
        try:
            clips.append(Clip.of(path.name, _content(path, limit_s), "ogg"))
        except WrongUse as e:
            if not clips and path is paths[-1]:
                raise
            refused.append(path.name)
            sys.stderr.write(f"{e}\n")
    return recordings_input(clips, language=language), tuple(refused)


def require_all(refused: Sequence[str]) -> None:
    """Fail at the end if recordings were left out: a script must not take the rest for all.

    Raises:
        BadInput: Some were.
    """
    if refused:
        raise BadInput(f"Not every recording was heard; left out: {', '.join(refused)}.")


@contextlib.contextmanager
def _told_of(name: str, loss: Loss) -> Iterator[None]:
    """Say in the person's terms what is wrong with a recording, or how much of it was lost."""
    try:
        yield
    except TooLongError as e:
        raise TooLarge(f"{name}: {e}", hint="Cut it, or use a shorter recording.") from e
    except AudioError as e:
        raise BadInput(f"{name}: {e}") from e
    if loss.is_notable:
        sys.stderr.write(f"{name} is damaged: about {loss.seconds:.0f} s could not be read.\n")


def kind_of_file(path: Path) -> FileKind:
    """What a file is by its bytes.

    Raises:
        BadInput: There is no such file, it cannot be read, or it is empty.
    """
    with _reading(path) as file:
        return kind_of(file.read(HEAD_BYTES))


def read_text(path: Path, *, limit_bytes: int) -> str:
    """Read a text file that a person named, in whatever encoding.

    Raises:
        BadInput: There is no such file, it cannot be read, is empty, or is not text.
        TooLarge: The file is over the limit.
    """
    with _reading(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit_bytes:
            most = f"at most {limit_bytes / 1e6:.0f} MB"
            raise TooLarge(f"{path.name} is {size / 1e6:.0f} MB; {most}.")
        content = file.read(limit_bytes)
    return text_of(content, path.name)


def text_of(content: bytes, name: str) -> str:
    """The text that some bytes are; says so on standard error if their encoding is a guess.

    Raises:
        BadInput: They are not text.
    """
    decoded = decode_text(content)
    if decoded is None and kind_of(content) is FileKind.SOUND:
        raise BadInput(
            f"{name} is a recording, and a text is needed.",
            hint="Write it down first: skydeck call penny transcribe --file …",
        )
    if decoded is None:
        raise BadInput(f"{name} is not text: it looks like a binary file.")
    if decoded.is_guessed:
        sys.stderr.write(
            f"{name} does not say how it is encoded; it is read as {decoded.encoding}.\n"
        )
    return decoded.text


def read_standard_input(*, limit_bytes: int) -> str:
    """Read the text that a pipe brings, or that somebody types until Ctrl-D.

    Raises:
        BadInput: It cannot be read, or it is not text.
        TooLarge: It is over the limit.
    """
    if sys.stdin.isatty():
        sys.stderr.write("Type the text, then Ctrl-D on a line of its own.\n")
    try:
        data = sys.stdin.buffer.read(limit_bytes + 1)
    except OSError as e:
        raise BadInput(f"Standard input cannot be read ({e.strerror}).") from None
    if len(data) > limit_bytes:
        raise TooLarge(
            f"That is over {limit_bytes / 1e6:.0f} MB of text; no service takes that much."
        )
    return text_of(data, "The input")


def open_file(path: Path) -> BinaryIO:
    """Open a file that a person named; refuse a pipe or a device, which may hang or never end.

    Raises:
        BadInput: There is no regular file of that name, it cannot be read, or it is empty.
    """
    try:
        file = open_regular(path)
    except NotAFileError:
        raise BadInput(
            f"{path} is not a file but a pipe, a device or a socket.",
            hint="Save it to a file first.",
        ) from None
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise BadInput(f"{path} is a folder; a file is needed.") from None
    except (OSError, ValueError) as e:  # a name with a NUL is a ValueError
        reason = e.strerror if isinstance(e, OSError) else "no file can have this name"
        raise BadInput(f"{path} cannot be read ({reason}).") from None
    # By its size, not by reading: a file that the kernel generates is 0 bytes, and a read may hang.
    if not os.fstat(file.fileno()).st_size:
        file.close()
        raise BadInput(f"{path.name} is empty.")
    return file


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    """Open the file; a disk that fails while it is read becomes a `BadInput`."""
    try:
        with open_file(path) as file:
            yield file
    except OSError as e:
        raise BadInput(f"{path} cannot be read ({e.strerror or e}).") from None


def check_writable(path: Path) -> None:
    """Check before the call that the reply can be saved.

    Raises:
        BadInput: The file's suffix is not one that we write, or the file cannot be written.
    """
    if path.suffix.lower() not in _WRITABLE:
        raise BadInput(
            f"A reply can be saved as .ogg, .opus or .wav, not as {quoted(path.name)}.",
            hint=f"Try: --save {path.stem or 'reply'}.ogg",
        )
    try:
        if not path.parent.is_dir():
            raise BadInput(f"There is no folder {path.parent}.")
        if path.is_dir():
            raise BadInput(f"{path} is a folder.")
        _try_to_write(path)
    except (OSError, ValueError) as e:
        reason = e.strerror if isinstance(e, OSError) else "no file can have this name"
        raise BadInput(f"{path} cannot be written ({reason}).") from None


def _try_to_write(path: Path) -> None:
    """Open a file for writing, and leave everything as it was."""
    if path.exists():
        if path.is_file():
            path.open("ab").close()
        return
    path.open("xb").close()
    path.unlink()


def check_folder(path: Path) -> None:
    """Check before a build that its files can be saved in this folder, which may not be there yet.

    Raises:
        BadInput: They cannot.
    """
    try:
        place = path
        while not place.exists() and place != place.parent:
            place = place.parent
        if not place.is_dir():
            raise BadInput(f"{place} is a file; a build is saved as a folder.")
        if not os.access(place, os.W_OK | os.X_OK):
            raise BadInput(f"{path} cannot be written (Permission denied).")
    except (OSError, ValueError) as e:
        reason = e.strerror if isinstance(e, OSError) else "no folder can have this name"
        raise BadInput(f"{path} cannot be written ({reason}).") from None


def save_reply(audio: Audio, path: Path) -> None:
    """Write a reply as Ogg Opus, or as WAV if the file's suffix is `.wav`.

    Raises:
        BadInput: The file cannot be written.
        JobFailed: The reply is not audio.
    """
    try:
        data = audio.file()
    except BadInput as e:
        raise JobFailed(f"The reply's audio cannot be used: {e}") from None
    from audio import codec  # noqa: PLC0415

    try:
        with writing(path) as out:
            if path.suffix.lower() == ".wav":
                rate_hz = SPEECH_RATE_HZ
                codec.write_wav(out, codec.decode_stream(data, limit_s=RECORDING_LIMIT_S), rate_hz)
            else:
                out.write(data if data.startswith(b"OggS") else _as_ogg(data))
    except AudioError as e:
        raise JobFailed(f"The reply's audio cannot be used: {e}") from e
    except OSError as e:
        raise BadInput(f"{path} cannot be written ({e.strerror}).") from None


def _as_ogg(data: bytes) -> bytes:
    from audio import codec  # noqa: PLC0415

    return codec.transcode_to_ogg(data, rate_hz=OPUS_RATE_HZ, limit_s=RECORDING_LIMIT_S)
