"""How a person sees what a job does, on a terminal and elsewhere."""

import io

import pytest

from bot import terminal
from bot.cli.follow import Result, ScreenSink
from bot.cli.run import _tell_of_loading
from bot.contract import Response, Status
from bot.loading import LoadPart
from bot.runpod.models import JobState, Update


class Stream(io.StringIO):
    """A stream that is a terminal, or is none."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def shown(monkeypatch, *, out: bool, err: bool) -> str:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("sys.stdout", Stream(is_terminal=out))
    stream = Stream(is_terminal=err)
    monkeypatch.setattr("sys.stderr", stream)
    with terminal.guarded():
        sink = ScreenSink("Grace", streams=False)
        for state in (JobState.SUBMITTING, JobState.QUEUED, JobState.QUEUED, JobState.RUNNING):
            sink.state(Update(state=state, job_id="job-1"))
        sink.text("piece 1\n" + "word " * 100)
        sink.close()
    return stream.getvalue()


@pytest.mark.parametrize(("out", "err"), [(False, False), (False, True), (True, False)])
def test_without_a_whole_terminal_each_state_is_one_line(monkeypatch, out, err):
    monkeypatch.setenv("FORCE_COLOR", "1")
    lines = shown(monkeypatch, out=out, err=err).splitlines()
    assert lines[:3] == ["Grace: sending …", "Grace: queued …", "Grace: working …"]
    assert len(lines) == 4
    assert all(line.isprintable() for line in lines)


def test_what_counts_on_in_a_state_is_still_one_line(monkeypatch):
    stream = Stream(is_terminal=False)
    monkeypatch.setattr("sys.stderr", stream)
    sink = ScreenSink("The Factory", streams=False)
    for words in ("1/2: drafting …", *(f"1/2: drafting … {n} words" for n in (4, 9))):
        sink.text(words)
    sink.text("1/2: score 1.00, passed")
    sink.text("2/2: drafting … 3 words")
    lines = [line.removeprefix("The Factory: ") for line in stream.getvalue().splitlines()]
    assert lines == ["1/2: drafting …", "1/2: score 1.00, passed", "2/2: drafting … 3 words"]


def test_on_a_terminal_the_state_turns(monkeypatch):
    assert "\x1b[" in shown(monkeypatch, out=True, err=True)


@pytest.mark.parametrize(
    ("is_local", "what"),
    [(True, "loading the models"), (False, "waiting for the service to start")],
)
def test_on_this_machine_it_is_the_models_that_start(capsys, is_local, what):
    sink = ScreenSink("Alfred", streams=True, is_local=is_local)
    sink.state(Update(state=JobState.WAITING_FOR_WORKER, job_id="job-1"))
    marks = {"worker": 2_000.0, "total": 3_000.0}
    sink.final(Result(Response(status=Status.COMPLETED), timings_ms=marks))
    state, *_, summary = capsys.readouterr().err.splitlines()
    assert state == f"Alfred: {what} …"
    waited_for = "the models" if is_local else "the service"
    assert summary.startswith(f"waited 2.0 s for {waited_for}, then")


@pytest.mark.parametrize("streams", [True, False])
def test_an_answer_without_a_word_is_told(monkeypatch, capsys, streams):
    sink = ScreenSink("Grace", streams=streams)
    sink.final(Result(Response(status=Status.COMPLETED), timings_ms={"total": 1.0}))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("The service answered without a word.\n")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_what_is_told_stays_and_what_is_noted_is_a_state(monkeypatch, is_terminal):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("sys.stdout", Stream(is_terminal=is_terminal))
    stream = Stream(is_terminal=is_terminal)
    monkeypatch.setattr("sys.stderr", stream)
    with terminal.guarded():
        sink = ScreenSink("Alfred", streams=True)
        _tell_of_loading(sink, LoadPart.LANGUAGE, "measuring")
        _tell_of_loading(sink, LoadPart.FILES, "For voice, the quick one: it is slow here.")
        _tell_of_loading(sink, LoadPart.FILES, "")
        _tell_of_loading(sink, LoadPart.HEARING, "")
        sink.close()
    said = stream.getvalue()
    assert "For voice, the quick one: it is slow here.\n" in said
    assert "Alfred: measuring …" in said
    assert "Alfred: loading speech recognition …" in said
