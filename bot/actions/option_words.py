"""The parameters of an action, from the words that ask for it and their JSON Schema. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.actions.language_words import language_in, target_language
from bot.actions.phrases import phrases
from bot.actions.plain_words import plain_in_place
from bot.actions.references import number_in
from bot.plain_words import plain

LANGUAGE_FORMAT: Final = "language"
"""The `format` of a parameter that takes a language by its English name."""
_LIST_AFTER: Final = re.compile(r"\b(?:as|into|under|en|como|by|por|entre|between|either) ")
_NAMED: Final = (
    r"(?:this|that|these|those|it|the|my|our|your|what|everything|here|there|above|last"
    r"|esto|eso|este|esta|estos|estas|ese|esa|el|la|los|las|lo|mi|mis|ahi|aqui|arriba|todo)\b"
)
_LIST_BEFORE: Final = re.compile(
    r" (?:out of|from|del|are|is|were|se|aparecen?|salen|mencionan?|comes? up|mentioned"
    r"|listed|named|que (?:se|hay|aparecen?|salen?))\b"
    rf"| (?:of|in|de|en) (?={_NAMED})(?!the \w+ of\b)"
)
_LIST_SIGNS: Final = re.compile(r"\s*[,;/]\s*(?:(?:and|or|y|o|e|u) )?| (?:and|or|y|o|e|u) ")
_DENIED: Final = re.compile(r"\b(?:not|less|without being|no|menos|sin ser)(?: so| too| tan)? $")
_CLAUSE: Final = re.compile(r"[^.;:?!\u00bf\u00a1]+")
_CHOICE: Final = re.compile(r" (?:or|o|u) ")
_CHOICE_HEAD: Final = re.compile(
    r"\b(?:is|are|it|this|that|these|above|fits?|better|whether|if|does|sounds?|in|under|go|goes|message|text|review"
    r"|email|es|son|va|esto|eso|arriba|mejor|si|suena|mensaje|texto|comentario|aviso|resena)\b,? "
)
"""What a choice follows: "is the message above spam or not spam?"."""
_ARTICLES: Final = re.compile(
    r"^(?:out |me |us |all |of |the |every |each |both |any |cada |de |en |an? |una? "
    r"|todos |todas |los |las |el |la )+"
)
_LEADS: Final = re.compile(
    r".*\b(?:an?|the|is|as|under|of|one|or|un|una|el|la|los|las|es|son|en|como|hmm|um)\s+|.*[:\u00bf]\s*"
)
"""The words before the first part of a list."""
_ASIDES: Final = re.compile(
    r"(?:just )?(?:pick|choose|decide|whichever|which one|please|thanks|alfred"
    r"|segun|uno de|elige|escoge|decide|porfa)\b"
)
"""What stands after a list, or before it, as if it were a part."""
_UNITS: Final = {
    "words": r"(?:words|palabras)",
    "sections": r"(?:sections|parts|chapters|acts|headings|bits|points|paragraphs|lessons"
    r"|secciones|partes|apartados|capitulos|bloques|lecciones|puntos)",
}
_COUNTED_ALONE: Final = re.compile(
    r"\b(?:say|like|about|around|maybe|make it|give me|give us|at (?:most|least)|up to"
    r"|dame|danos|ponme|suelta|tira(?:me)?|largá|larga|como|unos|unas|maximo|proponme|propongame"
    r"|no mas de)"
    r" (half a dozen|a dozen|media docena|una docena|\w+)\b(?! (?:or|o) )"
    r"|\b(half a dozen|a dozen|media docena|una docena)\b"
    r"|\b(\w+)(?: (?:please|thanks|thx|pls|porfa|por favor))?\Z"
)
"""A number that says how many although no noun follows: "give me seven", "ideas, ten please"."""
_OF_SUBJECT: Final = (
    r"\b(?:for|with|about|under|of|in|on|to|para|con|sobre|de|del|en|a|al|y|and|its|hay) $"
)
"""Before a number that is part of what ideas are wanted about."""
_DOZENS: Final = {"half a dozen": 6, "media docena": 6, "a dozen": 12, "una docena": 12}
_ONE: Final = frozenset(["a", "an", "un", "una", "uno", "one"])
_NO_FIELDS: Final = frozenset(
    ["me", "us", "it", "this", "that", "these", "out", "facts", "datos", "esto", "eso"]
)
_WHO: Final = ("who", "a quien", "quien")
_ANY_NUMBER: Final = r"\b(\w+)(?= (?!(?:minutes?|messages|minutos|mensajes)\b)\w)"
_PERSON: Final = re.compile(
    r"[\s:,]*((?:[^\W\d_a-z][\w.'\u2019-]*\b\.?)(?:(?: (?:and|y|de|&))? [^\W\d_a-z][\w'\u2019-]*)"
    r"{0,3})"
    r"|[\s:,]*(?=\w+\W*\Z)(\w+)"
)
_MAX_ITEMS: Final = 10
_MAX_QUESTION_CHARS: Final = 500
_MAX_ITEM_WORDS: Final = 4


def options_in(
    words: str,
    schema: Mapping[str, Any],
    original: str,
    *,
    question: str = "",
    context: str = "",
) -> dict[str, Any]:
    """What plain words say about an action's parameters; what they do not say is left out.

    Args:
        words: The plain words of one request.
        schema: The JSON Schema of its parameters.
        original: The request as it was written.
        question: The sentence that it is in, for a parameter that takes a question.
        context: All that was said: labels may come before what asks for them.
    """
    found: dict[str, Any] = {}
    for name, form in schema.get("properties", {}).items():
        if not isinstance(form, dict) or name == "text":
            continue
        if name == "question":
            found[name] = (question or original)[: form.get("maxLength", _MAX_QUESTION_CHARS)]
        elif (value := _value(name, form, words, original, context)) is not None:
            found[name] = value
    return found


def _value(name: str, form: Mapping[str, Any], words: str, original: str, context: str) -> Any:
    if form.get("format") == LANGUAGE_FORMAT:
        return target_language(words) if name == "to" else language_in(words)
    if choices := form.get("enum"):
        return _choice(choices, phrases().options.get(name, {}), words)
    match form.get("type"):
        case "integer":
            return _number(name, form, words)
        case "array":
            return _list(name, original, context or original)
        case "string":
            return _name_after(phrases().options.get(name, {}), original)
    return None


def _choice(
    choices: Sequence[str], patterns: Mapping[str, re.Pattern[str]], words: str
) -> str | None:
    """The choice that is named last, and not denied: "polite but firm", "not too formal"."""
    found = [
        (one.end(), choice)
        for choice in choices
        if choice in patterns
        for one in patterns[choice].finditer(words)
        if _DENIED.search(words[: one.start()]) is None
    ]
    return max(found)[1] if found else None


def _name_after(patterns: Mapping[str, re.Pattern[str]], original: str) -> str | None:
    """The name that follows the words for it, as it was written: "sign it Margaret"."""
    text = unicodedata.normalize("NFC", original)
    words = plain_in_place(text)
    for pattern in patterns.values():
        for found in pattern.finditer(words):
            if name := _PERSON.match(text, found.end()):
                return name[1] or name[2]
    return None


def _number(name: str, form: Mapping[str, Any], words: str) -> int | None:
    unit = _UNITS.get(name)
    pattern = rf"\b(\w+) {unit}\b" if unit else _ANY_NUMBER
    if name == "count" and (alone := _counted_alone(words, form)) is not None:
        return alone
    for found in re.finditer(pattern, words):
        is_article = found[1] in _ONE
        is_other = name == "count" and re.search(_OF_SUBJECT, words[: found.start()])
        number = None if is_article or is_other else number_in(found[1])
        if number is not None and form.get("minimum", 1) <= number <= form.get("maximum", number):
            return number
    return None


def _counted_alone(words: str, form: Mapping[str, Any]) -> int | None:
    for found in _COUNTED_ALONE.finditer(words):
        said = next(filter(None, found.groups()))
        number = _DOZENS.get(said) or (None if said in _ONE else number_in(said))
        if number is not None and form.get("minimum", 1) <= number <= form.get("maximum", number):
            return number
    return None


def _list(name: str, original: str, context: str) -> list[str] | None:
    """The labels after "as", or the fields between the verb and "from", as they were written."""
    text = unicodedata.normalize("NFC", original).rstrip(" .!?")
    words = plain_in_place(text)
    if name == "labels":
        found = _LIST_AFTER.search(words)
        items = _items(text, words, found.end(), len(words)) if found else choice_in(context)
        return items if len(items) > 1 else None
    if words.startswith(_WHO):
        return ["people"]
    begin = words.find(" ") + 1
    end = _LIST_BEFORE.search(words, begin)
    stop = end.start() if end else len(words)
    fields = _items(text, words, begin, stop, is_choice=False) if begin else []
    return [one for one in fields if plain(one) not in _NO_FIELDS] or None


def choice_in(context: str) -> list[str]:
    """The labels of a choice: "is it spam or not?", "low, medium or high"."""
    text = unicodedata.normalize("NFC", context)
    words = plain_in_place(text)
    for clause in _CLAUSE.finditer(words):
        if _CHOICE.search(clause[0]):
            heads = [one.end() for one in _CHOICE_HEAD.finditer(clause[0])]
            return _items(text, words, clause.start() + max(heads, default=0), clause.end())
    return []


def _items(text: str, words: str, begin: int, end: int, *, is_choice: bool = True) -> list[str]:
    """The parts of a list that stands between two positions.

    What leads to it is cut off. The first part of a choice has no more words than those between it
    and the last, or than the other one of two.
    """
    bounds = [(begin, begin), *(one.span() for one in _LIST_SIGNS.finditer(words, begin, end))]
    begins = [one[1] for one in bounds]
    ends = [*(one[0] for one in bounds[1:]), end]
    parts = (_without_article(text[a:b], words[a:b]) for a, b in zip(begins, ends, strict=True))
    found = [part for part in parts if part and not _ASIDES.match(part)]
    if found and not is_choice:
        found[0] = _LEADS.split(found[0])[-1]
    elif len(found) > 1:
        others = found[1:-1] or found[1:]
        size = max(len(one.split()) for one in others)
        found[0] = " ".join(_LEADS.split(found[0])[-1].split()[-size:])
    return [part for part in found if len(part.split()) <= _MAX_ITEM_WORDS][:_MAX_ITEMS]


def _without_article(text: str, words: str) -> str:
    begin = len(words) - len(words.lstrip())
    found = _ARTICLES.match(words[begin:])
    return text[begin + (found.end() if found else 0) :].strip().casefold()
