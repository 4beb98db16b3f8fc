"""Is this said to the assistant, and what kind of saying is it? Pure; English and Spanish.

Recognisers write a name as they hear it, so near-misses count. What is one letter off ("Alfredo",
"Al Fred", "Jarred") counts anywhere. What is another name or word ("Jerry", "al frente") counts
only where somebody is called: between commas, or after "hey", "oye" and the like. Which words those
are was found by letting nine synthetic voices call both assistants in English and Spanish, with and
without noise, and Whisper (tiny.en and base) write it down.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final


class UtteranceIntent(StrEnum):
    """What a transcript is.

    NOTHING: no words; silence or noise. HUM: "mm-hm", "uh". ACK: "ok", "vale", "yes", "thanks".
    STOP: a wish for silence and nothing else. CALL: the assistant's name alone. ADDRESSED: its name
    and more. OTHER: begins or ends with the name of somebody else who is there. PLAIN: the rest.
    """

    NOTHING = "nothing"
    HUM = "hum"
    ACK = "ack"
    STOP = "stop"
    CALL = "call"
    ADDRESSED = "addressed"
    OTHER = "other"
    PLAIN = "plain"


_NOISE: Final = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|[♪♫]+[^♪♫]*[♪♫]*")
"""What recognisers write for sounds: `[BLANK_AUDIO]`, `(coughs)`, `*sighs*`, `♪ … ♪`."""
_SENTENCE_END: Final = re.compile(r"[.!?…]+(?:\s+|$)")
_WORD: Final = re.compile(r"[^\W_]+")
_JOINS: Final = re.compile(r"['\u2019-]")
"""What is inside a word: "that's", "uh-huh"."""

_HUM: Final = re.compile(r"u+h+|a+h+|o+h+|e+h+|u+m+|e+r+m*|h*m+|mhm+|m+hm+|huh|aha|uhhuh|aja|ha")


def _phrases(*lines: str) -> frozenset[str]:
    return frozenset(phrase.strip() for line in lines for phrase in line.split(","))


def _any_of(phrases: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(phrases, key=len, reverse=True)) + ")"


_ACK: Final = _any_of(
    _phrases(
        "ok, okay, okey, k, yes, yeah, yep, yup, sure, right, alright, all right, true, thats true",
        "exactly, indeed, cool, nice, good, very good, sounds good, great, perfect, fine, wow",
        "i see, got it, gotcha, understood, interesting, thanks, thanks a lot, of course, really",
        "thank you, thank you so much, thank you very much, absolutely, totally, no way, go on",
        "si, vale, bale, claro, claro que si, bueno, bien, muy bien, que bien, exacto, entiendo",
        "entendido, ya, ya veo, perfecto, genial, gracias, muchas gracias, de acuerdo, sigue",
        "por supuesto, asi es, eso es, eso, guay, dale, listo, continua, de verdad, ah, oh",
    )
)
_STOP: Final = _any_of(
    _phrases(
        "stop, stop it, stop that, stop talking, stop speaking, stop right there, be quiet, quiet",
        "shut up, silence, hush, shush, shh, enough, thats enough, that is enough, cancel",
        "cancel that, cancel it, never mind, nevermind, forget it, forget about it",
        "para, parate, para de hablar, deja de hablar, callate, calla, silencio, basta, detente",
        "alto, cancela, cancelar, cancelalo, dejalo, olvidalo, no hables mas, no sigas",
    )
)
_ROUND_A_STOP: Final = _any_of(
    _phrases("ok, okay, no, now, please, just, wait, hey, oh, vale, ya, por favor, oye, eh, bueno")
)
_ACKS: Final = re.compile(f"{_ACK}(?: {_ACK})*")
_STOPS: Final = re.compile(f"(?:{_ROUND_A_STOP} )*{_STOP}(?: (?:{_STOP}|{_ROUND_A_STOP}))*")
_MAX_CHARS: Final = 20_000
"""A service could send anything; nobody says so much in a turn."""
_CALLS: Final = _phrases(
    "hey, hi, hello, ok, okay, oh, yo, so, well, and, please, listen, good, morning, evening",
    "afternoon, are, you, there, oye, hola, eh, ey, y, a, mira, escucha, dime, vale, bueno, por",
    "favor, buenas, buenos, dias, tardes, noches, estas, ahi",
)
"""What is said around a name when nothing else is said."""
_ATTENTION: Final = _phrases(
    "hey, hi, hello, ok, okay, oye, hola, eh, ey, vale, dime, mira, escucha"
)
"""Begins a call."""
_HEARD_AS: Final = {
    "alfred": _phrases(
        "elfred, halfred, aunfred, hanfret, ill fret, all fret, al fret, al frente, al prem, alvin",
        "albin, alfin, alphan, alford, alfie, how friend, out fred, el fred",
    ),
    "jared": _phrases(
        "jarrod, jerrod, jerry, garrett, garret, jarrett, jarret, gerard, gerrard, zaret, zared",
        "jardin, jarett, jalen, halen, yared, yarred, yarrod, haret",
    ),
}
"""By name, what recognisers made of it that is more than a letter off."""
_REAL_WORDS: Final = _phrases("jaded")
"""One letter off, and yet no name."""
_CLAUSE_END: Final = re.compile(r"[,.;:!?\u2026\u00bf\u00a1\u2014]+")
_LONG_NAME: Final = 5
"""Shorter names have too many neighbours."""


def saying(
    transcript: str, *, assistants: Sequence[str], people: Iterable[str] = ()
) -> UtteranceIntent:
    """What kind of saying a transcript is.

    Args:
        transcript: All that was recognised of one stretch of speech.
        assistants: The names that the assistant answers to.
        people: The names of the other people who are there; a near-miss of the assistant's name
            that is one of these means that person.
    """
    text = _NOISE.sub(" ", transcript[:_MAX_CHARS])
    if not _words(text):
        return UtteranceIntent.NOTHING
    others = {part for name in people for part in _words(name)}
    names = [_plain(name) for name in assistants]
    clauses = [words for part in _CLAUSE_END.split(text) if (words := _words(part))]
    kept = [_without_names(clause, names, others) for clause in clauses]
    rest = [word for clause in kept for word in clause]
    if is_stop(text) or _STOPS.fullmatch(" ".join(rest)) or _ends_with_stop(text):
        return UtteranceIntent.STOP
    if kept != clauses:
        return (
            UtteranceIntent.CALL
            if all(_is_call(word) for word in rest)
            else UtteranceIntent.ADDRESSED
        )
    return _unaddressed(rest, others)


def is_stop(transcript: str) -> bool:
    """Whether it is a wish for silence and nothing else."""
    return _STOPS.fullmatch(" ".join(_words(transcript))) is not None


def _unaddressed(words: Sequence[str], others: set[str]) -> UtteranceIntent:
    said = [word for word in words if not _HUM.fullmatch(word)]
    if not said:
        return UtteranceIntent.HUM
    if _ACKS.fullmatch(" ".join(said)):
        return UtteranceIntent.ACK
    begun = next((word for word in words if word not in _ATTENTION), "")
    if begun in others or words[-1] in others:
        return UtteranceIntent.OTHER
    return UtteranceIntent.PLAIN


def _ends_with_stop(text: str) -> bool:
    """Somebody has thought better of it: "What is the… Stop."."""
    sentences = [part for part in _SENTENCE_END.split(text) if part.strip()]
    return len(sentences) > 1 and is_stop(sentences[-1])


def _is_call(word: str) -> bool:
    return word in _CALLS or _HUM.fullmatch(word) is not None


# -- words and names -----------------------------------------------------------------------------


def _words(text: str) -> list[str]:
    return _WORD.findall(_JOINS.sub("", _plain(text)))


def _plain(text: str) -> str:
    """In small letters, without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _without_names(clause: Sequence[str], names: Sequence[str], others: set[str]) -> list[str]:
    """The words of a clause that are not one of these names."""
    rest: list[str] = []
    at = 0
    while at < len(clause):
        sizes = (n for n in (1, 2) if _is_name(clause, slice(at, at + n), names, others))
        if size := next(sizes, 0):
            at += size
        else:
            rest.append(clause[at])
            at += 1
    return rest


def _is_name(clause: Sequence[str], at: slice, names: Sequence[str], others: set[str]) -> bool:
    """Whether these words of a clause, one or two, are one of the names."""
    words = clause[at]
    if others.intersection(words):
        return False
    heard = "".join(words)
    if heard in names or (len(words) == 1 and any(_is_near(heard, name) for name in names)):
        return True
    before, after = clause[: at.start], clause[at.stop :]
    is_call = all(word in _ATTENTION for word in before) and (before or not after)
    return bool(is_call) and any(" ".join(words) in _HEARD_AS.get(name, ()) for name in names)


def _is_near(heard: str, name: str) -> bool:
    if len(name) < _LONG_NAME:
        return heard == name
    is_like = heard[:1] == name[:1] and abs(len(heard) - len(name)) <= 1
    return is_like and heard not in _REAL_WORDS and _distance(heard, name) <= 1


def _distance(one: str, other: str) -> int:
    """How many letters have to be changed, left out or put in (Levenshtein)."""
    above = list(range(len(other) + 1))
    for row, a in enumerate(one, 1):
        left = [row]
        for column, b in enumerate(other, 1):
            left.append(min(above[column] + 1, left[-1] + 1, above[column - 1] + (a != b)))
        above = left
    return above[-1]
