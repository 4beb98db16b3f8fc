"""Speech recognition: faster-whisper, with the encoder cut to the length of the clip."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from audio.constants import SPEECH_RATE_HZ
from audio.samples import Samples
from audio.stopping import Stop
from bot.errors import BadInput, JobFailed
from bot.hallucinations import Certainty, is_hallucinated
from bot.language_names import language_named, no_language
from bot.languages import LANGUAGES, NO_HINTS, LanguageDecision, LanguageHints, decide
from bot.languages.decision import by_code
from bot.plain_words import words_of
from bot.settings import Device
from bot.workers.device import place_whisper, runtime_missing
from bot.workers.load_errors import load_error
from bot.workers.penny.speech_windows import cut_windows

ENGLISH = "en"

AudioSource = Callable[[Stop], Iterator[Samples]]
"""Returns the chunks of a recording; `Stop` ends them early."""

_MODEL = "The speech recognition model"
_HINT = "skydeck models verify, or check SKYDECK_ASR."
_WHOLE_FRAMES = 3000
_MARGIN_FRAMES = 200
"""Two seconds of silence (10 ms a frame) after the speech, as in Whisper's training."""

_MIN_FRAMES = 1000
"""With less than ten seconds, the decoder tends to repeat itself."""

_NO_SPEECH, _UNSURE, _REPETITIVE = 0.6, -1.0, 2.4
"""Whisper's own thresholds: silence probability, mean log probability, compression ratio."""

_MIN_CHARS_PER_SECOND = 1.5
"""Even digits read aloud have more characters; with fewer, Whisper has skipped something."""

_TOKENS_PER_SECOND, _MIN_TOKENS = 10, 24
"""Nobody speaks faster; the limit stops a decoder that repeats itself."""

_IDENTIFY_S, _IDENTIFY_FRAMES = 6.0, 300
"""The language is identified from the loudest seconds of a clip, in a context of their own length:
70 ms for a clip of three seconds, and better than in Whisper's 30 s, which take 500 ms or more."""

_EXPECTED = 0.8
"""From this probability on, a window is taken for English before its language is identified."""

_CLEARLY_ENGLISH = -0.45
"""The mean log probability of the English model's own language: mostly above in English, and
hardly ever in another language, which the model turns into nonsense."""

_UNCLEAR_ENGLISH = 0.1
"""The share of English that is less clear than that; of other languages, all is."""

_HINT_WEIGHT = 0.3
"""Whisper often gives the right language of a short clip a third; measured by
`tests/bench/test_language.py`."""

_REMEMBERED = 4
"""How many earlier windows of a recording count as turns of its speaker."""

_ASR_CODES = {label: one.code for one in LANGUAGES.values() for label in one.asr_ids}


@dataclass(frozen=True, slots=True)
class TranscriptSegment:
    """The transcript of a window, and its place in seconds.

    Attributes:
        language: The most likely language, a code of the table.
        start_s: Where it begins.
        end_s: Where it ends.
        is_sure: Whether the language is more than a guess.
    """

    text: str
    language: str
    start_s: float
    end_s: float
    is_sure: bool = True


class Recognizer(Protocol):
    """Converts speech to text."""

    def recognize(
        self,
        sound: AudioSource,
        *,
        hints: LanguageHints = NO_HINTS,
        name: str = "",
        is_partial: bool = False,
        seeks_name: bool = False,
    ) -> AsyncIterator[TranscriptSegment]:
        """Yield speech as it is recognised; nothing for silence and noise.

        Args:
            sound: Returns mono samples at 16 kHz, in chunks; a short clip in one.
            hints: What is known about the language.
            name: A name that people are likely to say; may be empty.
            is_partial: They may still be speaking: yield nothing where it would take another try.
            seeks_name: Whether they said the name is worth another try.
        """

    async def warm_up(self) -> None:
        """Load the models."""

    async def close(self) -> None:
        """Unload the models."""


class Whisper:
    """A `Recognizer` on faster-whisper: a model for English, and one for the rest, or one for both.

    It recognises one clip at a time, since two would only slow each other down.

    Args:
        english: Returns the folder of the English model; called on first use.
        multilingual: The same for all other languages, and for an unknown one.
        threads: How many CPU threads.
        device: Where the models run.
    """

    def __init__(
        self,
        english: Callable[[], Path],
        multilingual: Callable[[], Path],
        *,
        threads: int,
        device: Device = Device.CPU,
    ) -> None:
        self._folders = {True: english, False: multilingual}
        self._threads = threads
        self._device = device
        self._models: dict[bool, Any] = {}
        self._loaded: dict[Path, Any] = {}
        self._ran: set[Path] = set()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="whisper")

    async def recognize(
        self,
        sound: AudioSource,
        *,
        hints: LanguageHints = NO_HINTS,
        name: str = "",
        is_partial: bool = False,
        seeks_name: bool = False,
    ) -> AsyncIterator[TranscriptSegment]:
        """Yield speech as it is recognised. `name` is a hint in a recording of one window.

        Raises:
            BadInput: Whisper does not know the pinned language.
            WeightsError: The model cannot be loaded.
            JobFailed: The model failed.
        """
        loop = asyncio.get_running_loop()
        stop = Stop()
        segments: Iterator[TranscriptSegment] = self._segments(
            sound(stop), hints, name, stop, retries=not is_partial, seeks_name=seeks_name
        )
        try:
            while heard := await loop.run_in_executor(self._worker, next, segments, None):
                yield heard
        finally:
            stop.set()

    async def warm_up(self) -> None:
        """Load both models, and run each once, as for a short clip: once, however often called."""
        quiet = np.zeros(SPEECH_RATE_HZ, np.float32)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._worker, self._run_once, quiet)

    async def close(self) -> None:
        """Unload the models."""
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)
        self._models.clear()
        self._loaded.clear()
        self._ran.clear()

    def _run_once(self, clip: Samples) -> None:
        for english in (True, False):
            self._model(english)
        for folder in [one for one in self._loaded if one not in self._ran]:
            try:
                _attempt(self._loaded[folder], clip, 0.0, ENGLISH, "")
            except (RuntimeError, MemoryError) as e:
                raise load_error(_MODEL, e, hint=_HINT) from e
            self._ran.add(folder)

    def _model(self, english: bool) -> Any:
        if english not in self._models:
            folder = self._folders[english]()
            if folder not in self._loaded:
                self._loaded[folder] = _load(folder, self._threads, self._device)
            self._models[english] = self._loaded[folder]
        return self._models[english]

    def _segments(
        self,
        sound: Iterator[Samples],
        hints: LanguageHints,
        name: str,
        stop: Stop,
        *,
        retries: bool,
        seeks_name: bool,
    ) -> Iterator[TranscriptSegment]:
        """Transcribe a window at each step, in the worker's thread."""
        hints = with_known_pin(hints)
        for clip, start_s, seconds, is_all in cut_windows(sound):
            if stop.is_set():
                return
            try:
                name = name if is_all else ""
                text, found = self._hear(clip, seconds, hints, name, retries=retries)
                if seeks_name and name and text and found.likely == ENGLISH:
                    text = self._hear_name(clip, seconds, text, name)
            except (RuntimeError, ValueError, MemoryError) as e:
                raise JobFailed(f"Speech recognition failed ({e}).", service_code="asr") from e
            if text:
                end_s = start_s + len(clip) / SPEECH_RATE_HZ
                is_sure = found.code is not None
                yield TranscriptSegment(text, found.likely, start_s, end_s, is_sure)
                turns = [found.probabilities, *hints.speaker][:_REMEMBERED]
                hints = replace(hints, speaker=turns)

    def _hear(
        self, window: Samples, speech_s: float, hints: LanguageHints, name: str, *, retries: bool
    ) -> tuple[str, LanguageDecision]:
        """Transcribe a window with the model that suits its language."""
        first = None
        found = decide({}, hints)
        if not hints.pinned:
            found, first = self._choose(window, speech_s, hints, name)
        english = found.likely == ENGLISH
        model, kept = self._model(english), first if english else None
        attempt = kept or _attempt(model, window, speech_s, found.likely, name)
        if attempt.is_doubtful:
            attempt = (
                # With a name as a hint, the small English model tends to repeat itself, so it gets
                # the hint only on retry.
                _attempt(model, window, speech_s, found.likely, name, careful=True)
                if retries
                else _NOTHING
            )
        return attempt.text, found

    def _hear_name(self, window: Samples, speech_s: float, text: str, name: str) -> str:
        """A window's text by the multilingual model, if that hears the name in it, and only that.

        The small English model, which is told no name, writes a rare one as any word. What the
        other one hears counts for nothing else, since it also takes twice as long.
        """
        model = self._model(english=False)
        if says_name(text, name) or model is self._model(english=True):
            return text
        again = _attempt(model, window, speech_s, ENGLISH, name)
        return again.text if says_name(again.text, name) and not again.is_doubtful else text

    def _choose(
        self, window: Samples, speech_s: float, hints: LanguageHints, name: str
    ) -> tuple[LanguageDecision, "_Attempt | None"]:
        """Decide on the language of a window; returns also what the English model heard.

        If English is expected, the English model hears it first: telling the language would take
        half as long again, and the model's own doubt shows when somebody switches language.
        """
        english = self._model(english=True)
        expected = decide({}, hints)
        if expected.likely == ENGLISH and expected.confidence >= _EXPECTED:
            first = _attempt(english, window, speech_s, ENGLISH, name)
            detected = {} if first.is_clear else self._detect(window)
        else:
            detected = self._detect(window)
            found = decide(detected, hints, hint_weight=_HINT_WEIGHT)
            if found.likely != ENGLISH:
                return found, None
            first = _attempt(english, window, speech_s, ENGLISH, name)
        if first.is_clear:
            return decide({ENGLISH: 1.0}, hints), first
        doubted = detected | {ENGLISH: detected.get(ENGLISH, 0.0) * _UNCLEAR_ENGLISH}
        return decide(doubted, hints, hint_weight=_HINT_WEIGHT), first

    def _detect(self, window: Samples) -> dict[str, float]:
        """The probabilities of a window's language, by the multilingual model."""
        model = self._model(english=False)
        model.min_frames = _IDENTIFY_FRAMES
        features = model.feature_extractor(_loudest(window, int(_IDENTIFY_S * SPEECH_RATE_HZ)))
        padding = max(0, _WHOLE_FRAMES - features.shape[-1])
        padded = np.pad(features, ((0, 0), (0, padding)))[..., :_WHOLE_FRAMES]
        labels = model.model.detect_language(model.encode(padded))[0]
        return by_code(((label[2:-2], chance) for label, chance in labels), _ASR_CODES)


def says_name(text: str, name: str) -> bool:
    """Whether the words of a name are in a text, one after the other."""
    words, wanted = words_of(text), words_of(name)
    places = range(len(words) - len(wanted) + 1)
    return bool(wanted) and any(words[at : at + len(wanted)] == wanted for at in places)


def with_known_pin(hints: LanguageHints) -> LanguageHints:
    """Return the hints with the pinned language by our code.

    Raises:
        BadInput: We do not know it.
    """
    if not hints.pinned:
        return hints
    language = language_named(hints.pinned)
    if language is None:
        problem, hint = no_language(hints.pinned)
        raise BadInput(problem, hint=hint)
    return replace(hints, pinned=language.code)


def _loudest(clip: Samples, length: int) -> Samples:
    """The part of this length with the most energy, to a tenth of a second."""
    if len(clip) <= length:
        return clip
    step = SPEECH_RATE_HZ // 10
    energy = np.add.reduceat(np.square(clip), np.arange(0, len(clip), step))
    begun = np.concatenate([[0.0], np.cumsum(energy)])
    count = length // step
    start = int(np.argmax(begun[count:] - begun[:-count])) * step
    return clip[start : start + length]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What one pass of a model made of a window."""

    text: str
    is_doubtful: bool
    is_clear: bool


_NOTHING = _Attempt("", is_doubtful=True, is_clear=False)


def _attempt(
    model: Any, window: Samples, speech_s: float, language: str, name: str, *, careful: bool = False
) -> _Attempt:
    is_multilingual = model.model.is_multilingual
    model.min_frames = _WHOLE_FRAMES if careful else _MIN_FRAMES
    found, _ = model.transcribe(
        window,
        beam_size=5 if is_multilingual else 1,
        language=language,
        without_timestamps=not careful,
        condition_on_previous_text=False,
        temperature=[0.0, 0.4, 0.8] if careful else [0.0],
        max_new_tokens=int(_MIN_TOKENS + speech_s * _TOKENS_PER_SECOND),
        hotwords=name if name and (careful or is_multilingual) else None,
    )
    segments = list(found)
    text = " ".join(s.text.strip() for s in segments if _is_speech(s)).strip()
    skipped = len(text) < speech_s * _MIN_CHARS_PER_SECOND
    is_doubtful = skipped or any(map(_is_doubtful, segments))
    is_clear = not is_doubtful and all(s.avg_logprob >= _CLEARLY_ENGLISH for s in segments)
    if text and is_hallucinated(text, _certainty(segments)):
        text = ""
    return _Attempt(text, is_doubtful, is_clear)


def _certainty(segments: Sequence[Any]) -> Certainty:
    """How sure Whisper is of its least certain segment."""
    return Certainty(
        no_speech=max(segment.no_speech_prob for segment in segments),
        log_probability=min(segment.avg_logprob for segment in segments),
    )


def _is_doubtful(segment: Any) -> bool:
    return bool(segment.avg_logprob < _UNSURE or segment.compression_ratio > _REPETITIVE)


def _is_speech(segment: Any) -> bool:
    return not (segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < _UNSURE / 2)


def _load(folder: Path, threads: int, wanted: Device) -> Any:
    try:
        from faster_whisper import WhisperModel  # noqa: PLC0415  (heavy)
    except ImportError:
        raise runtime_missing() from None

    class ShortContextWhisper(WhisperModel):  # type: ignore[misc]
        """Encodes the clip's own length instead of 30 s: 10 s take 33 ms instead of 255 ms.

        faster-whisper pads the features with exact zeros to 30 s, but the encoder works with any
        length, as in whisper.cpp's `audio_ctx`.
        """

        min_frames = _WHOLE_FRAMES

        def encode(self, features: Any) -> Any:
            used = np.flatnonzero(features.any(axis=-2).reshape(-1, features.shape[-1])[-1])
            speech = int(used[-1]) + 1 if used.size else 0
            needed = max(speech + _MARGIN_FRAMES, self.min_frames)
            return super().encode(np.ascontiguousarray(features[..., : needed + needed % 2]))

    device, numbers = place_whisper(wanted)
    try:
        return ShortContextWhisper(
            str(folder),
            device=device,
            compute_type=numbers,
            cpu_threads=threads,
        )
    except (RuntimeError, ValueError, OSError, MemoryError) as e:
        raise load_error(_MODEL, e, hint=_HINT) from e
