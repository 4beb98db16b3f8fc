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
for name in names:
    if not os.fork():  # each begins with nothing imported
        importlib.import_module(name)
        print(name, *sorted(set(heavy.split(",")) & set(sys.modules)), flush=True)
        os._exit(0)
    assert os.wait()[1] == 0, name
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
    assert len(told) == len(names)
    assert [line for line in told if " " in line] == []
