"""Is this said to the assistant, and what kind of saying is it? Pure; English and Spanish.

Recognisers write a name as they hear it ("Al Fred", "Alfredo", "Jarrod"), so near-misses count.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final


class Saying(StrEnum):
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


_ACKS: Final = _phrases(
    "ok, okay, okey, k, yes, yes yes, yeah, yeah yeah, yep, yup, sure, right, alright, all right",
    "true, thats true, exactly, indeed, cool, nice, good, great, perfect, fine, wow, i see, got it",
    "interesting, thanks, thank you, thank you so much, thank you very much, thanks a lot, gotcha",
    "of course, absolutely, totally, no way, really, understood, sounds good, very good, go on",
    "si, si si, vale, vale vale, claro, claro que si, bueno, bien, muy bien, bale, exacto",
    "entiendo, entendido, ya, ya veo, perfecto, genial, gracias, muchas gracias, de acuerdo",
    "por supuesto, asi es, eso es, eso, guay, dale, listo, que bien, ah si, ah ya, sigue, continua",
)
_STOPS: Final = _phrases(
    "stop, stop it, stop stop, stop stop stop, stop talking, stop now, stop that, just stop",
    "no stop, please stop, stop please, ok stop, okay stop, wait stop, stop right there",
    "stop speaking, be quiet, quiet, quiet please, be quiet please, shut up, please shut up",
    "silence, hush, shush, shh, sh, enough, thats enough, that is enough, ok thats enough",
    "cancel, cancel that, cancel it, never mind, nevermind, forget it, forget about it",
    "para, para ya, ya para, para para, para para para, para por favor, por favor para, no para",
    "vale para, parate, para de hablar, callate, callate ya, callate por favor, calla, silencio",
    "basta, basta ya, ya basta, detente, alto, cancela, cancelar, cancelalo, dejalo, dejalo ya",
    "olvidalo, deja de hablar, no hables mas, ya no hables, no sigas",
)
_CALLS: Final = _phrases(
    "hey, hi, hello, ok, okay, oh, yo, so, well, and, please, listen, good, morning, evening",
    "afternoon, are, you, there, oye, hola, eh, ey, y, a, mira, escucha, dime, vale, bueno, por",
    "favor, buenas, buenos, dias, tardes, noches, estas, ahi",
)
"""What is said around a name when nothing else is said."""


def saying(transcript: str, *, assistants: Sequence[str], people: Iterable[str] = ()) -> Saying:
    """What kind of saying a transcript is.

    Args:
        transcript: All that was recognised of one stretch of speech.
        assistants: The names that the assistant answers to.
        people: The names of the other people who are there; a near-miss of the assistant's name
            that is one of these means that person.
    """
    text = _NOISE.sub(" ", transcript)
    words = _words(text)
    if not words:
        return Saying.NOTHING
    others = {part for name in people for part in _words(name)}
    rest = _without_names(words, [_plain(name) for name in assistants], others)
    if is_stop(text) or " ".join(rest) in _STOPS or _ends_with_stop(text):
        return Saying.STOP
    if len(rest) < len(words):
        return Saying.CALL if all(_is_call(word) for word in rest) else Saying.ADDRESSED
    return _unaddressed(words, others)


def is_stop(transcript: str) -> bool:
    """Whether it is a wish for silence and nothing else."""
    return " ".join(_words(transcript)) in _STOPS


def _unaddressed(words: Sequence[str], others: set[str]) -> Saying:
    said = [word for word in words if not _HUM.fullmatch(word)]
    if not said:
        return Saying.HUM
    if " ".join(said) in _ACKS:
        return Saying.ACK
    if words[0] in others or words[-1] in others:
        return Saying.OTHER
    return Saying.PLAIN


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


def _without_names(words: Sequence[str], names: Sequence[str], others: set[str]) -> list[str]:
    """The words that are not one of these names; a name may have been heard as two words."""
    rest: list[str] = []
    at = 0
    while at < len(words):
        size = next((n for n in (1, 2) if _is_name(words[at : at + n], names, others)), 0)
        if not size:
            rest.append(words[at])
        at += size or 1
    return rest


def _is_name(words: Sequence[str], names: Sequence[str], others: set[str]) -> bool:
    heard = "".join(words)
    return not others.intersection(words) and any(_distance(heard, name) <= 1 for name in names)


def _distance(one: str, other: str) -> int:
    """How many letters have to be changed, left out or put in (Levenshtein)."""
    if abs(len(one) - len(other)) > 2:  # noqa: PLR2004
        return len(one)
    above = list(range(len(other) + 1))
    for row, a in enumerate(one, 1):
        left = [row]
        for column, b in enumerate(other, 1):
            left.append(min(above[column] + 1, left[-1] + 1, above[column - 1] + (a != b)))
        above = left
    return above[-1]
