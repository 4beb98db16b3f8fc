"""How often a sound begins while somebody still speaks: an answer or a cue in a pause of theirs."""

# mypy: ignore-errors

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bot.voice_agent.events import (
    JudgedWords,
    PeopleChanged,
    Play,
    PlayCue,
    Played,
    ReplyChunk,
    SendRequest,
    Ticked,
    Transcribed,
)
from bot.voice_agent.options import VoiceAgentOptions
from bot.voice_agent.turn_manager import TurnManager
from tests.bench.conversation import Conversation
from tests.bench.peers import SILENCE_S, PeerMissing, pipecat
from tests.bench.quality.findings import Chart, Section, Unit
from tests.bench.quality.language import NAMES
from tests.bench.quality.turn_ends import EAR_S, FIXED, NOW, checked_turns, open_ears, stream
from tests.bench.turn_ears import Ears
from tests.bench.turn_set import OwnTurn
from tests.fakes.discord_speech import FRAME_S

ANSWER_S = 0.6
"""From a request to the answer's first sound, on a machine quicker than most."""
REMARK = (
    "People pause longer than these voices. A folder of recordings with one folder a speaker, in "
    "`SKYDECK_RUNNING_SPEECH`, adds them."
)
WAYS = {"skydeck": NOW, f"{SILENCE_S} s of silence": FIXED}


def sounds(turn: OwnTurn, ears: Ears, options: VoiceAgentOptions) -> list[float]:
    """When a sound began, in a call of one person alone with the assistant."""
    manager = TurnManager(assistant_names=("Alfred",), options=options)
    manager.handle(PeopleChanged({1: "Ana"}, 0, 0.0))
    begun, due, ticked = [], [], 0.0
    for segmenter, now_s, frames in stream(turn, ears, options):
        facts = [fact for at_s, fact in due if at_s <= now_s]
        due = [(at_s, fact) for at_s, fact in due if at_s > now_s]
        if now_s - ticked >= options.latency.tick_interval_s:
            ticked = now_s
            facts.append(Ticked(now_s))
        facts += segmenter.tick(frames, now_s)
        while facts:
            for command in manager.handle(facts.pop(0)):
                match command:
                    case SendRequest(request_id, _, clip) if clip is not None:
                        text = ears.hear(clip.file(), turn.language)
                        heard = Transcribed(request_id, text, turn.language, now_s + EAR_S)
                        answer = ReplyChunk(request_id, "Yes.", (b"x",) * 50, "Yes.", now_s)
                        due += [(now_s + EAR_S, heard)]
                        due += [(now_s + ANSWER_S, replace(answer, at_s=now_s + ANSWER_S))]
                    case JudgedWords(user_id, ended_s, words):
                        segmenter.transcribed(user_id, ended_s, words)
                    case Play(request_id):
                        begun.append(now_s)
                        facts.append(Played(request_id, 1, False, now_s))
                    case PlayCue():
                        begun.append(now_s)
    return begun


def early(turn: OwnTurn, begun: Sequence[float]) -> int:
    """How many of these sounds began before the turn was over."""
    ((began_s, ended_s),) = turn.conversation().turns
    return sum(began_s < at_s < ended_s for at_s in begun)


def unhindered(conversation: Conversation, ends_s: Sequence[float]) -> list[float]:
    """When an answer would sound after each end, unless somebody spoke again before it."""
    voiced = conversation.voiced
    begun = [at_s + ANSWER_S for at_s in ends_s]
    return [
        sounds_s
        for at_s, sounds_s in zip(ends_s, begun, strict=True)
        if not voiced[round(at_s / FRAME_S) : round(sounds_s / FRAME_S)].any()
    ]


def measure(weights: Callable[[str], Path]) -> Section:
    """Count the sounds in running speech, each way, and pipecat's."""
    running = [one for one in checked_turns(weights) if one.kind == "running"]
    ears, remarks = open_ears(weights), [REMARK]
    counted = {
        name: [early(one, sounds(one, ears, options)) for one in running]
        for name, options in WAYS.items()
    }
    ears.close()
    conversations = [one.conversation() for one in running]
    try:
        with tempfile.TemporaryDirectory() as folder:
            ends_s = pipecat(conversations, Path(folder))["ends"]
        begun = map(unhindered, conversations, ends_s)
        counted["pipecat"] = [early(one, at) for one, at in zip(running, begun, strict=True)]
    except PeerMissing as e:
        remarks.append(f"Pipecat's row is missing: {e}.")
    minutes = minutes_by_language(running)
    rows = {
        name: [
            sum(n for n, one in zip(found, running, strict=True) if one.language == code)
            / minutes[code]
            for code in NAMES
        ]
        for name, found in counted.items()
    }
    return Section(
        title="Talking over people",
        about=(
            "Stories, told in sentences with pauses of 0.3 to 1 s, by one person alone with the "
            "bot: how often an answer or a cue begins to sound before they are over. An answer "
            f"takes {ANSWER_S} s from its request to its first sound, everywhere."
        ),
        inputs=(
            f"{len(running)} stories of {len({one.voice for one in running})} voices, "
            f"{sum(minutes.values()):.1f} minutes (`tests/bench/turn_set.toml`, the half to check)"
        ),
        peer=f"{SILENCE_S} s of silence; and pipecat 1.14's analyzers, whose answer takes as long",
        charts=[
            Chart(title="Sounds begun", unit=Unit.A_MINUTE, groups=[*NAMES.values()], rows=rows),
        ],
        remarks=remarks,
        is_timed=True,  # what Smart Turn takes decides which pauses an answer falls into
    )


def minutes_by_language(turns: Sequence[OwnTurn]) -> dict[str, float]:
    """How long somebody speaks, by language."""
    found = dict.fromkeys(NAMES, 0.0)
    for turn in turns:
        ((began_s, ended_s),) = turn.conversation().turns
        found[turn.language] += (ended_s - began_s) / 60
    return found
