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
    """What Penny can do."""

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
    said: str | Input,
    *,
    source: Source,
    context: Context | None = None,
    params: dict[str, Any] | None = None,
    policy: Policy | None = None,
) -> Request:
    """Ask Penny: words or a clip in; transcript, reply and speech out.

    Params that Penny knows: `speak` (bool, default true), `voice`, `max_tokens`.
    """
    return _penny(PennyModule.CONVERSE, _as_input(said), source, context, params, policy)


def transcribe(clip: Input, *, source: Source, policy: Policy | None = None) -> Request:
    """Ask Penny what was said."""
    return _penny(PennyModule.TRANSCRIBE, clip, source, None, None, policy)


def speak(
    text: str,
    *,
    source: Source,
    language: str | None = None,
    voice: str | None = None,
    policy: Policy | None = None,
) -> Request:
    """Ask Penny to say something."""
    said = Input(type=InputType.TEXT, data=text, **given(language=language))
    return _penny(PennyModule.SPEAK, said, source, None, given(voice=voice) or None, policy)


def _as_input(said: str | Input) -> Input:
    return Input(type=InputType.TEXT, data=said) if isinstance(said, str) else said


def _penny(
    module: PennyModule,
    said: Input,
    source: Source,
    context: Context | None,
    params: dict[str, Any] | None,
    policy: Policy | None,
) -> Request:
    return Request(
        source=source,
        target=Target(service=Service.PENNY, module=module.value),
        input=said,
        **given(context=context, params=params, policy=policy),
    )
