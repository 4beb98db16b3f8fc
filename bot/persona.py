"""Who the assistant is in a place: its name, its manner, its language and its voice. Pure.

    channel.over(server)

A person's own voice counts before all of that. What nobody has chosen is as the deployment has it.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.common_words import common_words
from bot.plain_words import plain, words_of
from bot.sanitize import clean, clean_line

MAX_NAME_CHARS: Final = 32
MAX_INSTRUCTIONS_CHARS: Final = 1_000

_MIN_LETTERS: Final = 2
_NAME: Final = re.compile(r"[^\W_](?:[ '\u2019-]?[^\W_])*")
"""Letters and digits, with single spaces, apostrophes and hyphens between them. So a name is no
mention, no markup, no link and no speaker's label, and it is one line."""
_STACKED: Final = 3
"""No language puts so many marks on one letter of a name."""
_VOWELS: Final = frozenset("aeiouy")
_BLANK_LINES: Final = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """What somebody has chosen for a place; an empty field leaves it to the place around it.

    Attributes:
        name: What people call the assistant (`check_name`).
        instructions: How it is to be, in their own words; for the language model.
        language: The code of the language that people speak there.
        voice: The voice of its answers to people who have chosen none.
    """

    name: str = ""
    instructions: str = ""
    language: str = ""
    voice: str = ""

    def over(self, around: "Persona") -> "Persona":
        """This persona, with what it leaves empty as in the place around it."""
        return Persona(
            name=self.name or around.name,
            instructions=self.instructions or around.instructions,
            language=self.language or around.language,
            voice=self.voice or around.voice,
        )

    def __bool__(self) -> bool:
        """Whether anything is chosen."""
        return self != NO_PERSONA


NO_PERSONA: Final = Persona()
"""Nothing is chosen."""
SERVER: Final = 0
"""In place of a channel's id: the whole server, whose persona it is."""


class NameProblem(StrEnum):
    """Why a name cannot be used.

    LENGTH: it is empty, or has more than `MAX_NAME_CHARS` characters. CHARACTERS: it has others
    than letters, digits, and single spaces, apostrophes and hyphens between them. SOUND: with
    fewer than two letters, or without a vowel, nobody could say it.
    """

    LENGTH = "length"
    CHARACTERS = "characters"
    SOUND = "sound"


def check_name(name: str) -> NameProblem | None:
    """What is wrong with a name, as `as_name` returns it; None: nothing."""
    if not 0 < len(name) <= MAX_NAME_CHARS:
        return NameProblem.LENGTH
    if clean_line(name) != name or name != as_name(name) or not _NAME.fullmatch(_unmarked(name)):
        return NameProblem.CHARACTERS
    letters = [char for char in plain(name) if char.isalpha()]
    is_latin = all(char.isascii() for char in letters)
    can_be_said = not is_latin or not _VOWELS.isdisjoint(letters) or any(map(str.isdigit, name))
    if len(letters) < _MIN_LETTERS or not can_be_said:
        return NameProblem.SOUND
    return None


def read_name(typed: str) -> str:
    """A name as somebody typed it; empty: none.

    Raises:
        ValueError: It cannot be used.
    """
    name = as_name(typed)
    if not name:
        return ""
    match check_name(name):
        case NameProblem.LENGTH:
            raise ValueError(f"must have at most {MAX_NAME_CHARS} characters")
        case NameProblem.CHARACTERS:
            raise ValueError("must have letters and digits, and between them spaces, - or '")
        case NameProblem.SOUND:
            raise ValueError("must have at least two letters, and a vowel")
    return name


def as_name(typed: str) -> str:
    """A name as somebody typed it, in Unicode's composed form, with single spaces."""
    return unicodedata.normalize("NFC", " ".join(typed.split()))


def as_instructions(typed: str) -> str:
    """Instructions without invisible characters and large gaps, cut to their limit."""
    text = _BLANK_LINES.sub("\n\n", clean(typed[: 4 * MAX_INSTRUCTIONS_CHARS]).strip())
    # The cut may be within an emoji, whose first half is cleaned like any other.
    return clean(text[:MAX_INSTRUCTIONS_CHARS]).rstrip()


def is_common(name: str) -> bool:
    """Whether people say this name, or every word of it, also when they call nobody."""
    words = words_of(name)
    return all(word in common_words() for word in words) or "".join(words) in common_words()


def _unmarked(name: str) -> str:
    """The name without vowel signs and the like, which many scripts write as marks.

    Marks that are more than a letter has stay, and make it no name.
    """
    kept, marks = "", 0
    for char in name:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Mc") else 0
        kept += char if marks in (0, _STACKED) else ""
    return kept
