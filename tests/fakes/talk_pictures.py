"""Scenes of the terminal app, and pictures of them.

`python -m tests.fakes.talk_pictures FOLDER` writes an SVG of each; a browser shows them.
"""

import asyncio
import contextlib
import io
import math
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME, TerminalTheme
from textual.pilot import Pilot

from bot.local_voice.tui.app import TalkApp
from bot.local_voice.view import Doing, Entry, Kind, TalkMode
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


@dataclass(frozen=True)
class Scene:
    """A moment of the app: how things stand, how large it is, what is pressed before."""

    view: dict[str, Any] = field(default_factory=dict)
    size: tuple[int, int] = (80, 24)
    keys: tuple[str, ...] = ()
    voice_s: float = 0.0
    theme: TerminalTheme = SVG_EXPORT_THEME
    has_colour: bool = True


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
SCENES = {
    "rest": Scene(),
    "loading": Scene({"doing": Doing.LOADING}),
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
