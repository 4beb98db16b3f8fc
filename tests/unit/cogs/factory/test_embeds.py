"""Embeds of any build stay within Discord's limits, and say what is the case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.build_notes import note
from bot.contract import Output, Response, Status, Usage
from bot.contract.factory import Build, Check, Iteration, Note
from bot.i18n import words_for
from bot.runpod.models import JobState, Update, Waiting
from cogs.factory._embeds import ended_without, finished, plain, under_way
from cogs.factory._plan import Plan, title_of
from cogs.factory._progress import Progress
from tests.integration.cogs.factory.scripts import iteration, reported, working

ENGLISH, SPANISH = words_for("en-US"), words_for("es-ES")
KINDS = ["first_draft", "same", "said", "raises", "fails", "fails_with", "corrected", "crashed"]
PLAN = Plan(title="fizz", limit=4, begun=1000.0)
TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=3000) | st.text("*_`@[]()|~#> ")


def shown(progress, place=None, words=ENGLISH):
    return under_way(PLAN, progress, place, words).description


@pytest.mark.parametrize(
    ("update", "says"),
    [
        (Update(state=JobState.SUBMITTING), "Submitting"),
        (Update(state=JobState.QUEUED), "In the service's queue"),
        (
            Update(state=JobState.WAITING_FOR_WORKER, waiting=Waiting.STARTING),
            "Waiting for the service to start",
        ),
        (Update(state=JobState.WAITING_FOR_WORKER, waiting=Waiting.STARVED), "no worker is free"),
        (Update(state=JobState.RUNNING), "Running"),
        (Update(state=JobState.COMPLETED), "Running"),
    ],
)
def test_each_state_has_its_words(update, says):
    progress = Progress(4)
    progress.take(update)
    assert says in shown(progress)


def test_our_own_queue_and_the_delivery_come_before_the_services_state():
    progress = Progress(4)
    assert "Queued on this server: number 3" in shown(progress, 3)
    progress.is_delivering = True
    assert "Delivering" in shown(progress)


def test_the_bar_grows_with_the_iterations():
    progress = Progress(4)
    progress.take(Update(state=JobState.RUNNING, response=working("draft", 1, 4)))
    assert "Iteration 1 of 4: drafting\n▱▱▱▱" in shown(progress)
    one = iteration(1, 4, 0.7, changed="first draft")
    for _ in range(2):  # told twice after a break
        progress.take(Update(state=JobState.RUNNING, response=reported(one)))
    assert "Iteration 1 of 4\n▰▱▱▱" in shown(progress)
    progress.take(Update(state=JobState.RUNNING, response=working("polish", 2, 4)))
    assert "Iteration 2 of 4: polish\n▰▱▱▱" in shown(progress)
    assert progress.score == 0.7


def test_a_service_of_another_kind_is_quoted():
    progress = Progress(4)
    said = Response(status=Status.PARTIAL, output=Output(text="thinking\nabout **it**"))
    progress.take(Update(state=JobState.RUNNING, response=said))
    assert shown(progress).endswith("\n“about \\*\\*it\\*\\*”")


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (Check.RAN, "Its own example ran and passed"),
        (Check.PARSED, "only parsed, not run"),
        (Check.READ, "The model reviewed it"),
        ("proved", "Its check passed"),
    ],
)
def test_what_was_checked_is_said_as_it_was(check, says):
    one = Iteration(number=1, limit=4, score=1, passed=True, check=check, changed="x")
    build = Build(summary="", passed=True, files=[], iterations=[one])
    assert says in _finished(build).description


def test_what_did_not_pass_is_never_called_good():
    bad = iteration(1, 4, 0.9, changed="x", problem="it loops")
    build = Build(summary="all is well", passed=False, files=[], iterations=[bad])
    embed = _finished(build)
    assert "its check did not pass" in embed.description
    assert "Problem: “it loops”" in embed.description
    assert "The Factory says: “all is well”" in embed.description
    assert embed.colour != _finished(build.model_copy(update={"passed": True})).colour


def test_what_our_factory_says_is_in_the_readers_language_and_what_a_model_says_is_quoted():
    found = [note("raises", source="f(1)", error="KeyError: 1")]
    first = iteration(
        1, 4, 0.3, changed="first draft", problem="`f(1)` raises KeyError: 1.",
        change_notes=[note("first_draft")], problem_notes=found,
    )  # fmt: skip
    second = iteration(
        2, 4, 0.7, changed="lines: 2 added, 1 removed", problem="It is dull.",
        change_notes=[note("lines", added=2, removed=1), *found],
        problem_notes=[note("said", words="It is *dull*.")],
    )  # fmt: skip
    build = Build(
        summary="f.py after 2 iterations.", passed=False, files=[], iterations=[first, second],
        summary_notes=[note("stopped_by_time")],
    )  # fmt: skip
    usage = Usage(cost_usd=0.0086)
    embed = _finished(build, words=SPANISH, usage=usage)
    assert embed.description == (
        "Listo, pero no pasó su comprobación. Este es el mejor intento.\n"
        "Qué falla: «It is \\*dull\\*.»\n"
        "Terminado antes de tiempo: no daba tiempo a otra iteración dentro del plazo."
    )
    assert [field.value for field in embed.fields] == [
        "▫️ **1** · 0,30 · primer borrador — f(1) lanza KeyError: 1.\n"
        "▫️ **2** · 0,70 · líneas: 2 más, 1 menos: f(1) lanza KeyError: 1. — "
        "«It is \\*dull\\*.»",
        "0,70",
        "1 min 5 s",
        "0,0086\u00a0$",
    ]
    told = _finished(build, usage=usage)
    assert "first draft — f(1) raises KeyError: 1." in told.fields[0].value
    assert [field.value for field in told.fields[1:]] == ["0.70", "1 min 5 s", "$0.0086"]


def test_a_factory_that_sends_no_notes_or_unknown_ones_is_quoted():
    one = iteration(
        1, 4, 0.7, changed="did things", problem="it loops",
        change_notes=[note("danced")], problem_notes=[note("late")],
    )  # fmt: skip
    build = Build(summary="A loop.", passed=False, files=[], iterations=[one])
    embed = _finished(build, words=SPANISH)
    assert "La Factory dice: «A loop.»" in embed.description
    assert embed.fields[0].value == "▫️ **1** · 0,70 · «did things» — «it loops»"


NOTES = st.lists(
    st.builds(
        Note,
        kind=st.sampled_from(KINDS) | st.text(max_size=40),  # the contract reads no longer one
        values=st.fixed_dictionaries(
            dict.fromkeys(("words", "source", "error", "check", "got", "values"), TEXT)
        ),
    ),
    max_size=20,
)
ITERATIONS = st.builds(
    Iteration,
    number=st.integers(1, 10**5),
    limit=st.integers(1, 10**5),
    score=st.floats(0, 1),
    passed=st.booleans(),
    check=st.sampled_from(Check) | st.text(max_size=300),
    changed=TEXT,
    problem=st.none() | TEXT,
    change_notes=st.none() | NOTES,
    problem_notes=st.none() | NOTES,
)


@given(st.lists(ITERATIONS, max_size=30), TEXT, TEXT, st.booleans(), st.sampled_from(["en", "es"]))
def test_no_service_can_break_the_limits(iterations, summary, task, passed, language):
    words = words_for(language)
    plan = Plan(title=title_of(task), limit=4, begun=0)
    progress = Progress(4)
    for one in iterations:
        progress.take(Update(state=JobState.RUNNING, response=reported(one)))
    build = Build(summary=summary, passed=passed, files=[], iterations=iterations)
    words_only = Response(status=Status.COMPLETED, output=Output(data=summary))
    for embed in (
        under_way(plan, progress, None, words),
        _finished(build, plan, progress, words),
        finished(plan, progress, words_only, words, now=1.0, left_out=True),
        ended_without(plan, progress, summary[:600], words, now=1.0, is_wanted=False),
    ):
        assert len(embed) <= 6000
        assert len(embed.title or "") <= 256
        assert len(embed.description or "") <= 4096
        assert all(0 < len(field.value) <= 1024 for field in embed.fields)


@given(TEXT, st.integers(2, 200))
def test_plain_words_are_one_line(text, limit):
    assert len(plain(text, limit).splitlines()) <= 1
    assert "@everyone" not in plain(f"@everyone {text}", 200)


def _finished(build, plan=PLAN, progress=None, words=ENGLISH, usage=None):
    output = Output(type="json", data=build.to_wire())
    response = Response(status=Status.COMPLETED, output=output, usage=usage)
    return finished(
        plan, progress or Progress(4), response, words, now=plan.begun + 65, left_out=False
    )
