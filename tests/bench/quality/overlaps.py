"""Speech over an answer: a backchannel lets it go on, an interruption stops it."""

# mypy: ignore-errors

import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.voice_agent.events import (
    FlushPlayout,
    JudgedWords,
    PausePlayout,
    PeopleChanged,
    Played,
    ReplyChunk,
    RequestCompleted,
    SendRequest,
    Ticked,
    Transcribed,
    Typed,
)
from bot.voice_agent.turn_manager import TurnManager
from tests.bench.peers import PeerMissing, pipecat
from tests.bench.quality.findings import Chart, Section, Unit
from tests.bench.quality.language import NAMES
from tests.bench.quality.names import VOICES
from tests.bench.quality.turn_ends import EAR_S, NOW, open_ears, stream
from tests.bench.turn_ears import Ears
from tests.bench.turn_set import OwnTurn, Voices
from tests.fakes.discord_speech import FRAME_S

BACKCHANNELS = {
    "en": ("Uh-huh.", "Mm-hm.", "Okay.", "Yeah.", "Right.", "I see."),
    "es": ("Ajá.", "Vale.", "Sí.", "Claro.", "Ya veo.", "Muy bien."),
}
INTERRUPTIONS = {
    "en": (
        "Stop.",
        "Be quiet, please.",
        "Wait, what about Germany?",
        "No, I meant the other one.",
    ),
    "es": (
        "Para.",
        "Cállate, por favor.",
        "Espera, ¿y Alemania?",
        "No, me refería al otro.",
    ),
}
STORY = "Once upon a time there was a king who had three daughters. " * 20
STORY_PACKETS = 5_000


@dataclass
class Outcome:
    """What became of an answer over which somebody spoke.

    Attributes:
        is_stopped: It ended; else it went on.
        silent_after_s: From their first voice until it was silent; None: it never was.
    """

    is_stopped: bool = False
    silent_after_s: float | None = None


def overlap(turn: OwnTurn, ears: Ears) -> Outcome:
    """Let somebody speak over an answer."""
    manager = TurnManager(assistant_names=("Alfred",), options=NOW)
    answer = _answering(manager)
    ((began_s, _),) = turn.conversation().turns
    outcome, due, ticked = Outcome(), [], 0.0
    for segmenter, now_s, frames in stream(turn, ears, NOW):
        facts = [fact for at_s, fact in due if at_s <= now_s]
        due = [(at_s, fact) for at_s, fact in due if at_s > now_s]
        if now_s - ticked >= NOW.latency.tick_interval_s:
            ticked = now_s
            if outcome.silent_after_s is None:
                facts.append(Played(answer, round(now_s / FRAME_S), False, now_s))
            facts.append(Ticked(now_s))
        facts += segmenter.tick(frames, now_s)
        while facts:
            for command in manager.handle(facts.pop(0)):
                match command:
                    case PausePlayout() if outcome.silent_after_s is None:
                        outcome.silent_after_s = now_s - began_s
                    case FlushPlayout():
                        outcome.is_stopped = True
                    case JudgedWords(user_id, ended_s, words):
                        segmenter.transcribed(user_id, ended_s, words)
                    case SendRequest(request_id, _, clip) if clip is not None:
                        text, at_s = ears.hear(clip.file(), turn.language), now_s + EAR_S
                        due.append((at_s, Transcribed(request_id, text, turn.language, at_s)))
                        if not command.wants_answer:
                            due.append((at_s, RequestCompleted(request_id, at_s)))
        if outcome.is_stopped:
            break
    return outcome


def _answering(manager: TurnManager) -> int:
    """Let a long answer play. Returns its utterance id."""
    manager.handle(PeopleChanged({1: "Ana"}, 0, 0.0))
    commands = manager.handle(Typed(1, "Tell me a story.", 0.0))
    (answer,) = [one.request_id for one in commands if isinstance(one, SendRequest)]
    manager.handle(ReplyChunk(answer, STORY, (b"opus",) * STORY_PACKETS, STORY, 0.0))
    manager.handle(Played(answer, 1, False, 0.0))
    return answer


def measure(weights: Callable[[str], Path]) -> Section:
    """Speak over answers, and count for pipecat what its detector notices."""
    voices = Voices(weights)
    said = {
        kind: [
            OwnTurn(voice, code, "turn", text, (voices.say(text, voice),))
            for code in NAMES
            for text in texts[code]
            for voice in VOICES[code]
        ]
        for kind, texts in (("on", BACKCHANNELS), ("stop", INTERRUPTIONS))
    }
    ears, remarks = open_ears(weights), []
    found = {"skydeck": {k: [overlap(one, ears) for one in turns] for k, turns in said.items()}}
    ears.close()
    try:
        found["pipecat"] = {kind: _pipecat(turns) for kind, turns in said.items()}
    except PeerMissing as e:
        remarks.append(f"Pipecat's row is missing: {e}.")
    return Section(
        title="Speech over an answer",
        about=(
            "While the bot answers, somebody says \u201cuh-huh\u201d or \u201cvale\u201d, and the "
            "answer should go on; or they stop it or ask something else, and it should stop. The "
            "bot falls silent for both until the words are known."
        ),
        inputs=(
            f"{len(said['on'])} backchannels and {len(said['stop'])} interruptions by eight eSpeak "
            "voices"
        ),
        peer=(
            "pipecat 1.14: by default whatever its voice activity detector takes for speech stops "
            "the answer"
        ),
        charts=[
            _chart("Backchannels after which the answer went on", said["on"], found, "on", False),
            _chart("Interruptions that stopped the answer", said["stop"], found, "stop", True),
            Chart(
                title="From an interruption's first voice to silence", unit=Unit.MS,
                groups=["median", "p95"],
                rows={name: silences_ms(by["stop"]) for name, by in found.items()},
            ),
        ],
        remarks=remarks,
        is_timed=True,  # what Smart Turn takes is part of it
    )  # fmt: skip


def _chart(title, turns, found, kind, is_stopped) -> Chart:
    """How many ended as they should, by language."""
    rows = {
        name: [
            sum(
                one.is_stopped is is_stopped
                for one, turn in zip(by[kind], turns, strict=True)
                if turn.language == code
            )
            for code in NAMES
        ]
        for name, by in found.items()
    }
    counts = [sum(turn.language == code for turn in turns) for code in NAMES]
    return Chart(title=title, unit="", groups=[*NAMES.values()], rows=rows, of=counts)


def _pipecat(turns: Sequence[OwnTurn]) -> list[Outcome]:
    conversations = [turn.conversation() for turn in turns]
    with tempfile.TemporaryDirectory() as folder:
        starts = pipecat(conversations, Path(folder))["starts"]
    return [
        Outcome(bool(at), at[0] - one.turns[0][0] if at else None)
        for one, at in zip(conversations, starts, strict=True)
    ]


def silences_ms(outcomes: Sequence[Outcome]) -> list[float | None]:
    """Median and 95th percentile of the time until silence."""
    found = [one.silent_after_s * 1000 for one in outcomes if one.silent_after_s is not None]
    if len(found) < 2:
        return [None, None]
    return [statistics.median(found), statistics.quantiles(found, n=20)[-1]]
