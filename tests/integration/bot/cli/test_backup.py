"""`skydeck backup`, `restore` and `database`, as they are typed."""

import asyncio
import io

import pytest
from typer.testing import CliRunner

from bot.cli import backup
from bot.cli.main import app
from bot.clock import SystemClock
from bot.errors import WrongUse
from bot.store.maintenance.migrate import head
from bot.store.store import Store


@pytest.fixture
def url(tmp_path, monkeypatch) -> str:
    url = f"sqlite:///{tmp_path}/data/skydeck.db"
    monkeypatch.setenv("SKYDECK_DATABASE_URL", url)
    return url


def remember(url: str, value: str) -> None:
    async def write() -> None:
        async with Store.open(url, SystemClock()) as store:
            await store.key_value.set("word", value)

    asyncio.run(write())


def recall(url: str) -> str | None:
    async def read() -> str | None:
        async with Store.open(url, SystemClock()) as store:
            return await store.key_value.get("word")

    return asyncio.run(read())


def run(*words: str):
    return CliRunner().invoke(app, list(words))


def test_saved_brought_back_and_taken_back(url, tmp_path):
    file = str(tmp_path / "saved.gz")
    remember(url, "first")
    said = run("backup", file)
    assert (said.exit_code, said.stdout.split(":")[0]) == (0, file)
    remember(url, "second")

    refused = run("restore", file)
    assert isinstance(refused.exception, WrongUse)
    assert "--yes" in str(refused.exception)
    said = run("restore", file, "--yes")

    assert said.exit_code == 0, said.output
    assert "The previous contents are in" in said.stdout
    assert recall(url) == "first"
    assert f"schema {head()}" in run("database", "show").stdout
    said = run("database", "to", "0003", str(tmp_path / "kept.gz"))
    assert "schema 0003" in said.stdout, said.output
    assert "schema 0003" in run("database", "show").stdout
    assert recall(url) == "first"  # the next start brings it up to date


def test_what_takes_long_says_how_far_it_is(monkeypatch):
    class Clock:
        at = 0.0

        def now(self) -> float:
            return self.at

    monkeypatch.setattr("sys.stderr", written := io.StringIO())
    clock = Clock()
    progress = backup._Progress(clock, "saved")
    for seconds in (1.9, 2.1, 2.5, 3.2):
        clock.at = seconds
        progress(int(seconds * 100), 400)
    progress.close()
    assert written.getvalue() == "210 of 400 rows saved\n320 of 400 rows saved\n"
