"""One English in all that people read: British, with -ize, as commands are called (summarize)."""

import re
import tomllib
from collections.abc import Iterator

import pytest

from tests.paths import ROOT

_ISE = (
    "apolog|author|capital|categor|critic|custom|emphas|final|general|initial|local|memor|minim"
    "|normal|optim|organ|personal|priorit|real|recogn|serial|special|standard|summar|synthes|token"
    "|util|visual"
)
_WRONG = re.compile(
    rf"\b(?:un)?(?:{_ISE})is(?:e|ed|es|er|ers|ing|ation)\b"
    r"|\b(?:color|behavior|favor|honor|neighbor|labor)(?:s|ed|ite|ing)?\b"
    r"|\b(?:center|catalog|license|gray|defense|offense|fulfill|artifact)s?\b"
    r"|\b(?:cancel|label|model|travel)(?:ed|ing)\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"```.*?```|`[^`]*`|\(https?:[^)]*\)|https?://\S+", re.DOTALL)


def prose() -> Iterator[tuple[str, str]]:
    """What people read in English: its place, and the text without code."""
    pages = [p for p in ROOT.glob("docs/**/*.md") if "es" not in p.parts]
    pages += [*ROOT.glob("*.md"), *ROOT.glob("deploy/*.md"), ROOT / ".env.example"]
    for page in pages:
        if not page.name.endswith(".es.md"):
            yield page.relative_to(ROOT).as_posix(), _CODE.sub("", page.read_text("utf-8"))
    for file in (ROOT / "bot" / "locales" / "en").glob("*.toml"):
        yield file.name, "\n".join(_values(tomllib.loads(file.read_text("utf-8"))))
    words = tomllib.loads((ROOT / "local_discord" / "page" / "words.toml").read_text("utf-8"))
    yield "words.toml", "\n".join(_values(words["en"]))


def _values(table: dict[str, object]) -> Iterator[str]:
    for value in table.values():
        if isinstance(value, dict):
            yield from _values(value)
        else:
            yield _CODE.sub("", str(value))


@pytest.mark.parametrize(("place", "text"), list(prose()), ids=lambda one: one[:30])
def test_all_pages_spell_alike(place: str, text: str) -> None:
    assert sorted({found[0] for found in _WRONG.finditer(text)}) == [], place
