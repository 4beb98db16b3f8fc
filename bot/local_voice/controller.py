"""The talk desk: a microphone, a loudspeaker, a keyboard, and Penny, Grace and the Factory.

    async with open_controller(options) as desk:
        desk.key_down(); …; desk.view()

It decides nothing about turns (`bot.voice_agent.turn_manager` does), nothing about the key
(`press`) and nothing about devices (`audio.devices`): it puts them together for a face
(`bot.local_voice.view.Desk`).
"""

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from audio.devices.duplex import DuplexAudio
from audio.playout_queue import PlayoutQueue
from bot.clock import Clock, SystemClock
from bot.composition import Services, WarmUp, available, one_by_one, open_paid_services
from bot.contract import Source, System
from bot.contract.grace import Module
from bot.errors import BadInput, SkydeckError
from bot.local_voice import choices, tasks
from bot.local_voice.audio_io import SPEAKER, TYPIST, LocalAudioIO, LocalSpeechInput
from bot.local_voice.commands import Commands, Instruction, Question, Task
from bot.local_voice.device_test import trouble, try_loudspeaker, try_microphone
from bot.local_voice.export import export
from bot.local_voice.hotkey import global_key
from bot.local_voice.memory import Memory
from bot.local_voice.prefs import Prefs
from bot.local_voice.push_to_talk import Act, TalkKey
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import AudioDevice, Doing, TalkMode, View
from bot.settings import Settings
from bot.voice_agent.events import Attention, Remember, Stage
from bot.voice_agent.options import VoiceAgentOptions
from bot.voice_agent.session import SessionConfig, VoiceSession
from bot.voice_agent.session_factory import SPEECH_MODELS, VoiceSessionFactory
from bot.voice_agent.turn_latency import Phase

log = logging.getLogger(__name__)

PERSON: Final = "You"
_KEY_EVERY_S: Final = 0.05
_ENOUGH_CHARS: Final = 20_000
"""Of the conversation, so much is handed to a command without a text of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a desk is opened.

    Attributes:
        settings: All settings.
        prefs: What the person chose before.
        prefs_path: Where choices are kept; None: in the user's folder.
        modules: Grace's.
        memory: What was said before; None: nothing is kept.
        save_to: Where conversations are saved.
        global_key: The name of a key that talks whatever window is in front; None: there is none.
    """

    settings: Settings
    prefs: Prefs
    modules: Mapping[str, Module]
    prefs_path: Path | None = None
    memory: Memory | None = None
    save_to: Path = field(default_factory=Path.cwd)
    global_key: str | None = None


Connect: TypeAlias = Callable[[Settings], contextlib.AbstractAsyncContextManager[Services]]


def connect(settings: Settings) -> contextlib.AbstractAsyncContextManager[Services]:
    """The services: RunPod's, else on this machine with all models loaded."""
    return open_paid_services(
        settings,
        fetch=lambda store, names: store.ensure(names),
        only=available(settings),
        warm_up=WarmUp.FIRST,
    )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a desk stands in.

    Attributes:
        connect: Opens the services.
        sound: Opens the microphone and the loudspeaker; takes what `DuplexAudio` takes.
        clock: Time.
    """

    connect: Connect = connect
    sound: Callable[..., DuplexAudio] = DuplexAudio
    clock: Clock = field(default_factory=SystemClock)


class TalkController:
    """A `Desk`. Made by `open_controller`; for the event loop's thread."""

    def __init__(
        self, options: Options, surroundings: Surroundings, tasks: asyncio.TaskGroup
    ) -> None:
        clock = surroundings.clock
        self._options = options
        self._connect = surroundings.connect
        self._settings = options.settings
        self._prefs = options.prefs
        self._clock = clock
        self._tasks = tasks
        self._system = System(options.settings.skydeck_identity.value)
        self._commands = Commands(options.modules, Source(system=self._system))
        self._record = Transcript()
        self._key = TalkKey()
        self._playout = PlayoutQueue()
        self._audio = surroundings.sound(
            microphone=options.prefs.microphone,
            loudspeaker=options.prefs.loudspeaker,
            playout=self._playout,
            now=clock.now,
            on_state=lambda _: None,
            cancels_echo=True,
        )
        self._ears: LocalSpeechInput | None = None
        self._line: LocalAudioIO | None = None
        self._session: VoiceSession | None = None
        self._services: Services | None = None
        self._jobs: set[asyncio.Task[None]] = set()
        self._has_release = False

    # -- opening and closing ---------------------------------------------------------------------

    async def live(self, over: asyncio.Event) -> None:
        """Start the devices and the services, and be there until it is over."""
        self._audio.start()
        try:
            with self._hotkey():
                await self._serve(over)
        except* SkydeckError as group:
            for error in _leaves(group):
                self._record.error(str(error))
        finally:
            self._session = self._services = None
            self._audio.close()
            for job in self._jobs:
                job.cancel()

    @contextlib.contextmanager
    def _hotkey(self) -> Iterator[None]:
        """The key for all windows, where one is wanted; without it the desk still works."""
        with contextlib.ExitStack() as stack:
            if name := self._options.global_key:
                try:
                    stack.enter_context(global_key(name, down=self.key_down, up=self.key_up))
                except BadInput as e:
                    self._record.error(str(e))
            yield

    async def _serve(self, over: asyncio.Event) -> None:
        settings = self._settings
        async with contextlib.AsyncExitStack() as stack:
            services = await stack.enter_async_context(self._connect(settings))
            voices = VoiceSessionFactory(
                client=services.client, clock=self._clock, weights=one_by_one(settings)
            )
            stack.callback(voices.close)
            session = await self._open(voices)
            async with session:
                session.set_people({SPEAKER: PERSON, TYPIST: PERSON}, others=0)
                self._services, self._session = services, session
                watching = self._tasks.create_task(self._watch_key())
                await over.wait()
                watching.cancel()
                self._session = None

    async def _open(self, voices: VoiceSessionFactory) -> VoiceSession:
        await voices.warm_up()
        settings = self._settings
        config = SessionConfig(
            system=self._system,
            guild_id=None,
            channel_id=None,
            locale=self._prefs.language,
            attention=Attention.ALWAYS,
            options=VoiceAgentOptions(
                preemptive_generation=settings.voice_is_eager,
                warm_up_after_s=0 if settings.embedded else settings.skydeck_voice_warm_s,
            ),
        )
        ears: list[LocalSpeechInput] = []

        def hear_with(free: Any) -> LocalSpeechInput:
            ears.append(LocalSpeechInput(free, self._prefs.mode))
            return ears[0]

        line = self._line = LocalAudioIO(self._audio, self._playout, lambda: ears[0].is_open)
        session = await voices.open(
            line, self._record, config, remember=self._keep, speech_input=hear_with
        )
        self._ears = ears[0]
        session.recorder = self._record
        session.voice = self._prefs.voice
        if self._options.memory is not None:
            session.chat_context = self._options.memory.recall()
        return session

    async def _keep(self, over: Remember) -> None:
        if self._options.memory is not None:
            self._options.memory.add(over)

    # -- what is seen ----------------------------------------------------------------------------

    def view(self) -> View:
        """How things stand."""
        state = self._audio.state
        return View(
            person=PERSON,
            assistant=self._system.assistant,
            place="this machine" if self._settings.embedded else "RunPod",
            mode=self._prefs.mode,
            doing=self._doing(),
            level_dbfs=max(-60.0, min(0.0, self._audio.level_dbfs)),
            recording_s=self._recording_s(),
            can_hear=state.microphone.is_open,
            can_play=state.loudspeaker.is_open,
            microphone=state.microphone.name,
            loudspeaker=state.loudspeaker.name,
            trouble=trouble(state),
            entries=self._record.entries,
            phases=self._phases(),
            cost_usd=self._record.cost_usd,
            has_release=self._has_release,
            language=self._prefs.language,
            voice=self._prefs.voice,
        )

    def _phases(self) -> tuple[Phase, ...]:
        turns = self._session.latency.turns if self._session is not None else ()
        return turns[-1].split() if turns else ()

    def _doing(self) -> Doing:
        if self._session is None or self._ears is None:
            return Doing.LOADING
        if self._key.is_talking or self._ears.speaking_since_s is not None:
            return Doing.RECORDING
        if self._record.stage is Stage.ANSWERING:
            return Doing.ANSWERING
        if self._record.stage is Stage.WAITING_FOR_WORKER:
            return Doing.WAITING
        if self._record.is_asking or self._record.stage is Stage.HEARD:
            return Doing.THINKING
        return Doing.PAUSED if self._ears.is_paused else Doing.READY

    def _recording_s(self) -> float:
        since_s = self._ears.speaking_since_s if self._ears is not None else None
        return 0.0 if since_s is None else max(0.0, self._clock.now() - since_s)

    # -- the talk key ----------------------------------------------------------------------------

    def key_down(self) -> None:
        """The talk key is pressed, or repeats. Hands free: pause listening, or go on."""
        if self._ears is None:
            return
        if self._prefs.mode is TalkMode.HANDS_FREE:
            self._ears.is_paused = not self._ears.is_paused
            return
        if not self._audio.state.microphone.is_open and not self._key.is_talking:
            self._record.error(trouble(self._audio.state) or "No microphone is open.")
            return
        self._act(self._key.down(self._clock.now()))

    def key_up(self) -> None:
        """The talk key is let go."""
        if self._prefs.mode is TalkMode.KEY:
            self._act(self._key.up(self._clock.now()))

    def saw_release(self) -> None:
        """This terminal tells when a key is let go."""
        self._has_release = True

    def _act(self, act: Act | None) -> None:
        if act is None or self._ears is None or self._session is None:
            return
        now = self._clock.now()
        if act is Act.END:
            self._ears.keyed.release(now)
            return
        if act is Act.START:
            self._session.stop_answer()
        self._ears.keyed.press(now)

    async def _watch_key(self) -> None:
        """A key that ceases to repeat was let go; a turn that grew too long ended by itself."""
        while True:
            await self._clock.sleep(_KEY_EVERY_S)
            self._act(self._key.tick(self._clock.now()))
            if self._ears is not None and self._ears.keyed.has_overrun():
                self._key.reset()
                self._record.note("Two minutes is the most at once; what you said so far was sent.")

    def stop(self) -> None:
        """No more of the answer, of the tasks that run, or of the recording."""
        self._key.reset()
        if self._ears is not None:
            self._ears.keyed.cancel()
            self._ears.speaking_since_s = None
        if self._session is not None:
            self._session.stop_all()
        self._record.give_up()
        for job in self._jobs:
            job.cancel()

    # -- typing ----------------------------------------------------------------------------------

    def submit(self, text: str) -> None:
        """What was typed: a question, or a `/command`."""
        try:
            typed = self._commands.read(text, so_far=self._so_far())
            self._obey(typed, text.strip())
        except SkydeckError as e:
            self._record.error(str(e))

    def completions(self, text: str) -> list[str]:
        """What the typed beginning of a `/command` can become."""
        return self._commands.completions(text)

    def _obey(self, typed: Question | Task | Instruction, line: str) -> None:
        match typed:
            case Instruction.HELP:
                self._record.note(self._commands.help())
            case Instruction.NEW:
                self._begin_anew()
            case Instruction.SAVE:
                self._start(self._save_aloud())
            case _ if self._session is None or self._services is None:
                raise BadInput("The models are still being loaded; try again in a moment.")
            case Question(text):
                self._session.write(TYPIST, text)
            case Task(request):
                if request.target.service not in available(self._settings):
                    name = f"{request.target.service.value}_ENDPOINT_ID"
                    raise BadInput(
                        f"{name} is not set.", hint="Put it into .env; then start again."
                    )
                self._start(tasks.perform(request, line, self._services.client, self._record))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        job = self._tasks.create_task(_quiet(work))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    def _begin_anew(self) -> None:
        self.stop()
        if self._session is not None:
            self._session.forget(SPEAKER)
            self._session.forget(TYPIST)
        if self._options.memory is not None:
            self._options.memory.forget()
        self._record.note("A new conversation. What is above can be read and saved, no more.")

    def _so_far(self) -> str:
        lines: list[str] = []
        for entry in self._record.entries:
            if entry.asked or entry.answered:
                lines += [entry.asked, entry.answered]
        return "\n".join(line for line in lines if line)[-_ENOUGH_CHARS:]

    # -- choices ---------------------------------------------------------------------------------

    def set_mode(self, mode: TalkMode) -> None:
        """When the microphone counts from now on."""
        self._key.reset()
        self._prefs.mode = mode
        self._prefs.keep(self._options.prefs_path)
        if self._ears is not None:
            self._ears.mode, self._ears.is_paused = mode, False

    def microphones(self) -> list[AudioDevice]:
        """Those to choose from."""
        return choices.microphones()

    def loudspeakers(self) -> list[AudioDevice]:
        """Those to choose from."""
        return choices.loudspeakers()

    def choose_microphone(self, name: str | None) -> None:
        """Listen to this one from now on."""
        self._prefs.microphone = name
        self._choose()

    def choose_loudspeaker(self, name: str | None) -> None:
        """Play on this one from now on."""
        self._prefs.loudspeaker = name
        self._choose()

    def _choose(self) -> None:
        self._audio.choose(microphone=self._prefs.microphone, loudspeaker=self._prefs.loudspeaker)
        self._prefs.keep(self._options.prefs_path)

    async def test_loudspeaker(self) -> str:
        """Play a short tone."""
        return await try_loudspeaker(self._audio.state, self._playout, self._clock)

    async def test_microphone(self) -> str:
        """Record two seconds and play them back."""
        return await try_microphone(self._audio.state, self._line, self._clock)

    def voices(self) -> list[AudioDevice]:
        """VoiceSessionFactory to choose from."""
        return list(choices.VOICES)

    def set_voice(self, name: str | None) -> None:
        """The voice of answers from now on."""
        self._prefs.voice = name
        self._prefs.keep(self._options.prefs_path)
        if self._session is not None:
            self._session.voice = name

    def languages(self) -> list[AudioDevice]:
        """Languages to choose from."""
        return list(choices.LANGUAGES)

    def set_language(self, code: str | None) -> None:
        """The language spoken from now on."""
        self._prefs.language = code
        self._prefs.keep(self._options.prefs_path)
        if self._session is not None:
            languages = {} if code is None else {SPEAKER: code, TYPIST: code}
            self._session.set_people(
                {SPEAKER: PERSON, TYPIST: PERSON}, others=0, languages=languages
            )

    # -- taking it along -------------------------------------------------------------------------

    def latest_answer(self) -> str:
        """For the clipboard."""
        return self._record.latest_answer

    async def save(self) -> str:
        """Write the conversation with its sound; where."""
        try:
            file = await asyncio.to_thread(
                export,
                self._options.save_to,
                self._record.entries,
                self._record.sound_of,
                assistant=self._system.assistant,
                at=dt.datetime.fromtimestamp(self._clock.wall()).astimezone(),
            )
        except SkydeckError as e:
            return str(e)
        return f"Saved: {file}"

    async def _save_aloud(self) -> None:
        self._record.note(await self.save())


@contextlib.asynccontextmanager
async def open_controller(
    options: Options, surroundings: Surroundings | None = None
) -> AsyncIterator[TalkController]:
    """A desk; its models are being loaded when it is given. Leaving closes everything."""
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        desk = TalkController(options, surroundings or Surroundings(), group)
        life = group.create_task(desk.live(over))
        try:
            yield desk
        finally:
            over.set()
            if desk.view().doing is Doing.LOADING:
                life.cancel()


def models_of(settings: Settings) -> list[str]:
    """The models that a desk needs on this machine: those that hear, and the services' own."""
    if not settings.embedded:
        return list(SPEECH_MODELS)
    from bot.workers.build import models_needed  # noqa: PLC0415  (its runtimes are an extra)

    return [*SPEECH_MODELS, *models_needed(settings, available(settings))]


def _leaves(group: BaseExceptionGroup[SkydeckError]) -> list[SkydeckError]:
    found: list[SkydeckError] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


async def _quiet(work: Coroutine[Any, Any, None]) -> None:
    """An unexpected error of one job must not end the desk."""
    try:
        await work
    except Exception:
        log.exception("a task broke off")
