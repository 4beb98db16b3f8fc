"""What counts as deleted, and what is only refused."""

from types import SimpleNamespace

import discord
import pytest

from cogs.shared.gone import is_gone


def refused(status, code):
    return discord.HTTPException(SimpleNamespace(status=status, reason="x"), {"code": code})


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, 10003, True),
        (404, 10008, True),
        (403, 50001, False),
        (403, 50013, False),
        (404, 10062, False),
    ],
)
async def test_only_an_unknown_message_or_channel_is_gone(status, code, expected):
    async def fetch():
        raise refused(status, code)

    assert await is_gone(fetch) is expected


async def test_what_is_there_is_not_gone():
    async def fetch():
        return object()

    assert not await is_gone(fetch)


async def test_a_kind_of_channel_that_is_not_known_is_not_gone():
    async def fetch():
        raise discord.InvalidData("unknown channel type")

    assert not await is_gone(fetch)


async def test_a_rate_limit_says_nothing():
    async def fetch():
        raise refused(429, 0)

    with pytest.raises(TimeoutError):
        await is_gone(fetch)
