"""The voice gateway by itself, as a client without a library meets it."""

# mypy: ignore-errors

import asyncio
import json
import socket
import struct

import aiohttp
import pytest

from local_discord.voice import Close, Mode, Op
from local_discord.voice.call import EVERYBODY_READY_S
from local_discord.voice.member import DaveMember
from tests.waiting import until

pytestmark = pytest.mark.virtual_time  # so a sleep is enough: nothing else could happen meanwhile


class Wire:
    """A websocket to the voice server, and nothing that answers by itself."""

    def __init__(self, sim, invited, http):
        self.sim = sim
        self.invited = invited
        self.http = http
        self.socket = None

    async def opens(self, version=8):
        self.socket = await self.http.ws_connect(f"ws://{self.invited['endpoint']}/?v={version}")
        return self

    async def sends(self, op, data):
        await self.socket.send_str(json.dumps({"op": op, "d": data}))

    async def next(self):
        """The next message: opcode, data, number."""
        message = await self.socket.receive(timeout=5)
        if message.type is aiohttp.WSMsgType.BINARY:
            number, op = struct.unpack_from(">HB", message.data)
            return op, message.data[3:], number
        if message.type is aiohttp.WSMsgType.TEXT:
            body = json.loads(message.data)
            return body["op"], body["d"], body.get("seq")
        return "closed", self.socket.close_code, None

    async def until(self, op):
        while True:
            got, data, _ = await self.next()
            if got == op:
                return data

    def identity(self, **other):
        mine = {
            "server_id": self.invited["guild_id"],
            "user_id": str(self.sim.bot.id),
            "session_id": self.invited["session_id"],
            "token": self.invited["token"],
            "max_dave_protocol_version": 1,
        }
        return {**mine, **other}


@pytest.fixture
async def wire(sim, online, lounge):
    """The bot is invited to a voice server and has not come yet."""
    await online.get_channel(lounge.id).guild.change_voice_state(channel=lounge)
    await until(lambda: sim.log.events("VOICE_SERVER_UPDATE"))
    invited = dict(sim.log.events("VOICE_SERVER_UPDATE")[-1].data)
    invited["session_id"] = sim.log.events("VOICE_STATE_UPDATE")[-1].data["session_id"]
    async with aiohttp.ClientSession() as http:
        yield await Wire(sim, invited, http).opens()


async def ready(wire):
    """Identify and take READY."""
    await wire.sends(Op.IDENTIFY, wire.identity())
    return await wire.until(Op.READY)


async def test_hello_ready_and_heartbeats(wire):
    assert (await wire.next())[:2] == (Op.HELLO, {"v": 8, "heartbeat_interval": 13750})
    await wire.sends(Op.IDENTIFY, wire.identity())
    op, data, number = await wire.next()
    assert (op, number) == (Op.READY, 1)
    assert data["modes"] == [mode.value for mode in Mode]
    await wire.sends(Op.HEARTBEAT, {"t": 77, "seq_ack": 1})
    assert (await wire.next())[:2] == (Op.HEARTBEAT_ACK, {"t": 77})


async def test_udp_tells_the_bots_own_address(wire):
    data = await ready(wire)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setblocking(False)
        udp.connect((data["ip"], data["port"]))
        udp.send(struct.pack(">HHI66x", 1, 70, data["ssrc"]))
        answer = await asyncio.get_running_loop().sock_recv(udp, 100)
        host, port = udp.getsockname()
    assert answer[:8] == struct.pack(">HHI", 2, 70, data["ssrc"])
    assert answer[8:72].rstrip(b"\0") == host.encode()
    assert struct.unpack(">H", answer[72:])[0] == port


@pytest.mark.parametrize("mode", list(Mode))
async def test_the_key_comes_then_the_external_sender(wire, mode):
    await ready(wire)
    chosen = {"address": "127.0.0.1", "port": 1, "mode": mode}
    await wire.sends(Op.SELECT_PROTOCOL, {"protocol": "udp", "data": chosen})
    _, data, _ = await wire.next()
    assert (data["mode"], len(data["secret_key"])) == (mode, 32)
    assert data["dave_protocol_version"] == 1
    op, body, number = await wire.next()
    assert (op, number, len(body)) == (Op.MLS_EXTERNAL_SENDER, 3, 78)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"token": "wrong"}, Close.AUTHENTICATION_FAILED),
        ({"user_id": "1"}, Close.AUTHENTICATION_FAILED),
        ({"session_id": "old"}, Close.SESSION_NO_LONGER_VALID),
        ({"server_id": "1"}, Close.SERVER_NOT_FOUND),
        ({"max_dave_protocol_version": 0}, Close.E2EE_REQUIRED),
    ],
)
async def test_who_may_not_identify_is_told_why(sim, wire, other, code):
    await wire.sends(Op.IDENTIFY, wire.identity(**other))
    assert await wire.until("closed") == code
    assert [p.code for p in sim.problems] == [code]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no json", Close.DECODE_ERROR),
        ("[]", Close.DECODE_ERROR),
        ('{"op": 99, "d": {}}', Close.UNKNOWN_OPCODE),
        ('{"op": 5, "d": {"speaking": 1}}', Close.NOT_AUTHENTICATED),
        ('{"op": 0, "d": {}}', Close.DECODE_ERROR),
    ],
)
async def test_nonsense_closes_the_connection(wire, text, code):
    await wire.socket.send_str(text)
    assert await wire.until("closed") == code


async def test_identifying_twice_and_unknown_modes_are_refused(wire):
    await ready(wire)
    chosen = {"address": "127.0.0.1", "port": 1, "mode": "xsalsa20_poly1305"}
    await wire.sends(Op.SELECT_PROTOCOL, {"protocol": "udp", "data": chosen})
    assert await wire.until("closed") == Close.UNKNOWN_ENCRYPTION_MODE
    await wire.opens()
    await ready(wire)
    await wire.sends(Op.IDENTIFY, wire.identity())
    assert await wire.until("closed") == Close.ALREADY_AUTHENTICATED


async def joined(wire):
    """Into the call, and a member of its group."""
    await ready(wire)
    chosen = {"address": "127.0.0.1", "port": 1, "mode": Mode.AES_GCM}
    await wire.sends(Op.SELECT_PROTOCOL, {"protocol": "udp", "data": chosen})
    await wire.until(Op.SESSION_DESCRIPTION)
    return await wire.until(Op.MLS_EXTERNAL_SENDER)


async def test_a_resumed_session_is_told_what_it_missed(sim, wire, guild, lounge, ana):
    await joined(wire)
    session = sim.voice.session(guild)
    await sim.voice.close(guild, Close.SERVER_CRASHED)
    assert await wire.until("closed") == Close.SERVER_CRASHED
    ana_joins = asyncio.create_task(ana.joins(lounge))
    await until(lambda: ana.user.id in sim.voice.call(lounge).participants)
    await wire.opens()
    known = {k: wire.identity()[k] for k in ("server_id", "session_id", "token")}
    await wire.sends(Op.RESUME, {**known, "seq_ack": 3})
    got = [(await wire.next())[::2] for _ in range(5)]
    assert got == [
        (Op.HELLO, None),
        (Op.CLIENTS_CONNECT, 4),
        (Op.CLIENT_FLAGS, 5),
        (Op.CLIENT_PLATFORM, 6),
        (Op.RESUMED, None),
    ]
    assert sim.voice.session(guild) is session
    ana_joins.cancel()


async def test_a_forgotten_session_is_of_no_use(sim, wire, guild, lounge):
    await joined(wire)
    assert sim.bot.id in sim.voice.call(lounge).participants
    await sim.voice.close(guild, Close.SESSION_NO_LONGER_VALID)
    assert not sim.voice.call(lounge).participants
    assert await wire.until("closed") == Close.SESSION_NO_LONGER_VALID
    await wire.opens()
    await wire.sends(Op.IDENTIFY, wire.identity())
    assert await wire.until("closed") == Close.SESSION_NO_LONGER_VALID
    await wire.opens()
    known = {k: wire.identity()[k] for k in ("server_id", "session_id", "token")}
    await wire.sends(Op.RESUME, {**known, "seq_ack": 1})
    assert await wire.until("closed") == Close.SESSION_NO_LONGER_VALID


async def test_opcode_22_waits_for_all_who_have_not_said_23(sim, wire, lounge, ana):
    sim.voice.habits.signal_delay_s = 0.2  # so that the bot's commit comes first
    external_sender = await joined(wire)
    mine = DaveMember(sim.bot.id, lounge.id, early=True)
    [(op, key_package)] = mine.told_binary(Op.MLS_EXTERNAL_SENDER, external_sender)
    await wire.socket.send_bytes(bytes([op]) + key_package)
    ana_joins = asyncio.create_task(ana.joins(lounge))
    [(op, commit)] = mine.told_binary(Op.MLS_PROPOSALS, await wire.until(Op.MLS_PROPOSALS))
    assert op is Op.MLS_COMMIT_WELCOME
    await wire.socket.send_bytes(bytes([op]) + commit)
    announced = await wire.until(Op.MLS_ANNOUNCE_COMMIT)
    [(op, answer)] = mine.told_binary(Op.MLS_ANNOUNCE_COMMIT, announced)
    await asyncio.sleep(EVERYBODY_READY_S - 0.5)
    assert not ana_joins.done()
    await wire.sends(op, answer)
    assert await wire.until(Op.EXECUTE_TRANSITION) == answer
    ana_call = await ana_joins
    assert ana_call.dave.session.voice_privacy_code == mine.session.voice_privacy_code


async def test_whoever_never_answers_holds_up_the_others_only_for_a_while(sim, wire, lounge, ana):
    external_sender = await joined(wire)
    mine = DaveMember(sim.bot.id, lounge.id, early=True)
    [(op, key_package)] = mine.told_binary(Op.MLS_EXTERNAL_SENDER, external_sender)
    await wire.socket.send_bytes(bytes([op]) + key_package)
    began_s = asyncio.get_running_loop().time()
    ana_call = await ana.joins(lounge)  # her own commit wins, and the bot never says 23
    assert ana_call.dave.ready
    assert EVERYBODY_READY_S <= asyncio.get_running_loop().time() - began_s < EVERYBODY_READY_S + 1


async def test_bad_key_packages_are_noted(sim, wire):
    await joined(wire)
    await wire.socket.send_bytes(bytes([Op.MLS_KEY_PACKAGE]) + b"nonsense")
    await until(lambda: sim.problems)
    assert "opcode 26" in sim.problems[0].where


async def test_a_cut_websocket_is_missed_only_after_a_while(sim, wire, guild, lounge):
    await joined(wire)
    sim.voice.resume_within_s = 0.5
    sim.voice.drop(guild)
    assert await wire.until("closed") == 1006
    await asyncio.sleep(0.4)
    assert sim.voice.states.where(sim.bot, guild.guild) is lounge
    await until(lambda: sim.voice.states.where(sim.bot, guild.guild) is None)
    assert sim.voice.session(guild) is None
