"""Transcripts: what the service says, and what the caller is told."""

import itertools
import json

import pytest

from bot import errors
from bot.runpod.values import Breakage, JobState, Waiting
from bot.settings import Mode
from tests.fakes.runpod_script import (
    BARE_ERROR,
    NOT_JSON,
    POLL_FAULTS,
    QUEUED,
    REFUSED,
    RESET,
    RUNNING,
    TIMED_OUT,
    Script,
    broken,
    chunks,
    collect,
    completed,
    done,
    held,
    http,
    ok,
    partial,
    report,
    submit,
)

MODES = list(Mode)


def script(mode: Mode, *polls, final=None) -> Script:
    """A job that is accepted, answers `polls` to its polls, and then is completed."""
    final = final or done(completed())
    return Script(
        run=[QUEUED],
        runsync=[QUEUED],
        stream=[*polls, chunks(completed(), status="COMPLETED")],
        status=[*polls, final] if mode is not Mode.STREAM else [final],
    )


class TestTheUsualWay:
    @pytest.mark.parametrize("mode", MODES)
    def test_queued_running_completed(self, mode):
        play = submit(script(mode, QUEUED, RUNNING), mode)
        assert play.states == ["submitting", "queued", "running", "completed"]
        assert play.text == "hello"
        last = play.updates[-1]
        assert (last.job_id, last.delay_ms, last.execution_ms, last.worker_id) == (
            "job-1", 20, 300, "w1",
        )  # fmt: skip

    def test_runsync_in_one_request(self):
        service = Script(runsync=[done(completed())])
        play = submit(service, Mode.RUNSYNC)
        assert play.states == ["submitting", "completed"]
        assert play.text == "hello"
        assert service.counts.total() == 1

    def test_runsync_that_outlives_its_wait_is_polled_on(self):
        service = Script(
            runsync=[held({"id": "job-1", "status": "IN_PROGRESS"}, 90)],
            status=[RUNNING, done(completed())],
        )
        play = submit(service, Mode.RUNSYNC, deadline_s=300)
        assert play.text == "hello"
        _, first = service.asked[0]
        assert first.path == "runsync?wait=90000"
        assert first.timeout_s > 95
        assert service.counts["runsync"] == 1

    @pytest.mark.parametrize("mode", MODES)
    def test_the_id_is_told_at_once_whatever_the_status(self, mode):
        odd = ok({"id": "job-1", "status": "PREPARING"})
        service = Script(
            run=[odd], runsync=[odd], stream=[chunks(completed(), status="COMPLETED")],
            status=[odd, done(completed())],
        )  # fmt: skip
        play = submit(service, mode)
        assert play.updates[1].job_id == "job-1"
        assert play.updates[1].state is JobState.QUEUED
        assert play.text == "hello"

    @pytest.mark.parametrize("mode", [Mode.RUN, Mode.STREAM])
    def test_a_known_job_can_be_collected_without_a_submission(self, mode):
        service = script(mode, RUNNING)
        play = collect(service, mode)
        assert play.text == "hello"
        assert service.counts["run"] == service.counts["runsync"] == 0

    def test_a_foreign_id_stays_one_segment_of_the_path(self):
        service = Script(
            run=[ok({"id": "../../other?x=1", "status": "IN_QUEUE"})], status=[done(completed())]
        )
        submit(service)
        assert service.asked[1][1].path == "status/..%2F..%2Fother%3Fx%3D1"


class TestPartials:
    def test_stream_then_final(self):
        service = Script(
            run=[QUEUED],
            stream=[chunks(partial(0, "he")), chunks(partial(1, "llo"), completed())],
            status=[done([partial(0, "he"), partial(1, "llo"), completed()])],
        )
        service._answers["stream"].append(chunks(status="COMPLETED"))
        play = submit(service, Mode.STREAM)
        assert [r.text for r in play.responses] == ["he", "llo", "hello"]
        assert play.states == ["submitting", "queued", "running", "completed"]

    def test_last_chunks_come_with_completed(self):
        service = Script(
            run=[QUEUED],
            stream=[chunks(partial(0), completed(), status="COMPLETED")],
            status=[done([partial(0), completed()])],
        )
        assert [r.text for r in submit(service, Mode.STREAM).responses] == ["he", "hello"]

    def test_chunks_lost_with_an_answer_are_found_in_the_output(self):
        service = Script(
            run=[QUEUED],
            stream=[chunks(partial(0, "a")), RESET, chunks(partial(2, "c"), status="COMPLETED")],
            status=[done([partial(0, "a"), partial(1, "b"), partial(2, "c"), completed("abc")])],
        )
        play = submit(service, Mode.STREAM)
        assert [r.text for r in play.responses] == ["a", "c", "b", "abc"]

    def test_a_repeated_sequence_is_told_once(self):
        service = Script(
            run=[QUEUED],
            stream=[
                chunks(partial(0), partial(0)),
                chunks(partial(0), completed(), status="COMPLETED"),
            ],
            status=[done([partial(0), completed()])],
        )
        assert len(submit(service, Mode.STREAM).responses) == 2

    def test_progress_in_status_is_told_once_each(self):
        def progress(sequence):
            return ok({"id": "job-1", "status": "IN_PROGRESS", "output": partial(sequence)})

        service = Script(
            run=[QUEUED],
            status=[progress(0), progress(0), progress(1), RUNNING, done(completed())],
        )
        play = submit(service)
        assert [r.sequence for r in play.responses] == [0, 1, None]

    def test_progress_that_is_no_contract_is_ignored(self):
        odd = ok({"id": "job-1", "status": "IN_PROGRESS", "output": "50 %"})
        assert len(submit(Script(run=[QUEUED], status=[odd, done(completed())])).responses) == 1

    def test_aggregated_output_without_a_stream(self):
        service = Script(run=[QUEUED], status=[done([partial(0), partial(1), completed()])])
        assert [r.sequence for r in submit(service).responses] == [0, 1, None]

    def test_a_bare_array_as_in_the_reference(self):
        service = Script(
            run=[QUEUED],
            stream=[ok([{"metrics": {}, "output": partial(0)}]), ok([])],
            status=[RUNNING, done([partial(0), completed()])],
        )
        assert [r.text for r in submit(service, Mode.STREAM).responses] == ["he", "hello"]

    def test_a_server_that_ignores_wait_is_not_asked_in_a_tight_loop(self):
        service = Script(
            run=[QUEUED],
            stream=[chunks()] * 100 + [chunks(completed(), status="COMPLETED")],
            status=[done(completed())],
        )
        play = submit(service, Mode.STREAM)
        assert play.now > 100 * 0.02

    def test_a_chunk_over_the_limit_comes_in_pieces(self):
        whole = json.dumps(completed("x" * 3_000_000))
        pieces = [whole[at : at + 1_000_000] for at in range(0, len(whole), 1_000_000)]
        service = Script(
            run=[QUEUED],
            stream=[
                chunks(partial(0), pieces[0]),
                chunks(pieces[1]),
                chunks(*pieces[2:], status="COMPLETED"),
            ],
            status=[http(404)],
        )
        play = submit(service, Mode.STREAM)
        assert len(play.responses) == 2
        assert play.text == "x" * 3_000_000

    def test_no_stream_at_this_endpoint(self):
        service = Script(run=[QUEUED], stream=[http(405)], status=[RUNNING, done(completed())])
        assert submit(service, Mode.STREAM).text == "hello"


class TestForeignWorkers:
    @pytest.mark.parametrize("mode", MODES)
    def test_bare_text(self, mode):
        answer = done("just words")
        service = Script(
            run=[QUEUED], runsync=[answer], stream=[chunks(status="COMPLETED")], status=[answer]
        )
        assert submit(service, mode).text == "just words"

    def test_streamed_words_are_joined(self):
        service = Script(
            run=[QUEUED],
            stream=[chunks("Hel", "lo "), chunks("there", status="COMPLETED")],
            status=[ok({"id": "job-1", "status": "COMPLETED"})],
        )
        play = submit(service, Mode.STREAM)
        assert [r.text for r in play.responses] == ["Hel", "lo ", "there", "Hello there"]

    def test_aggregated_words(self):
        service = Script(
            run=[QUEUED],
            stream=[chunks("Hel"), RESET, chunks(status="COMPLETED")],
            status=[done(["Hel", "lo"])],
        )
        assert submit(service, Mode.STREAM).text == "Hello"

    def test_an_output_of_a_shape_that_the_contract_does_not_have(self):
        odd = {"status": "completed", "usage": "lots", "output": {"data": 1}}
        play = submit(Script(run=[QUEUED], status=[done(odd)]))
        assert play.outcome.error is None
        assert play.responses[-1].output.data == odd

    def test_json_in_a_string(self):
        play = submit(Script(run=[QUEUED], status=[done(json.dumps(completed()))]))
        assert play.text == "hello"


class TestPollFaults:
    @pytest.mark.parametrize("fault", POLL_FAULTS.values(), ids=POLL_FAULTS)
    @pytest.mark.parametrize("mode", MODES)
    def test_one_is_survived(self, mode, fault):
        service = script(mode, RUNNING, fault, RUNNING)
        play = submit(service, mode)
        assert play.text == "hello"
        assert service.counts["run"] + service.counts["runsync"] == 1

    @pytest.mark.parametrize("fault", POLL_FAULTS.values(), ids=POLL_FAULTS)
    def test_the_last_status_may_fail_when_the_stream_had_the_result(self, fault):
        service = Script(
            run=[QUEUED],
            stream=[chunks(partial(0), completed(), status="COMPLETED")],
            status=[fault],
        )
        assert submit(service, Mode.STREAM).text == "hello"

    def test_the_line_breaks_for_good_after_the_result(self):
        service = Script(run=[QUEUED], stream=[chunks(completed()), RESET], status=[RESET])
        assert submit(service, Mode.STREAM).text == "hello"

    def test_the_deadline_passes_after_the_result(self):
        service = Script(
            run=[QUEUED],
            stream=[chunks(completed()), held({"status": "IN_PROGRESS", "stream": []}, 60)],
            status=[RUNNING],
        )
        assert submit(service, Mode.STREAM).text == "hello"

    @pytest.mark.parametrize("mode", MODES)
    def test_out_of_reach_for_a_minute_is_survived(self, mode):
        faults = [RESET, http(502), NOT_JSON, http(429), REFUSED] * 5
        assert submit(script(mode, *faults), mode, deadline_s=600).text == "hello"

    @pytest.mark.parametrize("mode", MODES)
    def test_only_faults_in_a_row_count(self, mode):
        assert submit(script(mode, *[RESET, RUNNING] * 40), mode, deadline_s=600).text == "hello"

    @pytest.mark.parametrize("mode", MODES)
    def test_out_of_reach_for_longer_leaves_the_job_alone_and_says_its_id(self, mode):
        service = Script(run=[QUEUED], runsync=[QUEUED], stream=[RESET], status=[RESET])
        play = submit(service, mode, deadline_s=3600)
        assert isinstance(play.outcome.error, errors.ServiceUnreachable)
        assert "job-1" in str(play.outcome.error)
        assert service.counts["cancel"] == 0
        assert play.now > 60

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_key_that_is_refused_again_and_again(self, status):
        play = submit(Script(run=[QUEUED], status=[http(status)]))
        assert isinstance(play.outcome.error, errors.KeyRefused)

    def test_retry_after_is_honoured(self):
        service = Script(run=[QUEUED], status=[http(429, retry_after="7"), done(completed())])
        play = submit(service)
        (_, _), (first, _), (second, _) = service.asked
        assert second - first >= 7
        assert play.text == "hello"

    @pytest.mark.parametrize("mode", [Mode.RUN, Mode.STREAM])
    def test_an_expired_job(self, mode):
        service = Script(stream=[http(404)], status=[http(404)])
        play = collect(service, mode)
        assert isinstance(play.outcome.error, errors.JobExpired)
        assert play.states == ["expired"]
        assert play.now < 1

    def test_expired_while_it_was_followed(self):
        service = Script(run=[QUEUED], status=[RUNNING] * 100 + [http(404)])
        assert isinstance(submit(service).outcome.error, errors.JobExpired)

    def test_a_404_right_after_the_submission_is_not_believed(self):
        service = Script(run=[QUEUED], status=[http(404), http(404), done(completed())])
        assert submit(service).text == "hello"

    def test_a_number_where_a_name_should_be(self):
        odd = {**report(completed()), "workerId": 7, "delayTime": "soon"}
        play = submit(Script(run=[QUEUED], status=[ok(odd)]))
        assert play.text == "hello"
        assert play.updates[-1].execution_ms == 300

    def test_half_of_a_surrogate_pair(self):
        body = json.dumps(report(completed("oh \ud83d")))
        assert submit(Script(run=[QUEUED], status=[http(200, body)])).text == "oh ?"

    def test_an_answer_over_the_limit(self):
        play = submit(Script(run=[QUEUED], status=[broken(Breakage.OVERSIZED)]))
        assert isinstance(play.outcome.error, errors.OutputLost)


class TestLostOutput:
    @pytest.mark.parametrize("report_", [{"output": None}, {}])
    def test_it_is_an_error(self, report_):
        empty = ok({"id": "job-1", "status": "COMPLETED", **report_})
        service = Script(run=[QUEUED], status=[empty])
        play = submit(service)
        assert isinstance(play.outcome.error, errors.OutputLost)
        assert play.states[-1] == "failed"
        assert 2 <= service.counts["status"] <= 10

    def test_unless_it_comes_a_little_later(self):
        empty = ok({"id": "job-1", "status": "COMPLETED"})
        assert submit(Script(run=[QUEUED], status=[empty, empty, done(completed())])).text


class TestFailures:
    @pytest.mark.parametrize("mode", MODES)
    def test_failed_is_http_200(self, mode):
        error = json.dumps({
            "error_type": "<class 'torch.OutOfMemoryError'>",
            "error_message": "CUDA out of memory",
            "error_traceback": "Traceback (most recent call last):\n  File secret.py",
            "hostname": "h",
        })  # fmt: skip
        failed = ok({"id": "job-1", "status": "FAILED", "error": error, "executionTime": 5})
        service = Script(
            run=[QUEUED], runsync=[failed], stream=[chunks(status="FAILED")], status=[failed]
        )
        play = submit(service, mode)
        assert isinstance(play.outcome.error, errors.JobFailed)
        assert str(play.outcome.error) == "OutOfMemoryError: CUDA out of memory"
        assert play.states[-1] == "failed"
        assert play.updates[-1].execution_ms == 5
        assert service.counts["cancel"] == 0

    def test_the_contract_says_failed(self):
        error = {"code": "bad_input", "message": "The audio is empty.", "retryable": True}
        failed = {"status": "failed", "error": error}
        play = submit(Script(run=[QUEUED], status=[done(failed)]))
        raised = play.outcome.error
        assert isinstance(raised, errors.JobFailed)
        assert (raised.message, raised.service_code, raised.service_retryable) == (
            "The audio is empty.", "bad_input", True,
        )  # fmt: skip
        assert play.updates[-1].response.status == "failed"

    def test_the_contract_says_cancelled(self):
        play = submit(Script(run=[QUEUED], status=[done({"status": "cancelled"})]))
        assert isinstance(play.outcome.error, errors.JobCancelled)

    @pytest.mark.parametrize(
        ("end", "error", "state"),
        [
            ({"status": "CANCELLED"}, errors.JobCancelled, "cancelled"),
            ({"status": "TIMED_OUT"}, errors.JobExpired, "expired"),
            ({"status": "FAILED"}, errors.JobFailed, "failed"),
            (
                {"status": "FAILED", "error": "executionTimeout exceeded"},
                errors.DeadlineExceeded,
                "failed",
            ),
            (
                {"status": "FAILED", "error": "job timed out after 1 retries"},
                errors.JobFailed,
                "failed",
            ),
        ],
    )
    def test_other_ends(self, end, error, state):
        play = submit(Script(run=[QUEUED], status=[RUNNING, ok({"id": "job-1", **end})]))
        assert type(play.outcome.error) is error
        assert play.states[-1] == state


class TestSubmissions:
    @pytest.mark.parametrize(
        "fault",
        [
            RESET,
            TIMED_OUT,
            http(500),
            http(502),
            http(503),
            http(524),
            NOT_JSON,
            http(200),
            http(511),
        ],
        ids=["reset", "timeout", "500", "502", "503", "524", "not JSON", "empty", "511"],
    )
    @pytest.mark.parametrize("mode", [Mode.RUN, Mode.RUNSYNC])
    def test_when_in_doubt_it_is_not_repeated(self, mode, fault):
        service = Script(run=[fault], runsync=[fault])
        play = submit(service, mode)
        assert isinstance(play.outcome.error, errors.SubmissionUnknown)
        assert service.counts.total() == 1
        assert play.outcome.update is None

    @pytest.mark.parametrize("fault", [REFUSED, http(429), http(429, retry_after="2")])
    @pytest.mark.parametrize("mode", MODES)
    def test_when_it_was_surely_not_taken_it_is_repeated(self, mode, fault):
        service = script(mode)
        service._answers.update(run=[fault, fault, QUEUED], runsync=[fault, fault, QUEUED])
        play = submit(service, mode)
        assert play.text == "hello"
        assert service.counts["run"] + service.counts["runsync"] == 3

    def test_nobody_there(self):
        service = Script(run=[REFUSED])
        play = submit(service)
        assert type(play.outcome.error) is errors.ServiceUnreachable
        assert "connection refused" in str(play.outcome.error)
        assert service.counts["run"] == 4

    def test_429_for_ever(self):
        service = Script(run=[http(429, '{"error":"queue is full"}')])
        play = submit(service, deadline_s=600)
        assert isinstance(play.outcome.error, errors.RateLimited)
        assert "queue is full" in str(play.outcome.error)
        assert service.counts["run"] < 10

    def test_a_retry_after_beyond_the_deadline_is_not_waited_for(self):
        play = submit(Script(run=[http(429, retry_after="60")]), deadline_s=20)
        assert isinstance(play.outcome.error, errors.RateLimited)
        assert play.now < 1

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (http(400, '{"error":"request exceeded max body size of 10MiB"}'), errors.TooLarge),
            (http(413), errors.TooLarge),
            (http(400, '{"error":"bad body"}'), errors.ServiceFailed),
            (http(401), errors.KeyRefused),
            (http(403, "<html>"), errors.KeyRefused),
            (http(404), errors.EndpointNotFound),
            (http(302, location="https://elsewhere"), errors.ServiceUnreachable),
            (BARE_ERROR, errors.ServiceFailed),
        ],
    )
    def test_refusals(self, answer, error):
        service = Script(run=[answer])
        play = submit(service)
        assert type(play.outcome.error) is error
        assert service.counts.total() == 1


class TestDeadline:
    @pytest.mark.parametrize("mode", MODES)
    def test_it_cancels_the_job(self, mode):
        service = Script(
            run=[RUNNING],
            runsync=[held({"id": "job-1", "status": "IN_PROGRESS"}, 5)],
            stream=[held({"status": "IN_PROGRESS", "stream": []}, 5)],
            status=[RUNNING],
        )
        play = submit(service, mode, deadline_s=5)
        assert isinstance(play.outcome.error, errors.DeadlineExceeded)
        assert service.counts["cancel"] == 1
        assert play.states[-1] == "cancelled"
        assert play.now < 6.5

    def test_several_tries_are_made_to_cancel(self):
        service = Script(
            run=[RUNNING], status=[RUNNING], cancel=[RESET, http(502), http(429), ok({})]
        )
        play = submit(service, deadline_s=5)
        assert service.counts["cancel"] == 4
        assert play.states[-1] == "cancelled"

    def test_it_says_when_it_could_not(self):
        service = Script(run=[RUNNING], status=[RUNNING], cancel=[RESET])
        play = submit(service, deadline_s=5)
        assert play.states[-1] == "expired"
        assert "could not be cancelled" in str(play.outcome.error)
        assert service.counts["cancel"] <= 5

    def test_faults_do_not_outlast_it(self):
        play = submit(Script(run=[RUNNING], status=[RESET]), deadline_s=5)
        assert isinstance(play.outcome.error, errors.DeadlineExceeded)
        assert play.now < 6

    def test_a_result_at_the_last_moment_counts(self):
        def late(request, now):
            return (done(completed()) if now > 4.99 else RUNNING)(request, now)

        assert submit(Script(run=[RUNNING], status=[late]), deadline_s=5).text == "hello"


class TestWaitingForAWorker:
    @staticmethod
    def health(**workers):
        return ok({"jobs": {"inQueue": 1}, "workers": {"ready": 0, "running": 0, **workers}})

    @pytest.mark.parametrize("mode", [Mode.RUN, Mode.STREAM])
    @pytest.mark.parametrize(
        ("workers", "why"),
        [
            ({"initializing": 1}, Waiting.STARTING),
            ({"throttled": 2}, Waiting.STARVED),
            ({}, Waiting.ASLEEP),
        ],
    )
    def test_a_cold_start_is_a_state_of_its_own(self, mode, workers, why):
        empty = held({"status": "IN_QUEUE", "stream": []}, 1.5)
        service = Script(
            run=[QUEUED],
            health=[self.health(**workers)],
            stream=[empty] * 3 + [chunks(partial(0)), chunks(completed(), status="COMPLETED")],
            status=[QUEUED] * 60 + [RUNNING, done([partial(0), completed()])]
            if mode is Mode.RUN
            else [done([partial(0), completed()])],
        )
        play = submit(service, mode)
        assert play.states == [
            "submitting", "queued", "waiting_for_worker", "running", "completed",
        ]  # fmt: skip
        (waiting,) = (u for u in play.updates if u.state is JobState.WAITING_FOR_WORKER)
        assert waiting.waiting is why

    def test_a_warm_job_never_asks_for_health(self):
        service = Script(run=[QUEUED], status=[QUEUED, RUNNING, done(completed())])
        submit(service)
        assert service.counts["health"] == 0

    @pytest.mark.parametrize("fault", [RESET, http(500), NOT_JSON, http(401)])
    def test_faults_of_health_are_ignored(self, fault):
        service = Script(run=[QUEUED], health=[fault], status=[QUEUED] * 60 + [done(completed())])
        assert submit(service).states == ["submitting", "queued", "completed"]

    def test_it_is_asked_now_and_then(self):
        service = Script(run=[QUEUED], health=[self.health()], status=[QUEUED])
        submit(service, deadline_s=62)
        assert 10 <= service.counts["health"] <= 13

    def test_a_worker_comes_up(self):
        service = Script(
            run=[QUEUED],
            health=[self.health(initializing=1), self.health(running=1)],
            status=[QUEUED] * 90 + [done(completed())],
        )
        assert submit(service).states == [
            "submitting", "queued", "waiting_for_worker", "queued", "completed",
        ]  # fmt: skip


def test_polling_slows_down_with_the_job_and_starts_anew_when_it_runs():
    queue = [QUEUED] * 300
    service = Script(run=[QUEUED], status=[*queue, *[RUNNING] * 20, done(completed())])
    submit(service, deadline_s=3600)
    times = [now for now, request in service.asked if request.path.startswith("status")]
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert gaps[0] < 0.05
    assert max(gaps) < 2.1
    assert gaps[299] > 1.9
    assert max(gaps[302:]) < 0.1
