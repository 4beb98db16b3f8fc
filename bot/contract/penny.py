"""Penny's modules: CONVERSE, TRANSCRIBE and SPEAK."""

import base64
from enum import StrEnum
from typing import Any

from bot.contract.envelope import (
    Context,
    Input,
    InputType,
    Policy,
    Request,
    Service,
    Source,
    Target,
    given,
)


class PennyModule(StrEnum):
    """Penny's modules."""

    CONVERSE = "CONVERSE"
    TRANSCRIBE = "TRANSCRIBE"
    SPEAK = "SPEAK"


def audio_input(clip: bytes, *, format: str, language: str | None = None) -> Input:  # noqa: A002
    """Wrap a whole audio file (`format`: `ogg`, `wav`, …) for the wire."""
    return Input(
        type=InputType.AUDIO,
        data=base64.b64encode(clip).decode("ascii"),
        **given(format=format, language=language),
    )


def converse(
    question: str | Input,
    *,
    source: Source,
    language: str | None = None,
    context: Context | None = None,
    params: dict[str, Any] | None = None,
    policy: Policy | None = None,
) -> Request:
    """Ask Penny a text or a clip; she returns transcript, reply and speech.

    `language` is given only if somebody set it; without it she tells it from the words, and takes
    the context for a hint. Her parameters: `speak` (bool, default true), `voice`, `max_tokens`,
    `brief` (bool): a short answer, `reply_language` (a language's code): that of the answer,
    `pictures`: what goes with it (`bot.contract.pictures`),
    `prepare` (bool): take in what was said so far, and answer nothing; `actions` and `own_words`:
    what the person may ask for (`bot.contract.actions`).
    """
    words = _in_language(_as_input(question), language)
    return _penny(PennyModule.CONVERSE, words, source, context, params, policy)


def transcribe(
    clip: Input,
    *,
    source: Source,
    language: str | None = None,
    context: Context | None = None,
    policy: Policy | None = None,
) -> Request:
    """Ask Penny to transcribe a clip; `language` and `context` are as for `converse`."""
    words = _in_language(clip, language)
    return _penny(PennyModule.TRANSCRIBE, words, source, context, None, policy)


def speak(
    text: str,
    *,
    source: Source,
    language: str | None = None,
    voice: str | None = None,
    policy: Policy | None = None,
) -> Request:
    """Ask Penny to read a text aloud."""
    words = Input(type=InputType.TEXT, data=text, **given(language=language))
    return _penny(PennyModule.SPEAK, words, source, None, given(voice=voice) or None, policy)


def _as_input(question: str | Input) -> Input:
    return Input(type=InputType.TEXT, data=question) if isinstance(question, str) else question


def _in_language(words: Input, language: str | None) -> Input:
    return words.model_copy(update=given(language=language))


def _penny(
    module: PennyModule,
    value: Input,
    source: Source,
    context: Context | None,
    params: dict[str, Any] | None,
    policy: Policy | None,
) -> Request:
    return Request(
        source=source,
        target=Target(service=Service.PENNY, module=module.value),
        input=value,
        **given(context=context, params=params, policy=policy),
    )
