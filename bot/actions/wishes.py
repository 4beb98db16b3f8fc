"""What a request in a sentence works on, and whether it is one after all. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from bot.actions.language_words import language_span
from bot.actions.ordinary_talk import is_for_later, is_of_elsewhere, is_put_off, is_remark
from bot.actions.phrases import NEVER, phrases
from bot.actions.plain_words import joined, with_quotes, words_before
from bot.actions.references import NOTHING, Points, Reference, reference_in
from bot.actions.request_parts import Part, Wish

OF_A_CONVERSATION: Final = frozenset({"SUMMARIZER", "ACTION_ITEMS", "SENTIMENT", "KEYWORDS"})
"""Asked without an object, and aloud also with "this", these mean all that was said."""
_TRANSLATES: Final = re.compile(r"\b(?:transla|tradu)")
"""What takes any words beside a language for its text; "put the kettle on in English" does not."""
_INTO_NO_LANGUAGE: Final = re.compile(
    r"\binto (?!(?:the|my|our|your|her|his|their|another|any|some|a) \w*)\w+"
    r"|\b(?:en|al?) (?:accion|acciones|hechos|dinero|euros|cifras|resultados|mas)\b"
)
""" "Translate that into action": a figure of speech, where no language follows."""
_OF_ASSISTANT: Final = re.compile(r"(?:your|tus?)\b")
_ABOUT: Final = re.compile(r"(?:for|that|to|which|de|para|que)\b", re.IGNORECASE)
_POINTED_BEFORE: Final = frozenset(
    {
        Points.SAID,
        Points.MINUTES,
        Points.MESSAGES,
        Points.FILE,
        Points.ABOVE,
        Points.ANSWER,
        Points.THIS,
    }
)
"""What may be named before a request: "tell us what was said, make a summary"."""
_UNNAMED: Final = frozenset({Points.NOTHING, Points.TOPIC})
_PAST: Final = frozenset({Points.SAID, Points.MINUTES, Points.MESSAGES})
_MAX_INLINE_WORDS: Final = 20
_NAMED_TEXT: Final = re.compile(
    r"\b(?:this|that|the|these|my|este|ese|esta|esa|el|la|mi|estas?|mis) (?:\w+ )?"
    r"(?:texts?|code|message|paragraph|article|function|script|error|log|document|file|contract|clause|letter|e?mail|report"
    r"|invoice|essay|notes|texto|codigo|mensaje|parrafo|articulo|funcion|archivo|documento|fichero"
    r"|contrato|clausula|carta|correo|informe|factura|ensayo|apuntes|notas)\b"
)


def wish_in(part: Part, inline: str, quotes: Sequence[str]) -> Wish | None:
    """The request in a part of a sentence; None: it is talk after all.

    Args:
        part: The part.
        inline: The text that stands beside the request; empty: none does.
        quotes: What the utterance quotes.
    """
    if is_remark(part):
        return None
    reference = None if part.is_broken_off and not inline else _reference(part, inline, quotes)
    if reference is None or _is_of_people(part, reference):
        return None
    if part.phrases.is_strict and not _is_named(reference, part):
        return None
    is_of_subject = not (part.phrases.works_on_text or part.found.is_on_text)
    source = phrases().sources.search(joined(part.tokens)) if is_of_subject else None
    pointed = reference_in(source[0]) if source is not None else NOTHING
    if pointed.points not in _UNNAMED:
        reference = pointed
    elif is_of_subject and _has_topic(part.rest, reference):
        is_told_before = part.before.points is not Points.NOTHING
        about = part.text if is_told_before or _ABOUT.match(part.about) else part.about
        about = with_quotes(about, quotes).strip(" .!?\u00a1\u00bf")
        reference = Reference(Points.TEXT, text=about) if about else reference
    text = {"text": reference.text} if reference.points is Points.TEXT else {}
    return Wish(part.found.action, {**part.params, **text}, reference)


def _is_of_people(part: Part, reference: Reference) -> bool:
    """Whether it is a plan of the person's own, is to be done later, or is a figure of speech."""
    works_on_text = part.phrases.works_on_text
    is_question = part.text.rstrip().endswith("?")  # "should I translate my CV?"
    if part.found.is_plan and is_question and phrases().plans.match(f"{part.verb} "):
        return True
    if part.found.is_plan:
        is_shared = part.found.action.module == "BRAINSTORMER"  # "let's brainstorm names"
        is_pointing = works_on_text and reference.points not in _UNNAMED
        if is_for_later(part.rest) or not (is_shared or is_pointing):
            return True
    if works_on_text and reference.points not in _PAST and is_put_off(part.rest):
        return "question" not in part.params
    is_figure = part.found.action.module == "TRANSLATOR" and "to" not in part.params
    return is_figure and _INTO_NO_LANGUAGE.search(part.rest) is not None


def _reference(part: Part, inline: str, quotes: Sequence[str]) -> Reference | None:
    """What a request works on; None: it names a subject where a text is needed."""
    if inline:
        return Reference(Points.TEXT, text=inline)
    reference, found = reference_in(part.rest, quotes), part.found
    is_of_all = found.action.module in OF_A_CONVERSATION
    if found.is_question and is_of_all and is_of_elsewhere(part.after):
        return None
    names_nothing = reference.points is Points.NOTHING
    names_subject = reference.points is Points.TOPIC and part.phrases.works_on_text
    if not names_nothing and not names_subject:
        return reference
    if found.has_object:
        return Reference(Points.THIS)
    if found.is_question:
        return Reference(Points.SAID if is_of_all else Points.THIS)
    if names_nothing and part.before.points in _POINTED_BEFORE:
        return part.before
    return _unnamed(part, names_nothing=names_nothing)


def _unnamed(part: Part, *, names_nothing: bool) -> Reference | None:
    """What a request works on that names it neither in its object nor before."""
    found = part.found
    if _OF_ASSISTANT.match(part.rest):  # "correct your attitude"
        return None
    if names_nothing or _is_bare(part):
        return NOTHING
    if found.action.module == "TRANSLATOR" and _TRANSLATES.search(part.verb):
        return _inline_of_translation(part)
    is_concept = part.phrases.is_strict and "audience" in part.params
    if is_concept and not phrases().witnessed.search(part.rest):  # "explain gravity to a child"
        return Reference(Points.TEXT, text=part.text[part.tokens[part.after_verb].start :])
    return None


def _is_bare(part: Part) -> bool:
    """Whether what follows the verb is what comes of it: "fix the spelling", not "the posture"."""
    known, words = part.phrases, f"{part.verb} {part.rest}"
    if not known.bare.search(part.verb):
        return False
    return known.cues is NEVER or any(one.search(words) for one in (known.cues, known.weak))


def _inline_of_translation(part: Part) -> Reference | None:
    """As in "good morning into Spanish": the words before the language, or after it."""
    tokens = part.tokens[part.after_verb :]
    words = joined(tokens)
    span = language_span(words)
    if span is None:
        return None
    kept = tokens[: words_before(words, span[0])] or tokens[words_before(words, span[1]) :]
    if not kept:
        return NOTHING
    if len(kept) > _MAX_INLINE_WORDS:
        return None
    return Reference(Points.TEXT, text=part.text[kept[0].start : kept[-1].end])


def _has_topic(rest: str, reference: Reference) -> bool:
    """Whether words have a subject, also beside what they point at: "this week"."""
    known = phrases().references
    if reference.points in {Points.THIS, Points.ABOVE, Points.FILE}:
        for name in ("file", "above", "this"):
            rest = known[name].sub(" ", rest)
        reference = reference_in(rest)
    return reference.points is Points.TOPIC


def _is_named(reference: Reference, part: Part) -> bool:
    """Whether a text is named, rather than what was talked about."""
    if reference.points in {Points.FILE, Points.ABOVE, Points.TEXT, Points.MESSAGES}:
        return True
    is_this = reference.points is Points.THIS
    return is_this and ("audience" in part.params or _NAMED_TEXT.search(part.rest) is not None)
