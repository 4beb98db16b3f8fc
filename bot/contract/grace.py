"""Grace's modules are data: a name, a purpose, a prompt, options, an output form and an example.

`parse_catalogue` reads and validates the TOML catalogue. Users edit that file to match a
deployment, so it reports every mistake with the module's name.
"""

import tomllib
from collections.abc import Collection
from enum import StrEnum
from string import Formatter
from typing import Any, Final, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from bot.contract.envelope import Input, InputType, Policy, Request, Service, Source, Target, given
from bot.contract.options import Data, Option, OptionType, Value, check_options, fill, placeholders
from bot.did_you_mean import did_you_mean
from bot.errors import BadInput, BadSettings, UnknownModule
from bot.module_names import find_module_name, module_name, module_names
from bot.sanitize import quoted

__all__ = ["Example", "LongText", "Module", "Option", "OptionType", "Shot", "Value"]
__all__ += ["MAX_TEXT_CHARS", "find", "parse_catalogue", "task", "unknown_module"]

MAX_TEXT_CHARS: Final = 1_000_000
"""The longest text that Grace takes: at 7 ms a token, a laptop takes half an hour to read it."""

_CONDENSE = (
    "Summarize this part of a longer text in two or three sentences. Keep names and numbers."
)


class LongText(StrEnum):
    """How Grace works through a text that is longer than one piece.

    REDUCE: condense each piece into notes until the notes fit, then work on the notes.
    JOIN: work on each piece and concatenate the results (a translation).
    MERGE: work on each piece and merge the JSON: unite lists, take other values from the first
    piece that has them.
    """

    REDUCE = "reduce"
    JOIN = "join"
    MERGE = "merge"


_LONG_FOR = {
    "text": {LongText.REDUCE, LongText.JOIN},
    "json": {LongText.REDUCE, LongText.MERGE},
}


class Shot(Data):
    """A sample question and answer, shown to the model first: small models need it."""

    message: str = Field(min_length=1)
    answer: str = Field(min_length=1)


class Example(Data):
    """A sample call; also the module's test."""

    input: str = Field(min_length=1)
    options: dict[str, Value] = Field(default_factory=dict)


class Module(Data):
    """One of Grace's modules.

    In `prompt`, `message` and `condense`, `{option}` stands for the option's value and `{{` for a
    brace.

    Attributes:
        prompt: The system prompt.
        message: The user's message; `{text}` stands for the text to work on.
        shots: Worked examples, shown to the model verbatim.
        json_schema: The form of the answer. The string `{option}` in it stands for the option's
            value: a list is spliced into a list; as a key it becomes one key per item.
        piece_chars: The longest piece of text to give to the model at once.
        condense: What to note about each piece under REDUCE.
        parts: A line that separates the parts of the input; Grace condenses each part on its own,
            so none is lost.
        max_tokens: The expected length of the answer; the limit is twice that.
    """

    name: str = Field(pattern=r"^[A-Z][A-Z0-9_]{1,31}$")
    title: str = Field(min_length=1, max_length=40)
    purpose: str = Field(min_length=1, max_length=100)
    prompt: str = Field(min_length=1)
    message: str = "{text}"
    shots: list[Shot] = Field(default_factory=list)
    output: Literal["text", "json"] = "text"
    json_schema: dict[str, Any] | None = None
    long: LongText = LongText.REDUCE
    piece_chars: int = Field(default=6_000, ge=200, le=1_000_000)
    condense: str = _CONDENSE
    parts: str | None = None
    temperature: float = Field(default=0.2, ge=0, le=2)
    max_tokens: int = Field(default=600, ge=1, le=4096)
    options: list[Option] = Field(default_factory=list)
    example: Example

    @field_validator("json_schema")
    @classmethod
    def _object_schema(cls, schema: dict[str, Any] | None) -> dict[str, Any] | None:
        if schema is not None and schema.get("type") != "object":
            raise ValueError("json_schema must describe an object")
        return schema

    @field_validator("options")
    @classmethod
    def _distinct(cls, options: list[Option]) -> list[Option]:
        names = [option.name for option in options]
        if len(set(names)) < len(names) or "text" in names:
            raise ValueError("option names must be unique, and none may be 'text'")
        return options

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if (self.output == "json") != (self.json_schema is not None):
            raise ValueError("json_schema is needed with output = 'json', and only then")
        if self.long not in _LONG_FOR[self.output]:
            raise ValueError("long = 'join' is for text, 'merge' for JSON, 'reduce' for either")
        used = _fields(self.prompt) | _fields(self.message) | _fields(self.condense)
        used |= placeholders(self.json_schema)
        if unknown := used - {"text"} - {option.name for option in self.options}:
            raise ValueError(f"it uses {{{sorted(unknown)[0]}}}, which no option defines")
        if "text" not in _fields(self.message) or "text" in _fields(self.prompt + self.condense):
            raise ValueError("{text} belongs in the message, and nowhere else")
        try:
            self.settings(self.example.options)
        except BadInput as e:
            raise ValueError(f"its example: {e.message}") from None
        return self

    def settings(self, given_options: dict[str, Any] | None) -> dict[str, Value]:
        """Every option's value: the given one, checked, or the default.

        Raises:
            BadInput: The module has no such option, or a value does not fit.
        """
        options = {k: v for k, v in (given_options or {}).items() if v is not None}
        checked = check_options(module_name(self.name), self.options, options)
        return {o.name: checked.get(o.name, o.default) for o in self.options}

    def render(self, template: str, settings: dict[str, Value], text: str = "") -> str:
        """Fill the options and the text into `prompt`, `message` or `condense`."""
        words = {option.name: option.as_words(settings[option.name]) for option in self.options}
        return template.format(text=text, **words)

    def answer_schema(self, settings: dict[str, Value]) -> dict[str, Any] | None:
        """The answer's JSON Schema with the options filled in; None for text."""
        filled: dict[str, Any] | None = fill(self.json_schema, settings)
        return filled


def _fields(template: str) -> set[str]:
    """The names in braces. Only plain names: templates need no formats and no attributes."""
    fields = set()
    for _, name, spec, conversion in Formatter().parse(template):
        if name is not None:
            if spec or conversion or not name.isidentifier():
                raise ValueError(f"{{{name}}} is not an option; write {{{{ for a literal brace")
            fields.add(name)
    return fields


class _File(Data):
    module: list[Module] = Field(min_length=1)


def parse_catalogue(text: str) -> dict[str, Module]:
    """Read a catalogue file.

    Args:
        text: TOML with one `[[module]]` per module.

    Returns:
        The modules by name, in the file's order.

    Raises:
        BadSettings: Names the module and the mistake.
    """
    try:
        raw = tomllib.loads(text)
        modules = _File.model_validate(raw).module
    except tomllib.TOMLDecodeError as e:
        raise BadSettings(f"Grace's catalogue is not valid TOML: {e}.") from None
    except ValidationError as e:
        raise BadSettings(f"Grace's catalogue: {_first_problem(e, raw)}.") from None
    names = [module.name for module in modules]
    for name in names:
        if names.count(name) > 1:
            raise BadSettings(f"Grace's catalogue has {name} twice.")
    return dict(zip(names, modules, strict=True))


def _first_problem(error: ValidationError, raw: dict[str, Any]) -> str:
    problem = error.errors()[0]
    where = list(problem["loc"])
    if len(where) >= 2 and where[0] == "module" and isinstance(where[1], int):  # noqa: PLR2004
        entry = raw["module"][where[1]]
        where[:2] = [entry.get("name", where[1]) if isinstance(entry, dict) else where[1]]
    words = problem["msg"].removeprefix("Value error, ")
    return f"{'.'.join(map(str, where))}: {words}"


def task(
    module: Module,
    text: str,
    *,
    source: Source,
    options: dict[str, Any] | None = None,
    policy: Policy | None = None,
) -> Request:
    """Ask Grace to run `module` on `text`.

    Raises:
        BadInput: The text is empty, or an option does not fit.
    """
    if not text.strip():
        raise BadInput(
            "There is no text to work on.", hint="Pass some text, or - to read it from a pipe."
        )
    module.settings(options)
    return Request(
        source=source,
        target=Target(service=Service.GRACE, module=module.name),
        input=Input(type=InputType.TEXT, data=text),
        **given(params=options or None, policy=policy),
    )


def find(catalogue: dict[str, Module], name: str) -> Module:
    """A module by any name that it has (`bot.module_names`).

    Raises:
        UnknownModule: Lists the existing names.
    """
    known = find_module_name(name, catalogue)
    if known is None:
        raise unknown_module("Grace", name, catalogue)
    return catalogue[known]


def unknown_module(service: str, name: str, contract_names: Collection[str]) -> UnknownModule:
    """The error for a name that no module of a service has; it says which there are."""
    names = module_names(contract_names).values()
    hint = f"{did_you_mean(name, names)} There are: {', '.join(names)}."
    return UnknownModule(f"{service} has no module {quoted(name)}.", hint=hint.strip())
