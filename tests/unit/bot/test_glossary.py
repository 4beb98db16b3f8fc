"""One Spanish word for one thing in all that people read, and those that never stand for it."""

import re
import tomllib
from collections.abc import Iterator

import pytest

from bot.i18n import words_for
from tests.paths import ROOT

GLOSSARY = {
    "build: encargo, encargar": r"(?<!re)constru\w+|\bbuilds?\b",
    "job: trabajo": r"\bjobs?\b",
    "budget: presupuesto": r"\bbudgets?\b",
    "cost: coste": r"\bcostos?\b",
    "worker: máquina": r"\bworkers?\b|\btrabajador(?:es)?\b",
    "operator: quien me administra": r"\boperador(?:es|a|as)?\b",
    "you: tú": r"\b(?:usted(?:es)?|vosotros|vosotras|vuestr[oa]s?|os)\b",
    "computer: equipo": r"\b(?:ordenador(?:es)?|computadoras?)\b",
    "transcript: transcripción": r"\btranscritos?\b|\btranscripts?\b",
}
_QUOTED = re.compile(r"`[^`]*`|«[^»]*»|\{[^}]*\}")


def texts() -> Iterator[tuple[str, str]]:
    yield from words_for("es").texts.items()
    for file in ("page/words.toml", "refusals.toml"):
        table = tomllib.loads((ROOT / "local_discord" / file).read_text("utf-8"))
        yield from table.get("es", table).items()


@pytest.mark.parametrize("instead", GLOSSARY.values(), ids=list(GLOSSARY))
def test_no_other_word_stands_for_it(instead: str) -> None:
    wrong = re.compile(instead, re.IGNORECASE)
    found = {key: text for key, text in texts() if wrong.search(_QUOTED.sub("", text))}
    assert found == {}
