"""Backup and restore, on both databases and across."""

import asyncio
import gzip
import json
import resource
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.contract import Service
from bot.errors import BadInput, BadSettings, StoreFailed, WrongUse
from bot.money import Basis, Call, Charge, Payer
from bot.persona import Persona
from bot.store.address import Address
from bot.store.maintenance.archive import Reader
from bot.store.maintenance.backup import backup, restore
from bot.store.maintenance.downgrade import revise, revision
from bot.store.maintenance.migrate import head
from bot.store.repositories.recovery import Ending, JobStage
from bot.store.store import Store
from bot.store.tables import metadata
from tests.fakes.statements import rows_of
from tests.paths import ROOT
from tests.waiting import until

OLD = Path(__file__).parents[1] / "old"
DAY_MS = 86_400_000


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "backup.gz"


@pytest.fixture
def other(request, kind, tmp_path) -> str:
    """An empty database of the other kind."""
    if kind == "postgres":
        return f"sqlite:///{tmp_path}/other/skydeck.db"
    return asyncio.run(request.getfixturevalue("postgres").create())


async def fill(url: str, clock, entry, message) -> None:
    """Something in most tables, with every kind of value."""
    async with Store.open(url, clock) as store:
        await store.guilds.patch(9, language="es-ES", allowed_channels=frozenset({5, 6}))
        await store.personas.set(9, 5, Persona(name="Ñandú", instructions="¡Sé\nbreve!"))
        for number in (1, 2, 3):
            await store.conversations.add(message(number, content=f'¿qué? {number} 👋 \\ "'))
        first = await store.jobs.begin(entry(request=b"\x00\xffbytes"))
        await store.jobs.accepted(first, "job-1")
        await store.jobs.finished(first, Ending.COMPLETED)
        await store.jobs.begin(entry(place={"deep": [1, None, {"x": "ñ"}]}))
        last = await store.jobs.begin(entry())
        await store.privacy.forget(12345)
        await store.key_value.set("greeting", "hello")
        call = Call(call_id="c1", service=Service.PENNY, module="ASK", payer=Payer(user_id=7))
        await store.ledger.reserve(call, 500)
        await store.ledger.settle(call, Charge(micro_usd=400, basis=Basis.SECONDS))
        assert last == 3


async def contents(url: str) -> dict[str, list]:
    """Every row of every table, in one form for both databases."""
    tables, found = metadata.sorted_tables, {}
    statements = [
        f"SELECT {', '.join(column.name for column in table.columns)} FROM {table.name}"
        for table in tables
    ]
    for table, rows in zip(tables, await rows_of(url, statements), strict=True):
        kinds = [str(column.type) for column in table.columns]
        found[table.name] = sorted(
            repr([_plain(value, kind) for value, kind in zip(row, kinds, strict=True)])
            for row in rows
        )
    return found


def _plain(value, kind: str):
    if kind == "JSON" and isinstance(value, str):
        return json.loads(value)
    if kind == "BOOLEAN" and value is not None:
        return bool(value)
    return value


async def test_what_is_restored_is_what_was_there(
    url, other, empty_url, file, clock, entry, message
):
    await fill(url, clock, entry, message)
    before = await contents(url)

    rows = await backup(Address.parse(url), file, clock)

    assert rows == sum(map(len, before.values())) > 10
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for target in (empty_url, other):  # the same kind, and the other
        done = await restore(Address.parse(target), file, clock)
        assert (done.rows, done.kept, done.ended) == (rows, None, 0)
        assert await contents(target) == before
        async with Store.open(target, clock) as store:
            assert await store.jobs.request(1) == b"\x00\xffbytes"
            assert (await store.jobs.get(2)).place == {"deep": [1, None, {"x": "ñ"}]}
            assert await store.jobs.begin(entry()) == 4


async def test_a_number_is_never_given_twice(url, other, file, clock, entry, execute):
    """A button on an old message must not name a newer job."""
    async with Store.open(url, clock) as store:
        for _ in range(3):
            await store.jobs.begin(entry())
    await execute(url, "DELETE FROM jobs WHERE journal_id > 1")
    await backup(Address.parse(url), file, clock)

    await restore(Address.parse(other), file, clock)

    async with Store.open(other, clock) as store:
        assert await store.jobs.begin(entry()) == 4


async def test_a_backup_is_one_moment_while_others_write(url, file, clock, message, execute):
    await execute(url, f"INSERT INTO facts VALUES {_facts(0, 1199)}")
    async with Store.open(url, clock) as store:
        loop, written = asyncio.get_running_loop(), []

        def write_meanwhile(done: int, _of: int) -> None:
            if not written:
                written.append(loop.create_task(store.conversations.add(message(5000))))

        rows = await backup(Address.parse(url), file, clock, on_progress=write_meanwhile)
        await asyncio.gather(*written)

        assert written
        assert rows == Reader(file).verify() == 1199
        assert (await store.conversations.get(5000)) is not None


async def test_what_is_there_is_not_lost_by_mistake(url, file, clock, entry, message):
    await fill(url, clock, entry, message)
    before = await contents(url)
    await backup(Address.parse(url), file, clock)
    async with Store.open(url, clock) as store:
        await store.conversations.add(message(77))

    with pytest.raises(WrongUse, match=r"not empty.*--yes"):
        await restore(Address.parse(url), file, clock)
    async with Store.open(url, clock) as store:
        assert await store.conversations.get(77) is not None

    done = await restore(Address.parse(url), file, clock, replace=True)

    assert await contents(url) == before
    await restore(Address.parse(url), done.kept, clock, replace=True)
    async with Store.open(url, clock) as store:
        assert await store.conversations.get(77) is not None


async def test_not_while_a_bot_runs(url, file, clock, entry, message):
    await fill(url, clock, entry, message)
    await backup(Address.parse(url), file, clock)
    async with Store.open(url, clock) as store:
        await store.jobs.listing()
        with pytest.raises(WrongUse, match="A skydeck is using"):
            await restore(Address.parse(url), file, clock, replace=True)
        with pytest.raises(WrongUse, match="A skydeck is using"):
            await revise(Address.parse(url), "0004", clock, keep=file.with_name("kept.gz"))
        assert await store.jobs.begin(entry()) == 4


async def test_old_jobs_are_ended_and_fresh_ones_go_on(url, other, file, clock, entry):
    async with Store.open(url, clock) as store:
        await store.jobs.begin(entry(deadline_ms=60_000))
        clock.at_ms += DAY_MS
        fresh = await store.jobs.begin(entry(deadline_ms=60_000))
        await store.jobs.accepted(fresh, "job-2")
    await backup(Address.parse(url), file, clock)
    clock.at_ms += 60_000

    done = await restore(Address.parse(other), file, clock)

    assert done.ended == 1
    async with Store.open(other, clock) as store:
        old = await store.jobs.get(1)
        assert (old.stage, old.ending) == (JobStage.FINISHED, Ending.EXPIRED)
        assert [r.job.journal_id for r in await store.jobs.leases.claim()] == [fresh]


async def test_a_backup_of_an_old_schema_is_brought_up_to_date(
    tmp_path, empty_url, file, clock, execute
):
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript((OLD / "0001.sql").read_text())
    await backup(Address.parse(f"sqlite:///{old}"), file, clock)
    assert Reader(file).header.revision == "0001"

    await restore(Address.parse(empty_url), file, clock)

    assert await execute(empty_url, "SELECT version_num FROM alembic_version") == [(head(),)]
    async with Store.open(empty_url, clock) as store:
        chain = await store.conversations.chain(3, budget_chars=1000)
        assert [m.content for m in chain] == ["hello", "hello, Ada"]


async def test_a_backup_from_when_messages_had_one_source_keeps_it(
    empty_url, other, file, tmp_path, clock, message, execute
):
    """Forgetting what a person said has to find their words there."""
    async with Store.open(empty_url, clock) as store:
        await store.conversations.add(message(2), points_at={1: 55})
    await revise(Address.parse(empty_url), "0013", clock, keep=tmp_path / "before.gz")
    await backup(Address.parse(empty_url), file, clock)
    assert {"source_id", "source_author_id"} <= set(Reader(file).header.tables["messages"])

    await restore(Address.parse(other), file, clock)

    assert await execute(other, "SELECT * FROM message_sources") == [(2, 1, 55)]
    async with Store.open(other, clock) as store:
        assert (await store.privacy.forget(55)).messages == 1


def _facts(first: int, end: int) -> str:
    return ", ".join(f"('fact {number}', 'x')" for number in range(first, end))


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _without_end(data: bytes) -> bytes:
    return gzip.compress(b"".join(gzip.decompress(data).splitlines(keepends=True)[:-1]))


def _without_a_row(data: bytes) -> bytes:
    lines = gzip.decompress(data).splitlines(keepends=True)
    return gzip.compress(b"".join(lines[:3] + lines[4:]))


def _other_words(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data).replace(b"hello", b"HELLO"))


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0x55]) + data[middle + 1 :]


def _newer(data: bytes) -> bytes:
    lines = gzip.decompress(data).splitlines(keepends=True)
    header = json.loads(lines[0]) | {"revision": "9999", "version": "9.9"}
    return gzip.compress(json.dumps(header).encode() + b"\n" + b"".join(lines[1:]))


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_cut, "damaged"),
        (_without_end, "damaged"),
        (_without_a_row, "damaged"),
        (_other_words, "damaged"),
        (_flipped, "damaged|not a backup"),
        (_newer, r"newer skydeck \(9.9\)"),
        (lambda _: b"", "not a backup"),
        (lambda _: b"PK\x03\x04 something else", "not a backup"),
        (lambda _: gzip.compress(b"not json\n"), "not a backup"),
        (lambda _: gzip.compress(b"[1, 2]\n"), "not a backup"),
        (lambda _: gzip.compress(b'{"skydeck_backup": 1, "revision": "0001"}\n'), "not a backup"),
    ],
)
async def test_what_is_no_whole_backup_changes_nothing(spoil, words, url, file, clock, execute):
    await execute(url, "INSERT INTO facts VALUES ('a', 'hello'), ('b', 'b'), ('c', 'c')")
    await backup(Address.parse(url), file, clock)
    before = await contents(url)
    file.write_bytes(spoil(file.read_bytes()))

    with pytest.raises(BadInput, match=words):
        await restore(Address.parse(url), file, clock, replace=True)

    assert await contents(url) == before
    assert [f.name for f in file.parent.glob("backup*")] == [file.name]


async def test_a_missing_file_or_database_is_said(tmp_path, file, clock):
    address = Address.parse(f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(BadInput, match="No such file"):
        await restore(address, file, clock)
    with pytest.raises(BadSettings, match="no database at"):
        await backup(address, file, clock)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_an_existing_file_is_not_overwritten(url, file, clock):
    file.write_text("precious")
    with pytest.raises(WrongUse, match="already exists"):
        await backup(Address.parse(url), file, clock)
    assert file.read_text() == "precious"


@contextmanager
def largest_file(size: int):
    """Writing beyond it fails, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_full_disk_leaves_what_was_there(url, empty_url, file, clock, execute):
    async with Store.open(url, clock):
        pass
    await execute(
        url,
        "INSERT INTO facts WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 3000) SELECT 'fact' || i, hex(randomblob(200)) FROM n",
    )
    with largest_file(100_000), pytest.raises(StoreFailed, match="could not be written"):
        await backup(Address.parse(url), file, clock)
    assert list(file.parent.glob("*backup*")) == []
    await backup(Address.parse(url), file, clock)
    async with Store.open(empty_url, clock) as store:
        await store.key_value.set("mine", "kept")

    with largest_file(400_000), pytest.raises(StoreFailed):
        await restore(Address.parse(empty_url), file, clock, replace=True)

    async with Store.open(empty_url, clock) as store:
        assert await store.key_value.get("mine") == "kept"
        assert await store.key_value.get("fact1") is None


_VICTIM = """
import asyncio, sys, time
from pathlib import Path
from bot.clock import SystemClock
from bot.store.address import Address
from bot.store.maintenance.backup import restore
from tests.paths import ROOT

def tell(done, of):
    if done > of // 2:
        print("half", flush=True)
        time.sleep(60)

asyncio.run(restore(Address.parse(sys.argv[1]), Path(sys.argv[2]), SystemClock(), on_progress=tell))
"""


async def test_a_restore_that_is_killed_half_way_has_done_nothing(
    url, empty_url, file, clock, execute
):
    await execute(url, f"INSERT INTO facts VALUES {_facts(0, 1600)}")
    await backup(Address.parse(url), file, clock)
    if (sqlite_file := Address.parse(empty_url).file) is not None:
        sqlite_file.parent.mkdir(exist_ok=True)

    with subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", _VICTIM, empty_url, str(file)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as victim:
        assert await asyncio.to_thread(victim.stdout.readline) == b"half\n"
        victim.kill()
    done = await _patiently(restore, Address.parse(empty_url), file, clock)

    assert (done.rows, done.kept) == (1600, None)


async def _patiently(work, *given):
    """PostgreSQL notices after a moment that a client is gone."""

    async def done():
        try:
            return await work(*given)
        except WrongUse:
            return None

    return await until(done)


async def test_back_to_the_schema_before_and_forward_again(
    empty_url, file, clock, entry, message, execute
):
    """What a rollback of skydeck does; what the old schema holds is all kept."""
    await fill(empty_url, clock, entry, message)
    before = await contents(empty_url)

    await revise(Address.parse(empty_url), "0004", clock, keep=file)

    assert await revision(Address.parse(empty_url)) == "0004"
    with pytest.raises(BaseException, match="calls"):
        await execute(empty_url, "SELECT * FROM calls")
    async with Store.open(empty_url, clock):  # the new version once more
        pass
    after = await contents(empty_url)
    lost = {"calls", "purses", "budgets", "personas"}
    assert {k: v for k, v in after.items() if k not in lost} == {
        k: v for k, v in before.items() if k not in lost
    }
    assert after["calls"] == []
    await restore(Address.parse(empty_url), file, clock, replace=True)
    assert await contents(empty_url) == before


async def test_only_to_a_schema_that_there_is(url, file, clock):
    with pytest.raises(WrongUse, match=r"no schema '7'.*0001"):
        await revise(Address.parse(url), "7", clock, keep=file)
    assert not file.exists()
