"""Every schema that there ever was: up to the newest with its data, and back down again."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.persona import Persona
from bot.store.address import Address
from bot.store.maintenance.backup import restore
from bot.store.maintenance.downgrade import revise, revision
from bot.store.maintenance.migrate import config_for, head, known_revisions
from bot.store.store import Store
from bot.store.tables import PASSING, metadata

OLD = Path(__file__).with_name("old")
EARLIER = known_revisions()[:-1]


async def shape(url: str) -> dict[str, list]:
    """Tables, columns and indexes as the database has them."""
    engine = create_async_engine(Address.parse(url).url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(_shape)
    finally:
        await engine.dispose()


def _shape(connection: Connection) -> dict[str, list]:
    there = inspect(connection)  # not MetaData.reflect, which reads constraints too, and is slow
    found = {}
    for table in there.get_table_names():
        key = there.get_pk_constraint(table)["constrained_columns"]
        found[table] = [
            sorted(
                (c["name"], str(c["type"]), c["nullable"], c["name"] in key)
                for c in there.get_columns(table)
            ),
            sorted(
                (str(i["name"]), sorted(i["column_names"]), bool(i["unique"]))
                for i in there.get_indexes(table)
            ),
        ]
    return found


async def shape_when_new(revision: str, folder: Path) -> dict[str, list]:
    """The shape of a database that never was newer than a revision."""
    url = f"sqlite:///{folder / 'never_newer.db'}"
    engine = create_async_engine(Address.parse(url).url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(lambda c: command.upgrade(config_for(c), revision))
    finally:
        await engine.dispose()
    return await shape(url)


async def words(url: str, execute) -> list[tuple]:
    return sorted(await execute(url, "SELECT message_id, author_name, content FROM messages"))


@pytest.mark.parametrize(
    ("kind", "old"),
    [*(("sqlite", old) for old in EARLIER), ("postgres", EARLIER[0]), ("postgres", EARLIER[-1])],
)
async def test_up_and_back_is_where_it_began(empty_url, old, tmp_path, clock, message, execute):
    """An upgrade that is taken back leaves the schema of before, and everything in it."""
    address = Address.parse(empty_url)
    async with Store.open(empty_url, clock) as store:
        await store.conversations.add(message(1, content="¿sí?"))
    await revise(address, old, clock, keep=tmp_path / "first.gz")
    before = await shape(empty_url)
    if address.file is not None:  # each database has its own names for types
        assert before == await shape_when_new(old, tmp_path)
    await execute(
        empty_url,
        "INSERT INTO messages (message_id, conversation_id, person_id, author_id, author_name, "
        "role, content, created_at_ms) VALUES (2, 1, 7, 7, 'Ada', 'user', 'hello', 5)",
    )

    async with Store.open(empty_url, clock) as store:  # the upgrade
        assert (await store.conversations.get(2)).content == "hello"
        await store.conversations.add(message(3, content="written by the newer one"))
    assert await revision(address) == head()
    kept = await words(empty_url, execute)
    await revise(address, old, clock, keep=tmp_path / "second.gz")

    assert await revision(address) == old
    assert await shape(empty_url) == before
    assert await words(empty_url, execute) == kept
    assert len(kept) == 3


WAITING_PLACE = '{"channel": "5", "message": "0", "interaction": "99", "waiting": true}'
TAMPERED = '{"interaction": "99999999999999999999", "waiting": 1}'


async def test_what_waits_still_waits_after_an_upgrade_and_after_going_back(
    empty_url, tmp_path, clock, execute
):
    """Until schema 0010 a job's place said that it waits, and for which interaction it runs."""
    address = Address.parse(empty_url)
    async with Store.open(empty_url, clock):
        pass
    await revise(address, "0009", clock, keep=tmp_path / "first.gz")
    rows = [(stage, WAITING_PLACE) for stage in ("written", "accepted", "finished")]
    for number, (stage, place) in enumerate([*rows, ("written", TAMPERED)], start=1):
        await execute(
            empty_url,
            "INSERT INTO jobs (journal_id, service, module, endpoint_id, mode, channel_id, "
            "user_id, place, title, deadline_ms, created_at_ms, stage, detail, lease_until_ms) "
            f"VALUES ({number}, 'FACTORY', 'BUILD', 'e', 'stream', 5, 7, '{place}', 't', "
            f"60000, 5, '{stage}', '', 0)",
        )
    async with Store.open(empty_url, clock) as store:
        odd, *listed = await store.jobs.listing()
        assert (odd.stage, odd.place) == ("written", {})
        assert [job.stage for job in listed] == ["finished", "accepted", "waiting"]
        assert [job.place for job in listed] == [{"channel": "5", "message": "0"}] * 3
        found = await execute(empty_url, "SELECT DISTINCT interaction_id FROM jobs")
        assert set(found) == {(99,), (None,)}
    await revise(address, "0009", clock, keep=tmp_path / "second.gz")
    found = await execute(
        empty_url, "SELECT stage, place FROM jobs WHERE journal_id < 4 ORDER BY journal_id"
    )
    assert [(stage, json.loads(place)) for stage, place in found] == [
        ("written", json.loads(WAITING_PLACE)),
        ("accepted", {"channel": "5", "message": "0", "interaction": "99"}),
        ("finished", {"channel": "5", "message": "0", "interaction": "99"}),
    ]


async def test_the_one_source_of_a_question_is_the_first_of_several_and_stays_going_back(
    empty_url, tmp_path, clock, message, execute
):
    address = Address.parse(empty_url)
    async with Store.open(empty_url, clock) as store:
        await store.conversations.add(message(3))
    await revise(address, "0013", clock, keep=tmp_path / "first.gz")
    await execute(empty_url, "UPDATE messages SET source_id = 2, source_author_id = 8")
    async with Store.open(empty_url, clock) as store:
        assert await store.conversations.holding({2}) == {3}
        assert await store.conversations.holding_words_of(8) == {3}
        await store.conversations.add(message(6), points_at={5: 9, 4: 8})
        await store.conversations.add(message(7))
    await revise(address, "0013", clock, keep=tmp_path / "second.gz")
    query = "SELECT message_id, source_id, source_author_id FROM messages ORDER BY message_id"
    assert await execute(empty_url, query) == [(3, 2, 8), (6, 4, 8), (7, None, None)]


async def test_personas_are_saved_before_a_schema_without_them(empty_url, tmp_path, clock, execute):
    address = Address.parse(empty_url)
    async with Store.open(empty_url, clock) as store:
        await store.personas.set(1, 5, Persona(name="Nova"))
    kept = tmp_path / "kept.gz"
    await revise(address, "0015", clock, keep=kept)
    assert "personas" not in await shape(empty_url)
    async with Store.open(empty_url, clock) as store:
        assert await store.personas.of(1) == {}
    await restore(address, kept, clock, replace=True)
    async with Store.open(empty_url, clock) as store:
        assert await store.personas.of(1) == {5: Persona(name="Nova")}


async def test_a_file_that_the_first_version_wrote_can_go_back_to_it(tmp_path, clock, execute):
    file = tmp_path / "skydeck.db"
    url = f"sqlite:///{file}"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((OLD / "0001.sql").read_text())
    first, before = await shape(url), await words(url, execute)
    async with Store.open(url, clock):
        pass

    await revise(Address.parse(url), "0001", clock, keep=tmp_path / "kept.gz")

    assert await words(url, execute) == before
    assert {name: columns for name, (columns, _) in (await shape(url)).items()} == {
        name: columns for name, (columns, _) in first.items()
    }


def test_every_table_is_saved_or_says_why_not():
    """A new table is in backups without a thought; one that is not has to say so."""
    left_out = {table.name for table in metadata.sorted_tables if table.info.get(PASSING)}
    assert left_out == {"shard_processes", "shard_leases", "identify_turns", "pulses"}
    columns = {
        str(column)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.info.get(PASSING)
    }
    assert columns == {"jobs.reply_token"}
