"""The token of a build's interaction: with it one speaks for the bot, so nobody is shown it."""

import asyncio
import gzip
import json
import logging
import sqlite3
from contextlib import closing

import pytest

from bot.observability.logs import Plain, Redaction
from bot.store.address import Address
from bot.store.maintenance.backup import backup
from bot.store.maintenance.migrate import backup_of, copy_sqlite
from cogs.shared import answering


class Gate:
    """Holds a build's first answer back, just before it goes out."""

    def __init__(self, answer):
        self.answer = answer
        self.reached, self.open = asyncio.Event(), asyncio.Event()

    async def __call__(self, interaction, words):
        self.reached.set()
        await self.open.wait()
        return await self.answer(interaction, words)


@pytest.fixture
def gate(sim, deck, monkeypatch):
    sim.interactions.answer_seconds = 60
    gate = Gate(answering.post_placeholder)
    monkeypatch.setattr(answering, "post_placeholder", gate)
    yield gate
    gate.open.set()


def read_token(url_file, execute) -> str | None:
    ((token,),) = execute(url_file, "SELECT reply_token FROM jobs")
    return token


@pytest.fixture
def execute():
    def run(file, statement):
        with closing(sqlite3.connect(file)) as connection:
            return connection.execute(statement).fetchall()

    return run


async def test_no_export_backup_list_or_log_has_the_token_of_an_answer_to_come(
    sim, deck, ben, factory, gate, tmp_path, execute, capsys
):
    handler = logging.StreamHandler()
    handler.setFormatter(Plain(Redaction()))
    logging.getLogger().addHandler(handler)
    logging.getLogger("discord").setLevel(logging.DEBUG)
    file = tmp_path / "skydeck.db"
    factory.go.clear()
    try:
        reply = await ben.slash("/factory build", task="fizz", wait=False)
        await gate.reached.wait()
        token = reply.interaction.token

        assert read_token(file, execute) == token  # the next process could find the answer
        assert token not in json.dumps(await deck.store.privacy.export(ben.id))
        (job,) = await deck.store.jobs.listing()
        assert token not in repr(job)
        assert job.reply_token is None
        assert (await deck.store.jobs.get(job.journal_id)).reply_token is None
        saved = tmp_path / "backup.gz"
        await backup(Address.parse(f"sqlite:///{file}"), saved, deck.clock)
        assert token.encode() not in gzip.decompress(saved.read_bytes())
        copy = backup_of(file, "0008")
        copy_sqlite(file, copy)  # as before a schema update
        assert token.encode() not in copy.read_bytes()

        gate.open.set()
        await reply.answered()
        await ben.sees("reviewing", await ben.sees_thread("fizz"))
        assert read_token(file, execute) is None
        assert token not in capsys.readouterr().err
    finally:
        factory.go.set()
        logging.getLogger("discord").setLevel(logging.NOTSET)
        logging.getLogger().removeHandler(handler)


async def test_a_build_that_could_not_be_answered_leaves_no_token(
    sim, deck, ben, gate, tmp_path, execute
):
    reply = await ben.slash("/factory build", task="fizz", wait=False)
    await gate.reached.wait()
    sim.fail("POST /interactions", status=404)
    gate.open.set()
    (job,) = await deck.store.jobs.listing()
    async with asyncio.timeout(20):
        while (job := await deck.store.jobs.get(job.journal_id)).ending is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert read_token(tmp_path / "skydeck.db", execute) is None
    assert reply.interaction.answer is None


async def test_a_token_that_discord_honours_no_more_is_cleared_in_the_journal(
    deck, ben, gate, tmp_path, execute, monkeypatch
):
    await ben.slash("/factory build", task="fizz", wait=False)
    await gate.reached.wait()
    jobs = deck.store.jobs
    assert await jobs.leases.clear_reply_tokens() == 0
    wall = deck.clock.wall
    with monkeypatch.context() as later:
        later.setattr(type(deck.clock), "wall", lambda _: wall() + 15 * 60 + 1)
        assert await jobs.leases.clear_reply_tokens() == 1
    assert read_token(tmp_path / "skydeck.db", execute) is None
