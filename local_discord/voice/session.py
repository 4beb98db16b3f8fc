"""The bot's session with a voice server: what is kept of it while its websocket comes and goes."""

from __future__ import annotations

import asyncio
import json
import secrets
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_discord.values import Guild, Json

from .call import Call, new_ssrc
from .line import Line
from .member import DaveMember
from .opcodes import Op
from .speaker import Speaker
from .transport import KEY_BYTES, VIDEO_TYPE, Datagram, Mode, Transport, TransportError

if TYPE_CHECKING:
    from aiohttp import web

REPLAY_MAX = 500

Complain = Callable[[str], None]
Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the main gateway told the bot: with this it may identify."""

    guild: Guild
    user_id: int
    session_id: str
    token: str
    call: Call
    line: Line


@dataclass(slots=True, eq=False)
class BotSession:
    """One session, from identifying until it is invalid; a participant of its call."""

    invitation: Invitation
    send_datagram: Callable[[bytes, Address], None]
    complain: Complain
    ssrc: int = field(default_factory=new_ssrc)
    transport: Transport | None = None
    address: Address | None = None
    socket: web.WebSocketResponse | None = None
    cable: asyncio.Transport | None = None
    """What the websocket runs over."""
    outbox: asyncio.Queue[str | bytes] = field(default_factory=asyncio.Queue)
    has_spoken: bool = False
    """Whether opcode 5 has come, without which Discord takes no voice."""
    speaking: int = 0
    _sequence: int = 0
    _sent: deque[tuple[int, str | bytes]] = field(default_factory=lambda: deque(maxlen=REPLAY_MAX))

    @property
    def user_id(self) -> int:
        """The bot's."""
        return self.invitation.user_id

    @property
    def call(self) -> Call:
        """Where it takes part."""
        return self.invitation.call

    @property
    def in_call(self) -> bool:
        """Whether it has been let in."""
        return self.call.participants.get(self.user_id) is self

    # --- messages ------------------------------------------------------------------------------

    def tell(self, op: Op, data: Json) -> None:
        """Send a JSON message, with its number."""
        self._sequence += 1
        self._post(json.dumps({"op": int(op), "d": data, "seq": self._sequence}))

    def tell_binary(self, op: Op, payload: bytes) -> None:
        """Send a binary message, with its number."""
        self._sequence += 1
        self._post(struct.pack(">HB", self._sequence & 0xFFFF, op) + payload)

    def _post(self, message: str | bytes) -> None:
        self._sent.append((self._sequence, message))
        self.outbox.put_nowait(message)

    def replay(self, after: int) -> bool:
        """Queue again what the bot has not seen; False when that is no longer known."""
        first = self._sent[0][0] if self._sent else 1
        if after + 1 < first and self._sequence:
            return False
        self.outbox = asyncio.Queue()
        for number, message in self._sent:
            if number > after:
                self.outbox.put_nowait(message)
        return True

    def says_speaking(self) -> None:
        """Opcode 5 has come."""
        self.has_spoken = True
        line = self.invitation.line
        line.speaking.append((line.clock.now(), self.speaking))
        self.call.speaking(self, self.speaking)

    # --- the handshake -------------------------------------------------------------------------

    def agrees(self, mode: Mode, protocol_version: int) -> None:
        """The bot has chosen how packets are encrypted: give it the key and let it in."""
        self.transport = Transport(mode, secrets.token_bytes(KEY_BYTES))
        description: Json = {
            "mode": mode.value,
            "secret_key": list(self.transport.key),
            "dave_protocol_version": protocol_version,
            "media_session_id": secrets.token_hex(16),
            "audio_codec": "opus",
            "video_codec": "H264",
        }
        self.tell(Op.SESSION_DESCRIPTION, description)
        self.call.join(self)

    def _flag(self, name: str) -> bool:
        """Whether the bot is deaf, mute or suppressed, by its own doing or another's."""
        state = self.invitation.guild.voice_states.get(self.user_id, {})
        return bool(state.get(name) or state.get(f"self_{name}"))

    # --- packets -------------------------------------------------------------------------------

    def hear(self, datagram: Datagram) -> None:
        """Send another's packet, under the bot's own transport key."""
        if self.transport is None or self.address is None:
            return
        if not self.invitation.line.deaf and not self._flag("deaf"):
            self.send_datagram(self.transport.seal(datagram), self.address)

    def received(self, packet: bytes) -> None:
        """A packet of the bot's."""
        line = self.invitation.line
        if self.transport is None or not self.in_call:
            return
        try:
            datagram = self.transport.unseal(packet)
        except TransportError as error:
            line.garbled_packets += 1
            self.complain(f"a voice packet: {error}")
            return
        rtp = datagram.rtp
        if not self.has_spoken:
            self.complain("a voice packet before any opcode 5")
        if rtp.payload_type == VIDEO_TYPE:
            return
        if self._flag("mute") or self._flag("suppress"):
            line.unheard_frames += 1
            return
        if not line.take(rtp, self.user_id, listeners(self.call)):
            self.complain("a voice frame in the clear in an end-to-end encrypted call")
            return
        self.call.forward(self, datagram)


async def close(session: BotSession, code: int) -> None:
    """End a session's websocket."""
    if session.socket is not None:
        await session.socket.close(code=code)


def listeners(call: Call) -> list[DaveMember]:
    """Whoever in a call could decrypt what the bot says."""
    return [p.dave for p in call.participants.values() if isinstance(p, Speaker)]
