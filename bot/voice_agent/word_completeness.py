"""Do a turn's recognised words end where people stop, or where they go on? Pure.

English and Spanish, by the lists of `word_completeness.toml`. In any other language only the
recogniser's punctuation tells. What recognisers put at the end of a half sentence is a full stop or
a question mark as often as not, so words count before signs.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from audio.turn_end import Words
from bot.languages import primary

_TOKEN: Final = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_BROKEN_OFF: Final = re.compile(r"(?:[,;:\u2014\u2013\u3001\uff0c\u060c-]|\.{2,}|\u2026)\W*\Z")
_ASKS: Final = re.compile(r"[?\uff1f\u061f]\W*\Z")
_SENTENCE_END: Final = re.compile(r"[.!?\u2026\u00bf\u00a1]+(?=\s|\Z|[\u00bf\u00a1])")
_CLAUSE_END: Final = re.compile(r"[,;:]+")


@dataclass(frozen=True, slots=True)
class _Lists:
    """One language's lists; see the data file."""

    dangling: frozenset[str]
    dangling_phrases: frozenset[str]
    auxiliaries: frozenset[str]
    prepositions: frozenset[str]
    stranded_after: re.Pattern[str]
    phrasal_verbs: re.Pattern[str]
    pronouns: frozenset[str]
    fillers: frozenset[str]
    openings: re.Pattern[str]
    subordinate: re.Pattern[str]
    question_words: frozenset[str]
    inversions: frozenset[str]
    commands: frozenset[str]
    politeness: frozenset[str]
    closings: frozenset[str]
    answers: frozenset[str]
    starts: frozenset[str]
    numbers: frozenset[str]
    limits: Mapping[str, int]

    @classmethod
    def of(cls, table: Mapping[str, str], limits: Mapping[str, int]) -> "_Lists":
        phrases = {"dangling_phrases", "closings", "answers", "starts"}
        lists: dict[str, Any] = {
            name: _phrases(text) if name in phrases else frozenset(text.split())
            for name, text in table.items()
        }
        for name in ("openings", "phrasal_verbs", "stranded_after", "subordinate"):
            lists[name] = re.compile(table[name].replace("\n", ""))
        return cls(limits=limits, **lists)

    def common_words(self, words: Sequence[str]) -> int:
        """How many of these words the language's lists know."""
        known = self.dangling | self.auxiliaries | self.prepositions | self.question_words
        return sum(word in known or word in self.commands for word in words)


def judge_words(transcript: str, language: str | None = None) -> Words:
    """Say how complete the words of a turn are.

    Args:
        transcript: What has been recognised of the turn; its end counts.
        language: Its language's code or tag; None: unknown, and the words themselves tell.
    """
    text = _plain(transcript[-_limits()["chars"] :])
    words = _TOKEN.findall(text)
    if not words:
        return Words.UNKNOWN
    lists = _lists_for(primary(language), words)
    if lists is None:
        return Words.DANGLING if _BROKEN_OFF.search(text) else Words.UNKNOWN
    sentences = [s for s in _SENTENCE_END.split(text) if _TOKEN.search(s)]
    clauses = [found for c in _CLAUSE_END.split(sentences[-1]) if (found := _TOKEN.findall(c))]
    sentence = _TOKEN.findall(sentences[-1])
    if " ".join(words) in lists.answers or all(" ".join(c) in lists.answers for c in clauses):
        return Words.WHOLE
    if _BROKEN_OFF.search(text) or _dangles(lists, sentence, clauses, asks=_asks(text)):
        return Words.DANGLING
    return Words.WHOLE if _is_whole(lists, sentence, asks=_asks(text)) else Words.OPEN


def _dangles(
    lists: _Lists, sentence: list[str], clauses: Sequence[Sequence[str]], *, asks: bool
) -> bool:
    whole, last, clause = " ".join(sentence), sentence[-1], " ".join(clauses[-1])
    if whole in lists.starts or last in lists.dangling or last in lists.fillers:
        return whole not in lists.answers
    if _ends_with(sentence, lists.dangling_phrases):
        return not _ends_with(sentence, lists.closings)
    core = _core(lists, _without_closing(lists, sentence))
    is_question = bool(core) and (core[0] in lists.question_words or _has_two(core, lists))
    if last in lists.prepositions and not _ends_with_phrasal_verb(lists, sentence):
        return not (is_question and lists.stranded_after.fullmatch(core[-2]))
    if last in lists.auxiliaries and not _may_end_in_auxiliary(lists, sentence):
        return not (is_question and len(core) >= lists.limits["question_words"] and asks)
    if whole in lists.answers or clause in lists.answers - lists.closings:
        return False
    opening = clause if len(clauses) > 1 and clause not in lists.closings else " ".join(core)
    if lists.openings.fullmatch(opening):
        return True
    if lists.subordinate.fullmatch(opening) and not _has_main_clause(lists, clauses):
        return True
    return _is_list(lists, sentence, clauses)


def _has_two(core: Sequence[str], lists: _Lists) -> bool:
    """Whether a preposition comes before the question word: "for what", "de qué"."""
    return len(core) > 1 and core[0] in lists.prepositions and core[1] in lists.question_words


def _has_main_clause(lists: _Lists, clauses: Sequence[Sequence[str]]) -> bool:
    """Whether the last clause says when or why of one before it, and not of one that follows."""
    return any(
        len(_core(lists, clause)) > 1
        and " ".join(clause) not in lists.answers | lists.starts
        and not lists.subordinate.fullmatch(" ".join(_core(lists, clause)))
        for clause in clauses[:-1]
    )


def _ends_with_phrasal_verb(lists: _Lists, sentence: Sequence[str]) -> bool:
    """Whether the last word belongs to its verb: "turn the light on", "start over"."""
    return any(
        lists.phrasal_verbs.fullmatch(" ".join(sentence[at:])) for at in range(len(sentence))
    )


def _may_end_in_auxiliary(lists: _Lists, sentence: Sequence[str]) -> bool:
    """Whether an auxiliary may be the last word: "yes it is", "where it is", "¿qué hora es?"."""
    if len(sentence) < 2:  # noqa: PLR2004  (a word before it)
        return False
    asked = any(word in lists.question_words for word in sentence[:-1])
    answers = sentence[0] in lists.answers or sentence[-1].endswith("n't")
    return (asked and len(sentence) > 2) or (answers and sentence[-2] in lists.pronouns)  # noqa: PLR2004


def _is_list(lists: _Lists, sentence: list[str], clauses: Sequence[Sequence[str]]) -> bool:
    """Whether numbers are read out, or things listed without an "and"."""
    limits = lists.limits
    if all(word in lists.numbers or word.isdigit() for word in sentence):
        return sum(len(word) if word.isdigit() else 1 for word in sentence) >= limits["numbers"]
    items = [c for c in clauses if " ".join(c) not in lists.answers | lists.starts]
    short = items[1 - limits["list_items"] :]
    return (
        len(items) >= limits["list_items"]
        and all(len(item) <= limits["item_words"] for item in short)
        and not any(word in lists.question_words for word in sentence)
    )


def _is_whole(lists: _Lists, sentence: list[str], *, asks: bool) -> bool:
    """Whether words that do not dangle are a question, a command, or end on purpose."""
    if _ends_with(sentence, lists.closings):
        return True
    core = _core(lists, sentence)
    if sentence[-1] in lists.prepositions and not _ends_with_phrasal_verb(lists, sentence):
        return False  # a question may leave one at its end; or its object follows
    if not core or len(core) < 2:  # noqa: PLR2004  (a verb and what it asks for)
        return False
    begins_question = core[0] in lists.question_words or _has_two(core, lists)
    begins_question = begins_question or core[0] in lists.inversions
    if asks or begins_question:
        return (asks and begins_question) or len(core) >= lists.limits["question_words"]
    return core[0] in lists.commands


def _core(lists: _Lists, sentence: Sequence[str]) -> list[str]:
    """The sentence without the polite words before it."""
    at = 0
    while at < len(sentence) - 1 and sentence[at] in lists.politeness:
        at += 1
    return list(sentence[at:])


def _without_closing(lists: _Lists, sentence: Sequence[str]) -> list[str]:
    """The sentence without a "please" at its end: "could you, please" has not begun."""
    for size in range(1, len(sentence)):
        if " ".join(sentence[-size:]) in lists.closings:
            return list(sentence[:-size])
    return list(sentence)


def _ends_with(words: Sequence[str], phrases: frozenset[str]) -> bool:
    text = " " + " ".join(words)
    return any(text.endswith(f" {phrase}") for phrase in phrases)


def _asks(text: str) -> bool:
    return _ASKS.search(text) is not None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().replace("\u2019", "'")


def _phrases(text: str) -> frozenset[str]:
    return frozenset(" ".join(p.split()) for line in text.splitlines() for p in line.split(","))


def _lists_for(language: str | None, words: Sequence[str]) -> _Lists | None:
    tables = _tables()
    if language is not None:
        return tables.get(language)
    best = max(tables.values(), key=lambda lists: lists.common_words(words))
    return best if best.common_words(words) else None


def _limits() -> Mapping[str, int]:
    limits: Mapping[str, int] = _data()["limits"]
    return limits


@cache
def _tables() -> Mapping[str, _Lists]:
    tables = {language: table for language, table in _data().items() if language != "limits"}
    return {language: _Lists.of(table, _limits()) for language, table in tables.items()}


@cache
def _data() -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath("word_completeness.toml").read_text("utf-8")
    return tomllib.loads(text)
