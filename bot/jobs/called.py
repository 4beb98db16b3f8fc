"""What people call a job of theirs: "the build", "the summary". Pure."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from bot.contract import Service
from bot.i18n import Words
from bot.spoken_commands import JobNoun

_MODULES: Final = {JobNoun.SUMMARY: "SUMMARIZER", JobNoun.TRANSLATION: "TRANSLATOR"}
_NOUNS: Final = {module: noun for noun, module in _MODULES.items()}

Job = TypeVar("Job")
What = Callable[[Job], tuple[Service, str]]
"""Returns the service and the module that do a job."""


def called(jobs: Sequence[Job], noun: JobNoun | None, what: What[Job]) -> Sequence[Job]:
    """The jobs that people call so, in their order; None: all of them.

    Penny summarises and translates, too, if no module of Grace's does.
    """
    if noun is None:
        return jobs
    if noun is JobNoun.BUILD:
        return [job for job in jobs if what(job)[0] is Service.FACTORY]
    named = [job for job in jobs if what(job)[1] == _MODULES.get(noun)]
    return named or [job for job in jobs if what(job)[0] is Service.PENNY]


def name_of(service: Service, module: str, words: Words) -> str:
    """What to call a job when talking to its person: "your build"."""
    key = _NOUNS.get(module, service.value.lower())
    return words(f"commands.job.{key}")
