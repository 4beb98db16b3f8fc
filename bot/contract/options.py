"""Options of a service's modules: their types, how to parse them, and how to phrase them."""

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.did_you_mean import did_you_mean
from bot.errors import BadInput
from bot.language_names import any_language, guess_language
from bot.languages import LANGUAGES
from bot.sanitize import clean_line, quoted

AUTO = "auto"
"""As a language: that of the text."""

_COMMON = 2
"""The share of the languages that an error lists; all would be too many to read."""

_MAX_STRING_CHARS = 4_000
_MAX_ITEM_CHARS = 100
_MAX_ITEMS = 30
_MAX_SHOWN_CHARS = 40
"""The longest value that an error repeats."""


class OptionType(StrEnum):
    """The type of an option's value.

    LIST is several short strings: a JSON list, or words separated by commas. LANGUAGE is one of
    `bot.languages.LANGUAGES`, by its English name or its code, or another one by its name, or
    `auto` if that is the default.
    """

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    LIST = "list"
    LANGUAGE = "language"


def _refuse_fraction(value: object) -> object:
    if isinstance(value, float):
        raise ValueError(  # noqa: TRY004  (pydantic reports a ValueError)
            "must be a word, a whole number, true or false, or a list of words"
        )
    return value


Value = Annotated[str | int | bool | list[str], BeforeValidator(_refuse_fraction)]
"""The JSON value of an option."""


class Data(BaseModel):
    """A value from a file that people edit: frozen, and a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Option(Data):
    """One setting of a module.

    `min` and `max` bound an integer's value, a string's length, or a list's number of items.
    `words` phrases a choice or a boolean for the model: `short` as "in one sentence".
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    description: str = Field(min_length=1, max_length=100)
    type: OptionType = OptionType.STRING
    choices: list[str] = Field(default_factory=list)
    words: dict[str, str] = Field(default_factory=dict)
    default: Value
    min: int | None = None
    max: int | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if (self.type is OptionType.CHOICE) != bool(self.choices):
            raise ValueError(f"option {self.name}: choices go with type = 'choice', and only then")
        if any(choice != choice.lower() for choice in self.choices):
            raise ValueError(f"option {self.name}: choices must be lower case")
        known = self.choices or ["true", "false"] if self.type is not OptionType.STRING else []
        if stray := self.words.keys() - set(known):
            shown = quoted(sorted(stray)[0])
            raise ValueError(f"option {self.name}: words for {shown}, no such choice")
        try:
            self.check(self.default)
        except BadInput as e:
            raise ValueError(f"the default of option {e.message}") from None
        return self

    def check(self, value: object) -> Value:
        """Parse a JSON value, or a word from a command line.

        Raises:
            BadInput: It does not have this option's type or range.
        """
        match self.type:
            case OptionType.BOOLEAN:
                return self._boolean(value)
            case OptionType.INTEGER:
                return self._integer(value)
            case OptionType.CHOICE:
                return self._choice(value)
            case OptionType.LIST:
                return self._list(value)
            case OptionType.LANGUAGE:
                return self._language(value)
            case OptionType.STRING:
                return self._string(value)

    def known_values(self) -> list[str]:
        """The values that can be listed; none for numbers and texts."""
        match self.type:
            case OptionType.CHOICE:
                return list(self.choices)
            case OptionType.BOOLEAN:
                return ["true", "false"]
            case OptionType.LANGUAGE:
                return [*([AUTO] if self.default == AUTO else []), *LANGUAGES]
        return []

    def as_words(self, value: Value) -> str:
        """The value as phrased for the model."""
        if isinstance(value, list):
            return ", ".join(value)
        plain = str(value).lower() if isinstance(value, bool) else str(value)
        return self.words.get(plain, plain)

    def _boolean(self, value: object) -> bool:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if str(value).lower() in words:
            return words[str(value).lower()]
        raise self._wrong("must be true or false", value)

    def _integer(self, value: object) -> int:
        if isinstance(value, bool) or not re.fullmatch(r"\s*[+-]?\d{1,18}\s*", str(value)):
            raise self._wrong("must be a whole number", value)
        number = int(str(value))
        low = number if self.min is None else self.min
        high = number if self.max is None else self.max
        if not low <= number <= high:
            raise self._wrong(f"must be {_span(self.min, self.max)}", number)
        return number

    def _choice(self, value: object) -> str:
        if str(value).lower() in self.choices:
            return str(value).lower()
        rule = f"must be one of {', '.join(self.choices)}"
        raise self._wrong(rule, value, did_you_mean(str(value), self.choices))

    def _language(self, value: object) -> str:
        word = str(value).strip()
        if word.lower() == AUTO and self.default == AUTO:
            return AUTO
        known = any_language(word)
        if known is None:
            auto = [AUTO] if self.default == AUTO else []
            common = sorted(o.english for o in LANGUAGES.values() if o.share >= _COMMON)
            offered = ", ".join([*auto, *common])
            rule = f"must be one of {offered}, or another by its code"
            raise self._wrong(rule, value, guess_language(word))
        return known

    def _list(self, value: object) -> list[str]:
        given = value.split(",") if isinstance(value, str) else value
        if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
            raise self._wrong("must be a list of words", value)
        items = list(dict.fromkeys(item.strip() for item in given if item.strip()))
        low, high = self.min or 1, self.max or _MAX_ITEMS
        if not low <= len(items) <= high:
            raise BadInput(f"{self.name} must have {_span(low, high)} items, not {len(items)}.")
        if any(len(item) > _MAX_ITEM_CHARS for item in items):
            raise BadInput(f"Each item of {self.name} is at most {_MAX_ITEM_CHARS} characters.")
        return items

    def _string(self, value: object) -> str:
        if not isinstance(value, str | int | float):
            raise self._wrong("must be a text", value)
        text = str(value).strip()
        low, high = self.min or 0, self.max or _MAX_STRING_CHARS
        if not low <= len(text) <= high:
            raise BadInput(f"{self.name} must have {_span(low, high)} characters, not {len(text)}.")
        return text

    def _wrong(self, rule: str, value: object, hint: str = "") -> BadInput:
        shown = _as_typed(value)
        what = shown if len(shown) <= _MAX_SHOWN_CHARS else "that"
        return BadInput(f"{self.name} {rule}, not {what}.", hint=hint)


def check_options(
    owner: str, options: Sequence[Option], given: Mapping[str, object]
) -> dict[str, Value]:
    """Check the options that somebody gave a module.

    Raises:
        BadInput: The module has no such option, or a value does not fit.
    """
    by_name = {option.name: option for option in options}
    for name in given:
        if name not in by_name:
            guess = did_you_mean(name, by_name)
            known = ", ".join(by_name) or "none"
            raise BadInput(f"{owner} has no option {quoted(name)}; it has: {known}.", hint=guess)
    return {name: by_name[name].check(value) for name, value in given.items()}


def _as_typed(value: object) -> str:
    """A value as people write it: a word in quotes, all else as JSON."""
    if isinstance(value, str):
        return quoted(value, limit=_MAX_SHOWN_CHARS + 1)
    try:
        return clean_line(json.dumps(value, ensure_ascii=False))
    except (TypeError, ValueError):
        return "that"


def _span(low: int | None, high: int | None) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"from {low} to {high}"


_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")


def read_value(value: str) -> str | int | bool:
    """Read `true`, `false` and whole numbers of a command line as such, all else as text."""
    if value.lower() in {"true", "false"}:
        return value.lower() == "true"
    return int(value) if _WHOLE.fullmatch(value) else value


_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def placeholders(template: Any) -> set[str]:
    """The options that a template (any JSON value) names in strings of the form `{name}`."""
    if isinstance(template, dict):
        return set().union(*map(placeholders, [*template.keys(), *template.values()]))
    if isinstance(template, list):
        return set().union(*map(placeholders, template))
    found = _PLACEHOLDER.fullmatch(template) if isinstance(template, str) else None
    return {found[1]} if found else set()


def fill(template: Any, settings: dict[str, Value]) -> Any:
    """Replace every string of the form `{name}` in a template by that option's value.

    A list option is spliced into a list; as a key of an object it becomes one key per item.
    """
    match template:
        case dict():
            return {
                name: fill(inner, settings)
                for key, inner in template.items()
                for name in _spliced(key, settings)
            }
        case list():
            return [one for item in template for one in _items(item, settings)]
        case str() if (found := _PLACEHOLDER.fullmatch(template)) and found[1] in settings:
            return settings[found[1]]
    return template


def _items(item: Any, settings: dict[str, Value]) -> list[Any]:
    return _spliced(item, settings) if isinstance(item, str) else [fill(item, settings)]


def _spliced(text: str, settings: dict[str, Value]) -> list[Any]:
    found = _PLACEHOLDER.fullmatch(text)
    value = settings.get(found[1], text) if found else text
    return value if isinstance(value, list) else [value]
