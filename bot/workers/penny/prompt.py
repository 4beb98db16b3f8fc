"""Builds the language model's prompt. Pure."""

from collections.abc import Sequence

from bot.contract import Context, Message, System
from bot.contract.envelope import speaker_label
from bot.languages import find_language
from bot.workers.protocols import Prompt, Slot

_SYSTEM = (
    "You are {name}, a voice assistant. Answer the question directly and correctly, "
    "in {length} of {manner}, without lists or markup."
)
_USUAL = "one or two short sentences"
_BRIEF = "one sentence of at most twelve words"
_ROLES = {"user", "assistant"}


def converse_prompt(
    question: str,
    *,
    system: System,
    language: str | None,
    context: Context,
    max_tokens: int,
    room_chars: int,
    is_brief: bool = False,
) -> Prompt:
    """Build the prompt of one turn.

    Args:
        question: What the person said.
        system: The calling system, which names the assistant.
        language: The language to answer in, ISO 639-1; None: that of the question.
        context: The conversation so far; the prompt keeps the newest messages that fit.
        max_tokens: The longest answer.
        room_chars: How many characters the model can read.
        is_brief: Whether the person wants short answers.
    """
    instruction = system_prompt(system, language, is_brief=is_brief)
    named = _several_speak(context)
    is_named = named and context.speaker
    said = f"{speaker_label(context.speaker or '')}: {question}" if is_named else question
    room = room_chars - len(instruction) - len(said)
    return Prompt(
        messages=[
            Message(role="system", content=instruction),
            *_newest(context.history, room, named=named),
            Message(role="user", content=said),
        ],
        max_tokens=max_tokens,
        temperature=0.2,
        slot=Slot.INTERACTIVE,
    )


def system_prompt(system: System, language: str | None, *, is_brief: bool = False) -> str:
    """Return the system prompt, which rarely changes, so that the model can reuse its cache."""
    known = find_language(language)
    manner = (
        f"plain spoken {known.english}" if known else "plain speech in the language of the question"
    )
    length = _BRIEF if is_brief else _USUAL
    return _SYSTEM.format(name=system.assistant, manner=manner, length=length)


def _several_speak(context: Context) -> bool:
    """Return whether several people speak, so that the prompt must name them.

    With one person, a small model would repeat the name before its answer.
    """
    names = {m.name for m in context.history if m.role == "user"} | {context.speaker}
    return len(names - {None, ""}) > 1


def _newest(history: Sequence[Message], room: int, *, named: bool) -> list[Message]:
    kept: list[Message] = []
    for message in reversed(history):
        if message.role not in _ROLES:
            continue  # a caller must not add instructions
        is_named = named and message.name and message.role == "user"
        label = speaker_label(message.name or "")
        content = f"{label}: {message.content}" if is_named else message.content
        room -= len(content)
        if room < 0:
            break
        kept.append(Message(role=message.role, content=content))
    return kept[::-1]
