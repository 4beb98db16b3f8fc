"""The texts of everything that people read in Discord, in English and Spanish.

    words = words_for("es-419")
    words("chat.stopped", name="Ana")

The texts are TOML files in `locales/LANGUAGE/`. A key starts with the file's name, followed by
the table: `[said] hello = "…"` in `chat.toml` is `chat.said.hello`. New files are found
automatically.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from bot import figures, languages

DEFAULT: Final = languages.DEFAULT
INTERFACE_LANGUAGES: Final = tuple(
    one.code for one in languages.LANGUAGES.values() if one.interface
)
"""The languages of the bot's own texts, by code."""


class Translated(str):
    """A text of ours, in its reader's language: an error with it as its message needs no other."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language.

    Attributes:
        language: `en` or `es`.
        texts: The texts by key, as in the files.
    """

    language: str
    texts: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """The text, with each `{name}` replaced by the value of that name.

        The values are inserted as they are: braces and Markdown in them are not interpreted. Whole
        numbers are written as the language writes them.

        Raises:
            KeyError: There is no such text, or a value is missing.
        """
        shown = {name: self._shown(value) for name, value in values.items()}
        return Translated(self.texts[key].format_map(shown))

    def count(self, key: str, number: int, /, **values: object) -> str:
        """The text of `key_one` or `key_many`, depending on the number, which is `{number}` in it.

        Raises:
            KeyError: As for a call.
        """
        form = "one" if number == 1 else "many"
        return self(f"{key}_{form}", number=number, **values)

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self.texts

    def _shown(self, value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool | Enum):
            return figures.whole(value, self.language)
        return value


@lru_cache(maxsize=128)  # called for each text of each command in each of Discord's languages
def words_for(locale: str | None) -> Words:
    """The words for a Discord locale (`es-ES`, `en-GB`, …), or English."""
    language = languages.primary(locale)
    return _read(language if language in INTERFACE_LANGUAGES else DEFAULT)


@cache
def _read(language: str) -> Words:
    texts: dict[str, str] = {}
    for file in resources.files("bot").joinpath("locales", language).iterdir():
        stem, dot, ending = file.name.rpartition(".")
        if dot and ending == "toml":
            texts.update(_flat(tomllib.loads(file.read_text("utf-8")), stem))
    return Words(language, MappingProxyType(texts))


def _flat(table: Mapping[str, Any], above: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        key = f"{above}.{name}"
        if isinstance(value, dict):
            yield from _flat(value, key)
        else:
            yield key, value
