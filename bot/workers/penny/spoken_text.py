"""What a voice says for what is written: numbers, dates, units, signs, addresses. Pure.

The voices read plain words and digits well. This changes only what both engines read wrongly: "5*4"
(asterisk), "$5" (dollar five), "17:05" (zero five), "km/h" (slash), "Dr. Smith" (with a pause), and
emoji. The words are in `spoken_words/`. A language without such a file keeps its signs, which its
voice reads in its own way.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from bot.workers.penny.plain_text import plain
from bot.workers.penny.spanish_numbers import with_gender
from bot.workers.penny.spoken_rules import SpokenRules

_LANGUAGES: Final = ("en", "es")
_SPANISH: Final = "es"
_PICTURES: Final = re.compile(
    "[\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001faff\U0001fb00-\U0001fbff\ufe0e\ufe0f\u20e3\U000e0020-\U000e007f]+"
    "|\u200d(?![\u0900-\u0dff\u0600-\u06ff])"
)
"""Emoji and what joins them. A keycap keeps its digit."""
_FACE: Final = re.compile(
    r"(?<!\S)(?:[:;=][-o^']?[()DPpO3/|\\*]|8-\)|</?3|[xX]D|\^_?\^)(?=[\s.!,?]|\Z)"
)
_URL: Final = re.compile(
    r"\b(?:https?://(?:[^\s/@]*@)?|(?=www\.))(?:www\.)?([\w.-]*\w)(?::\d+)?(?:[/?#][^\s<>\"]*)?",
    re.IGNORECASE,
)
_SITE_AND_PATH: Final = re.compile(
    r"(?<![\w@./-])((?:[a-z0-9-]+\.)+[a-z]{2,})/[^\s<>\"]*", re.IGNORECASE
)
_URL_END: Final = re.compile(r"[.,;:!?)\]'\"]+\Z")
_AT_NAME: Final = re.compile(r"(?<![\w@.])@(?=\w)")
_SNAKE: Final = re.compile(r"(?<=[^\W_])_+(?=[^\W_])|(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)")
_LEFTOVERS: Final = re.compile(
    r"[*`|\u2022]+|(?<!\w)#+(?=\w)|(?<!\S)[~^_=<>#+\\/-]+(?!\S)|\(\s*\)|\[\s*\]"
)
_SPACE_BEFORE_STOP: Final = re.compile(r"\s+(?=[.,;:!?\u2026](?:\s|\Z))")


def shown(text: str, language: str) -> str:
    """The words of a phrase without its Markdown; empty if it has none.

    Args:
        text: A phrase in Markdown.
        language: ISO 639-1.
    """
    return plain(text, lambda name: _code_block(name, language))


def spoken(text: str, language: str) -> str:
    """What a voice says for a phrase; empty if there is nothing to say.

    Args:
        text: What `shown` returns.
        language: ISO 639-1.
    """
    text = _FACE.sub("", _PICTURES.sub(" ", text))
    text = _SITE_AND_PATH.sub(_site, _URL.sub(_site, text))
    if language in _LANGUAGES:
        text = _rules(language).say(text)
    text = _LEFTOVERS.sub(" ", _SNAKE.sub(" ", _AT_NAME.sub("", text)))
    if language == _SPANISH:
        text = with_gender(text)
    text = _SPACE_BEFORE_STOP.sub("", " ".join(text.split()))
    return text if any(map(str.isalnum, text)) else ""


def _code_block(name: str, language: str) -> str:
    words = _words(language if language in _LANGUAGES else _LANGUAGES[0])
    return str(words["code_in"]).format(name) if name else str(words["code"])


def _site(address: re.Match[str]) -> str:
    """Nobody reads out what follows the site."""
    ending = _URL_END.search(address[0])
    signs = ending[0] if ending else ""
    if address[0].count("(") >= address[0].count(")"):
        signs = signs.replace(")", "")  # it belongs to the address
    return address[1] + signs


@cache
def _rules(language: str) -> SpokenRules:
    return SpokenRules(_words(language))


@cache
def _words(language: str) -> Mapping[str, Any]:
    folder = resources.files("bot.workers.penny").joinpath("spoken_words")
    return tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8"))
