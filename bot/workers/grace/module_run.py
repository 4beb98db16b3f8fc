"""Runs a module on a text of any length."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.contract import Message
from bot.contract.grace import LongText, Module, Value
from bot.contract.options import OptionType
from bot.errors import JobFailed
from bot.language_names import language_named
from bot.languages import LanguageHints
from bot.workers import text_language
from bot.workers.grace.pieces import halve, margins, split, whole_sentences
from bot.workers.grace.retrying_model import AnswerTooLong, RetryingModel, UsageTotal
from bot.workers.grace.values import merge
from bot.workers.protocols import LanguageModel, Prompt, PromptTooLong

_MIN_CHARS = 200
"""A text of this length fits every model, so smaller pieces would not help."""

_MAX_NOTES_SHARE = 0.8
"""Notes above this share of their text condense too little: condensing would never end."""

_NOTE_TOKENS = 160
_NO_NOTE = "NONE"

_MAX_PARTS = 4

Result = TypeVar("Result")
Ask = Callable[[str], Awaitable[Result]]


@dataclass(slots=True)
class Progress:
    """The progress of a job: the text so far, and how many pieces of the input are done."""

    draft: str = ""
    done: int = 0
    total: int = 0
    usage_total: UsageTotal = field(default_factory=UsageTotal)


class ModuleRun:
    """Runs a module on one text.

    Args:
        settings: All options of the module; no language is `auto`.
        progress: Updated while the job runs.
    """

    def __init__(
        self,
        model: LanguageModel,
        module: Module,
        settings: dict[str, Value],
        progress: Progress,
    ) -> None:
        self._module = module
        self._settings = settings
        self._schema = module.answer_schema(settings)
        self._progress = progress
        self._model = RetryingModel(model, progress.usage_total)
        self._transformed = ""
        room = model.context_chars - sum(len(m.content) for m in self._messages(""))
        self._limit = max(_MIN_CHARS, min(module.piece_chars, room))

    async def run(self, text: str) -> Any:
        """Return the result: a string, or an object if the module has a schema.

        Raises:
            JobFailed: The model's answers are invalid, or the text cannot be condensed to fit.
        """
        match self._module.long:
            case LongText.REDUCE:
                return await self._reduce(text)
            case LongText.JOIN:
                return "".join(await self._map_pieces(text, self._limit, self._transform))
            case LongText.MERGE:
                values = await self._map_pieces(text, self._limit, self._json)
                return merge(values) if len(values) > 1 else values[0]

    async def _reduce(self, text: str) -> Any:
        self._progress.total += 1
        limit = self._limit
        while True:
            text = await self._condense(text, limit)
            try:
                result = await (self._text(text) if self._schema is None else self._json(text))
            except PromptTooLong:
                if len(text) <= _MIN_CHARS:
                    raise
                limit = len(text) // 2  # a language with more tokens to the character
            else:
                self._progress.done += 1
                return result

    async def _condense(self, text: str, limit: int) -> str:
        """Return the text, or notes on it, in about `limit` characters, part by part."""
        if len(text) <= limit:
            return text
        divider = f"\n{self._module.parts}\n"
        parts = text.split(divider, _MAX_PARTS - 1) if self._module.parts else [text]
        room = limit // len(parts)
        return divider.join([await self._notes(part, room) for part in parts])

    async def _notes(self, text: str, limit: int) -> str:
        while len(text) > limit:
            pieces = await self._map_pieces(text, max(limit, _MIN_CHARS), self._note)
            notes = "\n".join(filter(None, pieces)) or _NO_NOTE
            if len(notes) > len(text) * _MAX_NOTES_SHARE:
                raise JobFailed(
                    "The text cannot be condensed far enough for this model.",
                    hint="Use a larger model (SKYDECK_LLM, or SKYDECK_LLM_MODEL), or less text.",
                    service_code="cannot_condense",
                )
            text = notes
        return text

    async def _map_pieces(self, text: str, limit: int, ask: Ask[Result]) -> list[Result]:
        """Return each piece's result, in order. A piece that is too long is halved."""
        todo = deque(split(text, limit))
        self._progress.total += len(todo)
        results: list[Result] = []
        while todo:
            piece = todo.popleft()
            try:
                results.append(await ask(piece))
            except (PromptTooLong, AnswerTooLong):
                if len(piece) <= _MIN_CHARS:
                    raise
                halves = halve(piece)
                todo.extendleft(reversed(halves))
                self._progress.total += len(halves) - 1
            else:
                self._progress.done += 1
        return results

    async def _transform(self, piece: str) -> str:
        """Transform a piece, and keep the white space around it."""
        before, words, after = margins(piece)
        transformed = self._transformed
        if words:
            words = await self._text(words, f"{transformed}{before}")
        self._transformed = self._progress.draft = f"{transformed}{before}{words}{after}"
        return f"{before}{words}{after}"

    async def _text(self, text: str, transformed: str = "") -> str:
        def show(answer: str) -> None:
            self._progress.draft = transformed + answer

        return await self._model.text(
            self._prompt(self._messages(text)), show, self._problem_of_language
        )

    def _problem_of_language(self, answer: str) -> str:
        """That an answer is in another language than the one wanted; empty: it is not, surely."""
        options = (one for one in self._module.options if one.type is OptionType.LANGUAGE)
        named = next((str(self._settings[one.name]) for one in options), "")
        wanted = language_named(named)
        if wanted is None:
            return ""
        found = text_language.decide_on(answer, LanguageHints()).code
        return f"it is not in {wanted.english}" if found not in {None, wanted.code} else ""

    async def _json(self, text: str) -> dict[str, Any]:
        return await self._model.json_object(self._prompt(self._messages(text)))

    async def _note(self, text: str) -> str:
        module = self._module
        instruction = Message(role="system", content=module.render(module.condense, self._settings))
        messages = [instruction, Message(role="user", content=text)]
        note = await self._model.note(Prompt(messages=messages, max_tokens=_NOTE_TOKENS))
        return "" if note.strip(" .").upper() == _NO_NOTE else whole_sentences(note)

    def _messages(self, text: str) -> list[Message]:
        module = self._module
        messages = [Message(role="system", content=module.render(module.prompt, self._settings))]
        for shot in module.shots:
            messages.append(Message(role="user", content=shot.message))
            messages.append(Message(role="assistant", content=shot.answer))
        question = module.render(module.message, self._settings, text)
        return [*messages, Message(role="user", content=question)]

    def _prompt(self, messages: list[Message]) -> Prompt:
        return Prompt(
            messages=messages,
            max_tokens=self._module.max_tokens,
            temperature=self._module.temperature,
            schema=self._schema,
        )
