"""What the person at the microphone tells it to do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Generator
from typing import Any

import pytest

from bot.build_notes import note
from bot.catalogue import packaged_catalogue
from bot.clock import SystemClock
from bot.contract import Output, Request, Response, Source, Status, System
from bot.contract.factory import Iteration, Phase, Working, build
from bot.contract.grace import parse_catalogue, task
from bot.i18n import words_for
from bot.local_voice.said_commands import SaidCommands
from bot.local_voice.tasks import RunningTasks, show
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import Kind
from bot.runpod.models import JobState, Update
from bot.sanitize import clean_line
from bot.spoken_commands import Agreement, CommandKind, CommandMatch, JobNoun, SpokenCommand
from bot.voice_agent.confirmations import SpokenQuestions
from bot.voice_agent.events import PerformCommands
from tests.waiting import until

CATALOGUE = parse_catalogue(packaged_catalogue())


class HandClock(SystemClock):
    """It stands still."""

    at_s = 100.0

    def now(self) -> float:
        return self.at_s


class Services:
    """Work on everything until they are told to stop."""

    @contextlib.asynccontextmanager
    async def submit(self, request: Request) -> AsyncIterator[AsyncIterator[Update]]:
        async def updates() -> AsyncIterator[Update]:
            await asyncio.Event().wait()
            yield Update(state=JobState.RUNNING)

        yield updates()


class Conversation:
    """Has the tasks that run, and can forget."""

    def __init__(self) -> None:
        self.is_forgotten = False
        self.clock = HandClock()
        self.transcript = Transcript()
        self.tasks = RunningTasks(self.transcript)
        questions = SpokenQuestions(self.clock)
        self.commands = SaidCommands(self.tasks, self._forget, self.transcript, questions)

    def _forget(self) -> None:
        self.is_forgotten = True

    async def run(self, module: str) -> None:
        """Begin a task: a build, or one of Grace's."""
        known: Any = CATALOGUE.get(module)
        source = Source(system=System.DECK)
        request = task(known, "words", source=source) if known else build("words", source=source)
        services: Any = Services()
        before = len(self.tasks.entries)
        self.tasks.start(request, f"please {module}", services)
        await until(lambda: len(self.tasks.entries) > before)

    async def ended(self, left: int) -> list[str]:
        """The modules of the tasks that are left, oldest first."""
        await until(lambda: len(self.tasks.entries) <= left)
        return [one.module for one in reversed(self.tasks.entries)]

    async def told(
        self,
        *kinds: CommandKind,
        language: str = "en",
        job: JobNoun | None = None,
        says: Agreement = Agreement.PLAIN,
    ) -> str | None:
        told = tuple(SpokenCommand(kind, job=job, agreement=says) for kind in kinds)
        match = CommandMatch(told, language)
        order = PerformCommands(1, 1, match, "", language, overlaps_answer=False)
        return await self.commands.perform(order, words_for(language))


@pytest.fixture
async def talk() -> AsyncIterator[Conversation]:
    """A build, a summary and a translation run, begun in this order."""
    talk = Conversation()
    for module in ("BUILD", "SUMMARIZER", "TRANSLATOR"):
        await talk.run(module)
    yield talk
    await talk.tasks.close()


async def test_the_newest_task_is_cancelled_where_none_is_named(talk: Conversation) -> None:
    assert await talk.told(CommandKind.CANCEL) == "I've cancelled your translation."
    assert await talk.ended(2) == ["BUILD", "SUMMARIZER"]
    assert await talk.told(CommandKind.CANCEL_JOB, language="es") == "He cancelado tu resumen."
    assert await talk.ended(1) == ["BUILD"]
    assert await talk.told(CommandKind.CANCEL) == "I've cancelled your build."
    await talk.ended(0)
    assert await talk.told(CommandKind.CANCEL) == "Nothing of yours is running."


async def test_the_task_that_is_named_is_cancelled_and_no_other(talk: Conversation) -> None:
    cancelled = await talk.told(CommandKind.CANCEL_JOB, job=JobNoun.BUILD)
    assert cancelled == "I've cancelled your build."
    assert await talk.ended(2) == ["SUMMARIZER", "TRANSLATOR"]
    again = await talk.told(CommandKind.CANCEL_JOB, job=JobNoun.BUILD)
    assert again == "You have nothing of that kind running."
    question = await talk.told(CommandKind.CANCEL_JOB, job=JobNoun.QUESTION)
    assert question == "You have nothing of that kind running."
    assert len(talk.tasks.entries) == 2
    stopped = next(one for one in talk.transcript.entries if one.module == "BUILD")
    assert (stopped.is_over, stopped.was_cut) == (True, True)


async def test_how_far_the_named_task_is_or_the_newest(talk: Conversation) -> None:
    number = next(one.number for one in talk.tasks.entries if one.module == "BUILD")
    talk.transcript.change(number, progress="round 2 of 4: drafting", progress_by_language=())
    told = await talk.told(CommandKind.PROGRESS, job=JobNoun.BUILD)
    assert told == "Your build: round 2 of 4: drafting."
    told = await talk.told(CommandKind.PROGRESS)
    assert told == "Your translation: Submitting. 2 more are running."
    told = await talk.told(CommandKind.PROGRESS, language="es", job=JobNoun.SUMMARY)
    assert told == "Tu resumen: Enviando."
    assert await talk.told(CommandKind.PROGRESS, job=JobNoun.QUESTION) is None, "then it is talk"


async def test_without_a_task_how_far_is_talk() -> None:
    assert await Conversation().told(CommandKind.PROGRESS) is None


async def test_a_chain_is_called_by_the_step_that_runs() -> None:
    talk, services = Conversation(), Services()
    source = Source(system=System.DECK)

    def requests() -> Generator[Request, Response, None]:
        yield task(CATALOGUE["SUMMARIZER"], "words", source=source)
        yield task(CATALOGUE["TRANSLATOR"], "words", source=source)

    client: Any = services
    talk.tasks.start_all(requests(), "summarise and translate it", client)
    await until(lambda: talk.tasks.entries)
    told = await talk.told(CommandKind.CANCEL_JOB, job=JobNoun.SUMMARY)
    assert told == "I've cancelled your summary."
    assert await talk.ended(0) == []
    assert [one.module for one in talk.transcript.entries] == ["SUMMARIZER"]


async def test_how_far_it_is_in_the_language_of_the_question() -> None:
    talk = Conversation()
    await talk.run("BUILD")
    [build] = talk.tasks.entries
    working = Working(phase=Phase.IMPROVE, number=2, limit=4)
    found = [note("fails", check="assert f(1) == 2")]
    tried = Iteration(
        number=1, limit=4, score=0.7, passed=False, check="ran", changed="first draft",
        problem="It fails.", problem_notes=found,
    )  # fmt: skip
    for data, english, spanish in (
        (tried, "Iteration 1 of 4 · 0.70: assert f(1) == 2 does not hold",
         "Iteración 1 de 4 · 0,70: assert f(1) == 2 no se cumple"),
        (working, "Iteration 2 of 4: improving", "Iteración 2 de 4: mejorando"),
    ):  # fmt: skip
        output = Output(type="json", data=data.to_wire())
        response = Response(status=Status.PARTIAL, output=output)
        show(build.number, Update(state=JobState.RUNNING, response=response), talk.transcript)
        assert await talk.told(CommandKind.PROGRESS) == f"Your build: {english}."
        assert await talk.told(CommandKind.PROGRESS, language="es") == f"Tu encargo: {spanish}."
    show(build.number, Update(state=JobState.QUEUED), talk.transcript)
    assert await talk.told(CommandKind.PROGRESS, language="es") == "Tu encargo: En la cola."


@pytest.mark.parametrize(
    "output",
    [
        Output(type="json", data={"phase": "\x1b[2J\u202eevil" * 99_999, "number": 1, "limit": 2}),
        Output(
            type="json",
            data={
                "number": 1, "limit": 2, "score": 0.1, "passed": False, "check": "ran",
                "changed": "", "problem": "\x1b[2J\u202eevil" * 99_999,
            },
        ),
        Output(type="text", data="\x1b[2J\u202eevil" * 99_999),
    ],
)  # fmt: skip
async def test_what_a_foreign_service_says_of_its_progress_is_cleaned_and_cut(
    output: Output,
) -> None:
    transcript = Transcript()
    number = transcript.add(Kind.TASK, asked="/build a dice roller")
    response = Response(status=Status.PARTIAL, output=output)
    show(number, Update(state=JobState.RUNNING, response=response), transcript)
    shown = transcript.entries[-1]
    for told in (shown.progress, *dict(shown.progress_by_language).values()):
        assert "evil" in told
        assert len(told) < 400
        assert clean_line(told) == told


async def test_what_it_has_cost() -> None:
    talk = Conversation()
    told = await talk.told(CommandKind.COST, language="es")
    assert told == "Esta conversación no ha costado nada hasta ahora."
    talk.transcript.charged(0.12)
    told = await talk.told(CommandKind.COST)
    assert told == "This conversation has cost 12 cents so far."


async def test_forgetting_is_confirmed() -> None:
    talk = Conversation()
    assert await talk.told(CommandKind.YES) is None
    assert "Shall I really forget" in (await talk.told(CommandKind.FORGET) or "")
    assert await talk.told(CommandKind.NO) == "All right, nothing has changed."
    assert not talk.is_forgotten
    await talk.told(CommandKind.FORGET)
    assert "delete it" in (await talk.told(CommandKind.YES) or "")
    assert not talk.is_forgotten
    assert await talk.told(CommandKind.YES, says=Agreement.FORGET) == "Done. I've forgotten it."
    assert talk.is_forgotten


async def test_a_late_yes_forgets_nothing() -> None:
    talk = Conversation()
    await talk.told(CommandKind.FORGET)
    talk.clock.at_s += 61
    assert await talk.told(CommandKind.YES) is None
    assert not talk.is_forgotten


async def test_leaving_is_a_key() -> None:
    assert "Ctrl-Q" in (await Conversation().told(CommandKind.LEAVE) or "")
