"""Whether a written message calls the bot by the name that people of the server gave it. Pure.

    Nova, what is a rook?      hey nova what is a rook      what is a rook, Nova?      @Nova a rook?

Discord itself knows only the bot's account. Who tells about somebody of that name ("Nova is slow")
or quotes a message calls nobody, and a name that people also say as a word ("vale") counts with an
`@` alone.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, takewhile
from typing import Final

from bot.plain_words import words_of
from bot.spoken_commands import find_commands
from bot.voice_agent.name_matching import NameMatcher
from bot.voice_agent.options import DEFAULT_OPTIONS
from cogs.shared.markdown import code_spans

_MAX_CHARS: Final = 4_000
"""The longest message that a person can write."""
_MAX_AT_NAMES: Final = 20
_PHRASES: Final = DEFAULT_OPTIONS.phrases
_SAID_ANYWAY: Final = _PHRASES.acknowledgements | _PHRASES.around_names | _PHRASES.call_openers
_QUOTED: Final = re.compile(r"^[ \t]*>(?:>> [\s\S]*| [^\n]*)", re.MULTILINE)
"""What somebody quotes: a line, or all that follows. Source: Discord's "Markdown Text 101"."""
_CLAUSE: Final = re.compile(r"[^,.;:!?\u2026\u00bf\u00a1\u2014\n]+")
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_AT: Final = re.compile(r"(?<![\w@<.])@(?=[^\W_])")
_ADDRESS: Final = re.compile(r"\.\w")
"""After a name in an address, as in `@nova.example`."""
_AROUND_CALL: Final = " \t\n,.;:!\u00a1\u00bf\u2026\u2014"
_AFTER_CALL: Final = " \t\n,.;:!?\u2026\u2014"


@dataclass(frozen=True, slots=True)
class WrittenCalls:
    """Finds calls by a name."""

    name: str

    def is_called_in(self, text: str, others: Collection[str] = ()) -> bool:
        """Whether a text calls by the name, outside code.

        Args:
            text: What somebody wrote.
            others: The names of other people whom it may mean.
        """
        return next(self._calls(text[:_MAX_CHARS], others), None) is not None

    def without_call(self, text: str, others: Collection[str] = ()) -> str:
        """The text without a call at its beginning."""
        first = next(self._calls(text[:_MAX_CHARS], others), None)
        if first is None or text[: first[0]].strip(_AROUND_CALL):
            return text
        rest = text[first[1] :]
        return rest.lstrip(_AFTER_CALL) or rest.strip(_AROUND_CALL)

    def _calls(self, text: str, others: Collection[str]) -> Iterator[tuple[int, int]]:
        """Where the calls are, in order."""
        text, matcher = _QUOTED.sub(_blank, text), _matcher(self.name)
        people = {word for name in others for word in words_of(name)}
        code = list(code_spans(text))
        found = {*_at_names(text, matcher, people), *self._vocatives(text, matcher, people)}
        for first, last in sorted(found):
            if not any(begin < last and first < end for begin, end in code):
                yield first, last

    def _vocatives(
        self, text: str, matcher: NameMatcher, people: set[str]
    ) -> Iterator[tuple[int, int]]:
        """Calls at the beginning: the name alone, or after "hey"; and the name alone at the end."""
        name = words_of(self.name)
        is_said = " ".join(name) in _SAID_ANYWAY or all(word in _SAID_ANYWAY for word in name)
        if is_said or find_commands(name) is not None:
            return
        clauses = [c.span() for c in _CLAUSE.finditer(text) if _WORD.search(c[0])]
        is_opener = _PHRASES.call_openers.__contains__
        first = 0
        for number, (begin, end) in enumerate(clauses):
            words = list(_WORD.finditer(text, begin, end))
            plain = [" ".join(words_of(word[0])) for word in words]
            if number == first and all(map(is_opener, plain)):
                first += 1  # "Hey, Nova"
                continue
            if number not in (first, len(clauses) - 1):
                continue
            opening = sum(1 for _ in takewhile(is_opener, plain))
            size = matcher.name_at(plain, opening, people)
            is_alone = opening + size == len(plain)
            if size and (is_alone or (number == first and opening)):
                start = clauses[0][0] if number == first else words[opening].start()
                yield start, words[opening + size - 1].end()


def _at_names(text: str, matcher: NameMatcher, people: set[str]) -> Iterator[tuple[int, int]]:
    """The name after an `@` that Discord has made no mention of."""
    for at in islice(_AT.finditer(text), _MAX_AT_NAMES):
        line = text[at.end() :].split("\n", 1)[0]
        words = list(islice(_WORD.finditer(line), matcher.max_words))
        for size in range(len(words), 0, -1):
            plain = words_of(line[: words[size - 1].end()])
            end = at.end() + words[size - 1].end()
            if matcher.name_at(plain, 0, people) == len(plain) and not _ADDRESS.match(text, end):
                yield at.start(), end
                break


def _blank(quoted: re.Match[str]) -> str:
    return "\n" * len(quoted[0])


@lru_cache(maxsize=256)
def _matcher(name: str) -> NameMatcher:
    return NameMatcher([name], _PHRASES)
