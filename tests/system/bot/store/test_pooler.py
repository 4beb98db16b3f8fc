"""The store behind a real PgBouncer, whose clients get each other's connections."""

import asyncio

import pytest
from sqlalchemy import text

from bot.cli.storage_checks import database_state
from bot.clock import SystemClock
from bot.contract import Service
from bot.errors import BadSettings, WrongUse
from bot.money import Basis, Call, Charge, Limits, Payer, Period, Scope
from bot.settings import Settings
from bot.store import pubsub
from bot.store.address import Address
from bot.store.database import Database
from bot.store.maintenance.backup import backup, restore
from bot.store.pubsub import PubSub
from bot.store.store import Store
from tests.fakes.pgbouncer import pgbouncer
from tests.waiting import HANGS_S


@pytest.fixture(scope="module")
def in_transaction_mode(postgres):
    with pgbouncer(postgres, pool_mode="transaction") as port:
        yield port


@pytest.fixture
def empty(postgres, in_transaction_mode) -> str:
    """The URL of a new database behind the pooler."""
    url = asyncio.run(postgres.create())
    return url.replace(f":{postgres.port}/", f":{in_transaction_mode}/")


def settings_of(url: str, shards: str = "") -> Settings:
    return Settings(_env_file=None, skydeck_database_url=url, skydeck_shards=shards)


async def test_forty_tasks_use_two_connections(empty, entry, message):
    """Each statement meets a connection on which another task's statements were prepared."""
    limits = Limits({(Scope.USER, Period.DAY): 1_000})
    async with Store.open(empty, SystemClock(), limits=limits) as store:
        assert store._database.is_pooled

        async def one(number: int) -> None:
            await store.conversations.add(message(number))
            journal_id = await store.jobs.begin(entry(user_id=number))
            assert (await store.jobs.get(journal_id)).user_id == number
            await store.key_value.set(f"key{number}", str(number))
            assert await store.key_value.get(f"key{number}") == str(number)
            call = Call(
                call_id=str(number), service=Service.PENNY, module="M", payer=Payer(user_id=1)
            )
            await store.ledger.reserve(call, 5)
            await store.ledger.settle(call, Charge(micro_usd=3, basis=Basis.REPORTED))

        async with asyncio.timeout(HANGS_S), asyncio.TaskGroup() as tasks:
            for number in range(40):
                tasks.create_task(one(number + 1))
        assert {(b.spent, b.reserved) for b in await store.ledger.balances(Payer())} == {(120, 0)}
        named = text("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''")
        for _ in range(4):  # on both of the pooler's connections
            async with store._database.reading() as connection:
                assert (await connection.execute(named)).scalar_one() == 0


async def test_two_processes_that_start_at_once_migrate_once(empty):
    async def opened() -> None:
        async with Store.open(empty, SystemClock()):
            pass

    await asyncio.gather(opened(), opened(), opened())


async def test_a_direct_connection_keeps_its_statements(postgres):
    async with Store.open(await postgres.clean(), SystemClock()) as store:
        assert not store._database.is_pooled


@pytest.fixture
def _impatient(monkeypatch):
    """A signal that the pooler swallows never comes, however long one waits."""
    monkeypatch.setattr(pubsub, "_ECHO_WITHIN_S", 0.3)


@pytest.mark.usefixtures("_impatient")
async def test_signals_are_missed_and_that_is_told(empty):
    database = Database(Address.parse(empty))
    try:
        with pytest.raises(BadSettings, match="transaction mode") as told:
            await PubSub(database, SystemClock()).check()
        assert "5432" in told.value.hint
    finally:
        await database.close()


@pytest.fixture
def in_session_mode(postgres):
    with pgbouncer(postgres, pool_mode="session", pool_size=5) as port:
        yield port


async def test_in_session_mode_signals_arrive(postgres, in_session_mode):
    url = await postgres.clean()
    database = Database(Address.parse(url.replace(f":{postgres.port}/", f":{in_session_mode}/")))
    try:
        await PubSub(database, SystemClock()).check()
    finally:
        await database.close()


@pytest.mark.usefixtures("_impatient")
def test_the_doctor_names_the_pooler(empty):
    assert database_state(settings_of(empty)).endswith(
        "created at the first start, behind a pooler"
    )
    with pytest.raises(BadSettings, match="transaction mode"):
        database_state(settings_of(empty, shards="auto"))


async def test_a_backup_is_restored_although_the_pooler_keeps_connections(empty, tmp_path):
    file = tmp_path / "saved.gz"
    async with Store.open(empty, SystemClock()) as store:
        await store.key_value.set("a", "b")
        await store.heartbeats.publish({})
        await backup(Address.parse(empty), file, SystemClock())
        with pytest.raises(WrongUse, match="is using"):
            await restore(Address.parse(empty), file, SystemClock(), replace=True)
        await store.heartbeats.leave()
    await restore(Address.parse(empty), file, SystemClock(), replace=True)
    async with Store.open(empty, SystemClock()) as store:
        assert await store.key_value.get("a") == "b"
