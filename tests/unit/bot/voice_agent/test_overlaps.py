"""What became of speech over an answer: counted from the commands alone."""

import pytest

from bot.observability.metrics import Metrics
from bot.observability.turns import TurnRecorder
from bot.voice_agent.events import FlushPlayout, PausePlayout, ResumePlayout
from bot.voice_agent.overlaps import Overlap, OverlapTracker
from tests.fakes.talk import Talk, only

ANA = 1


def overlaps(commands, *, played_s: float = 0.0, now_s: float = 5.0) -> list[Overlap]:
    tracker = OverlapTracker(talk_over_s=1.0)
    ends = [tracker.take(command, played_s=played_s, now_s=now_s) for command in commands]
    return [end for end in ends if end is not None]


@pytest.mark.parametrize(
    ("said", "how"), [("Uh-huh.", Overlap.BACKCHANNEL), ("What is that?", Overlap.INTERRUPTION)]
)
def test_how_speech_over_an_answer_ends(said, how):
    talk = Talk()
    talk.people("Ana")
    talk.say(ANA)
    talk.answer("How far is the moon?", "The moon is far away.", packets=100)
    talk.play(50)
    commands = talk.say(ANA, 0.5) + talk.heard(said)
    assert only(commands, PausePlayout)
    assert overlaps(commands) == [how]


def test_an_answer_that_began_in_their_pause_talked_over_them():
    commands = [PausePlayout(), FlushPlayout(), ResumePlayout()]
    assert overlaps(commands, played_s=4.5) == [Overlap.TALK_OVER]
    assert overlaps(commands, played_s=3.5) == [Overlap.INTERRUPTION]


def test_what_is_dropped_while_nobody_speaks_is_no_overlap():
    assert overlaps([FlushPlayout(), ResumePlayout()]) == []


def test_each_is_a_metric_of_its_own():
    metrics = Metrics()
    recorder = TurnRecorder(metrics, None, clock=None)
    for how in (*Overlap, Overlap.BACKCHANNEL):
        recorder.overlapped(how)
    text = metrics.text().decode()
    assert 'skydeck_turn_overlaps_total{kind="backchannel"} 2.0' in text
    assert 'skydeck_turn_overlaps_total{kind="talk_over"} 1.0' in text
