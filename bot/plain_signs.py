"""Writes signs that an encoding lacks by the nearest ones that every encoding has. Pure.

`install` registers the error handler NEAREST for `str.encode` and for text streams.
"""

import codecs
import unicodedata
from typing import Final

NEAREST: Final = "skydeck.nearest"
"""The name of the error handler."""
_SIGNS: Final = str.maketrans(
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


def nearest(text: str) -> str:
    """The text in ASCII: letters without accents, quotes and dashes as a typewriter has them."""
    return "".join(map(_nearest, text.translate(_SIGNS)))


def _nearest(sign: str) -> str:
    if sign.isascii():
        return sign
    if ord(sign) in _BOX:
        return "+"
    if ord(sign) in _BRAILLE:
        return "*"
    kind = unicodedata.category(sign)
    if kind in _BLANKS:
        return " "
    if kind in _UNSEEN:
        return ""
    letters = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return letters or "?"


def install() -> None:
    """Register the error handler; once more does no harm."""
    codecs.register_error(NEAREST, _handle)


def _handle(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return nearest(error.object[error.start : error.end]), error.end
