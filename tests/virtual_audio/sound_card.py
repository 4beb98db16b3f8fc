"""PulseAudio without any hardware, seen by PortAudio through ALSA's plug-in.

    with SoundCard.started(folder) as card:
        card.say(samples)                  # into the microphone, in real time
        with card.recorded() as played:    # what the loudspeaker plays
            ...

What others have learned the hard way: without `norewinds` recordings are scrambled; a configuration
that includes the system's makes the import of sounddevice itself fail; PULSE_LATENCY_MSEC under
the null sink's block of 50 ms stalls the output. The server is started and stopped by its own
process id, and has a home of its own: nobody's sound is touched.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from tests.waiting import HANGS_S, until_true

RATE_HZ = 48_000
LATENCY_S = 0.12
"""Of the way through the server, either way: its blocks are 50 ms."""
MICROPHONE, LOUDSPEAKER = "vmic", "vspk"
SECOND = "vmic2"
_FEED = "vmic_feed"
_PROGRAMS = ("pulseaudio", "pactl", "pacat", "parec")
_PACKAGES = "pulseaudio pulseaudio-utils libasound2-plugins libportaudio2"
_SERVER = """\
.fail
load-module module-native-protocol-unix socket={socket} auth-anonymous=1
load-module module-null-sink sink_name=vmic_feed format=s16le rate=48000 channels=1 \
channel_map=mono norewinds=1
load-module module-remap-source source_name=vmic master=vmic_feed.monitor channels=1 \
channel_map=mono master_channel_map=mono remix=no
load-module module-null-sink sink_name=vspk format=s16le rate=48000 channels=2 \
channel_map=stereo norewinds=1
set-default-source vmic
set-default-sink vspk
"""
_DAEMON = """\
exit-idle-time = -1
flat-volumes = no
default-sample-format = s16le
default-sample-rate = 48000
alternate-sample-rate = 48000
default-fragments = 4
default-fragment-size-msec = 10
resample-method = speex-float-5
realtime-scheduling = no
high-priority = no
enable-shm = no
"""
_DEVICE = 'pcm.{name} {{ type pulse server "unix:{socket}" device {name} }}\n'


def missing_packages() -> str:
    """What has to be installed first, in words; empty when nothing has."""
    lacking = [program for program in _PROGRAMS if shutil.which(program) is None]
    if lacking:
        return f"no {', '.join(lacking)}: apt-get install {_PACKAGES}"
    return ""


_SOUND = 0.003
"""Over this it is no silence."""
_PIECE = RATE_HZ // 20


@dataclass
class Recording:
    """What the loudspeaker has played since the recording began. Its seconds are the card's own.

    Attributes:
        began_s: When, on the monotonic clock.
    """

    began_s: float
    _pieces: list[bytes] = field(default_factory=list)

    @property
    def samples(self) -> np.ndarray:
        """48 kHz, mono, float32."""
        data = b"".join(self._pieces)
        return np.frombuffer(data[: len(data) // 2 * 2], np.int16).astype(np.float32) / 32768

    def loud(self, *, over: float = 0.01) -> np.ndarray:
        """The same without the silence before and after."""
        samples = self.samples
        at = np.flatnonzero(np.abs(samples) > over)
        return samples[at[0] : at[-1] + 1] if len(at) else samples[:0]

    def ended_s(self, *, over: float = _SOUND) -> float:
        """When the last sound came, on the monotonic clock, to some 50 ms: for benches."""
        at = np.flatnonzero(np.abs(self.samples) > over)
        return self.began_s + (at[-1] / RATE_HZ if len(at) else 0.0)

    def goes_on(self, seconds: float) -> None:
        """Wait until so much more has been recorded."""
        end = self._bytes() + round(seconds * RATE_HZ) * 2
        until_true(lambda: self._bytes() >= end)

    def until_sounding(self, seconds: float) -> None:
        """Wait until there was sound throughout the last so many seconds."""
        until_true(lambda: all(self._latest(seconds)))

    def until_silent(self, seconds: float) -> None:
        """Wait until there was sound, and none in the last so many seconds."""
        until_true(lambda: len(self.loud(over=_SOUND)) and not any(self._latest(seconds)))

    def _latest(self, seconds: float) -> list[bool]:
        """Whether each 50 ms of the last so many seconds sound; False before there are as many."""
        wanted = round(seconds * RATE_HZ) // _PIECE
        pieces = self.samples[-wanted * _PIECE :].reshape(-1, _PIECE) if self._has(wanted) else []
        return [bool((np.abs(piece) > _SOUND).any()) for piece in pieces] or [False]

    def _has(self, pieces: int) -> bool:
        return self._bytes() // 2 >= pieces * _PIECE

    def _bytes(self) -> int:
        return sum(len(piece) for piece in list(self._pieces))


class SoundCard:
    """A server, and what people do with its devices.

    Args:
        folder: For its files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "native"
        self._server: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextlib.contextmanager
    def started(cls, folder: Path) -> Iterator[Self]:
        """A server for as long as the block lasts, in this process's environment, too."""
        card = cls(folder)
        before = dict(os.environ)
        os.environ |= card.environment
        os.environ.pop("PULSE_LATENCY_MSEC", None)
        card.start()
        try:
            yield card
        finally:
            card.stop()
            os.environ.clear()
            os.environ |= before

    @property
    def environment(self) -> dict[str, str]:
        """What makes a program use it."""
        return {
            "PULSE_SERVER": f"unix:{self.socket}",
            "PULSE_COOKIE": str(self.folder / "cookie"),
            "PULSE_RUNTIME_PATH": str(self.folder / "runtime"),
            "PULSE_STATE_PATH": str(self.folder / "state"),
            "ALSA_CONFIG_PATH": str(self.folder / "asound.conf"),
        }

    # -- the server --------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._write_files()
        self.socket.unlink(missing_ok=True)
        environment = {k: v for k, v in os.environ.items() if k not in _OF_THE_DESKTOP}
        home = {"HOME": str(self.folder / "home"), "XDG_RUNTIME_DIR": str(self.folder / "runtime")}
        with (self.folder / "server.log").open("wb") as log:
            self._server = subprocess.Popen(
                [
                    *("pulseaudio", "-n", "--daemonize=no", "--system=no", "--use-pid-file=no"),
                    *("--exit-idle-time=-1", "--disallow-exit=yes", "--realtime=no"),
                    *("--high-priority=no", "-F", str(self.folder / "default.pa")),
                ],
                env=environment | self.environment | home | {"PULSE_CONFIG_PATH": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            until_true(self._answers)
        except AssertionError:
            self.stop()
            raise AssertionError((self.folder / "server.log").read_text()) from None

    def _answers(self) -> bool:
        return "vspk.monitor" in self._pactl("list", "short", "sources", check=False)

    def stop(self) -> None:
        """End it, by its process id."""
        if self._server is None:
            return
        self._server.terminate()
        try:
            self._server.wait(5)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._server = None

    def kill(self) -> None:
        """It dies without a word."""
        assert self._server is not None
        self._server.send_signal(signal.SIGKILL)
        self._server.wait()
        self._server = None

    def freeze(self) -> None:
        """It hangs: whoever calls it waits."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def _write_files(self) -> None:
        for name in ("home", "runtime", "state"):
            (self.folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / "default.pa").write_text(_SERVER.format(socket=self.socket))
        (self.folder / "daemon.conf").write_text(_DAEMON)
        devices = "".join(
            _DEVICE.format(name=name, socket=self.socket)
            for name in (MICROPHONE, LOUDSPEAKER, SECOND)
        )
        default = f'pcm.default {{ type pulse server "unix:{self.socket}" }}\n'
        (self.folder / "asound.conf").write_text(devices + default)

    def _pactl(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["pactl", *words],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=check,
            timeout=HANGS_S,
        )
        return done.stdout

    # -- people ------------------------------------------------------------------------------------

    def say(self, samples: np.ndarray, *, wait: bool = True) -> threading.Thread:
        """Speak into the microphone: 48 kHz, mono, in real time.

        Args:
            samples: The sound.
            wait: Until the last of it has been heard.
        """
        data = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()

        def speak() -> None:
            subprocess.run(
                ["pacat", "-p", "-d", _FEED, "--raw", *_FORMAT, "--latency-msec=50"],
                env=os.environ | self.environment,
                input=data,
                stderr=subprocess.DEVNULL,
                check=False,
                timeout=len(samples) / RATE_HZ + HANGS_S,
            )

        thread = threading.Thread(target=speak, daemon=True)
        thread.start()
        if wait:
            thread.join()
            # Nothing tells when the last of it has come out of the microphone: whoever needs to
            # know looks at what has come. A speaker pauses here; a busy machine's pause is longer.
            time.sleep(LATENCY_S)
        return thread

    @contextlib.contextmanager
    def recorded(self) -> Iterator[Recording]:
        """What the loudspeaker plays while the block lasts."""
        process = subprocess.Popen(
            ["parec", "-d", "vspk.monitor", "--raw", *_FORMAT, "--latency-msec=20"],
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        output = process.stdout
        first = output.read(1920)
        recording = Recording(time.monotonic() - 0.02, [first])

        def read() -> None:
            while piece := output.read1(65536):  # type: ignore[attr-defined]
                recording._pieces.append(piece)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            yield recording
            recording.goes_on(LATENCY_S)
        finally:
            process.terminate()
            process.wait()
            reader.join()
            output.close()

    # -- devices as they are -----------------------------------------------------------------------

    def suspend_microphone(self) -> None:
        """It falls asleep: it stays there, and nothing comes of it."""
        self._pactl("suspend-source", MICROPHONE, "1")

    def resume_microphone(self) -> None:
        """It wakes up."""
        self._pactl("suspend-source", MICROPHONE, "0")

    def suspend_loudspeaker(self) -> None:
        """It falls asleep."""
        self._pactl("suspend-sink", LOUDSPEAKER, "1")

    def resume_loudspeaker(self) -> None:
        """It wakes up."""
        self._pactl("suspend-sink", LOUDSPEAKER, "0")

    def unplug_microphone(self) -> None:
        """It is gone."""
        self._pactl("unload-module", "module-remap-source")

    def plug_in_microphone(self, name: str = MICROPHONE) -> None:
        """It, or another one, is there."""
        self._pactl(
            *("load-module", "module-remap-source", f"source_name={name}"),
            *("master=vmic_feed.monitor", "channels=1", "channel_map=mono"),
            *("master_channel_map=mono", "remix=no"),
        )
        self._pactl("set-default-source", name)

    @contextlib.contextmanager
    def second_name(self, name: str) -> Iterator[None]:
        """Another device appears, for ALSA: the microphone under another name."""
        config = self.folder / "asound.conf"
        before = config.read_text()
        device = f'pcm.{name} {{ type pulse server "unix:{self.socket}" device {MICROPHONE} }}\n'
        config.write_text(before + device)
        try:
            yield
        finally:
            config.write_text(before)

    @contextlib.contextmanager
    def loudspeaker_in_the_room(self) -> Iterator[None]:
        """The microphone hears the loudspeaker, as it does without headphones."""
        words = ("source=vspk.monitor", f"sink={_FEED}", "latency_msec=80", "channels=1")
        number = self._pactl("load-module", "module-loopback", *words).strip()
        try:
            yield
        finally:
            self._pactl("unload-module", number)


_FORMAT = ("--format=s16le", f"--rate={RATE_HZ}", "--channels=1")
_OF_THE_DESKTOP = {"DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "PULSE_LATENCY_MSEC"}
