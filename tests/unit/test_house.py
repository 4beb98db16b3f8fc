"""Rules of the house that no linter knows."""

import re

from tests.paths import ROOT

SOURCES = [
    path for top in ("bot", "cogs", "audio", "local_discord") for path in (ROOT / top).rglob("*.py")
]


def test_the_map_of_the_code_stays_short() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines()) <= 200


def test_limits_are_named_max_and_min() -> None:
    others = re.compile(
        r"\b\w*(?:MOST|LONGEST|LEAST)_\w*"
        r"|\b_?(?:FEWEST|WIDEST|LARGEST|SMALLEST|OLDEST|DEEPEST)(?:_\w*)?\b"
    )
    assert {path.name for path in SOURCES if others.search(path.read_text("utf-8"))} == set()


def test_no_file_is_too_long_to_read() -> None:
    lengths = {path.name: path.read_text("utf-8").count("\n") for path in SOURCES}
    assert {name: lines for name, lines in lengths.items() if lines > 500} == {}
