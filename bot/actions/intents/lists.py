"""Finds the list that a request names: "spam, advert or neither", "the names and the dates". Pure.

    listed_in("Get the names and the dates out of this", "fields")  ->  ["names", "dates"]

Every stretch of words that could be the list, and that there is none, is judged by how it begins,
how it ends, what comes before and after, and by its parts. A log-linear model, learned by
`tests/bench/learn_intents.py`; some milliseconds.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bot.actions.intents.ngrams import Floats, hash_of
from bot.plain_words import plain

MAX_TOKENS: Final = 70
"""How much of an utterance is looked at: its beginning."""
_TOKEN: Final = re.compile(
    r"[^\W_]+(?:['\u2019.\-][^\W_]+)*+|[,;:/+&.!?\u00bf\u00a1\u2026\u2014\u2013\"()\u00ab\u00bb\u201c\u201d]"
)
_ENDS: Final = frozenset('.?!:;\u00bf\u00a1\u2026\u2014\u2013()"\u00ab\u00bb\u201c\u201d')
"""No list goes across them."""
_SIGNS: Final = frozenset(",/+&")
_JOINS: Final = frozenset(["and", "or", "y", "o", "e", "u", "n"])
_SPARED: Final = frozenset(
    [
        *("the", "a", "an", "every", "each", "all", "any", "both", "its", "their", "his", "her"),
        *("your", "my", "just", "only", "either", "as", "of", "what", "which", "plain"),
        *("el", "la", "los", "las", "lo", "un", "una", "unos", "unas", "cada", "todo", "toda"),
        *("todos", "todas", "su", "sus", "mi", "solo", "como", "de", "que", "cual", "cuales"),
    ]
)
"""No part of a list begins with them."""
_FILLERS: Final = frozenset(
    [
        *("please", "pls", "plz", "thanks", "thx", "ta", "only", "then"),
        *("pick", "choose", "reckon"),
        *("alfred", "porfa", "porfis", "gracias", "nomas", "weon", "po", "tu", "you", "me", "for"),
        *("in", "from", "to", "with", "is", "are", "of", "que", "q", "de", "del", "en"),
    ]
)
"""No part of a list ends with them."""
_MAX_WORDS, _MAX_ITEM_WORDS, _MAX_ITEMS, _MAX_BARE_WORDS = 18, 5, 10, 6
_BEFORE, _AFTER = "^", "$"
_MANY: Final = 4

Item = tuple[int, int]
"""Its first token, and the one after its last."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a sign: as it is compared, and where it stands in the text."""

    plain: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A stretch of words that could be a list.

    Attributes:
        begin: Its first token.
        end: The one after its last.
        items: Its parts; none: this stands for there being no list.
        is_bare: Whether nothing but blanks stands between them: "low medium or high".
    """

    begin: int = 0
    end: int = 0
    items: tuple[Item, ...] = ()
    is_bare: bool = False


NO_LIST: Final = Listed()


@dataclass(frozen=True, slots=True)
class ListModel:
    """A model over features of such stretches.

    Attributes:
        hashes: The CRC-32 of each feature, in rising order.
        weights: One a feature, in steps of `step`.
    """

    hashes: NDArray[np.uint32]
    weights: NDArray[np.int8]
    step: Floats

    def best(self, words: Sequence[Word], option: str) -> Listed:
        """The likeliest stretch."""
        found = candidates(words, option)
        features = list(features_of_lists(words, found, option))
        begins = np.cumsum([0, *map(len, features[:-1])])
        hashes = np.fromiter(map(hash_of, chain.from_iterable(features)), np.uint32)
        rows = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        weights = np.where(self.hashes[rows] == hashes, self.weights[rows], 0)
        return found[int(np.add.reduceat(weights.astype(np.int32), begins).argmax())]


def listed_in(text: str, option: str, model: ListModel | None = None) -> list[str]:
    """The parts of the list that a text names for an option, in lower case; empty: it names none.

    Args:
        text: What a person said or wrote.
        option: `labels`, to choose one of, or `fields`, to find.
        model: The model; None: the packaged one.
    """
    text = unicodedata.normalize("NFC", text)
    words = words_in(text)
    return items_of(text, words, (model or packaged_lists()).best(words, option))


def items_of(text: str, words: Sequence[Word], found: Listed) -> list[str]:
    """The parts of a list, as they are written, in lower case."""
    return [text[words[a].start : words[b - 1].end].casefold() for a, b in found.items]


def words_in(text: str) -> list[Word]:
    """The words and signs at the beginning of a text."""
    found = (Word(plain(one[0]), *one.span()) for one in _TOKEN.finditer(text))
    return [word for word, _ in zip(found, range(MAX_TOKENS), strict=False)]


def candidates(words: Sequence[Word], option: str) -> list[Listed]:
    """Every stretch that could be the list of an option; the last one stands for none."""
    least = 2 if option == "labels" else 1
    said = [one.plain for one in words]
    found = chain.from_iterable(
        _from(said, begin)
        for begin, word in enumerate(said)
        if not (_parts(word) or (word in _SPARED and word != "a"))
    )
    return [*(one for one in found if least <= len(one.items) <= _MAX_ITEMS), NO_LIST]


def _from(said: Sequence[str], begin: int) -> Iterator[Listed]:
    items: list[Item] = []
    is_open = False
    for at in range(begin, min(len(said), begin + _MAX_WORDS)):
        word = said[at]
        if word in _ENDS:
            return
        if _parts(word):
            is_open = False
            continue
        if is_open:
            items[-1] = (items[-1][0], at + 1)
        elif at > begin and word in _SPARED:
            continue
        else:
            items.append((at, at + 1))
            is_open = True
        if word in _FILLERS:
            continue
        if all(b - a <= _MAX_ITEM_WORDS for a, b in items):
            yield Listed(begin, at + 1, tuple(items))
        yield from _bare(said, begin, at + 1, len(items))


def _bare(said: Sequence[str], begin: int, end: int, count: int) -> Iterator[Listed]:
    """The same as a list of single words, if it has few, of which signs part only some."""
    bare = [k for k in range(begin, end) if not _parts(said[k])]
    is_bare = 2 < len(bare) <= _MAX_BARE_WORDS and count < len(bare)  # noqa: PLR2004
    if is_bare and end - begin - len(bare) <= 1:
        one_each = tuple((k, k + 1) for k in bare if said[k] not in _SPARED)
        yield Listed(begin, end, one_each, is_bare=True)


def _parts(word: str) -> bool:
    return word in _ENDS or word in _SIGNS or word in _JOINS


def features_of_lists(
    words: Sequence[Word], found: Sequence[Listed], option: str
) -> Iterator[list[str]]:
    """What each stretch is judged by, for any option and for this one."""
    said = [one.plain for one in words]
    begins = [_of_begin(said, at) for at in range(len(said))]
    ends = [_of_end(said, at) for at in range(len(said) + 1)]
    for one in found:
        own = ["none"]
        if one != NO_LIST:
            own = [*begins[one.begin], *ends[one.end], *_of_items(said, one)]
        yield [*own, *(f"{option} {feature}" for feature in own)]


def _at(said: Sequence[str], at: int) -> str:
    if at < 0:
        return _BEFORE
    return said[at] if at < len(said) else _AFTER


def _kind(word: str) -> str:
    """What kind of sign, joining word or article it is."""
    for name, kind in (("end", _ENDS), ("sign", _SIGNS), ("join", _JOINS), ("spared", _SPARED)):
        if word in kind:
            return name
    return word if word in {_BEFORE, _AFTER} else "word"


def _of_begin(said: Sequence[str], at: int) -> list[str]:
    third, second, before, first = (_at(said, at - back) for back in (3, 2, 1, 0))
    return [
        f"first {first}",
        f"before {before}",
        f"before2 {second}",
        f"before2 {second} {before}",
        f"before3 {third} {second} {before}",
        f"into {before} {first}",
        f"begins {first[-2:]}",
        f"kind before {_kind(before)}",
    ]


def _of_end(said: Sequence[str], at: int) -> list[str]:
    last, after, second = (_at(said, at + step) for step in (-1, 0, 1))
    return [
        f"after {after}",
        f"after2 {second}",
        f"after2 {after} {second}",
        f"last {last}",
        f"ends {last[-2:]}",
        f"out {last} {after}",
        f"kind after {_kind(after)}",
        f"kinds after {_kind(after)} {_kind(second)}",
    ]


def _of_items(said: Sequence[str], one: Listed) -> Iterator[str]:
    sizes = [b - a for a, b in one.items]
    count, most, least = len(sizes), max(sizes), min(sizes)
    within = said[one.begin : one.end]
    joins = [word for word in within if word in _JOINS]
    yield f"count {min(count, _MANY)}"
    yield f"bare {one.is_bare}"
    yield f"bare {one.is_bare} {min(count, _MANY)} {',' in within} {joins[-1:]}"
    yield f"joins {len(joins)}"
    yield f"form {joins[-1:]} {',' in within} {min(count, _MANY)}"
    yield f"most {most}"
    yield f"count most {min(count, _MANY)} {most}"
    yield f"spread {most - least}"
    yield f"longer first {sizes[0] - least}"
    yield f"longer last {sizes[-1] - min(sizes[:-1], default=0)}"
    yield f"last joint {_last_joint(said, one)}"
    for a, b in one.items:
        yield f"item first {said[a]}"
        yield f"item last {said[b - 1]}"
        yield f"item ends {said[b - 1][-3:]}"
        yield from (f"in {word}" for word in said[a:b])


def _last_joint(said: Sequence[str], one: Listed) -> str:
    """What joins the last part to the others."""
    if len(one.items) == 1 or one.is_bare:
        return ""
    at = one.items[-1][0] - 1
    while at > one.begin and said[at] in _SPARED:
        at -= 1
    return said[at]


@cache
def packaged_lists() -> ListModel:
    """The model that comes with skydeck."""
    with resources.files(__package__).joinpath("lists.npz").open("rb") as file:
        kept = np.load(file, allow_pickle=False)
        return ListModel(**{name: kept[name] for name in ("hashes", "weights", "step")})
