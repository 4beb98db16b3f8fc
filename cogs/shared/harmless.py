"""Words that others wrote, such that they deceive nobody in a chat. Pure.

Discord shows Markdown's masked links, and obeys the characters that turn the direction of reading
round. So a link whose text is itself another address is shown with where it leads, and what cannot
be seen is gone.
"""

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

from bot.sanitize import clean

_CODE: Final = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_TARGET: Final = re.compile(
    r"\]\(\s*(<?)(https?://(?:[^\s<>()]|\([^\s<>()]*+\)){1,2000}+)(>?)[^()\n]{0,200}\)",
    re.IGNORECASE,
)
_HOST: Final = re.compile(r"(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,63}")
_MARKS: Final = re.compile(r"[\\*_~|<>`\s]+")
_MAX_LABEL_CHARS: Final = 300
_DEEPEST_LABEL: Final = 4
_DISARMED: Final = "@\u200b"
"""A mention that we have made harmless to the eye; see `splitting.disarm`."""


def harmless(text: str) -> str:
    """The text without hidden characters, and without links that pretend to lead elsewhere."""
    cleaned = _DISARMED.join(map(clean, text.split(_DISARMED)))
    if "](" not in cleaned:
        return cleaned
    pieces = _CODE.split(cleaned)  # every other one is code, which Discord shows as it is
    pieces[::2] = map(_unmasked, pieces[::2])
    return "".join(pieces)


def _unmasked(text: str) -> str:
    shown: list[str] = []
    taken = 0
    for found in _TARGET.finditer(text):
        begin = _label_begin(text, max(taken, found.start() - _MAX_LABEL_CHARS), found.start())
        if begin < 0:
            continue
        label, target = text[begin + 1 : found.start()], found[2]
        if _pretends(label, target):
            shown += (text[taken:begin], f"{label} (<{target}>)")
            taken = found.end()
    shown.append(text[taken:])
    return "".join(shown)


def _label_begin(text: str, first: int, end: int) -> int:
    """Where the bracket stands that is closed at `end`; -1: nowhere near."""
    depth = 0
    for place in range(end - 1, first - 1, -1):
        if text[place] == "]":
            depth += 1
            if depth > _DEEPEST_LABEL:
                return -1
        elif text[place] == "[":
            if depth == 0:
                return place
            depth -= 1
    return -1


def _pretends(label: str, target: str) -> bool:
    """Whether the text of a link names another place than the one it leads to."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKC", label).replace("。", ".")).casefold()
    named = {host.removeprefix("www.") for host in _HOST.findall(plain)}
    try:
        host = (urlsplit(target).hostname or "").casefold().removeprefix("www.")
    except ValueError:
        host = ""
    if not named:
        return "://" in plain
    return named != {host}
