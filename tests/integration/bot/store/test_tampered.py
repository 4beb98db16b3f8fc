"""Backups that somebody has changed, with a checksum that fits: all or nothing, and said why."""

import base64
import contextlib
import gzip
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bot.errors import BadInput
from bot.store.address import Address
from bot.store.maintenance.archive import MAX_LINE_BYTES
from bot.store.maintenance.backup import backup, restore
from bot.store.repositories.voice import ATTENTIONS
from bot.store.store import Store
from bot.voice_agent.events import Attention
from tests.integration.bot.store.maintenance.test_backup import contents, fill
from tests.paths import ROOT

pytestmark = pytest.mark.parametrize("kind", ["sqlite"])


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "backup.gz"


@pytest.fixture(scope="module")
def filled() -> list:
    """A folder with a filled database and its backup, once there is one, and its time."""
    return []


@pytest.fixture
async def lines(url, file, clock, entry, message, filled, tmp_path_factory) -> list:
    """A sound backup: its header, and its rows as [table, {column: value}]."""
    database = url.removeprefix("sqlite:///")
    if not filled:
        await fill(url, clock, entry, message)
        await backup(Address.parse(url), file, clock)
        folder = tmp_path_factory.mktemp("filled")
        shutil.copy(database, folder / "filled.db")
        shutil.copy(file, folder / "filled.gz")
        filled += folder, clock.at_ms
    folder, clock.at_ms = filled
    shutil.copy(folder / "filled.db", database)
    shutil.copy(folder / "filled.gz", file)
    header, *rows, _end = map(json.loads, gzip.decompress(file.read_bytes()).splitlines())
    return [
        header,
        *([t, dict(zip(header["tables"][t], values, strict=True))] for t, values in rows),
    ]


def written(lines, *, after=b"") -> bytes:
    """The backup of these lines, with a checksum of its own."""
    header, *rows = lines
    words = [json.dumps(header)]
    counts = Counter()
    for row in rows:
        if isinstance(row, str):
            words.append(row)
            continue
        table, values = row
        words.append(json.dumps([table, list(values.values())]))
        counts[table] += 1
    body = "".join(f"{line}\n" for line in words).encode("utf-8", "surrogatepass")
    end = {"rows": counts, "sha256": hashlib.sha256(body).hexdigest()}
    return gzip.compress(body + json.dumps(end).encode() + b"\n" + after, 1)


def row(lines, table) -> dict:
    return next(values for name, values in lines[1:] if name == table)


def put(table, **changes):
    return lambda lines: row(lines, table).update(changes)


def head(**changes):
    return lambda lines: lines[0].update(changes)


def also(line):
    return lambda lines: lines.append(line)


def again(table):
    return lambda lines: lines.append([table, dict(row(lines, table))])


HEADERS = {
    "no tables": head(tables=None),
    "a table of a number": head(tables={"facts": 5}),
    "a table of numbers": head(tables={"facts": [1, 2]}),
    "a table with a column twice": head(tables={"facts": ["name", "name"]}),
    "a table with another's column": head(tables={"facts": ["name", "guild_id"]}),
    "a table that is not ours": head(tables={"sqlite_master": ["name"]}),
    "a table of leases": head(tables={"shard_leases": ["owner"]}),
    "a table's name that is SQL": head(tables={"facts; DROP TABLE jobs": ["name"]}),
    "a secret's column": lambda lines: lines[0]["tables"]["jobs"].append("reply_token"),
    "counters that are a list": head(counters=[1, 2]),
    "a counter beyond 64 bits": head(counters={"jobs": 10**30}),
    "a counter below 0": head(counters={"jobs": -1}),
    "a counter of half": head(counters={"jobs": 1.5}),
    "a counter of no table": head(counters={"DROP TABLE": 1}),
    "a version that drives the terminal": head(version="\x1b[31mX\x07\x1b]0;pwn\x07"),
    "a version that turns round": head(version="9.9\u202e"),
    "a version without end": head(version="9" * 10_000),
    "a format that is true": head(skydeck_backup=True),
    "a revision that is a number": head(revision=9),
    "a time that is text": head(made_at_ms="now"),
    "another field": head(more=1),
}

ROWS = {
    "a number beyond 64 bits": (put("messages", message_id=2**63), "message_id is not between"),
    "a number below 0": (put("messages", author_id=-1), "author_id is not between"),
    "a number that is text": (put("messages", person_id="7"), "person_id is not a whole number"),
    "a number that is true": (put("messages", guild_id=True), "guild_id is not a whole number"),
    "a number with a point": (put("messages", guild_id=1.0), "guild_id is not a whole number"),
    "a time after all calendars": (put("messages", created_at_ms=10**18), "created_at_ms is not"),
    "money without end": (put("calls", cost_micro_usd=2**62), "cost_micro_usd is not between"),
    "text that is a number": (put("messages", content=5), "content is not text"),
    "text that is a list": (put("messages", content={"json": ["a"]}), "content is not text"),
    "text that is too long": (put("messages", author_name="x" * 101), "more than 100 characters"),
    "a message that is too long": (put("messages", content="x" * 200_001), "more than 200000"),
    "text with U+0000": (put("messages", content="a\x00b"), "that no database holds"),
    "a lone surrogate": (put("facts", value="\ud800"), "that no database holds"),
    "nothing where something must be": (put("messages", content=None), "content is empty"),
    "a role that is none": (put("messages", role="system"), "not one of its possible values"),
    "a stage that is none": (put("jobs", stage="lost"), "not one of its possible values"),
    "a service that is none": (put("jobs", service="EVE"), "not one of its possible values"),
    "a mode that is none": (put("calls", basis="guess"), "not one of its possible values"),
    "an end without a time": (put("jobs", finished_at_ms=None), "contradict each other"),
    "a place that is a list": (put("jobs", place={"json": [1]}), "place is not an object"),
    "a place that is too long": (put("jobs", place={"json": {"a": "x" * 5000}}), "at most 4096"),
    "channels that are true": (
        put("guilds", allowed_channels={"json": [True]}), "allowed_channels is not what"),
    "channels that are words": (
        put("guilds", allowed_channels={"json": ["x"]}), "allowed_channels is not what"),
    "channels that are a number": (put("guilds", allowed_channels=True), "allowed_channels is not"),
    "too many roles": (
        put("guilds", allowed_roles={"json": list(range(251))}), "More than 250 roles"),
    "a persona's name that is a mention": (
        put("personas", name="@everyone"), "personas.name is no name"),
    "a persona's name that is too long": (put("personas", name="x" * 33), "more than 32"),
    "a persona that says too much": (
        put("personas", instructions="x" * 1001), "more than 1000 characters"),
    "a persona in no language": (put("personas", language="xx"), "none of the languages"),
    "a persona that turns round": (
        put("personas", instructions="a\u202eb"), "nobody can have chosen"),
    "a choice that is none": (put("guilds", actions=7), "actions is not"),
    "modules of no service": (
        put("guilds", default_modules={"json": {"EVE": "X"}}), "EVE|Service"),
    "modules that are numbers": (
        put("guilds", default_modules={"json": {"GRACE": 5}}), "default_modules is not what"),
    "an identity that is none": (put("guilds", identity="CEO"), "not one of its possible values"),
    "a language that is too long": (put("guilds", language="x" * 17), "more than 16"),
    "bytes that are text": (put("job_requests", contract="abc"), "contract is not bytes"),
    "bytes that are no base64": (
        put("job_requests", contract={"base64": "!!"}), "cannot have written"),
    "more bytes than are kept": (
        put("job_requests", contract={"base64": base64.b64encode(b"x" * 1_048_577).decode()}),
        "more than 1048576 bytes"),
    "JSON that is bytes": (put("guilds", allowed_roles={"base64": "YQ=="}), "is not JSON"),
    "a value in a wrapping of its own": (put("facts", value={"yaml": 1}), "wrong format"),
    "a list that is not wrapped": (put("guilds", allowed_roles=[1]), "wrong format"),
    "a value too few": (lambda lines: row(lines, "facts").popitem(), "damaged"),
    "a row of a table that is not in the header": (also(["pulses", {"owner": "x"}]), "damaged"),
    "a row whose table is a list": (also('[["facts"], ["a", "b"]]'), "damaged"),
    "a row that is a number": (also("5"), "damaged"),
    "a row of one": (also('["facts"]'), "damaged"),
    "a row that is no JSON": (also("{"), "damaged"),
    "not a number": (also('["facts", [NaN, 1]]'), "damaged"),
    "brackets without end": (also("[" * 100_000), "damaged"),
    "a number of 5,000 digits": (also('["facts", [' + "9" * 5000 + ', ""]]'), "damaged"),
    "the same key twice": (again("guilds"), "rows of guilds are contradictory"),
    "a part of no message": (
        also(["message_parts", {"part_id": 9, "message_id": 424242}]),
        "rows of message_parts are contradictory"),
}  # fmt: skip


async def refused(url, file, clock, match) -> BadInput:
    """It is refused; the database is as it was, and nothing lies about."""
    before = await contents(url)

    with pytest.raises(BadInput, match=match) as caught:
        await restore(Address.parse(url), file, clock, replace=True)

    said = str(caught.value)
    assert said.isprintable()
    assert len(said) < 600
    assert "Check that it is running" not in said
    assert await contents(url) == before
    assert [f.name for f in file.parent.glob("*backup*")] == [file.name]
    return caught.value


@pytest.mark.parametrize("name", HEADERS)
async def test_a_header_that_is_none(lines, name, url, file, clock):
    HEADERS[name](lines)
    file.write_bytes(written(lines))

    await refused(url, file, clock, "not a backup|has a table|counts the rows")


@pytest.mark.parametrize("name", ROWS)
async def test_a_row_that_is_none(lines, name, url, file, clock):
    change, words = ROWS[name]
    change(lines)
    file.write_bytes(written(lines))

    await refused(url, file, clock, words)


async def test_the_words_of_a_row_are_not_said(lines, url, file, clock):
    put("messages", role="my secret")(lines)
    file.write_bytes(written(lines))

    assert "my secret" not in str(await refused(url, file, clock, "not one of its possible values"))


@pytest.mark.parametrize(
    "line",
    [
        b'["facts", ["a", "' + b"x" * MAX_LINE_BYTES + b'"]]',
        b'["facts", [' + b"[]," * 600_000 + b'"a"]]',
        b"{" * 600_000,
        b'["facts", ["a", "b"]]' + b" " * MAX_LINE_BYTES,
    ],
    ids=["long", "a million lists", "a million objects", "blank"],
)
async def test_a_line_that_is_too_much(line, lines, url, file, clock):
    lines.append(line.decode())
    file.write_bytes(written(lines))

    await refused(url, file, clock, "more than any backup of skydeck")


async def test_a_bomb(lines, url, file, clock):
    bomb = json.dumps(["facts", ["a", "x" * 100_000]])
    file.write_bytes(written([*lines, *[bomb] * 1000]))
    assert file.stat().st_size < 1_000_000

    await refused(url, file, clock, "more than any backup of skydeck")


async def test_words_after_the_end(lines, url, file, clock):
    file.write_bytes(written(lines, after=b'["facts", ["a", "b"]]\n'))

    await refused(url, file, clock, "damaged")


@pytest.mark.parametrize("what", ["pipe", "folder", "device"])
async def test_what_is_no_file_is_not_waited_for(what, tmp_path, url, clock):
    path = {"device": Path("/dev/zero")}.get(what, tmp_path / what)
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()

    with pytest.raises(BadInput, match="is not a file"):
        await restore(Address.parse(url), path, clock)


async def test_a_sound_one_is_restored_and_can_be_read(lines, url, file, clock):
    before = await contents(url)
    file.write_bytes(written(lines))

    done = await restore(Address.parse(url), file, clock, replace=True)

    assert done.rows == len(lines) - 1
    assert await contents(url) == before
    async with Store.open(url, clock) as store:
        assert (await store.guilds.get(9)).allowed_channels == {5, 6}
        assert await store.jobs.listing()


def test_the_words_of_attention_are_those_of_the_conversation(kind):
    assert set(ATTENTIONS) == {word.value for word in Attention}


def test_a_line_of_sixty_megabytes_costs_little(kind, tmp_path, lines, file):
    """In a process of its own, whose address space is bounded: it must be enough."""
    lines.append('["facts", ["a", "' + "x" * 60_000_000 + '"]]')
    file.write_bytes(written(lines))
    database = f"sqlite:///{tmp_path}/new/skydeck.db"
    env = {"SKYDECK_DATABASE_URL": database, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}

    def bounded():
        resource.setrlimit(resource.RLIMIT_DATA, (400 << 20, 400 << 20))

    done = subprocess.run(
        [sys.executable, "-m", "bot", "restore", str(file)],
        env=env, cwd=tmp_path, capture_output=True, text=True, check=False, preexec_fn=bounded,
    )  # fmt: skip

    assert done.returncode == 2
    assert "more than any backup of skydeck" in done.stderr
    assert done.stderr.count("\n") == 1
    with contextlib.suppress(FileNotFoundError):
        assert not list((tmp_path / "new").iterdir())
