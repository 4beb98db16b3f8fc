"""Handovers of shards, on a real PostgreSQL and the local Discord."""

import asyncio

import discord
import pytest

from bot.clock import SystemClock
from bot.cluster import event_intake, identify_limiter, shard_keeper, shard_set
from local_discord import PATIENCE, Intent, LocalDiscord
from tests.fakes.shard_client import sharer

EVERY_MS = 1_000
APART_S = 0.1
"""The interval that Discord enforces. Far below EVERY_MS: on a busy machine an identify may take
long to arrive."""


class DiscordsClock(SystemClock):
    """Discord's clock, when the host's is wrong by so much."""

    def __init__(self, ahead_s: float) -> None:
        self._ahead_s = ahead_s

    def wall(self) -> float:
        return super().wall() - self._ahead_s


@pytest.fixture
def ahead_s():
    """How far the host's clock is ahead of Discord's."""
    return 0


@pytest.fixture
async def sim(monkeypatch, ahead_s):
    """Two shards, and short waits between two identifies of one bucket."""
    monkeypatch.setattr(shard_set, "OVERLAP_S", 0.3)
    monkeypatch.setattr(shard_keeper, "BEAT_S", 0.2)
    monkeypatch.setattr(identify_limiter, "IDENTIFY_EVERY_MS", EVERY_MS)
    async with LocalDiscord(clock=DiscordsClock(ahead_s), answer_seconds=PATIENCE) as simulator:
        simulator.gateway.shards = 2
        simulator.gateway.identify_seconds = APART_S
        simulator.gateway.forgiving_seconds = PATIENCE
        yield simulator


@pytest.fixture
async def url(postgres):
    return await postgres.clean()


@pytest.fixture
def ana(guild, channel):
    return guild.member("Ana")


async def test_two_processes_share_and_one_may_identify_at_a_time(sim, url):
    async with sharer(sim, url, "a") as a, sharer(sim, url, "b") as b:
        await a.until(lambda: len(a.up) == len(b.up) == 1)
        assert sorted(a.up + b.up) == [0, 1]
        await a.until(lambda: a.is_ready() and b.is_ready())
    assert sim.problems == []


async def test_who_cannot_identify_yet_does_not_connect(sim, url):
    """discord.py gives up a connection that has waited for a minute."""
    sim.gateway.shards, most = 6, 0
    async with sharer(sim, url, "a", count=6) as a:

        def all_are_up() -> bool:
            nonlocal most
            most = max(most, sum(one.session is None for one in sim.gateway.connections))
            return len(a.up) == 6

        await a.until(all_are_up)
    assert most == 1
    assert sim.problems == []


async def test_what_is_said_while_nobody_is_there_is_heard_once(sim, url, guild, channel, ana):
    async with sharer(sim, url, "a") as a:
        await a.until(lambda: len(a.readied) == 2)
        await ana.says("one", channel)
        await a.until(lambda: a.words == ["one"])
    await ana.says("two", channel)
    async with sharer(sim, url, "b") as b:
        await b.until(lambda: b.words == ["two"])
        await ana.says("three", channel)
        await b.until(lambda: len(b.readied) == 2)  # fresh sessions have taken over
        await ana.says("four", channel)
        await b.until(lambda: "four" in b.words)
        await b.until(lambda: len(sim.gateway.connections) == 2)  # the old ones are closed
        await ana.says("five", channel)
        await b.until(lambda: "five" in b.words)
        assert b.words == ["two", "three", "four", "five"]
        assert len(sim.gateway.connections) == 2
    assert sim.problems == []


async def test_a_server_that_a_resumed_session_tells_nothing_of_is_looked_up(
    sim, url, guild, channel, ana
):
    async with sharer(sim, url, "a") as a:
        await a.until(lambda: len(a.readied) == 2)
    sim.gateway.identify_seconds = 60.0  # no fresh session comes to help
    starter = await ana.says("a subject", channel)
    thread = await ana.starts_thread("talk", on=starter)
    await ana.says("in the thread", thread)
    async with sharer(sim, url, "b") as b:
        await b.until(lambda: len(b.heard) >= 2)
        first, last = b.heard[0], b.heard[-1]
        assert isinstance(first.channel, discord.TextChannel)
        assert isinstance(last.channel, discord.Thread)
        assert first.channel.permissions_for(first.guild.me).send_messages
        assert first.guild.preferred_locale
    assert len(sim.log.requests("GET", "/guilds/{guild_id}")) == 4


async def test_what_is_deleted_in_a_server_that_is_not_known_is_told(sim, url, guild, channel, ana):
    message = await ana.says("a secret", channel)
    async with sharer(sim, url, "a") as a:
        await a.until(lambda: len(a.readied) == 2)
    sim.gateway.identify_seconds = 60.0
    await ana.deletes(message)
    guild.removes_bot()
    async with sharer(sim, url, "b") as b:
        await b.until(lambda: b.gone == [message.id, guild.id])


async def test_a_dead_processes_shards_are_resumed(sim, url, guild, channel, ana):
    async with sharer(sim, url, "a") as a:
        await a.until(lambda: len(a.readied) == 2)
        async with sharer(sim, url, "b") as b:
            await b.until(lambda: len(a.up) == len(b.up) == 1)
            await a.die()
            await ana.says("is anybody there", channel)
            await b.until(lambda: len(b.up) == 2)
            await b.until(lambda: "is anybody there" in b.words)
            assert b.words == ["is anybody there"]


async def test_what_the_dead_had_just_heard_is_told_again(sim, url, channel, ana):
    async with sharer(sim, url, "a") as a:
        await a.until(lambda: len(a.readied) == 2)
        await ana.says("heard by a", channel)
        await a.until(lambda: a.words == ["heard by a"])
        since = a.leases.beats
        await a.until(lambda: a.leases.beats > since + 1)  # it has renewed its leases since
        await a.die()
        await ana.says("not heard by a", channel)
        async with sharer(sim, url, "b") as b:
            await b.until(lambda: b.words == ["heard by a", "not heard by a"])


async def test_a_command_of_the_gap_is_answered(sim, url, channel, ana, monkeypatch):
    monkeypatch.setattr(event_intake, "_ANSWER_WITHIN_S", PATIENCE)
    async with sharer(sim, url, "a") as a:
        await a.until(lambda: len(a.readied) == 2)
    asking = asyncio.create_task(ana.slash("/ping", channel))
    async with sharer(sim, url, "b"):
        assert (await asking).text == "pong"
    assert sim.problems == []


async def test_a_command_that_is_too_old_is_not(sim, url, channel, ana, monkeypatch):
    monkeypatch.setattr(event_intake, "_ANSWER_WITHIN_S", 0)
    async with sharer(sim, url, "a") as a:
        await a.until(lambda: len(a.readied) == 2)
    reply = await ana.slash("/ping", channel, wait=False)
    async with sharer(sim, url, "b") as b:
        await b.until(lambda: len(b.up) == 2)
        monkeypatch.setattr(event_intake, "_ANSWER_WITHIN_S", PATIENCE)
        later = await ana.slash("/ping", channel)  # told after it
        assert later.text == "pong"
        assert reply.interaction.answer is None


@pytest.mark.parametrize("ahead_s", [4, -4, 86_400])
async def test_a_command_is_answered_although_the_hosts_clock_is_wrong(
    sim, url, channel, ana, ahead_s
):
    async with sharer(sim, url, "a") as a:
        await a.until(lambda: len(a.readied) == 2)
        assert (await ana.slash("/ping", channel)).text == "pong"
        assert a.membership.time.ahead_s() == pytest.approx(ahead_s, abs=1)
    assert sim.problems == []


async def test_a_session_that_discord_has_forgotten_is_replaced(sim, url, channel, ana):
    async with sharer(sim, url, "a") as a:
        await a.until(lambda: len(a.readied) == 2)
    sim.gateway.sessions.clear()
    async with sharer(sim, url, "b") as b:
        await b.until(lambda: len(b.readied) == 2)
        await ana.says("hello", channel)
        await b.until(lambda: b.words == ["hello"])
    assert sim.problems == []


@pytest.mark.parametrize("trouble", ["drop", "reconnect", "close"])
async def test_a_broken_connection_resumes_by_itself(sim, url, channel, ana, trouble):
    async with sharer(sim, url, "a") as a:
        await a.until(lambda: len(a.readied) == 2)
        done = getattr(sim.gateway, trouble)()
        if done is not None:
            await done
        await ana.says("hello", channel)
        await a.until(lambda: a.words == ["hello"])
        assert len(sim.log.events("READY")) == 2


async def test_a_refused_intent_ends_the_client_in_words(sim, url):
    sim.allow_intents(Intent(0))
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with sharer(sim, url, "a") as a:
            await a.until(a.is_closed)
