"""PortAudio through sounddevice: the one place that imports it, since the import itself can fail.

PortAudio reads the list of devices once; a device that came later is only found when it begins
anew, which needs every stream closed.
"""

import atexit
import contextlib
import ctypes.util
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from audio.constants import OPUS_RATE_HZ
from audio.devices.device_errors import DeviceError, Fault, words

log = logging.getLogger(__name__)

_PROBE_S: Final = 20.0
_LOOKING_S: Final = 5.0
_hanging: Final[list[threading.Thread]] = []
_list: Final = threading.Lock()
"""Who reads PortAudio's list of devices, or has it made anew: PortAudio frees it meanwhile."""
_LISTING_S: Final = 1.0
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
        DeviceError: PortAudio is not there, or hangs.
    """
    library = sounddevice()
    with _listing():
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


@contextlib.contextmanager
def _listing() -> Iterator[None]:
    if not _list.acquire(timeout=_LISTING_S):
        raise DeviceError(words(Fault.STALLED, "sound system"), Fault.STALLED)
    try:
        yield
    finally:
        _list.release()


def look_again() -> None:
    """Find devices that came or went. Every stream must be closed.

    Raises:
        DeviceError: PortAudio cannot begin anew.
    """
    library = sounddevice()
    if any(thread.is_alive() for thread in _hanging):  # in a stream that would be freed
        raise DeviceError(words(Fault.STALLED, "sound system"), Fault.STALLED)
    try:  # private, but the only way; a test holds sounddevice to it
        with _listing():
            if library._initialized:  # noqa: SLF001  (not if it could not begin the last time)
                library._terminate()  # noqa: SLF001
            library._initialize()  # noqa: SLF001
    except library.PortAudioError as e:
        raise DeviceError(words(Fault.NO_PORTAUDIO, ""), Fault.NO_PORTAUDIO) from e


def names(kind: str) -> set[str | None]:
    """The devices of a kind, as of the last `look_again`; None is among them if one is the default.

    Args:
        kind: "input" or "output".

    Raises:
        DeviceError: PortAudio is not there.
    """
    library = sounddevice()
    found: set[str | None] = {
        device["name"] for device in library.query_devices() if device[f"max_{kind}_channels"]
    }
    with contextlib.suppress(library.PortAudioError):
        library.query_devices(kind=kind)
        found.add(None)
    return found


def has_come(kind: str, name: str | None) -> bool:
    """Whether a device is there now that the last `look_again` did not find.

    A process of its own looks, which takes it a fifth of a second: no stream is closed for that.

    Args:
        kind: "input" or "output".
        name: Its name; None: any that is the default.

    Raises:
        DeviceError: PortAudio is not there.
    """
    if name in names(kind):
        return False
    looking = [sys.executable, "-m", __name__, kind]
    root = Path(__file__).parents[2]
    try:
        done = subprocess.run(  # noqa: S603  (ourselves)
            looking, cwd=root, capture_output=True, check=True, timeout=_LOOKING_S
        )
        return name in json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as e:
        log.debug("nobody could look for new devices: %s", e)
        return False


def can_be_had(kind: str, name: str) -> bool:
    """Whether a device is there, whoever has it.

    Args:
        kind: "input" or "output".
        name: Its name.

    Raises:
        DeviceError: PortAudio is not there.
    """
    library = sounddevice()
    check = getattr(library, f"check_{kind}_settings")
    try:
        check(device=name, dtype="int16", channels=1)
    except (ValueError, library.PortAudioError) as e:
        return as_fault(e) in {Fault.BUSY, Fault.FORMAT}
    return True


def can_be_taken_away(name: str) -> bool:
    """Whether a stream on a device may go on when that is unplugged, on another device.

    PulseAudio does so, through a device of ALSA's that is no hardware, and tells nobody. The other
    one may be the loudspeaker's own sound, which a microphone would then hear.
    """
    library = sounddevice()
    hosts = library.query_hostapis()
    return (
        any(
            device["name"] == name and hosts[device["hostapi"]]["name"] == "ALSA"
            for device in library.query_devices()
        )
        and "(hw:" not in name
    )


def leave_behind(thread: threading.Thread) -> None:
    """A thread hangs in PortAudio: nothing waits for it, neither now nor when the program ends.

    PortAudio hangs for good when a device is taken away in the moment between opening and starting
    it (19.6: the new thread ends without releasing what its parent waits for).
    """
    _hanging.append(thread)
    with contextlib.suppress(DeviceError):
        atexit.unregister(sounddevice()._exit_handler)  # noqa: SLF001  (private; a test holds it)


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
        blocksize=round(block * rate / OPUS_RATE_HZ),
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


if __name__ == "__main__":
    sys.stdout.write(json.dumps(list(names(sys.argv[1]))))
