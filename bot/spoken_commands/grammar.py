"""The phrases of one language, compiled from templates. Pure.

A template is words with alternatives `(say|repeat)`, options `[please]` and the slot `<language>`,
as in Home Assistant's sentence templates (hassil).
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib import resources
from itertools import chain
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


class Grammar:
    """One language's phrases. Each pattern matches words that all end with a space.

    A pattern is compiled when it is first needed: all of them take a sixth of a second, and most of
    what people say has a word that no phrase has.

    Attributes:
        languages: The codes of the languages, by each name.
        jobs: The names of `JobNoun`, by each word for one.
        spellings: What recognisers write for some words, and those words.
        vocabulary: Every word of every phrase.
    """

    def __init__(self, language: str) -> None:
        file = resources.files("bot.spoken_commands").joinpath(f"{language}.toml")
        self._table = tomllib.loads(file.read_text("utf-8"))
        self.languages: Mapping[str, str] = _language_names(language, self._table["languages"])
        self.jobs: Mapping[str, str] = {
            word: noun
            for noun, said in self._table["jobs"].items()
            for one in said
            for word in words_of(one)
        }
        self.spellings: Mapping[str, str] = {
            " ".join(words_of(heard)): " ".join(words_of(meant))
            for heard, meant in self._table["spellings"].items()
        }
        self._endings = "|".join(self._table["clitics"])
        self.vocabulary: frozenset[str] = frozenset(self._words())

    @cached_property
    def command(self) -> re.Pattern[str]:
        """Any one command, with the politeness around it."""
        any_command = "|".join(map(self._any_of, self._table["commands"].values()))
        return self._around(f"(?:{any_command})", f"(?:{self._names}) ")

    @cached_property
    def commands(self) -> Mapping[str, re.Pattern[str]]:
        """Each kind of it by name; a name joins the commands of one phrase by `+`.

        A group holds the slot.
        """
        return {
            name: self._around(self._any_of(phrases), f"({self._names}) ")
            for name, phrases in self._table["commands"].items()
        }

    @cached_property
    def bare(self) -> Mapping[str, re.Pattern[str]]:
        """Phrases that count only without such politeness."""
        phrases = self._table["bare"]
        return {name: re.compile(self._any_of(one)) for name, one in phrases.items()}

    @cached_property
    def joint(self) -> re.Pattern[str]:
        """What may come between two commands."""
        return re.compile(self._any_of(self._table["joint"]))

    @cached_property
    def answers(self) -> Mapping[str, re.Pattern[str]]:
        """The answers to the assistant's own question, by name: yes or no.

        What a yes says is after a + (`Agreement`).
        """
        phrases = self._table["answers"]
        return {name: self._around(self._any_of(one), "") for name, one in phrases.items()}

    def spelt(self, text: str) -> str:
        """A text, in which each word ends with a space, with the words that were meant."""
        for heard, meant in self.spellings.items():
            text = f" {text}".replace(f" {heard} ", f" {meant} ")[1:]
        return text

    @cached_property
    def _names(self) -> str:
        return "|".join(sorted(map(re.escape, self.languages), key=len, reverse=True))

    @cached_property
    def _politeness(self) -> tuple[str, str]:
        return self._any_of(self._table["before"]), self._any_of(self._table["after"])

    def _around(self, phrases: str, slot: str) -> re.Pattern[str]:
        before, after = self._politeness
        return re.compile(f"{before}*{phrases.replace(_SLOT, slot)}{after}*")

    def _any_of(self, templates: Iterable[str]) -> str:
        return f"(?:{'|'.join(_regex(template, self._endings) for template in templates)})"

    def _words(self) -> Iterator[str]:
        for name in self.languages:
            yield from name.split()
        tables = [self._table[name].values() for name in ("commands", "bare", "answers")]
        groups = [*(self._table[name] for name in ("before", "after", "joint")), *chain(*tables)]
        for word in words_of(" ".join(chain(*groups))):
            yield word
            if parts := _without_ending(word, self._endings):
                yield from parts


@cache
def grammar_of(language: str) -> Grammar:
    """The phrases of a language of `GRAMMAR_LANGUAGES`."""
    return Grammar(language)


def compile_grammars() -> None:
    """Compile all patterns, for whom the first utterance must not wait."""
    for grammar in map(grammar_of, GRAMMAR_LANGUAGES):
        _ = grammar.command, grammar.commands, grammar.bare, grammar.joint, grammar.answers


def _language_names(language: str, more: Mapping[str, str]) -> dict[str, str]:
    """Every name of every language: in this grammar's language, its own, and the file's."""
    words = words_for(language)
    found: dict[str, str] = {}
    for code, known in LANGUAGES.items():
        for name in (words(f"grace.language.{code}"), known.english, known.native):
            found[" ".join(words_of(name))] = code
    return found | {" ".join(words_of(name)): code for name, code in more.items()}


def _regex(template: str, endings: str) -> str:
    return "".join(_regex_of_token(token, endings) for token in _TOKEN.findall(template))


def _regex_of_token(token: str, endings: str) -> str:
    if token in _SIGNS:
        return _SIGNS[token]
    if token == _SLOT:
        return _SLOT
    return "".join(f"{_with_ending_apart(word, endings)} " for word in words_of(token))


def _with_ending_apart(word: str, endings: str) -> str:
    return " ?".join(_without_ending(word, endings)) or word


def _without_ending(word: str, endings: str) -> tuple[str, ...]:
    """A word's stem and its ending; none if it has no ending."""
    found = re.fullmatch(rf"(.{{{_MIN_STEM_CHARS},}})({endings})", word) if endings else None
    return () if found is None else found.groups()
