"""The store against its rows, SQLite: the ledger, the journal, and a conversation's length."""

# mypy: ignore-errors

import asyncio
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from bot.choices import Mode
from bot.clock import SystemClock
from bot.contract import Service
from bot.money import Basis, Call, Charge, Limits, Payer, Period, Scope
from bot.store.records import Role, StoredMessage
from bot.store.repositories.recovery import Ending, Entry
from bot.store.store import Store
from tests.bench.growth.curve import Curve

ROWS = (1_000, 10_000, 100_000, 1_000_000)
LENGTHS = (10, 100, 1_000, 10_000, 100_000)
TIMES = 150
LIMITS = Limits({(scope, period): 10**12 for scope in Scope for period in Period})
_PEER = "sqlite3, two bare writes in a table as long"
_DAY_MS = 86_400_000
_COUNTED = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) {insert}"
)
_CALLS = (
    "INSERT INTO calls (call_id, at_ms, state, service, module, guild_id, channel_id, user_id, "
    "reserved_micro_usd, cost_micro_usd, basis, execution_ms, settled_at_ms, expires_at_ms) "
    "SELECT 'old' || i, {start} + i, 'settled', 'penny', 'CONVERSE', i % 100 + 1, 3, i % 1000 + 1, "
    "0, 900, 'reported', 500, {start} + i, 0 FROM n"
)
_JOBS = (
    "INSERT INTO jobs (service, module, endpoint_id, mode, guild_id, channel_id, user_id, place, "
    "title, deadline_ms, created_at_ms, stage, contract_id, interaction_id, finished_at_ms, "
    "ending, detail, lease_until_ms) SELECT 'grace', 'SUMMARIZER', 'ep', 'run', i % 100 + 1, 3, "
    "i % 1000 + 1, '{{}}', 't', 60000, {start} + i, 'finished', 'c' || i, i, {start} + i, "
    "'completed', '', 0 FROM n"
)
_MESSAGES = (
    "INSERT INTO messages (message_id, conversation_id, parent_id, person_id, author_id, "
    "author_name, role, content, created_at_ms) SELECT i, 1, i - 1, 7, 7, 'Ada', 'user', "
    "'some words that somebody has said', {start} + i FROM n"
)


def _filled(folder: Path, insert: str, rows: int) -> str:
    """The URL of a database with so many rows."""
    url = f"sqlite:///{folder}/deck.db"

    async def create():
        async with Store.open(url, SystemClock()):
            pass

    asyncio.run(create())
    connection = sqlite3.connect(folder / "deck.db")
    start = int(time.time() * 1000) - 20 * _DAY_MS
    connection.execute(_COUNTED.format(rows=rows, insert=insert.format(start=start)))
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return url


def _bare_ms(folder: Path, rows: int) -> float:
    connection = sqlite3.connect(folder / "peer.db", isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
        "CREATE TABLE t (id TEXT PRIMARY KEY, at INTEGER, cost INTEGER)"
    )
    insert = "INSERT INTO t SELECT 'old' || i, i, 900 FROM n"
    connection.execute(_COUNTED.format(rows=rows, insert=insert))
    took = []
    for number in range(TIMES):
        began = time.perf_counter()
        connection.execute("INSERT INTO t VALUES (?, ?, NULL)", (str(number), number))
        connection.execute("UPDATE t SET cost = ? WHERE id = ?", (number, str(number)))
        took.append((time.perf_counter() - began) * 1000)
    connection.close()
    return statistics.median(took)


async def _paid_ms(url: str) -> tuple[float, float]:
    """Reserving and settling; and what `/budget show` and the next call's estimate read."""
    async with Store.open(url, SystemClock(), limits=LIMITS) as store:
        pairs, reads = [], []
        for number in range(TIMES):
            payer = Payer(user_id=number % 50 + 1, guild_id=number % 5 + 1)
            call = Call(call_id=f"{number}", service=Service.PENNY, module="CONVERSE", payer=payer)
            began = time.perf_counter()
            await store.ledger.reserve(call, 1_000)
            await store.ledger.settle(call, Charge(micro_usd=900, basis=Basis.REPORTED))
            between = time.perf_counter()
            await store.ledger.balances(payer)
            await store.ledger.typical(Service.PENNY, "CONVERSE")
            pairs.append((between - began) * 1000)
            reads.append((time.perf_counter() - between) * 1000)
    return statistics.median(pairs), statistics.median(reads)


async def _journal_ms(url: str) -> float:
    async with Store.open(url, SystemClock()) as store:
        took = []
        for number in range(TIMES):
            entry = Entry(
                service=Service.GRACE, module="SUMMARIZER", endpoint_id="ep", mode=Mode.RUN,
                user_id=number % 50 + 1, channel_id=3, guild_id=2, deadline_ms=60_000,
                place={"channel": "3"}, title="t", interaction_id=10**9 + number,
            )  # fmt: skip
            began = time.perf_counter()
            journal_id, _ = await store.jobs.begin_once(entry)
            await store.jobs.shown(journal_id, {"channel": "3", "message": "5"})
            await store.jobs.accepted(journal_id, f"job{number}")
            await store.jobs.finished(journal_id, Ending.COMPLETED)
            took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def ledger() -> list[Curve]:
    """Rows of the ledger."""
    pairs, reads, bare = [], [], []
    for rows in ROWS:
        with tempfile.TemporaryDirectory() as folder:
            pair, read = asyncio.run(_paid_ms(_filled(Path(folder), _CALLS, rows)))
            bare.append(_bare_ms(Path(folder), rows))
        pairs.append(pair)
        reads.append(read)
    shared = {"size": "calls in the ledger", "peer": _PEER, "sizes": [*ROWS], "theirs": bare}
    return [
        Curve(title="Paying for a call", unit="ms to reserve and settle", ours=pairs, **shared),
        Curve(title="Reading a balance", unit="ms for budgets and estimate", ours=reads, **shared),
    ]


def journal() -> list[Curve]:
    """Rows of the journal."""
    ours, bare = [], []
    for rows in ROWS:
        with tempfile.TemporaryDirectory() as folder:
            ours.append(asyncio.run(_journal_ms(_filled(Path(folder), _JOBS, rows))))
            bare.append(_bare_ms(Path(folder), rows))
    return [
        Curve(
            title="A job's way through the journal", size="jobs in the journal",
            unit="ms for its four steps", peer=_PEER, sizes=[*ROWS], ours=ours, theirs=bare,
        )
    ]  # fmt: skip


async def _history_ms(url: str, length: int) -> float:
    async with Store.open(url, SystemClock()) as store:
        took = []
        for number in range(30):
            message = StoredMessage(
                message_id=length + number + 1, conversation_id=1, person_id=7, author_id=7,
                author_name="Ada", role=Role.USER, content="and another", created_at_ms=1,
                parent_id=length + number,
            )  # fmt: skip
            began = time.perf_counter()
            await store.conversations.add(message)
            await store.conversations.chain(message.message_id, budget_chars=16_000)
            took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def _plain_history_ms(folder: Path, length: int) -> float:
    connection = sqlite3.connect(folder / "deck.db", isolation_level=None)
    took = []
    for number in range(30):
        began = time.perf_counter()
        connection.execute(
            "INSERT INTO messages (message_id, conversation_id, person_id, author_id, author_name, "
            "role, content, created_at_ms) VALUES (?, 1, 7, 7, 'Ada', 'user', 'and another', 1)",
            (length + number + 1000,),
        )
        connection.execute(
            "SELECT * FROM messages WHERE conversation_id = 1 ORDER BY message_id DESC LIMIT 200"
        ).fetchall()
        took.append((time.perf_counter() - began) * 1000)
    connection.close()
    return statistics.median(took)


def history() -> list[Curve]:
    """The length of one conversation."""
    ours, plain = [], []
    for length in LENGTHS:
        with tempfile.TemporaryDirectory() as folder:
            url = _filled(Path(folder), _MESSAGES, length)
            ours.append(asyncio.run(_history_ms(url, length)))
            plain.append(_plain_history_ms(Path(folder), length))
    return [
        Curve(
            title="Remembering a conversation", size="messages in it",
            unit="ms to add one and read the chain", sizes=[*LENGTHS], ours=ours, theirs=plain,
            peer="sqlite3, an insert and the latest 200",
        )
    ]  # fmt: skip
