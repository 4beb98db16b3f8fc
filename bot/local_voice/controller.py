"""Puts the devices, the conversation and its transcript together for the person at the microphone.

    async with open_controller(options) as controller:
        controller.key_down(); …; controller.view()

`bot.voice_agent.turn_manager` decides about turns, and `push_to_talk` about the talk key.
"""

import asyncio
import contextlib
import datetime as dt
import math
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Final

from bot.background import Background
from bot.contract import Source, System
from bot.errors import BadInput, SkydeckError, errors_in
from bot.figures import moment
from bot.i18n import Words
from bot.local_voice.command_menu import help_text, menu
from bot.local_voice.commands import Commands, Instruction, Question, Task
from bot.local_voice.conversation import Conversation
from bot.local_voice.devices import Devices
from bot.local_voice.export import export
from bot.local_voice.first_view import first_view
from bot.local_voice.hearing import Hearing, LevelCheck, Recording, why_unheard
from bot.local_voice.hotkey import global_key
from bot.local_voice.in_words import in_words
from bot.local_voice.load_progress import LoadProgress
from bot.local_voice.memory import Past
from bot.local_voice.options import Options, Surroundings, parts_of
from bot.local_voice.past_words import found_in, past_in_words
from bot.local_voice.push_to_talk import Act, TalkKey
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import Doing, Kind, MenuItem, TalkMode, Theme, View
from bot.voice_agent.events import Stage

_KEY_EVERY_S: Final = 0.05
_MAX_CONTEXT_CHARS: Final = 20_000
"""How much of the conversation a command gets if it has no text of its own."""
_SETTLES_S: Final = 3.0
"""For so long after the models are loaded, a device may still be late because of them."""


class TalkController:
    """What the terminal app and line mode show and drive. Made by `open_controller`.

    For the event loop's thread; a method that is not async returns at once.

    Attributes:
        conversation: The voice session, and the commands beside it.
    """

    def __init__(self, options: Options, surroundings: Surroundings) -> None:
        self._options = options
        self._prefs = options.prefs
        self._clock = surroundings.clock
        self._commands = Commands(
            options.modules, Source(system=System(options.settings.skydeck_identity.value))
        )
        self._key = TalkKey()
        self._has_release = False
        self._saves = Background("saving a conversation")
        self._level = LevelCheck()
        self._pressed_s = self._released_s = 0.0
        self._ready_s: float | None = None
        self._loading = LoadProgress(parts_of(options.settings), options.prefs.load_s)
        self.memory = options.memory
        self.devices = Devices(options, surroundings)
        self.transcript = Transcript()
        self.transcript.words = self.words
        self.transcript.why_unheard = self._why_unheard
        self.conversation = Conversation(
            options, surroundings, self.devices, self.transcript, self._loading
        )
        if self.memory is not None and options.continues:
            for past in self.memory.past()[:1]:
                self.go_on(past)

    async def run(self, over: asyncio.Event) -> None:
        """Open the devices and the conversation, and close them when it is over."""
        self.devices.start()
        try:
            with self._hotkey():
                async with self.conversation.opened(), asyncio.TaskGroup() as group:
                    self._has_loaded()
                    watching = group.create_task(self._watch_key())
                    await over.wait()
                    watching.cancel()
        except* SkydeckError as group:
            for error in errors_in(group):
                self.transcript.error(error)
        finally:
            self.devices.close()
            await self._saves.join()

    @contextlib.contextmanager
    def _hotkey(self) -> Iterator[None]:
        """Follow the key for all windows if the person wants one; do without it if that fails."""
        with contextlib.ExitStack() as stack:
            if name := self._options.global_key:
                try:
                    stack.enter_context(global_key(name, down=self.key_down, up=self.key_up))
                except BadInput as e:
                    self.transcript.error(e)
            yield

    # -- what the person sees --------------------------------------------------------------------

    def view(self) -> View:
        """The present state; cheap enough to ask for ten times a second."""
        state, now = self.devices.state, self._clock.now()
        is_new = not self.transcript.entries
        return replace(
            first_view(self._options.settings, self._prefs),
            doing=self._doing(),
            level_dbfs=self.devices.level_dbfs,
            recording_s=self._recording_s(),
            can_hear=state.microphone.is_open,
            can_play=state.loudspeaker.is_open,
            microphone=state.microphone.name,
            loudspeaker=state.loudspeaker.name,
            trouble=self.devices.trouble(is_starting=self._is_starting(now)),
            entries=self.transcript.entries,
            phases=self.conversation.phases,
            cost_usd=self.transcript.cost_usd,
            has_release=self._has_release,
            loading=() if self.conversation.is_open else self._loading.steps(now),
            hearing=self._hearing(now) if is_new else Hearing.WAITING,
        )

    @property
    def words(self) -> Words:
        """The words of the screen's language."""
        return self._prefs.words

    def _is_starting(self, now_s: float) -> bool:
        return self._ready_s is None or now_s - self._ready_s < _SETTLES_S

    def _has_loaded(self) -> None:
        self._ready_s = self._clock.now()
        self._prefs.load_s = self._prefs.load_s | self._loading.took_s
        self._options.keep_prefs()

    def _hearing(self, now_s: float) -> Hearing:
        if not self.devices.state.microphone.is_open:
            self._level = LevelCheck()
            return Hearing.NONE
        return self._level.judge(self.devices.level_dbfs, now_s)

    def _doing(self) -> Doing:
        speech, stage = self.devices.speech, self.transcript.stage
        if not self.conversation.is_open:
            return Doing.LOADING
        if self._key.is_talking or speech.speaking_since_s is not None:
            return Doing.RECORDING
        if stage is Stage.ANSWERING:
            return Doing.ANSWERING
        if stage is Stage.WAITING_FOR_WORKER:
            return Doing.WAITING
        if self.transcript.is_asking or stage is Stage.HEARD:
            return Doing.THINKING
        return Doing.PAUSED if speech.is_paused else Doing.READY

    def _recording_s(self) -> float:
        since_s = self.devices.speech.speaking_since_s
        return 0.0 if since_s is None else max(0.0, self._clock.now() - since_s)

    # -- the talk key ----------------------------------------------------------------------------

    def key_down(self) -> None:
        """Handle a press or repeat of the talk key. Hands free, it pauses or resumes listening."""
        if not self.conversation.is_open:
            return
        if self._prefs.mode is TalkMode.HANDS_FREE:
            self.devices.speech.is_paused = not self.devices.speech.is_paused
            return
        if not self.devices.state.microphone.is_open and not self._key.is_talking:
            self.conversation.stop_answer()
            name = self.words("talk.device.microphone")
            problem = self.devices.trouble() or self.words("talk.device.not_open", what=name)
            self.transcript.error(problem)
            return
        self._act(self._key.down(self._clock.now()))

    def key_up(self) -> None:
        """Handle the release of the talk key, from terminals that report it."""
        if self._prefs.mode is TalkMode.KEY:
            self._act(self._key.up(self._clock.now()))

    def saw_release(self) -> None:
        """Note that this terminal reports when a key is released."""
        self._has_release = True

    def _act(self, act: Act | None) -> None:
        if act is None or not self.conversation.is_open:
            return
        keyed, now = self.devices.speech.keyed, self._clock.now()
        if act is Act.END:
            self._released_s = now
            keyed.release(now)
            return
        if act is Act.START:
            self._pressed_s = now
            self.conversation.stop_answer()
        keyed.press(now)

    def _why_unheard(self) -> str:
        """Why the latest press brought no words; empty hands free, where noises begin turns."""
        if self._prefs.mode is not TalkMode.KEY:
            return ""
        loudest = self.devices.transport.loudest
        recording = Recording(
            seconds=max(0.0, self._released_s - self._pressed_s),
            loudest_dbfs=20 * math.log10(max(1e-6, loudest or 0.0)),
            device=self.devices.state.microphone.name,
            has_sound=loudest is not None,
        )
        return why_unheard(recording, self.words)

    async def _watch_key(self) -> None:
        """End a turn when the key stops repeating, or when the turn is as long as it may be."""
        while True:
            await self._clock.sleep(_KEY_EVERY_S)
            self._act(self._key.tick(self._clock.now()))
            if self.devices.speech.keyed.has_overrun():
                self._key.reset()
                self.transcript.note(self.words("talk.overrun"))

    def set_mode(self, mode: TalkMode) -> None:
        """Set when the microphone is live, and remember the choice."""
        self._key.reset()
        self._prefs.mode = mode
        self._options.keep_prefs()
        self.devices.speech.mode, self.devices.speech.is_paused = mode, False

    def stop(self) -> None:
        """Stop the answer, all commands and the recording."""
        self._key.reset()
        self.devices.speech.cancel()
        self.conversation.stop()

    # -- typing ----------------------------------------------------------------------------------

    def submit(self, text: str) -> None:
        """Handle a typed question or `/command`; an error in it becomes an entry."""
        try:
            typed = self._commands.read(text, so_far=self._so_far(), words=self.words)
            self._carry_out(typed, text.strip())
        except SkydeckError as e:
            self.transcript.error(e)

    def instruction(self, text: str) -> Instruction | None:
        """Which of our own commands a line is; None: something else, or nothing that we know."""
        try:
            typed = self._commands.read(text, so_far="", words=self.words)
        except SkydeckError:
            return None
        return typed if isinstance(typed, Instruction) else None

    def menu(self, text: str) -> list[MenuItem]:
        """What the typed beginning of a `/command` can become, best first."""
        return menu(self._commands, text, self.words)

    def _carry_out(self, typed: Question | Task | Instruction, line: str) -> None:
        match typed:
            case Instruction.HELP:
                self.transcript.note(help_text(self._commands, self.words))
            case Instruction.NEW:
                self.stop()
                self.conversation.begin()
                self.transcript.note(self.words("talk.command.begun"))
            case Instruction.PAST:
                self.transcript.note(past_in_words(self.memory, self.words))
            case Instruction.FIND:
                found = found_in(self.transcript.entries, line.partition(" ")[2])
                self.transcript.note(found or self.words("talk.find.none"))
            case Instruction.SAVE:
                self._saves.start(self._save_and_note())
            case Question(text):
                self.conversation.ask(text)
            case Task(request):
                self.conversation.perform(request, line)

    def _so_far(self) -> str:
        lines: list[str] = []
        for entry in self.transcript.conversation:
            lines += [entry.asked, entry.answered]
        return "\n".join(line for line in lines if line)[-_MAX_CONTEXT_CHARS:]

    # -- earlier conversations, and what is remembered of the screen -----------------------------

    def go_on(self, past: Past) -> None:
        """Go on with a conversation of before, and show it."""
        self.stop()
        self.conversation.go_on(past)
        for turn in past.turns:
            kind = Kind.TASK if turn.task else Kind.TURN
            number = self.transcript.add(kind, asked=turn.heard, answered=turn.said)
            self.transcript.change(number, is_over=True, was_cut=turn.interrupted)
        at = moment(past.at, self.words.language)
        self.transcript.note(self.words("talk.past.continued", at=at))

    def set_keeps(self, keeps: bool) -> None:
        """Keep conversations from now on, or no more of them; remembered."""
        self._prefs.keeps = keeps
        if self.memory is not None:
            self.memory.keeps = keeps
        self._options.keep_prefs()

    @property
    def interface(self) -> str | None:
        """The chosen language of the screen; None: the system's."""
        return self._prefs.interface

    def set_interface(self, code: str | None) -> None:
        """Show the screen in this language; remembered."""
        self._prefs.interface = code
        self.transcript.words = self.words
        self._options.keep_prefs()

    def set_theme(self, name: str | None) -> None:
        """Use these colours; remembered."""
        self._prefs.theme = Theme(name or Theme.TERMINAL)
        self._options.keep_prefs()

    def show_times(self, shows: bool) -> None:
        """Show where a turn's time went, or hide it; remembered."""
        self._prefs.shows_times = shows
        self._options.keep_prefs()

    # -- saving ----------------------------------------------------------------------------------

    async def save(self) -> str:
        """Write the conversation as Markdown with its sound; return where, in words."""
        try:
            file = await asyncio.to_thread(
                export,
                self._options.save_to,
                self.transcript.entries,
                self.transcript.sound_of,
                assistant=self.view().assistant,
                at=dt.datetime.fromtimestamp(self._clock.wall()).astimezone(),
                words=self.words,
            )
        except SkydeckError as e:
            return in_words(e, self.words)
        return self.words("talk.save.done", file=str(file))

    async def _save_and_note(self) -> None:
        self.transcript.note(await self.save())


@contextlib.asynccontextmanager
async def open_controller(
    options: Options, surroundings: Surroundings | None = None
) -> AsyncIterator[TalkController]:
    """Yield a controller that is still loading its models; close everything afterwards."""
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        controller = TalkController(options, surroundings or Surroundings())
        running = group.create_task(controller.run(over))
        try:
            yield controller
        finally:
            over.set()
            if not controller.conversation.is_open:
                running.cancel()
