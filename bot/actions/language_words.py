"""The language that words ask for: "into Welsh", "it is in Greek, make it English". Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.actions.phrases import language_names

_WORD: Final = re.compile(r"\S+")
_NAME_WORDS: Final = 3
_KINDS: Final = (
    r"brazilian|european|american|british|mexican|latin american|canadian|swiss|argentin(?:e|ian)"
    r"|castilian|modern|standard|simple|plain|proper|good|decent|clear|perfect|formal|everyday"
    r"|normal|actual|idiomatic|natural|simplified|traditional|buen|puro|perfecto|correcto"
)
_INTO: Final = re.compile(rf"\b(?P<by>into|to|al?|in|en)(?: el)?(?: (?:{_KINDS}))*+ $")
_CORRECTED: Final = re.compile(
    r"(?:no|wait|sorry|i mean|actually|rather|make that|digo|perdon|mejor|espera|quiero decir)"
    r" (?:(?:in|into|to|al?|en) )?$"
)
"""As in "to French, no wait, Italian"."""
_IS_IN: Final = re.compile(
    r"\b(?:is|are|was|were|its|theyre|thats|all|came|comes|written|wrote|writes?|typed|typing|types"
    r"|sent|sends|posted|esta[n]?|es|son|viene[n]?|vino|todo|toda|todos|todas|puro|pura|escrit[oa]s?"
    r"|escribi(?:o|eron|ste|mos)?|escriben?|puse|puso|pusieron|mando|mandaron|mande|llego|redactad[oa]s?)"
    r"(?: (?:all|todo|toda|only|solo|it|that|this|me|us|here|nomas))*+ $"
)
"""Before "in" and the language that a text is in already: "it's all in Portuguese"."""
_NAMED: Final = re.compile(
    r"\b(?:texts?|messages?|articles?|letters?|e?mails?|reviews?|lyrics|songs?|posts?|pages?|menu|recipe"
    r"|report|paragraph|poem|comments?|document|file|texto|mensajes?|articulo|carta|correo|letra|cancion"
    r"|resena|receta|informe|parrafo|poema|comentarios?|documento|archivo|pdf|nota|notas) $"
)
"""Before the same, or before the other one: "the letter in German"."""
_OWN: Final = re.compile(
    r"\b(?:from|del|desde|de|a|an|the|this|that|those|these|some|is|its|was|are|theyre"
    r"|(?:ese|este|esos|estos|un|es|esta|son))(?: (?:all|only|el|just|todo|puro))*+ $"
)
"""Before a language that says what a text is: "it's a Swedish recipe"."""
_DENIED: Final = re.compile(
    r"\b(?:no|not|dont|doesnt|didnt|cant|cannot|never|ni|nadie|nobody|sin)"
    r"(?P<between>(?: \w+){0,2}+) $"
)
"""As in "I can't read French" and "not Danish"."""
_BACK_CHARS: Final = 80
"""How much of what comes before a language is looked at."""
_RESULT: Final = re.compile(r" (?:translation|version|one)\b")
_POLISHED: Final = re.compile(r" (?:this|that|it|my|the|up)\b")
_AFTER_SPANISH: Final = re.compile(
    r"\Z| (?:de|el|la|los|las|lo|est[aeo]s?|es[aeo]s?|se|y|por|porfa|que|para|mi|mis|tu|todo"
    r"|zzquote)"
)
"""What follows "a quechua" if it is no English article."""
_JOINS: Final = frozenset(["and", "or", "y", "o", "e", "u"])
_CORRECTION, _INTO_ONE, _IN_ONE, _IN_THAT = 3, 2, 1, 0


@dataclass(frozen=True, slots=True)
class _Named:
    """A language that is named.

    Attributes:
        start: Where it, with what leads to it, begins.
        end: Where it ends.
        english: Its English name.
        rank: How surely it is the one that is asked for; None: it is only named.
    """

    start: int
    end: int
    english: str
    rank: int | None


def language_in(words: str) -> str | None:
    """The English name of the language that plain words ask for; None: of none."""
    found = _asked_in(words)
    return None if found is None else found.english


def language_span(words: str) -> tuple[int, int] | None:
    """Where plain words say into which language, as "into Spanish"; None: nowhere."""
    found = _asked_in(words)
    return None if found is None else (found.start, found.end)


def target_language(words: str) -> str | None:
    """The same where a translation is asked for, so that a name is enough: "make it English"."""
    if asked := language_in(words):
        return asked
    named = {
        one.english
        for one in _named_in(words)
        if one.rank is not None or not _is_own(words[: one.start])
    }
    return named.pop() if len(named) == 1 else None


def _asked_in(words: str) -> _Named | None:
    """What is asked for most surely, and last: "from Greek, in French, no, into Italian"."""
    found = [one for one in _named_in(words) if one.rank is not None]
    last = max(found, key=lambda one: (one.rank, one.start), default=None)
    if last is None or last.rank == _CORRECTION:
        return last
    is_with_another = any(
        one.english != last.english and words[one.end : last.start].strip() in _JOINS
        for one in found
    )
    return None if is_with_another else last


def _is_own(before: str) -> bool:
    denied = _DENIED.search(before[-_BACK_CHARS:])
    is_denied = denied is not None and language_names().keys().isdisjoint(denied["between"].split())
    return is_denied or _OWN.search(before[-_BACK_CHARS:]) is not None


def _named_in(words: str) -> Iterator[_Named]:
    names, until = language_names(), 0
    places = [one.span() for one in _WORD.finditer(words)]
    for at, (start, _) in enumerate(places):
        if start < until:
            continue
        for _, end in reversed(places[at : at + _NAME_WORDS]):
            if (english := names.get(words[start:end])) is not None:
                until = end
                named = _ranked(words, start, end, english)
                is_verb = english == "Polish" and named.rank is None
                if not (is_verb and _POLISHED.match(words, end)):
                    yield named
                break


def _ranked(words: str, start: int, end: int, english: str) -> _Named:
    before = words[max(0, start - _BACK_CHARS) : start]
    offset = start - len(before)
    corrected = _CORRECTED.search(before)
    if corrected and not language_names().keys().isdisjoint(before.split()):
        return _Named(offset + corrected.start(), end, english, _CORRECTION)
    result = _RESULT.match(words, end)
    into = _INTO.search(before)
    if into is None or (into["by"] == "a" and _is_article(words, start, end, english)):
        rank = None if result is None else _IN_ONE
        return _Named(start, result.end() if result else end, english, rank)
    begin, rank = offset + into.start(), _INTO_ONE
    if into["by"] in {"in", "en"}:
        led = before[: into.start()]
        rank = _IN_THAT if _NAMED.search(led) else _IN_ONE
        rank = None if _IS_IN.search(led) else rank
    return _Named(begin, end, english, rank)


def _is_article(words: str, start: int, end: int, english: str) -> bool:
    """Whether "a" before a language is no Spanish preposition: "a Hindi song"."""
    is_english = words[start:end] in {english.lower(), "mandarin"}
    return is_english and _AFTER_SPANISH.match(words, end) is None
