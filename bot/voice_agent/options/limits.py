"""Bounds on what people and services send. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOptions:
    """Bounds on what people and services send.

    Attributes:
        max_question_audio_ms: Milliseconds. A question made of several stretches of speech keeps
            its latest part. At Discord's highest bit rate the default still fits in a request.
        max_question_chars: Characters; the same for a transcript.
        max_speech_s: Seconds. Speech without news for this long has lost its end. Longer than any
            turn that endpointing allows.
        max_answer_s: Seconds of audio in one piece of an answer.
        max_answer_chars: Characters of one answer, and of one transcript from the service.
    """

    max_question_audio_ms: int = 120_000
    max_question_chars: int = 4_000
    max_speech_s: float = 90.0
    max_answer_s: float = 600.0
    max_answer_chars: int = 20_000
