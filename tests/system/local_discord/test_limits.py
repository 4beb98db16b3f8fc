"""Rate limits and failures, as an unmodified discord.py meets them."""

# mypy: ignore-errors

import asyncio
from urllib.parse import urlsplit

import aiohttp
import discord
import pytest

from local_discord.limits import REAL, Limit, Limits
from tests.waiting import until

SEND = "POST /channels/{channel_id}/messages"


class Hands:
    """A clock moved by hand."""

    def __init__(self):
        self.at = 100.0

    def now(self):
        return self.at

    def wall(self):
        return 1_000_000 + self.at

    async def sleep(self, seconds):
        self.at += seconds


def test_a_window_per_route_and_channel_with_discords_headers():
    clock = Hands()
    limits = Limits(clock, {SEND: Limit(2, 5.0)})
    first, second, third = (limits.take(SEND, {"channel_id": "1"}) for _ in range(3))
    assert first.headers == {
        "X-RateLimit-Limit": "2",
        "X-RateLimit-Remaining": "1",
        "X-RateLimit-Reset": "1000105.000",
        "X-RateLimit-Reset-After": "5.000",
        "X-RateLimit-Bucket": first.headers["X-RateLimit-Bucket"],
    }
    assert (second.retry_after, third.retry_after) == (0.0, 5.0)
    assert limits.take(SEND, {"channel_id": "2"}).retry_after == 0.0
    clock.at += 5
    assert limits.take(SEND, {"channel_id": "1"}).retry_after == 0.0


def test_the_global_limit_spares_interactions():
    limits = Limits(Hands(), everything=Limit(1, 1.0))
    assert limits.take("GET /users/@me", {}).retry_after == 0.0
    refused = limits.take("GET /gateway/bot", {})
    assert (refused.scope, refused.headers["X-RateLimit-Global"]) == ("global", "true")
    free = "POST /interactions/{interaction_id}/{interaction_token}/callback"
    assert limits.take(free, {}).retry_after == 0.0


def test_real_limits_are_of_real_routes(sim):
    known = {r.name for r in sim._rest.routes}
    assert set(REAL) <= known


async def test_discord_py_keeps_to_the_headers(sim, channel, ana, bot):
    sim.limit(SEND, 3, 0.2)
    async with sim.connect(bot):
        there = bot.get_channel(channel.id)
        for number in range(7):
            await there.send(str(number))
        sent = sim.log.requests("POST", "/messages")
        assert [c.status for c in sent] == [200] * 7
        assert sent[6].at - sent[0].at >= 0.4
        assert [m.content for m in ana.reads(channel)] == [str(n) for n in range(7)]


@pytest.mark.parametrize("everywhere", [False, True])
async def test_a_429_is_waited_out(sim, channel, ana, bot, everywhere):
    async with sim.connect(bot):
        sim.rate_limit(SEND, retry_after=0.1, times=2, everywhere=everywhere)
        await bot.get_channel(channel.id).send("at last")
        await ana.sees("at last", channel)
        sent = sim.log.requests("POST", "/messages")
        assert [c.status for c in sent] == [429, 429, 200]
        assert sent[2].at - sent[0].at >= 0.2
        assert not sim.problems


async def test_a_5xx_is_tried_again_or_told(sim, channel, ana, bot):
    async with sim.connect(bot):
        there = bot.get_channel(channel.id)
        sim.fail(SEND, 503)
        with pytest.raises(discord.DiscordServerError):
            await there.send("lost")
        sim.fail(SEND, 502)
        await there.send("after a second")
        await ana.sees("after a second", channel)
        assert [c.status for c in sim.log.requests("POST", "/messages")] == [503, 502, 200]
        assert not sim.problems


async def test_an_answer_may_be_lost_after_the_deed(sim, channel, ana, bot):
    async with sim.connect(bot):
        sim.fail(SEND, lost=True)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await bot.get_channel(channel.id).send("done all the same")
        assert await ana.sees("done all the same", channel)


async def test_an_answer_may_be_late(sim, channel, bot):
    async with sim.connect(bot):
        sim.fail(SEND, status=0, delay=0.1)
        before = asyncio.get_running_loop().time()
        await bot.get_channel(channel.id).send("slow")
        assert asyncio.get_running_loop().time() - before >= 0.1


async def test_a_client_that_dies_in_its_request_is_no_problem_of_the_bots(sim, channel):
    address = urlsplit(sim.base_url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    head = (
        f"POST /api/v10/channels/{channel.id}/messages HTTP/1.1",
        f"Host: {address.netloc}",
        f"Authorization: Bot {sim.token}",
        "Content-Type: multipart/form-data; boundary=b",
        "Content-Length: 500",
    )
    writer.write("\r\n".join((*head, "", "--b", "")).encode())
    await writer.drain()
    await until(lambda: sim.log.calls)
    writer.transport.abort()
    await until(lambda: sim.log.calls[-1].status)
    assert sim.log.calls[-1].status == 499
    assert not sim.problems
