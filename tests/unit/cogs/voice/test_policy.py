"""Who is heard, what is in the way, and where a meeting begins."""

import pytest

from bot.store.records import Consent, Minute
from cogs.voice._policy import (
    MEETING_GAP_MS,
    RETURN_AFTER_S,
    RETURNS_PER_MINUTE,
    Hindrance,
    audience,
    hindrance,
    is_full,
    latest_meeting,
    needed,
    staggered,
)

ANA, BEN, CAT, DAN = 1, 2, 3, 4
PRESENT = {ANA: "Ana", BEN: "Ben", CAT: "Cat"}


def said(user_id: int, agreed: bool, locale: str | None = "en-US") -> Consent:
    return Consent(user_id, agreed, locale, at_ms=0)


CONSENTS = {ANA: said(ANA, True, "es-ES"), BEN: said(BEN, False), DAN: said(DAN, True)}


def test_only_who_is_there_and_agreed_is_heard() -> None:
    found = audience(PRESENT, CONSENTS)
    assert found.agreed == {ANA: "Ana"}
    assert found.locales == {ANA: "es-ES"}
    assert found.unasked == {CAT}
    assert found.others == 2
    assert not found.is_empty


def test_who_has_just_taken_it_back_is_not_heard_and_not_asked() -> None:
    found = audience(PRESENT, CONSENTS, barred={ANA, CAT})
    assert not found.agreed
    assert not found.unasked
    assert found.others == 3
    now = audience(PRESENT, CONSENTS).without(ANA)
    assert (now.agreed, now.others) == ({}, 3)
    assert now.without(ANA) is now


def test_nobody_is_nobody() -> None:
    assert audience({}, CONSENTS).is_empty


def test_a_limit_of_zero_is_none() -> None:
    assert [is_full(99, 0), is_full(4, 5), is_full(5, 5), is_full(6, 5)] == [
        False,
        False,
        True,
        True,
    ]


def test_on_a_stage_nobody_needs_to_have_a_say() -> None:
    assert "speak" in needed(is_stage=False)
    assert "speak" not in needed(is_stage=True)


@pytest.mark.parametrize(
    ("deafened", "muted", "suppressed", "is_stage", "worst"),
    [
        (False, False, False, False, None),
        (False, False, False, True, None),
        (True, True, True, True, Hindrance.DEAFENED),
        (False, True, True, True, Hindrance.AUDIENCE),
        (False, True, False, True, Hindrance.MUTED),
        (False, False, True, False, Hindrance.MUTED),
    ],
)
def test_the_worst_hindrance_counts(
    deafened: bool, muted: bool, suppressed: bool, is_stage: bool, worst: Hindrance | None
) -> None:
    found = hindrance(deafened=deafened, muted=muted, suppressed=suppressed, is_stage=is_stage)
    assert found is worst


def test_a_long_silence_parts_meetings() -> None:
    times = [0, 10, 10 + MEETING_GAP_MS, 11 + 2 * MEETING_GAP_MS, 12 + 2 * MEETING_GAP_MS]
    minutes = [Minute(1, 2, ANA, "Ana", "hello", at_ms) for at_ms in times]
    assert [one.at_ms for one in latest_meeting(minutes)] == times[3:]
    assert latest_meeting(minutes[:3]) == minutes[:3]
    assert list(latest_meeting([])) == []


def test_two_hundred_channels_are_not_rejoined_at_once() -> None:
    starts = [staggered(number, RETURN_AFTER_S)[0] for number in range(200)]
    for minute in range(4):
        assert sum(60 * minute <= at < 60 * (minute + 1) for at in starts) <= RETURNS_PER_MINUTE
    assert staggered(0, RETURN_AFTER_S) == RETURN_AFTER_S
    assert staggered(120, RETURN_AFTER_S)[1:] == RETURN_AFTER_S[1:]
