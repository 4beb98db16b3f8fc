"""The conversation line by line, for screen readers, pipes and simple terminals."""

import asyncio
import contextlib
import io
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TextIO

from bot import sentences, terminal
from bot.i18n import Words, words_for
from bot.local_voice.choices import language_choices
from bot.local_voice.controller import TalkController
from bot.local_voice.load_progress import LoadStep
from bot.local_voice.view import Choice, Doing, Entry, Kind, TalkMode, View

_EVERY_S: Final = 0.05
STATES_IN_LINES: Final = (
    Doing.LOADING,
    Doing.RECORDING,
    Doing.WAITING,
    Doing.THINKING,
    Doing.PAUSED,
)
"""States with a line of their own, whatever the mode."""
_STEP_PERCENT: Final = 10
_MEGA: Final = 1e6


@dataclass(slots=True)
class LineMode:
    """Shows a conversation as lines, and reads lines as keys and commands.

    Attributes:
        write: Takes a line to show, without its end.
    """

    controller: TalkController
    write: Callable[[str], object]
    _doing: Doing | None = None
    _trouble: str = ""
    _shown_chars: dict[int, int] = field(default_factory=dict)  # of each entry's answer
    _asked: set[int] = field(default_factory=set)
    _progress: dict[int, str] = field(default_factory=dict)
    _loaded: set[str] = field(default_factory=set)

    @property
    def _words(self) -> Words:
        return self.controller.words

    async def run(self, lines: AsyncIterator[str]) -> None:
        """Run until the lines end, and until every question is answered."""
        self.write(self._words("talk.line.help"))
        async with asyncio.TaskGroup() as group:
            showing = group.create_task(self._keep_showing())
            async for line in lines:
                await self._until(lambda view: view.doing is not Doing.LOADING)
                if not self._read(line.rstrip("\r\n")):
                    break
            await asyncio.sleep(2 * _EVERY_S)
            await self._until(_is_idle)
            showing.cancel()
        self._show(self.controller.view())

    async def _keep_showing(self) -> None:
        while True:
            self._show(self.controller.view())
            await asyncio.sleep(_EVERY_S)

    async def _until(self, holds: Callable[[View], bool]) -> None:
        while not holds(view := self.controller.view()):
            if view.doing is Doing.LOADING and any(e.kind is Kind.ERROR for e in view.entries):
                return  # the services could not be opened
            await asyncio.sleep(_EVERY_S)

    # -- what the person types -------------------------------------------------------------------

    def _read(self, line: str) -> bool:
        """Carry out one line; return whether to go on."""
        word, _, value = line.strip().partition(" ")
        match word:
            case "":
                self.controller.key_down()
            case "/quit":
                return False
            case "/stop":
                self.controller.stop()
            case "/mode":
                self._set_mode(value)
            case "/microphone" | "/loudspeaker" | "/language" | "/voice":
                self._choose(word[1:], value)
            case _:
                self.controller.submit(line)
        return True

    def _set_mode(self, value: str) -> None:
        if value not in set(TalkMode):
            self.write(self._words("talk.line.choose_mode"))
            return
        self.controller.set_mode(TalkMode(value))
        self.write(f"[{value}]")

    def _choose(self, what: str, value: str) -> None:
        devices, conversation = self.controller.devices, self.controller.conversation
        found, choose = {
            "microphone": (devices.microphones(), devices.choose_microphone),
            "loudspeaker": (devices.loudspeakers(), devices.choose_loudspeaker),
            "language": (language_choices(self._words), conversation.set_language),
            "voice": (conversation.voices(), conversation.set_voice),
        }[what]
        chosen = _numbered(found, value)
        if chosen is None:
            for number, one in enumerate(found, 1):
                self.write(f"/{what} {number}: {one.label}")
            return
        choose(chosen.name)
        self.write(f"[{what}: {chosen.label}]")

    # -- what the person reads -------------------------------------------------------------------

    def _show(self, view: View) -> None:
        if view.trouble != self._trouble:
            self._trouble = view.trouble
            self.write(f"[{view.trouble or self._words('talk.line.works_again')}]")
        for step in view.loading:
            self._show_step(step)
        if view.doing is not self._doing:
            self._doing = view.doing
            if words := self._state(view):
                self.write(f"[{words}]")
        for entry in view.entries:
            self._show_entry(entry, view)

    def _state(self, view: View) -> str:
        if view.doing is not Doing.READY:
            return self._words(f"talk.line.{view.doing}") if view.doing in STATES_IN_LINES else ""
        if not view.can_hear:
            return self._words("talk.line.typing_only")
        is_free = view.mode is TalkMode.HANDS_FREE
        return self._words("talk.line.listening" if is_free else "talk.line.ready")

    def _show_step(self, step: LoadStep) -> None:
        """A line for each part that begins to load, and for each tenth of the files."""
        if step.is_done or step.seconds is None:
            return
        label, words = self._words(f"talk.load.{step.part}"), self._words
        if step.total_bytes:
            tenth = 100 * step.done_bytes // step.total_bytes // _STEP_PERCENT
            done, total = round(step.done_bytes / _MEGA), round(step.total_bytes / _MEGA)
            line = (
                f"{label}: {', '.join(step.names)}, {words('talk.load.of', done=done, total=total)}"
            )
            key = f"{label} {step.total_bytes} {tenth}"
        else:
            key = line = ": ".join(filter(None, (label, ", ".join(step.names))))
        if key not in self._loaded:
            self._loaded.add(key)
            self.write(f"[{line}]")

    def _show_entry(self, entry: Entry, view: View) -> None:
        number = entry.number
        is_final = entry.is_over or bool(entry.answered)
        if entry.spoken and entry.asked and is_final and number not in self._asked:
            self._asked.add(number)
            self.write(f"{view.person}: {entry.asked}")
        if entry.progress and entry.progress != self._progress.get(number):
            self._progress[number] = entry.progress
            self.write(f"[{entry.progress}]")
        start = self._shown_chars.get(number, 0)
        end = len(entry.answered) if entry.is_over else _sentences(entry.answered, start)
        if end > start:
            self._shown_chars[number] = end
            self.write(self._named(entry, view) + entry.answered[start:end].strip())

    @staticmethod
    def _named(entry: Entry, view: View) -> str:
        return {
            Kind.TURN: f"{view.assistant}: ",
            Kind.ERROR: f"{words_for(view.interface)('talk.error')}: ",
            Kind.TASK: "",
            Kind.NOTE: "",
        }[entry.kind]


def _is_idle(view: View) -> bool:
    is_quiet = view.doing in (Doing.READY, Doing.PAUSED)
    return is_quiet and all(entry.is_over for entry in view.entries)


def _sentences(text: str, start: int) -> int:
    """The end of the last whole sentence after `start`."""
    return start + max(sentences.ends(text[start:], is_complete=False), default=0)


def _numbered(found: Sequence[Choice], value: str) -> Choice | None:
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 5 else 0  # noqa: PLR2004
    return found[number - 1] if 1 <= number <= len(found) else None


async def lines_of(stream: TextIO) -> AsyncIterator[str]:
    """Yield the lines of a stream as they arrive; a thread of its own waits for them."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()

    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")  # bytes that are no text must not end the conversation

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            for line in stream:
                loop.call_soon_threadsafe(queue.put_nowait, line)
            loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    while (line := await queue.get()) is not None:
        yield line


def write_line(line: str) -> None:
    """Write a line to standard output, and flush."""
    terminal.out(f"{line}\n")
