"""What SKYDECK_SHARDS says. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from bot.errors import BadSettings

SHARDS_LIMIT: Final = 16_384
"""More than Discord gives to anybody."""

_RANGE: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?/(\d{1,5})")
_AUTO: Final = re.compile(r"auto(?:/(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Alone:
    """One process serves all shards, as many as Discord advises."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """This process serves these shards, whatever others do.

    Attributes:
        ids: Which ones.
        count: Of how many.
    """

    ids: tuple[int, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """Identical processes divide the shards among themselves.

    Attributes:
        count: How many there are; None: as many as Discord advises.
    """

    count: int | None


ShardSpec = Alone | ByHand | Claimed


def shard_of(guild_id: int, count: int) -> int:
    """Which of `count` shards a server is on, as Discord counts; direct messages are on 0."""
    return (guild_id >> 22) % count


def read_shards(text: str) -> ShardSpec:
    """Read the setting: empty, `0-2/9`, `auto`, or `auto/9`.

    Raises:
        BadSettings: It is none of these, or names shards that there are not.
    """
    text = text.strip().lower()
    if not text:
        return Alone()
    if found := _AUTO.fullmatch(text):
        return Claimed(None if found[1] is None else _count(int(found[1])))
    if found := _RANGE.fullmatch(text):
        first, count = int(found[1]), _count(int(found[3]))
        last = first if found[2] is None else int(found[2])
        if first <= last < count:
            return ByHand(tuple(range(first, last + 1)), count)
    raise _unreadable()


def check_shards(spec: ShardSpec, *, has_leases: bool) -> None:
    """Whether the database can do what the setting asks for.

    Raises:
        BadSettings: Shards are to be claimed, and it is a file.
    """
    if isinstance(spec, Claimed) and not has_leases:
        raise BadSettings(
            "SKYDECK_SHARDS=auto needs PostgreSQL: a file cannot divide the shards.",
            hint="Set SKYDECK_DATABASE_URL to postgresql://…, or leave SKYDECK_SHARDS empty.",
        )


def _count(count: int) -> int:
    if not 1 <= count <= SHARDS_LIMIT:
        raise _unreadable()
    return count


def _unreadable() -> BadSettings:
    return BadSettings(
        "SKYDECK_SHARDS cannot be read.",
        hint="Leave it empty for one process; else auto, auto/9, or a range as 0-2/9 (the first "
        "three of nine, counted from 0).",
    )
