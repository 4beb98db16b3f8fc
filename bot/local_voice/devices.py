"""The microphone and the loudspeaker of a local conversation: chosen, tested, and connected."""

from collections.abc import Iterable

from audio.devices.device_errors import DeviceError
from audio.devices.duplex import AudioState
from audio.devices.portaudio import DeviceInfo, list_devices
from audio.playout_queue import PlayoutQueue
from bot.local_voice.audio_io import LocalAudioIO, LocalSpeechInput
from bot.local_voice.device_test import trouble, try_loudspeaker, try_microphone
from bot.local_voice.options import Options, Surroundings
from bot.local_voice.view import Choice


class Devices:
    """The microphone and the loudspeaker. For the event loop's thread.

    Attributes:
        transport: Connects both to a voice session.
        speech: Finds the turns in what the microphone hears.
    """

    def __init__(self, options: Options, surroundings: Surroundings) -> None:
        self._options = options
        self._clock = surroundings.clock
        self.playout = PlayoutQueue()
        self._audio = surroundings.sound(
            microphone=options.prefs.microphone,
            loudspeaker=options.prefs.loudspeaker,
            playout=self.playout,
            now=surroundings.clock.now,
            on_state=lambda _: None,
            cancels_echo=True,
        )
        self.speech = LocalSpeechInput(options.prefs.mode)
        self.transport = LocalAudioIO(self._audio, self.playout, lambda: self.speech.is_open)

    def start(self) -> None:
        """Open both; a device that fails is opened again until it works."""
        self._audio.start()

    def close(self) -> None:
        """Close both."""
        self._audio.close()

    @property
    def state(self) -> AudioState:
        """The state of both."""
        return self._audio.state

    @property
    def level_dbfs(self) -> float:
        """How loud the microphone is, from -60 to 0."""
        return max(-60.0, min(0.0, self._audio.level_dbfs))

    def trouble(self, *, is_starting: bool = False) -> str:
        """What is wrong with a device, in words; empty if nothing is."""
        return trouble(self._audio.state, self._options.prefs.words, is_starting=is_starting)

    def microphones(self) -> list[Choice]:
        """The default, and every device with an input."""
        return self._choices(one.name for one in _found() if one.inputs)

    def loudspeakers(self) -> list[Choice]:
        """The default, and every device with an output."""
        return self._choices(one.name for one in _found() if one.outputs)

    def _choices(self, names: Iterable[str]) -> list[Choice]:
        default = Choice(None, self._options.prefs.words("talk.device.system"))
        return [default, *(Choice(name, name) for name in names)]

    def choose_microphone(self, name: str | None) -> None:
        """Listen to this microphone from now on, and remember the choice."""
        self._options.prefs.microphone = name
        self._choose()

    def choose_loudspeaker(self, name: str | None) -> None:
        """Play on this loudspeaker from now on, and remember the choice."""
        self._options.prefs.loudspeaker = name
        self._choose()

    def _choose(self) -> None:
        prefs = self._options.prefs
        self._audio.choose(microphone=prefs.microphone, loudspeaker=prefs.loudspeaker)
        self._options.keep_prefs()

    async def test_loudspeaker(self) -> str:
        """Play a short tone; return the result in words."""
        return await try_loudspeaker(
            self.state, self.playout, self._clock, self._options.prefs.words
        )

    async def test_microphone(self) -> str:
        """Record two seconds and play them back; return the result in words."""
        transport = self.transport if self.speech.is_ready else None
        return await try_microphone(self.state, transport, self._clock, self._options.prefs.words)


def _found() -> list[DeviceInfo]:
    try:
        return list_devices()
    except DeviceError:
        return []
