"""The command that adds an extra is one that works: there is no published package."""

import json
import re
import shlex
import sys

import pytest

from bot import extras
from bot.extras import extra_command
from tests.paths import ROOT

PIP = [sys.executable, "-m", "pip", "install"]
UV = ["uv", "pip", "install", "--python", sys.executable]
FOLDER = {"url": "file:///home/ana/my%20bots/skydeck", "dir_info": {}}
WHEEL = {"url": "file:///srv/dist/skydeck-0.1.0-py3-none-any.whl", "archive_info": {}}


@pytest.mark.parametrize(
    ("noted", "installer", "words"),
    [
        (FOLDER, "pip\n", [*PIP, "/home/ana/my bots/skydeck[mic]"]),
        (FOLDER | {"dir_info": {"editable": True}}, "pip",
         [*PIP, "--editable", "/home/ana/my bots/skydeck[mic]"]),
        (WHEEL, "pip", [*PIP, "/srv/dist/skydeck-0.1.0-py3-none-any.whl[mic]"]),
        (FOLDER, "uv", [*UV, "/home/ana/my bots/skydeck[mic]"]),
        (None, None, [*PIP, ".[mic]"]),
    ],
)  # fmt: skip
def test_it_names_where_this_installation_came_from(monkeypatch, noted, installer, words):
    class Found:
        def read_text(self, name: str) -> str | None:
            files = {"INSTALLER": installer}
            if noted:
                files["direct_url.json"] = json.dumps(noted)
            return files.get(name)

    monkeypatch.setattr(extras, "distribution", lambda _: Found())
    assert shlex.split(extra_command("mic")) == words


def test_nothing_says_to_fetch_a_package_that_nobody_has_published():
    published = re.compile(r"\bskydeck\[")
    for top in ("bot", "cogs", "audio", "local_discord"):
        for file in (*(ROOT / top).rglob("*.py"), *(ROOT / top).rglob("*.toml")):
            if file.name != "extras.py":
                assert not published.search(file.read_text("utf-8")), file
