"""Who may use the page: its address, its name, its origin, its token; and how much of it."""

# mypy: ignore-errors

import asyncio
import io
import json
from urllib.parse import urlsplit

import aiohttp
import pytest

from local_discord import LocalDiscord, Permission, posting
from local_discord.page import tab as tab_module
from local_discord.page.desk import TABS_MAX
from local_discord.page.server import UPLOAD_MAX_BYTES, serving
from local_discord.places import Server
from local_discord.posting import Draft
from tests.fakes.page_client import tab
from tests.waiting import until


@pytest.fixture
async def page():
    async with LocalDiscord() as sim, serving(sim) as one:
        yield one


@pytest.fixture
async def http(page):
    async with aiohttp.ClientSession(page.origin) as session:
        yield session


def ours(page, **more):
    return {"params": {"token": page.desk.token, **more}, "headers": {"Origin": page.origin}}


async def test_the_page_has_a_policy_that_runs_only_its_own_scripts(page, http):
    answer = await http.get("/", params={"token": page.desk.token})
    assert answer.status == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"  # the address has the token
    html = await answer.text()
    assert "style=" not in html
    assert "<script>" not in html


@pytest.mark.parametrize("token", ["", "wrong", "ö"])
async def test_without_the_token_nobody_comes_in(page, http, token):
    for path in ("/", "/file/1/a.png"):
        assert (await http.get(path, params={"token": token})).status == 403
    headers = {"Origin": page.origin}
    assert (await http.post("/upload", params={"token": token}, headers=headers)).status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await http.ws_connect(f"/socket?token={token}", headers=headers)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "[::1]:80"])
async def test_by_another_name_nobody_comes_in(page, http, host):
    """A page whose name somebody's DNS points to this machine."""
    asked = ours(page)
    for path in ("/", "/static/page.js"):
        answer = await http.get(path, params=asked["params"], headers={"Host": host})
        assert answer.status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", None])
async def test_another_page_opens_no_socket_and_uploads_nothing(page, http, origin):
    asked = ours(page)
    headers = {} if origin is None else {"Origin": origin}
    answer = await http.post("/upload", params=asked["params"], headers=headers, data=b"x")
    assert answer.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await http.ws_connect("/socket", params=asked["params"], headers=headers)
    assert not page.desk.tabs
    assert not page.desk.uploads


@pytest.mark.parametrize("path", ["/gateway/?v=10&encoding=json", "/voice/1/"])
async def test_no_page_reaches_the_discord_behind_it(page, http, path):
    url = page.desk.sim.base_url
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await http.ws_connect(url + path, headers={"Origin": page.origin})
    answer = await http.get(f"{url}/api/v10/gateway", headers={"Host": "evil.example"})
    assert answer.status == 403
    assert (await http.get(f"{url}/api/v10/gateway")).status == 200


async def test_no_file_beside_the_static_ones(page, http):
    assert (await http.get("/static/page.js")).status == 200
    for path in ("/static/..%2Fserver.py", "/static/%2e%2e%2f%2e%2e%2fREADME.md", "/static/no.js"):
        assert (await http.get(aiohttp.client.URL(page.origin + path, encoded=True))).status == 404


async def test_what_is_uploaded_cannot_run_at_the_pages_origin(page, http):
    async with tab(page.address) as ana:
        for name, shown in (("a.html", False), ("a.svg", False), ("a.png", True), ("a.js", False)):
            answer = await http.post(
                "/upload", data=b"<script>alert(1)</script>", **ours(page, name=name)
            )
            key = (await answer.json())["upload"]
            sent = await ana.does("say", text=name, uploads=[key])
            await ana.hears(lambda it, sent=sent: sent["message"] in it.messages)
            file = list(page.desk.sim.backend.world.files.values())[-1]
            got = await http.get(f"/file/{file.id}/{file.filename}", params=ours(page)["params"])
            assert got.headers["X-Content-Type-Options"] == "nosniff"
            assert got.headers["Content-Security-Policy"].startswith("sandbox")
            assert (got.content_type == "image/png") is shown
            assert ("Content-Disposition" in got.headers) is not shown
    assert not page.desk.uploads


async def test_a_file_of_500_mb_is_refused_before_it_comes(page, http):
    """By its length before a byte is read, and without one as soon as it is too much."""
    reader, writer = await asyncio.open_connection("127.0.0.1", page.port)
    target = f"/upload?token={page.desk.token}&name=big.bin"
    head = f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nOrigin: {page.origin}\r\n"
    writer.write(f"{head}Content-Length: {500 << 20}\r\n\r\n".encode())
    assert (await reader.readline()).split()[1] == b"413"
    writer.transport.abort()

    sent = 0

    async def endless():
        nonlocal sent
        while True:
            sent += 1 << 20
            yield bytes(1 << 20)

    try:
        answer = await http.post("/upload", data=endless(), **ours(page, name="big.bin"))
        assert answer.status == 413
    except aiohttp.ClientError:
        pass  # the server has closed the connection in the middle of the file
    assert sent < 3 * UPLOAD_MAX_BYTES
    assert not page.desk.uploads


async def test_a_refused_file_is_told_in_the_language_of_who_sends_it(page, http, monkeypatch):
    spanish = next(one for one in page.desk.cast if one.locale.startswith("es"))
    asked = ours(page, name="big.bin", **{"as": str(spanish.id)})
    monkeypatch.setattr("local_discord.page.server.UPLOAD_MAX_BYTES", 1 << 20)
    answer = await http.post("/upload", data=io.BytesIO(bytes(2 << 20)), **asked)
    assert await answer.text() == "big.bin es demasiado grande: el límite es de 1 MB."
    monkeypatch.setattr("local_discord.page.desk.FILES_MAX_BYTES", 0)
    answer = await http.post("/upload", data=b"x", **asked)
    assert "empieza de nuevo" in await answer.text()


async def test_a_dozen_files_wait_for_their_message_and_no_more(page, http):
    for number in range(60):
        await http.post("/upload", data=b"x", **ours(page, name=f"{number}.txt"))
    assert len(page.desk.uploads) == 40
    assert [one.name for one in page.desk.uploads.values()][-1] == "59.txt"


async def test_one_tab_too_many_is_told_so(page, http):
    async with asyncio.timeout(60):
        sockets = [await http.ws_connect("/socket", **ours(page)) for _ in range(TABS_MAX)]
        for one in sockets:
            assert (await one.receive_json())["event"] == "state"
        last = await http.ws_connect("/socket", **ours(page))
        told = await last.receive_json()
        assert told["kind"] == "full"
        assert str(TABS_MAX) in told["text"]
        await last.receive()
        assert last.close_code == 4000
        await sockets[0].close()
        await until(lambda: len(page.desk.tabs) < TABS_MAX)
        again = await http.ws_connect("/socket", **ours(page))
        assert (await again.receive_json())["event"] == "state"
        for one in (*sockets, again):
            await one.close()


async def test_a_browser_that_does_not_read_is_let_go(page, http, monkeypatch):
    monkeypatch.setattr(tab_module, "OUTBOX_MAX_BYTES", 256 * 1024)
    sim = page.desk.sim
    parts = urlsplit(page.address)
    reader, writer = await asyncio.open_connection("127.0.0.1", page.port, limit=1024)
    writer.write(
        f"GET /socket?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nOrigin: {page.origin}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    await reader.readline()
    writer.transport.pause_reading()
    await until(lambda: page.desk.tabs)
    async with tab(page.address, "Olga") as olga:
        slow = next(one for one in page.desk.tabs if one.user.name == "Ana")
        person = page.desk.person(
            sim.backend.world.owner, next(iter(sim.backend.world.guilds.values()))
        )
        async with asyncio.timeout(60):
            for number in range(100_000):
                await person.says(f"{number} {'x' * 1900}")
                await olga.hears(lambda it, number=number: f">{number} " in it.last)
                if slow not in page.desk.tabs:
                    break
        assert slow not in page.desk.tabs
        assert page.desk.tabs  # who reads is still there
    writer.transport.abort()


async def test_nonsense_in_a_frame_is_answered_or_ignored(page, http):
    async with tab(page.address) as ana:
        for frame in (
            "",
            "[]",
            "3",
            "{}",
            '{"id": "x"}',
            "{" * 5000,
            "[" * 200_000,
            '{"id": 1e400, "do": "say"}',
        ):
            await ana.socket.send_str(frame)
        assert "there is no" in (await ana.asks("__class__"))["error"]
        assert "there is no" in (await ana.asks(""))["error"]
        for fields in (
            {"text": 3},
            {"text": "x" * 5000},
            {"text": "x" * 2001},
            {"text": ""},
            {"text": "a", "uploads": "abc"},
            {"text": "a", "uploads": ["no"]},
            {"text": "a", "uploads": [1]},
            {"text": "a", "uploads": ["a"] * 11},
            {"text": "a", "reply_to": "x"},
            {"text": "a", "reply_to": "9" * 30},
            {"text": "a", "reply_to": "1"},
        ):
            assert "\n" not in (await ana.asks("say", **fields))["error"]
        assert (await ana.asks("look", channel="1"))["error"] == "there is no such channel"
        assert (await ana.asks("become", person="nobody"))["error"]
        assert (await ana.asks("react", message="1", emoji="x" * 100))["error"]


async def test_half_a_character_harms_nothing(page, http):
    """Neither a person's, which becomes a sign of its own, nor the bot's, which is as it came."""
    world = page.desk.sim.backend.world
    general = next(one for one in world.channels.values() if one.name == "general")
    async with tab(page.address) as ana:
        await ana.socket.send_str(
            '{"id": 999, "do": "say", "text": "half \\ud83d and \\ud83d\\ude00"}'
        )
        await ana.hears(lambda it: "half \ufffd and 😀" in it.last)
        world.bot.name = "Al\udc00"
        posting.post(world, general, world.bot, Draft("\ud800 too"))
        await ana.hears(lambda it: " too" in it.last)
        assert (await http.get(f"/file/{'9' * 5000}/a", params=ours(page)["params"])).status == 404


async def test_who_loses_sight_of_a_channel_is_elsewhere(page):
    world = page.desk.sim.backend.world
    guild = Server(page.desk.sim.backend, next(iter(world.guilds.values())))
    builds = next(one for one in world.channels.values() if one.name == "builds")
    async with tab(page.address) as ana:
        await ana.does("look", channel=str(builds.id))
        guild.deny(builds, guild.everyone, Permission.VIEW_CHANNEL)
        await ana.hears(lambda it: it.state["here"]["name"] == "general")
        assert "builds" not in [one["name"] for one in ana.state["servers"][0]["channels"]]
        guild.allow(builds, guild.everyone, Permission.VIEW_CHANNEL)
        await ana.hears(lambda it: it.channel("builds"))
        await ana.does("look", channel=str(builds.id))
        guild.removes(builds)
        await ana.hears(lambda it: it.state["here"]["name"] == "general")


async def test_a_flood_of_frames_is_refused_and_a_frame_too_large_ends_it(page):
    async with tab(page.address) as ana:
        for number in range(1000, 1200):
            await ana.socket.send_json({"id": number, "do": "type"})
        await ana.hears(lambda it: 1199 in it.answers)
        refused = [one for one in ana.answers.values() if "too many" in one.get("error", "")]
        assert len(refused) >= 100
        await ana.socket.send_str(json.dumps({"id": 1, "do": "say", "text": "x" * 300_000}))
        while (frame := await ana.socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        assert ana.socket.close_code == 1009, frame
