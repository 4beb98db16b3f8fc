"""The parts of the evaluation that need no model."""

from types import SimpleNamespace

import numpy as np
import pytest

from audio.speech_events import Clip, SpeechBegan, SpeechPaused, TurnEnded
from audio.turn_end import Words
from bot.voice_agent.turn_latency import TurnTrace
from tests.bench.conversation import Conversation, Score
from tests.bench.peers import PeerTurn
from tests.bench.quality import answers, first_sound, overlaps, talk_overs, turn_ends, words
from tests.bench.quality.judge import Question
from tests.bench.quality.names import CALLED, NAMES, NOBODY, is_called
from tests.fakes.discord_speech import FRAME_S


def question(language: str, half: str, accepted: str) -> Question:
    return Question(language, half, "?", (accepted,))


def test_right_answers_are_counted_where_they_belong():
    asked = [question("en", "unseen", "Oslo"), question("en", "unseen", "Rome")]
    asked.append(question("es", "tuned", "Lima"))
    assert answers.rights(asked, ["It is Oslo.", "Oslo", "Lima."]) == [1.0, None, None, 1.0]


def test_longer_recordings_count_more_in_an_error_rate():
    assert words.weighted([(1.0, 1), (0.0, 9)]) == pytest.approx(0.1)
    assert words.weighted([]) == 0.0


@pytest.mark.parametrize("name", NAMES)
def test_as_written_each_call_is_a_call_and_no_other_sentence_is(name):
    calls = [text.format(name) for texts in CALLED.values() for text in texts]
    others = [text for texts in NOBODY.values() for text in texts]
    assert [text for text in calls if not is_called(text, name)] == []
    assert [text for text in others if is_called(text, name)] == []


def test_an_answer_that_somebody_speaks_before_is_not_begun():
    voiced = np.zeros(round(10 / FRAME_S), bool)
    voiced[round(2.3 / FRAME_S) : round(4 / FRAME_S)] = True
    conversation = Conversation(np.zeros(0, np.float32), voiced, ())
    found = talk_overs.unhindered(conversation, [2.0, 5.0])
    assert found == [pytest.approx(5.0 + talk_overs.ANSWER_S)]


def test_delays_are_told_by_median_mean_and_95th_percentile():
    delays = (*(number / 1000 for number in range(1, 100)), 1.1)
    found = turn_ends.spread_ms(Score(delays, 0, 0, 0, 100))
    assert found == (pytest.approx(50.5), pytest.approx(60.5), pytest.approx(95.95))
    assert turn_ends.spread_ms(Score((), 0, 0, 0, 0)) == (None, None, None)


def trace(begin: float) -> TurnTrace:
    return TurnTrace(
        1, 1, last_packet=begin, end_of_turn=begin + 0.3, waited_ms=250, request_sent=begin + 0.2,
        transcript=begin + 0.4, first_text=begin + 0.6, first_audio=begin + 0.7,
        first_packet_out=begin + 0.75,
    )  # fmt: skip


def test_where_a_turns_time_goes_beside_the_peers():
    found = {"tiny": ([trace(1.0), trace(9.0)], [PeerTurn(0.5, 0.75, 0.25)] * 2)}
    section = first_sound.section(found, [])
    parts, whole = section.charts
    assert parts.groups == ["skydeck, tiny", "one after another, tiny"]
    assert parts.shown["listening"] == ["250", "1,500"]
    assert parts.shown["thinking"] == ["200", "750"]
    assert parts.shown["together"] == ["750", "3,000"]
    assert whole.shown == {"median": ["750", "3,000"], "p95": ["750", "3,000"]}
    assert first_sound.ratio(found["tiny"][1], found["tiny"][0]) == pytest.approx(4.0)


def test_a_model_that_could_not_run_leaves_its_bars_out():
    section = first_sound.section({}, ["small: could not run: no file"])
    assert [chart.groups for chart in section.charts] == [[], []]


class Segmenter:
    """Says what it was told to say, at its time."""

    def __init__(self, script) -> None:
        self._script = script
        self.judged = []

    def tick(self, _frames, now_s):
        due = [event for event in self._script if event.at_s <= now_s]
        del self._script[: len(due)]
        return due

    def transcribed(self, *judged):
        self.judged.append(judged)


def scripted(monkeypatch, part, speech_s: float, *, turn_end_s: float):
    """Let a part's ears hear one turn from 1.0 s on. Returns it and its segmenter."""
    ended_s = 1.0 + speech_s
    clip = Clip(1, (b"opus",) * round(speech_s * 50), round(speech_s * 1000), 1.0, ended_s)
    segmenter = Segmenter(
        [
            SpeechBegan(1, 1.0, 1.2),
            SpeechPaused(clip, ended_s + 0.2),
            TurnEnded(clip, ended_s + turn_end_s, 0.9, 300),
        ]
    )

    def stream(_turn, _ears, _options):
        return ((segmenter, step * FRAME_S, []) for step in range(round(6 / FRAME_S)))

    monkeypatch.setattr(part, "stream", stream)
    monkeypatch.setattr(Clip, "file", lambda _clip: b"")
    turn = SimpleNamespace(
        language="en", conversation=lambda: SimpleNamespace(turns=((1.0, ended_s),))
    )
    return turn, segmenter


def spoken_over(monkeypatch, heard: str) -> overlaps.Outcome:
    """What becomes of an answer over which somebody speaks, by scripted ears."""
    turn, _ = scripted(monkeypatch, overlaps, 0.4, turn_end_s=0.4)
    return overlaps.overlap(turn, SimpleNamespace(hear=lambda _file, _language: heard))


def test_the_words_of_a_pause_shorten_or_lengthen_its_wait_in_stories_too(monkeypatch):
    turn, segmenter = scripted(monkeypatch, talk_overs, 2.0, turn_end_s=1.0)
    ears = SimpleNamespace(hear=lambda _file, _language: "And then they went to the")
    assert talk_overs.sounds(turn, ears, turn_ends.NOW)
    assert segmenter.judged == [(1, 3.0, Words.DANGLING)]


@pytest.mark.parametrize(
    ("heard", "is_stopped"),
    [("Uh-huh.", False), ("Okay.", False), ("Stop.", True), ("What about Germany?", True)],
)
def test_what_becomes_of_an_answer_over_which_somebody_speaks(monkeypatch, heard, is_stopped):
    outcome = spoken_over(monkeypatch, heard)
    assert outcome.is_stopped is is_stopped
    assert outcome.silent_after_s == pytest.approx(0.2, abs=0.03)


def test_the_times_until_silence_leave_out_what_was_never_silent():
    outcomes = [overlaps.Outcome(True, second) for second in (0.2, 0.3, None, 0.4)]
    assert overlaps.silences_ms(outcomes)[0] == pytest.approx(300)
    assert overlaps.silences_ms(outcomes[2:3]) == [None, None]
