"""The phrases of one language, compiled from templates. Pure.

A template is words with alternatives `(say|repeat)`, options `[please]` and the slot `<language>`,
as in Home Assistant's sentence templates (hassil).
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from typing import Final

from bot.i18n import words_for
from bot.languages import LANGUAGES
from bot.spoken_commands.normalization import words_of

GRAMMAR_LANGUAGES: Final = ("en", "es")
_SLOT: Final = "<language>"
_TOKEN: Final = re.compile(r"[\[\]()|]|<\w+>|[^\s\[\]()|<>]+")
_MIN_STEM_CHARS: Final = 2
"""What is left of a word without its ending is a verb only if it is at least so long."""
_SIGNS: Final = {"(": "(?:", "[": "(?:", "|": "|", ")": ")", "]": ")?"}


@dataclass(frozen=True, slots=True)
class Grammar:
    """One language's phrases. Each pattern matches words that all end with a space.

    Attributes:
        command: Any one command, with the politeness around it.
        commands: Each kind of it by name; a name joins the commands of one phrase by `+`. A group
            holds the slot.
        bare: Phrases that count only without such politeness.
        joint: What may come between two commands.
        answers: The answers to the assistant's own question, by name: yes or no; what a yes says is
            after a + (`Agreement`).
        languages: The codes of the languages, by each name.
        jobs: The names of `JobNoun`, by each word for one.
        spellings: What recognisers write for some words, and those words.
    """

    command: re.Pattern[str]
    commands: Mapping[str, re.Pattern[str]]
    bare: Mapping[str, re.Pattern[str]]
    joint: re.Pattern[str]
    answers: Mapping[str, re.Pattern[str]]
    languages: Mapping[str, str]
    jobs: Mapping[str, str]
    spellings: Mapping[str, str]

    def spelt(self, text: str) -> str:
        """A text, in which each word ends with a space, with the words that were meant."""
        for heard, meant in self.spellings.items():
            text = f" {text}".replace(f" {heard} ", f" {meant} ")[1:]
        return text


@cache
def grammar_of(language: str) -> Grammar:
    """The phrases of a language of `GRAMMAR_LANGUAGES`."""
    file = resources.files("bot.spoken_commands").joinpath(f"{language}.toml")
    table = tomllib.loads(file.read_text("utf-8"))
    languages = _language_names(language, table["languages"])
    any_of = partial(_any_of, endings="|".join(table["clitics"]))
    before, after = any_of(table["before"]), any_of(table["after"])
    slot = "|".join(sorted(map(re.escape, languages), key=len, reverse=True))

    def around(phrases: str, slot: str) -> re.Pattern[str]:
        return re.compile(f"{before}*{phrases.replace(_SLOT, slot)}{after}*")

    commands = {name: any_of(phrases) for name, phrases in table["commands"].items()}
    bare = {name: any_of(phrases) for name, phrases in table["bare"].items()}
    return Grammar(
        command=around(f"(?:{'|'.join(commands.values())})", f"(?:{slot}) "),
        commands={name: around(phrases, f"({slot}) ") for name, phrases in commands.items()},
        bare={name: re.compile(phrases) for name, phrases in bare.items()},
        joint=re.compile(any_of(table["joint"])),
        answers={name: around(any_of(phrases), "") for name, phrases in table["answers"].items()},
        languages=languages,
        jobs={
            w: noun for noun, said in table["jobs"].items() for one in said for w in words_of(one)
        },
        spellings={
            " ".join(words_of(heard)): " ".join(words_of(meant))
            for heard, meant in table["spellings"].items()
        },
    )


def _language_names(language: str, more: Mapping[str, str]) -> dict[str, str]:
    """Every name of every language: in this grammar's language, its own, and the file's."""
    words = words_for(language)
    found: dict[str, str] = {}
    for code, known in LANGUAGES.items():
        for name in (words(f"grace.language.{code}"), known.english, known.native):
            found[" ".join(words_of(name))] = code
    return found | {" ".join(words_of(name)): code for name, code in more.items()}


def _any_of(templates: Iterable[str], *, endings: str) -> str:
    return f"(?:{'|'.join(_regex(template, endings) for template in templates)})"


def _regex(template: str, endings: str) -> str:
    return "".join(_regex_of_token(token, endings) for token in _TOKEN.findall(template))


def _regex_of_token(token: str, endings: str) -> str:
    if token in _SIGNS:
        return _SIGNS[token]
    if token == _SLOT:
        return _SLOT
    return "".join(f"{_with_ending_apart(word, endings)} " for word in words_of(token))


def _with_ending_apart(word: str, endings: str) -> str:
    found = re.fullmatch(rf"(.{{{_MIN_STEM_CHARS},}})({endings})", word) if endings else None
    return word if found is None else f"{found[1]} ?{found[2]}"
