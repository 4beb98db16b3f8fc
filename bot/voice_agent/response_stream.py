"""Turns the service's responses to a spoken turn into facts for the turn manager."""

import logging
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
from bot.voice_agent.events import ColdStart, Fact, ReplyChunk, RequestCompleted, Transcribed
from bot.voice_agent.options import DEFAULT_OPTIONS
from bot.voice_agent.options.limits import LimitOptions

log = logging.getLogger(__name__)

_MAX_INLINE_CHARS: Final = 256 * 1024
"""Base64 of about 50 s of speech, decoded in 1 ms; larger pieces are decoded off the event loop."""


@dataclass(slots=True)
class ResponseStream:
    """The responses to one request.

    A service may stream or not, and may send audio or not. Partial responses bring what is new; the
    final response repeats everything, so only what never came before is taken from it.

    Attributes:
        wants_answer: Take the answer, too; else only the transcript.
        proposal: The final response, if it comes with an action.
    """

    request_id: int
    wants_answer: bool
    limits: LimitOptions = DEFAULT_OPTIONS.limits
    transcript: str | None = None
    proposal: Response | None = None
    _has_text: bool = False
    _has_audio: bool = False
    _is_cold_start: bool = False
    _chars: int = 0

    async def take(self, update: Update, at_s: float) -> list[Fact]:
        """The facts in one update, in order.

        Raises:
            OutputLost: The answer's audio cannot be decoded, and it has no text.
        """
        facts: list[Fact] = []
        if update.state is JobState.WAITING_FOR_WORKER and not self._is_cold_start:
            self._is_cold_start = True
            facts.append(ColdStart(self.request_id, at_s))
        if update.response is not None:
            facts += self._transcript(update.response, at_s)
            if self.wants_answer:
                self._note_action(update.response)
                facts += await self._reply(update.response, at_s)
        if update.state is JobState.COMPLETED:
            facts.append(RequestCompleted(self.request_id, at_s))
        return facts

    def _note_action(self, response: Response) -> None:
        output = response.output
        if not response.is_partial and output is not None and output.action is not None:
            self.proposal = response

    def _transcript(self, response: Response, at_s: float) -> list[Fact]:
        text = response.transcript
        if text is None and not self.wants_answer and not response.is_partial:
            text = response.text  # a minimal service transcribes into its plain text
        if text is None or (response.is_partial and not text):
            return []
        whole = (self.transcript or "") + text if response.is_partial else text
        whole = whole[: self.limits.max_answer_chars]
        if whole == self.transcript:
            return []
        self.transcript = whole
        language = response.output.language if response.output is not None else None
        return [Transcribed(self.request_id, whole.strip(), language, at_s)]

    async def _reply(self, response: Response, at_s: float) -> list[Fact]:
        text, audio = response.text, response.audio
        if not response.is_partial:
            text = "" if self._has_text else text
            audio = None if self._has_audio else audio
        packets = await self._packets(audio, has_text=bool(text)) if audio is not None else ()
        if not text and not packets:
            return []
        self._has_text = self._has_text or bool(text)
        self._has_audio = self._has_audio or bool(packets)
        text = text[: max(self.limits.max_answer_chars - self._chars, 0)]
        self._chars += len(text)
        spoken = (audio.text or text)[: self.limits.max_answer_chars] if audio is not None else ""
        return [ReplyChunk(self.request_id, text, packets, spoken, at_s)]

    async def _packets(self, audio: Audio, *, has_text: bool) -> tuple[bytes, ...]:
        """The sound as packets; none if it cannot be decoded, and its words are here."""
        try:
            return await _decode(audio, self.limits.max_answer_s)
        except OutputLost as e:
            if not has_text and not self._has_text:
                raise
            log.warning("an answer is shown but not spoken: %s", e)
            return ()


async def _decode(audio: Audio, limit_s: float) -> tuple[bytes, ...]:
    """Speech as Opus packets of 20 ms: taken out of Ogg Opus as they are, else encoded.

    Raises:
        OutputLost: It is not audio, or too long.
    """
    if len(audio.data) <= _MAX_INLINE_CHARS:
        packets = _demux(_file(audio), limit_s)
        if packets is not None:
            return packets
    try:
        return await _pool.run(partial(_packets, audio, limit_s))
    except AudioError as e:
        raise OutputLost(f"The answer's sound cannot be played. {e}") from e


_pool: Final = SoundPool(2)


def _file(audio: Audio) -> bytes:
    try:
        return audio.file()
    except BadInput as e:
        raise OutputLost("The answer's sound cannot be read.") from e


def _packets(audio: Audio, limit_s: float, stop: Stop) -> tuple[bytes, ...]:
    """Blocks; for a thread."""
    file = _file(audio)
    packets = _demux(file, limit_s)
    if packets is not None:
        return packets
    return codec.transcode(file, rate_hz=OPUS_RATE_HZ, limit_s=limit_s, stop=stop).packets


def _demux(file: bytes, limit_s: float) -> tuple[bytes, ...] | None:
    """The packets of Ogg Opus; None if it is something else, too long, or not of 20 ms packets."""
    try:
        packets = ogg.demux(file).packets
    except AudioError:
        return None
    fits = len(packets) <= limit_s * 1000 / FRAME_MS
    if fits and all(ogg.packet_samples(packet) == FRAME_SAMPLES for packet in packets):
        return packets
    return None
