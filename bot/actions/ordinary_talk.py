"""Signs that a sentence is ordinary talk although it begins as a request does. Pure."""

import re
from collections.abc import Sequence
from typing import Final

from bot.actions.candidates import MAX_TALK_WORDS
from bot.actions.phrases import phrases
from bot.actions.plain_words import Token, joined, tokens_of
from bot.actions.references import Points, reference_in
from bot.actions.request_parts import Part

_OF: Final = re.compile(r"(?:of|on|at|in|about|from|with|de|del|en|sobre|con)\b")
_PLACE: Final = re.compile(
    r"\b(?:channels?|chat|call|meeting|conversation|discussion|thread|server|group|transcript|canal"
    r"|llamada|reunion|conversacion|charla|hilo|servidor|grupo|transcripcion)\b"
)
"""What people talk in, however it is named: "in today's meeting"."""
_LATER: Final = re.compile(
    r"\b(?:tomorrow|later|some ?day|next (?:time|week|month|year)|(?<!esta )(?<!la )manana"
    r"|(?:la )?proxima (?:vez|semana)|otro dia)\b"
)
_ASKS_ON: Final = re.compile(
    r"(?:(?:and|so|y|pues) )?(?:(?:how|where|who|when|what)s?|why|is|are|was|were|did|does|has|have"
    r"|que|como|donde|cuando|quien|cual|es|son|esta|estan|fue|ha|han|has|hay|tiene|tienen)\b"
)
"""How a question of something else begins."""
_HERE: Final = re.compile(r"\b(?:here|aqui|esta|ahi)\b")
"""Not what these point at: "is the pizza here yet", "¿está la cena?"."""
_OF_WHAT_WAS_SAID: Final = re.compile(
    r"\b(?:said|say|talk\w*|mention\w*|decid\w*|agree\w*|discuss\w*|this|that"
    r"|dicho|dij\w+|habla\w*|comenta\w*|acord\w*|quedado|esto|eso)\b"
    r"|\b(?:anything|anybody|anyone|algo|alguien) (?:important|importante|new|nuevo)\b"
)
_MAX_TAG_WORDS: Final = 6


def is_quoted_by_tag(tokens: Sequence[Token]) -> bool:
    """Whether words after a comma say that somebody else asks: "translate it, she said"."""
    breaks = [at for at, token in enumerate(tokens[:MAX_TALK_WORDS], 1) if token.breaks]
    return any(phrases().tags.match(joined(tokens[at : at + _MAX_TAG_WORDS])) for at in breaks)


def is_put_off(words: str) -> bool:
    """Whether what is asked for is to be done at another time, and so by a person."""
    return phrases().put_off.search(words) is not None


def is_only_thought(words: str) -> bool:
    """Whether a sentence only supposes something, or thinks aloud.

    As in "suppose you had to translate this", "we need ideas for dinner, but it'll be pasta".
    """
    known = phrases()
    if known.supposed.match(words):
        return True
    return known.shared_needs.match(words) is not None and known.doubts.search(words) is not None


def is_remark(part: Part) -> bool:
    """Whether a part of a sentence only has the form of a request.

    Its module says so, or what follows does ("translate that and you'll see"); or it works on what
    has no words ("that look"), or asks those who are there ("any ideas, or do we stay in?").
    """
    known, words = phrases(), joined(part.tokens)
    if part.phrases.unless.search(words):
        return True
    if known.afterthoughts.search(words):
        return True
    if part.phrases.works_on_text:
        has_no_words = known.no_texts.match(part.after) is not None
        return has_no_words or known.remarks.search(words) is not None or _is_chatting(part)
    return part.found.is_question and known.among_us.search(words) is not None


def _is_chatting(part: Part) -> bool:
    """Whether one who was away asks on about something else: "what did I miss? Did he score?"."""
    if part.found.action.module != "SUMMARIZER":
        return False
    after = part.tokens[part.after_verb :]
    head_ends = next((at for at, token in enumerate(after, 1) if token.breaks), len(after))
    following = tokens_of(part.whole.partition(part.text)[2])
    is_verb_apart = part.after_verb > 0 and part.tokens[part.after_verb - 1].breaks
    head, tail = ([], after) if is_verb_apart else (after[:head_ends], after[head_ends:])
    words = joined([*tail, *following][:MAX_TALK_WORDS])
    if phrases().texts.search(words) or _OF_WHAT_WAS_SAID.search(words):
        return False
    names_nothing = reference_in(joined(head)).points is Points.NOTHING
    return names_nothing and _ASKS_ON.match(words) is not None and _has_topic(words)


def _has_topic(words: str) -> bool:
    return reference_in(_HERE.sub(" ", words)).points is Points.TOPIC


def is_of_elsewhere(after: str) -> bool:
    """Whether a question of what was said is about something else: "what did I miss on TV"."""
    is_about = _OF.match(after) is not None and _PLACE.search(after) is None
    return is_about and reference_in(after).points is Points.TOPIC


def is_for_later(words: str) -> bool:
    """Whether a plan is not for now: "let's review the code tomorrow"."""
    return _LATER.search(words) is not None
