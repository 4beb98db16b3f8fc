import asyncio
import gzip
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.choices import Identity
from bot.contract import Service
from bot.errors import BadSettings
from bot.store.address import Address
from bot.store.maintenance.backup import backup
from bot.store.maintenance.migrate import _config, backup_of, head
from bot.store.store import Store
from bot.store.tables import metadata

OLD = Path(__file__).parents[1] / "old"


@pytest.fixture
def old_file(tmp_path) -> Path:
    file = tmp_path / "skydeck.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((OLD / "0001.sql").read_text())
    return file


async def _on(url: str, work):
    """Run `work` with a plain connection, outside of the store."""
    engine = create_async_engine(Address.parse(url).url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def _to(revision: str, move=command.upgrade):
    def work(connection):
        config = _config()
        config.attributes["connection"] = connection
        move(config, revision)

    return work


async def test_the_tables_are_what_the_migrations_make(url):
    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert await _on(url, differences) == []


async def test_every_revision_can_be_undone_and_done_again(empty_url, kind, clock, entry, execute):
    if kind == "sqlite":
        Address.parse(empty_url).file.parent.mkdir()
    await _on(empty_url, _to("head"))
    await _on(empty_url, _to("base", command.downgrade))
    if kind == "sqlite":
        names = await execute(
            empty_url, "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
        )
    else:
        names = await execute(
            empty_url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
    assert [name for (name,) in names if "alembic" not in name] == []
    async with Store.open(empty_url, clock) as store:
        assert await store.jobs.begin(entry()) == 1


async def test_an_old_database_is_brought_up_to_date_with_all_it_holds(old_file, clock, entry):
    async with Store.open(f"sqlite:///{old_file}", clock) as store:
        guild = await store.guilds.get(900_000_000_000_000_001)
        assert (guild.language, guild.identity) == ("es-ES", Identity.CORP)
        assert guild.default_modules == {Service.GRACE: "SUMMARIZER"}
        chain = await store.conversations.chain(3, budget_chars=1000)
        assert [m.content for m in chain] == ["hello", "hello, Ada"]
        assert await store.jobs.begin(entry()) == 1


OLD_PLACE = '{"channel": "5", "message": "0", "answer": ["99", "a-token-that-speaks"]}'


async def with_old_tokens(url: str, execute) -> None:
    """A journal as schema 0007 left it: one build not answered yet, one whose answer failed."""
    for number, finished_at_ms in ((1, "NULL"), (2, "5")):
        await execute(
            url,
            "INSERT INTO jobs (journal_id, service, module, endpoint_id, mode, channel_id, "
            "user_id, place, title, deadline_ms, created_at_ms, stage, detail, lease_until_ms, "
            f"finished_at_ms) VALUES ({number}, 'FACTORY', 'BUILD', 'e', 'stream', 5, 7, "
            f"'{OLD_PLACE}', 't', 60000, 5, 'written', '', 0, {finished_at_ms})",
        )


async def test_tokens_leave_the_places_of_an_old_journal(empty_url, kind, clock, tmp_path, execute):
    if kind == "sqlite":
        Address.parse(empty_url).file.parent.mkdir()
    await _on(empty_url, _to("0007"))
    await with_old_tokens(empty_url, execute)
    saved = tmp_path / "old.gz"
    await backup(Address.parse(empty_url), saved, clock)
    async with Store.open(empty_url, clock) as store:
        places = [job.place for job in await store.jobs.listing()]
        tokens = await execute(empty_url, "SELECT reply_token FROM jobs ORDER BY journal_id")
        assert places == [{"channel": "5", "message": "0"}] * 2
        assert tokens == [("a-token-that-speaks",), (None,)]  # who waits is still answered
        (claimed,) = await store.jobs.leases.claim()
        assert claimed.job.reply_token == "a-token-that-speaks"
        assert "speaks" not in repr(claimed)
    assert b"speaks" not in gzip.decompress(saved.read_bytes())
    if kind == "sqlite":
        assert b"speaks" not in backup_of(Address.parse(empty_url).file, "0007").read_bytes()


async def test_the_same_on_postgresql(postgres, clock, entry, execute):
    url = await postgres.create()
    await _on(url, _to("0001"))
    await execute(
        url, "INSERT INTO messages VALUES (1, 1, NULL, 3, 7, 7, 'Ada', 'user', 'hello', 5, NULL)"
    )
    async with Store.open(url, clock) as store:
        assert (await store.conversations.get(1)).content == "hello"
        assert await store.jobs.begin(entry()) == 1


async def test_an_old_file_is_copied_before_it_is_changed(old_file, clock):
    async with Store.open(f"sqlite:///{old_file}", clock):
        pass
    copy = backup_of(old_file, "0001")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
            ("0001",)
        ]
        assert connection.execute("SELECT content FROM messages").fetchall() == [
            ("hello",),
            ("hello, Ada",),
        ]
    assert {f.name for f in old_file.parent.iterdir()} == {old_file.name, copy.name}
    async with Store.open(f"sqlite:///{old_file}", clock) as store:
        (copy.with_name(f"{copy.name}.part")).write_text("of a process that was killed")
        os.utime(copy.with_name(f"{copy.name}.part"), (0, 0))
        assert (await store.prune(message_days=1, job_days=1, ledger_days=400)).backups == 2
    assert not copy.exists()


async def test_a_migration_that_fails_leaves_the_old_database(old_file, clock, monkeypatch):
    upgrade = command.upgrade

    def break_off(config, revision):
        upgrade(config, revision)
        raise OSError("the disk is full")

    monkeypatch.setattr(command, "upgrade", break_off)
    with pytest.raises(BadSettings, match="the disk is full"):
        async with Store.open(f"sqlite:///{old_file}", clock):
            pass
    monkeypatch.undo()
    with closing(sqlite3.connect(old_file)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert "jobs" not in {name for (name,) in tables}
    async with Store.open(f"sqlite:///{old_file}", clock) as store:
        assert await store.jobs.listing() == []


async def test_a_database_of_a_newer_version_is_left_alone(empty_url, clock, execute):
    url = empty_url
    async with Store.open(url, clock):
        pass
    await execute(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(BadSettings, match=r"newer skydeck \(schema 9999\).*Update skydeck"):
        async with Store.open(url, clock):
            pass
    assert await execute(url, "SELECT version_num FROM alembic_version") == [("9999",)]


async def test_opening_many_times_at_once_is_the_same_as_once(empty_url, clock, entry, execute):
    async def use() -> int:
        async with Store.open(empty_url, clock) as store:
            return await store.jobs.begin(entry())

    assert sorted(await asyncio.gather(*(use() for _ in range(4)))) == [1, 2, 3, 4]
    assert await execute(empty_url, "SELECT version_num FROM alembic_version") == [(head(),)]


async def test_the_file_is_for_its_owner_alone_and_survives_a_kill(tmp_path, clock, execute):
    url = f"sqlite:///{tmp_path}/deep/down/skydeck.db"
    async with Store.open(url, clock) as store:
        await store.guilds.patch(1, language="es-ES")
        modes = {stat.S_IMODE(f.stat().st_mode) for f in (tmp_path / "deep/down").iterdir()}
        assert modes == {0o600}
        assert await execute(url, "PRAGMA journal_mode") == [("wal",)]


def test_the_newest_revision_is_the_one_that_alembic_finds():
    assert head() == ScriptDirectory.from_config(_config()).get_current_head()
