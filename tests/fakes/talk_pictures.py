"""Scenes of the terminal app, and pictures of them.

`python -m tests.fakes.talk_pictures FOLDER` writes an SVG of each; a browser shows them.
"""

import asyncio
import contextlib
import datetime as dt
import io
import math
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME, TerminalTheme
from textual.pilot import Pilot

from bot.loading import LoadPart
from bot.local_voice.hearing import Hearing
from bot.local_voice.load_progress import LoadStep
from bot.local_voice.memory import KeptTurn, Memory
from bot.local_voice.tui.app import TalkApp
from bot.local_voice.view import Doing, Entry, Kind, TalkMode, Theme
from tests.fakes.talk_controller import PHASES, TALKED, FakeController

_SPIDER = Entry(
    4,
    Kind.TURN,
    "How many legs does a spider have, and why do they need so many of them?",
    "A spider has eight legs. They work by pressure, not by muscles alone: a spider pumps fluid "
    "into a leg to stretch it, which is why a dead one",
    spoken=True,
)
_REFUSED = Entry(
    5,
    Kind.ERROR,
    answered="RunPod does not accept the key. Put a valid RUNPOD_API_KEY into .env; then start "
    "again.",
    is_over=True,
)


_MARKED = Entry(
    6,
    Kind.TURN,
    "How do I reverse a list in Python?",
    "There are **two ways**:\n\n1. `list.reverse()` changes the list\n2. slicing copies\n\n"
    "```python\ndef backwards(items):\n    return items[::-1]  # a copy\n```\n\n"
    "| way | copy |\n|---|---|\n| reverse | no |\n| slice | yes |",
    is_over=True,
)
_STEPS = (
    LoadStep(LoadPart.FILES, (), True, 1, 1.0),
    LoadStep(LoadPart.HEARING, ("whisper-base", "whisper-tiny.en"), True, 2, 1.0),
    LoadStep(LoadPart.VOICES, ("piper-joe",), False, 3, 0.6),
    LoadStep(LoadPart.LANGUAGE, ("qwen2.5-coder-1.5b",)),
    LoadStep(LoadPart.TURNS, ("silero-vad", "smart-turn-v3.2")),
)
_FETCHING = LoadStep(
    LoadPart.FILES, ("qwen2.5-coder-1.5b",), False, 40, 0.45, 500_000_000, 1_117_000_000
)


@dataclass(frozen=True)
class Scene:
    """A moment of the app: how things stand, how large it is, what is pressed before."""

    view: dict[str, Any] = field(default_factory=dict)
    size: tuple[int, int] = (80, 24)
    keys: tuple[str, ...] = ()
    voice_s: float = 0.0
    theme: TerminalTheme = SVG_EXPORT_THEME
    has_colour: bool = True
    past: int = 0


_ANSWERING = {
    "entries": (*TALKED, _SPIDER),
    "doing": Doing.ANSWERING,
    "phases": PHASES,
    "cost_usd": 0.0031,
    "has_release": True,
}
_TROUBLED = {
    "entries": (*TALKED, _REFUSED),
    "can_hear": False,
    "trouble": "The microphone is gone: plug it in again, or choose another (F2).",
}
_RECORDING = {"entries": TALKED[:1], "doing": Doing.RECORDING, "recording_s": 4.2}
_SPANISH = {"interface": "es", "person": "Tú", "place": "en este equipo"}
SCENES = {
    "rest": Scene(),
    "rest-60x18": Scene(size=(60, 18)),
    "rest-40x12": Scene(size=(40, 12)),
    "rest-es": Scene(_SPANISH | {"level_dbfs": -20, "hearing": Hearing.HEARD}),
    "loading": Scene({"doing": Doing.LOADING, "loading": _STEPS}),
    "loading-es": Scene(_SPANISH | {"doing": Doing.LOADING, "loading": _STEPS}),
    "loading-60x18": Scene({"doing": Doing.LOADING, "loading": _STEPS}, (60, 18)),
    "fetching": Scene({"doing": Doing.LOADING, "loading": (_FETCHING, *_STEPS[3:])}),
    "mute": Scene({"can_hear": False, "hearing": Hearing.NONE}),
    "silent": Scene({"hearing": Hearing.SILENT}),
    "marked": Scene({"entries": (_MARKED,)}),
    "marked-light": Scene({"entries": (_MARKED,), "theme": Theme.LIGHT}),
    "marked-dark-60x18": Scene({"entries": (_MARKED,), "theme": Theme.DARK}, (60, 18)),
    "menu": Scene({"entries": TALKED}, keys=("/",)),
    "menu-es": Scene(_SPANISH | {"entries": TALKED}, keys=("/", "r")),
    "menu-60x18": Scene({"entries": TALKED}, (60, 18), keys=("/", "down", "down")),
    "menu-options": Scene({"entries": TALKED}, keys=("/", "t", "r", "tab", "tab")),
    "menu-no-colour": Scene(keys=("/", "down"), has_colour=False),
    "finding": Scene({"entries": TALKED}, keys=("ctrl+f", "t", "h", "e")),
    "finding-es": Scene(_SPANISH | {"entries": TALKED}, (60, 18), keys=("ctrl+f",)),
    "past": Scene({"entries": TALKED}, keys=("f3",), past=3),
    "past-none-es": Scene(_SPANISH, keys=("f3",), past=0),
    "past-60x18": Scene({}, (60, 18), keys=("f3", "down", "d"), past=12),
    "past-opened": Scene({}, keys=("f3", "enter"), past=3),
    "times": Scene({"entries": TALKED, "phases": PHASES, "shows_times": True}),
    "times-es": Scene(
        _SPANISH | {"entries": TALKED, "phases": PHASES, "shows_times": True}, (60, 18)
    ),
    "settings-es": Scene(_SPANISH, keys=("f2",)),
    "help-es": Scene(_SPANISH, keys=("f1",)),
    "dark": Scene(_ANSWERING | {"theme": Theme.DARK}),
    "light-theme": Scene(_ANSWERING | {"theme": Theme.LIGHT}),
    "light-menu": Scene({"theme": Theme.LIGHT}, keys=("/",)),
    "colourless": Scene(_ANSWERING | {"theme": Theme.NONE}),
    "recording": Scene(_RECORDING | {"phases": PHASES}, voice_s=4),
    "thinking": Scene(_RECORDING | {"doing": Doing.THINKING}),
    "answering": Scene(_ANSWERING),
    "listening": Scene({"mode": TalkMode.HANDS_FREE, "entries": TALKED}, voice_s=1),
    "error": Scene(_TROUBLED),
    "settings": Scene({"entries": TALKED, "microphone": "USB"}, keys=("f2",)),
    "settings-60x18": Scene({"entries": TALKED}, (60, 18), ("f2",)),
    "choosing": Scene({"entries": TALKED}, keys=("f2", "enter", "down")),
    "no-colour-choosing": Scene(keys=("f2", "enter", "down"), has_colour=False),
    "saved": Scene(_ANSWERING, keys=("ctrl+s",)),
    "help": Scene({"entries": TALKED}, keys=("f1",)),
    "help-60x18": Scene({"entries": TALKED}, (60, 18), keys=("f1",)),
    "completing": Scene({"entries": TALKED}, keys=("/", "s", "u")),
    "60x18": Scene(_ANSWERING, (60, 18)),
    "40x12": Scene(_RECORDING, (40, 12), voice_s=4),
    "120x40": Scene(_ANSWERING, (120, 40)),
    "light": Scene(_ANSWERING, theme=DEFAULT_TERMINAL_THEME),
    "light-recording": Scene(_RECORDING, voice_s=4, theme=DEFAULT_TERMINAL_THEME),
    "no-colour": Scene(_RECORDING | {"phases": PHASES}, voice_s=4, has_colour=False),
    "no-colour-settings": Scene(keys=("f2", "tab"), has_colour=False),
}


@contextlib.asynccontextmanager
async def running(scene: Scene) -> AsyncIterator[tuple[TalkApp, Pilot[None]]]:
    """Bring a scene about."""
    controller = FakeController(**scene.view)
    with tempfile.TemporaryDirectory() as folder:
        controller.memory = kept(Path(folder), scene.past)
        async with _shown(scene, controller) as opened:
            yield opened


def kept(folder: Path, count: int) -> Memory:
    """Conversations of before, the first at noon on the 28th of November."""
    clock = FakeClock(dt.datetime(2026, 11, 28, 12, 0).timestamp())  # noqa: DTZ001 - local
    memory = Memory(clock, folder / "conversations", keeps=count > 0)
    for number in range(count):
        memory.begin()
        clock.at_s += 3_600
        memory.add(
            KeptTurn(f"Question {number}: how far away is the moon?", "About **384,400 km**.")
        )
        memory.add(KeptTurn("/translate to=es Good morning", "Buenos días", task=True))
    memory.begin()
    return memory


@dataclass
class FakeClock:
    """A clock that stands still."""

    at_s: float

    def wall(self) -> float:
        return self.at_s


@contextlib.asynccontextmanager
async def _shown(
    scene: Scene, controller: FakeController
) -> AsyncIterator[tuple[TalkApp, Pilot[None]]]:
    if not scene.has_colour:
        os.environ["NO_COLOR"] = "1"
    try:
        app = TalkApp(controller)
    finally:
        os.environ.pop("NO_COLOR", None)
    async with app.run_test(size=scene.size, notifications=True) as pilot:
        await pilot.pause(0.2)
        for at in range(int(scene.voice_s * 15)):
            loud = math.sin(at / 3) * math.sin(at / 11) * math.sin(at * at)
            controller.set(level_dbfs=-45 + 36 * abs(loud))
            app.update_view()
        await pilot.press(*scene.keys)
        await pilot.pause(0.5)
        yield app, pilot


async def main(folder: Path) -> None:
    for name, scene in SCENES.items():
        async with running(scene) as (app, _):
            (folder / f"{name}.svg").write_text(picture(app, scene.theme))


def picture(app: TalkApp, theme: TerminalTheme) -> str:
    """An SVG, as the app looks in a terminal of such colours."""
    width, height = app.size
    console = Console(
        width=width, height=height, record=True, file=io.StringIO(), force_terminal=True,
        color_system="truecolor", legacy_windows=False,
    )  # fmt: skip
    console.print(app.screen._compositor.render_update(full=True))
    return console.export_svg(title=app.title, theme=theme)


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1])))
