"""The conversation as it is shown and saved."""

import datetime as dt
from pathlib import Path

import pytest

from audio import codec, ogg
from audio.earcons import chime
from audio.speech_events import Clip
from bot import errors
from bot.errors import BadInput
from bot.i18n import words_for
from bot.local_voice import transcript as transcripts
from bot.local_voice.export import export
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import Kind
from bot.voice_agent.events import SendRequest, Stage, TurnUpdate

ENGLISH = words_for("en")
TONE = chime([(440.0, 200)])


def ask(
    number: int, turn: int, *, typed: str | None = None, preemptive: bool = False
) -> SendRequest:
    clip = None if typed else Clip(1, TONE, 200, 0.0, 0.2, 1)
    return SendRequest(number, 1, clip, typed, True, preemptive, turn)


@pytest.fixture
def transcript() -> Transcript:
    return Transcript()


def answer(
    transcript: Transcript, turn: int, heard: str, said: str, stage: Stage = Stage.DONE
) -> None:
    transcript.show(TurnUpdate(turn, 1, Stage.HEARD, heard, ""))
    transcript.show(TurnUpdate(turn, 1, Stage.ANSWERING, heard, said))
    transcript.show(TurnUpdate(turn, 1, stage, heard, said))


def saved(folder: Path, transcript: Transcript, at: dt.datetime) -> Path:
    sound = transcript.sound_of
    return export(folder, transcript.entries, sound, assistant="Alfred", at=at, words=ENGLISH)


def test_an_entry_grows_under_one_number(transcript):
    transcript.asked(ask(1, 1))
    assert transcript.is_asking
    transcript.show(TurnUpdate(1, 1, Stage.HEARD, "How far?", ""))
    assert not transcript.is_asking
    [early] = transcript.entries
    transcript.show(TurnUpdate(1, 1, Stage.DONE, "How far?", "Far."))
    [late] = transcript.entries
    assert (late.number, late.answered, late.is_over) == (early.number, "Far.", True)
    assert late.spoken


def test_a_preemptive_request_is_not_yet_awaited(transcript):
    transcript.asked(ask(1, 1, preemptive=True))
    assert not transcript.is_asking


def test_what_is_typed_is_not_spoken(transcript):
    transcript.asked(ask(1, 1, typed="How far?"))
    answer(transcript, 1, "How far?", "Far.")
    assert not transcript.entries[0].spoken


def test_a_failure_is_told_in_words_with_what_to_do(transcript):
    spent = errors.OverBudget(
        scope="all", period="day", limit_micro_usd=5_000_000, left_micro_usd=0, renews_ms=0
    )
    causes = {
        errors.KeyRefused("HTTP 401"): "my key",
        ValueError("private words"): "on my side",
        spent: "is left in the budget of all servers for today ($0 of $5.00)",
        errors.TooSoon(wait_s=9): "again in 9 s",
        errors.ServiceDown("…", wait_s=30): "retry in 30 s",
        errors.MissingPermission(("speak",)): "speak",
    }
    for turn_id, error in enumerate(causes):
        transcript.show(TurnUpdate(turn_id, 1, Stage.FAILED, "How far?", "", error=error))
    told = [entry.answered for entry in transcript.entries if entry.kind is Kind.ERROR]
    for text, expected in zip(told, causes.values(), strict=True):
        assert expected in text


def test_what_was_cut_says_so(transcript):
    answer(transcript, 1, "How far?", "Far", Stage.INTERRUPTED)
    assert transcript.entries[0].was_cut


def test_nothing_heard_is_told(transcript):
    transcript.show(TurnUpdate(1, 1, Stage.NOTHING_HEARD, "", ""))
    assert transcript.entries[0].progress == "nothing was heard"


def test_why_nothing_was_heard_is_told_for_what_was_spoken(transcript):
    transcript.why_unheard = lambda: "It is muted."
    transcript.show(TurnUpdate(1, 1, Stage.NOTHING_HEARD, "", ""))
    transcript.asked(ask(2, 2, typed="…"))
    transcript.show(TurnUpdate(2, 1, Stage.NOTHING_HEARD, "", ""))
    transcript.words = words_for("es")
    transcript.show(TurnUpdate(3, 1, Stage.NOT_FOR_US, "", ""))
    assert [entry.progress for entry in transcript.entries] == [
        "It is muted.", "nothing was heard", "nada que responder",
    ]  # fmt: skip


def test_a_new_conversation_has_nothing_of_the_one_before_and_no_notes(transcript):
    answer(transcript, 1, "How far?", "Far.")
    transcript.note("Help.")
    transcript.begin()
    assert transcript.conversation == ()
    answer(transcript, 2, "And back?", "As far.")
    transcript.error("No.")
    assert [entry.asked for entry in transcript.conversation] == ["And back?"]
    assert len(transcript.entries) == 4


def test_the_latest_answer_is_no_note(transcript):
    answer(transcript, 1, "How far?", "Far.")
    transcript.note("A note.")
    assert transcript.latest_answer == "Far."


def test_it_does_not_grow_without_end(transcript, monkeypatch):
    monkeypatch.setattr(transcripts, "MAX_ENTRIES", 10)
    monkeypatch.setattr(transcripts, "MAX_SOUND_BYTES", 20_000)
    for turn in range(1, 200):
        transcript.asked(ask(turn, turn))
        transcript.answered(turn, TONE * 5)
        answer(transcript, turn, "Again?", "Again.")
    assert len(transcript.entries) == 10
    assert sum(sound.size for sound in transcript._sounds.values()) <= 25_000
    assert len(transcript._entry_of_turn) == 0


def test_a_conversation_is_saved_with_its_sound(transcript, tmp_path):
    transcript.asked(ask(1, 1))
    transcript.answered(1, TONE)
    answer(transcript, 1, "How far?", "Far.")
    transcript.asked(ask(2, 2, typed="Typed?"))
    answer(transcript, 2, "Typed?", "Yes", Stage.INTERRUPTED)
    transcript.note("A note.")
    at = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
    files = [
        export(
            tmp_path,
            transcript.entries,
            transcript.sound_of,
            assistant="Alfred",
            at=at,
            words=ENGLISH,
        )
        for _ in range(2)
    ]
    assert files[0] != files[1]  # nothing is overwritten
    text = files[0].read_text()
    assert text.startswith("# Conversation with Alfred, 23 Nov 2026, 12:00\n")
    assert "**You:** How far? ([sound](001-question.ogg))" in text
    assert "**Alfred:** Yes *(stopped)*" in text
    assert "A note." not in text
    for name in ("001-question.ogg", "001-answer.ogg"):
        sound = (files[0].parent / name).read_bytes()
        assert ogg.demux(sound).packets == TONE
        assert len(codec.decode(sound, limit_s=5)) > 2_000


def test_nothing_to_save_and_nowhere_to_save_are_told(transcript, tmp_path):
    at = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
    with pytest.raises(BadInput, match="Nothing"):
        export(
            tmp_path,
            transcript.entries,
            transcript.sound_of,
            assistant="Alfred",
            at=at,
            words=ENGLISH,
        )
    answer(transcript, 1, "How far?", "Far.")
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        export(
            tmp_path / "file",
            transcript.entries,
            transcript.sound_of,
            assistant="Alfred",
            at=at,
            words=ENGLISH,
        )
