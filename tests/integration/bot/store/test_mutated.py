"""A real backup, changed by chance: one clear line, or restored whole; never half of it."""

import gzip
import json
import random

import pytest

from bot.errors import BadInput, SkydeckError
from bot.store.address import Address
from bot.store.maintenance.backup import restore
from bot.store.store import Store
from tests.integration.bot.store.maintenance.test_backup import contents
from tests.integration.bot.store.test_tampered import file, filled, lines, written

__all__ = ["file", "filled", "lines"]  # fixtures
pytestmark = pytest.mark.parametrize("kind", ["sqlite"])

VALUES = [
    None, True, False, 0, -1, 1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**400, 1.5, 1e308, -0.0,
    "", "x", "\0", "\x1b[31m", "\u202e", "\ud800", "'; DROP TABLE jobs; --", "x" * 100_000,
    "🌱" * 99, [], {}, [[]], [None] * 99, {"base64": "!"}, {"base64": "AAAA"}, {"base64": 5},
    {"json": "{"}, {"json": "[" * 9_000}, {"json": {"a": 1}}, {"json": None},
    {"base64": "", "json": ""}, {"json": {"response": {"status": 7}}}, "2024-01-01", "NaN",
    "PENNY", "en", "0" * 40,
]  # fmt: skip


def changed(lines: list, dice: random.Random) -> list:
    """The lines with one to three changes in rows or the header."""
    lines = json.loads(json.dumps(lines))
    for _ in range(dice.randint(1, 3)):
        where = dice.randrange(len(lines))
        match dice.randrange(8):
            case 0 if where:
                del lines[where]
            case 1 if where:
                lines.insert(dice.randrange(1, len(lines) + 1), lines[where])
            case 2 if where:
                lines[where][0] = dice.choice(lines[1:])[0]
            case 3 if where and (names := list(lines[where][1])):
                del lines[where][1][dice.choice(names)]
            case 4:
                name = dice.choice(list(lines[0]))
                lines[0][name] = dice.choice(VALUES)
            case 5:
                other = dice.randrange(1, len(lines))
                lines[where or 1], lines[other] = lines[other], lines[where or 1]
            case _:
                values = lines[where or 1][1]
                values[dice.choice(list(values))] = dice.choice(VALUES)
    return lines


async def tried(url, file, clock) -> SkydeckError | None:
    try:
        await restore(Address.parse(url), file, clock, replace=True)
    except SkydeckError as e:
        return e
    return None


@pytest.mark.parametrize("seed", range(20))
async def test_changed_values(seed, lines, url, file, clock):
    before = await contents(url)
    try:
        file.write_bytes(written(changed(lines, random.Random(seed))))
    except (TypeError, ValueError, AttributeError, KeyError):
        pytest.skip("this change cannot be written as a backup")
    error = await tried(url, file, clock)
    if error is not None:
        assert isinstance(error, BadInput)
        assert str(error).isprintable()
        assert await contents(url) == before
        return
    async with Store.open(url, clock) as store:  # what was taken can be read
        for guild in (9, *range(3)):
            await store.guilds.get(guild)
        await store.jobs.listing()
        await store.jobs.leases.claim()


@pytest.mark.parametrize("seed", range(20))
async def test_changed_bytes(seed, lines, url, file, clock):
    before, dice = await contents(url), random.Random(seed)
    data = bytearray(written(lines))
    if is_packed := seed % 2:
        data = bytearray(gzip.decompress(data))
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(data))
        match dice.randrange(4):
            case 0:
                data[place] ^= 1 << dice.randrange(8)
            case 1:
                del data[place : place + dice.randint(1, 200)]
            case 2:
                data[place:place] = dice.randbytes(dice.randint(1, 200))
            case _:
                data[place:place] = data[place : place + 300]
    file.write_bytes(gzip.compress(bytes(data), 1) if is_packed else bytes(data))
    error = await tried(url, file, clock)
    if error is not None:
        assert isinstance(error, BadInput)
        assert str(error).isprintable()
        assert await contents(url) == before
