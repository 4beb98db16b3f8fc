"""The gateway, reliable and not, as an unmodified discord.py lives with it."""

# mypy: ignore-errors

import asyncio
import sys
import zlib

import aiohttp
import discord
import pytest

from bot.clock import SystemClock
from local_discord import Intent, LocalDiscord
from local_discord.compression import compressor
from tests.system.local_discord.conftest import at_once


@pytest.fixture
def echo(bot):
    @bot.listen()
    async def on_message(message):
        if not message.author.bot:
            await message.channel.send(f"echo {message.content}")


async def comes_back(bot, event, trouble):
    """Make trouble, then wait until discord.py says that it is over."""
    back = asyncio.create_task(bot.wait_for(event, timeout=5))
    await asyncio.sleep(0)
    done = trouble()
    if done is not None:
        await done
    await back


@pytest.mark.usefixtures("echo")
@pytest.mark.parametrize("trouble", ["drop", "reconnect", "close", "invalid_session"])
async def test_a_lost_connection_is_resumed(sim, channel, ana, bot, trouble):
    causes = {
        "drop": sim.gateway.drop,
        "reconnect": sim.gateway.reconnect,
        "close": lambda: sim.gateway.close(4000),
        "invalid_session": lambda: sim.gateway.invalid_session(resumable=True),
    }
    async with sim.connect(bot):
        await comes_back(bot, "resumed", causes[trouble])
        await ana.says("hi", channel)
        await ana.sees("echo hi")
        assert len(sim.log.events("READY")) == 1


@pytest.mark.usefixtures("echo")
async def test_what_happened_meanwhile_is_replayed_once(sim, channel, ana, bot):
    async with sim.connect(bot):
        async with sim.gateway.outage():
            await sim.gateway.until_offline()
            await ana.says("while you were away", channel)
        await ana.sees("echo while you were away", within=10)
        assert len(sim.log.requests("POST", "/messages")) == 1


@pytest.mark.usefixtures("echo")
async def test_an_invalid_session_begins_a_new_one(sim, channel, ana, bot):
    async with sim.connect(bot):
        await comes_back(bot, "ready", sim.gateway.invalid_session)
        assert len(sim.log.events("READY")) == 2
        await ana.says("hi", channel)
        await ana.sees("echo hi")


async def test_a_session_that_is_forgotten_cannot_be_resumed(sim, bot):
    async with sim.connect(bot):

        def forget():
            sim.gateway.sessions.clear()
            sim.gateway.drop()

        await comes_back(bot, "ready", forget)
        assert len(sim.log.events("READY")) == 2


async def test_a_wrong_token_is_refused(sim, bot):
    with pytest.raises(discord.LoginFailure):
        async with sim.connect(bot, token="wrong"):
            pass


async def test_an_intent_that_is_switched_off_in_the_portal_is_refused(sim, bot):
    sim.allow_intents(Intent.GUILD_MEMBERS)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with sim.connect(bot):
            pass


async def test_events_come_only_with_their_intent(sim, channel, ana):
    bot = discord.Client(intents=discord.Intents(guilds=True))
    async with sim.connect(bot):
        said = await ana.says("hi", channel)
        await ana.reacts("👍", on=said)
        assert {d.name for d in sim.log.dispatches} == {"READY", "GUILD_CREATE"}


async def test_members_are_sent_on_request_without_presences(sim, guild):
    for number in range(5):
        guild.member(f"member {number}")
    intents = discord.Intents.default()
    intents.members = True
    bot = discord.Client(intents=intents)
    async with sim.connect(bot):
        assert len(bot.get_guild(guild.id).members) == 7
        assert sim.log.events("GUILD_MEMBERS_CHUNK")


class Hurrying(SystemClock):
    """A clock on which no two snowflakes are of one millisecond; shards go by milliseconds."""

    ticks = 0

    def wall(self):
        self.ticks += 1
        return super().wall() + self.ticks / 1000


async def test_three_shards_share_the_guilds():
    bot = discord.AutoShardedClient(intents=discord.Intents.default(), shard_count=3)
    bot.before_identify_hook = at_once
    async with LocalDiscord(clock=Hurrying()) as sim:
        names = [sim.guild(f"guild {n}").guild.name for n in range(16)]
        async with sim.connect(bot):
            assert {g.name for g in bot.guilds} == set(names)
            assert {g.shard_id for g in bot.guilds} == {0, 1, 2}


@pytest.mark.parametrize("name", ["zlib-stream", "zstd-stream", None])
def test_compression_is_a_stream_of_whole_messages(name):
    packer = compressor(name)
    packed = [packer.pack(text) for text in ("one", "two")]
    if name == "zlib-stream":
        reader = zlib.decompressobj()
        assert [reader.decompress(p) for p in packed] == [b"one", b"two"]
        assert all(p.endswith(b"\0\0\xff\xff") for p in packed)
    elif name == "zstd-stream":
        zstd = pytest.importorskip("backports.zstd")
        reader = zstd.ZstdDecompressor()
        assert [reader.decompress(p) for p in packed] == [b"one", b"two"]
    else:
        assert packed == ["one", "two"]


async def test_the_gateway_refuses_what_it_does_not_know(sim):
    async with aiohttp.ClientSession() as http, http.ws_connect(sim.gateway_url) as socket:
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json({"op": 3, "d": {}})
        closed = await socket.receive()
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 4003)


BOT = """
import discord, sys
client = discord.Client(intents=discord.Intents.all(), guild_ready_timeout=0.05)

@client.event
async def on_message(message):
    if not message.author.bot:
        await message.channel.send(f"from elsewhere: {message.content}")

client.run(sys.argv[1], log_handler=None)
"""


@pytest.mark.real_time
async def test_a_bot_in_another_process_can_be_killed_and_comes_back(
    sim, channel, ana, tmp_path, monkeypatch
):
    (tmp_path / "elsewhere_bot.py").write_text(BOT)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    command = ["-m", "local_discord.elsewhere", sim.base_url, "elsewhere_bot", sim.token]
    for words in ("first", "second"):
        process = await asyncio.create_subprocess_exec(sys.executable, *command)
        try:
            await sim.gateway.until_online(within=20)
            await ana.says(words, channel)
            await ana.sees(f"from elsewhere: {words}")
        finally:
            process.kill()
            await process.wait()
        await sim.gateway.until_offline()


async def test_five_hundred_people_at_once(channel, guild, sim, bot):
    @bot.listen()
    async def on_message(message):
        if not message.author.bot:
            await message.reply(f"echo {message.content}")

    people = [guild.member(f"p{n}") for n in range(500)]
    async with sim.connect(bot):

        async def turn(number, person):
            await person.says(f"line {number}.", channel)
            await person.sees(f"echo line {number}.", within=60)

        async with asyncio.TaskGroup() as tasks:
            for number, person in enumerate(people):
                tasks.create_task(turn(number, person))
        assert len(sim.log.requests("POST", "/messages")) == 500
        assert not sim.problems


async def test_two_simulators_do_not_meet(bot):
    async with LocalDiscord() as outer:
        async with LocalDiscord() as inner:
            inner.guild("inner").channel("a")
            async with inner.connect(bot):
                assert [g.name for g in bot.guilds] == ["inner"]
        assert discord.http.Route.BASE.startswith(outer.base_url)
    assert discord.http.Route.BASE == "https://discord.com/api/v10"
