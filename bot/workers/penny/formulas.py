"""LaTeX and HTML's entities in an answer, as the signs that they stand for. Pure.

Models write formulas as LaTeX, which Discord shows as it is; a voice would spell the commands.
"""

import html
import re
from typing import Final

_ENTITY: Final = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_FRACTION: Final = re.compile(r"\\[dt]?frac\{([^{}]{1,80})\}\{([^{}]{1,80})\}")
_ROOT: Final = re.compile(r"\\sqrt\{([^{}]{1,80})\}")
_TEXT: Final = re.compile(r"\\(?:text|mathrm|mathbf|mathit|operatorname|boxed)\{([^{}]{1,200})\}")
_SIGNS: Final = {
    "times": "\N{MULTIPLICATION SIGN}", "cdot": "\N{MULTIPLICATION SIGN}", "div": "÷", "pm": "±",
    "approx": "≈", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠",
    "pi": "π", "infty": "∞", "rightarrow": "→",
}  # fmt: skip
_SIGN: Final = re.compile(rf"(?<![\w:\\])\\({'|'.join(_SIGNS)})(?![A-Za-z])")
_NESTED: Final = 3


def with_signs(text: str) -> str:
    """Return the text with signs for LaTeX's commands and HTML's entities."""
    if "&" in text:
        text = _ENTITY.sub(_sign_of, text)
    if "\\" not in text:
        return text
    for _ in range(_NESTED):
        text = _TEXT.sub(r"\1", text)
        text = _ROOT.sub(r"√\1", text)
        text = _FRACTION.sub(r"\1/\2", text)
    return _SIGN.sub(lambda sign: _SIGNS[sign[1]], text)


def _sign_of(entity: re.Match[str]) -> str:
    sign = html.unescape(entity[0])
    return sign if sign.isprintable() else " "
