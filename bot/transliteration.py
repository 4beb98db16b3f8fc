"""Transliterates characters that an encoding lacks into ASCII. Pure.

`install` registers the error handler TRANSLITERATE for `str.encode` and for text streams.
"""

import codecs
import unicodedata
from typing import Final

TRANSLITERATE: Final = "skydeck.transliterate"
"""The name of the error handler."""
_LOOKALIKES: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′‹›", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−─━╌╍═╴╶╸╺", "-"),
        **dict.fromkeys("│┃║╎╏╵╷╹╻", "|"),
        **dict.fromkeys("•●○◉◌◔▶■□▪▫·∙⏎→▌█▓▒░▏▎▍▋▊▉", "*"),
        "…": "...",
        "€": "EUR",
        "£": "GBP",
        "¥": "JPY",
        "¿": "?",
        "¡": "!",
        "×": "x",
        "÷": "/",
        "⇄": "<>",
        "←": "<-",
        "ß": "ss",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
    }
)
_BOX: Final = range(0x2500, 0x2580)
_BRAILLE: Final = range(0x2800, 0x2900)
_BLANKS: Final = ("Zs", "Zl", "Zp")
_UNSEEN: Final = ("Mn", "Me", "Cf")


def transliterate(text: str) -> str:
    """The text in ASCII: letters without accents, straight quotes, hyphens for dashes."""
    return "".join(map(_transliterate, text.translate(_LOOKALIKES)))


def _transliterate(character: str) -> str:
    if character.isascii():
        return character
    if ord(character) in _BOX:
        return "+"
    if ord(character) in _BRAILLE:
        return "*"
    kind = unicodedata.category(character)
    if kind in _BLANKS:
        return " "
    if kind in _UNSEEN:
        return ""
    letters = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return letters or "?"


def install() -> None:
    """Register the error handler; once more does no harm."""
    codecs.register_error(TRANSLITERATE, _handle)


def _handle(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return transliterate(error.object[error.start : error.end]), error.end
