"""What a service says of a spoken turn, as facts for the turn machine."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from audio import codec, ogg
from audio.constants import FRAME_MS, FRAME_SAMPLES, OPUS_RATE_HZ
from audio.errors import AudioError
from audio.pool import SoundPool
from audio.stopping import Stop
from bot.contract import Audio, Response
from bot.errors import BadInput, OutputLost
from bot.runpod.models import JobState, Update
from bot.voice_agent.events import Answered, AskWaits, Fact, Spoke, Transcribed

_MAX_ANSWER_S: Final = 600.0
MAX_TURN_CHARS: Final = 20_000
"""The most words of one answer, and of what was heard: more than can be said in that time."""
_MAX_INLINE_CHARS: Final = 256 * 1024
"""Base64 of some 50 s of speech, read in about 1 ms; more is read off the event loop."""


@dataclass(slots=True)
class ResponseStream:
    """Takes the updates of one ask in, and tells what is new.

    A service may stream or not, and may speak or not: partials bring what is new, and the final
    response has it all once more, so from that only what never came before is taken.

    Attributes:
        ask: Of which ask.
        speaks: Whether its answer is wanted, or its transcript alone.
    """

    ask: int
    speaks: bool
    transcript: str | None = None
    _has_text: bool = False
    _has_audio: bool = False
    _is_waiting: bool = False
    _chars: int = 0

    async def take(self, update: Update, at_s: float) -> list[Fact]:
        """The facts in one update, in their order.

        Raises:
            OutputLost: The answer's sound cannot be read or played.
        """
        facts: list[Fact] = []
        if update.state is JobState.WAITING_FOR_WORKER and not self._is_waiting:
            self._is_waiting = True
            facts.append(AskWaits(self.ask, at_s))
        if update.response is not None:
            facts += self._heard(update.response, at_s)
            if self.speaks:
                facts += await self._spoken(update.response, at_s)
        if update.state is JobState.COMPLETED:
            facts.append(Answered(self.ask, at_s))
        return facts

    def _heard(self, response: Response, at_s: float) -> list[Fact]:
        said = response.transcript
        if said is None and not self.speaks and not response.is_partial:
            said = response.text  # a minimal service transcribes into its plain text
        if said is None or (response.is_partial and not said):
            return []
        whole = (self.transcript or "") + said if response.is_partial else said
        whole = whole[:MAX_TURN_CHARS]
        if whole == self.transcript:
            return []
        self.transcript = whole
        language = response.output.language if response.output is not None else None
        return [Transcribed(self.ask, whole.strip(), language, at_s)]

    async def _spoken(self, response: Response, at_s: float) -> list[Fact]:
        text, audio = response.text, response.audio
        if not response.is_partial:
            text = "" if self._has_text else text
            audio = None if self._has_audio else audio
        packets = await playable(audio) if audio is not None else ()
        if not text and not packets:
            return []
        self._has_text = self._has_text or bool(text)
        self._has_audio = self._has_audio or bool(packets)
        text = text[: max(MAX_TURN_CHARS - self._chars, 0)]
        self._chars += len(text)
        says = (audio.text or text)[:MAX_TURN_CHARS] if audio is not None else ""
        return [Spoke(self.ask, text, packets, says, at_s)]


async def playable(audio: Audio) -> tuple[bytes, ...]:
    """A piece of speech as Opus packets of 20 ms: as they are in Ogg Opus, else made anew.

    Raises:
        OutputLost: It is no sound, or too much of it.
    """
    if len(audio.data) <= _MAX_INLINE_CHARS:
        packets = _as_they_are(_file(audio))
        if packets is not None:
            return packets
    try:
        return await _sound.run(partial(_packets, audio))
    except AudioError as e:
        raise OutputLost(f"The answer's sound cannot be played. {e}") from e


_sound: Final = SoundPool(2)


def _file(audio: Audio) -> bytes:
    try:
        return audio.file()
    except BadInput as e:
        raise OutputLost("The answer's sound cannot be read.") from e


def _packets(audio: Audio, stop: Stop) -> tuple[bytes, ...]:
    """Blocking, for a thread."""
    file = _file(audio)
    packets = _as_they_are(file)
    if packets is not None:
        return packets
    rate_hz = OPUS_RATE_HZ
    return codec.recoded(file, rate_hz=rate_hz, limit_s=_MAX_ANSWER_S, stop=stop).packets


def _as_they_are(file: bytes) -> tuple[bytes, ...] | None:
    """The packets of Ogg Opus; None where they are not of 20 ms, too many, or of another kind."""
    try:
        packets = ogg.demux(file).packets
    except AudioError:
        return None
    fits = len(packets) <= _MAX_ANSWER_S * 1000 / FRAME_MS
    if fits and all(ogg.packet_samples(packet) == FRAME_SAMPLES for packet in packets):
        return packets
    return None
