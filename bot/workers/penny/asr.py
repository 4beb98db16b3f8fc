"""Speech recognition: faster-whisper, with the encoder cut to the length of the clip."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from audio.codec import SPEECH_RATE_HZ, Samples
from bot.errors import JobFailed, WeightsError

ENGLISH = "en"

_LONG_CLIP_S = 30
"""Whisper's window. Longer clips are worked through window by window."""

_WHOLE_FRAMES = 3000
_MARGIN_FRAMES = 200
"""Two seconds of silence (10 ms a frame) left after the speech, as Whisper was trained on."""

_LEAST_FRAMES = 1000
"""With less than ten seconds the decoder tends to repeat itself, so that much is encoded."""

_NO_SPEECH, _UNSURE, _REPETITIVE = 0.6, -1.0, 2.4
"""Whisper's own thresholds: silence probability, mean log probability, compression ratio."""

_TOKENS_PER_SECOND, _FEWEST_TOKENS = 10, 24
"""Nobody speaks faster; it bounds a decoder that has begun to repeat itself."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A stretch of speech: its words, its language (ISO 639-1) and its place in seconds."""

    text: str
    language: str
    start_s: float
    end_s: float


class Recognizer(Protocol):
    """Sound in, words out."""

    def recognize(self, clip: Samples, *, language: str | None) -> AsyncIterator[Heard]:
        """Speech as it is recognised; nothing at all for silence and noise.

        Args:
            clip: Mono samples at 16 kHz.
            language: ISO 639-1; None to find out.
        """
        ...

    async def warm_up(self) -> None:
        """Load the models."""
        ...

    async def close(self) -> None:
        """Let go of the models."""
        ...


class Whisper:
    """A `Recognizer` on faster-whisper: a small English model, a larger one for the rest.

    One clip at a time: two would only slow each other down.

    Args:
        english: Gives the folder of the English model; called when first needed.
        multilingual: The same for all other languages, and for an unknown one.
        threads: Processor threads.
    """

    def __init__(
        self, english: Callable[[], Path], multilingual: Callable[[], Path], *, threads: int
    ) -> None:
        self._folders = {True: english, False: multilingual}
        self._threads = threads
        self._models: dict[bool, Any] = {}
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="whisper")

    async def recognize(self, clip: Samples, *, language: str | None) -> AsyncIterator[Heard]:
        """Speech as it is recognised.

        Raises:
            WeightsError: The model cannot be loaded.
            JobFailed: The model failed.
        """
        loop = asyncio.get_running_loop()
        stop = threading.Event()
        segments: Iterator[Heard] = self._segments(clip, language, stop)
        try:
            while heard := await loop.run_in_executor(self._worker, next, segments, None):
                yield heard
        finally:
            stop.set()

    async def warm_up(self) -> None:
        """Load both models and run each once."""
        quiet = np.zeros(SPEECH_RATE_HZ, np.float32)
        loop = asyncio.get_running_loop()
        for english in (True, False):
            await loop.run_in_executor(self._worker, self._exercise, english, quiet)

    async def close(self) -> None:
        """Let go of the models."""
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)
        self._models.clear()

    def _exercise(self, english: bool, clip: Samples) -> None:
        segments, _ = self._model(english).transcribe(clip, beam_size=1, language=ENGLISH)
        list(segments)

    def _model(self, english: bool) -> Any:
        if english not in self._models:
            self._models[english] = _load(self._folders[english](), self._threads)
        return self._models[english]

    def _segments(
        self, clip: Samples, language: str | None, stop: threading.Event
    ) -> Iterator[Heard]:
        """Runs in the worker's thread, a segment a step."""
        if not _has_speech(clip):
            return
        model = self._model(language == ENGLISH)
        try:
            if len(clip) <= _LONG_CLIP_S * SPEECH_RATE_HZ:
                yield from _short(model, clip, language)
            else:
                yield from _long(model, clip, language, stop)
        except (RuntimeError, ValueError) as e:
            raise JobFailed(f"Speech recognition failed ({e}).", service_code="asr") from e


def _short(model: Any, clip: Samples, language: str | None) -> Iterator[Heard]:
    """One window. What is doubtful is done again, with all 30 s and other temperatures."""
    seconds = len(clip) / SPEECH_RATE_HZ
    for context, temperatures in ((_LEAST_FRAMES, [0.0]), (_WHOLE_FRAMES, [0.0, 0.4, 0.8])):
        model.least_frames = context
        found, info = model.transcribe(
            clip,
            beam_size=1 if language == ENGLISH else 5,
            language=language,
            without_timestamps=True,
            temperature=temperatures,
            max_new_tokens=int(_FEWEST_TOKENS + seconds * _TOKENS_PER_SECOND),
        )
        segments = list(found)
        if not any(map(_is_doubtful, segments)):
            break
    text = " ".join(s.text.strip() for s in segments if _is_speech(s)).strip()
    if text:
        yield Heard(text, info.language, 0.0, seconds)


def _long(
    model: Any, clip: Samples, language: str | None, stop: threading.Event
) -> Iterator[Heard]:
    """Window by window, silence left out, each sentence given as it is found."""
    model.least_frames = _WHOLE_FRAMES
    segments, info = model.transcribe(clip, beam_size=1, language=language, vad_filter=True)
    for segment in segments:
        if stop.is_set():
            return
        if _is_speech(segment) and (text := segment.text.strip()):
            yield Heard(text, info.language, segment.start, segment.end)


def _has_speech(clip: Samples) -> bool:
    """Silero's opinion of the whole clip; Whisper alone hears "Thank you." in noise."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415

    options = VadOptions(threshold=0.4, min_speech_duration_ms=100)
    return bool(get_speech_timestamps(clip, options))


def _is_doubtful(segment: Any) -> bool:
    return bool(segment.avg_logprob < _UNSURE or segment.compression_ratio > _REPETITIVE)


def _is_speech(segment: Any) -> bool:
    silent = segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < _UNSURE / 2
    return bool(not silent and segment.compression_ratio <= _REPETITIVE)


def _load(folder: Path, threads: int) -> Any:
    try:
        from faster_whisper import WhisperModel  # noqa: PLC0415  (heavy)
    except ImportError:
        raise WeightsError(
            "The local models' runtimes are not installed.", hint="pip install 'skydeck[local]'"
        ) from None

    class ShortContextWhisper(WhisperModel):  # type: ignore[misc]
        """Encodes what there is instead of always 30 s: 33 ms for 10 s instead of 255 ms.

        faster-whisper pads the features with exact zeros to 30 s; the encoder works with any
        length, as in whisper.cpp's `audio_ctx`.
        """

        least_frames = _WHOLE_FRAMES

        def encode(self, features: Any) -> Any:
            used = np.flatnonzero(features.any(axis=-2).reshape(-1, features.shape[-1])[-1])
            speech = int(used[-1]) + 1 if used.size else 0
            needed = max(speech + _MARGIN_FRAMES, self.least_frames)
            return super().encode(np.ascontiguousarray(features[..., : needed + needed % 2]))

    try:
        return ShortContextWhisper(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads
        )
    except (RuntimeError, ValueError, OSError) as e:
        raise WeightsError(
            f"The speech recognition model could not be loaded ({e}).", hint="skydeck models verify"
        ) from e
