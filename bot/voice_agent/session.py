"""One voice conversation: ears and mouth at one end, Penny at the other, the turn machine between.

    async with VoiceSession(line=line, hearing=hearing, client=client, …) as session:
        session.people({ana.id: "Ana"}, others=0)

The machine decides (`bot.voice_agent.turn_manager`); this carries it out. Hearing runs on a thread
of its own, every 10 ms; each ask is a task of its own; nothing else waits.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Protocol, Self

from audio.playout_queue import PlayoutProgress, PlayoutQueue
from audio.speech_events import SpeechBegan, SpeechEvent, SpeechFrame, TurnEnded
from bot.clock import Clock
from bot.contract import Context, Request, Source, System
from bot.contract.penny import audio_input, converse, speak, transcribe
from bot.errors import SkydeckError
from bot.runpod.models import Update
from bot.service_calls.client import ServiceClient
from bot.spans import new_trace_id
from bot.voice_agent.chat_context import ChatContext
from bot.voice_agent.events import (
    AllStopped,
    AnswerStopped,
    Ask,
    AskFailed,
    Attention,
    AttentionSet,
    Command,
    Cue,
    Fact,
    FlushPlayout,
    Hold,
    PeopleChanged,
    Play,
    Played,
    Release,
    Remember,
    Sound,
    Ticked,
    TurnUpdate,
    Typed,
    Withdraw,
)
from bot.voice_agent.latency_stopwatch import LatencyStopwatch
from bot.voice_agent.recordings import RecordingStore
from bot.voice_agent.response_stream import ResponseStream
from bot.voice_agent.turn_latency import TurnTrace
from bot.voice_agent.turn_manager import TurnManager

log = logging.getLogger(__name__)

HEAR_EVERY_S: Final = 0.01
"""Twice as often as a Discord client sends a packet: so long, at most, a packet lies unheard."""
TICK_EVERY_S: Final = 0.1
NOTICE: Final = -1
"""The ask of what is said without being asked."""


class VoiceTransport(Protocol):
    """Where voices come from and go to: a voice channel, or a microphone and a loudspeaker."""

    playout: PlayoutQueue

    def pull(self, now_s: float) -> list[SpeechFrame]:
        """What has been heard since the last call; for the hearing thread."""
        ...


class SpeechInput(Protocol):
    """Speech out of packets (`audio.segmenter.SpeechSegmenter`); for the hearing thread alone."""

    def tick(self, frames: Sequence[SpeechFrame], now_s: float) -> list[SpeechEvent]:
        """What the packets of the last 20 ms say."""
        ...

    def forget(self, user_id: int) -> None:
        """Drop everything of a person's."""
        ...


class TranscriptView(Protocol):
    """Who reads along. Neither method may wait."""

    def show(self, show: TurnUpdate) -> None:
        """How a turn stands now."""
        ...

    def trouble(self, kind: str) -> None:
        """The line is in trouble, or out of it."""
        ...


class SessionRecorder(Protocol):
    """Keeps a record of what goes out and comes back. No method may wait."""

    def asked(self, ask: Ask) -> None:
        """A turn, or a part of it, goes to the service."""
        ...

    def answered(self, ask: int, packets: Sequence[bytes]) -> None:
        """More of an answer goes to the loudspeaker: Opus, 20 ms each."""
        ...

    def charged(self, cost_usd: float) -> None:
        """The service says what a call has cost."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionConfig:
    """What a session goes by.

    Attributes:
        system: As whom Penny is called; names the assistant.
        guild_id: The server; None on a local microphone.
        channel_id: The channel; None on a local microphone.
        locale: The language of answers where a speaker's own is not known.
        attention: When to answer.
        eager: Whether recognition begins at a pause, before the turn is known to be over.
        warm_after_s: A service not called for that long is woken when somebody begins to speak;
            0: never.
    """

    system: System
    guild_id: int | None
    channel_id: int | None
    locale: str | None = None
    attention: Attention = Attention.AUTO
    eager: bool = True
    warm_after_s: float = 0.0


@dataclass(slots=True)
class VoiceSession:
    """A voice conversation. An async context manager; leaving it stops everything.

    Attributes:
        line: Ears and mouth.
        ears: Turns packets into events.
        client: The services.
        clock: Time; the same that the line uses.
        face: Who reads along.
        terms: What it goes by.
        cues: Each cue's packets.
        keep: Is told every turn that is over; for minutes.
        keep_clips: Where what people said is kept; None: nothing of it is.
        witness: Keeps a record; None: nobody does.
        on_turn: Is told each turn's marks when its answer begins to sound; may not wait.
        recall: What Penny is told of the conversation so far.
        voice: In which voice she answers; None: by language.
    """

    line: VoiceTransport
    ears: SpeechInput
    client: ServiceClient
    clock: Clock
    face: TranscriptView
    terms: SessionConfig
    cues: Mapping[Cue, Sequence[bytes]]
    keep: Callable[[Remember], Awaitable[None]]
    keep_clips: RecordingStore | None = None
    witness: SessionRecorder | None = None
    on_turn: Callable[[TurnTrace], None] | None = None
    recall: ChatContext = field(default_factory=ChatContext)
    voice: str | None = None
    _machine: TurnManager = field(init=False)
    _watch: LatencyStopwatch = field(default_factory=LatencyStopwatch)
    _group: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)
    _asks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _chores: list[asyncio.Task[None]] = field(default_factory=list)
    _names: dict[int, str] = field(default_factory=dict)
    _languages: dict[int, str] = field(default_factory=dict)
    _forgotten: set[int] = field(default_factory=set)
    _called_s: float | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _is_playing: bool = False
    _played: PlayoutProgress = field(default_factory=PlayoutProgress)

    def __post_init__(self) -> None:
        self._machine = TurnManager(
            assistant_names=(self.terms.system.assistant,), eager=self.terms.eager
        )

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        loop = asyncio.get_running_loop()
        self._chores = [
            self._group.create_task(asyncio.to_thread(self._hear, loop)),
            self._group.create_task(self._pump()),
        ]
        self._put(AttentionSet(self.terms.attention, self.clock.now()))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self.line.playout.flush()
        for task in (*self._asks.values(), *self._chores[1:]):
            task.cancel()
        await self._group.__aexit__(None, None, None)

    # -- who is there, and what they want ------------------------------------------------------

    def people(
        self, agreed: Mapping[int, str], *, others: int, languages: Mapping[int, str] | None = None
    ) -> None:
        """Who is there.

        Args:
            agreed: The names of those who agreed to be heard.
            others: How many more people are there.
            languages: The ISO 639-1 languages of those whose language is known.
        """
        self._names = dict(agreed)
        self._languages = dict(languages or {})
        self._put(PeopleChanged(dict(agreed), others, self.clock.now()))

    def attend(self, attention: Attention) -> None:
        """Change when to answer."""
        self._put(AttentionSet(attention, self.clock.now()))

    def forget(self, user_id: int) -> None:
        """Drop what is known of a person: what they are saying, and what they said."""
        self._forgotten.add(user_id)  # the hearing thread owns the ears
        self.recall.forget(user_id)
        self._watch.forget(user_id)

    def forget_conversation(self) -> None:
        """Tell the model no more of what was said so far."""
        self.recall.clear()

    def write(self, user_id: int, text: str) -> None:
        """Ask something in writing. An answer that sounds is over."""
        self._put(Typed(user_id, text, self.clock.now()))

    def stop_answer(self) -> None:
        """No more of the answer that sounds."""
        self._put(AnswerStopped(self.clock.now()))

    def stop_all(self) -> None:
        """Nothing more of what was asked so far."""
        self._put(AllStopped(self.clock.now()))

    async def notice(self, text: str, *, language: str | None) -> None:
        """Say something without being asked; it wakes the service, too.

        Raises:
            SkydeckError: It cannot be said.
        """
        request = speak(text, source=self._source(None), language=language)
        await self._follow(request, NOTICE, ResponseStream(NOTICE, speaks=True))

    @property
    def is_busy(self) -> bool:
        """Whether somebody speaks, waits for an answer, or is being answered."""
        return self._machine.is_busy

    @property
    def watch(self) -> LatencyStopwatch:
        """How long the latest turns took."""
        return self._watch

    # -- the hearing thread ----------------------------------------------------------------------

    def _hear(self, loop: asyncio.AbstractEventLoop) -> None:
        due = self.clock.now()
        while not self._stop.is_set():
            now = self.clock.now()
            try:
                events = self._listen(now)
            except Exception:
                log.exception("hearing stumbled; it goes on")
                events = []
            if events:
                with suppress(RuntimeError):  # the loop has been closed
                    loop.call_soon_threadsafe(self._take, events)
            due = max(due + HEAR_EVERY_S, now)
            self._stop.wait(max(0.0, due - self.clock.now()))

    def _listen(self, now: float) -> list[SpeechEvent]:
        while self._forgotten:
            self.ears.forget(self._forgotten.pop())
        return self.ears.tick(self.line.pull(now), now)

    def _take(self, events: Sequence[SpeechEvent]) -> None:
        for event in events:
            if isinstance(event, SpeechBegan):
                self._warm()
            if isinstance(event, TurnEnded) and self.keep_clips is not None:
                self._start(asyncio.to_thread(self.keep_clips.add, event.clip, self.clock.wall()))
            self._watch.heard(event)
            self._put(event)

    # -- the machine -----------------------------------------------------------------------------

    def _put(self, fact: Fact) -> None:
        if self._stop.is_set():
            return
        for command in self._machine.handle(fact):
            self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        match command:
            case Ask():
                self._asks[command.ask] = self._start(self._ask(command))
            case Withdraw(ask):
                self._withdraw(ask)
            case TurnUpdate():
                self.face.show(command)
            case Remember():
                self.recall.add(command, self._names.get(command.user_id, ""))
                self._start(self._keep(command))
            case _:
                self._sound(command)

    def _sound(self, command: Play | Hold | Release | FlushPlayout | Sound) -> None:
        playout = self.line.playout
        match command:
            case Play(ask, packets):
                self._is_playing = True
                playout.add(ask, packets)
                if self.witness is not None:
                    self.witness.answered(ask, packets)
            case Hold():
                playout.hold()
            case Release():
                playout.release()
            case FlushPlayout():
                playout.flush()
            case Sound(cue):
                playout.cue(self.cues[cue])

    def _withdraw(self, ask: int) -> None:
        self._watch.drop(ask)
        task = self._asks.pop(ask, None)
        if task is not None:
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._group.create_task(self._guarded(work))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """For a task of the group: an unexpected error must not end the conversation."""
        try:
            await work
        except Exception:
            log.exception("a part of the voice conversation broke off")

    async def _keep(self, over: Remember) -> None:
        try:
            await self.keep(over)
        except SkydeckError as e:
            log.warning("a turn is missing in the minutes: %s", e)

    async def _pump(self) -> None:
        """Tell the machine how far the loudspeaker is, and that time goes by."""
        ticked = self.clock.now()
        while True:
            await self.clock.sleep(HEAR_EVERY_S if self._is_playing or self._asks else TICK_EVERY_S)
            now = self.clock.now()
            self._tell_played(now)
            if now - ticked >= TICK_EVERY_S:
                ticked = now
                self._put(Ticked(now))

    def _tell_played(self, now: float) -> None:
        played = self.line.playout.progress()
        self._is_playing = not played.drained
        if played == self._played or played.utterance_id is None:
            return
        self._played = played
        if played.utterance_id == NOTICE:
            return
        if played.first_s is not None:
            trace = self._watch.sounded(played.utterance_id, played.first_s)
            if trace is not None:
                log.info("turn %s", trace.to_json(), extra={"trace_id": trace.trace_id})
                if self.on_turn is not None:
                    self.on_turn(trace)
        self._put(Played(played.utterance_id, played.packets, played.drained, now))

    # -- asking ----------------------------------------------------------------------------------

    async def _ask(self, ask: Ask) -> None:
        hearsay = ResponseStream(ask.ask, speaks=ask.answer)
        try:
            request = await self._request(ask)
            request = request.model_copy(update={"trace_id": (trace_id := new_trace_id())})
            self._watch.asked(ask, self.clock.now(), trace_id)
            if self.witness is not None:
                self.witness.asked(ask)
            await self._follow(request, ask.ask, hearsay)
        except SkydeckError as e:
            log.warning("turn not answered (%s): %s", e.code, e)
            self._put(AskFailed(ask.ask, e.code, self.clock.now()))
        except Exception:
            log.exception("an ask broke off in an unexpected way")
            self._put(AskFailed(ask.ask, SkydeckError.code, self.clock.now()))
        finally:
            self._asks.pop(ask.ask, None)

    async def _follow(self, request: Request, ask: int, hearsay: ResponseStream) -> None:
        async with self.client.submit(request) as updates:
            async for update in updates:
                now = self._called_s = self.clock.now()
                if ask != NOTICE:
                    self._watch.told(ask, update, now)
                self._count(update)
                for fact in await hearsay.take(update, now):
                    self._hear_of(ask, fact)

    def _count(self, update: Update) -> None:
        response = update.response
        if self.witness is None or response is None or response.is_partial:
            return
        if response.usage is not None and response.usage.cost_usd:
            self.witness.charged(response.usage.cost_usd)

    def _hear_of(self, ask: int, fact: Fact) -> None:
        if ask != NOTICE:
            self._put(fact)
        elif packets := getattr(fact, "packets", ()):
            self.line.playout.add(NOTICE, packets)
            self._is_playing = True

    async def _request(self, ask: Ask) -> Request:
        source = self._source(ask.user_id)
        language = self._languages.get(ask.user_id) or self.terms.locale
        if ask.clip is None:
            said: Any = ask.text or ""
        else:
            said = audio_input(ask.clip.file(), format="ogg", language=language)
        if not ask.answer:
            return transcribe(said, source=source)
        context = Context(
            history=self.recall.messages(),
            locale=language,
            speaker=self._names.get(ask.user_id),
        )
        params = {"voice": self.voice} if self.voice else None
        return converse(said, source=source, context=context, params=params)

    def _source(self, user_id: int | None) -> Source:
        ids = {
            "guild": self.terms.guild_id,
            "channel": self.terms.channel_id,
            "user": user_id,
        }
        return Source(
            system=self.terms.system, **{k: str(v) for k, v in ids.items() if v is not None}
        )

    def _warm(self) -> None:
        """Wake a service that may have gone to sleep, while its first question is being spoken."""
        now, after_s = self.clock.now(), self.terms.warm_after_s
        if not after_s or (self._called_s is not None and now - self._called_s < after_s):
            return
        self._called_s = now
        self._start(self._wake())

    async def _wake(self) -> None:
        request = speak("Hm.", source=self._source(None), language="en")
        try:
            async with self.client.submit(request) as updates:
                async for _ in updates:
                    pass
        except SkydeckError as e:
            log.info("the service was not woken: %s", e)
