"""Makes text from others safe to show in a chat. Pure.

Discord shows masked Markdown links, and obeys characters that reverse the reading direction. So
a link whose label is a different address is shown with its target, and invisible characters are
removed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlsplit

from bot.sanitize import clean
from cogs.shared.markdown import certain_code_spans, outside_code

_TARGET: Final = re.compile(
    r"\]\(\s*(<?)(https?://(?:[^\s<>()]|\([^\s<>()]*+\)){1,2000}+)(>?)[^()\n]{0,200}\)",
    re.IGNORECASE,
)
_LINK: Final = re.compile(
    r"\](?=\([\s\ufeff]*+<?[\s\ufeff]*+\\?[a-z][a-z0-9+.\\-]{1,60}:)", re.IGNORECASE
)
"""Where the target of a masked link may begin; its signs may be escaped, and JavaScript, in which
Discord's client is written, also takes U+FEFF for white space."""
_HOST: Final = re.compile(r"(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,63}")
_MARKS: Final = re.compile(r"[\\*_~|<>`\s]+")
_MAX_LABEL_CHARS: Final = 300
_MAX_LABEL_DEPTH: Final = 4
_DISARMED: Final = "@\u200b"
"""A disarmed mention; see `splitting.disarm`."""


def harmless(text: str) -> str:
    """The text without invisible characters and deceptive links."""
    cleaned = _DISARMED.join(map(clean, text.split(_DISARMED)))
    if "](" not in cleaned:
        return cleaned
    return _show_targets(cleaned, _pretends)


def unmask(text: str) -> str:
    """A service's or a person's text with no masked link: each shows its label and its target."""
    return _show_targets(text, lambda _label, _target: True) if "](" in text else text


def _show_targets(text: str, is_masked: Callable[[str, str], bool]) -> str:
    return outside_code(text, lambda part: _unmasked(part, is_masked), _surely_code(text))


def _surely_code(text: str) -> Iterator[tuple[int, int]]:
    """Where Discord cannot see a link either.

    Code that begins in brackets may be a label to it, and after a backtick without a partner it may
    pair the following ones in another way.
    """
    at = depth = 0
    for begin, end in certain_code_spans(text):
        between = text[at:begin]
        if "`" in between:
            return
        depth = max(0, depth + between.count("[") - between.count("]"))
        if depth == 0:
            yield begin, end
        at = end


def _unmasked(text: str, is_masked: Callable[[str, str], bool]) -> str:
    shown: list[str] = []
    taken = 0
    for found in _LINK.finditer(text):
        if found.start() < taken:
            continue
        begin = _label_begin(text, max(taken, found.start() - _MAX_LABEL_CHARS), found.start())
        if begin >= 0 and _is_escaped(text, begin):
            continue
        target = _TARGET.match(text, found.start())
        if begin < 0 or target is None:  # Discord may read a link here that we cannot judge
            shown += (text[taken : found.end()], " ")
            taken = found.end()
        elif is_masked(label := text[begin + 1 : found.start()], target[2]):
            shown += (text[taken:begin], f"{label} (<{target[2]}>)")
            taken = target.end()
    shown.append(text[taken:])
    return "".join(shown)


def _is_escaped(text: str, place: int) -> bool:
    before = text[max(0, place - _MAX_LABEL_CHARS) : place]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _label_begin(text: str, first: int, end: int) -> int:
    """The position of the bracket that matches the one at `end`; -1 if it is not near."""
    depth = 0
    for place in range(end - 1, first - 1, -1):
        if text[place] == "]":
            depth += 1
            if depth > _MAX_LABEL_DEPTH:
                return -1
        elif text[place] == "[":
            if depth == 0:
                return place
            depth -= 1
    return -1


def _pretends(label: str, target: str) -> bool:
    """Whether a link's label names a different host from its target."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKC", label).replace("。", ".")).casefold()
    named = {host.removeprefix("www.") for host in _HOST.findall(plain)}
    try:
        host = (urlsplit(target).hostname or "").casefold().removeprefix("www.")
    except ValueError:
        host = ""
    if not named:
        return "://" in plain
    return named != {host}
