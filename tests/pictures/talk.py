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

from bot.i18n import words_for
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
from tests.pictures.words import Spoken

SIZE: Final = (80, 24)
_TITLE: Final = "skydeck talk"
_RATE: Final = 12
"""Frames a second while somebody speaks."""
_SPOKEN_S: Final = 2.4
_WORDS_PER_S: Final = 6
_ROUNDS: Final = 3
"""Messages of the app that a change leads to: the change, its layout, and what that hides."""


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
    said: Spoken
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
async def _show(said: Spoken) -> AsyncIterator[_Show]:
    words = words_for(said.language)
    controller = FakeController(
        has_release=True,
        interface=said.language,
        person=words("talk.you"),
        place=words("talk.here"),
    )
    with patch.dict(os.environ):
        os.environ.pop("NO_COLOR", None)  # whoever makes the pictures may wish for none
        app = TalkApp(controller)
    async with app.run_test(size=SIZE) as pilot:
        app.query_one(PromptInput).cursor_blink = False  # else a slow machine shows another frame
        yield _Show(app, pilot, controller, said)


async def turn(said: Spoken) -> str:
    """A spoken turn, moving: `turn.svg`."""
    async with _show(said) as show:
        show.turn(1, Stage.DONE, *said.before)
        await show.shows(1.0, phases=())
        await _speak(show)
        await _answer(show)
        poster = len(show.frames) - 1
        await show.shows(2.2, doing=Doing.READY)
    return moving(show.frames, poster=poster, title=_TITLE, told=said.turn, columns=SIZE[0])


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
    question, answer = show.said.question, show.said.answer
    show.turn(2, Stage.HEARD, question)
    await show.shows(sum(one.lasts_ms for one in times[4:]) / 1000)
    words = answer.split(" ")
    for count in range(1, len(words) + 1):
        show.turn(2, Stage.ANSWERING, question, " ".join(words[:count]))
        await show.shows(1 / _WORDS_PER_S, doing=Doing.ANSWERING, phases=times)
    show.turn(2, Stage.DONE, question, answer)


async def conversation(said: Spoken) -> str:
    """A moment of a short conversation: `talk.svg`."""
    async with _show(said) as show:
        show.turn(1, Stage.DONE, *said.other)
        task = show.transcript.add(Kind.TASK, asked=said.build)
        show.transcript.change(task, progress=said.progress)
        show.turn(2, Stage.ANSWERING, said.question, said.answer[: said.so_far])
        rows = await show.rows(doing=Doing.ANSWERING, phases=phases())
    return still(rows, title=_TITLE, told=said.conversation, columns=SIZE[0])
