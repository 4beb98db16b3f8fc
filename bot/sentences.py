"""Where sentences end, in any script, in a whole text or in one that is still growing. Pure.

The rules need no language, since most texts come without one. They take Unicode's (UAX 29: each
script's own stops, closing quotes) and add abbreviations, initials, ordinals and numbers of lists.
Two libraries were compared: in Spanish, `sentencex` takes "bien." and "no." for abbreviations, and
`pysbd` cuts "Dra. Gómez"; both need the language, and neither knows growing text.
"""

import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

_WORDS: Final = {
    name: frozenset(words.split())
    for name, words in tomllib.loads(
        Path(__file__).with_name("abbreviations.toml").read_text("utf-8")
    ).items()
}
_QUOTING: Final = ("と", "って", "という", "とか", "の", "は", "が", "を", "に", "で", "も", "な")
"""After a closing quote, they go on with the sentence: 「行くよ。」と彼は言った。"""
_FREE_STOPS: Final = (
    "\u3002\uff01\uff1f\uff61\ufe52"  # Chinese and Japanese
    "\u0964\u0965\u061f\u06d4"  # Hindi and its neighbours, Arabic, Urdu
    "\u0589\u1362\u1367\u1368\u104b\u17d4\u17d5\u0f0d\u0f0e"  # Armenian to Tibetan
    "\u0df4\u1803\u1809\u1c7e\u1c7f\ua4ff\ua92f\ua9c8\ua9c9\uaaf0\uabeb"
)
"""No white space need follow them."""
_SPACED_STOPS: Final = ".!?\u2026\uff0e\u203c\u203d\u2047\u2048\u2049\u2e2e"
_GREEK_QUESTION_MARK: Final = "(?<=[\u0370-\u03ff\u1f00-\u1fff]);"
_MARKS: Final = "*_~`|"
_CLOSERS: Final = f"\"'\u2019\u201d\u201c\u00bb\u203a)\\]}}\u300d\u300f\u3011\uff09\u300b{_MARKS}"
_WIDE: Final = "\u3040-\u30ff\u3400-\u9fff"
_STOP: Final = re.compile(
    rf"(?P<free>[{_FREE_STOPS}][{_FREE_STOPS}{_SPACED_STOPS}]*+|(?<=[{_WIDE}])[!?]++(?=[{_WIDE}]))"
    rf"(?P<quotes>[{_CLOSERS}]*+)\s*+"
    rf"|(?<![{_SPACED_STOPS}])(?P<spaced>[{_SPACED_STOPS}]++|{_GREEK_QUESTION_MARK})"
    rf"(?P<closers>(?:[{_CLOSERS}]|[ \u00a0\u202f]\u00bb)*+)(?P<space>\s++|\Z)"
    r"|\n\s*+"
)
_SAME_SIGNS: Final = re.compile(r"(.)\1*")
_NEXT: Final = re.compile(r"(?:[^\w\n]|_){0,40}([^\W_]*)")
_WORD: Final = re.compile(r"[^\W_]+")
_LAST_TOKEN: Final = re.compile(r"[^\s(\[{\"'\u00ab\u201c\u2018\u00bf\u00a1*_~`|/]+\Z")
_MAX_TOKEN_CHARS: Final = 40
_MARKER: Final = re.compile(r"\d{1,3}|[^\W\d_]|[ivxIVX]{1,5}")
"""The number of an item in a list: "1.", "b.", "iv."."""
_BEFORE_MARKER: Final = re.compile(r"[\s>#*_+\-\u2022(]*")
_DOTTED: Final = re.compile(r"(?:[^\W\d_]{1,2}\.)*[^\W\d_]")
"""An initial, or letters with full stops: "J", "U.S", "p.m", "Ph.D"."""
_ORDINAL: Final = re.compile(r"\d{1,3}")
_INDIC: Final = re.compile(r"[\u0900-\u0dff]")
_MAX_INDIC_CHARS: Final = 3
"""Scripts with a stop of their own use the full stop in short abbreviations."""
_WRAPPED_LINE_CHARS: Final = 40
"""A shorter line was ended on purpose, whatever follows."""


class _Undecided(Exception):
    """The text still grows, and what follows will decide."""


def ends(text: str, *, is_complete: bool = True) -> Iterator[int]:
    """Yield where each sentence ends: after its stop, its closing quotes, and the white space.

    A line also ends a sentence, unless it is a long one that goes on in lower case.

    Args:
        text: Any text; its Markdown does not disturb.
        is_complete: No more text will come. Otherwise it yields only the ends that nothing that
            follows can change.
    """
    judge = _Judge(text, is_complete=is_complete)
    begin = seen = 0
    has_words = False
    for stop in _STOP.finditer(text):
        has_words = has_words or _WORD.search(text, seen, stop.start()) is not None
        seen = stop.end()
        if not has_words:
            continue
        try:
            end = judge.end(begin, stop)
        except _Undecided:
            return
        if end:
            yield end
            begin = seen = end
            has_words = False
    if is_complete and begin < len(text):
        yield len(text)


def split(text: str) -> list[str]:
    """The sentences of a text, each with the white space after it. Joined, they are the text."""
    return [text[begin:end] for begin, end in pairwise([0, *ends(text)])]


def last_end(text: str, *, next_word: str) -> int:
    """Where the last sentence ends that has its stop, if this word follows; 0 if none has."""
    whole = (end for end in ends(f"{text} {next_word}") if end <= len(text) + 1)
    return min(max(whole, default=0), len(text))


class _Judge:
    """Judges the stops of one text. Each method may raise `_Undecided`."""

    def __init__(self, text: str, *, is_complete: bool) -> None:
        self._text = text
        self._is_complete = is_complete

    def end(self, begin: int, stop: re.Match[str]) -> int | None:
        """Where the sentence from `begin` ends if this stop ends it."""
        if stop.end() == len(self._text):
            if not self._is_complete:
                raise _Undecided
            return stop.end()
        if stop["free"]:
            return self._end_of_free(begin, stop)
        if stop["spaced"] is None:
            goes_on = self._is_wrapped(begin, stop)
        elif stop["space"].count("\n") > 1:
            goes_on = False
        elif stop["spaced"] == ".":
            goes_on = self._full_stop_goes_on(begin, stop)
        else:
            goes_on = self._other_goes_on(stop)
        return None if goes_on else stop.end()

    def _end_of_free(self, begin: int, stop: re.Match[str]) -> int | None:
        """Without white space, a sign after the stop may also belong to the next sentence."""
        end = stop.end("free")
        for signs in _SAME_SIGNS.finditer(stop["quotes"]):
            taken = self._closing(signs, begin, end)
            end += taken
            if taken < len(signs[0]):
                break
        is_quote = end > stop.end("free")
        end = stop.end() if end == stop.end("quotes") else end
        if is_quote and self._text.startswith(_QUOTING, end):
            return None
        return end

    def _closing(self, signs: re.Match[str], begin: int, end: int) -> int:
        """How many of the same signs after a stop close what the sentence opened."""
        if signs[1] not in f"{_MARKS}\"'":
            return 0 if signs[1] == "\u201c" else len(signs[0])
        before = re.findall(f"{re.escape(signs[1])}+", self._text[begin:end])
        return min(len(signs[0]), len(before[-1])) if len(before) % 2 else 0

    def _is_wrapped(self, begin: int, stop: re.Match[str]) -> bool:
        start = stop.start()
        is_long = start - begin >= _WRAPPED_LINE_CHARS and (
            "\n" not in self._text[start - _WRAPPED_LINE_CHARS : start]
        )
        return is_long and stop[0].count("\n") == 1 and self._text[stop.end()].islower()

    def _other_goes_on(self, stop: re.Match[str]) -> bool:
        """Whether the sentence goes on after an ellipsis, or after "Stop!" in quotes."""
        is_ellipsis = not set(stop["spaced"]) - set(".\u2026")
        may_go_on = is_ellipsis or bool(stop["closers"].strip(_MARKS))
        return may_go_on and "\n" not in stop["space"] and self._is_lower(stop.end())

    def _full_stop_goes_on(self, begin: int, stop: re.Match[str]) -> bool:
        near = self._text[max(begin, stop.start() - _MAX_TOKEN_CHARS) : stop.start()]
        found = _LAST_TOKEN.search(near)
        token = found[0] if found else ""
        before = near.removesuffix(token)
        if token.lower() in _WORDS["never_last"] or (
            len(near) == stop.start() - begin
            and _MARKER.fullmatch(token)
            and _BEFORE_MARKER.fullmatch(before)
        ):
            return True
        if "\n" in stop["space"]:
            return False
        if stop["closers"].strip(_MARKS):
            return self._is_lower(stop.end())
        if self._is_lower(stop.end()) and not self._begins_small(begin):
            return True
        return self._is_abbreviation(token, before, stop.end())

    def _is_abbreviation(self, token: str, before: str, place: int) -> bool:
        """Whether the full stop belongs to the word before it, and the sentence goes on."""
        word = token.lower()
        following = self._next(place)
        if word in _WORDS["before_number"] and following.isdigit():
            return True
        if word in _WORDS["ambiguous"] or _DOTTED.fullmatch(token):
            return self._next_word(place) not in _WORDS["starters"]
        if _ORDINAL.fullmatch(token):
            previous = _WORD.findall(before)
            after_determiner = bool(previous) and previous[-1].lower() in _WORDS["determiners"]
            next_word = self._next_word(place)
            return next_word in _WORDS["months"] or (
                after_determiner and next_word not in _WORDS["starters"]
            )
        return len(token) <= _MAX_INDIC_CHARS and bool(_INDIC.match(following))

    def _begins_small(self, begin: int) -> bool:
        """Whether the writer uses no capitals: the sentence itself begins without one."""
        found = _WORD.search(self._text, begin)
        return found is not None and found[0][0].islower()

    def _is_lower(self, place: int) -> bool:
        """Whether a small letter follows, but not "iPhone"."""
        return self._next(place).islower() and not self._next(place, 2)[1:].isupper()

    def _next_word(self, place: int) -> str:
        return self._next(place, _MAX_TOKEN_CHARS).lower()

    def _next(self, place: int, chars: int = 1) -> str:
        """The first characters of the next word; it is empty if none follows on the line."""
        found = _NEXT.match(self._text, place)
        if found is None:
            raise AssertionError("_NEXT also matches nothing")
        may_grow = found.end() == len(self._text) and len(found[1]) < chars
        if may_grow and not self._is_complete:
            raise _Undecided
        return found[1][:chars]
