"""Several processes, and sudden death."""

import random

import pytest

from bot.store.repositories.recovery import JobStage
from bot.store.store import Store
from tests.waiting import HANGS_S


async def test_kill_9_in_the_middle_of_writing_loses_nothing(process, empty_url, clock):
    """Two processes create the database at once, write to it at once, and are killed."""
    url = empty_url
    victims = [process("write", url) for _ in range(2)]
    chance = random.Random(3)
    heard = []
    for victim in victims:  # each at some moment of its work, however quick it is
        lines = [victim.stdout.readline() for _ in range(chance.randrange(40, 200))]
        heard.append("".join(lines))
        victim.kill()
    said = []
    for victim, first in zip(victims, heard, strict=True):
        text = first + victim.stdout.read()
        whole = text[: text.rfind("\n")]  # the last line may be torn
        said += [line.split() for line in whole.splitlines()]
    clock.at_ms = 4_000_000_000_000
    async with Store.open(url, clock) as store:
        for word, number in said:
            job = await store.jobs.get(int(number))
            assert job is not None
            assert await store.jobs.request(job.journal_id) == b"x" * 5000
            if word == "accepted":
                assert job.job_id == f"job-{number}"
            if word == "finished":
                assert job.stage is JobStage.FINISHED
        begun = {int(n) for word, n in said if word == "begun"}
        finished = {int(n) for word, n in said if word == "finished"}
        claimed = {r.job.journal_id for r in await store.jobs.leases.claim(limit=10_000)}
        assert len(begun) > 10
        assert all(heard)
        # The last write of each of the four tasks of both victims may be done but unsaid.
        assert len((begun - finished) ^ claimed) <= 8


@pytest.mark.parametrize("kind", ["sqlite"])  # a server sees connections, not processes
async def test_two_processes_claim_at_once(process, url, clock, entry):
    async with Store.open(url, clock) as dead:
        ids = [await dead.jobs.begin(entry()) for _ in range(100)]
        await dead.jobs.leases.release()
    claimers = [process("claim", url), process("claim", url)]
    taken = [
        int(line.split()[1])
        for one in claimers
        for line in one.communicate(timeout=HANGS_S)[0].splitlines()
        if line.startswith("claimed")
    ]
    assert sorted(taken) == ids
