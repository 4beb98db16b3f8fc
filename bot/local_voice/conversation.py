"""The voice session of a local conversation, and the commands that run beside it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import replace
from functools import partial

from bot import figures
from bot.composition import available
from bot.contract import Request, Response, Service, Source, System
from bot.embedded_workers import model_fetcher
from bot.env_file import settings_file
from bot.i18n import INTERFACE_LANGUAGES
from bot.loading import LoadPart, begins, watched
from bot.local_voice.audio_io import SPEAKER, TYPIST
from bot.local_voice.choices import voice_choices
from bot.local_voice.devices import Devices
from bot.local_voice.in_words import Told
from bot.local_voice.load_progress import LoadProgress
from bot.local_voice.memory import KeptTurn, Past
from bot.local_voice.options import Options, Surroundings
from bot.local_voice.said_actions import SaidActions
from bot.local_voice.said_commands import PERSON_ID, SaidCommands
from bot.local_voice.tasks import RunningTasks
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import PERSON, Choice
from bot.service_calls.client import ServiceClient
from bot.voice_agent.confirmations import SpokenQuestions, YesNoQuestion
from bot.voice_agent.events import Attention, Remember
from bot.voice_agent.latency_phase import Phase
from bot.voice_agent.options import VoiceAgentOptions
from bot.voice_agent.session import VoiceSession
from bot.voice_agent.session_config import SessionConfig
from bot.voice_agent.session_factory import VoiceSessionFactory, options_for


class Conversation:
    """A conversation with Penny, and commands for Grace and the Factory.

    For the event loop's thread.
    """

    def __init__(
        self,
        options: Options,
        surroundings: Surroundings,
        devices: Devices,
        transcript: Transcript,
        loading: LoadProgress,
    ) -> None:
        self._options = options
        self._loading = loading
        self._surroundings = surroundings
        self._devices = devices
        self._transcript = transcript
        self._tasks = RunningTasks(transcript, self._keep)
        self._client: ServiceClient | None = None
        self._session: VoiceSession | None = None
        self._questions = SpokenQuestions(surroundings.clock)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open the services and the voice session for the length of the block.

        Raises:
            SkydeckError: One of them cannot be opened.
        """
        clock, settings = self._surroundings.clock, self._options.settings
        async with contextlib.AsyncExitStack() as stack:
            with (
                watched(lambda part, _: self._loading.begins(part, clock.now())),
                self._fetching_no_longer_than_waited_for(),
            ):
                await asyncio.to_thread(self._surroundings.fetch, self._options, self._loading)
                connecting = self._surroundings.connect(settings, self._loading)
                services = await stack.enter_async_context(connecting)
                begins(LoadPart.TURNS)
            voices = VoiceSessionFactory(
                client=services.client,
                clock=clock,
                weights=model_fetcher(settings),
                on_loaded=partial(figures.load, INTERFACE_LANGUAGES),
            )
            with contextlib.closing(voices):
                async with await self._make_session(voices) as session:
                    self._loading.ends(clock.now())
                    self._client, self._session = services.client, session
                    self._introduce()
                    try:
                        yield
                    finally:
                        self._session = self._client = None
                        await self._tasks.close()

    @contextlib.contextmanager
    def _fetching_no_longer_than_waited_for(self) -> Iterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            self._loading.is_stopped = True  # else the program waits for the thread at its end
            raise

    async def _make_session(self, voices: VoiceSessionFactory) -> VoiceSession:
        settings, prefs = self._options.settings, self._options.prefs
        clock = self._surroundings.clock
        config = SessionConfig(
            system=System(settings.skydeck_identity.value),
            guild_id=None,
            channel_id=None,
            language=prefs.language,
            attention=Attention.ALWAYS,
            options=_for_one(options_for(settings)),
            persona=settings.persona,
        )
        session = await voices.open(
            self._devices.transport,
            self._transcript,
            config,
            remember=self._remember,
            speech_input=self._devices.speech.with_segmenter,
        )
        session.recorder = self._transcript
        commands = SaidCommands(self._tasks, self.forget, self._transcript, self._questions)
        session.handle_commands(commands)

        def confirm(user_id: int, language: str | None, question: YesNoQuestion) -> None:
            self._questions.put(PERSON_ID, question)
            session.ask_to_confirm(user_id, language=language)

        session.voice = prefs.voice
        if settings.skydeck_actions:
            session.actions.taker = SaidActions(
                self._options.modules,
                set(available(settings)) - {Service.PENNY},
                Source(system=config.system),
                config.assistant,
                self._transcript,
                self._perform_all,
                confirm,
                clock,
            )
        if self._options.memory is not None:
            session.chat_context = self._options.memory.recall()
        return session

    async def _remember(self, turn: Remember) -> None:
        self._keep(KeptTurn(turn.transcript, turn.reply, turn.interrupted))

    def _keep(self, turn: KeptTurn) -> None:
        if self._options.memory is not None:
            self._options.memory.add(turn)

    @property
    def is_open(self) -> bool:
        """Whether the models are loaded, and the conversation can begin."""
        return self._session is not None

    @property
    def phases(self) -> tuple[Phase, ...]:
        """How the time of the latest turn was spent."""
        turns = self._session.latency.turns if self._session is not None else ()
        return turns[-1].split() if turns else ()

    def ask(self, text: str) -> None:
        """Ask Penny what the person typed.

        Raises:
            BadInput: The models are still being loaded.
        """
        if self._session is None:
            raise self._still_loading()
        self._session.write(TYPIST, text)

    def perform(self, request: Request, typed: str) -> None:
        """Run a command for Grace or the Factory beside the conversation.

        Raises:
            BadInput: The models are still being loaded, or the service has no endpoint.
        """
        if self._client is None:
            raise self._still_loading()
        service = request.target.service
        if service not in available(self._options.settings):
            setting, file = f"{service.value}_ENDPOINT_ID", settings_file()
            raise Told(self._options.prefs.words("talk.no_endpoint", setting=setting, file=file))
        self._tasks.start(request, typed, self._client)

    def _perform_all(self, requests: Generator[Request, Response, None], said: str) -> None:
        """Run what the person has asked for in a sentence beside the conversation."""
        if self._client is not None:
            self._tasks.start_all(requests, said, self._client)

    def stop_answer(self) -> None:
        """Stop the answer under way."""
        if self._session is not None:
            self._session.stop_answer()

    def stop(self) -> None:
        """Stop the answer and all commands."""
        if self._session is not None:
            self._session.stop_all()
        self._transcript.give_up()
        self._tasks.cancel_all()

    def forget(self) -> None:
        """Begin a new conversation, and delete what is kept of this one."""
        self._begin()
        if self._options.memory is not None:
            self._options.memory.forget()

    def begin(self) -> None:
        """Begin a new conversation: Penny forgets what was said so far, and nothing is asked."""
        self._begin()
        if self._options.memory is not None:
            self._options.memory.begin()

    def go_on(self, past: Past) -> None:
        """Go on with a conversation of before."""
        self._begin()
        memory = self._options.memory
        if memory is not None:
            memory.go_on(past)
            if self._session is not None:
                self._session.chat_context = memory.recall()

    def _begin(self) -> None:
        self._questions.forget(PERSON_ID)
        self._transcript.begin()
        if self._session is not None:
            self._session.forget(SPEAKER)
            self._session.forget(TYPIST)

    def voices(self) -> tuple[Choice, ...]:
        """The voices to choose from."""
        return voice_choices(self._options.settings, self._options.prefs.words)

    def set_voice(self, name: str | None) -> None:
        """Answer with this voice from now on, and remember the choice."""
        self._options.prefs.voice = name
        self._options.keep_prefs()
        if self._session is not None:
            self._session.voice = name

    def set_language(self, code: str | None) -> None:
        """Expect this language from now on, and remember the choice."""
        self._options.prefs.language = code
        self._options.keep_prefs()
        if self._session is not None:
            self._session.config = replace(self._session.config, language=code)

    def _still_loading(self) -> Told:
        return Told(self._options.prefs.words("talk.still_loading"))

    def _introduce(self) -> None:
        """Tell the session who takes part."""
        if self._session is not None:
            people = {SPEAKER: PERSON, TYPIST: PERSON}
            self._session.set_people(people, others=0)


def _for_one(options: VoiceAgentOptions) -> VoiceAgentOptions:
    """The person who speaks is the one who types."""
    return replace(options, commands=replace(options.commands, is_for_one=True))
