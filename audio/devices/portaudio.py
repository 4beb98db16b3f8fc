"""PortAudio through sounddevice: the one place that imports it, since the import itself can fail.

PortAudio reads the list of devices once; a device that came later is only found when it begins
anew, which needs every stream closed.
"""

import contextlib
import ctypes.util
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from audio.devices.faults import DeviceError, Fault, words

_PROBE_S: Final = 20.0
_CODES: Final = {
    -9985: Fault.BUSY,  # paDeviceUnavailable
    -9996: Fault.NO_DEVICE,  # paInvalidDevice
    -9997: Fault.FORMAT,  # paInvalidSampleRate
    -9998: Fault.FORMAT,  # paInvalidChannelCount
    -9993: Fault.GONE,  # paBadIODeviceCombination; a sound server that has died says so
    -9986: Fault.GONE,  # paInternalError; the same, later
}
"""Source: https://portaudio.com/docs/v19-doxydocs/portaudio_8h.html (PaErrorCode)"""


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A device as PortAudio lists it.

    Attributes:
        name: As it is chosen by.
        host: Through which of the system's interfaces ("ALSA", "Core Audio", …).
        inputs: How many channels it can hear.
        outputs: How many it can play.
        rate_hz: Its own sample rate.
    """

    name: str
    host: str
    inputs: int
    outputs: int
    rate_hz: int


def list_devices() -> list[DeviceInfo]:
    """All devices, as of the last `look_again`.

    Raises:
        DeviceError: PortAudio is not there.
    """
    library = sounddevice()
    hosts = library.query_hostapis()
    return [
        DeviceInfo(
            device["name"],
            hosts[device["hostapi"]]["name"],
            device["max_input_channels"],
            device["max_output_channels"],
            int(device["default_samplerate"]),
        )
        for device in library.query_devices()
    ]


def look_again() -> None:
    """Find devices that came or went. Every stream must be closed.

    Raises:
        DeviceError: PortAudio cannot begin anew.
    """
    library = sounddevice()
    try:  # private, but the only way; a test holds sounddevice to it
        library._terminate()  # noqa: SLF001
        library._initialize()  # noqa: SLF001
    except library.PortAudioError as e:
        raise DeviceError(words(Fault.NO_PORTAUDIO, ""), Fault.NO_PORTAUDIO) from e


def sounddevice() -> Any:
    """The library.

    Raises:
        DeviceError: It, or PortAudio, is not there, or PortAudio cannot begin.
    """
    if not _can_begin():
        raise DeviceError(_why_not(), Fault.NO_PORTAUDIO)
    try:
        import sounddevice as library  # noqa: PLC0415
    except ModuleNotFoundError as e:
        hint = "Sound devices cannot be reached: pip install 'skydeck[mic]'."
        raise DeviceError(hint, Fault.NO_PORTAUDIO) from e
    except Exception as e:
        # OSError without the library; PortAudioError -9999 where the system's sound is not set up.
        raise DeviceError(_why_not(), Fault.NO_PORTAUDIO) from e
    return library


@cache
def _can_begin() -> bool:
    """Whether PortAudio survives its beginning, tried in another process.

    With an ALSA that finds no usable configuration it does not: it ends the process (SIGABRT), and
    all that is going on in it.
    """
    if "sounddevice" in sys.modules or not sys.platform.startswith("linux"):
        return True
    command = [sys.executable, "-c", "import sounddevice"]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, check=False, timeout=_PROBE_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode >= 0  # what it raises, it raises here, too


def _why_not() -> str:
    if ctypes.util.find_library("portaudio"):
        return "Sound devices cannot be reached: the system's sound (ALSA) is not set up."
    return words(Fault.NO_PORTAUDIO, "")


def as_fault(error: Exception) -> Fault:
    """What an error of sounddevice's means."""
    if isinstance(error, DeviceError):
        return error.fault
    if isinstance(error, ValueError):  # no such name, or an ambiguous one
        return Fault.NO_DEVICE
    code = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], int) else 0
    if "device -1" in str(error):  # there is no default
        return Fault.NO_DEVICE
    return _CODES.get(code, Fault.FAILED)


def open_stream(
    kind: str,
    name: str | None,
    callback: Callable[..., None],
    finished: Callable[[], None],
    *,
    rate_hz: int,
    block: int,
) -> tuple[Any, int, int]:
    """Open and start a stream of 16-bit samples.

    Args:
        kind: "input" or "output".
        name: The device; None: the default.
        callback: As `sounddevice.RawInputStream` or `RawOutputStream` calls it.
        finished: Called when the stream ends, for whatever reason.
        rate_hz: The rate wanted; the device's own is taken where it refuses that.
        block: Samples a callback, at the rate wanted.

    Returns:
        The stream, its rate in Hz, and its number of channels.

    Raises:
        DeviceError: It cannot be opened.
    """
    library = sounddevice()
    try:
        own = library.query_devices(name, kind)
    except (ValueError, library.PortAudioError) as e:
        raise DeviceError(str(e), as_fault(e)) from e
    own_rate = int(own["default_samplerate"])
    most = int(own[f"max_{kind}_channels"])
    problem: Exception | None = None
    for rate, channels in ((rate_hz, 1), (own_rate, 1), (own_rate, min(2, most))):
        try:
            stream = _started(library, kind, name, callback, finished, rate, channels, block)
        except library.PortAudioError as e:
            problem = e
            if as_fault(e) is not Fault.FORMAT:
                break
        else:
            return stream, rate, channels
    raise DeviceError(str(problem), as_fault(problem or ValueError())) from problem


def _started(
    library: Any,
    kind: str,
    name: str | None,
    callback: Callable[..., None],
    finished: Callable[[], None],
    rate: int,
    channels: int,
    block: int,
) -> Any:
    make = library.RawInputStream if kind == "input" else library.RawOutputStream
    stream = make(
        device=name,
        samplerate=rate,
        channels=channels,
        dtype="int16",
        blocksize=round(block * rate / 48_000),
        latency="low",
        callback=callback,
        finished_callback=finished,
    )
    try:
        stream.start()
    except library.PortAudioError:
        stream.close()
        raise
    return stream


def shut(stream: Any) -> None:
    """Close a stream at once. `stop` would wait for a suspended device for ever."""
    library = sounddevice()
    for end in (stream.abort, stream.close):
        with contextlib.suppress(library.PortAudioError):  # it is gone already
            end()


def quiet_native_errors(log: Path | None = None) -> None:
    """Keep what C libraries write to standard error off the terminal, for good.

    ALSA and PortAudio write straight to file descriptor 2; a terminal program draws there, too. So
    the descriptor goes to a file, and Python's own standard error stays on the terminal.

    Args:
        log: Where their words go; None: nowhere.
    """
    terminal = os.dup(2)
    target = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(target, 2)
    os.close(target)
    sys.stderr = sys.__stderr__ = os.fdopen(  # type: ignore[misc]
        terminal, "w", buffering=1, encoding="utf-8", errors="replace"
    )
