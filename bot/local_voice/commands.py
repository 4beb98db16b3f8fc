"""Reads what the person types: a question, or a `/command`. Pure.

    /summarize length=short Everything that was said …
    /translate to=es Good morning
    /build a function that tells whether a year is a leap year

Options come first, as `name=value`; the rest is the text. Each of Grace's modules is a command
under its name in Discord, and `/build` is the Factory's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from bot.contract import Request, Source, factory, grace
from bot.contract.grace import Module
from bot.contract.options import read_value
from bot.did_you_mean import did_you_mean, nearest
from bot.errors import BadInput, UnknownModule
from bot.module_names import find_module_name, module_names
from bot.sanitize import clean_excerpt, quoted


class Instruction(StrEnum):
    """A command that `skydeck talk` carries out itself."""

    HELP = "help"
    NEW = "new"
    SAVE = "save"


ABOUT: Final = {
    Instruction.HELP: "list what you can type here",
    Instruction.NEW: "begin a new conversation: Penny forgets what was said so far",
    Instruction.SAVE: "write the conversation to a folder, with its sound",
}
_BUILD: Final = "build"
_OR_SAY: Final = "Or say it: summarise what we said, translate that into Spanish, correct this: …"
_ITERATIONS: Final = 4


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
        self._modules = {shown: modules[name] for name, shown in module_names(modules).items()}
        self._by_contract_name = modules

    @property
    def names(self) -> list[str]:
        """The names of the commands; ours come first."""
        return [*Instruction, _BUILD, *self._modules]

    def help(self) -> str:
        """Describe each command in a line."""
        lines = [f"/{instruction}: {about}" for instruction, about in ABOUT.items()]
        lines.append(f"/{_BUILD}: make a program or a text, in rounds (option: iterations=1…10)")
        for name, module in self._modules.items():
            options = ", ".join(option.name for option in module.options)
            suffix = f" (options: {options})" if options else ""
            lines.append(f"/{name}: {module.purpose}{suffix}")
        lines.append(_OR_SAY)
        return "\n".join(lines)

    def completions(self, text: str) -> list[str]:
        """What the typed beginning can become, best first."""
        if not text.startswith("/"):
            return []
        name, space, rest = text[1:].partition(" ")
        if not space:
            return [f"/{known} " for known in self.names if known.startswith(name.lower())]
        *_, word = rest.rpartition(" ")
        contract_name = find_module_name(name, self._by_contract_name)
        if contract_name is None or "=" in word:
            return []
        module = self._by_contract_name[contract_name]
        before = text[: len(text) - len(word)]
        return [
            f"{before}{option.name}=" for option in module.options if option.name.startswith(word)
        ]

    def read(self, typed: str, *, so_far: str) -> Typed:
        """Read a line.

        Args:
            typed: The line.
            so_far: The conversation as text; a command without a text works on it.

        Raises:
            BadInput: The line is empty, or an option does not fit.
            UnknownModule: There is no such command; the hint names similar ones.
        """
        line = typed.strip()
        if not line:
            raise BadInput("The line is empty.")
        if not line.startswith("/"):
            return Question(line)
        name, _, rest = line[1:].partition(" ")
        name = name.lower()
        if name in set(Instruction):
            return Instruction(name)
        if name == _BUILD:
            return Task(self._build(rest))
        module = self._module(name)
        options, text = _split(rest, {option.name for option in module.options})
        return Task(
            grace.task(
                module,
                text or so_far,
                source=self._source,
                options={name: read_value(value) for name, value in options.items()},
            )
        )

    def _module(self, name: str) -> Module:
        """The module that a command names, by any of its names."""
        known = find_module_name(name, self._by_contract_name)
        if known is not None:
            return self._by_contract_name[known]
        near = nearest(name, self.names) or ["help"]
        hint = "Try: " + ", ".join(f"/{one}" for one in near) + "."
        raise UnknownModule(f"There is no command /{clean_excerpt(name, limit=40)}.", hint=hint)

    def _build(self, rest: str) -> Request:
        options, text = _split(rest, {"iterations"})
        rounds = options.get("iterations", str(_ITERATIONS))
        if not (rounds.isascii() and rounds.isdigit()):
            raise BadInput("iterations must be a whole number from 1 to 10.")
        return factory.build(text, source=self._source, iterations=int(rounds[:3]))


def _split(rest: str, known: set[str]) -> tuple[dict[str, str], str]:
    """Split off the options at the beginning from the text after them."""
    options: dict[str, str] = {}
    text = rest.strip()
    while text:
        word, _, after = text.partition(" ")
        name, equals, value = word.partition("=")
        if not equals:
            break
        if name not in known:
            _refuse_misspelt(name, known)
            break
        options[name] = value
        text = after.strip()
    return options, text


def _refuse_misspelt(name: str, known: set[str]) -> None:
    """Refuse `lenght=short`; what is like no option (`x=5`) is the beginning of a text.

    Raises:
        BadInput: It is like one.
    """
    if guess := did_you_mean(name, sorted(known)):
        raise BadInput(f"There is no option {quoted(name)}.", hint=guess)
