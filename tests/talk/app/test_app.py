"""The terminal app, by its keys and by what is on the screen."""

import contextlib

import pytest
from textual.widgets import Input, Select

from bot.talk.app import TalkApp
from bot.talk.app.widgets import EntryBox
from bot.talk.view import Doing, Entry, Kind, TalkMode
from tests.fakes.talk_desk import PHASES, TALKED, FakeDesk

LONG = "All work and no play makes Jack a dull boy. " * 450
STRANGE = (
    "[bold]no markup[/bold] [/] \x1b[31mred\x1b[0m \x07 \u202eright to left\u202c 🧑‍🚀 \t\r\n"
    "a\u0300\u0301\u0302 \x00 end"
)


@contextlib.asynccontextmanager
async def running(desk: FakeDesk, size=(80, 24)):
    app = TalkApp(desk)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause(0.1)
        yield app, pilot


def screen(app: TalkApp) -> str:
    """What is on it, as text."""
    width, height = app.size
    return "\n".join(
        "".join(segment.text for segment in strip)[:width]
        for strip in app.screen._compositor.render_strips()[:height]
    )


async def settled(pilot) -> None:
    await pilot.pause(0.12)


async def test_at_rest_it_says_who_where_and_what_to_do():
    async with running(FakeDesk()) as (app, _):
        text = screen(app)
        for words in ("You ⇄ Alfred on this machine", "READY", "space: talk", "push to talk"):
            assert words in text
        for key in ("Talk", "Stop", "Help", "Settings", "Quit"):
            assert key in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"doing": Doing.LOADING}, "LOADING"),
        ({"doing": Doing.RECORDING, "recording_s": 63.0}, "RECORDING 1:03"),
        ({"doing": Doing.THINKING}, "THINKING"),
        ({"doing": Doing.WAITING}, "a worker is being started"),
        ({"doing": Doing.ANSWERING}, "ANSWERING"),
        ({"doing": Doing.PAUSED}, "NOT LISTENING"),
        ({"mode": TalkMode.HANDS_FREE}, "LISTENING"),
        ({"has_release": True}, "hold space and talk"),
        ({"can_hear": False}, "type below"),
        ({"trouble": "The microphone is gone: plug it in again."}, "The microphone is gone"),
        ({"cost_usd": 0.0123}, "$0.0123"),
    ],
)
async def test_each_state_is_told_in_words(changes, words):
    desk = FakeDesk()
    async with running(desk) as (app, pilot):
        desk.set(**changes)
        await settled(pilot)
        assert words in screen(app)


async def test_the_conversation_grows():
    desk = FakeDesk()
    async with running(desk) as (app, pilot):
        desk.add(Entry(1, Kind.TURN, "How far?"))
        await settled(pilot)
        desk.add(Entry(1, Kind.TURN, "How far?", "Far"))
        await settled(pilot)
        desk.add(Entry(1, Kind.TURN, "How far?", "Far away.", is_over=True))
        await settled(pilot)
        assert "Alfred: Far away." in screen(app)
        assert len(app.query(EntryBox)) == 1
        desk.add(*TALKED[1:])
        await settled(pilot)
        assert "round 2 of 4" in screen(app)
        assert "stopped" in screen(app)


async def test_the_space_bar_is_the_talk_key_until_something_is_typed():
    desk = FakeDesk()
    async with running(desk) as (app, pilot):
        await pilot.press("space")
        assert desk.calls == [("down",)]
        await settled(pilot)
        assert "RECORDING" in screen(app)
        await pilot.press("h", "i", "space", "y", "o", "u")
        assert app.query_one(Input).value == "hi you"
        assert desk.calls == [("down",)]
        await pilot.press("enter")
        assert desk.calls[-1] == ("submit", "hi you")
        await settled(pilot)
        assert "You said: hi you" in screen(app)
        await pilot.press("space")
        assert desk.calls[-1] == ("down",)


async def test_a_release_ends_it_where_the_terminal_tells():
    desk = FakeDesk()
    async with running(desk) as (app, pilot):
        await pilot.press("space")
        await pilot.pause(0.3)
        await pilot.press("repeat+space")
        await pilot.press("release+space")
        assert desk.calls == [("down",), ("release",), ("up",)]
        await settled(pilot)
        assert "hold space and talk" in screen(app)


async def test_other_keys():
    desk = FakeDesk(entries=TALKED[:1])
    async with running(desk) as (app, pilot):
        await pilot.press("escape")
        assert desk.calls == [("stop",)]
        await pilot.press("ctrl+t")
        assert desk.calls[-1] == ("mode", TalkMode.HANDS_FREE)
        await pilot.press("ctrl+s")
        await pilot.pause(0.4)
        assert ("save",) in desk.calls
        assert "conversation.md" in screen(app)
        await pilot.press("ctrl+y")
        assert app.clipboard == "The capital of France is Paris."
        await pilot.press("f1")
        await settled(pilot)
        assert "stop the answer" in screen(app)
        await pilot.press("escape")
        await settled(pilot)
        assert len(app.screen_stack) == 1
        assert desk.calls.count(("stop",)) == 1
        await pilot.press("ctrl+q")
    assert app.return_code == 0


async def test_typed_lines_come_back_and_commands_are_completed():
    desk = FakeDesk()
    async with running(desk) as (app, pilot):
        await pilot.press("o", "n", "e", "enter", "t", "w", "o", "enter")
        line = app.query_one(Input)
        await pilot.press("up", "up")
        assert line.value == "one"
        await pilot.press("down", "down")
        assert line.value == ""
        await pilot.press("/", "s", "u", "tab")
        assert line.value == "/summarize "
        await pilot.press("space")  # in a line with words a space is a space
        assert line.value == "/summarize  "


async def test_settings():
    desk = FakeDesk(microphone="an old one")
    async with running(desk) as (app, pilot):
        await pilot.press("f2")
        await settled(pilot)
        microphone = app.screen.query_one("#microphone", Select)
        assert microphone.value == "an old one"
        microphone.value = "USB"
        app.screen.query_one("#mode", Select).value = "hands-free"
        app.screen.query_one("#language", Select).value = "es"
        app.screen.query_one("#voice", Select).value = "joe"
        await settled(pilot)
        await pilot.click("#test-microphone")
        await pilot.pause(0.3)
        assert "at -20 dB" in screen(app)
        await pilot.press("escape")
        await settled(pilot)
        assert len(app.screen_stack) == 1
    assert desk.calls == [
        ("microphone", "USB"),
        ("mode", TalkMode.HANDS_FREE),
        ("language", "es"),
        ("voice", "joe"),
    ]


async def test_a_click_on_the_state_is_a_press():
    desk = FakeDesk()
    async with running(desk) as (_, pilot):
        await pilot.click("StateLine")
        assert desk.calls == [("down",)]


@pytest.mark.parametrize("size", [(80, 24), (60, 18), (40, 10), (20, 5), (200, 60)])
async def test_every_size_shows_the_state(size):
    desk = FakeDesk(entries=TALKED, phases=PHASES, trouble="The loudspeaker is gone.")
    async with running(desk, size) as (app, _):
        text = screen(app)
        assert "READY" in text
        assert len(text.splitlines()) == size[1]


async def test_it_can_be_resized_in_mid_answer():
    desk = FakeDesk(entries=TALKED, phases=PHASES)
    async with running(desk, (120, 40)) as (app, pilot):
        assert "recognising" in screen(app)
        for size in ((60, 18), (80, 24), (30, 8), (120, 40)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            assert "READY" in screen(app)
        assert "in all" in screen(app)


async def test_strange_and_long_texts_are_shown_as_they_are():
    desk = FakeDesk()
    async with running(desk) as (app, pilot):
        desk.add(
            Entry(1, Kind.TURN, STRANGE, STRANGE),
            Entry(2, Kind.ERROR, answered=STRANGE, is_over=True),
            Entry(3, Kind.TURN, "long", LONG[:20_000], is_over=True),
            Entry(4, Kind.TURN, "[bold]no markup[/bold]", "[/]", is_over=True),
        )
        desk.set(trouble=STRANGE)
        await settled(pilot)
        text = screen(app)
        assert "[bold]no markup[/bold]" in text
        assert "\x1b" not in text
        assert "\x07" not in text


async def test_who_has_scrolled_up_is_left_in_peace():
    desk = FakeDesk()
    async with running(desk) as (app, pilot):
        desk.add(
            *(Entry(n, Kind.TURN, f"Question {n}", "Answer", is_over=True) for n in range(200))
        )
        await pilot.pause(0.4)
        assert "Question 199" in screen(app)
        await pilot.press("pageup", "pageup")
        await settled(pilot)
        before = app.query_one("Conversation").scroll_y
        desk.add(Entry(200, Kind.TURN, "Question 200", "Answer", is_over=True))
        await settled(pilot)
        assert app.query_one("Conversation").scroll_y == before


async def test_what_is_forgotten_goes():
    desk = FakeDesk(entries=TALKED)
    async with running(desk) as (app, pilot):
        desk.set(entries=TALKED[2:])
        await settled(pilot)
        assert len(app.query(EntryBox)) == 1


async def test_nothing_is_drawn_while_nothing_changes(monkeypatch):
    desk = FakeDesk(entries=TALKED, phases=PHASES)
    async with running(desk) as (app, pilot):
        await pilot.pause(0.5)
        drawn = []
        update = type(app.screen)._on_timer_update

        def noted(screen):
            if screen._dirty_widgets or screen._layout_required or screen._repaint_required:
                drawn.append(set(screen._dirty_widgets))
            update(screen)

        monkeypatch.setattr(type(app.screen), "_on_timer_update", noted)
        looked = []
        view = desk.view
        monkeypatch.setattr(desk, "view", lambda: looked.append(1) or view())
        await pilot.pause(0.5)
        assert len(looked) > 3
        assert drawn == []


async def test_without_colour_it_says_the_same(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    desk = FakeDesk(entries=TALKED, doing=Doing.RECORDING, recording_s=3.0)
    async with running(desk) as (app, _):
        assert "● RECORDING 0:03" in screen(app)
