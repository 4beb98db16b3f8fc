"""What the person at the microphone tells it to do."""

from bot.build_notes import note
from bot.clock import SystemClock
from bot.contract import Output, Response, Status
from bot.contract.factory import Iteration, Phase, Working
from bot.i18n import words_for
from bot.local_voice.said_commands import SaidCommands
from bot.local_voice.tasks import show
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import Kind
from bot.runpod.models import JobState, Update
from bot.spoken_commands import CommandKind, CommandMatch, SpokenCommand
from bot.voice_agent.events import PerformCommands


class HandClock(SystemClock):
    """It stands still."""

    at_s = 100.0

    def now(self) -> float:
        return self.at_s


class Conversation:
    """Has one command that runs, and can forget."""

    def __init__(self) -> None:
        self.runs = True
        self.is_forgotten = False
        self.clock = HandClock()
        self.transcript = Transcript()
        self.commands = SaidCommands(self._cancel, self._forget, self.transcript, self.clock)

    def _cancel(self) -> bool:
        was_running, self.runs = self.runs, False
        return was_running

    def _forget(self) -> None:
        self.is_forgotten = True

    async def told(self, *kinds: CommandKind, language: str = "en") -> str | None:
        match = CommandMatch(tuple(SpokenCommand(kind) for kind in kinds), language)
        order = PerformCommands(1, 1, match, "", language, overlaps_answer=False)
        return await self.commands.perform(order, words_for(language))


async def test_the_newest_command_is_cancelled_once() -> None:
    talk = Conversation()
    assert await talk.told(CommandKind.CANCEL) == "I've cancelled it."
    assert await talk.told(CommandKind.CANCEL_JOB) == "Nothing of yours is running."


async def test_how_far_it_is() -> None:
    talk = Conversation()
    assert await talk.told(CommandKind.PROGRESS) is None, "then it is talk"
    talk.transcript.add(Kind.TASK, asked="/build a dice roller", progress="round 2 of 4: drafting")
    assert await talk.told(CommandKind.PROGRESS) == "/build: round 2 of 4: drafting."


async def test_how_far_it_is_in_the_language_of_the_question() -> None:
    talk = Conversation()
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
        number = talk.transcript.add(Kind.TASK, asked="/build a dice roller")
        show(number, Update(state=JobState.RUNNING, response=response), talk.transcript)
        assert await talk.told(CommandKind.PROGRESS) == f"/build: {english}."
        assert await talk.told(CommandKind.PROGRESS, language="es") == f"/build: {spanish}."
    number = talk.transcript.add(Kind.TASK, asked="/build a dice roller")
    show(number, Update(state=JobState.QUEUED), talk.transcript)
    assert await talk.told(CommandKind.PROGRESS, language="es") == "/build: En la cola."


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
    assert (await talk.told(CommandKind.FORGET) or "").endswith("?")
    assert await talk.told(CommandKind.NO) == "All right, nothing has changed."
    assert not talk.is_forgotten
    await talk.told(CommandKind.FORGET)
    assert await talk.told(CommandKind.YES) == "Done. I've forgotten it."
    assert talk.is_forgotten


async def test_a_late_yes_forgets_nothing() -> None:
    talk = Conversation()
    await talk.told(CommandKind.FORGET)
    talk.clock.at_s += 61
    assert await talk.told(CommandKind.YES) is None
    assert not talk.is_forgotten


async def test_leaving_is_a_key() -> None:
    assert "Ctrl-Q" in (await Conversation().told(CommandKind.LEAVE) or "")
