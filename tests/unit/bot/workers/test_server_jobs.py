"""The job table and the bodies: pure, so every state and every limit is tried without a server."""

import json

import pytest

from bot.contract.job import CHUNK_LIMIT_BYTES, MIB, JobPolicy, JobStatus
from bot.steps import at_once
from bot.workers.server import jobs
from bot.workers.server.jobs import JobTable, NotRetryable, QueueFull
from bot.workers.server.wire import (
    BadBody,
    encode,
    reading_submission,
    receipt,
    report,
    split_chunk,
    stream_report,
)


def table(**limits):
    return JobTable(**{"queue_limit": 4, **limits})


def submit(t, *, now=0.0, size=10, sync=False, **policy):
    return t.submit(
        {"x": 1}, size=size, policy=JobPolicy.model_validate(policy), sync=sync, now=now
    )


def started(t, *, now=0.0, **more):
    submit(t, now=now, **more)
    return t.start("w", now)


def test_ids_have_the_documented_forms():
    t = table()
    assert submit(t).id.endswith("-u1")
    assert submit(t, sync=True).id.startswith("sync-")


def test_the_way_of_a_job_in_the_documented_shapes():
    t = table()
    job = submit(t, now=1.0)
    assert json.loads(receipt(job)) == {"id": job.id, "status": "IN_QUEUE"}
    assert json.loads(report(job)) == {"id": job.id, "status": "IN_QUEUE"}
    assert t.start("w0", 1.5) is job
    assert json.loads(report(job)) == {
        "id": job.id,
        "status": "IN_PROGRESS",
        "delayTime": 500,
        "workerId": "w0",
    }
    t.set_progress(job, b'{"n":1}', 1.6)
    assert json.loads(report(job))["output"] == {"n": 1}
    t.complete(job, b'"done"', 3.75)
    assert json.loads(report(job)) == {
        "id": job.id,
        "status": "COMPLETED",
        "delayTime": 500,
        "executionTime": 2250,
        "workerId": "w0",
        "output": "done",
    }


def test_a_stream_s_output_is_the_list_of_its_yields():
    t = table()
    job = started(t)
    t.add_chunk(job, b'"a"', 0)
    assert "output" not in json.loads(report(job))
    t.add_chunk(job, b'"b"', 0)
    t.complete(job, None, 0)
    assert json.loads(report(job))["output"] == ["a", "b"]


def test_a_chunk_is_handed_out_once():
    t = table()
    job = started(t)
    t.add_chunk(job, b'"a"', 0)
    assert json.loads(stream_report(job, job.drain_stream())) == {
        "status": "IN_PROGRESS",
        "stream": [{"output": "a"}],
    }
    t.add_chunk(job, b'"b"', 0)
    t.complete(job, None, 0)
    assert json.loads(stream_report(job, job.drain_stream())) == {
        "status": "COMPLETED",
        "stream": [{"output": "b"}],
    }
    assert json.loads(stream_report(job, job.drain_stream())) == {
        "status": "COMPLETED",
        "stream": [],
    }


def test_a_failure_keeps_its_error_and_drops_its_progress():
    t = table()
    job = started(t)
    t.set_progress(job, b"1", 0)
    t.fail(job, "broken", 2)
    assert json.loads(report(job)) == {
        "id": job.id,
        "status": "FAILED",
        "delayTime": 0,
        "executionTime": 2000,
        "workerId": "w",
        "error": "broken",
    }


def test_the_first_end_counts():
    t = table()
    job = started(t)
    t.cancel(job, 1)
    t.add_chunk(job, b"1", 2)
    t.set_progress(job, b"1", 2)
    t.complete(job, b"1", 2)
    t.fail(job, "late", 2)
    t.cancel(job, 2)
    assert json.loads(report(job)) == {"id": job.id, "status": "CANCELLED"}
    assert t.counts.completed == t.counts.failed == t.counts.inProgress == 0


def test_a_cancelled_job_is_not_started():
    t = table()
    first, second = submit(t), submit(t)
    t.cancel(first, 0)
    assert t.start("w", 0) is second
    assert t.start("w", 0) is None


def test_retry_keeps_the_id_and_forgets_the_old_attempt():
    t = table()
    job = started(t)
    with pytest.raises(NotRetryable):
        t.retry(job, 1)
    t.fail(job, "x", 1)
    again = t.retry(job, 2)
    assert (again.id, again.status, again.retries) == (job.id, JobStatus.IN_QUEUE, 1)
    assert t.start("w", 3) is again
    t.complete(job, b'"from the old attempt"', 4)
    t.complete(again, b'"new"', 4)
    assert json.loads(report(t.find(job.id, 4)))["output"] == "new"
    assert json.loads(report(again))["retries"] == 1
    assert t.counts.retried == 1
    with pytest.raises(NotRetryable):
        t.retry(again, 5)


def test_the_queue_is_bounded():
    t = table(queue_limit=2)
    first = submit(t)
    submit(t)
    with pytest.raises(QueueFull, match="2 jobs are waiting"):
        submit(t)
    t.start("w", 0)
    submit(t)
    t.fail(first, "x", 0)
    with pytest.raises(QueueFull):
        t.retry(first, 0)


def test_purge_takes_what_waits_and_leaves_what_runs():
    t = table()
    running = started(t)
    waiting = [submit(t), submit(t)]
    assert t.purge(1) == waiting
    assert t.counts.inQueue == 0
    assert t.counts.inProgress == 1
    assert running.status is JobStatus.IN_PROGRESS


@pytest.mark.parametrize(("sync", "kept_s"), [(False, 1800), (True, 60)])
def test_results_are_kept_for_the_documented_time(sync, kept_s):
    t = table()
    job = started(t, sync=sync)
    t.complete(job, b"1", 100)
    assert t.find(job.id, 100 + kept_s - 1) is job
    assert t.find(job.id, 100 + kept_s) is None
    assert t.expired(100 + kept_s) == [job]


def test_ttl_ends_a_job_wherever_it_is():
    t = table()
    running, waiting = started(t, ttl=10_000), submit(t, ttl=10_000)
    assert t.find(running.id, 9.9) is running
    assert t.find(running.id, 10) is None
    assert t.expired(10) == [running, waiting]
    assert t.start("w", 10) is None


def test_status_can_shorten_a_job_s_life_but_not_lengthen_its_retention():
    t = table()
    job = submit(t)
    t.set_ttl(job, 6, 1)
    assert t.find(job.id, 6.9) is job
    assert t.find(job.id, 7) is None
    t.start("w", 6)
    t.complete(job, b"1", 6)
    t.set_ttl(job, 9_999, 7)
    assert t.find(job.id, 6 + 1800) is None
    t.set_ttl(job, 5, 8)
    assert t.find(job.id, 13) is None


def test_a_job_that_runs_too_long_is_overdue():
    t = table()
    default, short = started(t), started(t, executionTimeout=5_000)
    assert t.overdue(4.9) == []
    assert t.overdue(5) == [short]
    assert t.overdue(600) == [default, short]


def test_what_is_held_is_counted_and_given_back():
    t = table()
    job = started(t, size=100)
    before = t.held_bytes
    t.add_chunk(job, b"1" * 50, 0)
    t.set_progress(job, b"2" * 30, 0)
    t.set_progress(job, b"2" * 10, 0)
    assert t.held_bytes == before + 60
    t.complete(job, None, 0)
    assert t.held_bytes == before - 100 + 50  # neither the input nor the progress is needed now
    t.forget(job)
    t.forget(job)
    assert t.held_bytes == 0


def test_a_failed_job_keeps_its_input_for_a_retry():
    t = table()
    job = started(t, size=100)
    t.fail(job, "x", 0)
    assert t.retry(job, 1).input == {"x": 1}
    t.cancel(t.find(job.id, 1), 1)
    assert t.find(job.id, 1).input is None


def test_old_results_make_room_and_the_newest_stays():
    t = table(held_limit=10_000)
    ended = []
    for _ in range(5):
        job = started(t)
        t.complete(job, b"1" * 2000, 0)
        ended.append(job)
    assert [job.held for job in ended] == [False, False, False, True, True]
    assert t.held_bytes <= 10_000
    job = started(t)
    t.complete(job, b"1" * 12_000, 0)
    assert job.held
    assert not any(job.held for job in ended)


def test_inputs_over_the_limit_are_refused():
    t = table(held_limit=10_000)
    submit(t, size=7000)
    with pytest.raises(QueueFull, match="holds"):
        submit(t, size=7000)


def test_an_output_over_the_limit_fails_the_job(monkeypatch):
    monkeypatch.setattr(jobs, "OUTPUT_LIMIT_BYTES", 100)
    t = table()
    streaming, replying = started(t), started(t)
    t.add_chunk(streaming, b"1" * 60, 0)
    t.add_chunk(streaming, b"1" * 60, 0)
    t.complete(replying, b"1" * 101, 0)
    assert streaming.status is replying.status is JobStatus.FAILED
    assert "exceeded max size" in replying.error


def test_a_chunk_within_the_limit_is_not_cut():
    chunk = encode("x" * (CHUNK_LIMIT_BYTES - 2))
    assert list(split_chunk(chunk)) == [chunk]


def test_the_pieces_of_a_chunk_are_within_the_limit_and_join_to_it():
    value = {"output": {"text": '"\\' * MIB, "name": "Ñandú 🦤"}, "nan": None}
    pieces = list(split_chunk(encode(value)))
    assert len(pieces) > 1
    assert all(len(piece) <= CHUNK_LIMIT_BYTES for piece in pieces)
    assert json.loads("".join(json.loads(piece) for piece in pieces)) == value


def test_a_submission_is_read():
    body = b'{"input":{"a":1},"policy":{"executionTimeout":5000,"lowPriority":true},"s3Config":{}}'
    submission = at_once(reading_submission(body))
    assert submission.input == {"a": 1}
    assert submission.policy.executionTimeout == 5000


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 50_000, "not JSON"),
        (b"[" * 200_000, "more than 100,000"),
        (b"9" * 5000, "not JSON"),
        (b"[]", "object"),
        (b"{}", '"input"'),
        (b'{"input":"text"}', '"input"'),
        (b'{"input":null}', '"input"'),
        (b'{"input":{}}', "empty"),
        (b'{"input":{"a":1},"webhook":"http://x"}', "webhook"),
        (b'{"input":{"a":1},"policy":{"ttl":1}}', "policy.ttl"),
        (b'{"input":{"a":1},"policy":{"executionTimeout":"soon"}}', "policy.executionTimeout"),
        (b'{"input":{"a":1},"policy":[1]}', "policy"),
    ],
)
def test_a_bad_body_is_refused_in_words(body, says):
    with pytest.raises(BadBody, match=says) as refused:
        at_once(reading_submission(body))
    assert "\n" not in str(refused.value)


def test_what_json_does_not_have_is_null():
    assert encode([float("nan"), float("inf"), 1.5]) == b"[null,null,1.5]"


@pytest.mark.parametrize("value", [object(), "\ud800"])
def test_what_is_no_json_is_not_encoded(value):
    with pytest.raises(ValueError, match=r"serial|surrogate"):
        encode(value)


@pytest.mark.parametrize(
    "body",
    [
        b'{"input":[' + b"[]," * 3_000_000 + b"[]]}",
        b'{"input":{"a":' + b"9" * 1_000_000 + b"}}",
        b'{"input":{' + b'"a":1,' * 500_000 + b'"a":1}}',
    ],
    ids=["empty lists", "a number", "members"],
)
def test_a_body_of_too_many_values_is_refused_before_it_is_parsed(body):
    with pytest.raises(BadBody, match="more than 100,000 values"):
        at_once(reading_submission(body))


def test_a_large_body_is_read_in_steps():
    body = b'{"input":{"a":"' + b"x" * 5_000_000 + b'"}}'
    steps = reading_submission(body)
    assert sum(1 for _ in steps) > 20
