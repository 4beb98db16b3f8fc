"""Malicious answers on real sockets: each ends in an error or a result."""

import asyncio
import contextlib
import logging
from dataclasses import replace
from functools import lru_cache
from itertools import islice

import pytest

from bot import errors
from bot.choices import Mode
from bot.contract import Service
from bot.runpod.models import JobState
from tests.bench.answers import KEY, Server, attacked, request
from tests.fakes.hostile_answers import DRIVES, book, forbidden_in
from tests.integration.bot.runpod.test_client import client

ATTACKS = book(KEY, million=150_000)  # MAX_VALUES is 100,000
SLOW = {name for name in ATTACKS if "1 GB" in name or "64 GB" in name or "MB" in name}
"""Too slow to make or send here; `python -m tests.bench.answers` runs them."""
FEW = 20_000
"""Chunks of a byte: aiohttp takes seconds for 400,000; that is for the benchmark, too."""


@lru_cache(maxsize=1)  # it is sent in two modes, one after the other
def made(name: str) -> list[bytes]:
    return list(islice(ATTACKS[name].pieces(), FEW))


@contextlib.asynccontextmanager
async def server(name: str, mode: str):
    serving = Server(replace(ATTACKS[name], pieces=lambda: iter(made(name))), mode)
    listening = await asyncio.start_server(serving.serve, "127.0.0.1", 0, limit=2**26)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


@pytest.mark.virtual_time
@pytest.mark.parametrize("mode", ["runsync", "stream"])
@pytest.mark.parametrize("name", sorted(ATTACKS.keys() - SLOW))
async def test_it_ends_in_a_word_or_a_result(name, mode, caplog, monkeypatch):
    monkeypatch.setattr("tests.bench.answers.LIMIT_S", 1.5)  # polls of what is broken are repeated
    caplog.set_level(logging.DEBUG)
    seen = []
    async with server(name, mode) as port:
        told = await attacked(port, Mode(mode), show=Shown(seen), is_measured=False)
    assert told["ended"] != "no end", "the deadline of the call does not end it"
    assert "BUG" not in told["ended"]
    assert KEY not in told["ended"] + caplog.text
    assert not forbidden_in(told["ended"])
    for update in seen:
        assert KEY not in repr(update)
        for figure in (update.delay_ms, update.execution_ms):
            assert figure is None or 0 <= figure < 1e10
        usage = update.response and update.response.usage
        if usage:
            assert all(v is None or 0 <= v < 1e12 for v in usage.model_dump().values())


class Shown:
    """Takes updates as a view does."""

    def __init__(self, seen: list) -> None:
        self.update = seen.append


async def test_the_loop_has_its_turns_while_much_is_read():
    """Counts turns of the loop instead of timing them: parsing in one go would leave none."""
    turns = 0

    async def count():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    name = "99,000 words in a list"
    async with (
        server(name, "runsync") as port,
        client(f"http://127.0.0.1:{port}/v2", Mode.RUNSYNC) as ours,
    ):
        counting = asyncio.create_task(count())
        async for update in ours.submit(request().model_copy(update={"target": penny()})):
            if update.state is JobState.SUBMITTING:
                turns = 0
        counting.cancel()
    assert len(update.response.output.data) == 99_000
    assert turns > 99_000 / 1_000


def penny():
    return request().target.model_copy(update={"service": Service.PENNY})


async def test_more_pieces_than_anybody_reads(monkeypatch):
    monkeypatch.setattr("bot.runpod.flow.poll.MAX_PARTIALS", 100)
    taken = []

    async def call(ours):
        async for update in ours.submit(request().model_copy(update={"target": penny()})):
            taken.append(update)  # noqa: PERF401 - those before the error, too

    async with (
        server("5,000 numbered partials", "stream") as port,
        client(f"http://127.0.0.1:{port}/v2", Mode.STREAM) as ours,
    ):
        with pytest.raises(errors.OutputLost, match="pieces"):
            await call(ours)
    assert len(taken) < 110


def test_the_words_that_are_tried_hold_everything():
    assert len(set(forbidden_in(DRIVES))) > 15
    assert len(ATTACKS) > 60
