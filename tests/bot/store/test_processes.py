"""Several processes, and sudden death."""

import random
import time

from bot.store import LEASE_MS, JobStage, Store


def _kill_while_it_writes(process, url, seconds: float) -> list[list[str]]:
    """What it said before it was killed; the last line may be torn, and is left out."""
    victim = process("write", url)
    said = victim.stdout.readline()
    time.sleep(seconds)
    victim.kill()
    said += victim.stdout.read()
    return [line.split() for line in said[: said.rfind("\n")].splitlines()]


async def test_kill_9_in_the_middle_of_writing_loses_nothing(process, url, clock):
    chance = random.Random(3)
    said = []
    for _ in range(3):
        said += _kill_while_it_writes(process, url, chance.uniform(0.02, 0.3))
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
        claimed = {r.job.journal_id for r in await store.jobs.claim(limit=100_000)}
        assert len(begun) > 10
        # One write of each of the four writers of the three victims may be done but unsaid.
        assert len((begun - finished) - claimed) <= 12
        assert len(claimed - (begun - finished)) <= 12


async def test_two_processes_claim_at_once(process, url, clock, entry):
    async with Store.open(url, clock) as dead:
        ids = [await dead.jobs.begin(entry()) for _ in range(100)]
        clock.at_ms = 0
        await dead.jobs.release()
    claimers = [process("claim", url), process("claim", url)]
    taken = [
        int(line.split()[1])
        for one in claimers
        for line in one.communicate(timeout=30)[0].splitlines()
        if line.startswith("claimed")
    ]
    assert sorted(taken) == ids
    assert LEASE_MS > 0


async def test_two_processes_create_the_same_database_at_once(process, empty_url):
    both = [process("open", empty_url), process("open", empty_url)]
    said = {one.communicate(timeout=30)[0].strip() for one in both}
    assert said == {"opened 1", "opened 2"}
    assert [one.returncode for one in both] == [0, 0]
