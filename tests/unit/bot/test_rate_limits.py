import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.rate_limits import ActionBucket, Limiter, action_limiter


class StillClock:
    """A clock that is turned by hand."""

    def __init__(self):
        self.t = 1000.0

    def now(self):
        return self.t

    def wall(self):
        return self.t

    async def sleep(self, seconds):
        raise AssertionError("a limiter does not wait")


def limiter(**limits):
    clock = StillClock()
    base = {"user_per_minute": 60, "user_burst": 3, "guild_per_minute": 600, "guild_burst": 100}
    return clock, Limiter(clock, **(base | limits))


def test_a_burst_then_a_wait_then_one_more():
    clock, limits = limiter()
    assert [limits.take(1, None) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert limits.take(1, None) == pytest.approx(1.0)
    clock.t += 0.4
    assert limits.take(1, None) == pytest.approx(0.6)
    clock.t += 0.6
    assert limits.take(1, None) == 0.0
    assert limits.take(1, None) == pytest.approx(1.0)


def test_people_do_not_share_a_bucket_but_a_server_does():
    _, limits = limiter(guild_burst=4)
    assert [limits.take(user, 9) for user in (1, 2, 3, 4)] == [0.0] * 4
    assert limits.take(5, 9) > 0
    assert limits.take(5, 10) == 0.0
    assert limits.take(5, None) == 0.0


def test_who_is_refused_pays_nothing():
    clock, limits = limiter(guild_burst=3)
    for _ in range(3):
        limits.take(1, 9)
    for _ in range(50):
        assert limits.take(1, 9) > 0
    clock.t += 1.0
    assert limits.take(1, 9) == 0.0


def test_the_longer_of_the_two_waits_is_named():
    _, limits = limiter(guild_per_minute=6, guild_burst=1)
    assert limits.take(1, 9) == 0.0
    assert limits.take(1, 9) == pytest.approx(10.0)


def test_a_clock_that_stands_or_goes_back_gives_nothing_away():
    clock, limits = limiter()
    for _ in range(3):
        limits.take(1, None)
    clock.t -= 100
    assert limits.take(1, None) > 0


def test_full_buckets_are_forgotten():
    clock, limits = limiter()
    for user in range(1000):
        limits.take(user, user % 10)
        clock.t += 1.0
    assert len(limits) < 20


def test_a_limit_must_let_something_through():
    for wrong in ({"user_burst": 0}, {"guild_per_minute": 0}):
        with pytest.raises(ValueError, match="over 0"):
            limiter(**wrong)


asks = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from([None, 8, 9]), st.floats(0, 5)), max_size=120
)


@given(asks)
def test_nobody_ever_gets_more_than_burst_and_rate(asks):
    clock, limits = limiter(user_per_minute=30, guild_per_minute=45, guild_burst=4)
    let_in = []
    for user, guild, pause_s in asks:
        clock.t += pause_s
        if limits.take(user, guild) == 0.0:
            let_in.append((clock.t, user, guild))
    for place, per_s, burst in ((1, 0.5, 3), (2, 0.75, 4)):
        for owner in {ask[place] for ask in let_in} - {None}:
            times = [ask[0] for ask in let_in if ask[place] == owner]
            for i, begin in enumerate(times):
                for j, end in enumerate(times[i:], i):
                    assert j - i + 1 <= burst + (end - begin) * per_s + 1e-6


@given(asks)
@example([(1, None, pause_s) for pause_s in (1.4984726011563234, *[0] * 6, 3, 5, 5, 0, 0, 0)])
def test_whoever_waits_as_long_as_told_is_let_in(asks):
    clock, limits = limiter(user_per_minute=30, guild_per_minute=45, guild_burst=4)
    for user, guild, pause_s in asks:
        clock.t += pause_s
        wait_s = limits.take(user, guild)
        if wait_s > 0:
            clock.t += wait_s
            assert limits.take(user, guild) == 0.0


@given(st.lists(st.floats(0, 90), max_size=30))
def test_a_kept_bucket_admits_what_the_limit_of_discord_admits(pauses):
    clock = StillClock()
    limits, bucket = action_limiter(clock), ActionBucket(0.0, float("-inf"))
    for pause in pauses:
        clock.t += pause
        wait_s, bucket = bucket.take(clock.wall())
        assert wait_s == pytest.approx(limits.take(1, None), abs=1e-6)


def test_a_clock_that_was_set_back_keeps_nobody_waiting():
    assert ActionBucket(0.0, 2000.0).take(1000.0)[0] == 0.0
