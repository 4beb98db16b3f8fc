"""How much alike two words sound to an English or a Spanish ear, from their letters. Pure.

Recognisers write a name that they do not know as any word that sounds like it. A sound key has one
letter for each sound, roughly: `b` for b and v, `k` for c, k and qu, `C` for ch and sh.
"""

import re
from itertools import pairwise
from typing import Final

_SPELLINGS: Final = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("ph", "f"),
        ("sch|sh|ch|tsch", "C"),
        ("ck|cc(?![eiy])|qu(?=[eiy])|q", "k"),
        ("c(?=[eiy])|ç|z", "s"),
        ("c", "k"),
        ("^x", "s"),
        ("x", "ks"),
        ("gu(?=[ei])", "g"),
        ("g(?=[eiy])", "j"),
        ("h", ""),
        ("v", "b"),
        ("w", "u"),
        ("ee|ea|ie|y", "i"),
        ("oo|ou", "u"),
        ("ai|ei|ae", "e"),
    )
)
"""Spellings and their sounds, in the order in which they apply."""

_ALIKE: Final = frozenset(
    frozenset(pair)
    for pair in ("bp", "bf", "dt", "gk", "mn", "lr", "sC", "sj", "jC", "ij", "gj", "st", "bu")
)
"""Consonants that recognisers take for each other."""
_VOWELS: Final = frozenset("aeiou")
_OTHER: Final = 2
"""The cost of another sound; of a similar one it is half of that."""


def sound_key(word: str) -> str:
    """A word as it sounds.

    Args:
        word: Lower case, without accents.
    """
    for spelling, sound in _SPELLINGS:
        word = spelling.sub(sound, word)
    return word[:1] + "".join(after for before, after in pairwise(word) if after != before)


def sound_distance(one: str, other: str, *, limit: int) -> int:
    """How differently two sound keys sound: 1 for each vowel, 2 for each consonant.

    A vowel in place of another costs 1, and so does a consonant that is often taken for another.
    The first sound has to be alike.

    Args:
        one: A sound key.
        other: Another one.
        limit: What is more than this is only known to be more.
    """
    if one == other:
        return 0
    too_far = limit + 1
    if not limit or abs(len(one) - len(other)) > limit or _cost(one[:1], other[:1]) > 1:
        return too_far
    above = [0]
    for sound in other:
        above.append(above[-1] + _weight(sound))
    for a in one:
        left = [above[0] + _weight(a)]
        for column, b in enumerate(other, 1):
            left.append(
                min(
                    above[column] + _weight(a),
                    left[-1] + _weight(b),
                    above[column - 1] + _cost(a, b),
                )
            )
        above = left
    return above[-1]


def letter_distance(one: str, other: str) -> int:
    """The number of letters to change, remove or insert (Levenshtein)."""
    above = list(range(len(other) + 1))
    for row, a in enumerate(one, 1):
        left = [row]
        for column, b in enumerate(other, 1):
            left.append(min(above[column] + 1, left[-1] + 1, above[column - 1] + (a != b)))
        above = left
    return above[-1]


def _cost(one: str, other: str) -> int:
    if one == other:
        return 0
    are_vowels = one in _VOWELS and other in _VOWELS
    return 1 if are_vowels or frozenset((one, other)) in _ALIKE else _OTHER


def _weight(sound: str) -> int:
    return 1 if sound in _VOWELS else _OTHER
