"""Detects the language of a text with py3langid, beside what is known about the conversation.

py3langid's model (2 MB) takes a tenth of a millisecond for a sentence. Measured against lingua
2.1.1 (96 MB, 930 MB in memory, five seconds for a first text): on short texts neither is better.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from functools import cache
from typing import Any, Final

from bot.contract import Context
from bot.languages import LANGUAGES, LanguageDecision, LanguageHints, Probabilities, decide
from bot.languages.decision import by_code

_SAMPLE_CHARS: Final = 2_000
"""How much of a text is read."""
_LOOKED_BACK: Final = 24
"""Messages; so many that a person's own turns are among them when several people take turns."""
_TURNS: Final = 6
_TURN_CHARS: Final = 500
"""How much of the conversation counts as a hint."""

_ENOUGH_LETTERS: Final = 10
"""With fewer, a detector's probabilities say less than it claims: "Vale" is no Latvian."""

_NOT_WORDS: Final = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|<a?:\w{2,32}:\d+>|<[@#!&:/t]{1,2}[^<>\s]{1,40}>|https?://\S+",
    re.DOTALL,
)
"""Code, emoji, mentions and addresses, which are in no language."""

_LABELS: Final = re.compile(
    r"^\[(?:forwarded|poll(?: result)?|sticker: [^\]\n]{0,100}|[^\]\n]{1,2000}: not read)\]"
    r"|^\[[^\]\n]{1,200}\.\w{1,8}\]$|\(\d+ votes?\)$",
    re.MULTILINE,
)
"""What the reader of messages writes around people's words; it is English in any language."""

_EVERYWHERE: Final = re.compile(
    r"\b(?:ok|okay|k|lol|xd+|lmao|rofl|omg|wtf|wow|btw|thx|ty|pls|plz|np|gg|wp|brb|afk|bro|no"
    r"|h+m+|u[hm]+|m+|(?:ha|ja|he|je|hi|ji)+h?|bot|discord|emoji|online|server)\b",
    re.IGNORECASE,
)
"""Chat words that people write in any language, so that they tell nothing."""


def warm_up() -> None:
    """Load the model, which takes about a second. Blocks."""
    _identifier()


def decide_on(text: str, hints: LanguageHints) -> LanguageDecision:
    """Decide on the language of a text. Blocks for a millisecond, the first time for a second."""
    return decide(detect(text[:_SAMPLE_CHARS]), hints)


def decide_on_question(text: str, hints: LanguageHints) -> LanguageDecision:
    """Decide on the language of a question, which may have a quote or a file in another below it.

    Blocks as `decide_on`.
    """
    first, _, rest = text.partition("\n\n")
    if rest and sum(map(str.isalpha, first[:_SAMPLE_CHARS])) >= _ENOUGH_LETTERS:
        found = decide_on(first, hints)
        if found.code is not None:
            return found
    return decide_on(text, hints)


def conversation_hints(
    context: Context | None, *, pinned: str | None, allowed: Collection[str]
) -> LanguageHints:
    """What a request's context says about the language of its words. Blocks as `decide_on`."""
    if context is None or pinned:
        return LanguageHints(
            pinned=pinned, locale=context.locale if context else None, allowed=allowed
        )
    speaker: list[Probabilities] = []
    others: list[Probabilities] = []
    for message in context.history[-_LOOKED_BACK:]:
        is_own = message.role == "user" and message.name in {None, context.speaker}
        detected = detect(message.content[:_TURN_CHARS])
        if detected:
            # Somebody's "vale" is in the language of their turns before it, whoever spoke between.
            before = LanguageHints(speaker=speaker[:_TURNS] if is_own else (), allowed=allowed)
            known = decide(detected, before).probabilities
            (speaker if is_own else others).insert(0, known)
    speaker, others = speaker[:_TURNS], others[:_TURNS]
    return LanguageHints(speaker=speaker, others=others, locale=context.locale, allowed=allowed)


def detect(text: str) -> Probabilities:
    """The probabilities of the table's languages; empty if the text has no letters."""
    plain = _EVERYWHERE.sub(" ", _NOT_WORDS.sub(" ", _LABELS.sub(" ", text)))
    words = unicodedata.normalize("NFC", plain)
    letters = [c for c in words if c.isalpha()]
    if not letters:
        return {}
    found = by_code(_identifier().rank(words), _CODES)
    fitting = _languages_of_script(letters)
    if fitting is not None:
        return {code: found.get(code, 0.0) + _UNKNOWN for code in fitting}
    trust = min(1.0, len(letters) / _ENOUGH_LETTERS)
    return {code: found.get(code, 0.0) ** trust for code in _LATIN}


_CODES: Final = {
    label: language.code for language in LANGUAGES.values() for label in language.detector_ids
}
_LATIN: Final = frozenset(one.code for one in LANGUAGES.values() if not one.scripts)
_UNKNOWN: Final = 1e-3
"""So that a language remains that only its script tells."""


def _languages_of_script(letters: list[str]) -> list[str] | None:
    """The languages written in most of these letters; None: in Latin ones, or unknown.

    Kana tell Japanese from Chinese: each Japanese sentence has some.
    """
    scripts = Counter(unicodedata.name(c, "").partition(" ")[0] for c in letters)
    scripts.pop("LATIN", None)
    kana = scripts["HIRAGANA"] + scripts["KATAKANA"] + scripts["KATAKANA-HIRAGANA"]
    foreign = sum(scripts.values())
    if foreign * 2 < len(letters) and not kana:
        return None
    if kana:
        return ["ja"]
    script = scripts.most_common(1)[0][0]
    return [one.code for one in LANGUAGES.values() if script in one.scripts] or None


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415  (0.7 s)

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
