"""Which language somebody means by a word, and which they may have meant. Pure."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

from bot.did_you_mean import nearest
from bot.languages import LANGUAGES, Language, find_language
from bot.plain_words import plain
from bot.sanitize import quoted

_COUNTRIES: Final = {
    "at": "de", "br": "pt", "ch": "de", "cn": "zh", "cz": "cs", "dk": "da", "ee": "et", "gb": "en",
    "gr": "el", "il": "he", "ir": "fa", "jp": "ja", "kr": "ko", "mx": "es", "rs": "sr", "se": "sv",
    "si": "sl", "tw": "zh", "ua": "uk", "us": "en", "vn": "vi",
}  # fmt: skip
"""Countries that people write for their language, where that is not another language's code."""
_NAMES: Final = {
    name.casefold(): one.code for one in LANGUAGES.values() for name in (one.english, one.native)
}
_MAX_SHOWN_CHARS: Final = 20
_COUNT: Final = 3


def language_named(word: str) -> Language | None:
    """A language by its tag (`es`, `es-MX`), its English name or its own; None: there is none."""
    asked = word.strip()
    return find_language(asked) or LANGUAGES.get(_NAMES.get(asked.casefold(), ""))


@cache
def other_languages() -> Mapping[str, str]:
    """The English names of languages that are not in the table, by their plain names.

    "gales" is Welsh: a text can be translated into it, and nothing else is known of it.
    """
    data = resources.files("bot.languages").joinpath("other_names.toml").read_text("utf-8")
    return {
        plain(name): english
        for english, others in tomllib.loads(data).items()
        for name in (english, *others)
    }


def any_language(word: str) -> str | None:
    """The English name of a language, also of one that is only known by name; None: of none."""
    known = language_named(word)
    return known.english if known is not None else other_languages().get(plain(word.strip()))


def guess_language(word: str) -> str:
    """A question for people, as `Did you mean es (Spanish)?`; empty: no language is like it."""
    codes = _like(word.strip().casefold())
    named = [f"{code} ({LANGUAGES[code].english})" for code in codes]
    return f"Did you mean {' or '.join(named)}?" if named else ""


def no_language(word: str) -> tuple[str, str]:
    """What is wrong with a word that names no language, and what to do about it."""
    listed = f"The languages are: {', '.join(LANGUAGES)}."
    shown = quoted(word, limit=_MAX_SHOWN_CHARS)
    return f"There is no language {shown}.", guess_language(word) or listed


def _like(asked: str) -> list[str]:
    if not asked:
        return []
    if asked in _COUNTRIES:
        return [_COUNTRIES[asked]]
    found = [name for name in _NAMES if name.startswith(asked)]
    if not found and len(asked) > 2:  # noqa: PLR2004  (two letters are like too many names)
        found = nearest(asked, _NAMES)[:1]
    return list(dict.fromkeys(_NAMES[name] for name in found))[:_COUNT]
