"""Where the bot is no member it reads, posts and hears nothing: raw requests, and the gateway."""

# mypy: ignore-errors

import aiohttp
import pytest

from local_discord import LocalDiscord
from tests.system.local_discord.scene import Scene


@pytest.fixture
async def scene():
    async with LocalDiscord() as sim, aiohttp.ClientSession() as http:
        yield Scene(sim, http)


@pytest.fixture
def places(scene):
    elsewhere = scene.sim.foreign_guild()
    elsewhere.member(scene.ana)
    return {
        "group": scene.sim.group("Trip", scene.ana, scene.sim.user("Ben")),
        "elsewhere": elsewhere.channel("plaza"),
    }


@pytest.mark.parametrize("name", ["group", "elsewhere"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "", None), ("GET", "/messages", None), ("POST", "/messages", {"content": "x"})],
)
async def test_the_channel_is_shut(scene, places, name, method, path, body):
    status, told = await scene.send(method, f"/channels/{places[name].id}{path}", body)
    assert (status, told["code"]) == (403, 50001)


async def test_the_server_is_unknown(scene, places):
    number = places["elsewhere"].guild.id
    status, told = await scene.send("GET", f"/guilds/{number}")
    assert (status, told["code"]) == (404, 10004)
