"""One voice conversation: speech input and playout at one end, Penny at the other.

    async with VoiceSession(transport=transport, speech_input=speech_input, …) as session:
        session.set_people({ana.id: "Ana"}, others=0)

The session feeds the turn manager with facts and carries out its commands. Speech is detected on a
thread of its own, and each request is a task; nothing else waits. A conversation in which nobody
speaks and nothing plays takes no time of the event loop.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self

from audio.speech_events import Clip, SpeechBegan, SpeechEvent, TurnEnded
from bot.clock import Clock
from bot.contract import Context, Request
from bot.contract.penny import audio_input, converse, speak, transcribe
from bot.errors import SkydeckError
from bot.persona import Persona
from bot.runpod.models import Update
from bot.service_calls.client import ServiceClient
from bot.spans import new_trace_id
from bot.voice_agent.chat_context import ChatContext
from bot.voice_agent.command_performer import CommandHandler, CommandPerformer
from bot.voice_agent.command_replies import CommandReplies, StyledSpeech
from bot.voice_agent.events import (
    AllStopped,
    AnswerStopped,
    Asked,
    Attention,
    AttentionSet,
    CancelRequest,
    Command,
    ConfirmationNeeded,
    Cue,
    Fact,
    JudgedWords,
    NamesChanged,
    PeopleChanged,
    PerformCommands,
    Play,
    Prepare,
    Remember,
    ReplyChunk,
    RequestFailed,
    SendRequest,
    Ticked,
    TurnUpdate,
    Typed,
    new_utterance_id,
)
from bot.voice_agent.hearing import HearingThread
from bot.voice_agent.overlaps import Overlap, OverlapTracker
from bot.voice_agent.playback import Playback, PlayoutCommand
from bot.voice_agent.ports import SessionRecorder, SpeechInput, TranscriptView, VoiceTransport
from bot.voice_agent.preparation import Preparation
from bot.voice_agent.proposed_actions import ProposedActions
from bot.voice_agent.recordings import RecordingStore
from bot.voice_agent.response_stream import ResponseStream
from bot.voice_agent.session_config import SessionConfig
from bot.voice_agent.turn_latency import LatencyStopwatch, TurnTrace
from bot.voice_agent.turn_manager import TurnManager
from bot.voice_agent.warm_up import WarmUp

log = logging.getLogger(__name__)


@dataclass(slots=True)
class VoiceSession:
    """A voice conversation. An async context manager; leaving it stops everything.

    Attributes:
        clock: The clock that the transport uses, too.
        remember: Called with every turn that is over, for the minutes.
        recordings: Keeps what people say; None: nothing is kept.
        on_turn: Called with the latency of each turn when its answer begins to play; must not wait.
        on_overlap: Called with how each speech over an answer ended; must not wait.
        chat_context: What Penny is told about the conversation so far.
        voice: The voice of the answers; None: chosen by language.
        voices: The voices of those people who have chosen one, by id; they count more.
        commands: Performs what people tell the assistant to do.
    """

    transport: VoiceTransport
    speech_input: SpeechInput
    client: ServiceClient
    clock: Clock
    view: TranscriptView
    config: SessionConfig
    cues: Mapping[Cue, Sequence[bytes]]
    remember: Callable[[Remember], Awaitable[None]]
    recordings: RecordingStore | None = None
    recorder: SessionRecorder | None = None
    on_turn: Callable[[TurnTrace], None] | None = None
    on_overlap: Callable[[Overlap], None] | None = None
    chat_context: ChatContext = field(init=False)
    voice: str | None = None
    voices: Mapping[int, str] = field(default_factory=dict)
    actions: ProposedActions = field(default_factory=ProposedActions)
    latency: LatencyStopwatch = field(init=False)
    commands: CommandPerformer = field(init=False)
    _replies: CommandReplies = field(init=False)
    _manager: TurnManager = field(init=False)
    _group: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)
    _requests: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _follower: asyncio.Task[None] | None = None
    _names: dict[int, str] = field(default_factory=dict)
    _locales: dict[int, str] = field(default_factory=dict)
    _warmth: WarmUp = field(init=False)
    _preparation: Preparation = field(init=False)
    _hearing: HearingThread = field(init=False)
    _is_over: bool = False
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)
    _deaf: asyncio.Event = field(default_factory=asyncio.Event)
    _playback: Playback = field(init=False)

    def __post_init__(self) -> None:
        options = self.config.options
        self.chat_context = ChatContext(options.chat_context.max_chars)
        self.latency = LatencyStopwatch(options.latency)
        self._preparation = Preparation(self._prepare, self._start)
        wake = partial(self._say, new_utterance_id(), "Hm.", lambda _: None, language="en")
        self._warmth = WarmUp(options.warm_up_after_s, wake, self._start)
        self._playback = Playback(
            transport=self.transport,
            clock=self.clock,
            cues=self.cues,
            latency=self.latency,
            overlaps=OverlapTracker(options.interruption.talk_over_s),
            on_turn=self.on_turn,
            on_overlap=self.on_overlap,
        )
        self._manager = TurnManager(
            assistant_names=(self.config.assistant,),
            options=options,
            new_request_id=new_utterance_id,
        )
        self.commands = CommandPerformer(options.commands, self._locale_of)
        self._replies = CommandReplies(self.commands, self._say, self._put, self.clock)
        self._manager.performs = self.commands.performs

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        loop = asyncio.get_running_loop()

        def tell(act: Callable[..., None], *given: object) -> None:
            with suppress(RuntimeError):  # the loop has been closed
                loop.call_soon_threadsafe(act, *given)

        self._hearing = HearingThread(
            self.transport,
            self.speech_input,
            self.clock,
            self.config.options.latency,
            partial(tell, self._take),
            partial(tell, self._deaf.set),
        )
        self._hearing.start()
        self._follower = self._group.create_task(self._follow_playout())
        self._put(AttentionSet(self.config.attention, self.clock.now()))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_over = True
        self._hearing.end()
        self.transport.playout.flush()
        self._preparation.close()
        for task in self._requests.values():
            task.cancel()
        if self._follower is not None:
            self._follower.cancel()
        await self._group.__aexit__(None, None, None)
        await self._deaf.wait()

    # -- who is there, and what they want ------------------------------------------------------

    def set_people(
        self, agreed: Mapping[int, str], *, others: int, locales: Mapping[int, str] | None = None
    ) -> None:
        """Say who is there.

        Args:
            agreed: The names of those who agreed to be heard.
            others: The number of other people.
            locales: The Discord locales of those whose locale is known.
        """
        self._names = dict(agreed)
        self._locales = dict(locales or {})
        self._put(PeopleChanged(dict(agreed), others, self.clock.now()))

    def set_attention(self, attention: Attention) -> None:
        """Change when the assistant answers."""
        self._put(AttentionSet(attention, self.clock.now()))

    def set_persona(self, persona: Persona, *, language: str | None, voice: str | None) -> None:
        """Change who the assistant is; `language` and `voice` as in the config and the session."""
        self.config = replace(self.config, persona=persona, language=language)
        self.voice = voice
        self._put(NamesChanged((self.config.assistant,), self.clock.now()))

    def forget(self, user_id: int) -> None:
        """Drop all that is known about a person, including what they are saying now."""
        self._hearing.forget(user_id)
        self._preparation.forget(user_id)
        self.forget_words(user_id)
        self.latency.forget(user_id)

    def forget_words(self, user_id: int) -> None:
        """Make the model forget what a person said so far; they are still heard."""
        self.chat_context.forget(user_id)
        self.commands.forget(user_id)

    def forget_conversation(self) -> None:
        """Make the model forget what was said so far."""
        self.chat_context.clear()
        self.commands.latest = None

    def handle_commands(self, handler: CommandHandler) -> None:
        """Let this carry out the commands that need more than the conversation."""
        self.commands.handler = handler
        self._manager.performs = self.commands.performs

    def write(self, user_id: int, text: str) -> None:
        """Ask a typed question. It interrupts the answer being played."""
        self._report_progress(self.clock.now())
        self._put(Typed(user_id, text, self.clock.now()))

    def ask_to_confirm(self, user_id: int, *, language: str | None) -> None:
        """Have CONFIRM performed for a person at the next pause, and take their yes or no.

        Args:
            user_id: The person.
            language: The code of the language that they spoke; None: unknown.
        """
        self._put(ConfirmationNeeded(user_id, language, self.clock.now()))

    def stop_answer(self) -> None:
        """Interrupt the answer being played."""
        self._report_progress(self.clock.now())
        self._put(AnswerStopped(self.clock.now()))

    def stop_all(self) -> None:
        """Cancel everything that was asked so far."""
        self._put(AllStopped(self.clock.now()))

    async def announce(self, text: str, *, language: str | None) -> None:
        """Say something that nobody asked for; this wakes the service, too.

        Raises:
            SkydeckError: It cannot be said.
        """
        utterance_id = new_utterance_id()  # unknown to the turn manager, which ignores its progress

        def play(fact: Fact) -> None:
            if isinstance(fact, ReplyChunk) and fact.packets:
                self._play(utterance_id, fact.packets)

        await self._say(utterance_id, text, play, language=language, user_id=None)

    async def _say(
        self,
        utterance_id: int,
        text: str,
        deliver: Callable[[Fact], None],
        *,
        language: str | None,
        user_id: int | None = None,
    ) -> None:
        voice = self.voices.get(user_id or 0) or self.voice
        request = speak(text, source=self.config.source(user_id), language=language, voice=voice)
        stream = ResponseStream(utterance_id, wants_answer=True)
        await self._call(request, stream, deliver, StyledSpeech(self.commands.manner_for(user_id)))

    @property
    def is_busy(self) -> bool:
        """Whether somebody speaks, waits for an answer, or is being answered."""
        return self._manager.is_busy

    # -- what is heard ---------------------------------------------------------------------------

    def _take(self, events: Sequence[SpeechEvent]) -> None:
        self._report_progress(self.clock.now())
        for event in events:
            if isinstance(event, SpeechBegan):
                self._warm_up()
            if isinstance(event, TurnEnded):
                self._record(event.clip)
            self.latency.heard(event)
            self._put(event)

    def _record(self, clip: Clip) -> None:
        """Keep what somebody said, unless they have left or withdrawn their consent meanwhile."""
        if self.recordings is not None and clip.user_id in self._names:
            self._start(asyncio.to_thread(self.recordings.add, clip, self.clock.wall()))

    # -- the turn manager ------------------------------------------------------------------------

    def _put(self, fact: Fact) -> None:
        if self._is_over:
            return
        self._stirred.set()
        for command in self._manager.handle(fact):
            self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        match command:
            case Prepare():
                self._preparation.want(command)
            case SendRequest():
                self._preparation.drop(command.user_id)
                self._begin(command, self._send(command))
            case PerformCommands():
                self._begin(command, self._replies.carry_out(command))
            case CancelRequest(request_id):
                self._cancel(request_id)
            case JudgedWords():
                self._hearing.tell(command)
            case TurnUpdate():
                self.view.show(command)
            case Remember():
                self._end_turn(command)
            case _:
                self._control_playout(command)

    def _end_turn(self, over: Remember) -> None:
        said = over
        if self.actions.is_only_announced(over):
            said = replace(over, reply="")  # nobody means that by "your last answer"
        else:
            self.chat_context.add(over, self._names.get(over.user_id, ""))
        self.actions.over(over)
        self._start(self._remember(said))

    def _control_playout(self, command: Play | PlayoutCommand) -> None:
        if not isinstance(command, Play):
            self._playback.carry_out(command)
            return
        self._play(command.utterance_id, command.packets)
        if self.recorder is not None:
            self.recorder.answered(command.utterance_id, command.packets)

    def _play(self, utterance_id: int, packets: Sequence[bytes]) -> None:
        self.commands.plays(utterance_id)
        self._playback.add(utterance_id, packets)
        self._stirred.set()

    def _cancel(self, request_id: int) -> None:
        self.latency.cancelled(request_id)
        self.commands.cancelled(request_id)
        task = self._requests.pop(request_id, None)
        if task is not None:
            task.cancel()

    def _begin(self, command: Asked, work: Coroutine[Any, Any, None]) -> None:
        if self.recorder is not None:
            self.recorder.asked(command)
        task = self._requests[command.request_id] = self._start(work)
        task.add_done_callback(lambda _: self._requests.pop(command.request_id, None))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._group.create_task(self._guarded(work))
        task.add_done_callback(lambda _: work.close())  # it may have been cancelled before it began
        return task

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """Keep an unexpected error of a task from ending the conversation."""
        try:
            await work
        except Exception:
            log.exception("a task of the voice conversation failed")

    async def _remember(self, over: Remember) -> None:
        try:
            await self.remember(over)
        except SkydeckError as e:
            log.warning("a turn is missing from the minutes: %s", e)

    async def _follow_playout(self) -> None:
        """Tell the turn manager what has been played, and that time has passed.

        While nobody speaks, waits or is answered, nothing depends on either.
        """
        latency = self.config.options.latency
        ticked = self.clock.now()
        while True:
            if not (self._playback.is_playing or self._requests or self.is_busy):
                self._stirred.clear()
                await self._stirred.wait()
            is_active = self._playback.is_playing or self._requests
            interval_s = latency.hear_interval_s if is_active else latency.tick_interval_s
            await self.clock.sleep(interval_s)
            now = self.clock.now()
            self._report_progress(now)
            if now - ticked >= latency.tick_interval_s:
                ticked = now
                self._put(Ticked(now))

    def _report_progress(self, now: float) -> None:
        """Tell the turn manager what has been played.

        Also before what people do: on a busy machine an answer may have played for a second when
        the next regular report is due, and whoever speaks then speaks over it.
        """
        if played := self._playback.news(now):
            self._put(played)

    # -- requests --------------------------------------------------------------------------------

    async def _send(self, command: SendRequest) -> None:
        request_id = command.request_id
        try:
            request = self._request(command)
            request = request.model_copy(update={"trace_id": (trace_id := new_trace_id())})
            self.latency.requested(command, self.clock.now(), trace_id)
            stream = ResponseStream(request_id, command.wants_answer, self.config.options.limits)
            heard = partial(self.commands.arrived, command.user_id)
            speech = StyledSpeech(self.commands.manner_for(command.user_id), heard)
            deliver = self.actions.watching(command.turn_id, stream, self._put)
            await self._call(request, stream, deliver, speech)
        except SkydeckError as e:
            log.warning("turn not answered (%s): %s", e.code, e)
            self._put(RequestFailed(request_id, e, self.clock.now()))
        except Exception as e:
            log.exception("a request failed unexpectedly")
            self._put(RequestFailed(request_id, e, self.clock.now()))

    async def _prepare(self, command: Prepare) -> None:
        question = audio_input(command.clip.file(), format="ogg") if command.clip else ""
        params = {"prepare": True, **self.commands.params_for(command.user_id)}
        about = self._about(command.user_id)
        await self.client.prepare(converse(question, **about, params=params))

    async def _call(
        self,
        request: Request,
        stream: ResponseStream,
        deliver: Callable[[Fact], None],
        speech: StyledSpeech,
    ) -> None:
        """Call the service, and deliver what it sends as facts."""
        async with self.client.submit(request) as updates:
            async for update in updates:
                now = self.clock.now()
                self._warmth.called(now)
                self.latency.received(stream.request_id, update, now)
                self._record_cost(update)
                for fact in await speech.take(await stream.take(update, now)):
                    deliver(fact)

    def _record_cost(self, update: Update) -> None:
        response = update.response
        if self.recorder is None or response is None or response.is_partial:
            return
        if response.usage is not None and response.usage.cost_usd:
            self.recorder.charged(response.usage.cost_usd)

    def _request(self, command: SendRequest) -> Request:
        user_id, clip = command.user_id, command.clip
        question: Any = audio_input(clip.file(), format="ogg") if clip else command.text or ""
        about, voice = self._about(user_id), self.voices.get(user_id) or self.voice
        if not command.wants_answer:
            return transcribe(question, **about)
        styled = self.commands.params_for(user_id) | ({"voice": voice} if voice else {})
        return converse(question, **about, params=styled | self.actions.params or None)

    def _about(self, user_id: int) -> dict[str, Any]:
        """Who asks, in which language and after what."""
        source, context = self.config.source(user_id), self._context(user_id)
        return {"source": source, "language": self.config.language, "context": context}

    def _context(self, user_id: int) -> Context:
        locale, name = self._locale_of(user_id), self._names.get(user_id)
        return self.config.context(self.chat_context.messages(), locale=locale, speaker=name)

    def _locale_of(self, user_id: int) -> str | None:
        return self._locales.get(user_id) or self.config.locale

    def _warm_up(self) -> None:
        self._warmth.speech_began(self.clock.now())
