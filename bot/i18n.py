"""The texts of everything that people read in Discord, in English and Spanish.

    words = words_for("es-419")
    words("chat.stopped", name="Ana")

The texts are TOML files in `locales/LANGUAGE/`. A key starts with the file's name, followed by
the table: `[said] hello = "…"` in `chat.toml` is `chat.said.hello`. New files are found
automatically. Each is read when one of its texts is first wanted: a command needs few of them.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from importlib import resources
from itertools import chain
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
    return Words(language, _Texts(language))


class _Texts(Mapping[str, str]):
    """The texts of the files of a language, by key."""

    def __init__(self, language: str) -> None:
        files = resources.files("bot").joinpath("locales", language).iterdir()
        named = ((file.name.rpartition("."), file) for file in files)
        self._files = {stem: file for (stem, _, ending), file in named if ending == "toml"}
        self._read: dict[str, dict[str, str]] = {}

    def __getitem__(self, key: str) -> str:
        return self._texts_of(key.partition(".")[0])[key]

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(map(self._texts_of, self._files))

    def __len__(self) -> int:
        return sum(len(self._texts_of(stem)) for stem in self._files)

    def _texts_of(self, stem: str) -> Mapping[str, str]:
        if stem not in self._read and stem in self._files:
            table = tomllib.loads(self._files[stem].read_text("utf-8"))
            self._read[stem] = dict(_flat(table, stem))
        return self._read.get(stem, {})


def _flat(table: Mapping[str, Any], above: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        key = f"{above}.{name}"
        if isinstance(value, dict):
            yield from _flat(value, key)
        else:
            yield key, value
