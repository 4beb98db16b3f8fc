"""Discord's time, whatever this machine's clock says."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cluster.discord_time import DiscordTime, describe_skew

START_S = 1_800_000_000.0


class HostClock:
    """A host whose clock is wrong.

    Attributes:
        at_s: Discord's time.
    """

    def __init__(self, ahead_s: float) -> None:
        self.at_s = START_S
        self.ahead_s = ahead_s

    def now(self) -> float:
        return self.at_s - START_S + 77

    def wall(self) -> float:
        return self.at_s + self.ahead_s


def reply(time: DiscordTime, clock: HostClock, *, took_s: float = 0.2, exact: bool = False) -> None:
    sent_s = clock.now()
    clock.at_s += took_s / 2
    headers = {"Date": formatdate(clock.at_s, usegmt=True)}
    if exact:
        headers |= {
            "X-RateLimit-Reset": f"{clock.at_s + 5:.3f}",
            "X-RateLimit-Reset-After": "5.000",
        }
    clock.at_s += took_s / 2
    time.observe(headers, sent_s=sent_s, received_s=clock.now())


@pytest.mark.parametrize("ahead_s", [-86_400, -4, 4, 3600])
@pytest.mark.parametrize("exact", [False, True])
def test_a_wrong_clock_is_found_and_allowed_for(ahead_s, exact):
    clock = HostClock(ahead_s)
    time = DiscordTime(clock)
    reply(time, clock, exact=exact)
    assert time.ahead_s() == pytest.approx(ahead_s, abs=0.7)
    assert time.wall() == pytest.approx(clock.at_s, abs=0.7)
    assert time.earliest() <= clock.at_s


def test_before_the_first_reply_nothing_is_known():
    clock = HostClock(4)
    time = DiscordTime(clock)
    assert time.earliest() is None
    assert time.ahead_s() == 0
    assert time.wall() == clock.wall()


def test_a_right_clock_is_not_suspected():
    clock = HostClock(0)
    time = DiscordTime(clock)
    for _ in range(50):
        reply(time, clock, took_s=0.3)
    assert time.ahead_s() == 0
    assert describe_skew(time.ahead_s()) == ""


def test_a_clock_that_is_set_meanwhile_changes_nothing():
    clock = HostClock(0)
    time = DiscordTime(clock)
    reply(time, clock, exact=True)
    clock.ahead_s = 7200
    assert time.wall() == pytest.approx(clock.at_s, abs=0.2)


def test_a_machine_that_slept_begins_anew(monkeypatch):
    clock = HostClock(0)
    time = DiscordTime(clock)
    reply(time, clock)
    asleep_s = 3600
    clock.now = lambda: clock.at_s - asleep_s - START_S + 77
    clock.at_s += asleep_s
    reply(time, clock)
    assert time.wall() == pytest.approx(clock.at_s, abs=0.7)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Date": ""},
        {"Date": "yesterday"},
        {"Date": "Sun, 99 Nov 2026 23:32:34 GMT"},
        {"X-RateLimit-Reset": "5", "X-RateLimit-Reset-After": "1"},
    ],
)
def test_headers_that_tell_nothing(headers):
    time = DiscordTime(HostClock(4))
    time.observe(headers, sent_s=1, received_s=2)
    assert time.earliest() is None


def test_a_limit_that_contradicts_the_date_is_left_out():
    clock = HostClock(0)
    time = DiscordTime(clock)
    headers = {
        "Date": formatdate(clock.at_s, usegmt=True),
        "X-RateLimit-Reset": "12",
        "X-RateLimit-Reset-After": "nan",
    }
    time.observe(headers, sent_s=clock.now(), received_s=clock.now())
    assert time.wall() == pytest.approx(clock.at_s, abs=1)


def test_it_is_told_once(caplog):
    clock = HostClock(-30)
    time = DiscordTime(clock)
    for _ in range(3):
        reply(time, clock, exact=True)
    [record] = caplog.records
    assert "clock is 30 s behind Discord's" in record.getMessage()


@given(
    st.floats(-1e6, 1e6),
    st.lists(st.tuples(st.floats(0, 20), st.booleans()), min_size=1, max_size=20),
)
def test_what_was_sent_just_now_is_never_late(ahead_s, replies):
    clock = HostClock(ahead_s)
    time = DiscordTime(clock)
    for took_s, exact in replies:
        reply(time, clock, took_s=took_s, exact=exact)
        assert time.earliest() <= clock.at_s + 0.01
