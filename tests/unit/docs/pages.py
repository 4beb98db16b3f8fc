"""The pages that people read, and what stands in them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.paths import ROOT

OF_THE_ROOT = ["README.md", "README.es.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"]
OF_THE_ROOT += ["ARCHITECTURE.md", "deploy/README.md", "local_discord/README.md"]
PAGES = [page for page in OF_THE_ROOT if (ROOT / page).exists()]
PAGES += sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))

_FENCE = re.compile(r"^ *```[a-z]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")


def read(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def code(text: str) -> Iterator[str]:
    """Each line of a page's code, in blocks and in sentences."""
    for block in _FENCE.findall(text):
        yield from block.splitlines()
    yield from inline(text)


def inline(text: str) -> list[str]:
    """The code in a page's sentences."""
    return _INLINE.findall(_FENCE.sub("", text))


def commands(text: str, program: str) -> Iterator[list[str]]:
    """The words of each call of a program that a page shows, without the program's name."""
    for line in code(text):
        for part in re.split(r"&&|\||;|>&2", line):
            try:
                words = shlex.split(part.replace("…", ""), comments=True)
            except ValueError:  # half of a quotation: prose
                continue
            words = [word for word in words if not re.match(r"[A-Z_]+=", word)]
            if words and Path(words[0]).name == program:
                yield words[1:]


def links(text: str) -> list[str]:
    """Where a page's links and pictures lead, code left out."""
    prose = _INLINE.sub("", _FENCE.sub("", text))
    found = re.findall(r"\]\(\s*([^)\s]+)[^)]*\)", prose)
    return found + re.findall(r"(?:src|href|srcset)=\"([^\"]+)\"", prose)


def anchors(text: str) -> set[str]:
    """What a link can name in a page: its headings, as GitHub and MkDocs shorten them."""
    heads = re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)
    plain = (re.sub(r"[^\w\s-]", "", re.sub(r"\[(.+?)\]\(.+?\)", r"\1", head)) for head in heads)
    return {re.sub(r"\s+", "-", head.strip().lower()) for head in plain}
