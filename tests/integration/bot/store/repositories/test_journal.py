import asyncio
import contextlib
import random
from contextlib import AsyncExitStack

import pytest

from bot.choices import Mode
from bot.contract import Service
from bot.errors import StoreFailed, TooLarge
from bot.store.repositories.job_leases import JOB_LEASE_MS
from bot.store.repositories.job_results import Missed
from bot.store.repositories.recovery import Ending, JobStage, Recovery
from bot.store.store import Store
from tests.waiting import HANGS_S, until


async def test_a_job_from_its_beginning_to_its_end(store, clock, entry):
    started = clock.at_ms
    asked = entry(request=b'{"contract_version":"2.1"}')
    journal_id = await store.jobs.begin(asked)
    job = await store.jobs.get(journal_id)
    assert (job.stage, job.created_at_ms, job.job_id) == (JobStage.WRITTEN, started, None)
    assert (job.service, job.module, job.mode) == (asked.service, asked.module, asked.mode)
    assert (job.user_id, job.channel_id, job.guild_id) == (
        asked.user_id,
        asked.channel_id,
        asked.guild_id,
    )
    assert (job.place, job.title, job.deadline_ms) == (asked.place, asked.title, 60_000)
    assert await store.jobs.request(journal_id) == asked.request

    clock.at_ms += 70
    assert await store.jobs.accepted(journal_id, "abc-u1")
    assert await store.jobs.shown(journal_id, {"message": "6"})
    job = await store.jobs.get(journal_id)
    assert (job.stage, job.job_id) == (JobStage.ACCEPTED, "abc-u1")
    assert (job.submitted_at_ms, job.place) == (started + 70, {"message": "6"})

    clock.at_ms += 900
    assert await store.jobs.finished(journal_id, Ending.FAILED, "job_failed")
    job = await store.jobs.get(journal_id)
    assert (job.stage, job.ending, job.detail) == (JobStage.FINISHED, Ending.FAILED, "job_failed")
    assert job.finished_at_ms == started + 970
    assert not await store.jobs.finished(journal_id, Ending.COMPLETED)
    assert (await store.jobs.get(journal_id)).ending is Ending.FAILED


async def test_jobs_are_found_by_the_question_that_they_answer(store, entry):
    first = await store.jobs.begin(entry(user_id=7, place={"question": "900000000000000011"}))
    for number in range(30):  # more than a list shows
        await store.jobs.begin(entry(user_id=7, place={"question": str(number)}))
    await store.jobs.begin(entry(user_id=8, place={"question": "900000000000000011"}))
    await store.jobs.begin(entry(user_id=7))
    asked = [900_000_000_000_000_011, *range(10_000, 11_000), 29]
    found = await store.jobs.answering(asked, user_ids={7, 9})
    assert [job.journal_id for job in found] == [first, first + 30]
    assert await store.jobs.answering(asked, user_ids=set()) == []


async def test_of_a_deleted_question_stay_the_ids_that_make_a_link(store, entry):
    ids = {"channel": "8", "message": "10", "host": "9", "question": "11"}
    journal_id = await store.jobs.begin(entry(place=ids | {"title": "words of theirs"}))
    assert await store.jobs.withdrawn(journal_id, "deleted")
    job = await store.jobs.get(journal_id)
    assert (job.place, job.title) == (ids, "")


async def test_only_jobs_of_a_conversation_that_were_sent_forget_its_history(store, entry):
    async def begun(is_sent=True, **changes):
        journal_id = await store.jobs.begin(entry(request=b"{}", **changes))
        if is_sent:
            await store.jobs.accepted(journal_id, f"job {journal_id}")
        return journal_id

    talk, other = {"conversation": "900000000000000011"}, {"conversation": "12"}
    sent = await begun(user_id=7, place=talk)
    ended = await begun(user_id=8, place=talk)
    await store.jobs.finished(ended, Ending.COMPLETED)
    kept = [
        await begun(user_id=7, place=talk, is_sent=False),
        await begun(user_id=7, place=other),
        await begun(user_id=9, place=talk),
        await begun(user_id=7),
    ]
    await store.jobs.forget_histories({900_000_000_000_000_011: {7, 8}})
    assert [await store.jobs.request(one) for one in (sent, ended)] == [None, None]
    assert [await store.jobs.request(one) for one in kept] == [b"{}"] * 4
    await store.jobs.forget_histories({})


async def test_a_job_that_waits_is_written_as_waiting_until_it_is_sent(store, entry):
    gated = await store.jobs.begin(entry(waits=True))
    assert await store.jobs.shown(gated, {"message": "6"}, waits=True)
    assert (await store.jobs.get(gated)).stage is JobStage.WAITING
    assert await store.jobs.sending(gated)
    unseen = await store.jobs.begin(entry(waits=True))
    assert await store.jobs.shown(unseen, {"message": "6"})
    stopped = await store.jobs.begin(entry(waits=True))
    assert await store.jobs.keep(stopped, b"stopped", {"message": "7"})
    for journal_id in (gated, unseen, stopped):
        assert (await store.jobs.get(journal_id)).stage is JobStage.WRITTEN
    assert (await store.jobs.get(stopped)).place == {"message": "7"}
    await store.jobs.accepted(gated, "abc")
    await store.jobs.sending(gated)
    assert (await store.jobs.get(gated)).stage is JobStage.ACCEPTED


async def test_of_two_jobs_for_one_interaction_the_later_is_the_repeat(store, entry):
    asked = entry(interaction_id=5)
    asked_for = (asked, entry(interaction_id=6), asked, entry(), entry())
    begun = [await store.jobs.begin_once(one) for one in asked_for]
    assert [is_repeat for _, is_repeat in begun] == [False, False, True, False, False]
    assert len({journal_id for journal_id, _ in begun}) == len(asked_for)


async def test_of_two_processes_with_one_interaction_exactly_one_is_first(url, clock, entry):
    async with Store.open(url, clock) as one, Store.open(url, clock) as other:
        stores = [one.jobs, other.jobs] * 10
        begun = await asyncio.gather(*(jobs.begin_once(entry(interaction_id=5)) for jobs in stores))
    assert [is_repeat for _, is_repeat in begun].count(False) == 1


async def test_the_first_id_is_kept(store, entry):
    journal_id = await store.jobs.begin(entry())
    assert await store.jobs.accepted(journal_id, "first")
    assert await store.jobs.accepted(journal_id, "second")
    assert (await store.jobs.get(journal_id)).job_id == "first"


async def test_a_number_is_never_given_twice(store, entry):
    """A button on an old message holds the number."""
    first = await store.jobs.begin(entry())
    await store.privacy.forget(entry().user_id)
    assert await store.jobs.begin(entry()) > first
    assert await store.jobs.get(first) is None


async def test_what_is_too_large_to_keep_does_not_stop_the_job(store, entry):
    journal_id = await store.jobs.begin(entry(request=b"x" * (1024 * 1024 + 1), title="t" * 999))
    assert await store.jobs.request(journal_id) is None
    assert len((await store.jobs.get(journal_id)).title) == 200


async def test_a_place_that_is_too_large_is_refused(store, entry):
    with pytest.raises(TooLarge):
        await store.jobs.begin(entry(place={"x": "y" * 5000}))
    assert await store.jobs.listing() == []


async def test_nothing_is_claimed_while_its_process_lives(url, clock, entry):
    async with Store.open(url, clock) as a, Store.open(url, clock) as b:
        await a.jobs.begin(entry())
        for _ in range(10):
            clock.at_ms += JOB_LEASE_MS - 1
            assert await a.jobs.leases.renew() == frozenset()
            assert await b.jobs.leases.claim() == []


async def test_what_a_dead_process_left_is_claimed_with_what_to_do(url, clock, entry):
    async with Store.open(url, clock) as dead:
        written = await dead.jobs.begin(entry())
        accepted = await dead.jobs.begin(entry())
        await dead.jobs.accepted(accepted, "abc")
        old = await dead.jobs.begin(entry(mode=Mode.RUNSYNC, deadline_ms=1000))
        await dead.jobs.accepted(old, "def")
        unknown = await dead.jobs.begin(entry())
        await dead.jobs.unknown(unknown)
        ended = await dead.jobs.begin(entry())
        await dead.jobs.finished(ended, Ending.COMPLETED)
    clock.at_ms += 61_000
    async with Store.open(url, clock) as restarted:
        found = await restarted.jobs.leases.claim()
        assert [(r.job.journal_id, r.action) for r in found] == [
            (written, Recovery.TELL_UNKNOWN),
            (accepted, Recovery.COLLECT),
            (old, Recovery.COLLECT),
            (unknown, Recovery.TELL_UNKNOWN),
        ]
        assert found[1].job.job_id == "abc"
        assert await restarted.jobs.leases.claim() == []
        assert await restarted.jobs.finished(unknown, Ending.UNKNOWN)


async def test_a_clock_that_was_set_back_keeps_no_job_from_being_claimed(url, clock, entry):
    async with Store.open(url, clock) as dead:
        journal_id = await dead.jobs.begin(entry())
    clock.at_ms -= 3_600_000
    async with Store.open(url, clock) as restarted:
        assert [r.job.journal_id for r in await restarted.jobs.leases.claim()] == [journal_id]


async def test_a_process_that_slept_too_long_learns_that_its_job_is_gone(url, clock, entry):
    async with Store.open(url, clock) as sleeper, Store.open(url, clock) as other:
        journal_id = await sleeper.jobs.begin(entry())
        clock.at_ms += JOB_LEASE_MS
        assert len(await other.jobs.leases.claim()) == 1
        assert await sleeper.jobs.leases.renew() == {journal_id}
        assert await sleeper.jobs.leases.renew() == frozenset()
        assert not await sleeper.jobs.finished(journal_id, Ending.COMPLETED)
        assert not await sleeper.jobs.accepted(journal_id, "late but precious")
        assert (await other.jobs.get(journal_id)).job_id == "late but precious"
        assert await other.jobs.finished(journal_id, Ending.COMPLETED)


async def test_a_process_does_not_take_over_from_itself(store, clock, entry):
    journal_id = await store.jobs.begin(entry())
    clock.at_ms += JOB_LEASE_MS * 5
    assert await store.jobs.leases.claim() == []
    assert await store.jobs.finished(journal_id, Ending.COMPLETED)


async def test_an_orderly_shutdown_hands_over_at_once(url, clock, entry):
    async with Store.open(url, clock) as old, Store.open(url, clock) as new:
        ids = [await old.jobs.begin(entry()) for _ in range(3)]
        await old.jobs.leases.release(ids[:1])
        assert [r.job.journal_id for r in await new.jobs.leases.claim()] == ids[:1]
        await old.jobs.leases.release()
        assert [r.job.journal_id for r in await new.jobs.leases.claim()] == ids[1:]
        assert await old.jobs.leases.renew() == frozenset()


async def test_many_claim_at_once_and_each_job_goes_to_one(url, clock, entry):
    async with Store.open(url, clock) as dead:
        ids = [await dead.jobs.begin(entry()) for _ in range(60)]
    clock.at_ms += JOB_LEASE_MS
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(Store.open(url, clock)) for _ in range(4)]
        rounds = [s.jobs.leases.claim(limit=5) for _ in range(4) for s in stores]
        taken = [r.job.journal_id for found in await asyncio.gather(*rounds) for r in found]
    assert len(taken) == len(set(taken))
    assert set(taken) <= set(ids)
    assert len(taken) >= 20  # PostgreSQL's claimers pass over what another is just taking


async def test_the_leases_are_kept_and_what_is_lost_is_told(url, clock, entry):
    lost: list[int] = []
    async with Store.open(url, clock) as a, Store.open(url, clock) as b:
        kept, taken = await a.jobs.begin(entry()), await a.jobs.begin(entry())
        clock.at_ms += JOB_LEASE_MS
        assert len(await b.jobs.leases.claim()) == 2
        await b.jobs.leases.release([kept])
        await a.jobs.leases.claim()
        keeping = asyncio.ensure_future(a.jobs.leases.keep(lost.append))
        await until(lambda: lost)
        until_ms = clock.at_ms + 3 * JOB_LEASE_MS
        await until(lambda: clock.at_ms > until_ms)  # several renewals more
        keeping.cancel()
        await asyncio.wait([keeping])
    assert lost == [taken]


async def test_a_database_that_fails_does_not_end_the_heartbeat(
    empty_url, clock, entry, execute, caplog
):
    async with Store.open(empty_url, clock) as store:
        await store.jobs.begin(entry())
        await execute(empty_url, "ALTER TABLE jobs RENAME TO jobs_elsewhere")
        with pytest.raises(StoreFailed) as failed:
            await store.jobs.begin(entry(title="a private word"))
        assert "private" not in str(failed.value)
        with pytest.raises(StoreFailed):
            await store.jobs.finished(1, Ending.COMPLETED)
        await execute(empty_url, "ALTER TABLE jobs_elsewhere RENAME TO jobs")
        assert await store.jobs.leases.renew() == frozenset()
        assert await store.jobs.finished(1, Ending.COMPLETED)
        await store.jobs.begin(entry())
        await execute(empty_url, "ALTER TABLE jobs RENAME TO jobs_elsewhere")
        keeping = asyncio.ensure_future(store.jobs.leases.keep(lambda _: None))
        await until(lambda: caplog.text.count("leases not renewed") > 1)
        assert not keeping.done()
        keeping.cancel()
        await asyncio.wait([keeping])


async def test_a_renewal_while_a_job_ends_does_not_call_it_lost(store, entry):
    for _ in range(10):
        journal_id = await store.jobs.begin(entry())
        ended, lost = await asyncio.gather(
            store.jobs.finished(journal_id, Ending.COMPLETED), store.jobs.leases.renew()
        )
        assert ended
        assert lost == frozenset()


async def test_a_job_that_ends_while_orphans_are_searched_for_is_none(store, clock, entry):
    for _ in range(10):
        journal_id = await store.jobs.begin(entry())
        clock.at_ms += JOB_LEASE_MS + 1  # the machine stood still
        orphans, ended = await asyncio.gather(
            store.jobs.leases.claim(), store.jobs.finished(journal_id, Ending.COMPLETED)
        )
        assert orphans == []
        assert ended
        assert await store.jobs.leases.renew() == frozenset()


async def test_lists(store, clock, entry):
    mine = [await store.jobs.begin(entry(user_id=1, guild_id=10)) for _ in range(3)]
    other = await store.jobs.begin(entry(user_id=2, guild_id=10, service=Service.GRACE))
    private = await store.jobs.begin(entry(user_id=2, guild_id=None))
    await store.jobs.finished(mine[0], Ending.COMPLETED)

    async def listed(**which):
        return [job.journal_id for job in await store.jobs.listing(**which)]

    assert await listed() == [private, other, *reversed(mine)]
    assert await listed(user_id=1, unfinished=True) == [mine[2], mine[1]]
    assert await listed(guild_id=10, service=Service.GRACE) == [other]
    assert await listed(limit=1) == [private]


async def test_only_what_ended_long_ago_is_pruned(store, clock, entry, monkeypatch, execute, url):
    monkeypatch.setattr("bot.store.database.PRUNE_BATCH", 2)
    ended = [await store.jobs.begin(entry(request=b"{}")) for _ in range(5)]
    running = await store.jobs.begin(entry(request=b"{}"))
    for journal_id in ended:
        await store.jobs.finished(journal_id, Ending.COMPLETED)
    assert await store.jobs.prune(before_ms=clock.at_ms) == 0
    assert await store.jobs.prune(before_ms=clock.at_ms + 1) == 5
    assert [job.journal_id for job in await store.jobs.listing()] == [running]
    assert await execute(url, "SELECT journal_id FROM job_requests") == [(running,)]


async def test_a_call_that_is_cancelled_holds_nobody_up(url, clock, entry):
    """A user presses Stop at any moment, also while the journal is being written."""
    chance = random.Random(5)

    async def begin_and_cancel(store: Store) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(chance.uniform(0, 0.01)):
                await store.jobs.finished(await store.jobs.begin(entry()), Ending.COMPLETED)

    async with Store.open(url, clock) as a, Store.open(url, clock) as b:
        for _ in range(10):
            await asyncio.gather(*(begin_and_cancel(a) for _ in range(8)))
        async with asyncio.timeout(HANGS_S):
            await a.jobs.begin(entry(user_id=5))
            await b.jobs.begin(entry(user_id=5))
        assert len(await b.jobs.listing(user_id=5, unfinished=True)) == 2
        clock.at_ms += JOB_LEASE_MS
        left = await b.jobs.listing(unfinished=True, limit=1000)
        assert len(await b.jobs.leases.claim()) == len(left) - 1


# -- ends that could not be told --------------------------------------------------------------


async def test_what_could_not_be_told_is_kept_until_it_is_seen(store, clock, entry):
    journal_id = await store.jobs.begin(entry())
    user_id = entry().user_id
    assert await store.jobs.undelivered(journal_id, Ending.COMPLETED, "", b"result")
    job = await store.jobs.get(journal_id)
    assert (job.stage, job.ending) == (JobStage.UNDELIVERED, Ending.COMPLETED)
    assert await store.jobs.listing(user_id=user_id, unfinished=True) == []
    assert await store.jobs.listing(user_id=user_id, stage=JobStage.UNDELIVERED) == [job]
    clock.at_ms += 10 * JOB_LEASE_MS
    assert await store.jobs.leases.claim() == []
    assert await store.jobs.results.missed(user_id) == Missed(1, 1)
    assert await store.jobs.results.missed(user_id + 1) == Missed(0, 0)
    await store.jobs.results.announced(user_id + 1)
    assert (await store.jobs.results.missed(user_id)).unannounced == 1
    await store.jobs.results.announced(user_id)
    assert await store.jobs.results.missed(user_id) == Missed(1, 0)
    assert await store.jobs.results.get(journal_id) == b"result"
    assert await store.jobs.results.seen(journal_id)
    assert not await store.jobs.results.seen(journal_id)
    assert await store.jobs.results.get(journal_id) is None
    assert await store.jobs.results.missed(user_id) == Missed(0, 0)
    assert (await store.jobs.get(journal_id)).stage is JobStage.FINISHED


async def test_what_is_tried_again_keeps_its_result_until_it_is_told(store, clock, entry):
    journal_id = await store.jobs.begin(entry())
    assert await store.jobs.keep(journal_id, b"one", entry().place)
    assert await store.jobs.keep(journal_id, b"two", entry().place)
    assert (await store.jobs.results.missed(entry().user_id)).total == 0
    await store.jobs.leases.release([journal_id])
    [recovered] = await store.jobs.leases.claim()
    assert recovered.job.journal_id == journal_id
    assert await store.jobs.results.get(journal_id) == b"two"
    assert await store.jobs.finished(journal_id, Ending.COMPLETED)
    assert await store.jobs.results.get(journal_id) is None


async def test_what_another_process_has_is_not_kept_twice(url, clock, entry):
    async with Store.open(url, clock) as slow, Store.open(url, clock) as other:
        journal_id = await slow.jobs.begin(entry())
        clock.at_ms += 10 * JOB_LEASE_MS
        assert len(await other.jobs.leases.claim()) == 1
        assert not await slow.jobs.undelivered(journal_id, Ending.COMPLETED, "", b"late")
        assert not await slow.jobs.keep(journal_id, b"late", entry().place)
        assert await other.jobs.results.get(journal_id) is None


async def test_what_is_kept_goes_with_its_job(store, clock, entry, execute, url):
    for days in range(3):
        journal_id = await store.jobs.begin(entry(user_id=days))
        await store.jobs.undelivered(journal_id, Ending.FAILED, "", b"result")
        clock.at_ms += 1000
    await store.jobs.prune(before_ms=clock.at_ms - 2000)
    await store.privacy.forget(1)
    left = await execute(url, "SELECT journal_id FROM job_results")
    assert left == [(job.journal_id,) for job in await store.jobs.listing()]
    assert len(left) == 1
