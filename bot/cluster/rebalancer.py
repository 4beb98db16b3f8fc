"""Who is to serve how many shards. Pure.

Every process looks at the same table and decides for itself; the table lets each shard be taken by
one only. With P processes and N shards, everybody is due N // P of them, and N % P processes one
more. Those who serve the most already are due the one more, so that no shard moves without need::

    a: 0 1 2 3 4    b: 5 6 7 8    (c is new)     9 shards, 3 processes: each is due 3
    a gives 2, b gives 1; c takes them as they become free

A shard that nobody serves is taken by those who have fewer than they are due. What everybody is due
adds up to N, so somebody is there to take it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClusterState:
    """The table, as it was at one moment.

    Attributes:
        live: The processes that have given a sign of life lately.
        owners: Which of them serves which shard; shards that are free are missing.
        count: How many shards there are.
    """

    live: frozenset[str]
    owners: Mapping[int, str]
    count: int

    @property
    def free(self) -> list[int]:
        """The shards that nobody serves."""
        return [shard for shard in range(self.count) if shard not in self.owners]

    def of(self, owner: str) -> list[int]:
        """The shards that a process serves."""
        return sorted(shard for shard, who in self.owners.items() if who == owner)


@dataclass(frozen=True, slots=True)
class Step:
    """What one process is to do next.

    Attributes:
        give: Shards to let go of, for those who have too few.
        take: Free shards to take; others may be quicker with some.
    """

    give: tuple[int, ...] = ()
    take: tuple[int, ...] = ()


def due(census: ClusterState) -> dict[str, int]:
    """How many shards each live process is due."""
    if not census.live:
        return {}
    each, rest = divmod(census.count, len(census.live))
    served = Counter(census.owners.values())
    order = sorted(census.live, key=lambda owner: (-served[owner], owner))
    return {owner: each + (place < rest) for place, owner in enumerate(order)}


def plan(me: str, census: ClusterState, costs: Mapping[int, int]) -> Step:
    """What this process is to do.

    Args:
        me: Its name; it has just given a sign of life, so it is among the live ones.
        census: The table.
        costs: How much people would notice of a change of hands, for each of its shards; those
            where it is least are given first.
    """
    mine = census.of(me)
    lacks = due(census)[me] - len(mine)
    if lacks < 0:
        order = sorted(mine, key=lambda shard: (costs.get(shard, 0), -shard))
        return Step(give=tuple(sorted(order[:-lacks])))
    # Those who look at the same moment begin at different shards, and get in each other's way less.
    free = census.free
    start = sorted(census.live).index(me) * len(free) // len(census.live)
    return Step(take=tuple((free[start:] + free[:start])[:lacks]))
