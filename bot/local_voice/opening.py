"""Opens the conversation that was asked for. Importing it takes half a second."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from bot.catalogue import load_grace
from bot.clock import SystemClock
from bot.local_voice.controller import TalkController, open_controller
from bot.local_voice.memory import Memory
from bot.local_voice.options import Options
from bot.local_voice.prefs import Prefs
from bot.settings import Settings


def open_talk(
    settings: Settings,
    prefs: Prefs,
    *,
    continues: bool,
    save_to: Path | None,
    global_key: str | None,
) -> AbstractAsyncContextManager[TalkController]:
    """Open a conversation; see `Options`.

    Raises:
        BadSettings: Modules that the settings name cannot be read.
    """
    options = Options(
        settings=settings,
        prefs=prefs,
        modules=load_grace(settings),
        memory=Memory(SystemClock(), keeps=prefs.keeps),
        continues=continues,
        save_to=save_to or Path.cwd(),
        global_key=global_key,
    )
    return open_controller(options)
