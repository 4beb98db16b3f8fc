from hypothesis import given
from hypothesis import strategies as st

from bot.choices import Mode
from bot.contract import Service
from bot.store.repositories.recovery import Ending, Job, JobStage, Recovery, decide

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


@given(jobs(UNFINISHED))
def test_every_unfinished_job_ends_in_the_users_sight(job):
    assert decide(job) is not Recovery.NOTHING


@given(jobs())
def test_a_known_job_is_collected_however_old_and_an_unknown_one_is_told_as_such(job):
    """No clock has a say: only the service knows what it still keeps."""
    action = decide(job)
    assert (action is Recovery.NOTHING) == (job.stage in ENDED)
    if action is not Recovery.NOTHING:
        assert (action is Recovery.COLLECT) == (job.job_id is not None)


@given(jobs())
def test_only_what_was_certainly_never_sent_is_sent(job):
    never_sent = job.stage is JobStage.WAITING and job.job_id is None
    assert (decide(job) is Recovery.SEND) == never_sent
