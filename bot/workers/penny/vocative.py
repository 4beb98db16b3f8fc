"""Takes the assistant's name off a question that begins or ends with a call. Pure.

    Alfred, what is the capital of France?   ->  what is the capital of France?
    ¿Cuál es la capital de Francia, Alfred?  ->  ¿Cuál es la capital de Francia?
    Who was Alfred the Great?                ->  Who was Alfred the Great?

A small language model takes a name in the question for a part of the answer ("Alfred is the
capital of France"). Whoever was called has been decided before.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_OPENERS: Final = (
    r"(?:hey|hi|hello|ok|okay|yo|oh|please|oye|hola|eh|vale|venga|bueno|a ver|por favor|perdona"
    r"|buenas|buenos d[ií]as|good (?:morning|evening|afternoon))"
)
_QUESTION_BEGINS: Final = (
    r"(?:what|who|whom|whose|when|where|why|which|how|tell me|can you|could you|will you|do you"
    r"|are you|would you|please|give me|explain|let's|qu[eé]|qui[eé]n(?:es)?|cu[aá]l(?:es)?"
    r"|cu[aá]ndo|d[oó]nde|ad[oó]nde|c[oó]mo|cu[aá]nt[oa]s?|(?:por|para|a|en|de|con) qu[eé]"
    r"|dime|cu[eé]ntame|sabes|puedes|podr[ií]as|expl[ií]came|me (?:puedes|dices))\b"
)
_SURNAME: Final = r"(?-i:[A-ZÁÉÍÓÚÑÜ]\w)"
"""As in "hey Alfred Hitchcock made which films?"."""
_GIVES_TEXT: Final = re.compile(r":\s|[\"“”«»]")
"""What follows may end with the name: "write a letter that ends with: Yours, Alfred"."""
_MAX_CHARS: Final = 2_000
"""Nobody calls inside a text that is longer."""
_FEW: Final = "{0,9}"
"""How many spaces or signs stand in a row: without a bound, a text of spaces takes a second."""


def without_vocative(question: str, names: Iterable[str]) -> str:
    """The question without a call by one of the names; as it is, if nothing else were left.

    Args:
        question: What somebody said or wrote.
        names: What the assistant is called.
    """
    if len(question) > _MAX_CHARS:
        return question
    rest = question
    for name in names:
        begins, ends = _patterns(name)
        rest = begins.sub(r"\g<open>", rest, count=1)
        if not _GIVES_TEXT.search(rest):
            rest = ends.sub(r"\g<signs>", rest, count=1)
    if not any(map(str.isalnum, rest)):
        return question
    rest = rest.strip()
    first = re.search(r"[^\W\d_]", rest)
    if rest == question.strip() or first is None or not question.strip("¿¡ ")[:1].isupper():
        return rest
    return rest[: first.start()] + first[0].upper() + rest[first.end() :]


@lru_cache(maxsize=256)
def _patterns(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    called = r"[\s-]{1,3}".join(map(re.escape, name.split()))
    after = rf"(?:\s{_FEW}[,.:;!…\u2014\u2013]+\s*|\s+(?=[¿¡])|\s+(?={_QUESTION_BEGINS}))"
    spaced = rf"\s+(?:(?={_QUESTION_BEGINS})|(?!{_SURNAME}))"
    opened = rf"{_OPENERS}[\s,.!]{{1,9}}@?{called}(?:\s{_FEW}[,.:;!?…\u2014\u2013]+\s*|{spaced})"
    begins = rf"\A(?P<open>\s{_FEW}[¿¡]{_FEW})\s{_FEW}(?:{opened}|@?{called}{after})"
    ends = rf"\s{_FEW}[,;:.?!…\u2014\u2013]\s{_FEW}@?{called}(?P<signs>[\s.?!…]{_FEW})\Z"
    return re.compile(begins, re.IGNORECASE), re.compile(ends, re.IGNORECASE)
