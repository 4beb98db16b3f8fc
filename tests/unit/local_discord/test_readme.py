"""The README of the local Discord says what there is."""

import re

from local_discord.tolerances import TOLERANCES, UNLIKE
from tests.paths import ROOT

README = (ROOT / "local_discord/README.md").read_text("utf-8")


def test_it_lists_every_difference_from_the_published_description():
    rows = [f"| {one.name} | {one.reason} |" for one in TOLERANCES]
    rows += [f"| `{field}` | {how} |" for field, how in UNLIKE.items()]
    _, _, table = README.rpartition("| difference |")
    assert table.strip().split("\n")[2:] == rows


def test_it_names_every_module_of_the_page_and_of_voice():
    for folder in ("page", "voice"):
        modules = (ROOT / "local_discord" / folder).glob("[a-z]*.py")
        named = set(re.findall(r"`(\w+\.py)`", README))
        assert {one.name for one in modules} - named == set()
