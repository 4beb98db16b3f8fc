"""Opens voice conversations. The first one loads the models that all of them share."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from audio.earcons import chime
from audio.endpointing import EndpointingOptions
from bot.actions.reading_ahead import read_ahead
from bot.clock import Clock
from bot.models.manifest import SPEECH_MODELS
from bot.service_calls.client import ServiceClient
from bot.settings import Settings
from bot.voice_agent.events import Cue, Remember
from bot.voice_agent.options import VoiceAgentOptions
from bot.voice_agent.options.thinking_sound import ThinkingSoundOptions
from bot.voice_agent.overlaps import Overlap
from bot.voice_agent.ports import SpeechInput, TranscriptView, VoiceTransport
from bot.voice_agent.recordings import RecordingStore
from bot.voice_agent.session import VoiceSession
from bot.voice_agent.session_config import SessionConfig
from bot.voice_agent.turn_latency import TurnTrace
from bot.voice_agent.word_completeness import judge_words

if TYPE_CHECKING:
    from audio.segmenter import SpeechSegmenter  # its runtime is loaded with the first conversation
    from audio.turn_detector import TurnDetector


def options_for(settings: Settings) -> VoiceAgentOptions:
    """The knobs of a conversation, as far as settings decide them."""
    return VoiceAgentOptions(
        preemptive_generation=settings.voice_is_eager,
        partial_recognition=settings.voice_is_eager and settings.embedded,
        warm_up_after_s=0 if settings.embedded else settings.skydeck_voice_warm_s,
    )


class VoiceSessionFactory:
    """Opens voice conversations.

    Args:
        clock: The clock; transports must use the same.
        weights: Returns the folder of a model by name. It fetches a missing model, and may block.
        recordings: Keeps what people say; None: nothing is kept.
        on_turn: Called with the latency of each turn when its answer begins to play; must not wait.
        on_overlap: Called with how each speech over an answer ended; must not wait.
        on_loaded: Called on a thread when the models have been loaded.
    """

    def __init__(
        self,
        *,
        client: ServiceClient,
        clock: Clock,
        weights: Callable[[str], Path],
        recordings: RecordingStore | None = None,
        on_turn: Callable[[TurnTrace], None] | None = None,
        on_overlap: Callable[[Overlap], None] | None = None,
        on_loaded: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._weights = weights
        self._recordings = recordings
        self._on_turn = on_turn
        self._on_overlap = on_overlap
        self._on_loaded = on_loaded
        self._loading = asyncio.Lock()
        self._detector: TurnDetector | None = None
        self._cues: tuple[ThinkingSoundOptions, Mapping[Cue, Sequence[bytes]]] | None = None
        self._make_segmenter: Callable[[EndpointingOptions], SpeechSegmenter] | None = None

    async def forget(self, user_id: int) -> None:
        """Delete the recordings of a person."""
        if self._recordings is not None:
            await asyncio.to_thread(self._recordings.forget, user_id)

    def close(self) -> None:
        """Release the models; no conversation may be open."""
        if self._detector is not None:
            self._detector.close()

    async def warm_up(self) -> None:
        """Fetch and load the models.

        Raises:
            WeightsError: A model is missing and cannot be fetched.
        """
        async with self._loading:
            if self._make_segmenter is None:
                self._make_segmenter = await asyncio.to_thread(self._load)

    async def open(
        self,
        transport: VoiceTransport,
        view: TranscriptView,
        config: SessionConfig,
        *,
        remember: Callable[[Remember], Awaitable[None]],
        speech_input: Callable[["SpeechSegmenter"], SpeechInput] = lambda segmenter: segmenter,
    ) -> VoiceSession:
        """Make a conversation; the caller enters it.

        Args:
            transport: Carries the speech.
            view: Shows the conversation to readers.
            config: The settings of the conversation.
            remember: Called with every turn that is over.
            speech_input: Wraps the segmenter, which detects when somebody speaks.

        Raises:
            WeightsError: A model is missing and cannot be fetched.
        """
        await self.warm_up()
        if self._make_segmenter is None:
            raise AssertionError("warm_up makes it")
        return VoiceSession(
            transport=transport,
            speech_input=speech_input(self._make_segmenter(config.options.endpointing)),
            client=self._client,
            clock=self._clock,
            view=view,
            config=config,
            cues=await self._cues_of(config.options.thinking_sound),
            remember=remember,
            recordings=self._recordings,
            on_turn=self._on_turn,
            on_overlap=self._on_overlap,
        )

    async def _cues_of(self, options: ThinkingSoundOptions) -> Mapping[Cue, Sequence[bytes]]:
        """All conversations with the same options share them: they take 20 ms to encode."""
        if self._cues is None or self._cues[0] != options:
            chimes = options.chimes
            cues = await asyncio.to_thread(
                lambda: {cue: chime(notes) for cue, notes in chimes.items()}
            )
            self._cues = options, cues
        return self._cues[1]

    def _load(self) -> "Callable[[EndpointingOptions], SpeechSegmenter]":
        from audio.opus import OpusDecoder  # noqa: PLC0415
        from audio.segmenter import SpeechSegmenter  # noqa: PLC0415
        from audio.turn_detector import TurnDetector  # noqa: PLC0415
        from audio.vad import Vad  # noqa: PLC0415

        judge_words("yes")  # it reads its lists, which takes 20 ms
        read_ahead()  # half a second
        vad = Vad(self._weights(SPEECH_MODELS[0]) / "model.onnx")
        detector = self._detector = TurnDetector(self._weights(SPEECH_MODELS[1]) / "model.onnx")
        self._on_loaded()
        return lambda options: SpeechSegmenter(
            vad=vad, detector=detector, options=options, decoder=OpusDecoder
        )
