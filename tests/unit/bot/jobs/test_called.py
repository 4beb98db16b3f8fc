"""Which job "the build" or "the summary" is, and what to call it."""

import pytest

from bot.contract import Service
from bot.i18n import words_for
from bot.jobs.called import called, name_of
from bot.spoken_commands import JobNoun

ANSWER = (Service.PENNY, "CONVERSE")
BUILD = (Service.FACTORY, "BUILD")
SUMMARY = (Service.GRACE, "SUMMARIZER")
TITLE = (Service.GRACE, "TITLER")
JOBS = [TITLE, SUMMARY, BUILD, ANSWER]


def itself(job: tuple[Service, str]) -> tuple[Service, str]:
    return job


@pytest.mark.parametrize(
    ("noun", "found"),
    [
        (None, JOBS),
        (JobNoun.BUILD, [BUILD]),
        (JobNoun.SUMMARY, [SUMMARY]),
        (JobNoun.QUESTION, [ANSWER]),
        (JobNoun.TRANSLATION, [ANSWER]),  # Penny translates, too
    ],
)
def test_what_people_call_so(noun: JobNoun | None, found: list[tuple[Service, str]]) -> None:
    assert called(JOBS, noun, itself) == found


def test_nothing_is_called_so_where_nothing_of_the_kind_runs() -> None:
    assert called([BUILD, TITLE], JobNoun.SUMMARY, itself) == []


def test_names() -> None:
    names = [name_of(*job, words_for("en")) for job in JOBS]
    assert names == ["your text", "your summary", "your build", "your answer"]
    assert name_of(*SUMMARY, words_for("es")) == "tu resumen"
