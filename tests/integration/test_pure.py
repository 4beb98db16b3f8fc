"""What a module that calls itself pure brings along when it is imported."""

import ast
import re
import subprocess
import sys

import pytest

from tests.paths import ROOT

HEAVY = {"sqlalchemy", "alembic", "httpx", "aiohttp", "discord", "asyncio", "sounddevice"}
CLAIM = re.compile(r"(?:^|\W)[Pp]ure(?:[.:;]|$)")
LOADED = """
import importlib, os, sys
heavy, *names = sys.argv[1:]
def load(*some):
    inside, outside = os.pipe()
    if not os.fork():  # nothing is imported yet
        for name in some:
            importlib.import_module(name)
        os.write(outside, " ".join(sorted(set(heavy.split(",")) & set(sys.modules))).encode())
        os._exit(0)
    assert os.wait()[1] == 0, some
    os.close(outside)
    return os.read(inside, 10_000).decode()
if load(*names):  # not a line if all of them together load nothing heavy; else who does
    for name in names:
        if found := load(name):
            print(name, found)
print(len(names))
"""


def claimants() -> list[str]:
    """The modules whose first paragraph says that they are pure."""
    found = []
    for top in ("bot", "cogs", "audio"):
        for path in sorted((ROOT / top).rglob("*.py")):
            words = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
            if CLAIM.search(words.split("\n\n")[0]):
                found.append(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_what_calls_itself_pure_loads_nothing_heavy() -> None:
    names = claimants()
    assert len(names) > 40
    told = subprocess.run(
        [sys.executable, "-c", LOADED, ",".join(sorted(HEAVY)), *names],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    ).stdout.splitlines()
    assert told == [str(len(names))]
