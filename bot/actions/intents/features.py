"""What an intent is told by: its words, their order, and their parts. Pure.

    features_of("Alfred, into French!", [("alfred",)])  ->  {"w:<bot> ,", "w:into <language>", …}

What differs from sentence to sentence and says nothing of the intent is one word for all: the
assistant's name, languages, numbers, quotes, and names.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from bot.actions.phrases import language_names
from bot.actions.plain_words import QUOTE, Token, tokens_of, without_quotes
from bot.common_words import people_names

MAX_CHARS: Final = 600
"""How much of an utterance is looked at: its beginning."""
_BOT: Final = "<bot>"
_BREAKS: Final = ((re.compile(r"\?"), "?"), (re.compile(r"[.!:\n\u2026]"), "."))
_PAUSES: Final = re.compile(r"[,;\u2014\u2013]")
_DIGIT: Final = re.compile(r"\d")
_OF_ENGLISH: Final = frozenset(["i", "im", "ill", "id", "ive"])
"""Have a capital wherever they stand."""
_WORD_GRAMS: Final = (1, 2, 3)
_LETTER_GRAMS: Final = (3, 4, 5)
_END_WORDS: Final = 3
_WORDS_A_STEP, _MAX_STEPS = 5, 6


def features_of(utterance: str, names: Collection[tuple[str, ...]]) -> frozenset[str]:
    """The features of an utterance.

    Args:
        utterance: What a person said or wrote.
        names: The assistant's names, each as plain words.
    """
    words = list(_words(utterance[:MAX_CHARS], names))
    steps = min(_MAX_STEPS, len(words) // _WORDS_A_STEP)
    return frozenset(
        [
            *_of_words(["^", *words, "$"]),
            *_of_words(["^", *(one for one in words if one != ","), "$"]),
            *_of_letters(words),
            *_of_sentences(words),
            f"n:{steps}",
        ]
    )


def _words(utterance: str, names: Collection[tuple[str, ...]]) -> Iterator[str]:
    text, _ = without_quotes(utterance)
    tokens = tokens_of(text)
    at, is_first = 0, True
    while at < len(tokens):
        called = next((n for n in names if _are(tokens[at : at + len(n)], n)), None)
        if called is None:
            yield _class_of(tokens[at], text, is_first=is_first)
            at += 1
        else:
            yield _BOT
            at += len(called)
        following = tokens[at].start if at < len(tokens) else len(text)
        signs = list(_sign(text[tokens[at - 1].end : following]))
        is_first = signs in (["?"], ["."])
        yield from signs


def _are(tokens: Sequence[Token], words: tuple[str, ...]) -> bool:
    return tuple(token.word for token in tokens) == words


def _class_of(token: Token, text: str, *, is_first: bool) -> str:
    word = token.word
    if word.startswith(QUOTE):
        return "<quote>"
    if word in language_names():
        return "<language>"
    if _DIGIT.search(word):
        return "<number>"
    if word in people_names():
        return "<person>"
    if not is_first and text[token.start].isupper() and word not in _OF_ENGLISH:
        return "<capital>"
    return f"{word}<past>" if token.is_past else word


def _sign(between: str) -> Iterator[str]:
    for pattern, sign in _BREAKS:
        if pattern.search(between):
            yield sign
            return
    if _PAUSES.search(between):
        yield ","


def _of_words(words: Sequence[str]) -> Iterator[str]:
    for size in _WORD_GRAMS:
        for at in range(len(words) - size + 1):
            yield "w:" + " ".join(words[at : at + size])
    for at in range(len(words) - 2):
        yield f"s:{words[at]} {words[at + 2]}"


def _of_letters(words: Sequence[str]) -> Iterator[str]:
    for word in set(words):
        if not word[0].isalnum():
            continue
        ended = f"^{word}$"
        for size in _LETTER_GRAMS:
            for at in range(len(ended) - size + 1):
                yield "c:" + ended[at : at + size]


def _of_sentences(words: Sequence[str]) -> Iterator[str]:
    """How each sentence begins and ends, without calls of the assistant."""
    sentence: list[str] = []
    for word in [*words, ""]:
        if word and word not in (_BOT, ","):
            sentence.append(word)
        if sentence and word in ("?", ".", ""):
            for size in _WORD_GRAMS:
                yield "b:" + " ".join(sentence[:size])
            yield "e:" + " ".join(sentence[-_END_WORDS:])
            sentence = []
