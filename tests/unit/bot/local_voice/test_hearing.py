"""Whether the microphone hears the person, and why a turn has no words."""

import pytest

from bot.i18n import words_for
from bot.local_voice.hearing import Hearing, LevelCheck, Recording, why_unheard

ENGLISH, SPANISH = words_for("en"), words_for("es")


def judged(*levels: float, every_s: float = 0.5) -> list[Hearing]:
    check = LevelCheck()
    return [check.judge(level, number * every_s) for number, level in enumerate(levels)]


def test_a_voice_is_heard_and_stays_so_for_a_moment():
    assert judged(-55, -20, -55, -55, -55, -55, -55, -55) == [
        Hearing.WAITING, *[Hearing.HEARD] * 5, Hearing.WAITING, Hearing.WAITING,
    ]  # fmt: skip


def test_a_louder_verdict_replaces_a_quieter_one_at_once():
    assert judged(-40, -20, -1, -40) == [Hearing.QUIET, Hearing.HEARD, Hearing.LOUD, Hearing.LOUD]


def test_no_sound_at_all_for_some_seconds_is_told():
    assert judged(*[-90.3] * 8)[-1] is Hearing.SILENT
    assert judged(*[-90.3] * 4)[-1] is Hearing.WAITING, "it may just be starting"
    assert judged(*[-60.0] * 20)[-1] is Hearing.WAITING, "a quiet room is not mute"
    assert judged(*[-90.3] * 8, -20)[-1] is Hearing.HEARD


@pytest.mark.parametrize(
    ("recording", "told"),
    [
        (Recording(0.2, -20, None), "only 0.2 s long"),
        (Recording(3, -120, None), "the microphone gave no sound"),
        (Recording(3, -120, "USB"), "“USB” gave no sound"),
        (Recording(3, -41.6, None), "only \N{MINUS SIGN}42 dB"),
        (Recording(3, -12, "USB"), "“USB” heard \N{MINUS SIGN}12 dB"),
        (Recording(3, 0, "USB", has_sound=False), "“USB” delivered nothing"),
    ],
)
def test_what_was_measured_is_told_with_what_to_do(recording, told):
    text = why_unheard(recording, ENGLISH)
    assert told in text
    assert "F2" in text or "Space" in text or "space" in text


def test_it_is_told_in_spanish_as_well():
    text = why_unheard(Recording(0.24, -20, None), SPANISH)
    assert "0,2 s" in text
    assert "«USB»" in why_unheard(Recording(3, -120, "USB"), SPANISH)
