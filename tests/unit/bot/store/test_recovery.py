from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contract import Service
from bot.settings import Mode
from bot.store import Ending, Job, JobStage, Kept, Recovery, decide

TIMES = st.integers(0, 2**53)
ENDED = {JobStage.FINISHED, JobStage.UNDELIVERED}
UNFINISHED = [stage for stage in JobStage if stage not in ENDED]


@st.composite
def jobs(draw, stages=tuple(JobStage)):
    stage = draw(st.sampled_from(stages))
    job_id = "j" if stage is JobStage.ACCEPTED else draw(st.sampled_from([None, "j"]))
    created = draw(TIMES)
    return Job(
        journal_id=1,
        service=draw(st.sampled_from(Service)),
        module="M",
        endpoint_id="e",
        mode=draw(st.sampled_from(Mode)),
        user_id=1,
        channel_id=1,
        guild_id=None,
        place={},
        title="",
        deadline_ms=draw(st.integers(1, 604_800_000)),
        created_at_ms=created,
        stage=stage,
        job_id=job_id,
        submitted_at_ms=None if job_id is None else created + draw(st.integers(0, 120_000)),
        ending=Ending.COMPLETED if stage in ENDED else None,
    )


@given(jobs(UNFINISHED), TIMES)
def test_every_unfinished_job_ends_in_the_users_sight(job, now_ms):
    assert decide(job, now_ms=now_ms) is not Recovery.NOTHING


@given(jobs(), TIMES)
def test_only_a_known_job_is_collected_and_only_an_unknown_one_is_told_as_such(job, now_ms):
    action = decide(job, now_ms=now_ms)
    if action in (Recovery.COLLECT, Recovery.TELL_EXPIRED):
        assert job.job_id is not None
    if action is Recovery.TELL_UNKNOWN:
        assert job.job_id is None
    assert (action is Recovery.NOTHING) == (job.stage in ENDED)


@given(jobs([JobStage.ACCEPTED]), TIMES, st.integers(0, 2**40))
def test_what_has_expired_stays_expired(job, now_ms, later_ms):
    if decide(job, now_ms=now_ms) is Recovery.TELL_EXPIRED:
        assert decide(job, now_ms=now_ms + later_ms) is Recovery.TELL_EXPIRED


@given(jobs([JobStage.ACCEPTED]), st.integers(0, 604_800_000), st.integers(0, 10_000_000))
def test_a_result_that_may_still_be_kept_is_asked_for(job, ran_ms, waited_ms):
    """Whenever it completed before its deadline, and the retention time is not over."""
    kept = Kept()
    if ran_ms <= job.deadline_ms and waited_ms < kept.after(job.mode):
        now_ms = job.submitted_at_ms + ran_ms + waited_ms
        assert decide(job, now_ms=now_ms, kept=kept) is Recovery.COLLECT


@pytest.mark.parametrize(
    ("mode", "kept_ms"), [(Mode.STREAM, 1_800_000), (Mode.RUN, 1_800_000), (Mode.RUNSYNC, 60_000)]
)
def test_the_last_moment_is_the_deadline_and_the_retention_time(mode, kept_ms):
    job = Job(
        journal_id=1,
        service=Service.GRACE,
        module="M",
        endpoint_id="e",
        mode=mode,
        user_id=1,
        channel_id=1,
        guild_id=None,
        place={},
        title="",
        deadline_ms=5000,
        created_at_ms=1000,
        submitted_at_ms=1500,
        stage=JobStage.ACCEPTED,
        job_id="j",
    )
    last_ms = 1500 + 5000 + kept_ms
    assert decide(job, now_ms=last_ms - 1) is Recovery.COLLECT
    assert decide(job, now_ms=last_ms) is Recovery.TELL_EXPIRED
    assert decide(replace(job, job_id=None), now_ms=last_ms) is Recovery.TELL_UNKNOWN
