"""Was the assistant called by its name? Fuzzy matching, by `options/names.toml`. Pure.

Recognisers write a name as they hear it, so near-misses count. A word one letter off ("Alfredo",
"Al Fred", "Jarred") counts anywhere. Another name or word ("Jerry", "al frente") counts only where
somebody is called: between commas, or after "hey", "oye" and the like.
"""

from collections.abc import Iterable, Sequence

from bot.spoken_commands import plain
from bot.voice_agent.options.phrases import PhraseOptions


class NameMatcher:
    """Finds an assistant's names in clauses, which are lists of plain words."""

    def __init__(self, names: Iterable[str], phrases: PhraseOptions) -> None:
        self._names = [plain(name) for name in names]
        self._phrases = phrases

    def without_names(self, clause: Sequence[str], others: set[str]) -> list[str]:
        """The words of a clause that are not the assistant's name.

        Args:
            clause: The words between two punctuation marks.
            others: The names of the other people who are there; those never match.
        """
        rest: list[str] = []
        openers = self._phrases.call_openers
        opening = next((n for n, word in enumerate(clause) if word not in openers), len(clause))
        at = 0
        while at < len(clause):
            sizes = (
                size
                for size in (1, 2)
                if self._is_name(
                    clause[at : at + size],
                    others,
                    # with only openers before, or with nothing else in the clause
                    is_call=at <= opening and (at > 0 or size >= len(clause)),
                )
            )
            if size := next(sizes, 0):
                at += size
            else:
                rest.append(clause[at])
                at += 1
        return rest

    def _is_name(self, words: Sequence[str], others: set[str], *, is_call: bool) -> bool:
        """Whether one or two words of a clause are the assistant's name.

        Args:
            words: They.
            others: The names of the other people who are there.
            is_call: Whether they stand where somebody is called.
        """
        if others.intersection(words):
            return False
        heard = "".join(words)
        is_near = len(words) == 1 and any(self._is_near(heard, name) for name in self._names)
        if is_near or heard in self._names:
            return True
        misheard = self._phrases.misheard_names
        return is_call and any(" ".join(words) in misheard.get(n, ()) for n in self._names)

    def _is_near(self, heard: str, name: str) -> bool:
        if len(name) < self._phrases.min_fuzzy_name_chars:
            return heard == name
        is_alike = heard[:1] == name[:1] and abs(len(heard) - len(name)) <= 1
        return is_alike and heard not in self._phrases.not_names and _distance(heard, name) <= 1


def _distance(one: str, other: str) -> int:
    """The number of letters to change, remove or insert (Levenshtein)."""
    above = list(range(len(other) + 1))
    for row, a in enumerate(one, 1):
        left = [row]
        for column, b in enumerate(other, 1):
            left.append(min(above[column] + 1, left[-1] + 1, above[column - 1] + (a != b)))
        above = left
    return above[-1]
