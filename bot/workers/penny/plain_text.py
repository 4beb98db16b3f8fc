"""The words of an answer without its Markdown, as Discord shows it. Pure.

Marks go by pairs and at the edges of words only: `5*4`, `max_tokens`, `3~5`, `a || b` keep theirs.
An answer comes in phrases, so the other half of a pair may be in another phrase.
"""

import re
from collections.abc import Callable
from typing import Final

from bot.discord_tokens import PLACES, TOKEN, time_in_words
from bot.workers.penny.formulas import with_signs

_BLOCK: Final = re.compile(r"```(?:([\w+#.-]{1,20})[^\S\n]*\n)?(.*?)(?:```|\Z)", re.DOTALL)
_CODE_NAMES: Final = {
    "py": "Python", "js": "JavaScript", "ts": "TypeScript", "cs": "C#", "csharp": "C#",
    "cpp": "C++", "rb": "Ruby", "rs": "Rust", "kt": "Kotlin", "sh": "shell", "bash": "shell",
    "md": "Markdown", "yml": "YAML", "golang": "Go", "ps1": "PowerShell",
}  # fmt: skip
_UPPER_NAMES: Final = {"html", "css", "sql", "json", "xml", "yaml", "toml", "csv", "php"}

_CODE: Final = re.compile(r"(`{1,2})(?!`)([^\n]+?)(?<!`)\1(?!`)")
_ESCAPED: Final = re.compile(r"\\([*_~`|>#\[\]()<:.!+\\-])")
_LINK: Final = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"]*\")?\)")
_HALF_LINK: Final = re.compile(r"\]\(<?https?://[^\s)]*>?\)")
_AUTO_LINK: Final = re.compile(r"<(https?://[^\s<>]+|mailto:[^\s<>]+)>")
_SHORT_CODE: Final = re.compile(r"(?<![\w:]):[a-z][a-z0-9_+-]{1,31}:(?![\w:])")
"""An emoji as people type it."""
_TAG: Final = re.compile(
    r"</?(?:br|hr|strong|em|code|pre|span|div|li|ul|ol|sub|sup|small|details|summary|kbd|table|tr|td|th"
    r"|h[1-6]|img|[abispu])(?:\s+[\w-]+=[^<>]*)?\s*/?>",
    re.IGNORECASE,
)
_LINE_START: Final = re.compile(
    r"^[^\S\n]*(?:(?:>{1,3}|#{1,6}|-#|[-*+\u2022](?:[^\S\n]+\[[ xX]\])?)[^\S\n]+)+", re.MULTILINE
)
_RULE: Final = re.compile(
    r"^[^\S\n]*(?:([-*_=])(?:[^\S\n]*\1){2,}|\|?(?:[^\S\n]*:?-+:?[^\S\n]*\|)+(?:[^\S\n]*:?-+:?)?)"
    r"[^\S\n]*$",
    re.MULTILINE,
)
_ROW: Final = re.compile(r"^[^\S\n]*\|([^\n]*)\|[^\S\n]*$", re.MULTILINE)
_CELLS: Final = re.compile(r"\s*\|\s*")
_PAIRS: Final = (
    re.compile(r"(?<!\d)(?<!\b\w)(\*{1,3})(?=[^\s*])([^\n]*?[^\s*])\1(?![\d*])"),
    re.compile(r"(?<!\w)(_{1,3})(?=[^\s_])([^\n]*?[^\s_])\1(?!\w)"),
    re.compile(r"(~~)(?=\S)([^\n]*?\S)~~"),
    re.compile(r"(\|\|)(?=\S)([^\n]*?\S)\|\|"),
)
_HALF_PAIR: Final = re.compile(
    r"(?<![\w)\]*_~|])(?:\*{1,3}|_{1,3}|~~|\|\|)(?=[^\W_])"  # it opens
    r"|(?<=[^\W_])(?:\*{2,3}|_{1,3}|~~|\|\|)(?!\w)|(?<=[.!?,;:])(?:\*{1,3}|~~|\|\|)(?=\s|\Z)"
)
_KEPT: Final = re.compile("[\ue000-\uf8ff]")
_FIRST_KEPT: Final = 0xE000
_MAX_KEPT: Final = 0x1800


def plain(text: str, code_block: Callable[[str], str]) -> str:
    """Return the text without its markup on one line; empty if it has no word.

    Args:
        text: A phrase, or a whole text.
        code_block: Returns what stands for a code block, given its language (may be empty).
    """
    kept: list[str] = []

    def keep(words: str) -> str:
        """Hide code and escaped signs from what follows."""
        if len(kept) >= _MAX_KEPT:
            return words
        kept.append(words)
        return chr(_FIRST_KEPT + len(kept) - 1)

    text = _KEPT.sub("", text)
    text = _BLOCK.sub(lambda block: f" {code_block(_code_name(block[1] or ''))} ", text)
    text = _CODE.sub(lambda code: keep(code[2].strip()), text)
    text = with_signs(text)
    text = _ESCAPED.sub(lambda sign: keep(sign[1]), text)
    text = _without_tokens(text)
    text = _without_lines(text)
    for pair in _PAIRS * 2:  # they nest
        text = pair.sub(r"\2", text)
    text = _HALF_PAIR.sub("", text).replace("`", "")
    text = _KEPT.sub(lambda sign: kept[ord(sign[0]) - _FIRST_KEPT], text)
    return " ".join(text.split()) if any(map(str.isalnum, text)) else ""


def _code_name(tag: str) -> str:
    known = tag.lower()
    if known in _UPPER_NAMES:
        return known.upper()
    return _CODE_NAMES.get(known, tag.capitalize() if tag.islower() else tag)


def _without_tokens(text: str) -> str:
    """Without links' addresses, and without Discord's mentions, emoji and times."""
    text = _LINK.sub(r"\1", text)
    text = _HALF_LINK.sub("", text)
    text = _AUTO_LINK.sub(r"\1", text)
    text = TOKEN.sub(_spoken, text)
    return _TAG.sub(" ", _SHORT_CODE.sub("", text))


def _spoken(token: re.Match[str]) -> str:
    """What is said of a token: a mention's name is not known here, and emoji are silent."""
    match token.lastgroup:
        case "command":
            return f"/{token['command']}"
        case "place":
            return PLACES[token["place"]]
        case "time" | "style":
            return time_in_words(token) or ""
        case _:
            return ""


def _without_lines(text: str) -> str:
    text = _RULE.sub("", text)
    text = _ROW.sub(lambda row: ", ".join(filter(None, _CELLS.split(row[1].strip()))), text)
    return _LINE_START.sub("", text)
