"""Cuts a recording into the windows of speech that a recogniser takes at once."""

from collections.abc import Iterator, Sequence

import numpy as np

from audio.constants import SPEECH_RATE_HZ
from audio.samples import Samples

Span = tuple[int, int]
"""A part of a clip: its first sample, and the one after its last."""

_NO_SAMPLES = np.zeros(0, np.float32)

_WHOLE_CLIP_S = 25.0
"""A clip up to this length is one window; Whisper takes 30 s."""

_WINDOW_S, _ENOUGH_S, _PAUSE_S = 15.0, 4.0, 0.5
"""A longer clip is cut at its pauses into windows of at most `_WINDOW_S`. Whisper tends to stop at
a long pause, so a window of at least `_ENOUGH_S` also ends at a pause of `_PAUSE_S`."""

_EDGE_S = 0.2
"""The margin around the speech of a window, so that no consonant is cut off."""


def cut_windows(sound: Iterator[Samples]) -> Iterator[tuple[Samples, float, float, bool]]:
    """Cut a recording into windows.

    Yields each window's samples, its start, its seconds of speech, and whether it is the whole
    recording. Speech that may go on in the next chunk is held back until then.
    """
    held = next(sound, _NO_SAMPLES)
    begun, is_first = 0, True
    while len(held):
        following = next(sound, _NO_SAMPLES)
        speech = detect_speech(held)
        is_part = not is_first or len(following) > 0
        kept = len(held)
        if len(following):  # the last window may go on in it
            last = _group(speech)[-1][0][0] if speech else kept
            speech = [span for span in speech if span[0] < last]
            kept = max(0, last - int(_EDGE_S * SPEECH_RATE_HZ))
        parts = windows(speech, len(held), is_part=is_part)
        is_all = not is_part and len(parts) == 1
        for (start, end), seconds in parts:
            yield held[start:end], (begun + start) / SPEECH_RATE_HZ, seconds, is_all
        held, begun, is_first = np.concatenate([held[kept:], following]), begun + kept, False


def windows(
    speech: Sequence[Span], length: int, *, is_part: bool = False
) -> list[tuple[Span, float]]:
    """Group spans of speech into windows that the recogniser takes at once.

    Args:
        speech: The spans, in order, none longer than a window.
        length: The clip's length in samples.
        is_part: Whether the clip is a part of a recording, and so is cut at its pauses even if
            it is short.

    Returns:
        Each window, and how many seconds of speech it has. A short clip is one window.
    """
    if not speech:
        return []
    edge = int(_EDGE_S * SPEECH_RATE_HZ)
    is_short = not is_part and length <= _WHOLE_CLIP_S * SPEECH_RATE_HZ
    groups = [list(speech)] if is_short else _group(speech)
    found = []
    for group in groups:
        seconds = sum(end - start for start, end in group) / SPEECH_RATE_HZ
        found.append(((max(0, group[0][0] - edge), min(length, group[-1][1] + edge)), seconds))
    return found if is_part or len(groups) > 1 else [((0, length), found[0][1])]


def _group(speech: Sequence[Span]) -> list[list[Span]]:
    groups: list[list[Span]] = []
    for start, end in speech:
        if groups:
            first, last = groups[-1][0][0], groups[-1][-1][1]
            enough = last - first >= _ENOUGH_S * SPEECH_RATE_HZ
            pause = start - last >= _PAUSE_S * SPEECH_RATE_HZ
            if not (enough and pause) and end - first <= _WINDOW_S * SPEECH_RATE_HZ:
                groups[-1].append((start, end))
                continue
        groups.append([(start, end)])
    return groups


def detect_speech(clip: Samples) -> list[Span]:
    """Find speech with Silero's detector; Whisper alone hears "Thank you." in noise."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415

    options = VadOptions(
        threshold=0.4,
        min_speech_duration_ms=100,
        min_silence_duration_ms=400,
        max_speech_duration_s=_WINDOW_S - 1,
    )
    return [(s["start"], s["end"]) for s in get_speech_timestamps(clip, options)]
