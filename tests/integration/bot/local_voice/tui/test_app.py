"""The terminal app, by its keys and by what is on the screen."""

import asyncio
import contextlib
import re

import pytest
from textual import events
from textual.widgets import Select

from bot.errors import BadInput
from bot.local_voice.tui import kitty, theme
from bot.local_voice.tui.app import TalkApp
from bot.local_voice.tui.prompt_input import MAX_CHARS, PromptInput
from bot.local_voice.tui.widgets import Conversation, Page
from bot.local_voice.view import Doing, Entry, Kind, TalkMode
from tests.fakes.talk_controller import PHASES, TALKED, FakeController
from tests.fakes.talk_pictures import SCENES
from tests.fakes.talk_pictures import running as scene

pytestmark = [pytest.mark.virtual_time, pytest.mark.usefixtures("textual_timers")]

LONG = "All work and no play makes Jack a dull boy. " * 450
STRANGE = (
    "[bold]no markup[/bold] [/] \x1b[31mred\x1b[0m \x07 \u202eright to left\u202c 🧑‍🚀 שלום \t\r\n"
    "a\u0300\u0301\u0302 \x00 end"
)


@pytest.fixture
async def textual_timers(monkeypatch):
    """Textual's timers and waits read the loop's clock, as `asyncio.sleep` does."""
    now = asyncio.get_running_loop().time
    monkeypatch.setattr("textual._time.get_time", now)
    monkeypatch.setattr("textual._wait.monotonic", now)


@contextlib.asynccontextmanager
async def running(controller: FakeController, size=(80, 24)):
    app = TalkApp(controller)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settled(pilot)
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


async def sees(pilot, words: str) -> None:
    """Until it is on the screen; a busy machine takes its time."""
    for _ in range(100):
        if words in screen(pilot.app):
            return
        await pilot.pause(0.05)
    raise AssertionError(f"{words!r} is not in\n{screen(pilot.app)}")


def past(count: int) -> list[Entry]:
    return [Entry(n, Kind.TURN, f"Question {n}", "Answer", is_over=True) for n in range(count)]


# -- what is shown -------------------------------------------------------------------------------


async def test_at_rest_it_says_who_where_and_what_to_do():
    async with running(FakeController()) as (app, _):
        text = screen(app)
        for words in ("You ⇄ Alfred on this machine", "READY", "Space: talk", "push to talk"):
            assert words in text
        for key in ("Space talk", "Esc stop", "F1 help", "F2 settings", "^Q quit"):
            assert key in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"doing": Doing.LOADING}, "LOADING"),
        ({"doing": Doing.RECORDING, "recording_s": 63.0}, "RECORDING 1:03"),
        ({"doing": Doing.THINKING}, "THINKING"),
        ({"doing": Doing.WAITING}, "A worker is starting"),
        ({"doing": Doing.ANSWERING}, "ANSWERING"),
        ({"doing": Doing.PAUSED}, "NOT LISTENING"),
        ({"mode": TalkMode.HANDS_FREE}, "LISTENING"),
        ({"has_release": True}, "Hold space and talk"),
        ({"can_hear": False}, "type your question below"),
        ({"trouble": "The microphone is gone: plug it in again."}, "The microphone is gone"),
        ({"cost_usd": 0.0123}, "$0.01"),
    ],
)
async def test_each_state_is_told_in_words(changes, words):
    controller = FakeController()
    async with running(controller) as (_, pilot):
        controller.set(**changes)
        await sees(pilot, words)


async def test_the_voice_is_drawn_while_it_counts():
    controller = FakeController(doing=Doing.RECORDING)
    async with running(controller) as (app, pilot):
        for level in (-20.0, -10.0, -8.0):
            controller.set(level_dbfs=level)
            await sees(pilot, "█")
        controller.set(doing=Doing.THINKING)
        await settled(pilot)
        assert "█" not in screen(app)


async def test_the_conversation_grows():
    controller = FakeController()
    async with running(controller) as (app, pilot):
        controller.add(Entry(1, Kind.TURN, "How far?"))
        await settled(pilot)
        controller.add(Entry(1, Kind.TURN, "How far?", "Far"))
        await settled(pilot)
        controller.add(Entry(1, Kind.TURN, "How far?", "Far away.", is_over=True))
        await sees(pilot, "Alfred  Far away.")
        assert screen(app).count("How far?") == 1
        controller.add(*TALKED[1:])
        await sees(pilot, "round 2 of 4")
        assert "stopped" in screen(app)


async def test_what_is_forgotten_goes_and_the_rest_keeps_its_order():
    entries = past(31)
    late = entries.pop(21)
    controller = FakeController(entries=tuple(entries))
    async with running(controller, (80, 200)) as (app, pilot):
        controller.set(entries=(*entries[13:], late))
        await sees(pilot, "Question 21")
        shown = [int(word) for word in screen(app).split() if word.isdigit()]
        assert shown == [*range(13, 21), *range(22, 31), 21]


async def test_who_has_scrolled_up_is_left_in_peace():
    controller = FakeController(entries=tuple(past(200)))
    async with running(controller) as (app, pilot):
        conversation = app.query_one(Conversation)
        assert "Question 199" in screen(app)
        await pilot.press("pageup", "pageup")
        await settled(pilot)
        before = conversation.scroll_y
        controller.add(Entry(200, Kind.TURN, "Question 200", "Answer", is_over=True))
        await settled(pilot)
        assert conversation.scroll_y == before
        await pilot.press("ctrl+end")
        await sees(pilot, "Question 200")
        controller.add(Entry(201, Kind.TURN, "Question 201", LONG[:2000], is_over=True))
        await settled(pilot)
        assert conversation.scroll_y == conversation.max_scroll_y
        await pilot.press("pageup", "pageup", "h", "i", "enter")
        await sees(pilot, "You said: hi")


async def test_strange_and_long_texts_are_shown_as_they_are():
    controller = FakeController()
    async with running(controller) as (app, pilot):
        controller.add(
            Entry(1, Kind.TURN, STRANGE, STRANGE),
            Entry(2, Kind.ERROR, answered=STRANGE, is_over=True),
            Entry(3, Kind.TURN, "long", LONG[:20_000], is_over=True),
            Entry(4, Kind.TASK, "x" * 500, "日本語" * 200, STRANGE),
            Entry(5, Kind.TURN, "[bold]no markup[/bold]", "[/]", is_over=True),
        )
        controller.set(trouble=STRANGE, person=STRANGE, assistant="日本" * 20)
        await settled(pilot)
        text = screen(app)
        assert "[bold]no markup[/bold]" in text
        assert "\x1b" not in text
        assert "\x07" not in text
        await pilot.resize_terminal(30, 20)
        await settled(pilot)


@pytest.mark.parametrize("size", [(80, 24), (60, 18), (40, 10), (20, 5), (200, 60)])
async def test_every_size_shows_the_state(size):
    controller = FakeController(entries=TALKED, phases=PHASES, trouble="The loudspeaker is gone.")
    async with running(controller, size) as (app, _):
        text = screen(app)
        assert "READY" in text
        assert len(text.splitlines()) == size[1]
        assert ("small window" in text) == (size < (60, 18))


@pytest.mark.parametrize("width", [40, 50, 59])
async def test_in_a_small_window_no_key_is_cut_off(width):
    async with running(FakeController(entries=TALKED, phases=PHASES), (width, 20)) as (app, _):
        assert "^Q quit" in screen(app)


async def test_it_can_be_resized_in_mid_answer():
    controller = FakeController(entries=TALKED, phases=PHASES)
    async with running(controller, (120, 40)) as (app, pilot):
        assert "recognising" in screen(app)
        for size in ((60, 18), (80, 24), (30, 8), (120, 40)):
            await pilot.resize_terminal(*size)
            await sees(pilot, "READY")
        assert "playing" in screen(app)


@pytest.mark.parametrize("name", ["no-colour", "no-colour-settings", "no-colour-choosing"])
async def test_without_colour_nothing_is_coloured(name):
    async with scene(SCENES[name]) as (app, _):
        strips = app.screen._compositor.render_strips()
        styles = {segment.style for strip in strips for segment in app_filtered(app, strip)}
        colours = {
            colour.name
            for style in styles
            if style is not None
            for colour in (style.color, style.bgcolor)
            if colour is not None
        }
        assert colours <= {"default"}
        assert any(style.reverse or style.underline for style in styles if style is not None)


def app_filtered(app: TalkApp, strip):
    for line_filter in app._filters:
        strip = strip.apply_filter(line_filter, app.screen.background_colors[1])
    return strip


async def test_nothing_is_drawn_while_nothing_changes(monkeypatch):
    controller = FakeController(entries=TALKED, phases=PHASES)
    async with running(controller) as (app, pilot):
        await pilot.pause(0.5)
        drawn = []
        update = type(app.screen)._on_timer_update

        def noted(screen):
            if screen._dirty_widgets or screen._layout_required or screen._repaint_required:
                drawn.append(set(screen._dirty_widgets))
            update(screen)

        monkeypatch.setattr(type(app.screen), "_on_timer_update", noted)
        looked = []

        def view():
            looked.append(1)
            controller.set(level_dbfs=-50.0 - len(looked))  # a room has noises
            return controller.now

        monkeypatch.setattr(controller, "view", view)
        await pilot.pause(0.5)
        assert len(looked) > 3
        assert drawn == []


# -- keys ----------------------------------------------------------------------------------------


async def test_the_space_bar_is_the_talk_key_until_something_is_typed():
    controller = FakeController()
    async with running(controller) as (app, pilot):
        await pilot.press("space")
        assert controller.calls == [("down",)]
        await sees(pilot, "RECORDING")
        await pilot.press("h", "i", "space", "y", "o", "u")
        assert app.query_one(PromptInput).value == "hi you"
        assert controller.calls == [("down",)]
        await sees(pilot, "Enter send")
        await pilot.press("enter")
        assert controller.calls[-1] == ("submit", "hi you")
        await sees(pilot, "You said: hi you")
        await pilot.press("space")
        assert controller.calls[-1] == ("down",)


async def test_a_release_ends_it_where_the_terminal_tells():
    controller = FakeController()
    async with running(controller) as (_, pilot):
        await pilot.press("space")
        await pilot.pause(0.3)
        await pilot.press(kitty.REPEATED_SPACE, kitty.RELEASED_SPACE)
        assert controller.calls == [("down",), ("release",), ("up",)]
        await sees(pilot, "Hold space and talk")


async def test_words_typed_while_it_is_held_do_not_swallow_the_release():
    controller = FakeController()
    async with running(controller) as (_, pilot):
        await pilot.press("space", "a", kitty.RELEASED_SPACE)
        assert controller.calls == [("down",), ("release",), ("up",)]


async def test_a_held_space_repeats_in_a_text():
    controller = FakeController()
    async with running(controller) as (app, pilot):
        await pilot.press("a", "space", kitty.REPEATED_SPACE, kitty.RELEASED_SPACE, "b")
        assert app.query_one(PromptInput).value == "a  b"
        assert controller.calls == [("release",)]


async def test_another_window_takes_the_release():
    controller = FakeController(has_release=True)
    async with running(controller) as (app, pilot):
        await pilot.press("space")
        app.post_message(events.AppBlur())
        await settled(pilot)
        assert controller.calls == [("down",), ("up",)]
        app.post_message(events.AppBlur())
        await settled(pilot)
        assert controller.calls == [("down",), ("up",)]


async def test_other_keys():
    controller = FakeController(entries=TALKED[:1])
    async with running(controller) as (app, pilot):
        await pilot.press("escape")
        assert controller.calls == [("stop",)]
        await pilot.press("ctrl+t")
        assert controller.calls[-1] == ("mode", TalkMode.HANDS_FREE)
        await pilot.press("ctrl+s")
        await sees(pilot, "conversation.md")
        assert ("save",) in controller.calls
        await pilot.press("ctrl+y")
        assert app.clipboard == "The capital of France is Paris."
        await pilot.press("f1")
        await sees(pilot, "stop the answer")
        await pilot.press("escape")
        await settled(pilot)
        assert len(app.screen_stack) == 1
        assert controller.calls.count(("stop",)) == 1
        await pilot.press("ctrl+q")
    assert app.return_code == 0


async def test_the_key_for_copying_copies_what_is_marked_else_it_leaves():
    async with running(FakeController(entries=TALKED)) as (app, pilot):
        app.query(Page).first().text_select_all()
        await pilot.press("ctrl+c")
        assert "The capital of France is Paris." in app.clipboard
        assert app.is_running
        await pilot.press("a", "b", "shift+left", "ctrl+c")
        assert app.clipboard == "b"
        app.query_one(PromptInput).value = ""
        await pilot.press("ctrl+c")
    assert app.return_code == 0


async def test_a_click_is_a_press():
    controller = FakeController()
    async with running(controller) as (app, pilot):
        await pilot.click("StateLine")
        assert controller.calls == [("down",)]
        at = screen(app).splitlines()[-1].index("Esc")
        await pilot.click("KeyLine", offset=(at, 0))
        assert controller.calls == [("down",), ("stop",)]


# -- the line of input ---------------------------------------------------------------------------


async def test_typed_lines_come_back():
    async with running(FakeController()) as (app, pilot):
        await pilot.press("o", "n", "e", "enter", "t", "w", "o", "enter", "n", "e", "w")
        line = app.query_one(PromptInput)
        await pilot.press("up", "up", "up")
        assert line.value == "one"
        await pilot.press("down")
        assert line.value == "two"
        await pilot.press("down", "down")
        assert line.value == "new"


async def test_commands_are_completed_and_the_next_follows():
    async with running(FakeController()) as (app, pilot):
        line = app.query_one(PromptInput)
        await pilot.press("/", "s", "tab")
        assert line.value == "/summarize "
        await pilot.press("tab")
        assert line.value == "/sentiment "
        await pilot.press("tab", "space")  # in a line with words a space is a space
        assert line.value == "/summarize  "
        await pilot.press("tab")
        assert line.value == "/summarize  "


async def test_all_lines_of_a_pasted_text_are_sent():
    controller = FakeController()
    async with running(controller) as (app, pilot):
        await pilot.press("/", "b", "space")
        app.query_one(PromptInput).post_message(events.Paste("def f():\n    return 1\r\n"))
        await pilot.press("enter")
        assert controller.calls == [("submit", "/b def f():\n    return 1")]


async def test_more_than_fits_is_cut_and_told():
    async with running(FakeController()) as (app, pilot):
        app.query_one(PromptInput).post_message(events.Paste("x" * (MAX_CHARS + 1)))
        await sees(pilot, "20,000 characters")
        assert len(app.query_one(PromptInput).value) == MAX_CHARS


# -- settings ------------------------------------------------------------------------------------


async def test_settings():
    controller = FakeController(microphone="an old one")
    async with running(controller) as (app, pilot):
        await pilot.press("f2")
        await sees(pilot, "Voice of answers")
        microphone = app.screen.query_one("#microphone", Select)
        assert microphone.value == "an old one"
        assert "an old one (not there)" in screen(app)
        microphone.value = "USB"
        app.screen.query_one("#mode", Select).value = "hands-free"
        app.screen.query_one("#language", Select).value = "es"
        app.screen.query_one("#voice", Select).value = "joe"
        await settled(pilot)
        await pilot.click("#test-microphone")
        await sees(pilot, "at -20 dB")
        await pilot.press("escape")
        await settled(pilot)
        assert len(app.screen_stack) == 1
    assert controller.calls == [
        ("microphone", "USB"),
        ("mode", TalkMode.HANDS_FREE),
        ("language", "es"),
        ("voice", "joe"),
    ]


async def test_settings_by_keys_alone():
    controller = FakeController()
    async with running(controller, (60, 18)) as (app, pilot):
        await pilot.press("f2")
        await sees(pilot, "Voice of answers")
        await pilot.press("enter", "down", "enter")
        await settled(pilot)
        assert controller.calls == [("microphone", "USB")]
        await pilot.press("tab", "enter")
        await settled(pilot)
        await pilot.press("escape")
        assert len(app.screen_stack) == 2, "it closed the list"
        await pilot.press("escape")
        await settled(pilot)
        assert len(app.screen_stack) == 1


async def test_every_selector_of_the_stylesheet_matches_something():
    selectors = re.sub(r"{[^}]*}", "", theme.STYLE)
    wanted = set(re.findall(r"(?<![\w.:-])#?[A-Za-z]\w+", selectors))
    async with running(FakeController(entries=TALKED)) as (app, pilot):
        app.notify("A toast.")
        await pilot.press("f2")
        await settled(pilot)
        nodes = [n for s in app.screen_stack for n in s.walk_children(with_self=True)]
        there = {name for node in nodes for name in (*node._css_type_names, f"#{node.id}")}
    assert wanted - there == set()


# -- faults --------------------------------------------------------------------------------------


class BrokenController(FakeController):
    """Fails in every method but `view`."""

    def _fail(self, *args):
        raise ZeroDivisionError("by nought")

    key_down = stop = submit = set_mode = microphones = completions = _fail  # type: ignore[assignment]
    latest_answer = property(_fail)  # type: ignore[assignment]

    async def save(self):
        raise BadInput("The folder cannot be written.")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (["space"], "ZeroDivisionError"),
        (["escape"], "ZeroDivisionError"),
        (["ctrl+t"], "ZeroDivisionError"),
        (["ctrl+y"], "ZeroDivisionError"),
        (["a", "enter"], "ZeroDivisionError"),
        (["/", "s", "tab"], "ZeroDivisionError"),
        (["ctrl+s"], "cannot be written"),
        (["f2"], "ZeroDivisionError"),
    ],
)
async def test_a_fault_is_told_and_the_app_lives(keys, told):
    async with running(BrokenController()) as (app, pilot):
        await pilot.press(*keys)
        await sees(pilot, told)
        await pilot.press("f1")
        await settled(pilot)
        assert app.is_running


async def test_a_view_that_fails_is_told_and_comes_back(monkeypatch):
    controller = FakeController()
    async with running(controller) as (_, pilot):
        with monkeypatch.context() as patch:
            patch.setattr(controller, "view", lambda: 1 / 0)
            await sees(pilot, "ZeroDivisionError")
        controller.set(doing=Doing.THINKING)
        await sees(pilot, "THINKING")
