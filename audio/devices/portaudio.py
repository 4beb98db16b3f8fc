"""PortAudio through sounddevice: the one place that imports it, since the import itself can fail.

PortAudio reads the list of devices once, when it initialises. It finds devices that appear later
only by initialising again, which needs every stream closed.
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
from audio.devices.device_errors import DeviceError, Fault, fault_message

log = logging.getLogger(__name__)

_PROBE_TIMEOUT_S: Final = 20.0
_SCAN_TIMEOUT_S: Final = 5.0
_hanging: Final[list[threading.Thread]] = []
_list_lock: Final = threading.Lock()
"""Guards PortAudio's device list, which it frees when it initialises again."""
_LIST_TIMEOUT_S: Final = 1.0
_CODES: Final = {
    -9985: Fault.BUSY,  # paDeviceUnavailable
    -9996: Fault.NO_DEVICE,  # paInvalidDevice
    -9997: Fault.FORMAT,  # paInvalidSampleRate
    -9998: Fault.FORMAT,  # paInvalidChannelCount
    -9993: Fault.GONE,  # paBadIODeviceCombination; what a dead sound server causes
    -9986: Fault.GONE,  # paInternalError; the same, later
}
"""Source: https://portaudio.com/docs/v19-doxydocs/portaudio_8h.html (PaErrorCode)"""


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A device as PortAudio lists it.

    Attributes:
        name: The name to choose it by.
        host: The system interface ("ALSA", "Core Audio", …).
    """

    name: str
    host: str
    inputs: int
    outputs: int
    rate_hz: int


def list_devices() -> list[DeviceInfo]:
    """All devices, as of the last `rescan_devices`.

    Raises:
        DeviceError: PortAudio is missing, or hangs.
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
    if not _list_lock.acquire(timeout=_LIST_TIMEOUT_S):
        raise DeviceError(fault_message(Fault.STALLED, "sound system"), Fault.STALLED)
    try:
        yield
    finally:
        _list_lock.release()


def rescan_devices() -> None:
    """Find devices that appeared or disappeared. Every stream must be closed.

    Raises:
        DeviceError: PortAudio cannot initialise again.
    """
    library = sounddevice()
    if any(thread.is_alive() for thread in _hanging):  # in a stream that would be freed
        raise DeviceError(fault_message(Fault.STALLED, "sound system"), Fault.STALLED)
    try:  # private, but the only way; a test pins it
        with _listing():
            if library._initialized:  # noqa: SLF001  (unless initialising failed last time)
                library._terminate()  # noqa: SLF001
            library._initialize()  # noqa: SLF001
    except library.PortAudioError as e:
        raise DeviceError(fault_message(Fault.NO_PORTAUDIO, ""), Fault.NO_PORTAUDIO) from e


def names(kind: str) -> set[str | None]:
    """The devices of a kind, as of the last `rescan_devices`, and None if there is a default.

    Args:
        kind: "input" or "output".

    Raises:
        DeviceError: PortAudio is missing.
    """
    library = sounddevice()
    found: set[str | None] = {
        device["name"] for device in library.query_devices() if device[f"max_{kind}_channels"]
    }
    with contextlib.suppress(library.PortAudioError):
        library.query_devices(kind=kind)
        found.add(None)
    return found


def has_appeared(kind: str, name: str | None) -> bool:
    """Whether there is a device now that the last `rescan_devices` did not find.

    Another process looks, which takes a fifth of a second: no stream has to be closed for that.

    Args:
        kind: "input" or "output".
        name: Its name; None: any default.

    Raises:
        DeviceError: PortAudio is missing.
    """
    if name in names(kind):
        return False
    command = [sys.executable, "-m", __name__, kind]
    root = Path(__file__).parents[2]
    try:
        done = subprocess.run(  # noqa: S603  (ourselves)
            command, cwd=root, capture_output=True, check=True, timeout=_SCAN_TIMEOUT_S
        )
        return name in json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as e:
        log.debug("could not look for new devices: %s", e)
        return False


def is_available(kind: str, name: str) -> bool:
    """Whether a device exists, even if another program has it.

    Args:
        kind: "input" or "output".
        name: Its name.

    Raises:
        DeviceError: PortAudio is missing.
    """
    library = sounddevice()
    check = getattr(library, f"check_{kind}_settings")
    try:
        check(device=name, dtype="int16", channels=1)
    except (ValueError, library.PortAudioError) as e:
        return fault_of(e) in {Fault.BUSY, Fault.FORMAT}
    return True


def may_be_rerouted(name: str) -> bool:
    """Whether a stream may silently move to another device when its own is unplugged.

    PulseAudio does that behind ALSA devices that are not hardware. The other device may be a
    monitor of the loudspeaker, which the microphone would then hear.
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


def abandon_thread(thread: threading.Thread) -> None:
    """A thread hangs in PortAudio: do not wait for it, not even when the program ends.

    PortAudio hangs for good if a device disappears between opening and starting it (19.6: the new
    thread ends without releasing what its parent waits for).
    """
    _hanging.append(thread)
    with contextlib.suppress(DeviceError):
        atexit.unregister(sounddevice()._exit_handler)  # noqa: SLF001  (private; a test pins it)


def sounddevice() -> Any:
    """The library.

    Raises:
        DeviceError: It, or PortAudio, is missing, or PortAudio cannot initialise.
    """
    if not _can_initialise():
        raise _unreachable()
    try:
        import sounddevice as library  # noqa: PLC0415
    except ModuleNotFoundError as e:
        raise DeviceError(fault_message(Fault.NO_PACKAGE, ""), Fault.NO_PACKAGE) from e
    except Exception as e:
        # OSError without the library; PortAudioError -9999 if the system's sound is not set up.
        raise _unreachable() from e
    return library


def _has_no_alsa() -> bool:
    return not sys.platform.startswith("linux")


@cache
def _can_initialise() -> bool:
    """Whether PortAudio survives initialising, tried in another process.

    If ALSA finds no usable configuration, it does not: it aborts the whole process (SIGABRT).
    """
    if "sounddevice" in sys.modules or _has_no_alsa():
        return True
    command = [sys.executable, "-c", "import sounddevice"]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, check=False, timeout=_PROBE_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode >= 0  # an exception will be raised here, too


def _unreachable() -> DeviceError:
    fault = Fault.NO_ALSA if ctypes.util.find_library("portaudio") else Fault.NO_PORTAUDIO
    return DeviceError(fault_message(fault, ""), fault)


def fault_of(error: Exception) -> Fault:
    """The fault behind an error of sounddevice."""
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
        callback: As for `sounddevice.RawInputStream` or `RawOutputStream`.
        finished: Called when the stream ends for any reason.
        rate_hz: The rate wanted; if the device refuses it, its native rate is used.
        block: Samples per callback, at the rate wanted.

    Returns:
        The stream, its rate in Hz, and its number of channels.

    Raises:
        DeviceError: It cannot be opened.
    """
    library = sounddevice()
    try:
        own = library.query_devices(name, kind)
    except (ValueError, library.PortAudioError) as e:
        raise DeviceError(str(e), fault_of(e)) from e
    own_rate = int(own["default_samplerate"])
    most = int(own[f"max_{kind}_channels"])
    problem: Exception | None = None
    for rate, channels in ((rate_hz, 1), (own_rate, 1), (own_rate, min(2, most))):
        try:
            stream = _started(library, kind, name, callback, finished, rate, channels, block)
        except library.PortAudioError as e:
            problem = e
            if fault_of(e) is not Fault.FORMAT:
                break
        else:
            return stream, rate, channels
    raise DeviceError(str(problem), fault_of(problem or ValueError())) from problem


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


def close_stream(stream: Any) -> None:
    """Close a stream at once. `stop` would wait forever for a suspended device."""
    library = sounddevice()
    for end in (stream.abort, stream.close):
        with contextlib.suppress(library.PortAudioError):  # already gone
            end()


def quiet_native_errors(log: Path | None = None) -> None:
    """Permanently redirect what C libraries write to standard error away from the terminal.

    ALSA and PortAudio write straight to file descriptor 2, where a terminal program draws. So the
    descriptor goes to a file, and Python's own standard error stays on the terminal.

    Args:
        log: Where the output goes; None: nowhere.
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
