"""Grace's modules are data: a name, a purpose, a prompt, options, an output form and an example.

The catalogue file is TOML; `parse_catalogue` reads and validates it. The user edits that file to
match a deployment, so every mistake in it is reported with the module's name.
"""

import tomllib
from enum import StrEnum
from string import Formatter
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bot.contract.envelope import Input, InputType, Policy, Request, Service, Source, Target, given
from bot.errors import BadInput, BadSettings, UnknownModule


class OptionType(StrEnum):
    """What kind of value an option takes."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"


class LongText(StrEnum):
    """How a text that is longer than the model's window is worked through.

    REDUCE: each piece, then the results together (a summary of summaries).
    JOIN: each piece, results one after another (a translation).
    MERGE: each piece, JSON results merged: lists united, the rest from the first that has it.
    """

    REDUCE = "reduce"
    JOIN = "join"
    MERGE = "merge"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Option(_Data):
    """One setting of a module."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    description: str = Field(min_length=1, max_length=100)
    type: OptionType = OptionType.STRING
    choices: list[str] = Field(default_factory=list)
    default: str | int | bool
    min: int | None = None
    max: int | None = None

    @model_validator(mode="after")
    def _default_fits(self) -> Self:
        if self.type is OptionType.CHOICE and not self.choices:
            raise ValueError(f"option {self.name}: a choice needs choices")
        self.check(self.default)
        return self

    def check(self, value: object) -> str | int | bool:
        """Read a value (a JSON value, or a word from a command line).

        Raises:
            BadInput: It is not of this option's type or range.
        """
        match self.type:
            case OptionType.BOOLEAN:
                return self._boolean(value)
            case OptionType.INTEGER:
                return self._integer(value)
            case OptionType.CHOICE:
                if str(value).lower() in self.choices:
                    return str(value).lower()
                raise BadInput(
                    f"{self.name} must be one of {', '.join(self.choices)}, not {value!r}."
                )
            case OptionType.STRING:
                text = str(value)
                limit = self.max or 4_000
                if len(text) > limit:
                    raise BadInput(f"{self.name} is {len(text)} characters; at most {limit}.")
                return text

    def _boolean(self, value: object) -> bool:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if str(value).lower() in words:
            return words[str(value).lower()]
        raise BadInput(f"{self.name} must be true or false, not {value!r}.")

    def _integer(self, value: object) -> int:
        try:
            number = int(str(value))
        except ValueError:
            raise BadInput(f"{self.name} must be a whole number, not {value!r}.") from None
        low = number if self.min is None else self.min
        high = number if self.max is None else self.max
        if not low <= number <= high:
            raise BadInput(f"{self.name} must be from {low} to {high}, not {number}.")
        return number


class Example(_Data):
    """Something to try; also the module's test."""

    input: str = Field(min_length=1)
    options: dict[str, str | int | bool] = Field(default_factory=dict)


class Module(_Data):
    """One of Grace's modules.

    `prompt` is the system prompt. `{option}` in it is replaced by the option's value, and `{{`
    stands for a brace; the text to work on is always the user's message, never in the prompt.
    """

    name: str = Field(pattern=r"^[A-Z][A-Z0-9_]{1,31}$")
    title: str = Field(min_length=1, max_length=40)
    purpose: str = Field(min_length=1, max_length=100)
    prompt: str = Field(min_length=1)
    output: Literal["text", "json"] = "text"
    json_schema: dict[str, Any] | None = None
    long: LongText = LongText.REDUCE
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

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if (self.output == "json") != (self.json_schema is not None):
            raise ValueError("json_schema is needed with output = 'json', and only there")
        if self.output == "json" and self.long is LongText.JOIN:
            raise ValueError("JSON pieces cannot be joined; use long = 'merge' or 'reduce'")
        known = {option.name for option in self.options}
        used = {name for _, name, _, _ in Formatter().parse(self.prompt) if name is not None}
        if used - known:
            raise ValueError(f"the prompt uses {sorted(used - known)}, which no option defines")
        self.settings(self.example.options)
        return self

    def settings(self, given_options: dict[str, Any] | None) -> dict[str, str | int | bool]:
        """Every option's value: what was given, checked, else the default.

        Raises:
            BadInput: An option that this module has not, or a value that does not fit.
        """
        options = dict(given_options or {})
        unknown = options.keys() - {option.name for option in self.options}
        if unknown:
            known = ", ".join(option.name for option in self.options) or "none"
            raise BadInput(f"{self.name} has no option {sorted(unknown)[0]!r}; it has: {known}.")
        return {o.name: o.check(options.get(o.name, o.default)) for o in self.options}

    def system_prompt(self, settings: dict[str, str | int | bool]) -> str:
        """The prompt with the options in their places."""
        return self.prompt.format(**settings)


class _File(_Data):
    module: list[Module] = Field(min_length=1)


def parse_catalogue(text: str) -> dict[str, Module]:
    """Read a catalogue file.

    Args:
        text: TOML, one `[[module]]` a module.

    Returns:
        The modules by name, in the file's order.

    Raises:
        BadSettings: With the module's name and what is wrong with it.
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
    return f"{'.'.join(map(str, where))}: {problem['msg']}"


def task(
    module: Module,
    text: str,
    *,
    source: Source,
    options: dict[str, Any] | None = None,
    policy: Policy | None = None,
) -> Request:
    """Ask Grace to put `module` to work on `text`.

    Raises:
        BadInput: The text is empty, or an option does not fit.
    """
    if not text.strip():
        raise BadInput(
            "There is no text to work on.", hint="Give some text, or - to read it from a pipe."
        )
    module.settings(options)
    return Request(
        source=source,
        target=Target(service=Service.GRACE, module=module.name),
        input=Input(type=InputType.TEXT, data=text),
        **given(params=options or None, policy=policy),
    )


def find(catalogue: dict[str, Module], name: str) -> Module:
    """A module by its name, in any case.

    Raises:
        UnknownModule: With the names there are.
    """
    try:
        return catalogue[name.upper()]
    except KeyError:
        raise UnknownModule(
            f"Grace has no module {name!r}.", hint=f"She has: {', '.join(catalogue)}."
        ) from None
