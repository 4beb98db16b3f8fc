"""Requests by what names their result, whatever the verb: "get the spelling in this sorted". Pure.

Such a request begins with a verb of doing, points at what it works on, and has a cue of
`modules.toml` that names the result. Without all three it is talk: "sort the garden out", "is that
your spelling?".
"""

import re
from collections.abc import Sequence
from typing import Final

from bot.actions.ordinary_talk import is_for_later
from bot.actions.phrases import ModulePhrases, phrases
from bot.actions.references import Points, reference_in
from bot.contract.actions import OfferedAction

_POINTED: Final = frozenset(
    {Points.FILE, Points.ABOVE, Points.ANSWER, Points.SAID, Points.MINUTES, Points.MESSAGES}
)
_NEXT_REQUEST: Final = re.compile(
    r" (?:and|then|y|luego)(?: then| also| tambien| luego)? "
    r"(?=(?:\w+ )?(?:this|that|it|me)\b|\w+[lm][aoe]s?\b)"
)
"""Where another request begins: "rephrase this and give me the keywords"."""
_IN_THIS: Final = re.compile(r"\b(?:in|of|with|en|de) (?:this|that|it|here|esto|eso|aqui)\Z")
_OBJECT_IN_VERB: Final = re.compile(r"[aeiournz](?:me|nos|se|te)?l[oa]s?$")

Known = Sequence[tuple[OfferedAction, ModulePhrases]]


def by_cue(
    words: str, at: int, known: Known, *, has_object: bool, is_weak: bool
) -> tuple[OfferedAction, int, bool] | None:
    """The request that begins at an offset in plain words, by its cue.

    Args:
        words: The plain words.
        at: Where it begins.
        known: The actions that may be meant, in their order.
        has_object: Whether a pronoun before the verb is its object.
        is_weak: Whether no module's verb is there.

    Returns:
        The action, where its verb ends, and whether the verb has its object with it.
    """
    verb = phrases().does.match(words, at)
    if verb is None:
        return None if is_weak else _by_question(words, at, known)
    clause = _NEXT_REQUEST.split(words[verb.end() :].strip(), maxsplit=1)[0]
    with_object = has_object or _OBJECT_IN_VERB.search(verb[0].strip()) is not None
    if not (with_object or points_at_text(clause)) or is_for_later(clause):
        return None
    for action, one in known:
        cues = one.weak if is_weak else one.cues
        if cues.search(f"{verb[0].strip()} {clause}"):
            return action, verb.end(), with_object
    return None


def _by_question(words: str, at: int, known: Known) -> tuple[OfferedAction, int, bool] | None:
    """A question about a text that is named: "are there any mistakes in my letter?"."""
    begun = phrases().asking.match(words, at)
    if begun is None:
        return None
    if not (phrases().texts.search(words, at) or _IN_THIS.search(words, at)):
        return None
    found = (action for action, one in known if one.asked.search(words[at:]))
    action = next(found, None)
    return None if action is None else (action, at, False)


def points_at_text(words: str) -> bool:
    """Whether plain words point at a text, and not at "this film"."""
    if reference_in(words).points in _POINTED:
        return True
    known = phrases()
    return known.texts.search(words) is not None or known.pronouns.search(words) is not None
