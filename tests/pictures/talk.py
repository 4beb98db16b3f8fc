"""Frames of `skydeck talk`: the real app and the real transcript, with a conversation by script.

Nobody speaks and no model answers, so that the pictures are the same each time. The times are those
that `make talk` prints on two cores with nothing else on them, and the pauses last as long.
"""

import math
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch

from textual.pilot import Pilot

from bot.local_voice.transcript import Transcript
from bot.local_voice.tui.app import TalkApp
from bot.local_voice.tui.prompt_input import PromptInput
from bot.local_voice.view import Doing, Kind
from bot.voice_agent.events import Stage, TurnUpdate
from bot.voice_agent.latency_phase import Phase
from bot.voice_agent.turn_latency import TurnTrace
from tests.fakes.talk_controller import FakeController
from tests.pictures.cells import Row, rows_of
from tests.pictures.svg import Frame, moving, still

SIZE: Final = (80, 24)
_TITLE: Final = "skydeck talk"
_BEFORE: Final = ("What is the capital of France?", "The capital of France is Paris.")
_SPANISH: Final = ("¿Cuál es la capital de Francia?", "La capital de Francia es París.")
_QUESTION: Final = "Why is the sky blue?"
_ANSWER: Final = (
    "Sunlight holds every colour. Air scatters the blue part most, so blue light reaches your eyes "
    "from all over the sky."
)
_RATE: Final = 12
"""Frames a second while somebody speaks."""
_SPOKEN_S: Final = 2.4
_WORDS_PER_S: Final = 6
_ROUNDS: Final = 3
"""Messages of the app that a change leads to: the change, its layout, and what that hides."""
_TOLD: Final = (
    f"skydeck talk: somebody holds the space bar and asks: {_QUESTION} The state goes from READY "
    f"to RECORDING, THINKING and ANSWERING; Alfred says: {_ANSWER}"
)


def phases() -> tuple[Phase, ...]:
    """Where the time of the spoken turn went, by the real stopwatch's rules."""
    trace = TurnTrace(1, 1)
    trace.ended(last_packet=0.0, decided=0.21, waited_ms=200)
    trace.request_sent, trace.queued = 0.211, 0.22
    trace.transcript, trace.first_text, trace.first_audio = 0.36, 0.5, 0.8
    trace.first_packet_out = 0.812
    return trace.split()


@dataclass
class _Show:
    """The app, and what it is told."""

    app: TalkApp
    pilot: Pilot[None]
    controller: FakeController
    transcript: Transcript = field(default_factory=Transcript)
    frames: list[Frame] = field(default_factory=list)

    def turn(self, number: int, stage: Stage, asked: str = "", said: str = "") -> None:
        """A turn's new state."""
        self.transcript.show(TurnUpdate(number, 1, stage, asked, said))

    async def rows(self, **view: Any) -> tuple[Row, ...]:
        """What the app shows then."""
        self.controller.set(entries=self.transcript.entries, **view)
        self.app.update_view()
        for _ in range(_ROUNDS):
            await self.pilot.pause(0)
        return rows_of(self.app)

    async def shows(self, seconds: float, **view: Any) -> None:
        """Show something for some time."""
        self.frames.append(Frame(await self.rows(**view), seconds))


@asynccontextmanager
async def _show() -> AsyncIterator[_Show]:
    controller = FakeController(has_release=True)
    with patch.dict(os.environ):
        os.environ.pop("NO_COLOR", None)  # whoever makes the pictures may wish for none
        app = TalkApp(controller)
    async with app.run_test(size=SIZE) as pilot:
        app.query_one(PromptInput).cursor_blink = False  # else a slow machine shows another frame
        yield _Show(app, pilot, controller)


async def turn() -> str:
    """A spoken turn, moving: `turn.svg`."""
    async with _show() as show:
        show.turn(1, Stage.DONE, *_BEFORE)
        await show.shows(1.0, phases=())
        await _speak(show)
        await _answer(show)
        poster = len(show.frames) - 1
        await show.shows(2.2, doing=Doing.READY)
    return moving(show.frames, poster=poster, title=_TITLE, told=_TOLD, columns=SIZE[0])


async def _speak(show: _Show) -> None:
    for number in range(int(_SPOKEN_S * _RATE)):
        await show.shows(
            1 / _RATE,
            doing=Doing.RECORDING,
            recording_s=number / _RATE,
            level_dbfs=_level(number / _RATE),
        )


def _level(at_s: float) -> float:
    """The level of a voice that says five words in two seconds, in dBFS."""
    if not 0.2 < at_s < _SPOKEN_S - 0.2:
        return -47 + math.sin(at_s * 90)
    word = abs(math.sin(at_s * math.pi * 2.6)) ** 0.6
    return -42 + 32 * word * (0.75 + 0.25 * math.sin(at_s * 37))


async def _answer(show: _Show) -> None:
    times = phases()
    heard_s = sum(one.lasts_ms for one in times[:4]) / 1000
    show.turn(2, Stage.HEARD)
    await show.shows(heard_s, doing=Doing.THINKING, recording_s=0.0)
    show.turn(2, Stage.HEARD, _QUESTION)
    await show.shows(sum(one.lasts_ms for one in times[4:]) / 1000)
    words = _ANSWER.split(" ")
    for count in range(1, len(words) + 1):
        show.turn(2, Stage.ANSWERING, _QUESTION, " ".join(words[:count]))
        await show.shows(1 / _WORDS_PER_S, doing=Doing.ANSWERING, phases=times)
    show.turn(2, Stage.DONE, _QUESTION, _ANSWER)


async def conversation() -> str:
    """A moment of a short conversation: `talk.svg`."""
    async with _show() as show:
        show.turn(1, Stage.DONE, *_SPANISH)
        task = show.transcript.add(Kind.TASK, asked="/build a leap year test")
        show.transcript.change(task, progress="Iteration 2 of 4 · 0.70: leap(1900) → True")
        show.turn(2, Stage.ANSWERING, _QUESTION, _ANSWER.removesuffix(" over the sky."))
        rows = await show.rows(doing=Doing.ANSWERING, phases=phases())
    told = "skydeck talk while Alfred answers a spoken question, and the Factory builds something."
    return still(rows, title=_TITLE, told=told, columns=SIZE[0])
