"""Parses SKYDECK_SHARDS. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from bot.errors import BadSettings

SHARDS_LIMIT: Final = 16_384
"""More than Discord assigns to any bot."""

_RANGE: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?/(\d{1,5})")
_AUTO: Final = re.compile(r"auto(?:/(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Alone:
    """One process serves all shards, as many as Discord recommends."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """This process serves the shards `ids` out of `count`, whatever other processes do."""

    ids: tuple[int, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """Identical processes divide the shards among themselves.

    Attributes:
        count: The number of shards; None: as many as Discord recommends.
    """

    count: int | None


ShardSpec = Alone | ByHand | Claimed


def shard_of(guild_id: int, count: int) -> int:
    """The shard of a server by Discord's formula; direct messages arrive on shard 0."""
    return (guild_id >> 22) % count


def read_shards(text: str) -> ShardSpec:
    """Read the setting: empty, `0-2/9`, `auto`, or `auto/9`.

    Raises:
        BadSettings: It is none of these, or names shards that do not exist.
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
    """Check that the database supports the setting.

    Raises:
        BadSettings: Shards are to be claimed, and the database is SQLite.
    """
    if isinstance(spec, Claimed) and not has_leases:
        raise BadSettings(
            "SKYDECK_SHARDS=auto needs PostgreSQL: SQLite cannot divide the shards.",
            hint="Set SKYDECK_DATABASE_URL to postgresql://…, or leave SKYDECK_SHARDS empty.",
        )


def _count(count: int) -> int:
    if not 1 <= count <= SHARDS_LIMIT:
        raise _unreadable()
    return count


def _unreadable() -> BadSettings:
    return BadSettings(
        "SKYDECK_SHARDS cannot be read.",
        hint="Leave it empty for a single process, or use auto, auto/9, or a range such as 0-2/9 "
        "(the first three of nine, counted from 0).",
    )
