"""What people read: turns, the status, the picture of a turn, the transcript."""

import io

import numpy as np
import pytest

from audio.discord_voice.client import LinkHealth
from audio.discord_voice.stats import ReceptionStats, Totals
from audio.discord_voice.watchdog import FaultKind
from bot.i18n import words_for
from bot.store.records import Minute, VoiceRoom
from bot.voice_agent.events import Attention, Stage, TurnUpdate
from bot.voice_agent.turn_latency import TurnTrace, summary
from cogs.voice._minutes import MAX_CHARS, record, transcript
from cogs.voice._status import status_text
from cogs.voice._timings import waterfall
from cogs.voice._transcript_view import render

EN, ES = words_for("en-US"), words_for("es-ES")
EMBED_LIMIT = 4096


def shown(stage: Stage, heard: str = "", said: str = "", failure: str = "") -> str:
    update = TurnUpdate(1, 7, stage, heard, said)
    return render(update, "A*na", "Alfred", EN, failure=failure)


def test_both_sides_are_told_apart() -> None:
    text = shown(Stage.DONE, "Who?", "Me.")
    assert text == "🗣️ **A\\*na:** Who?\n💬 **Alfred:** Me."


def test_a_name_that_somebody_chose_is_no_markup() -> None:
    update = TurnUpdate(1, 7, Stage.DONE, "Who?", "Me.")
    text = render(update, "Ana", "No*va\n@everyone", EN)
    assert "💬 **No\\*va @\u200beveryone:** Me." in text


def test_an_answer_grows_and_may_be_cut_off() -> None:
    assert shown(Stage.ANSWERING, "Who?", "I am").endswith("I am ▌")
    assert EN("voice.interrupted") in shown(Stage.INTERRUPTED, "Who?", "I")
    assert EN("voice.waiting") in shown(Stage.WAITING_FOR_WORKER, "Who?")


def test_nothing_is_shown_of_nothing() -> None:
    assert shown(Stage.HEARD) == ""
    assert shown(Stage.DONE) == ""


def test_a_failure_is_told_beside_what_was_heard() -> None:
    told = EN("errors.rate_limited")
    assert shown(Stage.FAILED, "Who?", failure=told).startswith("🗣️ **A\\*na:** Who?\n")
    assert told in shown(Stage.FAILED, "Who?", failure=told)
    assert told in shown(Stage.FAILED, failure=told)


def test_nobody_is_pinged_by_what_is_said_aloud() -> None:
    assert "@everyone" not in shown(Stage.DONE, "Say @everyone", "@everyone")


def trace(ask: int = 1) -> TurnTrace:
    """A turn: 1.2 s from the last word to the first sound."""
    return TurnTrace(
        ask,
        7,
        last_packet=10.0,
        end_of_turn=10.25,
        waited_ms=240,
        request_sent=10.255,
        transcript=10.6,
        first_text=10.9,
        first_audio=11.18,
        first_packet_out=11.2,
    )


def link(people: int, trouble: FaultKind | None = None) -> LinkHealth:
    one = ReceptionStats(received=99_999, lost=1_234, late=123, undecryptable=12, concealed=1_111)
    return LinkHealth(
        connected=True,
        encrypted=True,
        privacy_code="12345 " * 6,
        latency_ms=23.4,
        fault=trouble,
        fault_counts={
            FaultKind.DEAF: 2,
            FaultKind.RECOVERED: 2,
            FaultKind.AWAY: 1,
            FaultKind.UNDECRYPTABLE: 3,
        },
        people=dict.fromkeys(range(people), one),
        totals=Totals(without_consent=321),
    )


@pytest.mark.parametrize("words", [EN, ES])
@pytest.mark.parametrize("attention", list(Attention))
def test_the_status_fits_however_many_there_are(words, attention) -> None:  # type: ignore[no-untyped-def]
    room = VoiceRoom(1, 2, attention.value, 7, follow_user_id=8)
    names = dict.fromkeys(range(99), "*" * 32)
    turns = summary([trace(ask) for ask in range(200)])
    text = status_text(room, link(99, FaultKind.UNDECRYPTABLE), turns, names, words)
    assert len(text) <= EMBED_LIMIT
    assert "23 ms" in text
    assert "321" in text
    assert ("1.2% lost" if words is EN else "1,2\u00a0% perdido") in text
    assert ("99,999" if words is EN else "99.999") in text
    assert "<@8>" in text
    assert "1200 ms" in text


def test_the_status_of_a_line_that_has_heard_nobody() -> None:
    room = VoiceRoom(1, 2, "auto", 7)
    text = status_text(room, link(0), {}, {}, EN)
    assert EN("voice.status.nobody") in text
    assert EN("voice.status.no_turns") in text
    assert "Privacy code: `12345 12345 12345 12345 12345 12345`. Discord shows you one too" in text


@pytest.mark.parametrize("words", [EN, ES])
def test_a_turn_as_a_picture(words) -> None:  # type: ignore[no-untyped-def]
    from matplotlib.image import imread  # not by every process that only collects this module

    pixels = imread(io.BytesIO(waterfall(trace(), words)), format="png")
    height, width, _ = pixels.shape
    assert width > height > 300
    colours = (pixels * 255).astype(np.uint32) @ (1 << np.arange(0, 8 * pixels.shape[2], 8))
    assert len(np.unique(colours)) > 10


def minute(number: int) -> Minute:
    return Minute(1, 2, 7, "Ana", f"turn\n{number}", at_ms=number * 1000)


def test_a_transcript_has_a_line_for_each_turn() -> None:
    minutes = [minute(1), minute(2)]
    assert transcript(minutes) == "Ana: turn 1\nAna: turn 2"
    assert record(minutes, "en").decode() == (
        "1 Jan 1970, 00:00:01  Ana: turn 1\n1 Jan 1970, 00:00:02  Ana: turn 2\n"
    )
    assert record(minutes, "es").decode().startswith("1 ene 1970, 00:00:01  Ana: turn 1\n")


def test_a_long_transcript_loses_its_oldest_lines() -> None:
    text = transcript([minute(number) for number in range(20_000)])
    assert len(text) <= MAX_CHARS
    assert text.startswith("Ana: turn ")
    assert text.endswith("turn 19999")
