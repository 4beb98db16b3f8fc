"""The hearing thread: when it looks, when it sleeps, and what ends its sleep."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from audio.playout_queue import PlayoutQueue
from audio.speech_events import SpeechBegan
from audio.turn_end import Words
from bot.clock import SystemClock
from bot.contract import System
from bot.voice_agent.events import JudgedWords
from bot.voice_agent.hearing import HearingThread
from bot.voice_agent.options.latency import LatencyOptions
from bot.voice_agent.session import SessionConfig, VoiceSession
from tests.waiting import HANGS_S

ANA = 1
OPTIONS = LatencyOptions(hear_interval_s=0.001, rest_interval_s=HANGS_S)


class Transport:
    """Nothing comes by itself.

    Attributes:
        during_pull: Called once, within the next pull.
    """

    def __init__(self) -> None:
        self.playout = PlayoutQueue()
        self.pulls = 0
        self.pulled, self.sleeps = threading.Semaphore(0), threading.Semaphore(0)
        self.during_pull: Any = None
        self._arrived = threading.Event()

    def pull(self, now_s: float) -> list[Any]:
        self._arrived.clear()
        act, self.during_pull = self.during_pull, None
        if act is not None:
            self._arrived.set()
            act()
            self._arrived.clear()  # as if it had come before
        self.pulls += 1
        self.pulled.release()
        return []

    def wait(self, seconds: float) -> None:
        self.sleeps.release()
        assert self._arrived.wait(seconds), "nobody has woken it"

    def wake(self) -> None:
        self._arrived.set()


class Input:
    """Detects what it is told to."""

    def __init__(self) -> None:
        self.is_at_rest = True
        self.forgotten: list[int] = []
        self.told: list[Words] = []
        self.next: list[Any] = []
        self.changed = threading.Semaphore(0)

    def tick(self, frames: Any, now_s: float) -> list[Any]:
        if self.next and isinstance(self.next[0], Exception):
            raise self.next.pop(0)
        events, self.next = self.next, []
        return events

    def transcribed(self, user_id: int, ended_s: float, words: Words) -> None:
        self.told.append(words)
        self.changed.release()

    def forget(self, user_id: int) -> None:
        self.forgotten.append(user_id)
        self.changed.release()


class Stage:
    """A thread under test, and what it delivers."""

    def __init__(self) -> None:
        self.transport, self.input = Transport(), Input()
        self.events: list[Any] = []
        self.delivered = threading.Semaphore(0)
        self.thread = HearingThread(
            self.transport, self.input, SystemClock(), OPTIONS, self._deliver, lambda: None
        )

    def _deliver(self, events: list[Any]) -> None:
        self.events += events
        self.delivered.release()


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.thread.end()
    stage.thread.join(HANGS_S)
    assert not stage.thread.is_alive()


def came(semaphore: threading.Semaphore) -> bool:
    return semaphore.acquire(timeout=HANGS_S)


def test_while_nothing_is_said_it_looks_once_and_sleeps(stage: Stage) -> None:
    stage.thread.start()
    assert came(stage.transport.sleeps)
    assert stage.transport.pulls == 1
    stage.input.next = [SpeechBegan(ANA, 1.0, 1.0)]
    stage.transport.wake()
    assert came(stage.delivered)
    assert stage.events == [SpeechBegan(ANA, 1.0, 1.0)]


def test_while_something_is_said_it_looks_again_and_again(stage: Stage) -> None:
    stage.input.is_at_rest = False
    stage.thread.start()
    for _ in range(20):
        assert came(stage.transport.pulled)
    assert not stage.transport.sleeps.acquire(blocking=False)


def test_an_order_ends_its_sleep(stage: Stage) -> None:
    stage.thread.start()
    assert came(stage.transport.sleeps)
    stage.thread.forget(ANA)
    assert came(stage.input.changed)
    stage.thread.tell(JudgedWords(ANA, 1.0, Words.WHOLE))
    assert came(stage.input.changed)
    assert (stage.input.forgotten, stage.input.told) == ([ANA], [Words.WHOLE])


@pytest.mark.parametrize("order", ["forget", "end"])
def test_an_order_given_while_it_looks_is_not_slept_through(stage: Stage, order: str) -> None:
    act = {"forget": lambda: stage.thread.forget(ANA), "end": stage.thread.end}[order]
    stage.transport.during_pull = act
    stage.thread.start()
    if order == "forget":
        assert came(stage.input.changed)
    else:
        stage.thread.join(HANGS_S / 2)
        assert not stage.thread.is_alive()


def test_a_fault_of_the_input_is_not_its_end(stage: Stage) -> None:
    stage.input.next = [ValueError("a fault"), SpeechBegan(ANA, 1.0, 1.0)]
    stage.thread.start()
    assert came(stage.delivered)


async def test_however_many_conversations_there_are_each_is_heard() -> None:
    """The event loop's executor has six threads on two processors, and others need them."""
    nothing: Any = None
    transports = [Transport() for _ in range(40)]
    async with contextlib.AsyncExitStack() as stack:
        for transport in transports:
            session = VoiceSession(
                transport=transport,
                speech_input=Input(),
                client=nothing,
                clock=SystemClock(),
                view=nothing,
                config=SessionConfig(system=System.DECK, guild_id=None, channel_id=None),
                cues={},
                remember=nothing,
            )
            await stack.enter_async_context(session)
        async with asyncio.timeout(HANGS_S):
            for transport in transports:
                assert await asyncio.to_thread(came, transport.pulled)
