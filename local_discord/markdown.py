"""Discord's Markdown as HTML, as far as bots use it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

FENCE = re.compile(r"```(?:([\w+-]*)\n)?(.*?)```", re.DOTALL)
CODE = re.compile(r"``(.+?)``|`([^`\n]+)`")
AWAY = "target='_blank' rel='noopener noreferrer'"
INLINE: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"\*\*\*(.+?)\*\*\*"), r"<b><i>\1</i></b>"),
    (re.compile(r"\*\*(.+?)\*\*"), r"<b>\1</b>"),
    (re.compile(r"__(.+?)__"), r"<u>\1</u>"),
    (re.compile(r"~~(.+?)~~"), r"<s>\1</s>"),
    (re.compile(r"(?<![\w*])\*(?!\s)([^*\n]+?)\*(?!\w)"), r"<i>\1</i>"),
    (re.compile(r"(?<!\w)_(?!\s)([^_\n]+?)_(?!\w)"), r"<i>\1</i>"),
    (re.compile(r"\|\|(.+?)\|\|"), r"<span class='spoiler'>\1</span>"),
    (re.compile(r"\[([^\]\n]+)\]\((https?://[^)\s]+)\)"), rf"<a href='\2' {AWAY}>\1</a>"),
    (re.compile(r"(?<!['\"=>])(https?://(?:(?!&[lg]t;)[^\s<])+)"), rf"<a href='\1' {AWAY}>\1</a>"),
]
SPOILER = re.compile(r"\|\|.+?\|\|", re.DOTALL)
MARKED = re.compile(r"(\*{1,3}|__|~~|`{1,3})(?!\s)(.+?)\1", re.DOTALL)
HEADING = re.compile(r"^(#{1,3}) (.+)$")
BULLET = re.compile(r"^(\s*)[-*] (.+)$")
MENTION = re.compile(r"&lt;(@!?|@&amp;|#|t:)(\d+)(?::(\w))?&gt;")
COMMAND = re.compile(r"&lt;/([-_\w]{1,32}(?: [-_\w]{1,32}){0,2}):\d+&gt;")
"""A command to click on; Discord shows the name that stands there."""
TOKEN = re.compile(r"<(@!?|@&|#|t:)(\d+)(?::(\w))?>|<a?(:\w+:)\d+>")

ESCAPED = re.compile(r"\\([\\*_~`|>#\-\[\]()@])")
"""A backslash takes a sign's meaning away."""
PRIVATE = 0xE000
"""Escaped signs wait in Unicode's private use area until the others have had their meaning."""
HIDDEN = re.compile(f"[{chr(PRIVATE)}-{chr(PRIVATE + 127)}]")
UNSHOWN = re.compile(f"[\u200b{chr(PRIVATE)}-{chr(PRIVATE + 127)}]")
"""Nobody else's signs may wait there: they would come out as markup."""

Naming = Callable[[str, int], str]


def to_html(text: str, naming: Naming) -> str:
    """A message's text as HTML.

    Args:
        text: What was written.
        naming: The words for a mention or a time, from its sign (`@`, `@&`, `#`, `t:` with the
            style, if there is one) and number.
    """
    parts: list[str] = []
    end = 0
    for fence in FENCE.finditer(text):
        parts.append(_blocks(text[end : fence.start()], naming))
        parts.append(f"<pre>{escape(fence[2])}</pre>")
        end = fence.end()
    parts.append(_blocks(text[end:], naming))
    return "".join(parts)


def as_words(text: str, naming: Naming) -> str:
    """A message's text on one line, as a preview shows it: names for mentions, nothing marked."""
    bare = MARKED.sub(r"\2", SPOILER.sub("▒▒▒", text))
    named = TOKEN.sub(
        lambda t: t[4] or naming(t[1].removesuffix("!") + (t[3] or ""), int(t[2])), bare
    )
    return " ".join(named.split())


def _blocks(text: str, naming: Naming) -> str:
    lines = text.strip("\n").split("\n") if text.strip("\n") else []
    return "".join(_line(line, naming) for line in lines)


def _line(line: str, naming: Naming) -> str:
    if heading := HEADING.match(line):
        level = len(heading[1])
        return f"<h{level}>{_inline(heading[2], naming)}</h{level}>"
    if line.startswith("-# "):
        return f"<div class='subtext'>{_inline(line[3:], naming)}</div>"
    if line.startswith("> "):
        return f"<blockquote>{_inline(line[2:], naming)}</blockquote>"
    if bullet := BULLET.match(line):
        return f"<div class='bullet'>• {_inline(bullet[2], naming)}</div>"
    return f"<div>{_inline(line, naming) or '&nbsp;'}</div>"


def _inline(text: str, naming: Naming) -> str:
    parts: list[str] = []
    end = 0
    for code in CODE.finditer(text):
        parts.append(_words(text[end : code.start()], naming))
        parts.append(f"<code>{escape(code[1] or code[2])}</code>")
        end = code.end()
    return "".join([*parts, _words(text[end:], naming)])


def _words(text: str, naming: Naming) -> str:
    bare = ESCAPED.sub(lambda sign: chr(PRIVATE + ord(sign[1])), UNSHOWN.sub("", text))
    html = escape(bare)
    for pattern, replacement in INLINE:
        html = pattern.sub(replacement, html)

    def mention(found: re.Match[str]) -> str:
        sign = found[1].replace("&amp;", "&").replace("!", "") + (found[3] or "")
        kind = "when" if sign.startswith("t:") else "mention"
        return f"<span class='{kind}'>{escape(naming(sign, int(found[2])))}</span>"

    shown = COMMAND.sub(
        r"<span class='mention' data-command='\1'>/\1</span>", MENTION.sub(mention, html)
    )
    return HIDDEN.sub(lambda sign: escape(chr(ord(sign[0]) - PRIVATE)), shown)
