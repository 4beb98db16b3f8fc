"""Puts the devices, the conversation and its transcript together for the person at the microphone.

    async with open_controller(options) as controller:
        controller.key_down(); …; controller.view()

`bot.voice_agent.turn_manager` decides about turns, and `push_to_talk` about the talk key.
"""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from typing import Final

from bot.background import Background
from bot.composition import available
from bot.contract import Source, System
from bot.errors import BadInput, SkydeckError
from bot.local_voice.commands import Commands, Instruction, Question, Task
from bot.local_voice.conversation import Conversation
from bot.local_voice.devices import Devices
from bot.local_voice.export import export
from bot.local_voice.hotkey import global_key
from bot.local_voice.options import Options, Surroundings
from bot.local_voice.push_to_talk import Act, TalkKey
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import PERSON, Doing, TalkMode, View
from bot.settings import Settings
from bot.voice_agent.events import Stage
from bot.voice_agent.session_factory import SPEECH_MODELS
from bot.workers.build import models_needed

_KEY_EVERY_S: Final = 0.05
_MAX_CONTEXT_CHARS: Final = 20_000
"""How much of the conversation a command gets if it has no text of its own."""


class TalkController:
    """What the terminal app and line mode show and drive. Made by `open_controller`.

    For the event loop's thread; a method that is not async returns at once.

    Attributes:
        devices: The microphone and the loudspeaker.
        transcript: What was said.
        conversation: The voice session, and the commands beside it.
    """

    def __init__(self, options: Options, surroundings: Surroundings) -> None:
        self._options = options
        self._prefs = options.prefs
        self._clock = surroundings.clock
        system = System(options.settings.skydeck_identity.value)
        self._assistant = options.settings.persona.name or system.assistant
        self._commands = Commands(options.modules, Source(system=system))
        self._key = TalkKey()
        self._has_release = False
        self._saves = Background("saving a conversation")
        self.devices = Devices(options, surroundings)
        self.transcript = Transcript()
        self.conversation = Conversation(options, surroundings, self.devices, self.transcript)

    async def run(self, over: asyncio.Event) -> None:
        """Open the devices and the conversation, and close them when it is over."""
        self.devices.start()
        try:
            with self._hotkey():
                async with self.conversation.opened(), asyncio.TaskGroup() as group:
                    watching = group.create_task(self._watch_key())
                    await over.wait()
                    watching.cancel()
        except* SkydeckError as group:
            for error in _leaves(group):
                self.transcript.error(str(error))
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
                    self.transcript.error(str(e))
            yield

    # -- what the person sees --------------------------------------------------------------------

    def view(self) -> View:
        """The present state; cheap enough to ask for ten times a second."""
        state = self.devices.state
        return View(
            person=PERSON,
            assistant=self._assistant,
            place="this machine" if self._options.settings.embedded else "RunPod",
            mode=self._prefs.mode,
            doing=self._doing(),
            level_dbfs=self.devices.level_dbfs,
            recording_s=self._recording_s(),
            can_hear=state.microphone.is_open,
            can_play=state.loudspeaker.is_open,
            microphone=state.microphone.name,
            loudspeaker=state.loudspeaker.name,
            trouble=self.devices.trouble,
            entries=self.transcript.entries,
            phases=self.conversation.phases,
            cost_usd=self.transcript.cost_usd,
            has_release=self._has_release,
            language=self._prefs.language,
            voice=self._prefs.voice,
        )

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
            self.transcript.error(self.devices.trouble or "No microphone is open.")
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
            keyed.release(now)
            return
        if act is Act.START:
            self.conversation.stop_answer()
        keyed.press(now)

    async def _watch_key(self) -> None:
        """End a turn when the key stops repeating, or when the turn is as long as it may be."""
        while True:
            await self._clock.sleep(_KEY_EVERY_S)
            self._act(self._key.tick(self._clock.now()))
            if self.devices.speech.keyed.has_overrun():
                self._key.reset()
                self.transcript.note(
                    "You can speak for two minutes at a time; what you said so far was sent."
                )

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
            self._carry_out(self._commands.read(text, so_far=self._so_far()), text.strip())
        except SkydeckError as e:
            self.transcript.error(str(e))

    def completions(self, text: str) -> list[str]:
        """What the typed beginning of a `/command` can become, best first."""
        return self._commands.completions(text)

    def _carry_out(self, typed: Question | Task | Instruction, line: str) -> None:
        match typed:
            case Instruction.HELP:
                self.transcript.note(self._commands.help())
            case Instruction.NEW:
                self.stop()
                self.conversation.forget()
                self.transcript.note(
                    "A new conversation. You can still read and save what is above."
                )
            case Instruction.SAVE:
                self._saves.start(self._save_and_note())
            case Question(text):
                self.conversation.ask(text)
            case Task(request):
                self.conversation.perform(request, line)

    def _so_far(self) -> str:
        lines: list[str] = []
        for entry in self.transcript.entries:
            if entry.asked or entry.answered:
                lines += [entry.asked, entry.answered]
        return "\n".join(line for line in lines if line)[-_MAX_CONTEXT_CHARS:]

    # -- saving ----------------------------------------------------------------------------------

    async def save(self) -> str:
        """Write the conversation as Markdown with its sound; return where, in words."""
        try:
            file = await asyncio.to_thread(
                export,
                self._options.save_to,
                self.transcript.entries,
                self.transcript.sound_of,
                assistant=self._assistant,
                at=dt.datetime.fromtimestamp(self._clock.wall()).astimezone(),
            )
        except SkydeckError as e:
            return str(e)
        return f"Saved: {file}"

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


def models_of(settings: Settings) -> list[str]:
    """The models that a conversation needs on this machine: for speech, and for the services."""
    if not settings.embedded:
        return list(SPEECH_MODELS)
    return [*SPEECH_MODELS, *models_needed(settings, available(settings))]


def _leaves(group: BaseExceptionGroup[SkydeckError]) -> list[SkydeckError]:
    found: list[SkydeckError] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
