"""A talk key for all windows."""

import asyncio
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from bot.errors import BadInput
from bot.local_voice.hotkey import global_key
from tests.paths import ROOT
from tests.system.bot.local_voice.tui.test_terminals import display, needs  # noqa: F401
from tests.waiting import HANGS_S

SCRIPT = """
import asyncio, sys
from bot.local_voice.hotkey import global_key
from tests.paths import ROOT

async def main():
    def say(word):
        return lambda: print(word, flush=True)

    with global_key(sys.argv[1], down=say("down"), up=say("up")):
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_without_pynput_or_a_desktop_it_says_what_to_do(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BadInput) as refused, global_key("f9", down=print, up=print):
        pass
    if find_spec("pynput") is None:
        assert "[hotkey]" in refused.value.hint
    else:
        assert refused.value.message.startswith("There is no desktop here")


@needs("Xvfb", "xdotool")
@pytest.mark.skipif(find_spec("pynput") is None, reason="pip install pynput: it needs a compiler")
async def test_it_is_held_and_let_go_in_any_window(display):  # noqa: F811
    environment = os.environ | {"DISPLAY": display, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SCRIPT, "f9"), env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout is not None

    async def told() -> str:
        return (await asyncio.wait_for(process.stdout.readline(), HANGS_S)).decode().strip()

    async def press(*words: str) -> None:
        done = await asyncio.create_subprocess_exec("xdotool", *words, env=environment)
        assert await done.wait() == 0

    try:
        assert await told() == "ready"
        word = asyncio.ensure_future(told())
        while not word.done():  # nothing tells when its listener has begun to listen
            await press("key", "a")
            await press("keydown", "F9")
            if not (await asyncio.wait([word], timeout=1))[0]:
                await press("keyup", "F9")
        assert await word == "down"
        await asyncio.sleep(1)  # X repeats a key that is held, and only in its own time
        await press("keyup", "F9")
        assert await told() == "up", "its repeats are none of its presses"
    finally:
        process.terminate()
        await process.wait()
