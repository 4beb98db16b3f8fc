"""What an utterance says of its request elsewhere: "I need this in Dutch. Translate it." Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from bot.actions.candidates import MAX_TALK_WORDS
from bot.actions.language_words import language_in, language_span
from bot.actions.option_words import options_in
from bot.actions.phrases import phrases
from bot.actions.plain_words import joined, tokens_of
from bot.actions.references import Points, Reference, reference_in
from bot.actions.request_parts import Wish

_ELSEWHERE: Final = frozenset({"to", "tone", "audience", "style", "words", "sections", "sender"})
"""Parameters that a request cannot do without; what else is said there is about something else."""
_VAGUE: Final = frozenset({Points.NOTHING, Points.THIS})
_MAX_LISTED_WORDS: Final = 12


def merged(wishes: Iterable[Wish]) -> tuple[Wish, ...]:
    """What is asked for twice is one: "What does this say in French? Translate it for Ana"."""
    found: list[Wish] = []
    for wish in wishes:
        before = found[-1] if found else None
        if before is None or before.action != wish.action or not _agree(before, wish):
            found.append(wish)
            continue
        is_vague = before.reference.points in {*_VAGUE, Points.SAID}
        is_vague = is_vague and wish.reference.points not in _VAGUE
        reference = wish.reference if is_vague else before.reference
        found[-1] = Wish(before.action, {**wish.params, **before.params}, reference)
    return tuple(found)


def _agree(one: Wish, other: Wish) -> bool:
    shared = one.params.keys() & other.params.keys()
    return all(one.params[name] == other.params[name] for name in shared)


def completed(wish: Wish, said: str, inline: str, quotes: Sequence[str]) -> Wish:
    """The only request of an utterance, with what is said about it elsewhere.

    Args:
        wish: The request.
        said: The utterance, without the text that stands beside the request.
        inline: That text; empty: there is none.
        quotes: What the utterance quotes.
    """
    is_on_text = phrases().modules[wish.action.module].works_on_text
    words = joined(tokens_of(said)[:MAX_TALK_WORDS])
    if inline and is_on_text:
        wish = _with_list(_with_last_language(wish), words)
    elif len(quotes) == 1 and is_on_text and wish.reference.points in _VAGUE:
        wish = _on_text(wish, quotes[0])
    missing = _ELSEWHERE - wish.params.keys()
    elsewhere = options_in(words, wish.action.params, said)
    return replace(
        wish, params={**{n: v for n, v in elsewhere.items() if n in missing}, **wish.params}
    )


def _on_text(wish: Wish, text: str) -> Wish:
    reference = Reference(Points.TEXT, text=text)
    return replace(wish, params={**wish.params, "text": text}, reference=reference)


def _with_last_language(wish: Wish) -> Wish:
    """As in "translate, please: it is late, into Swedish": the end is not part of the text."""
    text, tokens = wish.reference.text, tokens_of(wish.reference.text)
    if "to" not in wish.action.params.get("properties", {}) or "to" in wish.params:
        return wish
    for count in (2, 3):
        words = joined(tokens[-count:])
        is_apart = len(tokens) > count and tokens[-count - 1].breaks
        language = language_in(words) if language_span(words) == (0, len(words)) else None
        if is_apart and language is not None:
            kept = text[: tokens[-count - 1].end]
            return _on_text(replace(wish, params={**wish.params, "to": language}), kept)
    return wish


def _with_list(wish: Wish, words: str) -> Wish:
    """As in "categorize this: low, medium or high": what stands beside the request are labels."""
    text = wish.reference.text
    is_asked = "labels" in wish.action.params.get("properties", {}) and "labels" not in wish.params
    if not is_asked or len(text.split()) > _MAX_LISTED_WORDS or re.search(r"[.!?]\s", text):
        return wish
    from bot.actions.intents.lists import listed_in  # noqa: PLC0415  (NumPy)

    labels = listed_in(text, "labels")
    if len(labels) < 2 or sum(len(one.split()) for one in labels) < len(text.split()) - 2:  # noqa: PLR2004
        return wish
    params = {name: value for name, value in wish.params.items() if name != "text"}
    return Wish(wish.action, {**params, "labels": labels}, reference_in(words))
