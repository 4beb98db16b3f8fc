"""A voice server: the voice gateway (version 8) and UDP, at an address of its own."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable
from typing import cast

from aiohttp import WSMsgType, web

from local_discord.values import Json

from .member import PROTOCOL_VERSION
from .opcodes import Close, Op
from .session import Address, BotSession, Invitation
from .transport import Mode

HEARTBEAT_MS = 13_750
SILENT_FOR_S = 2.5 * HEARTBEAT_MS / 1000
MESSAGE_MAX = 64 * 1024
DISCOVERY = struct.Struct(">HHI64sH")
DISCOVERY_LENGTH = 70
REQUEST, RESPONSE = 1, 2

Complain = Callable[[str, int], None]


class VoiceServer(asyncio.DatagramProtocol):
    """One server with its own UDP port.

    Args:
        number: Tells servers apart.
        find: Gives the invitation for a guild's id.
        complain: Takes what a bot did that Discord refuses, and with which close code.
        modes: Gives the transport encryption modes that are offered, in order.
        left: Told of a session whose websocket is gone.
        open_: Cleared while nothing goes in or out.
    """

    def __init__(
        self,
        number: int,
        *,
        find: Callable[[int], Invitation | None],
        complain: Complain,
        modes: Callable[[], tuple[Mode, ...]],
        left: Callable[[BotSession], None],
        open_: asyncio.Event,
    ) -> None:
        self.number = number
        self.modes = modes
        self.sessions: dict[str, BotSession] = {}
        self.open = open_
        self._find = find
        self._complain = complain
        self._left = left
        self._udp: asyncio.DatagramTransport | None = None
        self._by_address: dict[Address, BotSession] = {}

    async def start(self) -> None:
        """Open the UDP port."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))

    def stop(self) -> None:
        """Close the UDP port."""
        if self._udp is not None:
            self._udp.close()

    # --- UDP -----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The UDP port is open."""
        self._udp = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """A packet of a bot: a question for its address, or voice."""
        if not self.open.is_set():
            return
        if len(data) == DISCOVERY.size and data[:2] == b"\0\1":
            self._discover(data, addr)
        elif (session := self._by_address.get(addr)) is not None:
            session.received(data)

    def _discover(self, data: bytes, addr: Address) -> None:
        _, _, ssrc, _, _ = DISCOVERY.unpack(data)
        session = next((s for s in self.sessions.values() if s.ssrc == ssrc), None)
        if session is None:
            return
        session.address = addr
        self._by_address[addr] = session
        host, port = addr
        answer = DISCOVERY.pack(RESPONSE, DISCOVERY_LENGTH, ssrc, host.encode(), port)
        self._send(answer, addr)

    def _send(self, packet: bytes, addr: Address) -> None:
        if self._udp is not None and not self._udp.is_closing() and self.open.is_set():
            self._udp.sendto(packet, addr)

    # --- websocket -----------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket until it ends."""
        await self.open.wait()
        socket = web.WebSocketResponse(max_msg_size=MESSAGE_MAX)
        await socket.prepare(request)
        if request.query.get("v") != "8":
            await socket.close(code=Close.UNKNOWN_PROTOCOL)
            return socket
        hello = {"op": int(Op.HELLO), "d": {"v": 8, "heartbeat_interval": HEARTBEAT_MS}}
        await socket.send_str(json.dumps(hello))
        conversation = _Conversation(self, socket, request.transport)
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(conversation.write())
            try:
                await conversation.read()
            finally:
                writer.cancel()
        session = conversation.session
        if session is not None and session.socket is socket:
            session.socket = None
            self._left(session)
        return socket

    def forget(self, session: BotSession) -> None:
        """The session is over: it cannot be resumed, and its packets are nobody's."""
        session.call.leave(session)
        self.sessions.pop(session.invitation.session_id, None)
        if session.address is not None:
            self._by_address.pop(session.address, None)

    def identify(self, data: Json) -> BotSession | Close:
        """Opcode 0: a new session, or why not."""
        invitation = self._find(int(data["server_id"]))
        if invitation is None:
            return Close.SERVER_NOT_FOUND
        if data["session_id"] != invitation.session_id:
            return Close.SESSION_NO_LONGER_VALID
        if data["token"] != invitation.token or int(data["user_id"]) != invitation.user_id:
            return Close.AUTHENTICATION_FAILED
        if int(data.get("max_dave_protocol_version") or 0) < PROTOCOL_VERSION:
            return Close.E2EE_REQUIRED
        before = self.sessions.get(invitation.session_id)
        if before is not None:
            self.forget(before)
        session = BotSession(
            invitation, self._send, lambda words: self._complain(f"voice: {words}", 0)
        )
        self.sessions[invitation.session_id] = session
        return session

    def resume(self, data: Json) -> BotSession | Close:
        """Opcode 7: the session that is taken up again, or why not."""
        session = self.sessions.get(str(data["session_id"]))
        if session is None:
            return Close.SESSION_NO_LONGER_VALID
        if data["token"] != session.invitation.token:
            return Close.AUTHENTICATION_FAILED
        if not session.replay(int(data.get("seq_ack", -1))):
            return Close.SESSION_NO_LONGER_VALID
        return session

    def ready(self) -> Json:
        """What opcode 2 carries but for the ssrc."""
        host, port = self._udp.get_extra_info("sockname") if self._udp else ("127.0.0.1", 0)
        modes = [mode.value for mode in self.modes()]
        return {
            "ip": host,
            "port": port,
            "modes": modes,
            "experiments": ["fixed_keyframe_interval"],
        }

    def refused(self, op: int, code: Close) -> None:
        """Note that a bot did what Discord refuses."""
        self._complain(f"voice opcode {op}", code)


class _Conversation:
    """One websocket of a bot."""

    def __init__(
        self,
        server: VoiceServer,
        socket: web.WebSocketResponse,
        cable: asyncio.Transport | None,
    ) -> None:
        self.server = server
        self.socket = socket
        self.cable = cable
        self.session: BotSession | None = None
        self._begun = asyncio.Event()

    async def write(self) -> None:
        """Send what the session has to say, in order."""
        await self._begun.wait()
        while self.session is not None and not self.socket.closed:
            message = await self.session.outbox.get()
            await self.server.open.wait()
            try:
                if isinstance(message, bytes):
                    await self.socket.send_bytes(message)
                else:
                    await self.socket.send_str(message)
            except ConnectionError:
                return

    async def read(self) -> None:
        """Take what the bot sends, until it must not."""
        while True:
            try:
                message = await self.socket.receive(timeout=SILENT_FOR_S)
            except TimeoutError:
                await self.socket.close(code=Close.SESSION_TIMEOUT)
                return
            if message.type is WSMsgType.BINARY:
                code = self._take_binary(message.data)
            elif message.type is WSMsgType.TEXT:
                code = await self._take_text(message.data)
            else:
                return
            if code:
                await self.socket.close(code=code)
                return

    async def _take_text(self, text: str) -> Close | None:
        op = -1
        try:
            body = json.loads(text)
            op, data = int(body["op"]), body["d"]
            if op == Op.HEARTBEAT:
                await self._acknowledge(data)
                return None
            code = self._begin(op, data) if self.session is None else self._take(op, data)
        except (TypeError, KeyError, ValueError):
            code = Close.DECODE_ERROR
        if code:
            self.server.refused(op, code)
        return code

    async def _acknowledge(self, heartbeat: Json) -> None:
        await self.server.open.wait()
        ack = {"op": int(Op.HEARTBEAT_ACK), "d": {"t": heartbeat["t"]}}
        await self.socket.send_str(json.dumps(ack))

    def _begin(self, op: int, data: Json) -> Close | None:
        if op not in (Op.IDENTIFY, Op.RESUME):
            return Close.NOT_AUTHENTICATED if op in list(Op) else Close.UNKNOWN_OPCODE
        found = self.server.identify(data) if op == Op.IDENTIFY else self.server.resume(data)
        if isinstance(found, Close):
            return found
        self.session = found
        found.socket, found.cable = self.socket, self.cable
        if op == Op.IDENTIFY:
            found.tell(Op.READY, {"ssrc": found.ssrc, **self.server.ready()})
        else:
            found.outbox.put_nowait(json.dumps({"op": int(Op.RESUMED), "d": None}))
        self._begun.set()
        return None

    def _take(self, op: int, data: Json) -> Close | None:
        session = self.session
        if session is None or op in (Op.IDENTIFY, Op.RESUME):
            return Close.ALREADY_AUTHENTICATED
        if op == Op.SELECT_PROTOCOL:
            return self._select(session, data)
        if op == Op.SPEAKING:
            session.speaking = int(data["speaking"])
            session.says_speaking()
        elif op in (Op.TRANSITION_READY, Op.MLS_INVALID_COMMIT):
            session.call.take(session, Op(op), data)
        elif op != Op.VIDEO:
            return Close.UNKNOWN_OPCODE
        return None

    def _select(self, session: BotSession, data: Json) -> Close | None:
        if data["protocol"] != "udp":
            return Close.UNKNOWN_PROTOCOL
        wanted = data["data"]["mode"]
        mode = next((m for m in self.server.modes() if m.value == wanted), None)
        if mode is None:
            return Close.UNKNOWN_ENCRYPTION_MODE
        session.agrees(mode, PROTOCOL_VERSION)
        return None

    def _take_binary(self, data: bytes) -> Close | None:
        if self.session is None:
            return Close.NOT_AUTHENTICATED
        if not data or data[0] not in (Op.MLS_KEY_PACKAGE, Op.MLS_COMMIT_WELCOME):
            return Close.UNKNOWN_OPCODE
        self.session.call.take_binary(self.session, Op(data[0]), data[1:])
        return None
