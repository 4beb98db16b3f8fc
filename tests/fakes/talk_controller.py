"""A scripted controller: a test sets what the app shows, and reads what the app asked for.

`python -m tests.fakes.talk_controller [FILE]` runs the app on it in a real terminal, and
writes what the app asks for into the file.
"""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.catalogue import load_grace
from bot.contract import Source
from bot.i18n import Words, words_for
from bot.local_voice.choices import voice_choices
from bot.local_voice.command_menu import menu
from bot.local_voice.commands import Commands, Instruction
from bot.local_voice.memory import Memory, Past
from bot.local_voice.push_to_talk import Act, TalkKey
from bot.local_voice.view import Choice, Doing, Entry, Kind, MenuItem, TalkMode, Theme, View
from bot.settings import Settings
from bot.voice_agent.latency_phase import Owner, Phase

PHASES = (
    Phase("listening", Owner.WAIT, 0, 200),
    Phase("deciding", Owner.OURS, 200, 12),
    Phase("recognizing", Owner.SERVICE, 212, 180),
    Phase("thinking", Owner.SERVICE, 392, 310),
    Phase("speaking", Owner.SERVICE, 702, 90),
    Phase("playing", Owner.OURS, 792, 22),
)
TALKED = (
    Entry(1, Kind.TURN, "What is the capital of France?", "The capital of France is Paris.",
          is_over=True, spoken=True),
    Entry(2, Kind.TASK, "/build a leap year test", "", "round 2 of 4, 0.70: the example fails"),
    Entry(3, Kind.TURN, "Tell me about the moon.", "The moon is", is_over=True, was_cut=True),
)  # fmt: skip


_SETTINGS = Settings(_env_file=None, skydeck_weights_dir=Path("/nowhere"))


class FakeController:
    """A `TalkController` without devices and services; it is its own devices and conversation."""

    def __init__(self, **view: Any) -> None:
        start = View(
            "You", "Alfred", "on this machine", doing=Doing.READY, can_hear=True, can_play=True
        )
        self.devices = self.conversation = self.transcript = self
        self.now = replace(start, **view)
        self.calls: list[tuple[Any, ...]] = []
        self.acts: list[str] = []
        self.key = TalkKey()
        self.memory: Memory | None = None
        self.interface: str | None = None
        self._commands = Commands(load_grace(_SETTINGS), Source(system="DECK"))

    @property
    def words(self) -> Words:
        return words_for(self.now.interface)

    def set(self, **changes: Any) -> None:
        self.now = replace(self.now, **changes)

    def add(self, *entries: Entry) -> None:
        kept = {entry.number: entry for entry in (*self.now.entries, *entries)}
        self.set(entries=tuple(kept.values()))

    def view(self) -> View:
        return self.now

    def key_down(self) -> None:
        self.calls.append(("down",))
        self._act(self.key.down(asyncio.get_running_loop().time()))

    def key_up(self) -> None:
        self.calls.append(("up",))
        self._act(self.key.up(asyncio.get_running_loop().time()))

    def _act(self, act: Act | None) -> None:
        if act is not None:
            self.acts.append(act.name)
            is_talking = self.key.is_talking
            self.set(doing=Doing.RECORDING if is_talking else Doing.READY, recording_s=0.0)

    def saw_release(self) -> None:
        self.calls.append(("release",))
        self.set(has_release=True)

    def stop(self) -> None:
        self.calls.append(("stop",))
        self.key.reset()
        self.set(doing=Doing.READY)

    def submit(self, text: str) -> None:
        self.calls.append(("submit", text))
        number = len(self.now.entries) + 1
        self.add(Entry(number, Kind.TURN, text, f"You said: {text}", is_over=True))

    def menu(self, text: str) -> list[MenuItem]:
        return menu(self._commands, text, self.words)

    def instruction(self, text: str) -> Instruction | None:
        name = text.strip().partition(" ")[0].removeprefix("/")
        return self._commands.instructions(self.words).get(name) if text.startswith("/") else None

    def go_on(self, past: Past) -> None:
        self.calls.append(("go_on", past.name))

    def set_keeps(self, keeps: bool) -> None:
        self.calls.append(("keeps", keeps))
        self.memory.keeps = keeps

    def set_interface(self, code: str | None) -> None:
        self.calls.append(("interface", code))
        self.interface = code
        self.set(interface=code or "en")

    def set_theme(self, name: str | None) -> None:
        self.calls.append(("theme", name))
        self.set(theme=Theme(name or Theme.TERMINAL))

    def show_times(self, shows: bool) -> None:
        self.calls.append(("times", shows))
        self.set(shows_times=shows)

    def set_mode(self, mode: TalkMode) -> None:
        self.calls.append(("mode", mode))
        self.set(mode=mode)

    def microphones(self) -> list[Choice]:
        return [Choice(None, self.words("talk.device.system")), Choice("USB", "USB headset")]

    loudspeakers = microphones

    def choose_microphone(self, name: str | None) -> None:
        self.calls.append(("microphone", name))
        self.set(microphone=name)

    def choose_loudspeaker(self, name: str | None) -> None:
        self.calls.append(("loudspeaker", name))
        self.set(loudspeaker=name)

    async def test_loudspeaker(self) -> str:
        await asyncio.sleep(0.05)
        return "That was a tone."

    async def test_microphone(self) -> str:
        await asyncio.sleep(0.05)
        return "This is what I heard, at -20 dB."

    def voices(self) -> tuple[Choice, ...]:
        return voice_choices(_SETTINGS, self.words)

    def set_voice(self, name: str | None) -> None:
        self.calls.append(("voice", name))

    def set_language(self, code: str | None) -> None:
        self.calls.append(("language", code))

    @property
    def latest_answer(self) -> str:
        return self.now.entries[-1].answered if self.now.entries else ""

    async def save(self) -> str:
        self.calls.append(("save",))
        return "Saved: ./skydeck-1/conversation.md"

    async def tick(self, log: Path | None) -> None:
        """Time goes by for a held key, and ALSA complains; forever."""
        while True:
            await asyncio.sleep(0.05)
            os.write(2, b"ALSA lib pcm.c:8570:(snd_pcm_recover) underrun occurred\n")
            self._act(self.key.tick(asyncio.get_running_loop().time()))
            if log is not None:
                calls = " ".join(["view", *(call[0] for call in self.calls), *self.acts])
                fresh = log.with_suffix(".new")
                fresh.write_text(calls)
                fresh.replace(log)  # whoever reads meanwhile sees the whole


async def main() -> None:
    from audio.devices.portaudio import quiet_native_errors
    from bot.local_voice.tui.app import TalkApp

    quiet_native_errors()
    controller = FakeController(entries=TALKED, phases=PHASES)
    log = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    ticking = asyncio.ensure_future(controller.tick(log))
    await TalkApp(controller).run_async()
    ticking.cancel()


if __name__ == "__main__":
    asyncio.run(main())
