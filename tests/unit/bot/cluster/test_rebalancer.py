"""Processes that come and go and decide for themselves reach a fair, stable division."""

from hypothesis import given
from hypothesis import strategies as st

from bot.cluster.rebalancer import ClusterState, due, plan

OWNERS = [f"process-{number}" for number in range(6)]


@st.composite
def states(draw) -> ClusterState:
    count = draw(st.integers(1, 24))
    live = draw(st.sets(st.sampled_from(OWNERS), min_size=1))
    owners = draw(st.dictionaries(st.integers(0, count - 1), st.sampled_from(sorted(live))))
    return ClusterState(frozenset(live), owners, count)


def after_one_round(state: ClusterState) -> ClusterState:
    """Every process acts on the same snapshot; the first one to take a shard gets it."""
    owners = dict(state.owners)
    steps = {me: plan(me, state, {}) for me in sorted(state.live)}
    for step in steps.values():
        for shard in step.give:
            del owners[shard]
    for me, step in steps.items():
        for shard in step.take:
            owners.setdefault(shard, me)
    return ClusterState(state.live, owners, state.count)


@given(states())
def test_every_process_is_due_the_same_number(state):
    shares = due(state).values()
    assert sum(shares) == state.count
    assert max(shares) - min(shares) <= 1


@given(states())
def test_it_settles_on_a_fair_division_of_all_shards(state):
    for _ in range(30):
        following = after_one_round(state)
        if following == state:
            break
        state = following
    served = [len(state.of(me)) for me in state.live]
    assert set(state.owners) == set(range(state.count))
    assert max(served) - min(served) <= 1


@given(states())
def test_no_more_shards_move_than_necessary(state):
    shares = due(state)
    surplus = sum(max(0, len(state.of(me)) - shares[me]) for me in state.live)
    given_away = [shard for me in state.live for shard in plan(me, state, {}).give]
    assert len(given_away) == len(set(given_away)) == surplus
    each = state.count // len(state.live)
    most = sorted((len(state.of(me)) for me in state.live), reverse=True)
    rest = state.count % len(state.live)
    assert surplus == sum(max(0, n - each - (i < rest)) for i, n in enumerate(most))


@given(states())
def test_no_process_gives_and_takes_at_once_or_takes_a_served_shard(state):
    for me in state.live:
        step = plan(me, state, {})
        assert not (step.give and step.take)
        assert set(step.give) <= set(state.of(me))
        assert not set(step.take) & set(state.owners)
        assert len(step.take) == len(set(step.take))


def test_a_shard_where_people_talk_is_given_last():
    state = ClusterState(frozenset({"a", "b"}), dict.fromkeys(range(4), "a"), 4)
    assert plan("a", state, {2: 2, 3: 2, 0: 1, 1: 0}).give == (0, 1)
    assert plan("b", state, {}).take == ()


def test_processes_that_look_at_once_start_apart():
    state = ClusterState(frozenset("abc"), {}, 9)
    taken = [set(plan(me, state, {}).take) for me in "abc"]
    assert set.union(*taken) == set(range(9))
