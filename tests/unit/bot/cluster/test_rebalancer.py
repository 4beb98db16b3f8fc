"""Processes that come and go, each deciding for itself: the division is fair, and settles."""

from hypothesis import given
from hypothesis import strategies as st

from bot.cluster.rebalancer import ClusterState, due, plan

OWNERS = [f"process-{number}" for number in range(6)]


@st.composite
def censuses(draw) -> ClusterState:
    count = draw(st.integers(1, 24))
    live = draw(st.sets(st.sampled_from(OWNERS), min_size=1))
    owners = draw(st.dictionaries(st.integers(0, count - 1), st.sampled_from(sorted(live))))
    return ClusterState(frozenset(live), owners, count)


def after_one_round(census: ClusterState) -> ClusterState:
    """Everybody acts on what they saw; of those who take the same shard one has it."""
    owners = dict(census.owners)
    steps = {me: plan(me, census, {}) for me in sorted(census.live)}
    for step in steps.values():
        for shard in step.give:
            del owners[shard]
    for me, step in steps.items():
        for shard in step.take:
            owners.setdefault(shard, me)
    return ClusterState(census.live, owners, census.count)


@given(censuses())
def test_everybody_is_due_as_many_as_the_others(census):
    shares = due(census).values()
    assert sum(shares) == census.count
    assert max(shares) - min(shares) <= 1


@given(censuses())
def test_it_settles_on_a_fair_division_of_all_shards(census):
    for _ in range(30):
        following = after_one_round(census)
        if following == census:
            break
        census = following
    served = [len(census.of(me)) for me in census.live]
    assert set(census.owners) == set(range(census.count))
    assert max(served) - min(served) <= 1


@given(censuses())
def test_no_more_shards_move_than_must(census):
    shares = due(census)
    surplus = sum(max(0, len(census.of(me)) - shares[me]) for me in census.live)
    given_away = [shard for me in census.live for shard in plan(me, census, {}).give]
    assert len(given_away) == len(set(given_away)) == surplus
    each = census.count // len(census.live)
    most = sorted((len(census.of(me)) for me in census.live), reverse=True)
    rest = census.count % len(census.live)
    assert surplus == sum(max(0, n - each - (i < rest)) for i, n in enumerate(most))


@given(censuses())
def test_nobody_both_gives_and_takes_or_takes_what_is_served(census):
    for me in census.live:
        step = plan(me, census, {})
        assert not (step.give and step.take)
        assert set(step.give) <= set(census.of(me))
        assert not set(step.take) & set(census.owners)
        assert len(step.take) == len(set(step.take))


def test_a_shard_where_people_talk_is_given_last():
    census = ClusterState(frozenset({"a", "b"}), dict.fromkeys(range(4), "a"), 4)
    assert plan("a", census, {2: 2, 3: 2, 0: 1, 1: 0}).give == (0, 1)
    assert plan("b", census, {}).take == ()


def test_those_who_look_at_once_begin_apart():
    census = ClusterState(frozenset("abc"), {}, 9)
    taken = [set(plan(me, census, {}).take) for me in "abc"]
    assert set.union(*taken) == set(range(9))
