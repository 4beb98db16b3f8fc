"""What the language model is asked: pure."""

from collections.abc import Sequence

from bot.contract import Context, Message, System
from bot.contract.envelope import speaker_label
from bot.workers.penny.language import DEFAULT, NAMES
from bot.workers.protocols import Prompt, Slot

_SYSTEM = (
    "You are {name}, a voice assistant. Answer the question directly and correctly, "
    "in one or two short sentences of plain spoken {language}, without lists or markup."
)
_ROLES = {"user", "assistant"}


def converse_prompt(
    question: str,
    *,
    system: System,
    language: str,
    context: Context,
    max_tokens: int,
    room_chars: int,
) -> Prompt:
    """The prompt of one turn.

    Args:
        question: What the person said.
        system: Who asks; it names the assistant.
        language: The language to answer in, ISO 639-1.
        context: The conversation so far; the newest messages that fit are kept.
        max_tokens: The longest answer.
        room_chars: How many characters the model can read.
    """
    instruction = system_prompt(system, language)
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


def system_prompt(system: System, language: str) -> str:
    """The system prompt. It depends on little, so that a model's prompt cache stays warm."""
    name = NAMES.get(language, NAMES[DEFAULT])
    return _SYSTEM.format(name=system.assistant, language=name)


def _several_speak(context: Context) -> bool:
    """Whether names tell people apart.

    With one person they do not, and a small model repeats the name before its answer.
    """
    names = {m.name for m in context.history if m.role == "user"} | {context.speaker}
    return len(names - {None, ""}) > 1


def _newest(history: Sequence[Message], room: int, *, named: bool) -> list[Message]:
    kept: list[Message] = []
    for message in reversed(history):
        if message.role not in _ROLES:
            continue  # a caller cannot slip in instructions of its own
        is_named = named and message.name and message.role == "user"
        label = speaker_label(message.name or "")
        content = f"{label}: {message.content}" if is_named else message.content
        room -= len(content)
        if room < 0:
            break
        kept.append(Message(role=message.role, content=content))
    return kept[::-1]
