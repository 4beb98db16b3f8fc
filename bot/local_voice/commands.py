"""Reads what the person types: a question, or a `/command`. Pure.

    /summarize length=short Everything that was said …
    /translate to=es Good morning
    /build a function that tells whether a year is a leap year

Options come first, as `name=value`; the rest is the text. Each of Grace's modules is a command
under its name in Discord, and `/build` is the Factory's. A name in any of our languages works.
`command_menu` lists what can be typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from bot.contract import Request, Source, factory, grace
from bot.contract.grace import Module
from bot.contract.options import read_value
from bot.did_you_mean import did_you_mean, nearest
from bot.errors import UnknownModule
from bot.i18n import DEFAULT, INTERFACE_LANGUAGES, Words, words_for
from bot.local_voice.in_words import Told
from bot.module_names import find_module_name, module_name, module_names
from bot.sanitize import clean_excerpt, quoted

ENGLISH: Final = words_for(DEFAULT)


class Instruction(StrEnum):
    """A command that `skydeck talk` carries out itself."""

    HELP = "help"
    NEW = "new"
    PAST = "past"
    FIND = "find"
    SAVE = "save"


BUILD: Final = "build"
ROUNDS: Final = "iterations"
_ITERATIONS: Final = 4


class UnknownCommand(Told, UnknownModule):
    """There is no such command; the message is in the person's language."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question to Penny."""

    text: str


@dataclass(frozen=True, slots=True)
class Task:
    """Work for Grace or the Factory."""

    request: Request


Typed: TypeAlias = Question | Task | Instruction


class Commands:
    """All commands.

    Args:
        modules: Grace's modules, by name.
        source: The contract's source of each request.
    """

    def __init__(self, modules: Mapping[str, Module], source: Source) -> None:
        self._source = source
        self._modules = modules

    def instructions(self, words: Words) -> dict[str, Instruction]:
        """Our own commands, by the name that the person reads."""
        return {words(f"talk.name.{one}"): one for one in Instruction}

    def modules(self, words: Words) -> dict[str, Module]:
        """Grace's modules, by the name that the person reads; no two are the same."""
        sure = module_names(self._modules)
        shown = {name: module_name(name, words.language) for name in self._modules}
        taken = [*shown.values(), *self.instructions(words), build_name(words)]
        return {
            shown[name] if taken.count(shown[name]) == 1 else sure[name]: module
            for name, module in self._modules.items()
        }

    def names(self, words: Words = ENGLISH) -> list[str]:
        """The names of the commands; ours come first."""
        return [*self.instructions(words), build_name(words), *self.modules(words)]

    def module_called(self, name: str) -> Module | None:
        """The module that a command names, by any of its names."""
        known = find_module_name(name, self._modules)
        return None if known is None else self._modules[known]

    def read(self, typed: str, *, so_far: str, words: Words = ENGLISH) -> Typed:
        """Read a line.

        Args:
            typed: The line.
            so_far: The conversation as text; a command without a text works on it.
            words: The person's language.

        Raises:
            BadInput: The line is empty, or an option does not fit.
            UnknownModule: There is no such command; the hint names similar ones.
        """
        line = typed.strip()
        if not line:
            raise Told(words("talk.command.empty"))
        if not line.startswith("/"):
            return Question(line)
        name, _, rest = line[1:].partition(" ")
        name = name.lower()
        if instruction := _in_any_language(name):
            return instruction
        if name in _BUILD_NAMES:
            return Task(self._build(rest, words))
        module = self._known(name, words)
        options, text = _split(rest, {option.name for option in module.options}, words)
        return Task(
            grace.task(
                module,
                text or so_far,
                source=self._source,
                options={name: read_value(value) for name, value in options.items()},
            )
        )

    def _known(self, name: str, words: Words) -> Module:
        module = self.module_called(name)
        if module is not None:
            return module
        near = nearest(name, self.names(words)) or [words("talk.name.help")]
        listed = ", ".join(f"/{one}" for one in near)
        shown = clean_excerpt(name, limit=40)
        raise UnknownCommand(words("talk.command.unknown", name=shown, near=listed))

    def _build(self, rest: str, words: Words) -> Request:
        options, text = _split(rest, {ROUNDS}, words)
        rounds = options.get(ROUNDS, str(_ITERATIONS))
        if not (rounds.isascii() and rounds.isdigit()):
            raise Told(words("talk.command.rounds_wrong"))
        return factory.build(text, source=self._source, iterations=int(rounds[:3]))


def build_name(words: Words) -> str:
    """The name of the Factory's command."""
    return words("factory.cmd.build.name")


_ALL_WORDS: Final = [words_for(language) for language in INTERFACE_LANGUAGES]
_BUILD_NAMES: Final = {BUILD, *map(build_name, _ALL_WORDS)}


def _in_any_language(name: str) -> Instruction | None:
    for one in Instruction:
        if name == one or any(name == words(f"talk.name.{one}") for words in _ALL_WORDS):
            return one
    return None


def _split(rest: str, known: set[str], words: Words) -> tuple[dict[str, str], str]:
    """Split off the options at the beginning from the text after them."""
    options: dict[str, str] = {}
    text = rest.strip()
    while text:
        word, _, after = text.partition(" ")
        name, equals, value = word.partition("=")
        if not equals:
            break
        if name not in known:
            _refuse_misspelt(name, known, words)
            break
        options[name] = value
        text = after.strip()
    return options, text


def _refuse_misspelt(name: str, known: set[str], words: Words) -> None:
    """Refuse `lenght=short`; what is like no option (`x=5`) is the beginning of a text.

    Raises:
        BadInput: It is like one.
    """
    if guess := did_you_mean(name, sorted(known)):
        hint = guess if words.language == DEFAULT else ", ".join(sorted(known))
        raise Told(words("talk.command.no_option", name=quoted(name)), hint=hint)
