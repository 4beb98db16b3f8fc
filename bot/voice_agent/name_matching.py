"""Was the assistant called by its name? Fuzzy matching, by `options/names.toml`. Pure.

Recognisers write a name as they hear it, so near-misses count. A word one letter off ("Alfredo",
"Al Fred", "Jarred"), or one that sounds the same ("Noba" for Nova), counts anywhere. Another name
or word ("Jerry", "al frente") counts only where somebody is called: between commas, or after "hey",
"oye" and the like. Common words and people's names are never near-misses. A name that is a common
word itself ("Luna") counts where a clause begins with it, or is nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from bot.common_words import common_words, people_names
from bot.persona import is_common
from bot.plain_words import words_of
from bot.sound_alike import letter_distance, sound_distance, sound_key
from bot.voice_agent.options.phrases import PhraseOptions


@dataclass(frozen=True, slots=True)
class _Name:
    """A name of the assistant.

    Attributes:
        written: Its words as one.
        size: How many words it has.
        sound: As it sounds.
        is_common: Whether people also say it when they call nobody.
    """

    written: str
    size: int
    sound: str
    is_common: bool

    @classmethod
    def of(cls, name: str) -> "_Name":
        words = words_of(name)
        written = "".join(words)
        return cls(written, len(words), sound_key(written), is_common(name))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a clause some words stand.

    Attributes:
        begins: Whether only openers are before them.
        is_opened: Whether at least one opener is.
        is_call: Whether somebody is called there: after an opener, or with nothing else around.
    """

    begins: bool
    is_opened: bool
    is_call: bool


class NameMatcher:
    """Finds an assistant's names in clauses, which are lists of plain words."""

    def __init__(self, names: Iterable[str], phrases: PhraseOptions) -> None:
        self._names = [_Name.of(name) for name in names]
        self._sizes = range(1, max((name.size for name in self._names), default=0) + 2)
        self._phrases = phrases

    @property
    def max_words(self) -> int:
        """How many words of a text may be one of the names, as far as it is heard."""
        return self._sizes.stop - 1

    def without_names(self, clause: Sequence[str], others: set[str]) -> list[str]:
        """The words of a clause that are not the assistant's name.

        Args:
            clause: The words between two punctuation marks.
            others: The names of the other people who are there; those never match.
        """
        rest: list[str] = []
        opening, at = self._opening(clause), 0
        while at < len(clause):
            if size := self._name_at(clause, at, opening, others):
                at += size
            else:
                rest.append(clause[at])
                at += 1
        return rest

    def name_at(self, clause: Sequence[str], at: int, others: set[str]) -> int:
        """How many words the assistant's name has that stands at a place in a clause; 0: none."""
        return self._name_at(clause, at, self._opening(clause), others)

    def _opening(self, clause: Sequence[str]) -> int:
        """How many openers a clause begins with."""
        return sum(1 for _ in takewhile(self._phrases.call_openers.__contains__, clause))

    def _name_at(self, clause: Sequence[str], at: int, opening: int, others: set[str]) -> int:
        begins = at <= opening
        is_opened = begins and at > 0
        for size in self._sizes:
            words = clause[at : at + size]
            place = _Place(begins, is_opened, is_opened or size >= len(clause))
            if len(words) == size and self._is_name(words, others, place):
                return size
        return 0

    def _is_name(self, words: Sequence[str], others: set[str], place: _Place) -> bool:
        """Whether these words of a clause are the assistant's name."""
        if others.intersection(words):
            return False
        heard = "".join(words)
        if any(self._is_exact(words, heard, name, place) for name in self._names):
            return True
        misheard = self._phrases.misheard_names
        spaced = " ".join(words)
        if place.is_call and any(spaced in misheard.get(n.written, ()) for n in self._names):
            return True
        is_another = heard in self._phrases.not_names or heard in people_names()
        if is_another or all(word in common_words() for word in words):
            return False
        return any(self._is_near(heard, len(words), name, place) for name in self._names)

    def _is_exact(self, words: Sequence[str], heard: str, name: _Name, place: _Place) -> bool:
        if heard != name.written:
            return False
        if name.is_common:
            return place.begins or place.is_call
        is_split = len(words) != name.size  # "eso no va" does not call Nova
        return not is_split or place.is_opened or not all(word in common_words() for word in words)

    def _is_near(self, heard: str, size: int, name: _Name, place: _Place) -> bool:
        if size == name.size and self._is_one_letter_off(heard, name.written):
            return True
        is_short = len(name.written) < self._phrases.min_alike_name_chars
        lengths_apart = abs(len(heard) - len(name.written))
        if is_short or name.is_common or lengths_apart > self._phrases.max_lengths_apart:
            return False
        limit = self._sound_limit(name.sound) if place.is_call else 0
        return sound_distance(sound_key(heard), name.sound, limit=limit) <= limit

    def _sound_limit(self, sound: str) -> int:
        limits = self._phrases.sound_limits
        return next((limit for length, limit in limits if len(sound) >= length), 0)

    def _is_one_letter_off(self, heard: str, name: str) -> bool:
        if len(name) < self._phrases.min_fuzzy_name_chars:
            return False
        is_alike = heard[:1] == name[:1] and abs(len(heard) - len(name)) <= 1
        return is_alike and letter_distance(heard, name) <= 1
