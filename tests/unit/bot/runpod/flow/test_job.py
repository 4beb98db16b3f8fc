"""Transcripts: what the service says, and which updates the caller gets."""

import itertools
import json

import pytest

from bot.choices import Mode
from bot.errors import JobFailed, SubmissionUnknown
from bot.runpod.models import JobState, Waiting
from tests.fakes.runpod_script import (
    NOT_JSON,
    QUEUED,
    RESET,
    RUNNING,
    Script,
    chunks,
    collect,
    completed,
    done,
    held,
    http,
    ok,
    partial,
    script,
    submit,
)

MODES = list(Mode)


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

    @pytest.mark.parametrize(
        "odd", ["../../other?x=1", "a\r\nX: y", "é", "", "x" * 1_000_000, "a b", 7, ["a"], {"a": 1}]
    )
    def test_an_id_that_is_none_is_not_followed(self, odd):
        service = Script(run=[ok({"id": odd, "status": "IN_QUEUE"})])
        play = submit(service)
        assert isinstance(play.outcome.error, SubmissionUnknown)
        assert len(str(play.outcome.error)) < 300
        assert len(service.asked) == 1


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
        assert play.responses[-1].output.data == 1
        assert play.responses[-1].usage is None

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize(
        "output",
        [
            {"error": "CUDA out of memory"},
            {"status": "FAILED", "message": "CUDA out of memory"},
            {"output": {"data": "half"}, "success": False, "detail": "CUDA out of memory"},
            '{"error": "CUDA out of memory"}',
        ],
        ids=str,
    )
    def test_a_job_that_completed_with_a_failure_has_failed(self, mode, output):
        answer = done(output)
        service = Script(
            run=[QUEUED],
            runsync=[answer],
            stream=[chunks(output, status="COMPLETED")],
            status=[answer],
        )
        play = submit(service, mode)
        assert isinstance(play.outcome.error, JobFailed)
        assert play.outcome.error.message == "CUDA out of memory"
        assert play.outcome.error.service_code == ""
        assert play.outcome.update.state is JobState.FAILED

    def test_a_stream_that_breaks_off_with_an_error_has_failed(self):
        chunk = {"choices": [{"delta": {"content": "The cap"}}]}
        service = Script(
            run=[QUEUED],
            stream=[chunks(chunk, {"error": "CUDA out of memory"}, status="COMPLETED")],
            status=[ok({"id": "job-1", "status": "COMPLETED"})],
        )
        play = submit(service, Mode.STREAM)
        assert [r.text for r in play.responses] == ["The cap", ""]
        assert isinstance(play.outcome.error, JobFailed)

    @pytest.mark.parametrize("status", ["completed", "Completed", "SUCCESS", " succeeded"])
    def test_the_platforms_states_in_other_spellings(self, status):
        answer = ok({"id": "job-1", "status": status, "output": "hello"})
        assert submit(Script(run=[QUEUED], status=[answer])).text == "hello"

    @pytest.mark.parametrize("output", [{"error": "no gpu"}, {"message": "no gpu", "status": 500}])
    @pytest.mark.parametrize("status", ["FAILED", "failed", "error"])
    def test_a_failed_job_that_has_its_reason_in_the_output(self, output, status):
        answer = ok({"id": "job-1", "status": status, "output": output})
        play = submit(Script(run=[QUEUED], status=[answer]))
        assert isinstance(play.outcome.error, JobFailed)
        assert play.outcome.error.message == "no gpu"

    def test_a_single_chunk_of_data_is_the_data(self):
        service = Script(
            run=[QUEUED],
            stream=[chunks({"sentiment": "positive"}, status="COMPLETED")],
            status=[ok({"id": "job-1", "status": "COMPLETED"})],
        )
        play = submit(service, Mode.STREAM)
        assert play.responses[-1].output.data == {"sentiment": "positive"}

    def test_streamed_chunks_of_openai_are_joined(self):
        pieces = [{"choices": [{"delta": {"content": words}}]} for words in ("Hel", "lo")]
        service = Script(
            run=[QUEUED],
            stream=[chunks(*pieces, status="COMPLETED")],
            status=[ok({"id": "job-1", "status": "COMPLETED"})],
        )
        assert [r.text for r in submit(service, Mode.STREAM).responses] == ["Hel", "lo", "Hello"]

    def test_json_in_a_string(self):
        play = submit(Script(run=[QUEUED], status=[done(json.dumps(completed()))]))
        assert play.text == "hello"


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
