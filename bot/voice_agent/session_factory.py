"""Makes voice conversations: their ears' models are loaded once, when the first one begins."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from audio.earcons import chime
from bot.clock import Clock
from bot.service_calls.client import ServiceClient
from bot.voice_agent.events import Cue, Remember
from bot.voice_agent.recordings import RecordingStore
from bot.voice_agent.session import (
    SessionConfig,
    SpeechInput,
    TranscriptView,
    VoiceSession,
    VoiceTransport,
)
from bot.voice_agent.turn_latency import TurnTrace

if TYPE_CHECKING:
    from audio.segmenter import SpeechSegmenter  # its runtime is loaded with the first conversation
    from audio.turn_detector import TurnDetector

EARS: Final = ("silero-vad", "smart-turn-v3.2")
"""The models that a voice conversation hears with."""

_CHIMES: Final = {
    Cue.LISTENING: ((660.0, 60),),
    Cue.THINKING: ((440.0, 70), (0.0, 60), (440.0, 70)),
    Cue.WAITING: ((330.0, 120), (0.0, 80), (440.0, 120)),
    Cue.FAILED: ((330.0, 120), (220.0, 180)),
}


class VoiceSessionFactory:
    """Opens voice conversations.

    Args:
        client: The services.
        clock: Time; lines must use the same.
        weights: The folder of a model by name; fetches it when it is missing, and may block.
        keep_clips: Where spoken turns are kept; None: they are not.
        on_turn: Is told each turn's marks when its answer begins to sound; may not wait.
    """

    def __init__(
        self,
        *,
        client: ServiceClient,
        clock: Clock,
        weights: Callable[[str], Path],
        keep_clips: RecordingStore | None = None,
        on_turn: Callable[[TurnTrace], None] | None = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._weights = weights
        self._keep_clips = keep_clips
        self._on_turn = on_turn
        self._loading = asyncio.Lock()
        self._cues: dict[Cue, Sequence[bytes]] = {}
        self._turns: TurnDetector | None = None
        self._make_ears: Callable[[], SpeechSegmenter] | None = None

    async def forget(self, user_id: int) -> None:
        """Delete what is kept of a person's voice."""
        if self._keep_clips is not None:
            await asyncio.to_thread(self._keep_clips.forget, user_id)

    def close(self) -> None:
        """Let go of the models; no conversation may be open."""
        if self._turns is not None:
            self._turns.close()

    async def warm_up(self) -> None:
        """Fetch and load what hearing needs.

        Raises:
            WeightsError: A model is not there and cannot be fetched.
        """
        async with self._loading:
            if self._make_ears is None:
                self._make_ears = await asyncio.to_thread(self._load)

    async def open(
        self,
        line: VoiceTransport,
        face: TranscriptView,
        terms: SessionConfig,
        *,
        keep: Callable[[Remember], Awaitable[None]],
        ears: Callable[["SpeechSegmenter"], SpeechInput] = lambda hearing: hearing,
    ) -> VoiceSession:
        """A conversation on a line, not yet entered.

        Args:
            line: Where voices come from and go to.
            face: Who reads along.
            terms: What it goes by.
            keep: Is told every turn that is over.
            ears: Makes the conversation's ears of those that hear when somebody speaks.

        Raises:
            WeightsError: A model is not there and cannot be fetched.
        """
        await self.warm_up()
        if self._make_ears is None:
            raise AssertionError("warmed up, yet without ears")
        return VoiceSession(
            line=line,
            ears=ears(self._make_ears()),
            client=self._client,
            clock=self._clock,
            face=face,
            terms=terms,
            cues=self._cues,
            keep=keep,
            keep_clips=self._keep_clips,
            on_turn=self._on_turn,
        )

    def _load(self) -> "Callable[[], SpeechSegmenter]":
        from audio.opus import OpusDecoder  # noqa: PLC0415
        from audio.segmenter import SpeechSegmenter  # noqa: PLC0415
        from audio.turn_detector import TurnDetector  # noqa: PLC0415
        from audio.vad import Vad  # noqa: PLC0415

        vad = Vad(self._weights(EARS[0]) / "model.onnx")
        turns = self._turns = TurnDetector(self._weights(EARS[1]) / "model.onnx")
        self._cues = {cue: chime(notes) for cue, notes in _CHIMES.items()}
        return lambda: SpeechSegmenter(vad=vad, detector=turns, decoder=OpusDecoder)
