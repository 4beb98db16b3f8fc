"""Sums that people ask for, worked out here: a small language model gets them wrong. Pure.

    What is twelve times twelve?         ->  12 times 12, 144
    ¿Cuánto es el 10 % de 250?           ->  el 10 % de 250, 25

A question is a sum only if nothing else is in it. English and Spanish, by `sums.toml`; numbers in
words are read by `text_to_num`.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import resources
from math import isqrt
from typing import Any, Final

from bot.plain_words import plain

_MAX_CHARS: Final = 120
_MAX_DIGITS: Final = 15
_MAX_BITS: Final = 1024
"""The largest numerator and denominator on the way to a result."""
_MAX_RESULT: Final = 10**15
"""Beyond, nobody wants to hear the digits."""
_ROUNDED_DIGITS: Final = 4
"""Decimals, or significant digits of what is small."""
_MIN_RESULT: Final = Fraction(1, 10**8)
"""Beneath, nobody wants to hear the zeros."""
_RAISED: Final = re.compile("(?<=[0-9)])[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+")
_PERCENT: Final = re.compile(
    r"\bpor ciento(?=\s*(?:[?!.,=)+-]|\Z|del?\b|m[aá]s\b|menos\b))", re.IGNORECASE
)
"""It would become "por 100"; "por ciento veinte" is "por 120"."""
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_SIGNS: Final = {
    "+": "+", "-": "-", "\u2212": "-", "*": "*", "\u00d7": "*", "\u00b7": "*", "/": "/",
    "\u00f7": "/", ":": "/", "^": "^", "(": "(", ")": ")",
}  # fmt: skip
_AMBIGUOUS: Final = re.compile(r"\d[-/:x]\d")
"""As in 9/11, 24/7, 1914-1918, 16:9 and 4x4."""
_NEVER: Final = re.compile(
    r"\d:\d|(?<!\d)\d{1,2}([-/])\d{1,2}\1\d{2,4}(?!\d)|\d{4}([-/])\d\d?\2\d"
    r"|(?<!\d)\d{3}-\d{3}-\d{3,4}(?!\d)"
)
"""Times, ratios, days and telephone numbers, whatever is asked: 10:30, 16:9, 11/30/2026."""
_VAGUE: Final = re.compile(r"[\d.,\s/:-]+|(?:[\d.,\s]|por|entre|x)+")
"""Without a question around it, it may be a score, a time or an offer: "2 por 1"."""
_TIMES: Final = {
    "half": Fraction(1, 2),
    "third": Fraction(1, 3),
    "quarter": Fraction(1, 4),
    "tenth": Fraction(1, 10),
    "double": Fraction(2),
    "triple": Fraction(3),
    "the": Fraction(1),
}
_SHARES: Final = {
    "3rd of": "third of",
    "10th of": "tenth of",
    "3\u00aa parte": "tercera parte",
    "4\u00aa parte": "cuarta parte",
}
"""What `text_to_num` makes of shares, and how people say them."""
_POWERS: Final = {"square": 2, "cube": 3}


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum and its result.

    Attributes:
        expression: What is asked for, in the asker's words, with digits.
        result: As exact as it can be said.
        is_exact: Whether it is no rounded value.
    """

    expression: str
    result: Fraction
    is_exact: bool


def sum_in(question: str, language: str) -> Sum | None:
    """The sum that a question asks for; None: it asks for something else, or has no result.

    Args:
        question: What somebody said or wrote.
        language: Its language's code; other languages than English and Spanish have no sums.
    """
    words = _words().get(language)
    if words is None or len(question) > _MAX_CHARS or not any(map(str.isalnum, question)):
        return None
    if any(map(_is_no_figure, _RAISED.sub("", question))):
        return None
    text = _with_digits(question, language).strip(" \n\t\u00bf\u00a1")
    is_asked = text.rstrip().endswith(("?", "="))
    text = re.sub(r"[\s?!.=]+\Z", "", text)
    found = words.framed.fullmatch(plain(text))
    if found is None or len(plain(text)) != len(text):
        return None
    begin, end = found.span("expression")
    expression = text[begin:end].strip(" ,:")
    is_firm = "=" in question or words.firm.search(plain(found["lead"])) is not None
    is_unclear = _NEVER if is_firm else _AMBIGUOUS
    if is_unclear.search(plain(expression)):
        return None
    if not found["lead"].strip() and not is_asked and _VAGUE.fullmatch(plain(expression)):
        return None
    return _worked_out(expression, words)


@dataclass(frozen=True, slots=True)
class _Words:
    """What one language says in a sum."""

    framed: re.Pattern[str]
    firm: re.Pattern[str]
    token: re.Pattern[str]
    operators: Mapping[str, str]
    functions: Mapping[str, str]
    after: Mapping[str, str]
    groups: str


@cache
def _words() -> Mapping[str, _Words]:
    file = resources.files("bot.workers.penny") / "sums.toml"
    return {name: _read(row) for name, row in tomllib.loads(file.read_text("utf-8")).items()}


def _read(row: Mapping[str, Any]) -> _Words:
    phrases = sorted({*row["operator"], *row["function"], *row["after"]}, key=len, reverse=True)
    spoken = "|".join(rf"{phrase.replace(' ', ' +')}(?![^\W_])" for phrase in phrases)
    signs = re.escape("".join(_SIGNS))
    number = _NUMBER.pattern
    framed = (
        rf"(?P<lead>(?:{row['lead']})?[ ,:]*)(?P<expression>.+?)(?:[ ,?]+(?:{row['trail']}))*[ ,?]*"
    )
    return _Words(
        framed=re.compile(framed),
        firm=re.compile(row["firm"]),
        token=re.compile(rf"\s*(?:(?P<words>{spoken})|(?P<number>{number})|(?P<sign>[{signs}%]))"),
        operators=row["operator"],
        functions=row["function"],
        after=row["after"],
        groups=row["groups"],
    )


def _is_no_figure(sign: str) -> bool:
    """Whether it is only a digit's form: `plain` would put 5₂ on the line, as 52."""
    return sign.isdigit() and not sign.isdecimal()


def _with_digits(text: str, language: str) -> str:
    from text_to_num import alpha2digit  # noqa: PLC0415  (only the local services have it)

    whole = text.encode("utf-8", "replace").decode()  # half a UTF-16 pair is an error there
    whole = _RAISED.sub(lambda found: f"^{plain(found[0])}", whole)
    whole = _PERCENT.sub("%", whole)
    digits = str(alpha2digit(whole, language, threshold=0))
    for share, word in _SHARES.items():
        digits = digits.replace(share, word)
    return digits


class _NoSumError(ValueError):
    """It is not a sum, or has no result."""


def _worked_out(expression: str, words: _Words) -> Sum | None:
    try:
        reader = _Reader(_tokens(plain(expression), words), words)
        result = reader.whole()
    except (_NoSumError, ArithmeticError):  # by nothing, or too large
        return None
    if not reader.has_operation or abs(result) > _MAX_RESULT:
        return None
    if 0 < abs(result) < _MIN_RESULT:
        return None
    rounded = _rounded(result)
    is_exact = reader.is_exact and rounded == result
    return Sum(" ".join(expression.split()), rounded, is_exact)


def _rounded(result: Fraction) -> Fraction:
    digits, whole = _ROUNDED_DIGITS, abs(result)
    while 0 < whole < Fraction(1, 10):
        digits, whole = digits + 1, whole * 10
    return Fraction(round(result, digits))


def _raised(value: Fraction, power: int) -> Fraction:
    """A power. The size is known beforehand: the digits of a large one take minutes.

    Raises:
        _NoSumError: It is too large, or undefined.
    """
    bits = max(value.numerator.bit_length(), value.denominator.bit_length())
    if bits * abs(power) > _MAX_BITS or value == power == 0:
        raise _NoSumError
    return value**power


def _tokens(text: str, words: _Words) -> list[str]:
    """The tokens of an expression: numbers, signs and phrases.

    Raises:
        _NoSumError: Something else is in it.
    """
    found, at = [], 0
    while text[at:].strip():
        match = words.token.match(text, at)
        if match is None:
            raise _NoSumError
        found.append(" ".join(match[0].split()))
        at = match.end()
    return found


class _Reader:
    """Reads tokens from left to right; the usual precedence."""

    def __init__(self, tokens: list[str], words: _Words) -> None:
        self._tokens = tokens
        self._words = words
        self._at = 0
        self.has_operation = False
        self.is_exact = True

    def whole(self) -> Fraction:
        value = self._sum()
        if self._at < len(self._tokens):
            raise _NoSumError
        return value

    def _sum(self) -> Fraction:
        value = self._product()
        while (sign := self._operator("+-")) is not None:
            other = self._product()
            value = value + other if sign == "+" else value - other
        return value

    def _product(self) -> Fraction:
        value = self._signed()
        while (sign := self._operator("*/")) is not None:
            other = self._signed()
            value = value * other if sign == "*" else value / other
        return value

    def _signed(self) -> Fraction:
        if self._take(self._is_minus):
            return -self._signed()
        return self._power()

    def _power(self) -> Fraction:
        value = self._atom()
        while (token := self._take(self._words.after.__contains__)) is not None:
            self.has_operation = True
            value = _raised(value, _POWERS[self._words.after[token]])
        if self._operator("^") is not None:
            power = self._signed()
            if power.denominator != 1:
                raise _NoSumError
            value = _raised(value, int(power))
        return value

    def _atom(self) -> Fraction:
        if self._take("(".__eq__):
            value = self._sum()
            if not self._take(")".__eq__):
                raise _NoSumError
            return value
        if (token := self._take(self._words.functions.__contains__)) is not None:
            return self._applied(self._words.functions[token])
        token = self._take(lambda one: one[0].isdigit())
        if token is None:
            raise _NoSumError
        return self._share(_value(token, self._words.groups))

    def _share(self, value: Fraction) -> Fraction:
        """A number, or so many percent of what follows."""
        if self._operator("%") is None:
            return value
        return value / 100 * self._signed()

    def _applied(self, name: str) -> Fraction:
        value = self._signed()
        if name != "the":
            self.has_operation = True
        if name == "root":
            return self._root(value)
        return value * _TIMES[name]

    def _root(self, value: Fraction) -> Fraction:
        if value < 0:
            raise _NoSumError
        exact = Fraction(isqrt(value.numerator), isqrt(value.denominator))
        if exact * exact == value:
            return exact
        self.is_exact = False
        return Fraction(float(value) ** 0.5)

    def _is_minus(self, token: str) -> bool:
        return token in {"-", "\u2212"} or self._words.functions.get(token) == "minus"

    def _operator(self, signs: str) -> str | None:
        token = self._take(lambda one: self._sign(one) in signs)
        if token is None:
            return None
        self.has_operation = True
        return self._sign(token)

    def _sign(self, token: str) -> str:
        return _SIGNS.get(token) or self._words.operators.get(token) or "?"

    def _take(self, fits: Callable[[str], bool]) -> str | None:
        if self._at < len(self._tokens) and fits(self._tokens[self._at]):
            self._at += 1
            return self._tokens[self._at - 1]
        return None


def _value(token: str, groups: str) -> Fraction:
    if sum(map(str.isdigit, token)) > _MAX_DIGITS:
        raise _NoSumError
    if _is_unclear(token, groups):
        raise _NoSumError
    if re.fullmatch(rf"[1-9]\d{{0,2}}(?:\{groups}\d{{3}})+(?:[.,]\d+)?", token):
        token = token.replace(groups, "")
    try:
        return Fraction(token.replace(",", "."))
    except ValueError:
        raise _NoSumError from None


def _is_unclear(token: str, groups: str) -> bool:
    """Whether nobody can tell thousands from decimals: 1,0000, and 3.141 in Spanish.

    Spain writes 3.141 for three thousand, Mexico for about pi; a price as 1.250 is in thousands.
    """
    if re.search(rf"\{groups}\d{{4,}}", token):
        return groups == "," or token.endswith("0")
    return groups == "." and re.fullmatch(r"[1-9]\.\d\d[1-9]", token) is not None
