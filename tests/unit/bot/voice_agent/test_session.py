"""The shell of a voice conversation; the calls that it makes are tested with the local Discord."""

import asyncio
import gc
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from audio.playout_queue import PlayoutQueue
from audio.speech_events import Clip, SpeechBegan, TurnEnded
from bot.clock import SystemClock
from bot.contract import Output, Response, System
from bot.errors import WeightsError
from bot.persona import NO_PERSONA, Persona
from bot.voice_agent import word_completeness
from bot.voice_agent.events import Played, Remember
from bot.voice_agent.session import VoiceSession
from bot.voice_agent.session_config import SessionConfig
from bot.voice_agent.session_factory import VoiceSessionFactory

ANA = 1


class Kept:
    """Recordings that are kept."""

    def __init__(self) -> None:
        self.user_ids: list[int] = []

    def add(self, clip: Clip, wall_s: float) -> None:
        self.user_ids.append(clip.user_id)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def session(kept: Kept) -> Any:
    nothing: Any = None
    recordings: Any = kept
    transport: Any = SimpleNamespace(playout=PlayoutQueue())
    return VoiceSession(
        transport=transport,
        speech_input=nothing,
        client=nothing,
        clock=SystemClock(),
        view=nothing,
        config=SessionConfig(system=System.DECK, guild_id=None, channel_id=None),
        cues={},
        remember=nothing,
        recordings=recordings,
    )


async def test_the_lists_of_words_are_read_when_the_models_are() -> None:
    def missing(name: str) -> Path:
        raise WeightsError(f"no {name}")

    nothing: Any = None
    word_completeness._tables.cache_clear()
    factory = VoiceSessionFactory(client=nothing, clock=nothing, weights=missing)
    with pytest.raises(WeightsError):
        await factory.warm_up()
    assert word_completeness._tables.cache_info().currsize == 1


async def test_what_is_called_off_before_it_begins_is_no_fault(session: Any) -> None:
    async def work() -> None:
        await asyncio.sleep(0)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        async with session._group:
            session._start(work()).cancel()
        gc.collect()
    assert warned == []


async def test_what_somebody_said_before_they_left_is_not_kept(session: Any, kept: Kept) -> None:
    end = TurnEnded(Clip(ANA, (b"\xf8",), 20, 0.0, 0.1), 0.2, None, 0)
    async with session._group:
        session._take([end])  # the hearing thread had it under way
        session._names[ANA] = "Ana"
        session._take([end])
    assert kept.user_ids == [ANA]


@pytest.mark.parametrize(
    "act",
    [
        lambda session: session.stop_answer(),
        lambda session: session.write(ANA, "No."),
        lambda session: session._take([SpeechBegan(ANA, 0.0, 0.1)]),
    ],
)
def test_what_played_meanwhile_is_known_before_somebody_speaks_over_it(
    session: Any, monkeypatch: pytest.MonkeyPatch, act: Callable[[Any], None]
) -> None:
    facts: list[object] = []
    monkeypatch.setattr(VoiceSession, "_put", lambda _, fact: facts.append(fact))
    monkeypatch.setattr(VoiceSession, "_warm_up", lambda _: None)
    session.transport.playout.add(1, [b"\xf8"] * 50)
    session.transport.playout.read(0.0)
    act(session)
    assert [type(fact) for fact in facts][:1] == [Played]
    assert len(facts) == 2


async def test_a_persona_is_told_with_each_question_and_can_change(session: Any) -> None:
    assert session._context(ANA).persona is None
    persona = Persona(name="Nova", instructions="Be warm.", voice="joe")
    session.set_persona(persona, language="es", voice="joe")
    told = session._context(ANA).persona
    assert (told.name, told.instructions) == ("Nova", "Be warm.")
    assert (session.config.assistant, session.config.language, session.voice) == (
        "Nova",
        "es",
        "joe",
    )
    session.set_persona(NO_PERSONA, language=None, voice=None)
    assert session._context(ANA).persona is None
    assert session.config.assistant == "Alfred"


class Taker:
    """What takes actions."""

    def __init__(self) -> None:
        self.params = {"actions": [{"service": "GRACE", "module": "SUMMARIZER"}]}
        self.taken: list[tuple[int, str]] = []

    def take(self, user_id: int, transcript: str, response: Response) -> None:
        self.taken.append((user_id, transcript))


@pytest.mark.parametrize(
    ("turn_id", "reply", "interrupted", "is_taken"),
    [
        (7, "I'm on it.", False, True),
        (7, "I'm", True, False),  # "no, stop"
        (7, "", False, False),  # it was not for the assistant
        (8, "Paris.", False, False),  # another turn's answer
    ],
)
def test_an_action_is_taken_only_when_its_answer_was_heard_to_the_end(
    session: Any, turn_id: int, reply: str, interrupted: bool, is_taken: bool
) -> None:
    session.actions.taker = taker = Taker()
    session.actions._proposed[7] = Response(output=Output(text="I'm on it.", action={}))
    session.actions.over(Remember(turn_id, ANA, "summarise this", reply, interrupted))
    session.actions.over(Remember(turn_id, ANA, "summarise this", reply, interrupted))
    assert taker.taken == ([(ANA, "summarise this")] if is_taken else [])
