"""Where in a sentence a request begins, and what it asks for. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.actions.candidates import MAX_TALK_WORDS
from bot.actions.cues import Known, by_cue
from bot.actions.phrases import phrases
from bot.actions.plain_words import Token, joined, words_before
from bot.actions.request_parts import Found

_GIFT: Final = re.compile(
    r"(?:\b(?:a|an|some|another|un|una|unos|unas|otro|otra)\b|\b\d+\b)? ?\S*$"
)
_TELL: Final = re.compile(r"(?:tell (?:me|us)|dime|dinos|me dices) ")
_OBJECT_BEFORE: Final = re.compile(r"\bl[oa]s? (?:pued|pod|quier|querr)\w+ $")
""" "Me lo puedes poner en inglés": the object stands before the politeness."""
_PRONOUN: Final = re.compile(r"\b(?:it|this|that|these|those|them|everything|all)\b")
_CAN_YOU: Final = re.compile(
    r"(?:can|could|would|will) you\b|(?:me |nos )?(?:l[oa]s? )?(?:puedes|podrias)\b"
)
_SUBORDINATE: Final = re.compile(
    r"\b(?:how|what|why|when|where|who|which|if|whether|that|so|unless|than|as|things?|all|and|or|but"
    r"|como|que|cuando|si|porque|donde|quien|cual|lo|no|y|o|ya|tu|te|se|nunca|siempre)\Z"
)
"""After these, "can you" begins no request: "how can you", "all that you could"."""
_GIVEN: Final = re.compile(r"(?:da|dar|pon|poner)les? ")
_LACKS: Final = re.compile(r"(?:this|that|it|esto|eso|l[aeo]s?|te)\b")
"""What needs something, or is given it: "this needs a title", "le falta un título"."""
_MAX_FRAMES: Final = 6
_MAX_OPENING_WORDS: Final = 30


class Beginnings:
    """Finds where the requests for some actions begin."""

    def __init__(self, known: Known) -> None:
        """Take the actions, in the order in which they are tried."""
        self._known = known

    def at(self, tokens: Sequence[Token], start: int) -> Found | None:
        """The request that begins at a token, after politeness; None: none does."""
        words, frames = _to_match(tokens[start : start + MAX_TALK_WORDS]), [0]
        for _ in range(_MAX_FRAMES):
            if frame := phrases().frames.match(words, frames[-1]):
                frames.append(frame.end())
        found = (self._begin_at(words, at, start) for at in reversed(frames))
        return next((one for one in found if one is not None), None)

    def _begin_at(self, words: str, at: int, start: int) -> Found | None:
        """The request that begins at an offset; what may be politeness may be a verb: "mira si"."""
        known = phrases()
        if (plan := known.plans.match(words, at)) and (
            hit := self._match(words, plan.end(), start, has_object=False)
        ):
            return replace(hit, is_plan=True)
        if found := known.proclitics.match(words, at):
            has_object = found[0].strip() in known.objects
            hit = self._match(words, found.end(), start, has_object=has_object)
            if hit and not hit.is_question:  # "lo que hemos dicho" names a text, and asks nothing
                return hit
            if hit := self._match_tu(words, found, start):
                return hit
        has_object = _OBJECT_BEFORE.search(words[:at]) is not None
        return self._match(words, at, start, has_object=has_object)

    def late_in(self, tokens: Sequence[Token]) -> tuple[Found | None, int]:
        """A request after a comma: "I was away, what did I miss?"; not after "she said,"."""
        known = phrases()
        for at in range(1, min(len(tokens), _MAX_OPENING_WORDS)):
            before = joined(tokens[:at])
            if not tokens[at - 1].breaks and not _runs_on(tokens, at, before):
                continue
            if known.reported.search(before):
                break
            if not _ends_denied(before) and (found := self.at(tokens, at)):
                return replace(found, is_plan=_CAN_YOU.match(joined(tokens[at:])) is None), at
        return None, 0

    def _match_tu(self, words: str, pronoun: re.Match[str], start: int) -> Found | None:
        """A Spanish request in the present tense: "me lo traduces"."""
        said = pronoun[0].strip()
        for action, one in self._known:
            if said.startswith(("me", "nos")) and (found := one.tu.match(words, pronoun.end())):
                rest = start + words_before(words, found.end())
                return Found(action, rest, rest, said in phrases().objects)
        return None

    def _match(self, words: str, at: int, start: int, *, has_object: bool) -> Found | None:
        return (
            self._match_cue(words, at, start, has_object=has_object, is_weak=False)
            or self._match_phrase(words, at, start, has_object=has_object)
            or self._match_cue(words, at, start, has_object=has_object, is_weak=True)
        )

    def _match_cue(
        self, words: str, at: int, start: int, *, has_object: bool, is_weak: bool
    ) -> Found | None:
        found = by_cue(words, at, self._known, has_object=has_object, is_weak=is_weak)
        if found is None:
            return None
        action, end, is_object = found
        rest = start + words_before(words, end)
        return Found(action, rest, rest, is_object, is_on_text=True)

    def _match_phrase(self, words: str, at: int, start: int, *, has_object: bool) -> Found | None:
        for action, one in self._known:
            if (found := one.verbs.match(words, at)) and found.end() > at:
                rest = start + words_before(words, found.end())
                is_object = has_object or _ends_with_object(found[0])
                return Found(action, rest, rest, is_object)
        for action, one in self._known:
            if found := one.gives.match(words, at):
                rest = start + words_before(words, found.end())
                subject = start + _begin_of_gift(words, at, found.end())
                is_object = _LACKS.match(found[0]) is not None
                return Found(action, rest, subject, is_object or _begins_with_text(found[0]))
        tell = _TELL.match(words, at)
        at = tell.end() if tell else at
        for action, one in self._known:
            if found := one.asks.match(words, at):
                rest = start + words_before(words, found.end())
                return Found(action, rest, rest, is_question=True)
        return None


def _runs_on(tokens: Sequence[Token], at: int, before: str) -> bool:
    """Whether a request begins without a comma: "my nan speaks Welsh can you put it in Welsh"."""
    asks = _CAN_YOU.match(joined(tokens[at : at + 3])) is not None
    is_part = _SUBORDINATE.search(before) or phrases().questions.match(before)
    return asks and is_part is None


def _ends_denied(before: str) -> bool:
    """Whether the words before a comma deny what follows; "I can't read it, sum it up" asks."""
    return phrases().negated.search(" ".join(before.split()[-2:])) is not None


def _begin_of_gift(words: str, at: int, end: int) -> int:
    """The word at which what is wanted begins: "ideas for a party"."""
    found = _GIFT.search(words[at:end])
    return words_before(words, at + (found.start() if found else 0) + 1)


def _begins_with_text(words: str) -> bool:
    """As in "my story needs a title"."""
    return phrases().texts.match(words) is not None


def _ends_with_object(verb: str) -> bool:
    """Whether a verb has its object with it: "traducelo", "sum it up"."""
    word = verb.strip().rpartition(" ")[2]
    is_enclitic = re.search(r"[aeiournz](?:me|nos)?l[oa]s?$", word) is not None
    return is_enclitic or _PRONOUN.search(verb) is not None or _GIVEN.match(verb) is not None


def _to_match(tokens: Sequence[Token]) -> str:
    """The plain words for the verbs' patterns, which fit no verb of the past."""
    return " ".join(f"{one.word}0" if one.is_past else one.word for one in tokens)
