"""The judge of the fault campaign can fail: each kind of violation, made on purpose."""

from dataclasses import replace

import pytest

from tests.chaos.verdict import (
    HANDLES_MAY_GROW,
    MEMORY_MAY_GROW_MIB,
    TASKS_MAY_GROW,
    THREADS_MAY_GROW,
    End,
    Held,
    Kind,
    Observations,
    Question,
    verdict,
)

ANSWERED = Question(
    token="q1q",
    how="mention",
    end=End.RESULT,
    paid=1,
    completed=True,
    noted=True,
    written=True,
    finals=1,
    must_answer=True,
)
HELD = Held(rss_mib=150.0, handles=20, threads=10, tasks=8)


def kinds(*questions, **more):
    return [one.kind for one in verdict(Observations(questions=questions, **more))]


def test_an_answered_question_is_no_violation():
    assert kinds(ANSWERED, before=HELD, after=HELD) == []


@pytest.mark.parametrize("end", [End.REASON, End.UNKNOWN, End.OPEN, End.NOTHING, End.DISCORD])
def test_a_result_that_the_journal_could_have_fetched_is_lost(end):
    assert kinds(ANSWERED, replace(ANSWERED, end=end, finals=0)) == [Kind.LOST]


def test_what_is_kept_to_be_fetched_is_not_lost():
    assert kinds(replace(ANSWERED, end=End.KEPT, finals=0)) == []


def test_what_its_person_stopped_is_not_lost():
    assert kinds(replace(ANSWERED, end=End.STOPPED, finals=0, pressed_stop=True)) == []


def test_a_job_whose_id_nobody_knows_is_told_and_not_lost():
    broken = replace(ANSWERED, end=End.UNKNOWN, noted=False, finals=0, must_answer=False)
    assert kinds(broken) == []


def test_two_jobs_for_one_question_are_paid_twice():
    assert kinds(replace(ANSWERED, paid=2)) == [Kind.PAID_TWICE]
    assert kinds(replace(ANSWERED, paid=2, allowed=2)) == []


def test_an_answer_that_stands_in_two_places_is_shown_twice():
    assert kinds(replace(ANSWERED, finals=2)) == [Kind.SHOWN_TWICE]


def test_a_working_line_that_stays_is_never_told():
    hanging = Question(token="q1q", how="/ask", end=End.OPEN)
    assert kinds(hanging) == [Kind.NEVER_TOLD]


@pytest.mark.parametrize("trace", [{"paid": 1}, {"written": True}])
def test_silence_on_what_was_begun_is_never_told(trace):
    silent = Question(token="q1q", how="mention", end=End.NOTHING, **trace)
    assert kinds(silent) == [Kind.NEVER_TOLD]


def test_silence_on_what_never_arrived_is_no_violation():
    assert kinds(Question(token="q1q", how="mention", end=End.NOTHING)) == []
    assert kinds(Question(token="q1q", how="/ask", end=End.DISCORD)) == []


@pytest.mark.parametrize("end", [End.REASON, End.UNKNOWN, End.NOTHING])
def test_once_the_fault_is_over_only_an_answer_will_do(end):
    assert kinds(Question(token="q1q", how="mention", end=end, must_answer=True)) == [Kind.DEAF]


@pytest.mark.parametrize("end", [End.TOO_LATE, End.DISCORD])
def test_a_busy_machine_may_be_too_late_for_some_but_not_for_all(end):
    late = Question(token="q2q", how="/ask", end=end, must_answer=True)
    assert kinds(ANSWERED, late) == []
    assert kinds(late, late) == [Kind.DEAF]


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("still_open", Kind.STILL_OPEN),
        ("unbooked", Kind.UNBOOKED),
        ("left_behind", Kind.LEFT_BEHIND),
        ("refused", Kind.REFUSED),
        ("died", Kind.DIED),
    ],
)
def test_each_thing_that_is_left_is_one_violation(field, kind):
    assert kinds(ANSWERED, **{field: ["one", "two"]}) == [kind, kind]


@pytest.mark.parametrize(
    ("field", "most", "kind"),
    [
        ("rss_mib", MEMORY_MAY_GROW_MIB, Kind.MEMORY),
        ("handles", HANDLES_MAY_GROW, Kind.HANDLES),
        ("threads", THREADS_MAY_GROW, Kind.HANDLES),
        ("tasks", TASKS_MAY_GROW, Kind.HANDLES),
    ],
)
def test_what_a_process_holds_may_grow_so_much_and_no_more(field, most, kind):
    at_most = getattr(HELD, field) + most
    assert kinds(before=HELD, after=replace(HELD, **{field: at_most})) == []
    assert kinds(before=HELD, after=replace(HELD, **{field: at_most + 1})) == [kind]


def test_a_killed_process_is_not_measured():
    assert kinds(before=HELD, after=None) == []
