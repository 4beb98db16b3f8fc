"""The terminal app, by its keys and by what is on the screen."""

import asyncio
import contextlib
import re
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Select

from bot.clock import SystemClock
from bot.errors import BadInput
from bot.i18n import words_for
from bot.local_voice.hearing import Hearing
from bot.local_voice.memory import Memory
from bot.local_voice.tui import kitty, theme
from bot.local_voice.tui.app import TalkApp
from bot.local_voice.tui.prompt_input import MAX_CHARS, PromptInput
from bot.local_voice.tui.widgets import Conversation, Page
from bot.local_voice.view import Doing, Entry, Kind, TalkMode, Theme
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
    controller = FakeController(doing=Doing.RECORDING, entries=TALKED)
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
    controller = FakeController(entries=TALKED, phases=PHASES, shows_times=True)
    async with running(controller, (120, 40)) as (app, pilot):
        assert "recognizing" in screen(app)
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


async def test_a_slash_opens_a_menu_that_says_what_each_command_does():
    async with running(FakeController()) as (app, pilot):
        await pilot.press("/")
        await sees(pilot, "/summarize")
        assert "Summarizes a text" in screen(app)
        assert "… and 16 more: keep typing" in screen(app)
        await pilot.press("t", "r")
        await sees(pilot, "Translates a text into another language")
        assert "/summarize" not in screen(app)
        await pilot.press("backspace", "backspace", "backspace")
        await settled(pilot)
        assert "Translates" not in screen(app)


async def test_tab_takes_the_chosen_command_then_its_options():
    async with running(FakeController()) as (app, pilot):
        line = app.query_one(PromptInput)
        await pilot.press("/", "s", "down", "tab")
        assert line.value == "/summarize ", "the second that begins so"
        await sees(pilot, "As a paragraph or as bullet points")
        await pilot.press("s", "tab")
        assert line.value == "/summarize style="
        await pilot.press("up", "tab")
        assert line.value == "/summarize style=bullets "
        await pilot.press("H", "i", "space", "tab")
        assert line.value == "/summarize style=bullets Hi ", "there is nothing to take"


async def test_enter_takes_a_command_and_sends_one_that_needs_no_more():
    controller = FakeController()
    async with running(controller) as (app, pilot):
        await pilot.press("/", "t", "r", "enter")
        assert app.query_one(PromptInput).value == "/translate "
        assert controller.calls == []
        await pilot.press("enter")
        assert controller.calls == [("submit", "/translate ")]
        await pilot.press("/", "n", "enter")
        assert controller.calls[-1] == ("submit", "/new")


async def test_escape_closes_the_menu_and_stops_nothing():
    controller = FakeController()
    async with running(controller) as (app, pilot):
        await pilot.press("/", "escape")
        await settled(pilot)
        assert "/summarize" not in screen(app)
        assert controller.calls == []
        await pilot.press("escape")
        assert controller.calls == [("stop",)]
        await pilot.press("backspace", "/")
        await sees(pilot, "/summarize")


async def test_a_click_takes_from_the_menu():
    async with running(FakeController()) as (app, pilot):
        await pilot.press("/", "t", "r")
        await sees(pilot, "Translates")
        await pilot.click("CommandMenu", offset=(5, 0))
        await settled(pilot)
        assert app.query_one(PromptInput).value == "/translate "


async def test_the_menu_stays_shut_while_one_leafs_through_what_was_typed():
    async with running(FakeController()) as (app, pilot):
        await pilot.press("a", "enter", "/", "n", "e", "w", "enter", "b", "enter", "up", "up", "up")
        assert app.query_one(PromptInput).value == "a"


@pytest.mark.parametrize("size", [(80, 24), (60, 18), (40, 12), (20, 5)])
async def test_the_menu_fits_every_window(size):
    async with running(FakeController(entries=TALKED), size) as (app, pilot):
        await pilot.press("/")
        await settled(pilot)
        assert len(screen(app).splitlines()) == size[1]
        assert app.query_one(PromptInput).region.bottom <= size[1]


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
        app.controller.memory = Memory(SystemClock(), Path("/nowhere"))
        await pilot.press("f3")
        await settled(pilot)
        nodes = [n for s in app.screen_stack for n in s.walk_children(with_self=True)]
        await pilot.press("escape", "f2")
        await settled(pilot)
        nodes += [n for s in app.screen_stack for n in s.walk_children(with_self=True)]
        there = {name for node in nodes for name in (*node._css_type_names, f"#{node.id}")}
    assert wanted - there == set()


# -- the start -----------------------------------------------------------------------------------


async def test_while_the_models_load_each_shows_how_far_it_is():
    async with scene(SCENES["loading"]) as (app, pilot):
        text = screen(app)
        for words in ("✓ Model files", "ready, 2 s", "▸ Voices", "piper-joe", "· Language model"):
            assert words in text
        assert "Three things to try" in text
        app.controller.set(doing=Doing.READY, loading=())
        await settled(pilot)
        assert "Model files" not in screen(app)
        assert "Three things to try" in screen(app)


async def test_a_fetch_shows_its_megabytes():
    async with scene(SCENES["fetching"]) as (app, _):
        assert "500 of 1,117 MB  qwen2.5-coder-1.5b" in screen(app)


async def test_the_level_check_says_what_the_microphone_hears():
    controller = FakeController(level_dbfs=-10, hearing=Hearing.HEARD)
    async with running(controller) as (app, pilot):
        await sees(pilot, "✓ I hear you")
        assert "█" in screen(app)
        controller.set(hearing=Hearing.SILENT, level_dbfs=-90)
        await sees(pilot, "is it muted, or the wrong one? F2")
        controller.add(*TALKED)
        await settled(pilot)
        assert "Three things" not in screen(app)
        assert "Microphone" not in screen(app)


async def test_the_talk_key_says_that_it_is_too_early():
    async with running(FakeController(doing=Doing.LOADING)) as (_, pilot):
        await pilot.press("space")
        await sees(pilot, "still loading")


# -- looks ---------------------------------------------------------------------------------------


async def test_markdown_and_code_are_set():
    async with scene(SCENES["marked"]) as (app, _):
        app.query_one(Conversation).scroll_home(animate=False)
        text = "\n".join(str(page.visual) for page in app.query(Page))
        assert "**" not in text
        assert "```" not in text
        assert "| way |" not in text
        assert "def backwards(items):" in text


async def test_the_latest_code_is_copied_alone():
    async with scene(SCENES["marked"]) as (app, pilot):
        controller = app.controller
        assert controller.latest_answer.startswith("There are")
        await pilot.press("ctrl+k")
        assert app.clipboard == "def backwards(items):\n    return items[::-1]  # a copy"


async def test_times_are_hidden_until_they_are_wanted():
    controller = FakeController(entries=TALKED, phases=PHASES)
    async with running(controller) as (app, pilot):
        assert "recognizing" not in screen(app)
        await pilot.press("f4")
        await sees(pilot, "recognizing 180")
        assert "░ waits for the end of your sentence" in screen(app)
        await pilot.press("f4")
        await settled(pilot)
        assert "recognizing" not in screen(app)
        assert controller.calls == [("times", True), ("times", False)]


@pytest.mark.parametrize(("theme_", "ground"), [(Theme.DARK, "#14181d"), (Theme.LIGHT, "#fbfbf9")])
async def test_a_theme_has_its_own_ground(theme_, ground):
    controller = FakeController(entries=TALKED)
    async with running(controller) as (app, pilot):
        controller.set(theme=theme_)
        await settled(pilot)
        assert app.screen.styles.background.hex.lower() == ground
        controller.set(theme=Theme.TERMINAL)
        await settled(pilot)
        assert app.theme == theme.TERMINAL.name


async def test_no_colour_can_be_chosen_and_taken_back():
    async with scene(SCENES["colourless"]) as (app, pilot):
        strips = app.screen._compositor.render_strips()
        styles = [segment.style for strip in strips for segment in app_filtered(app, strip)]
        colours = {s.color.name for s in styles if s is not None and s.color is not None}
        assert colours <= {"default"}
        app.controller.set(theme=Theme.TERMINAL)
        await settled(pilot)
        assert not app.no_color


@pytest.mark.parametrize("name", [name for name, one in SCENES.items() if "interface" in one.view])
async def test_nothing_is_left_in_english(name):
    english = words_for("en").texts
    spanish = words_for("es").texts
    ours = {
        text for key, text in english.items()
        if key.startswith("talk.") and spanish[key] != text and len(text) > 8 and "{" not in text
    }  # fmt: skip
    async with scene(SCENES[name]) as (app, _):
        text = " ".join(screen(app).split())
        assert not [one for one in ours if f" {one} " in f" {text} "]


# -- search --------------------------------------------------------------------------------------


async def test_search_finds_the_latest_first_and_goes_back():
    controller = FakeController(entries=tuple(past(60)))
    async with running(controller) as (app, pilot):
        await pilot.press("ctrl+f", *"question", "space", "1")
        await sees(pilot, "11 of 11")
        assert "Question 19" in screen(app)
        await pilot.press("up")
        await sees(pilot, "10 of 11")
        await pilot.press("down", "enter")
        await sees(pilot, "1 of 11")
        assert "Question 1" in screen(app)
        await pilot.press("x")
        await sees(pilot, "nothing found")
        await pilot.press("escape")
        await settled(pilot)
        assert app.focused is app.query_one(PromptInput)
        assert controller.calls == []


async def test_search_can_be_asked_for_in_the_line():
    async with running(FakeController(entries=TALKED)) as (_, pilot):
        await pilot.press(*"/find", "space", *"MOON", "enter")
        await sees(pilot, "2 of 2")


# -- earlier conversations -----------------------------------------------------------------------


async def test_earlier_conversations_are_listed_opened_and_continued():
    async with scene(SCENES["past"]) as (app, pilot):
        text = screen(app)
        assert "Question 2: how far away" in text
        assert "readable" in text
        await pilot.press("down", "enter")
        await sees(pilot, "384,400 km")
        assert "**" not in screen(app)
        await pilot.press("c")
        await settled(pilot)
        assert app.controller.calls == [("go_on", "20261128-140000")]
        assert len(app.screen_stack) == 1


async def test_one_is_deleted_only_after_a_question():
    async with scene(SCENES["past"]) as (app, pilot):
        memory = app.controller.memory
        await pilot.press("d")
        await sees(pilot, "for good?")
        await pilot.press("down")
        await settled(pilot)
        assert "for good?" not in screen(app)
        await pilot.press("d")
        await settled(pilot)
        assert len(memory.past()) == 3
        await pilot.press("d")
        await sees(pilot, "Deleted.")
        assert len(memory.past()) == 2
        await pilot.press("a", "a")
        await sees(pilot, "All deleted.")
        assert memory.past() == []
        await pilot.press("escape")
        await settled(pilot)
        assert len(app.screen_stack) == 1


async def test_keeping_is_switched_on_where_it_says_what_is_kept():
    async with scene(SCENES["past-none-es"]) as (app, pilot):
        assert "No se guarda nada" in screen(app)
        await pilot.press("enter")
        await sees(pilot, "Las conversaciones se guardan")
        assert app.controller.calls == [("keeps", True)]


# -- faults --------------------------------------------------------------------------------------


class BrokenController(FakeController):
    """Fails in every method but `view`."""

    def _fail(self, *args):
        raise ZeroDivisionError("by nought")

    key_down = stop = submit = set_mode = microphones = menu = _fail  # type: ignore[assignment]
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


async def test_of_earlier_conversations_the_list_scrolls_and_not_the_screen_around_it():
    async with scene(SCENES["past-60x18"]) as (app, _):
        assert app.screen.query_one("#rows").show_vertical_scrollbar
        assert not app.screen.query_one("#box").show_vertical_scrollbar


async def test_in_a_narrow_terminal_both_tests_of_the_devices_are_whole():
    async with scene(SCENES["settings-60x18"]) as (app, _):
        assert "▸ Speak and listen" in screen(app)
        assert "▸ Play a tone" in screen(app)
