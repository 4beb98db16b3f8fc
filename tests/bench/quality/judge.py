"""Judges answers to questions by the answers that are accepted. Pure; no model is asked.

An answer is right if one of the accepted answers is in it as whole words, after both were made
plain, and no "not" stands before it.
"""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_THOUSANDS: Final = re.compile(r"(?<=\d)[.,'\u2019\u00a0\u202f ](?=\d{3}(?!\d))")
_DECIMAL: Final = re.compile(r"(?<=\d)[.,](?=\d)")
_UNIT: Final = re.compile(r"(?<=\d)(?=[^\W\d_])")
_CLAUSE_END: Final = re.compile(r"[.,;:!?…]+(?=\s|$)")
_POINT: Final = "\ue000"
"""Stands for a decimal point until all other signs are gone."""
_DENIALS: Final = (
    "not",
    "isn t",
    "wasn t",
    "never",
    "no es",
    "no son",
    "no fue",
    "no era",
    "nunca",
)
HALVES: Final = ("tuned", "unseen")


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the answers that are accepted.

    Attributes:
        language: The language that it is asked in.
        half: "tuned": prompts may be tuned with it; "unseen": they may not.
    """

    language: str
    half: str
    text: str
    accepted: tuple[str, ...]


def questions(file: Path) -> list[Question]:
    """The questions of a TOML file.

    Raises:
        ValueError: It has a question without an accepted answer.
    """
    found = []
    for language, halves in tomllib.loads(file.read_text("utf-8")).items():
        for half, rows in halves.items():
            for text, *accepted in rows:
                if not accepted or half not in HALVES:
                    raise ValueError(f"{file.name}: {text}")
                found.append(Question(language, half, text, tuple(accepted)))
    return found


def plain(text: str) -> str:
    """Lower case, without accents and signs.

    1.000, 1,000 and 1 000 are 1000; 0,5 is 0.5; 100ºC is 100 c.
    """
    text = _THOUSANDS.sub("", text.replace("º", " "))
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in letters if not unicodedata.combining(c))
    kept = _DECIMAL.sub(_POINT, kept)
    kept = "".join(c if c.isalnum() or c == _POINT else " " for c in kept)
    kept = _UNIT.sub(" ", kept)
    return " ".join(kept.split()).replace(_POINT, ".")


def is_right(answer: str, accepted: Sequence[str]) -> bool:
    """Whether an answer says what is accepted."""
    said = " ".join(_affirmed(plain(clause)) for clause in _CLAUSE_END.split(answer))
    return any(f" {plain(one)} " in f" {' '.join(said.split())} " for one in accepted)


def _affirmed(clause: str) -> str:
    """A plain clause in which what is denied is no whole word: "not Oslo", but not "No, Oslo"."""
    clause = f" {clause} "
    for denial in _DENIALS:
        clause = clause.replace(f" {denial} ", " \ue001")
    return clause
