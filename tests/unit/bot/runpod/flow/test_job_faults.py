"""Transcripts of faults: each is survived or reported in one line, and no job is paid for twice."""

import json

import pytest

from bot import errors
from bot.choices import Mode
from bot.runpod.models import TransportErrorKind
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
    script,
    submit,
)

MODES = list(Mode)


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
        play = submit(Script(run=[QUEUED], status=[broken(TransportErrorKind.OVERSIZED)]))
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

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_key_that_may_not_cancel_has_not_cancelled(self, status):
        service = Script(run=[RUNNING], status=[RUNNING], cancel=[http(status)])
        play = submit(service, deadline_s=5)
        assert play.states[-1] == "expired"
        assert "could not be cancelled" in str(play.outcome.error)
        assert service.counts["cancel"] == 1

    def test_faults_do_not_outlast_it(self):
        play = submit(Script(run=[RUNNING], status=[RESET]), deadline_s=5)
        assert isinstance(play.outcome.error, errors.DeadlineExceeded)
        assert play.now < 6

    def test_a_result_at_the_last_moment_counts(self):
        def late(request, now):
            return (done(completed()) if now > 4.99 else RUNNING)(request, now)

        assert submit(Script(run=[RUNNING], status=[late]), deadline_s=5).text == "hello"
