"""Each way of being deaf has a sign, and is told within three seconds of the call's own clock."""

from dataclasses import replace

import pytest

from audio.discord_voice.stats import ReceptionStats
from audio.discord_voice.watchdog import (
    AWAY_S,
    CHECK_EVERY_S,
    GRACE_S,
    MAX_TRANSPORT_ERRORS,
    MAX_UNDECRYPTABLE,
    STALLED_S,
    FaultKind,
    LinkStats,
    RecoveryAction,
    Watchdog,
)

ANA = 101
WELL = LinkStats(
    now_s=100.0,
    connected=True,
    polling=True,
    reading=True,
    announced_s=None,
    datagram_s=None,
    transport_errors=0,
    people={},
)


class Watch:
    """A line that is looked at as often as a real one."""

    def __init__(self):
        self.watchdog, self.now_s = Watchdog(), WELL.now_s

    def looks(self, seconds, **stats):
        """What it told and did, and how long after this began."""
        news, began_s = [], self.now_s
        while self.now_s - began_s < seconds:
            self.now_s += CHECK_EVERY_S
            found = self.watchdog.check(replace(WELL, now_s=self.now_s, **stats))
            if found != (None, None):
                news.append((self.now_s - began_s, *found))
        return news


def test_a_line_in_order_is_left_alone():
    watch = Watch()
    assert watch.looks(20.0) == []
    assert watch.looks(20.0, announced_s=watch.now_s, datagram_s=watch.now_s - 0.1) == []
    assert watch.watchdog.fault is None


@pytest.mark.parametrize(
    ("sign", "told", "action"),
    [
        ({"polling": False}, FaultKind.DEAF, RecoveryAction.REJOIN),
        ({"reading": False}, FaultKind.DEAF, RecoveryAction.REJOIN),
        ({"transport_errors": MAX_TRANSPORT_ERRORS}, FaultKind.DEAF, RecoveryAction.REJOIN),
        ({"announced_s": WELL.now_s}, FaultKind.DEAF, RecoveryAction.REJOIN),
        (
            {"announced_s": WELL.now_s, "datagram_s": WELL.now_s - 1},
            FaultKind.DEAF,
            RecoveryAction.REJOIN,
        ),
        (
            {"people": {ANA: ReceptionStats(undecryptable_in_a_row=MAX_UNDECRYPTABLE)}},
            FaultKind.UNDECRYPTABLE,
            RecoveryAction.REKEY,
        ),
        ({"connected": False}, FaultKind.AWAY, None),
    ],
)
def test_each_sign_is_told_once_and_within_three_seconds(sign, told, action):
    watch = Watch()
    [(after_s, *news)] = watch.looks(GRACE_S, **sign)
    assert news == [told, action]
    assert after_s <= 3.0
    assert watch.looks(CHECK_EVERY_S) == [(CHECK_EVERY_S, FaultKind.RECOVERED, None)]
    assert watch.watchdog.counts == {told: 1, FaultKind.RECOVERED: 1}


def test_a_moment_away_is_not_worth_a_word():
    watch = Watch()
    assert watch.looks(AWAY_S, connected=False) == []
    assert watch.looks(10.0) == []


def test_what_did_not_help_is_followed_by_more():
    watch = Watch()
    sealed = {"people": {ANA: ReceptionStats(undecryptable_in_a_row=MAX_UNDECRYPTABLE)}}
    news = watch.looks(2 * GRACE_S, **sealed)
    assert [done for _, _, done in news] == [RecoveryAction.REKEY, RecoveryAction.REJOIN]
    assert news[1][0] - news[0][0] == GRACE_S


def test_a_reconnect_that_hangs_is_begun_anew():
    watch = Watch()
    news = watch.looks(STALLED_S + AWAY_S, connected=False)
    assert [(told, done) for _, told, done in news] == [
        (FaultKind.AWAY, None),
        (None, RecoveryAction.REJOIN),
    ]
    assert news[1][0] >= STALLED_S
