"""Decides how many shards each process serves. Pure.

Every process reads the same table and decides for itself; the table lets only one process take each
shard. With P processes and N shards, every process is due N // P shards, and N % P processes one
more. The extra ones go to the processes that serve the most already, so that no shard moves
needlessly::

    a: 0 1 2 3 4    b: 5 6 7 8    (c is new)     9 shards, 3 processes: each is due 3
    a gives 2, b gives 1; c takes them as they become free

Processes with fewer shards than they are due take the free ones. The dues add up to N, so some
process takes every free shard.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClusterState:
    """A snapshot of the table.

    Attributes:
        live: The processes that renewed recently.
        owners: The process that serves each shard; free shards are missing.
    """

    live: frozenset[str]
    owners: Mapping[int, str]
    count: int

    @property
    def free(self) -> list[int]:
        """The shards that no process serves."""
        return [shard for shard in range(self.count) if shard not in self.owners]

    def of(self, owner: str) -> list[int]:
        """The shards that a process serves."""
        return sorted(shard for shard, by in self.owners.items() if by == owner)


@dataclass(frozen=True, slots=True)
class Step:
    """The next action of one process.

    Attributes:
        give: Shards to release to processes that have too few.
        take: Free shards to take; other processes may take some of them first.
    """

    give: tuple[int, ...] = ()
    take: tuple[int, ...] = ()


def due(state: ClusterState) -> dict[str, int]:
    """How many shards each live process is due."""
    if not state.live:
        return {}
    each, rest = divmod(state.count, len(state.live))
    served = Counter(state.owners.values())
    order = sorted(state.live, key=lambda owner: (-served[owner], owner))
    return {owner: each + (place < rest) for place, owner in enumerate(order)}


def plan(me: str, state: ClusterState, costs: Mapping[int, int]) -> Step:
    """The next step of process `me`.

    Args:
        me: It has just renewed, so it is live.
        state: The leases, as the table has them.
        costs: How much a handover of each of its shards disrupts; it gives the cheapest first.
    """
    mine = state.of(me)
    lacks = due(state)[me] - len(mine)
    if lacks < 0:
        order = sorted(mine, key=lambda shard: (costs.get(shard, 0), -shard))
        return Step(give=tuple(sorted(order[:-lacks])))
    # Processes that look at the same moment start at different shards, so they collide less.
    free = state.free
    start = sorted(state.live).index(me) * len(free) // len(state.live)
    return Step(take=tuple((free[start:] + free[:start])[:lacks]))
