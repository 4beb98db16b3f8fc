"""Makes foreign text harmless for a terminal, a log or a chat. Pure.

It removes control sequences (ECMA-48: CSI, OSC and similar), control characters, bidirectional
overrides and invisible characters. It keeps what scripts and emoji need: joiners between letters
that join, variation selectors, the tags of a flag.
"""

import re
from typing import Final

BYTE_ORDER_MARK: Final = "\ufeff"
_SEQUENCE: Final = (
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor, screen
    # OSC, DCS, SOS, PM, APC: titles, clipboard. Without its terminator it removes nothing else.
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])(?:[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c))?"
    r"|\x1b[ -/]*[0-~]?"
)
_UNSEEN: Final = (
    "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f"  # C0, DEL, C1; not \t \n \r NEL
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff"
    "\U000e01f0-\U000e0fff"
)
"""Unicode's Default_Ignorable_Code_Point, controls and surrogates, minus the exceptions below."""
_SCRIPTS: Final = "\u0600-\u167f\u1681-\u1fff\ua800-\uabff\U00010a00-\U00011fff"
"""Without their spaces, to which nothing joins."""
_SYMBOLS: Final = "\u00a9\u00ae\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_SIGNS: Final = f"{_SYMBOLS}\ufe0f"
_JOINER: Final = (
    f"(?<![{_SCRIPTS}{_SIGNS}])[\u200c\u200d]"  # after a character that does not join
    f"|(?<=[{_SIGNS}])[\u200c\u200d](?![{_SIGNS}])"
)
_CJK: Final = "\u2e80-\u2fff\u3001-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_VARIANTS: Final = (  # elsewhere no glyph has variants, and a selector only hides a byte
    f"(?<![{_SYMBOLS}{_SCRIPTS}{_CJK}0-9#*])[\ufe00-\ufe0f]|(?<![{_CJK}])[\U000e0100-\U000e01ef]"
)
_MARK: Final = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACKED_MARKS: Final = re.compile(f"(?<={_MARK}{{8}}){_MARK}+")
"""No language puts so many marks on one letter; they would cover the surrounding lines."""
_FLAG: Final = re.compile(
    "\U0001f3f4(?:"
    + "|".join(
        "".join(chr(0xE0000 + ord(c)) for c in region) for region in ("gbeng", "gbsct", "gbwls")
    )
    + ")\U000e007f"
)
"""The tag flags that Unicode recommends; others could hide text."""

_BAD: Final = re.compile(f"{_SEQUENCE}|[{_UNSEEN}]|{_JOINER}|{_VARIANTS}")
_SUSPECT: Final = re.compile(
    f"[{_UNSEEN}\\x1b\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]|{_MARK}{{9}}"
)
_JOINERS_AND_VARIANTS: Final = re.compile("[\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_LINE_ENDS: Final = re.compile("\r\n?|[\x85\u2028\u2029]")
_SPACES: Final = re.compile("[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
_ESCAPED_CHARS: Final = re.compile(f"[{_UNSEEN}\x85\u2028\u2029]")


_BLANK: Final = "\u2800"
"""Braille's blank cell, which is not white space to Unicode."""


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: only white space and invisible characters."""
    return not clean(text).replace(_BLANK, "").strip()


def clean(text: str) -> str:
    """Multi-line text with only readable characters; all line ends become newlines."""
    if text.isascii() and text.isprintable():
        return text
    return _cleaned(_LINE_ENDS.sub("\n", text))


def clean_line(text: str) -> str:
    """The same on one line: line ends and tabs become spaces."""
    if text.isascii() and text.isprintable():
        return text
    return _cleaned(_SPACES.sub(" ", text))


def clean_excerpt(text: str, *, limit: int = 500) -> str:
    """Untrusted text as one clean line of at most `limit` characters, cut with an ellipsis."""
    line = clean_line(text[: 4 * limit]).strip()
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def quoted(text: str, *, limit: int = 60) -> str:
    """Somebody's word in a message of ours: clean, cut, and in quotes, with no escapes."""
    return f"'{clean_excerpt(text, limit=limit)}'"


def escape_json(line: str) -> str:
    r"""An equivalent line of JSON, with `\\u` escapes for characters that a terminal might obey.

    Args:
        line: The output of `json.dumps(…, ensure_ascii=False)`.
    """
    return line if line.isascii() and line.isprintable() else _ESCAPED_CHARS.sub(_escaped, line)


def _cleaned(text: str) -> str:
    if _SUSPECT.search(text) is None:
        return text
    flags = _FLAG.findall(text)
    if not flags:
        return _stripped(text)
    between = (_stripped(part) for part in _FLAG.split(text))
    return "".join(part + flag for part, flag in zip(between, [*flags, ""], strict=True))


def _stripped(text: str) -> str:
    stripped = _STACKED_MARKS.sub("", _BAD.sub("", text))
    if _BAD.search(stripped) is None:
        return stripped
    # What was removed had allowed a joiner or a selector beside it. Nobody writes that by accident,
    # so all of them go: removing one after the other could take as many passes as there are.
    return _STACKED_MARKS.sub("", _JOINERS_AND_VARIANTS.sub("", stripped))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code > 0xFFFF:  # noqa: PLR2004 - JSON needs two surrogates beyond the BMP
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
    return f"\\u{code:04x}"
