"""Reads a person's own words: which actions do they ask for, if any? Pure.

    read("Could you summarise this and translate it into Spanish?", offered)

A request that is plain to see is certain: after politeness it begins with a verb of `modules.toml`,
or with one of giving and what is wanted. Where words only could mean an action, there are
candidates for a language model to choose from. All else is ordinary talk, and costs nothing: what
is quoted, reported, denied, or only asked about is no request.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from bot.actions.addressee import is_to_another
from bot.actions.beginnings import Beginnings
from bot.actions.candidates import MAX_TALK_WORDS, candidates_in
from bot.actions.intents.features import features_of
from bot.actions.ordinary_talk import is_for_later, is_only_thought, is_quoted_by_tag
from bot.actions.phrases import phrases
from bot.actions.plain_words import Token, joined, tokens_of, with_quotes, without_quotes
from bot.actions.references import reference_in
from bot.actions.request_parts import Found, Part, Wish
from bot.actions.whole_utterance import completed, merged
from bot.actions.wishes import wish_in
from bot.contract.actions import MAX_OWN_WORDS_CHARS, OfferedAction

if TYPE_CHECKING:
    from bot.actions.intents.ngrams import Judgement

_CONJUNCTIONS: Final = frozenset(
    ["and", "then", "y", "e", "luego", "despues", "also", "plus", "tambien"]
)
_YES_OR_NO: Final = frozenset(["yes", "no", "si", "yeah", "nope"])
_SENTENCE: Final = re.compile(r"(?<=[.!?\u2026])\s+|\n+")
_HEAD: Final = re.compile(
    r"(?P<head>[^\n:]{3,300}?)(?<=\S)[^\S\n]*+(?::\s++|:?\n\s*+)(?P<rest>\S.*)", re.DOTALL
)
_LAST_LINE_CHARS: Final = 200
_MAX_SENTENCES: Final = 4
_MAY_ASK_LOG_ODDS: Final = -3.5
"""Below, the words are ordinary talk, and no model reads them: two of three sentences of talk, most
of which mention what could be asked for, and one of fifteen requests."""
_REPORTED_LOG_ODDS: Final = -1.0
"""The same for what others are said to have asked for: "she said, summarise it"."""
_REPORTED: Final = "r:reported"


@dataclass(frozen=True, slots=True)
class Reading:
    """What words ask for.

    Attributes:
        wishes: The actions that are certainly asked for, in order; each after the first works on
            the result of the one before.
        candidates: What a model may choose from, if nothing is certain.
        is_open: It asks for something to be done to something that is there, in other words than
            ours; a model that is good at that may choose from everything.
        may_ask: Something may be asked for in words that no rule knows.
        features: What the learned intents are told by; none: it is said to somebody else, or
            about another time, or too short, or comes with its text.
        judgement: What was learned says by these features; None: there are none.
    """

    wishes: tuple[Wish, ...] = ()
    candidates: tuple[OfferedAction, ...] = ()
    is_open: bool = False
    may_ask: bool = False
    features: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    judgement: "Judgement | None" = field(default=None, compare=False)

    @property
    def is_talk(self) -> bool:
        """Whether nothing could be asked for."""
        return not (self.wishes or self.candidates or self.is_open or self.may_ask)


TALK: Final = Reading()


def read(words: str, offered: Sequence[OfferedAction], *, names: Collection[str] = ()) -> Reading:
    """Read a person's own words.

    Args:
        words: What they said or wrote, without files and what they quote from elsewhere.
        offered: What may be done.
        names: The assistant's names, which may come before or after a request.
    """
    if not offered:
        return TALK
    text, quotes = without_quotes(words[:MAX_OWN_WORDS_CHARS])
    calls = [call for name in names if (call := tuple(joined(tokens_of(name)).split()))]
    from bot.actions.intents.ngrams import MIN_WORDS, packaged_model  # noqa: PLC0415  (NumPy)

    is_refused = False
    for request, inline in _requests_in(text):
        reader = _Reader(request, inline, quotes, offered, calls)
        if wishes := reader.wishes():
            if len(wishes) == 1:
                wishes = (completed(wishes[0], request, inline, quotes),)
            if inline or quotes or len(tokens_of(text)) < MIN_WORDS:
                return Reading(wishes=wishes)  # what is to be worked on says nothing of the request
            features = features_of(text, calls)
            likely = packaged_model().judge(features)
            return Reading(wishes=wishes, features=features, judgement=likely)
        is_refused = is_refused or reader.is_refused
    parts = _SENTENCE.split(text)
    sentences = [_to_assistant(one, calls) for one in parts[:_MAX_SENTENCES]]
    candidates, is_open = candidates_in(filter(None, sentences), offered)
    if not any(sentences) or len(tokens_of(text)) < MIN_WORDS:
        return Reading(candidates=candidates, is_open=is_open)
    said = text if len(parts) <= _MAX_SENTENCES else f"{parts[0]} {parts[-1]}"
    features = features_of(said, calls) | _signs(sentences, is_refused=is_refused)
    likely = packaged_model().judge(features)
    least = _REPORTED_LOG_ODDS if _REPORTED in features else _MAY_ASK_LOG_ODDS
    is_offered = any(one.module == likely.intent for one in offered)
    return Reading(
        candidates=candidates,
        is_open=is_open,
        may_ask=is_offered and likely.log_odds > least,
        features=features,
        judgement=likely,
    )


def _signs(sentences: Sequence[str], *, is_refused: bool) -> frozenset[str]:
    """What the rules tell the learned intents: that a request may be none, or another's."""
    known, said = phrases(), [one for one in sentences if one]
    signs = {
        "r:refused": is_refused,
        _REPORTED: all(known.reported.search(one) for one in said),
        "r:negated": all(known.negated.search(one) for one in said),
        "r:planned": all(known.plans.match(f"{one} ") for one in said),
        "r:partly": len(said) < len(sentences),
    }
    return frozenset(sign for sign, is_so in signs.items() if is_so)


def _requests_in(text: str) -> Iterator[tuple[str, str]]:
    """The texts that may be a request, each with the text that stands beside it."""
    stripped = text.strip()
    if found := _HEAD.fullmatch(stripped):
        yield found["head"], found["rest"].strip()
    above, _, last = stripped.rpartition("\n")
    if above.strip() and len(last) <= _LAST_LINE_CHARS:
        yield last, above.strip()
    yield stripped, ""


class _Reader:
    """Reads one text.

    Attributes:
        is_refused: Whether something had the form of a request, and is none.
    """

    def __init__(
        self,
        text: str,
        inline: str,
        quotes: Sequence[str],
        offered: Sequence[OfferedAction],
        names: Collection[tuple[str, ...]],
    ) -> None:
        self._text = text
        self.is_refused = False
        self._inline = with_quotes(inline, quotes)
        self._quotes = quotes
        self._names = names
        by_name = {one.module: one for one in offered}
        modules = phrases().modules.items()  # in their order: "extract the keywords" is no extract
        known = [(by_name[name], one) for name, one in modules if name in by_name]
        self._beginnings = Beginnings(known)

    def wishes(self) -> tuple[Wish, ...]:
        """What is asked for in the sentences, in order."""
        sentences = [one for one in _SENTENCE.split(self._text) if one.strip()]
        if len(sentences) > _MAX_SENTENCES:  # a text, of which the middle asks for nothing
            sentences = [sentences[0], sentences[-1]]
        return merged(wish for one in sentences for wish in self._sentence(one))

    def _sentence(self, text: str) -> list[Wish]:
        tokens, called = _without_names(tokens_of(text), self._names)
        if is_to_another(tokens, text, self._names) or is_only_thought(joined(tokens)):
            return []
        for at in (0, *called):
            if wishes := self._chain(tokens, self._beginnings.at(tokens, at), at, text):
                return wishes
        return self._chain(tokens, *self._beginnings.late_in(tokens), text)

    def _chain(
        self, tokens: Sequence[Token], begun: Found | None, at: int, text: str
    ) -> list[Wish]:
        """The requests that follow each other from a token on."""
        is_on_text = begun is not None and phrases().modules[begun.action.module].works_on_text
        if is_on_text and is_quoted_by_tag(tokens):  # else it may belong to what is asked for
            self.is_refused = True
            return []
        wishes: list[Wish] = []
        while begun is not None:
            end, following = self._next(tokens, begun)
            is_only = following is None and not wishes
            own = text[tokens[at if wishes else 0].start : tokens[end - 1].end]
            part = Part(
                begun,
                tokens[at:end],
                begun.rest - at,
                begun.subject - at,
                text,
                self._text,
                reference_in(joined(tokens[:at])),
                self._text if is_only else own,
            )
            wish = (
                wish_in(part, self._inline, self._quotes)
                if not wishes
                else Wish(begun.action, part.params)
            )
            if wish is None:
                self.is_refused = True
                break
            wishes.append(wish)
            at, begun = end, following
        return wishes

    def _next(self, tokens: Sequence[Token], begun: Found) -> tuple[int, Found | None]:
        """Where a request ends, and the one that follows it.

        What a `subject` module is about goes on to the end: "a script that reads a file and
        translates it".
        """
        if not phrases().modules[begun.action.module].works_on_text:
            return len(tokens), None
        for at in range(begun.rest, min(len(tokens), MAX_TALK_WORDS)):
            is_joined = tokens[at].word in _CONJUNCTIONS
            if is_joined or tokens[at - 1].breaks:
                start = at
                while start < len(tokens) and tokens[start].word in _CONJUNCTIONS:
                    start += 1
                following = self._beginnings.at(tokens, start)
                if following and following.action != begun.action:
                    return at, following
        return len(tokens), None


def _to_assistant(sentence: str, names: Collection[tuple[str, ...]]) -> str:
    """The plain words of a sentence that may ask the assistant for something now, else nothing."""
    tokens, _ = _without_names(tokens_of(sentence), names)
    words = joined(tokens[:MAX_TALK_WORDS])
    if is_for_later(words) or is_only_thought(words) or is_to_another(tokens, sentence, names):
        return ""
    return joined(tokens)


def _without_names(
    tokens: list[Token], names: Collection[tuple[str, ...]]
) -> tuple[list[Token], list[int]]:
    """The words of a sentence without calls of the assistant, and a yes or no before it.

    Returns:
        They, and where they go on after a call in the middle.
    """
    while tokens and (tokens[0].word in _YES_OR_NO and tokens[0].breaks):
        tokens = tokens[1:]
    kept: list[Token] = []
    called: list[int] = []
    at = 0
    while at < len(tokens):
        size = _call_at(tokens, at, kept, names)
        if size and kept:
            kept[-1] = replace(kept[-1], breaks=True)
            called.append(len(kept))
        elif not size:
            kept.append(tokens[at])
        at += size or 1
    return kept, [one for one in called if one < len(kept)]


def _call_at(
    tokens: Sequence[Token], at: int, before: Sequence[Token], names: Collection[tuple[str, ...]]
) -> int:
    """How many words at a place call the assistant; 0: none, as in "who is Alfred the Great?"."""
    for name in names:
        end = at + len(name)
        if _words(tokens[at:end]) != name:
            continue
        is_first = all(phrases().frames.match(f"{one.word} ") for one in before)
        is_apart = (
            end == len(tokens) or tokens[end - 1].breaks or (at > 0 and tokens[at - 1].breaks)
        )
        if is_first or is_apart:
            return len(name)
    return 0


def _words(tokens: Sequence[Token]) -> tuple[str, ...]:
    return tuple(token.word for token in tokens)
