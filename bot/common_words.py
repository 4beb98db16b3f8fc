"""The common words of English and Spanish, and people's names, from `common_words.toml`. Pure."""

import tomllib
from functools import cache
from importlib import resources
from typing import Final

_LANGUAGES: Final = ("en", "es")


@cache
def common_words() -> frozenset[str]:
    """The words: lower case, without accents and apostrophes. The first call reads them."""
    return frozenset(word for language in _LANGUAGES for word in _lists()[language])


@cache
def people_names() -> frozenset[str]:
    """Names of people, in the same form."""
    return frozenset(_lists()["names"])


@cache
def _lists() -> dict[str, list[str]]:
    file = resources.files("bot").joinpath("common_words.toml")
    return {name: words.split() for name, words in tomllib.loads(file.read_text("utf-8")).items()}
