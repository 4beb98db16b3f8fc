"""Line mode."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.local_voice.line_mode import LineMode
from bot.local_voice.view import Doing, Entry, Kind, TalkMode
from tests.fakes.talk_controller import FakeController
from tests.waiting import HANGS_S

pytestmark = pytest.mark.virtual_time  # line mode takes a view every 50 ms, so a sleep is enough


class Keyboard:
    """Lines as somebody types them."""

    def __init__(self):
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()

    async def types(self, *lines: str, then: float = 0.15) -> None:
        for line in lines:
            self._lines.put_nowait(line + "\n")
        await asyncio.sleep(then)

    def ends(self) -> None:
        self._lines.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[str]:
        while (line := await self._lines.get()) is not None:
            yield line


@pytest.fixture
async def line_mode():
    controller, keyboard, written = FakeController(), Keyboard(), []
    running = asyncio.ensure_future(LineMode(controller, written.append).run(keyboard))
    await asyncio.sleep(0.1)
    yield controller, keyboard, written
    keyboard.ends()
    await asyncio.wait_for(running, HANGS_S)


async def test_enter_is_the_talk_key(line_mode):
    controller, keyboard, written = line_mode
    assert "[ready; press Enter to talk]" in written
    await keyboard.types("")
    assert controller.calls == [("down",)]
    assert "[recording]" in written
    await keyboard.types("")
    assert written[-1] == "[ready; press Enter to talk]"


async def test_what_is_typed_is_asked(line_mode):
    _, keyboard, written = line_mode
    await keyboard.types("How far?")
    assert written[-1] == "Alfred: You said: How far?"


async def test_an_answer_comes_sentence_by_sentence(line_mode):
    controller, _, written = line_mode
    for text in ("Far", "Far away. R", "Far away. Really far. And"):
        controller.add(Entry(1, Kind.TURN, "How far?", text, spoken=True))
        await asyncio.sleep(0.12)
    controller.add(Entry(1, Kind.TURN, "How far?", "Far away. Really far. And cold.", is_over=True))
    await asyncio.sleep(0.12)
    said = [line for line in written if line.startswith(("You:", "Alfred:"))]
    assert said == [
        "You: How far?",
        "Alfred: Far away.",
        "Alfred: Really far.",
        "Alfred: And cold.",
    ]


async def test_a_number_or_a_title_is_no_sentence(line_mode):
    controller, _, written = line_mode
    for text in (
        "1. B",
        "1. Boil it. 2. A",
        "1. Boil it. 2. Ask Dr. S",
        "1. Boil it. 2. Ask Dr. So.",
    ):
        controller.add(Entry(1, Kind.TURN, "How?", text, spoken=True))
        await asyncio.sleep(0.12)
    controller.add(Entry(1, Kind.TURN, "How?", "1. Boil it. 2. Ask Dr. So.", is_over=True))
    await asyncio.sleep(0.12)
    said = [line for line in written if line.startswith("Alfred:")]
    assert said == ["Alfred: 1. Boil it.", "Alfred: 2. Ask Dr. So."]


async def test_states_troubles_errors_and_progress_are_lines(line_mode):
    controller, _, written = line_mode
    for doing in (Doing.THINKING, Doing.WAITING, Doing.ANSWERING):
        controller.set(doing=doing)
        await asyncio.sleep(0.12)
    controller.set(doing=Doing.READY, trouble="The microphone is gone.", can_hear=False)
    controller.add(Entry(1, Kind.ERROR, answered="No.", is_over=True))
    controller.add(Entry(2, Kind.TASK, "/build x", progress="round 1 of 4"))
    await asyncio.sleep(0.12)
    controller.add(Entry(2, Kind.TASK, "/build x", "done", is_over=True))
    await asyncio.sleep(0.12)
    for line in (
        "[thinking]",
        "[waiting for the service to start]",
        "[The microphone is gone.]",
        "[ready; no microphone, but you can type]",
        "Error: No.",
        "[round 1 of 4]",
        "done",
    ):
        assert written.count(line) == 1, line


async def test_choices_by_number(line_mode):
    controller, keyboard, written = line_mode
    await keyboard.types("/microphone")
    assert "/microphone 2: USB headset" in written
    await keyboard.types("/microphone 2", "/voice 2", "/language 99", "/mode hands-free", "/mode x")
    assert ("microphone", "USB") in controller.calls
    assert ("voice", "joe") in controller.calls
    assert controller.now.mode is TalkMode.HANDS_FREE
    assert written[-1].startswith("Choose /mode key")
    await keyboard.types("/stop")
    assert ("stop",) in controller.calls


async def test_what_was_asked_at_the_end_is_still_answered():
    controller, keyboard, written = FakeController(), Keyboard(), []
    running = asyncio.ensure_future(LineMode(controller, written.append).run(keyboard))
    controller.add(Entry(1, Kind.TASK, "/build x"))
    keyboard.ends()
    await asyncio.sleep(0.3)
    assert not running.done()
    controller.add(Entry(1, Kind.TASK, "/build x", "built", is_over=True))
    await asyncio.wait_for(running, HANGS_S)
    assert written[-1] == "built"


async def test_quit():
    controller, keyboard = FakeController(), Keyboard()
    running = asyncio.ensure_future(LineMode(controller, lambda _: None).run(keyboard))
    await keyboard.types("/quit", then=0)
    await asyncio.wait_for(running, HANGS_S)
