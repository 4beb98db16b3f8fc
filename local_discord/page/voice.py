"""What a tab does with voice channels, for all tabs; the socket `/voice`.

Each tab has a `Phone`. Its page is told how that is by the event `voice`.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from local_discord.errors import NO_VOICE_CHANNEL, CannotDo
from local_discord.values import VOICE_CHANNELS, Guild, Json, Message
from local_discord.world import Event

from .acts import channel_of
from .phone import FRAME_BYTES, Phone
from .recorder import Recorder
from .tab import Act, Tab
from .view import words

if TYPE_CHECKING:
    from .desk import Desk

WORST: Final = {"loss": 0.5, "reorder": 0.5, "duplicate": 0.5, "jitter_ms": 500.0}
"""The worst network that can be asked for."""
HEARTBEAT_S: Final = 20.0
CLOSE_UNKNOWN: Final = 4004
"""The key is of no open tab; its page need not come again with it."""


class Phones:
    """The phones of all tabs, each from when its tab opens until it closes.

    Args:
        desk: Whose tabs.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._voice = desk.sim.voice
        self._phones: dict[Tab, Phone] = {}
        desk.greeters.append(self._greet)
        desk.leavers.append(self._leave)
        desk.sim.backend.world.watchers.append(self._watch)

    @property
    def acts(self) -> dict[str, Act]:
        """What tabs may ask for."""
        return {
            "join": self.join,
            "leave": self.leave,
            "mute": self.mute,
            "network": self.network,
            "record": self.record,
        }

    def of(self, tab: Tab) -> Phone:
        """A tab's."""
        return self._phones[tab]

    def _greet(self, tab: Any) -> None:
        if tab not in self._phones:
            self._phones[tab] = Phone(tab)
        self._phones[tab].follows()

    def _leave(self, tab: Any) -> None:
        if (phone := self._phones.pop(tab, None)) is not None:
            phone.ends()

    def _watch(self, event: Event, _: Message | None) -> None:
        if event.name == "VOICE_STATE_UPDATE":
            loop = asyncio.get_running_loop()
            for phone in self._phones.values():  # once whoever publishes it is done
                loop.call_soon(phone.follows)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The socket `/voice?key=…`."""
        # Sound does not compress, and to try takes longer than to send it.
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=2 * FRAME_BYTES, compress=False
        )
        try:
            await socket.prepare(request)
        except ConnectionError:  # the page was closed as soon as it was open
            return socket
        key = request.query.get("key", "").encode()
        fitting = (p for p in self._phones.values() if secrets.compare_digest(p.key.encode(), key))
        if (phone := next(fitting, None)) is None:
            await socket.close(code=CLOSE_UNKNOWN)
        else:
            await phone.serve(socket)
        return socket

    # --- acts ----------------------------------------------------------------------------------

    async def join(self, tab: Tab, fields: Json) -> None:
        """Enter a voice channel: `channel`, or where the tab looks."""
        channel = channel_of(tab, fields)
        if channel.type not in VOICE_CHANNELS:
            raise CannotDo(NO_VOICE_CHANNEL, channel=channel.name)
        phone = self.of(tab)
        await phone.joins(channel)
        for other in list(self._phones.values()):
            if other is not phone and other.user is phone.user:  # a person has one client in a call
                other.lets_go()
                told = words(tab.user.locale)["call elsewhere"]
                other.tab.tell("notice", text=told, kind="voice")

    async def leave(self, tab: Tab, _: Json) -> None:
        """Hang up."""
        phone = self.of(tab)
        if phone.client is None:
            raise CannotDo("you are in no voice channel")
        phone.leaves()

    async def mute(self, tab: Tab, fields: Json) -> None:
        """Change how one is there: `muted`, `deaf`, `push` (push-to-talk), those that are given."""
        wanted = {name: fields[name] for name in ("muted", "deaf", "push") if name in fields}
        for name, value in wanted.items():
            if not isinstance(value, bool):
                raise CannotDo("{field} is yes or no", field=name)
        phone = self.of(tab)
        for name, value in wanted.items():
            setattr(phone, name, value)
        phone.applies()

    async def network(self, tab: Tab, fields: Json) -> None:
        """Spoil the network: `loss`, `reorder`, `duplicate` (shares), `jitter_ms`; or `trouble`.

        `trouble` is `region` (the call moves to another voice server) or `drop` (the bot's voice
        connection is cut, as by a lost network).
        """
        trouble = fields.get("trouble")
        if trouble is None:
            phone = self.of(tab)
            phone.network = {name: _share(fields, name, most) for name, most in WORST.items()}
            phone.applies()
            return
        guild = self._guild(tab)
        if trouble == "region":
            await self._voice.new_server(guild)
        elif trouble != "drop":
            raise CannotDo("there is no such trouble")
        elif self._voice.session(guild) is None:
            raise CannotDo("the bot is in no voice channel")
        else:
            self._voice.drop(guild)

    def _guild(self, tab: Tab) -> Guild:
        here = self.of(tab).channel or tab.here
        if here.guild is None:
            raise CannotDo("join a voice channel first")
        return here.guild

    async def record(self, tab: Tab, fields: Json) -> Json | None:
        """Record a voice message: `step` is `start`, `send` or `cancel`."""
        phone, step = self.of(tab), fields.get("step")
        if step not in ("start", "send", "cancel"):
            raise CannotDo("a recording is started, sent or cancelled")
        recorder = phone.records(Recorder() if step == "start" else None)
        if step != "send":
            return None
        if recorder is None:
            raise CannotDo("nothing is being recorded")
        whole = await recorder.finish()
        sent = await tab.me.says_aloud(
            whole.ogg, tab.here, seconds=whole.seconds, waveform=whole.waveform
        )
        return {"message": str(sent.id)}


def _share(fields: Json, name: str, most: float) -> float:
    value = fields.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise CannotDo("{field} is a number from 0 to {most:g}", field=name, most=most)
    return float(value)
