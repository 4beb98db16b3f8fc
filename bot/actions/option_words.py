"""The parameters of an action, from the words that ask for it and their JSON Schema. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bot.actions.language_words import language_in, target_language
from bot.actions.phrases import phrases
from bot.actions.plain_words import plain_in_place
from bot.actions.references import number_in
from bot.plain_words import plain

LANGUAGE_FORMAT: Final = "language"
"""The `format` of a parameter that takes a language by its English name."""
_DENIED: Final = re.compile(r"\b(?:not|less|without being|no|menos|sin ser)(?: so| too| tan)? $")
_UNITS: Final = {
    "words": r"(?:words?|palabras)",
    "sections": r"(?:sections?|parts|chapters?|acts?|head(?:ing|er)s|bits|points|paragraphs?"
    r"|lessons|topics|stages|steps|modules|blocks|units|secciones|partes|apartados|capitulos|bloques"
    r"|lecciones|puntos|epigrafes|temas|actos|parrafos|etapas|pasos|modulos|unidades|fases)",
    "count": r"(?:key ?words?|(?:hash)?tags|terms|words|phrases|ideas|names|options|suggestions"
    r"|ways|things to|tips|palabras|etiquetas|terminos|conceptos|nombres|opciones|sugerencias"
    r"|maneras|formas|propuestas|planes|consejos)",
}
_ENOUGH: Final = re.compile(
    r"\b(?:x(?P<times>\d{1,2})|(?P<few>[a-z]+?)ll do|(?P<said>\w+)"
    r" (?:will do|is (?:plenty|enough|fine)|are enough|max(?:imum)?|tops|at (?:the )?most|or so"
    r"|como mucho|como maximo|maximo|bastan?|alcanzan?|va que arde|y ya|o asi|mas o menos))\b"
)
"""How many are enough, without a noun: "five will do", "icebreakers x5"."""
_COUNTED_ALONE: Final = re.compile(
    r"\b(?:say|like|about|around|maybe|make it|give me|give us|at (?:most|least)|up to"
    r"|dame|danos|ponme|suelta|tira(?:me)?|largá|larga|como|unos|unas|maximo|proponme|propongame"
    r"|no mas de)"
    r" (half a dozen|a dozen|media docena|una docena|\w+)\b(?! (?:or|o) )"
    r"|\b(half a dozen|a dozen|media docena|una docena)\b"
    r"|\b(\w+)(?: (?:please|thanks|thx|pls|porfa|por favor))?\Z"
)
"""A number that says how many although no noun follows: "give me seven", "ideas, ten please"."""
_AT_END: Final = 3
"""Its group for a number at the end."""
_OF_SUBJECT: Final = re.compile(
    r"\b(?:for|with|about|under|of|in|on|to|at|page|chapter|have|got|ive|weve|were|keeping|raising"
    r"|para|con|sobre|de|del|en|a|al|las|y|and|its|hay|tema|pagina|capitulo|tengo|tenemos|somos"
    r"|seamos) $"
)
"""Before a number that is part of what ideas are wanted about."""
_DOZENS: Final = {"half a dozen": 6, "media docena": 6, "a dozen": 12, "una docena": 12}
_ONE: Final = frozenset(["a", "an", "un", "una", "uno", "one"])
_NO_FIELDS: Final = re.compile(
    r"(?:me|us|it|this|that|these|those|out|facts|data|info|key|information|details|everything|text"
    r"|datos|informacion|detalles|esto|eso|todo|texto)\Z"
)
"""What names no field: "extract the facts"."""
_WHO: Final = ("who", "a quien", "quien")
_OTHER_THINGS: Final = (
    r"(?:minutes?|messages|minutos|mensajes|hours?|days?|weeks?|months?|years?|horas?|dias?|semanas?"
    r"|mes|meses|anos?|kids|children|people|persons?|adults|teenagers|friends|sisters|brothers|grand"
    r"|dollars|euros|pounds|quid|bucks|pesos|lucas|soles|kilos?|kg|percent|am|pm|personas|ninos"
    r"|chicos|nenes|amigos|hijos)\b"
)
"""What ideas, words or sections are not counted in."""
_ANY_NUMBER: Final = rf"\b(\w+)(?= (?!{_OTHER_THINGS}|or\b|o\b)\w)"
"""A number of what follows, if that can be what is wanted."""
_VAGUE: Final = frozenset(["few", "pocos"])
_PERSON: Final = re.compile(
    r"[\s:,]*((?:[^\W\d_a-z][\w.'\u2019-]*\b\.?)(?:(?: (?:and|y|de|&))? [^\W\d_a-z][\w'\u2019-]*)"
    r"{0,3})"
    r"|[\s:,]*(?=\w+\W*\Z)(\w+)"
)
_BACK_CHARS: Final = 20
_MAX_NUMBER: Final = 1_000
_MAX_QUESTION_CHARS: Final = 500
_MAX_ITEM_CHARS: Final = 100


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
        context: All that was said of it: a list may come before what asks for it.
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
        patterns = phrases().options.get(name, {})
        return _kind(patterns, words) if name == "kind" else _choice(choices, patterns, words)
    match form.get("type"):
        case "integer":
            return _number(name, form, words)
        case "array":
            return _list(name, form, original, context or original)
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


def _kind(patterns: Mapping[str, re.Pattern[str]], words: str) -> str | None:
    """What is to be built is named before what it works on: "a script that reads a text"."""
    begins = {kind: found.start() for kind, one in patterns.items() if (found := one.search(words))}
    text = begins.get("text", len(words))
    if text < min(begins.get("python", len(words)), begins.get("auto", len(words))):
        return "text"
    return "python" if "python" in begins else None


def _name_after(patterns: Mapping[str, re.Pattern[str]], original: str) -> str | None:
    """The name that follows the words for it, as it was written: "sign it Margaret"."""
    text = unicodedata.normalize("NFC", original)
    words = plain_in_place(text)
    for form, pattern in patterns.items():
        for found in pattern.finditer(words):
            name = _PERSON.match(text, found.end())
            if name and (name[1] or form == "named"):  # "I am late" tells no name
                return name[1] or name[2]
    return None


def _number(name: str, form: Mapping[str, Any], words: str) -> int | None:
    low, high = form.get("minimum", 1), form.get("maximum", _MAX_NUMBER)
    return next((one for one in _numbers(name, words) if one and low <= one <= high), None)


def _numbers(name: str, words: str) -> Iterator[int | None]:
    """The numbers that may be meant by an option, the likeliest first."""
    unit = _UNITS.get(name)
    if unit is not None:
        adjective = "" if name == "words" else rf"(?:(?!{_OTHER_THINGS})\w+ )?"
        yield from (
            _counted(one[1]) for one in re.finditer(rf"\b(\w+)(?= {adjective}{unit}\b)", words)
        )
    if name in {"count", "sections"}:
        yield from (_counted(one[one.lastgroup or 0]) for one in _ENOUGH.finditer(words))
    if name == "count":
        yield from map(_counted_alone, _COUNTED_ALONE.finditer(words))
    if name == "count" or unit is None:
        for found in re.finditer(_ANY_NUMBER, words):
            is_other = name == "count" and _is_of_subject(found, 1)
            yield None if is_other else _counted(found[1])


def _counted_alone(found: re.Match[str]) -> int | None:
    given = found.lastindex or 0
    is_at_end = given == _AT_END
    return None if is_at_end and _is_of_subject(found, given) else _counted(found[given])


def _is_of_subject(found: re.Match[str], group: int) -> bool:
    """Whether a number says something of what is asked about: "we post at six"."""
    before = found.string[: found.start(group)][-_BACK_CHARS:]
    return _OF_SUBJECT.search(before) is not None


def _counted(said: str) -> int | None:
    if said in _ONE or said in _VAGUE:
        return None
    return _DOZENS.get(said) or number_in(said)


def _list(name: str, form: Mapping[str, Any], original: str, said: str) -> list[str] | None:
    from bot.actions.intents.lists import listed_in  # noqa: PLC0415  (NumPy)

    most = form.get("items", {}).get("maxLength", _MAX_ITEM_CHARS)
    found = [
        one
        for one in listed_in(said, name)
        if len(one) <= most and not _NO_FIELDS.match(plain(one))
    ]
    if not found and name == "fields" and plain(original).startswith(_WHO):
        return ["people"]
    return found or None
