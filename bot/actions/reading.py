"""Reads a person's own words: which actions do they ask for, if any? Pure.

    read("Could you summarise this and translate it into Spanish?", offered)

A request that is plain to see is certain: after politeness it begins with a verb of `modules.toml`,
or with one of giving and what is wanted. Where words only could mean an action, there are
candidates for a language model to choose from. All else is ordinary talk, and costs nothing: what
is quoted, reported, denied, or only asked about is no request.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.actions.candidates import MAX_TALK_WORDS, candidates_in
from bot.actions.cues import by_cue
from bot.actions.option_words import language_span
from bot.actions.ordinary_talk import is_for_later, is_of_elsewhere, is_quoted_by_tag, is_remark
from bot.actions.phrases import phrases
from bot.actions.plain_words import QUOTE, Token, joined, tokens_of, without_quotes
from bot.actions.references import NOTHING, Points, Reference, reference_in
from bot.actions.request_parts import Found, Part, Wish
from bot.actions.whole_utterance import completed, merged
from bot.contract.actions import MAX_OWN_WORDS_CHARS, OfferedAction

OF_A_CONVERSATION: Final = frozenset({"SUMMARIZER", "ACTION_ITEMS", "SENTIMENT", "KEYWORDS"})
"""Asked without an object, and aloud also with "this", these mean all that was said."""
_CONJUNCTIONS: Final = frozenset(
    ["and", "then", "y", "e", "luego", "despues", "also", "plus", "tambien"]
)
_HEY: Final = frozenset(["hey", "oye", "hola", "hi", "ok", "okay"])
_GIFT: Final = re.compile(
    r"(?:\b(?:a|an|some|another|un|una|unos|unas|otro|otra)\b|\b\d+\b)? ?\S*$"
)
_TELL: Final = re.compile(r"(?:tell (?:me|us)|dime|dinos|me dices) ")
_TRANSLATES: Final = re.compile(r"\b(?:transla|tradu)")
"""What takes any words beside a language for its text; "put the kettle on in English" does not."""
_INTO_NO_LANGUAGE: Final = re.compile(
    r"\binto (?!(?:the|my|our|your|her|his|their|another|any|some|a) \w*)\w+"
    r"|\b(?:en|al?) (?:accion|acciones|hechos|dinero|euros|cifras|resultados|mas)\b"
)
""" "Translate that into action": a figure of speech, where no language follows."""
_OBJECT_BEFORE: Final = re.compile(r"\bl[oa]s? (?:pued|pod|quier|querr)\w+ $")
""" "Me lo puedes poner en inglés": the object stands before the politeness."""
_OF_ASSISTANT: Final = re.compile(r"(?:your|tus?)\b")
_ABOUT: Final = re.compile(r"(?:for|that|to|which|de|para|que)\b", re.IGNORECASE)
_YES_OR_NO: Final = frozenset(["yes", "no", "si", "yeah", "nope"])
_SENTENCE: Final = re.compile(r"(?<=[.!?\u2026])\s+|\n+")
_HEAD: Final = re.compile(
    r"(?P<head>[^\n:]{3,300}?)(?<=\S)[^\S\n]*+(?::\s++|:?\n\s*+)(?P<rest>\S.*)", re.DOTALL
)
_LAST_LINE_CHARS: Final = 200
_PRONOUN: Final = re.compile(r"\b(?:it|this|that|these|those|them|everything|all)\b")
_AROUND_POINTERS: Final = frozenset(
    [
        "i",
        "mean",
        "use",
        "take",
        "work",
        "want",
        "with",
        "all",
        "everything",
        "whole",
        "quiero",
        "digo",
        "refiero",
        "usa",
        "coge",
        "toma",
        "trabaja",
        "todo",
        "toda",
        "entero",
        "entera",
        "se",
        "sobre",
    ]
)
"""Beside these, an answer only points: "I mean the message above"."""
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
_MAX_FRAMES: Final = 6
_MAX_INLINE_WORDS: Final = 20
_MAX_SENTENCES: Final = 4
_MAX_OPENING_WORDS: Final = 12
_NAMED_TEXT: Final = re.compile(
    r"\b(?:this|that|the|these|my|este|ese|esta|esa|el|la|mi) (?:\w+ )?(?:texts?|code|message"
    r"|paragraph|article|function|script|error|log|document|file|texto|codigo|mensaje|parrafo"
    r"|articulo|funcion|archivo|documento|fichero)\b"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What words ask for.

    Attributes:
        wishes: The actions that are certainly asked for, in order; each after the first works on
            the result of the one before.
        candidates: What a model may choose from, if nothing is certain.
        is_open: It asks for something to be done to something that is there, in other words than
            ours; a model that is good at that may choose from everything.
    """

    wishes: tuple[Wish, ...] = ()
    candidates: tuple[OfferedAction, ...] = ()
    is_open: bool = False

    @property
    def is_talk(self) -> bool:
        """Whether nothing could be asked for."""
        return not (self.wishes or self.candidates or self.is_open)


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
    calls = [tuple(joined(tokens_of(name)).split()) for name in names]
    for request, inline in _requests_in(text):
        reader = _Reader(request, inline, quotes, offered, calls)
        if wishes := reader.wishes():
            if len(wishes) == 1:
                wishes = (completed(wishes[0], request, inline, quotes),)
            return Reading(wishes=wishes)
    sentences = [one for one in _SENTENCE.split(text)[:_MAX_SENTENCES] if not _is_later(one)]
    candidates, is_open = candidates_in(sentences, offered)
    return Reading(candidates=candidates, is_open=is_open)


def answer_points_at(words: str) -> Reference:
    """What the answer to "what should I work on?" points at; a text may say "here" or "it", too."""
    reference, plain = points_at(words), joined(tokens_of(words)[:MAX_TALK_WORDS])
    if reference.points in {Points.NOTHING, Points.TOPIC}:
        return reference
    for pattern in phrases().references.values():
        plain = pattern.sub(" ", plain)
    left = [one for one in plain.split() if one not in _AROUND_POINTERS | phrases().empty]
    is_pointer = len(left) <= 1 and len(tokens_of(words)) <= MAX_TALK_WORDS
    return reference if is_pointer else Reference(Points.TOPIC)


def points_at(words: str) -> Reference:
    """What a person's own words point at, whatever they ask for."""
    text, quotes = without_quotes(words[:MAX_OWN_WORDS_CHARS])
    return reference_in(joined(tokens_of(text)[:MAX_TALK_WORDS]), quotes)


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
    """Reads one text."""

    def __init__(
        self,
        text: str,
        inline: str,
        quotes: Sequence[str],
        offered: Sequence[OfferedAction],
        names: Collection[tuple[str, ...]],
    ) -> None:
        self._text = text
        self._inline = _with_quotes(inline, quotes)
        self._quotes = quotes
        self._names = [name for name in names if name]
        by_name = {one.module: one for one in offered}
        modules = phrases().modules.items()  # in their order: "extract the keywords" is no extract
        self._known = [(by_name[name], one) for name, one in modules if name in by_name]

    def wishes(self) -> tuple[Wish, ...]:
        """What is asked for in the sentences, in order."""
        sentences = [one for one in _SENTENCE.split(self._text) if one.strip()]
        if len(sentences) > _MAX_SENTENCES:  # a text, of which the middle asks for nothing
            sentences = [sentences[0], sentences[-1]]
        return merged(wish for one in sentences for wish in self._sentence(one))

    def _sentence(self, text: str) -> list[Wish]:
        tokens = self._without_name(tokens_of(text))
        wishes = self._chain(tokens, self._begin(tokens, 0), 0, text)
        return wishes or self._chain(tokens, *self._begin_late(tokens), text)

    def _chain(
        self, tokens: Sequence[Token], begun: Found | None, at: int, text: str
    ) -> list[Wish]:
        """The requests that follow each other from a token on."""
        is_on_text = begun is not None and phrases().modules[begun.action.module].works_on_text
        if is_on_text and is_quoted_by_tag(tokens):  # else it may belong to what is asked for
            return []
        wishes: list[Wish] = []
        while begun is not None:
            end, following = self._next(tokens, begun)
            part = Part(
                begun,
                tokens[at:end],
                begun.rest - at,
                begun.subject - at,
                text,
                self._text,
                reference_in(joined(tokens[:at])),
            )
            wish = self._wish(part) if not wishes else Wish(begun.action, part.params)
            if wish is None:
                break
            wishes.append(wish)
            at, begun = end, following
        return wishes

    def _without_name(self, tokens: list[Token]) -> list[Token]:
        while tokens and (tokens[0].word in _YES_OR_NO and tokens[0].breaks):
            tokens = tokens[1:]
        called = tokens[1:] if tokens and tokens[0].word in _HEY else tokens
        for name in self._names:
            if _words(called[: len(name)]) == name:
                tokens = called[len(name) :]
            if len(tokens) > len(name) and _words(tokens[-len(name) :]) == name:
                tokens = tokens[: -len(name)]
        return tokens

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
                following = self._begin(tokens, start)
                if following and following.action != begun.action:
                    return at, following
        return len(tokens), None

    def _begin(self, tokens: Sequence[Token], start: int) -> Found | None:
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

    def _begin_late(self, tokens: Sequence[Token]) -> tuple[Found | None, int]:
        """A request after a comma: "I was away, what did I miss?"; not after "she said,"."""
        known = phrases()
        for at in range(1, min(len(tokens), _MAX_OPENING_WORDS)):
            if not tokens[at - 1].breaks:
                continue
            before = joined(tokens[:at])
            if known.reported.search(before):
                break
            if not _ends_denied(before) and (found := self._begin(tokens, at)):
                return replace(found, is_plan=True), at
        return None, 0

    def _match_tu(self, words: str, pronoun: re.Match[str], start: int) -> Found | None:
        """A Spanish request in the present tense: "me lo traduces"."""
        said = pronoun[0].strip()
        for action, one in self._known:
            if said.startswith(("me", "nos")) and (found := one.tu.match(words, pronoun.end())):
                rest = start + _tokens_before(words, found.end())
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
        rest = start + _tokens_before(words, end)
        return Found(action, rest, rest, is_object, is_on_text=True)

    def _match_phrase(self, words: str, at: int, start: int, *, has_object: bool) -> Found | None:
        for action, one in self._known:
            if (found := one.verbs.match(words, at)) and found.end() > at:
                rest = start + _tokens_before(words, found.end())
                is_object = has_object or _ends_with_object(found[0])
                return Found(action, rest, rest, is_object)
        for action, one in self._known:
            if found := one.gives.match(words, at):
                rest = start + _tokens_before(words, found.end())
                return Found(action, rest, start + _begin_of_gift(words, at, found.end()))
        tell = _TELL.match(words, at)
        at = tell.end() if tell else at
        for action, one in self._known:
            if found := one.asks.match(words, at):
                rest = start + _tokens_before(words, found.end())
                return Found(action, rest, rest, is_question=True)
        return None

    def _wish(self, part: Part) -> Wish | None:
        """The request in a part of a sentence; None if it is talk after all."""
        if is_remark(part):
            return None
        reference = None if part.is_broken_off and not self._inline else self._reference(part)
        if reference is None:
            return None
        is_pointing = reference.points not in {Points.NOTHING, Points.TOPIC}
        is_shared = part.found.action.module == "BRAINSTORMER"  # "let's brainstorm names"
        if part.found.is_plan and is_for_later(part.rest):
            return None
        is_figure = part.found.action.module == "TRANSLATOR" and "to" not in part.params
        if is_figure and _INTO_NO_LANGUAGE.search(part.rest):
            return None
        if part.found.is_plan and not (is_shared or (is_pointing and part.phrases.works_on_text)):
            return None
        if part.phrases.is_strict and not _is_named(reference, part):
            return None
        is_of_subject = not (part.phrases.works_on_text or part.found.is_on_text)
        if is_of_subject and _has_topic(part.rest, reference):
            about = part.text if _ABOUT.match(part.about) else part.about
            about = _with_quotes(about, self._quotes).strip(" .!?\u00a1\u00bf")
            reference = Reference(Points.TEXT, text=about) if about else reference
        text = {"text": reference.text} if reference.points is Points.TEXT else {}
        return Wish(part.found.action, {**part.params, **text}, reference)

    def _reference(self, part: Part) -> Reference | None:
        """What a request works on; None: it names a subject where a text is needed."""
        if self._inline:
            return Reference(Points.TEXT, text=self._inline)
        reference, found = reference_in(part.rest, self._quotes), part.found
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
        return self._unnamed(part, names_nothing=names_nothing)

    @staticmethod
    def _unnamed(part: Part, *, names_nothing: bool) -> Reference | None:
        """What a request works on that names it neither in its object nor before."""
        found = part.found
        if _OF_ASSISTANT.match(part.rest):  # "correct your attitude"
            return None
        if names_nothing or part.phrases.bare.search(part.verb):
            return NOTHING
        if found.action.module == "TRANSLATOR" and _TRANSLATES.search(part.verb):
            return _inline_of_translation(part)
        return None


def _inline_of_translation(part: Part) -> Reference | None:
    """As in "good morning into Spanish": the words before the language, or after it."""
    tokens = part.tokens[part.after_verb :]
    words = joined(tokens)
    span = language_span(words)
    if span is None:
        return None
    kept = tokens[: _tokens_before(words, span[0])] or tokens[_tokens_before(words, span[1]) :]
    if not kept or len(kept) > _MAX_INLINE_WORDS:
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


def _is_later(sentence: str) -> bool:
    return is_for_later(joined(tokens_of(sentence)[:MAX_TALK_WORDS]))


def _ends_denied(before: str) -> bool:
    """Whether the words before a comma deny what follows; "I can't read it, sum it up" asks."""
    return phrases().negated.search(" ".join(before.split()[-2:])) is not None


def _begin_of_gift(words: str, at: int, end: int) -> int:
    """The word at which what is wanted begins: "ideas for a party"."""
    found = _GIFT.search(words[at:end])
    return _tokens_before(words, at + (found.start() if found else 0) + 1)


def _ends_with_object(verb: str) -> bool:
    """Whether a verb has its object with it: "traducelo", "sum it up"."""
    word = verb.strip().rpartition(" ")[2]
    is_enclitic = re.search(r"[aeiournz](?:me|nos)?l[oa]s?$", word) is not None
    return is_enclitic or _PRONOUN.search(verb) is not None


def _tokens_before(words: str, offset: int) -> int:
    """How many words end before an offset."""
    return len(words[:offset].split())


def _with_quotes(text: str, quotes: Sequence[str]) -> str:
    """A text with what it quotes put back."""
    for number, quoted in enumerate(quotes):
        text = text.replace(f"{QUOTE}{number}", quoted)
    return text


def _to_match(tokens: Sequence[Token]) -> str:
    """The plain words for the verbs' patterns, which fit no verb of the past."""
    return " ".join(f"{one.word}0" if one.is_past else one.word for one in tokens)


def _words(tokens: Sequence[Token]) -> tuple[str, ...]:
    return tuple(token.word for token in tokens)
