"""One language's rules for what is said for numbers and signs; `spoken_text` applies them. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

_AMOUNT: Final = r"\d{1,3}(?:[.,\u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d+)?"
_NUMBER: Final = rf"(?<![\w.,])(?:{_AMOUNT})(?![\d])"
_SIGN: Final = r"(?<![\w$])(?:[A-Z]{1,2})?([$\u20ac\u00a3\u00a5])"
_IP: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)")
_PHONE: Final = re.compile(
    r"(?<![\w+.,-])\+?(?:\d{1,4}[ .-])?(?:\(\d{1,4}\) ?)?\d{2,4}(?:[ .-]\d{2,4}){1,5}(?![\w-])"
)
_ISO: Final = re.compile(
    r"(?<![\w/-])(\d{4})[-/](\d\d)[-/](\d\d)(?:[T ](?=\d\d:\d\d))?(?:(\d\d:\d\d)"
    r"(?::\d\d(?:\.\d+)?)?)?(Z\b)?(?![\w/-])"
)
_SLASHED: Final = re.compile(r"(?<![\w/.])(\d{1,2})([/.])(\d{1,2})\2(\d{4}|\d\d)(?![\w/])")
_CLOCK: Final = re.compile(
    r"(?<![\w:.,])([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?"
    r"(?: ?([aApP])(?:\.? ?)[mM]\b(?:(?<=\.m)\.)?)?(?![\d:])"
)
_CLOCK_RANGE: Final = re.compile(r"(?<![\w:])(\d{1,2}:\d\d) ?[-\u2013] ?(\d{1,2}:\d\d)(?![\w:])")
_HALF_DAY: Final = re.compile(r"(?<![\w:.,])(1[0-2]|[1-9]) ?([aApP])(?:\.? ?)[mM]\b\.?")
_RATIO: Final = re.compile(r"(?<![\w:.,])(\d{1,3}):(\d{1,3})(?![\d:])")
_RANGE: Final = re.compile(
    rf"(?<![\w.,/-])({_AMOUNT}) ?[\u2013~] ?({_AMOUNT})(?![\d-])"
    rf"|(?<![\w.,/-])({_AMOUNT})-({_AMOUNT})(?![\w-]|\s*=)"
)
_TWO_VERBS: Final = re.compile(r"\b(is|es)\s+\1\b")
"""From "is >= 3"."""
_POWER: Final = re.compile(r"([\w)])(?:\^\(?(-?\w+)\)?|(\u00b2|\u00b3))")
_SUPERSCRIPTS: Final = {"\u00b2": "2", "\u00b3": "3"}
_FRACTION: Final = re.compile(r"(?<![\w/.,])(?:(\d+) )?(\d{1,3}(?:[.,]\d)?)/(\d{1,3})(?![\w/])")
_SCALES: Final = frozenset({"5", "10", "20", "100"})
"""What people rate things out of."""
_MIXED: Final = re.compile("(\\d) ?([\u00bd\u00bc\u00be\u2153\u2154])")
_FEET: Final = re.compile(r"(?<![\w'])(\d{1,2})'(\d{1,2})(?:\"|'')?(?!\w)")
_PRODUCT: Final = re.compile(r"(?<![\w.,])(\d+) ?x ?(\d+)(?=\s*=)")
_SIZE: Final = re.compile(r"(?<![\w.,])(\d+) ?x ?(\d+)(?: ?x ?(\d+))?(?!\w)")
_TIMES: Final = re.compile(r"(?<![\w.,])(\d+(?:[.,]\d+)?)[x\u00d7](?!\w)")
_ABOUT: Final = re.compile(r"(?<![\w/~])~ ?(?=\d)")
_NEGATIVE: Final = re.compile(r"(?:(?<=[\s(\[])|\A)[-\u2212](?=\d)")
_HASH_NUMBER: Final = re.compile(r"(?<![\w&#])#(\d+)\b")
_SHARP: Final = re.compile(r"\b([A-G])#(?!\w)")
_INITIAL: Final = re.compile(r"\b([A-Z])\. ?(?=(?:[A-Z]\. ?)*[A-Z][a-z])")
_EITHER: Final = re.compile(r"(?<![\w/~.\\-])([^\W\d_]+)/([^\W\d_]+)(?![\w/.])")
_SPACED: Final = re.compile(
    r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u202f]\d{3}){2,}(?!\d)"
    r"|(?<![\d.,])\d{1,3}(?:[\u00a0\u202f]\d{3})+(?!\d)"
)
_OPERAND: Final = r"(?<=[\d)\]%\u00b2\u00b3])|(?<=\b[A-Za-z])"
_NOON, _EVENING, _SMALL = 12, 8, 10
_MIN_DIGITS, _MAX_DIGITS = 9, 15
_SLICE_CHARS: Final = 1_000
"""Longer than any phrase that people would listen to."""

_Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


class SpokenRules:
    """The rules of one language.

    Args:
        words: Its file in `spoken_words/`.
    """

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._words = words
        self._months = words["months"].split()
        self._units = {sign: forms.split("|") for sign, forms in words["units"].items()}
        self._money = {sign: forms.split("|") for sign, forms in words["money"].items()}
        self._rules = [
            *self._times_and_dates(),
            *self._amounts(),
            *self._arithmetic(),
            *self._others(),
        ]

    def say(self, text: str) -> str:
        """Return the text with words for what a voice reads wrongly.

        Some patterns look far ahead at each place, so a long text is read in slices.
        """
        return "".join(map(self._say_slice, _slices(text)))

    def _say_slice(self, text: str) -> str:
        for pattern, words in self._rules:
            text = pattern.sub(words, text)
        return text

    # -- times and dates -------------------------------------------------------------------------

    def _times_and_dates(self) -> Iterable[_Rule]:
        yield _CLOCK_RANGE, lambda m: self._say("range", m[1], m[2])
        yield _IP, lambda m: m[0].replace(".", self._words["dot"])
        yield _ISO, self._iso
        yield _PHONE, self._phone
        yield _SLASHED, self._slashed
        yield from self._short_months()
        if self._words["date_words"]:
            words = "|".join(self._words["date_words"].split())
            yield re.compile(rf"(?i)\b({words}) (\d{{1,2}})/(\d{{1,2}})(?![\w/])"), self._day_month
        yield _CLOCK, self._clock
        yield _HALF_DAY, lambda m: self._half_day(m[1], int(m[1]), m[2])
        yield _RATIO, lambda m: self._say("ratio", m[1], m[2])
        yield from self._years()

    def _iso(self, m: re.Match[str]) -> str:
        date = self._date(int(m[3]), int(m[2]), m[1])
        if date is None:
            return m[0]
        return date + (f", {m[4]}" if m[4] else "") + (" UTC" if m[5] else "")

    def _slashed(self, m: re.Match[str]) -> str:
        if m[2] == "." and len(m[4]) == 2:  # noqa: PLR2004  (a version)
            return m[0]
        return self._date_of(int(m[1]), int(m[3]), m[4]) or m[0]

    def _day_month(self, m: re.Match[str]) -> str:
        date = self._date_of(int(m[2]), int(m[3]), "")
        return f"{m[1]} {date}" if date else m[0]

    def _date_of(self, first: int, second: int, year: str) -> str | None:
        """The usual order of the language, if it makes a date."""
        orders = [(first, second), (second, first)]
        if not self._words["day_first"]:
            orders.reverse()
        return self._date(*orders[0], year) or self._date(*orders[1], year)

    def _date(self, day: int, month: int, year: str) -> str | None:
        if not (1 <= month <= len(self._months) and 1 <= day <= 31):  # noqa: PLR2004
            return None
        year = f"20{year}" if len(year) == 2 else year  # noqa: PLR2004
        name = self._months[month - 1]
        shown = str(day) if self._words["day_first"] else _ordinal(day)
        date = str(self._words["date"]).format(day=shown, month=name, year=self._year(year))
        return date if year else date.rpartition(", ")[0] or date.removesuffix(" de ")

    def _year(self, year: str) -> str:
        """English says years in pairs; its voices do not."""
        if self._words["day_first"] or not re.fullmatch(r"1[1-9]\d\d", year) or year[2:] == "00":
            return year
        return f"{year[:2]} {'oh ' if year[2] == '0' else ''}{int(year[2:])}"

    def _short_months(self) -> Iterable[_Rule]:
        full = dict(zip(self._words["short_months"].split(), self._months, strict=True))
        if self._words["day_first"]:
            pattern = rf"(?<![\w.,])(\d{{1,2}}) (?:de )?({'|'.join(full)})\b\.?"
            yield re.compile(pattern), lambda m: f"{m[1]} de {full[m[2]]}"
            return
        names = {**full, "Sept": "September", **{name: name for name in self._months}}
        pattern = rf"\b({_any_of(names)})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.]\d)"
        yield re.compile(pattern), lambda m: f"{names[m[1]]} {_ordinal(int(m[2]))}"

    def _clock(self, m: re.Match[str]) -> str:
        hour, minute = int(m[1]), int(m[2])
        half = m[4] or ""
        shown = hour
        if self._words["uses_12_hours"] and not half and not 1 <= hour <= _NOON:
            shown, half = (hour - _NOON if hour > _NOON else _NOON), "p" if hour > _NOON else "a"
        if minute == 0:
            clock = str(shown) if half else self._say("clock_full", str(shown))
        else:
            form = "clock_small_minutes" if minute < _SMALL else "clock"
            clock = self._say(form, str(shown), str(minute))
        if m[3] and int(m[3]):
            clock = self._say("seconds", clock, str(int(m[3])))
        return self._half_day(clock, shown, half) if half else clock

    def _half_day(self, clock: str, hour: int, half: str) -> str:
        is_evening = half.lower() == "p" and _EVENING <= hour < _NOON
        is_night = is_evening or (half.lower() == "a" and hour == _NOON)
        index = 2 if is_night and not self._words["uses_12_hours"] else int(half.lower() == "p")
        return str(self._words["half_day"][index]).format(clock)

    def _years(self) -> Iterable[_Rule]:
        if not self._words["year_words"]:
            return
        decades = self._words["decades"].split()
        words = "|".join([*self._words["year_words"].split(), *self._months])
        yield (
            re.compile(
                rf"\b((?:{words})(?: \w+,)?,?) (1[1-9]\d\d)"
                r"(?:(?: to |[-\u2013])(1[1-9]\d\d))?\b(?![\w.,]\d)",
                re.IGNORECASE,
            ),
            lambda m: f"{m[1]} {self._year(m[2])}" + (f" to {self._year(m[3])}" if m[3] else ""),
        )
        yield (
            re.compile(r"(?<![\w.,])(1[1-9]|20)([1-9])0'?s\b"),
            lambda m: f"{m[1]} {decades[int(m[2]) - 1]}",
        )
        yield (
            re.compile(rf"\b({'|'.join(self._words['decade_words'].split())})([ -])'?([1-9])0s\b"),
            lambda m: f"{m[1]}{m[2]}{decades[int(m[3]) - 1]}",
        )

    def _phone(self, m: re.Match[str]) -> str:
        digits = sum(map(str.isdigit, m[0]))
        groups = re.findall(r"\d+", m[0])
        is_local = re.fullmatch(r"\d{3}-\d{4}", m[0]) is not None
        is_spanish = self._words["day_first"] and re.fullmatch(r"[6-9]\d\d(?: \d{3}){2}", m[0])
        is_number = not is_spanish and re.fullmatch(r"\d{1,3}(?:[ .]\d{3})+", m[0])
        if is_number or not (is_local or _MIN_DIGITS <= digits <= _MAX_DIGITS):
            return m[0]
        prefix = f"{self._words['between']['+']} " if m[0].startswith("+") else ""
        return prefix + ", ".join(" ".join(group) for group in groups)

    # -- amounts ---------------------------------------------------------------------------------

    def _amounts(self) -> Iterable[_Rule]:
        yield _SPACED, lambda m: re.sub(r"\D", "", m[0])
        if self._words["decimal"] == ",":
            pattern = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3}){2,}(?![\d,])")
            yield pattern, lambda m: m[0].replace(",", "")
        yield from self._prices()
        yield _RANGE, lambda m: self._say("range", m[1] or m[3], m[2] or m[4])
        yield _ABOUT, lambda _: self._words["about"].removesuffix("{0}")
        yield _NEGATIVE, lambda _: self._words["negative"].removesuffix("{0}")
        yield from self._measures()
        yield _FEET, lambda m: self._say("feet_and_inches", m[1], m[2])
        yield _PRODUCT, lambda m: f"{m[1]} {self._words['between']['*']} {m[2]}"
        yield _SIZE, self._size
        yield _TIMES, lambda m: self._say("times", m[1])

    def _prices(self) -> Iterable[_Rule]:
        signs, magnitudes = _any_of(self._money), _any_of(self._words["magnitudes"])
        yield (
            re.compile(
                rf"{_SIGN}({_AMOUNT}) ?[-\u2013~] ?\1?({_AMOUNT})"
                rf"(?:\s?({magnitudes})\b)?(?![\w-])"
            ),
            lambda m: self._priced(self._say("range", m[2], m[3]), m[1], m[4]),
        )
        yield (
            re.compile(rf"{_SIGN}\s?({_AMOUNT})(?:\s?({magnitudes})\b)?"),
            lambda m: self._priced(m[2], m[1], m[3]),
        )
        yield (
            re.compile(rf"({_NUMBER})\s?({signs})\s?[-\u2013]\s?({_AMOUNT})\s?\2(?!\w)"),
            lambda m: self._priced(self._say("range", m[1], m[3]), m[2], None),
        )
        yield (
            re.compile(rf"({_NUMBER})\s?(?:({magnitudes})\s?)?({signs})(?!\w)"),
            lambda m: self._priced(m[1], m[3], m[2]),
        )

    def _measures(self) -> Iterable[_Rule]:
        units = _any_of(self._units)
        yield (
            re.compile(
                rf"({_NUMBER})\s?({units})(\u00b2|\u00b3|\^[23])?"
                rf"(?:/({units})(\u00b2|\^2)?)?(?![\w/\u00b2\u00b3])"
            ),
            lambda m: f"{m[1]} {self._unit(m[2], m[1] == '1', m[3], m[4])}{m[5] or ''}",
        )
        yield (
            re.compile(r"(?<![\w/])(km|m|kB|KB|MB|GB|TB)/(h|s|min)(?![\w/])"),
            lambda m: self._unit(m[1], False, None, m[2]),
        )

    def _priced(self, amount: str, sign: str, magnitude: str | None) -> str:
        one, many, cent, cents = self._money[sign]
        if magnitude:
            word = self._words["magnitudes"][magnitude]
            form = "money_in_millions" if word.endswith(("ones", "ón", "on")) else ""
            return self._say(form, amount, word, many) if form else f"{amount} {word} {many}"
        whole, part = self._parts(amount)
        if part is None or not cent:
            return f"{amount} {one if amount == '1' else many}"
        spoken_cents = f"{int(part)} {cent if int(part) == 1 else cents}"
        if int(whole) == 0 and int(part):
            return spoken_cents
        spoken_whole = f"{int(whole)} {one if int(whole) == 1 else many}"
        return (
            self._say("money_and_cents", spoken_whole, spoken_cents) if int(part) else spoken_whole
        )

    def _parts(self, amount: str) -> tuple[str, str | None]:
        """The whole units of an amount and its hundredths, whichever comma it has."""
        found = re.fullmatch(r"(\d{1,3}(?:[.,\u00a0\u202f]\d{3})+|\d+)[.,](\d{1,2})", amount)
        if not found:
            return amount, None
        return re.sub(r"\D", "", found[1]), found[2].ljust(2, "0")

    def _unit(self, sign: str, is_one: bool, power: str | None, per: str | None) -> str:
        one, many = self._units[sign]
        words = one if is_one else many
        if power:
            form = "cubic" if power in ("\u00b3", "^3") else "square"
            words = self._say(form, words)
            words = words.removesuffix("s") if is_one else words
        return self._say("per", words, self._units[per][0]) if per else words

    def _size(self, m: re.Match[str]) -> str:
        size = self._say("by", m[1], m[2])
        return self._say("by", size, m[3]) if m[3] else size

    # -- arithmetic ------------------------------------------------------------------------------

    def _arithmetic(self) -> Iterable[_Rule]:
        between: Mapping[str, str] = self._words["between"]
        yield (
            re.compile(rf"((?<!\d)(?:{_AMOUNT})|\))(/|-)({_AMOUNT}|\()(?=\s*=)"),
            lambda m: f"{m[1]} {between[m[2]]} {m[3]}",
        )
        strong = _any_of(set(between) - {"-", "/", "+"})
        for pattern in (
            rf"(?:{_OPERAND})\s*(?<![*=<>!])({strong})(?![*=<>])\s*(?=[\d(\u221a\u03c0$\u20ac-]|[A-Za-z]\b)",
            r"(?<=[\w)\]])\s*(?<![=<>!])(==?|!=|>=|<=)\s*(?=[\w(\"'$-])",
            r"(?<=[\d)])\s+(-|/)\s+(?=[\d(])",
            r"(?<=[\w)])\s+(\+)\s+(?=[\w(])",
        ):
            yield re.compile(pattern), lambda m: f" {between[m[1]]} "
        yield (
            re.compile(r"(\b(?:is|es)|\w)\s+([<>]=?|[\u2264\u2265])\s*(?=[\d$\u20ac\u00a3-])"),
            self._comparison,
        )
        yield _TWO_VERBS, lambda m: m[1]
        yield _POWER, self._power
        yield _MIXED, lambda m: f"{m[1]} {self._words['and']} {m[2]}"
        yield _FRACTION, self._fraction

    def _comparison(self, m: re.Match[str]) -> str:
        """Without a verb of its own, as in "is > 3" or "takes < 5 minutes"."""
        comparison = str(self._words["between"][m[2]]).partition(" ")[2]
        return f"{m[1]} {comparison} "

    def _power(self, m: re.Match[str]) -> str:
        exponent = m[2] or _SUPERSCRIPTS[m[3]]
        form = {"2": "squared", "3": "cubed"}.get(exponent, "power")
        return self._say(form, m[1], exponent)

    def _fraction(self, m: re.Match[str]) -> str:
        known = self._words["fractions"].get(f"{m[2]}/{m[3]}")
        form = "rating" if m[3] in _SCALES else "fraction"
        fraction = known or self._say(form, m[2], m[3])
        return f"{m[1]} {self._words['and']} {fraction}" if m[1] else fraction

    # -- words and other signs -------------------------------------------------------------------

    def _others(self) -> Iterable[_Rule]:
        yield _SHARP, lambda m: self._say("sharp", m[1])
        yield _HASH_NUMBER, lambda m: self._say("number", m[1])
        for table, following in (
            ("before_numbers", r"\s*(?=\d)"),
            ("titles", r"\s*(?=[^\W\d_a-z\u00df-\u00ff])"),
            ("abbreviations", r"(?!\w)"),
        ):
            yield self._expansion(self._words[table], following)
        yield _INITIAL, lambda m: f"{m[1]} "
        signs: Mapping[str, str] = self._words["signs"]
        yield re.compile(_any_of(signs)), lambda m: signs[m[0]]
        money = "|".join({form for forms in self._money.values() for form in forms[:2]})
        per = re.compile(rf"\b({money})/([^\W\d_]+)")
        yield per, lambda m: self._say("per", m[1], m[2])
        yield _EITHER, lambda m: f"{m[1]} {m[2]}"

    @staticmethod
    def _expansion(words: Mapping[str, str], following: str) -> _Rule:
        def expand(m: re.Match[str]) -> str:
            is_last = m.end() == len(m.string) and m[0].endswith(".")
            return f"{words[m[1]]}{'.' if is_last else ' '}"

        return re.compile(rf"(?<!\w)({_any_of(words)}){following}"), expand

    def _say(self, form: str, *parts: str) -> str:
        return str(self._words[form]).format(*parts)


def _slices(text: str) -> Iterator[str]:
    """Parts of a text, cut before a blank; only a word longer than a part is cut itself."""
    begin = 0
    while len(text) - begin > _SLICE_CHARS:
        blank = text.rfind(" ", begin + 1, begin + _SLICE_CHARS)
        end = blank if blank > 0 else begin + _SLICE_CHARS
        yield text[begin:end]
        begin = end
    yield text[begin:]


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    is_teen = number // 10 == 1
    return f"{number}{'th' if is_teen else endings.get(number % 10, 'th')}"


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
