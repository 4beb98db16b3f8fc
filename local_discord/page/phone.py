"""What one tab speaks and hears with: its client in a call, and the socket that carries the sound.

Each binary frame, either way, is 20 ms of mono PCM: 960 samples, 16 bits, little-endian, 48 kHz. An
empty frame from the page says that its microphone is closed: muted, or the key is let go.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from aiohttp import WSMsgType, web

from audio.constants import FRAME_S, FRAME_SAMPLES
from audio.samples import Pcm
from local_discord.values import VOICE_CHANNELS, Channel, Guild, Json, User
from local_discord.voice import Microphone, Network
from local_discord.voice.live import PUSH_TO_TALK, LiveClient

from .recorder import Recorder
from .tab import Tab

FRAME_BYTES: Final = FRAME_SAMPLES * 2
QUEUED_MAX: Final = 25
"""Half a second; a page that does not take its sound loses the oldest."""
LATE_S: Final = 0.4
"""Sound that waited longer for a slow page is not sent any more."""
BURST: Final = 50
"""Frames that a page may be ahead of time: a second, which a tab that hung sends at once."""


@dataclass(slots=True, eq=False)
class Phone:
    """What one tab speaks and hears with.

    Attributes:
        tab: Whose.
        key: With this its page opens `/voice`.
        user: Who is in the call; None while nobody is.
        client: Their client in it.
        recorder: The voice message that is being recorded.
        state: `out`, `joining` or `in`.
    """

    tab: Tab
    key: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    user: User | None = None
    client: LiveClient | None = None
    recorder: Recorder | None = None
    state: str = "out"
    muted: bool = False
    deaf: bool = False
    push: bool = False
    network: dict[str, float] = field(default_factory=dict)
    _socket: web.WebSocketResponse | None = None
    _heard: deque[tuple[float, bytes]] = field(default_factory=lambda: deque(maxlen=QUEUED_MAX))
    _more: asyncio.Event = field(default_factory=asyncio.Event)
    _telling: asyncio.Handle | None = None

    # --- in and out of a call ------------------------------------------------------------------

    @property
    def channel(self) -> Channel | None:
        """The voice channel they are in, also while it moves to another server."""
        sim, user = self.tab.desk.sim, self.user
        if user is None:
            return None
        places = (sim.voice.states.where(user, one) for one in sim.backend.world.guilds.values())
        return next((one for one in places if one is not None), None)

    async def joins(self, channel: Channel) -> None:
        """Enter a voice channel, or change to it.

        Raises:
            CannotDo: They may not.
            NotSeen: The others do not understand them in time.
        """
        user = self.tab.user
        others = set(self.tab.desk.sim.voice.speakers)
        self.state = "joining"
        self.tell_soon()
        try:
            speaker = await self.tab.desk.person(user, channel.guild).joins(channel)
        except BaseException:
            self.state = "in" if self.client else "out"
            self.tell_soon()
            if self.client is None and user.id not in others:
                self._hangs_up(user)  # nobody is left in a call without a client
            raise
        if self.client is None or self.client.speaker is not speaker:
            self.client = LiveClient(speaker, self._plays, self.tell_soon)
        self.user, self.state = user, "in"
        self.applies()
        self.follows()  # the tab may be somebody else by now

    def leaves(self) -> None:
        """Hang up."""
        user = self.user
        self.lets_go()
        if user is not None:
            self._hangs_up(user)

    def _hangs_up(self, user: User) -> None:
        voice = self.tab.desk.sim.voice
        if user.id in voice.speakers:
            voice.leaves(user)

    def lets_go(self) -> None:
        """Be no client of a call any more, which the person may be in from elsewhere."""
        client, self.client, self.user, self.state = self.client, None, None, "out"
        if client is not None:
            client.hangs_up()
        self._heard.clear()
        self.tell_soon()

    def ends(self) -> None:
        """The tab has closed."""
        self.recorder = None
        self.leaves()
        if self._telling is not None:
            self._telling.cancel()

    def records(self, recorder: Recorder | None) -> Recorder | None:
        """Give the microphone to a recorder, or back to the call; the recorder that had it."""
        before, self.recorder = self.recorder, recorder
        if self.client is not None:
            self.client.closes()
        self.tell_soon()
        return before

    def applies(self) -> None:
        """Give the client what was chosen: push-to-talk, muted, deaf, a bad network."""
        self.tell_soon()
        client, user = self.client, self.user
        if client is None or user is None:
            return
        wanted = PUSH_TO_TALK if self.push else Microphone()
        if client.speaker.microphone != wanted:
            client.uses(wanted)
        if self.muted:
            client.closes()
        client.deafens(deaf=self.deaf)
        bad = self.network
        client.suffers(
            Network(
                loss=bad.get("loss", 0),
                reorder=bad.get("reorder", 0),
                duplicate=bad.get("duplicate", 0),
                jitter_ms=bad.get("jitter_ms", 0),
            )
        )
        channel = self.channel
        if channel is not None and channel.guild is not None:
            flags = {"self_mute": self.muted, "self_deaf": self.deaf}
            state = channel.guild.voice_states.get(user.id, {})
            if any(state.get(name) != value for name, value in flags.items()):
                self.tab.desk.sim.voice.states.set(user, channel.guild, **flags)

    def follows(self) -> None:
        """Somebody moved, muted or disconnected: perhaps it was this one."""
        if self.user is not None and self.user is not self.tab.user:
            self.leaves()  # the tab is somebody else now
        elif self.client is not None and self.user is not None:
            speakers = self.tab.desk.sim.voice.speakers
            if speakers.get(self.user.id) is not self.client.speaker:
                self.lets_go()
        self.tell_soon()

    # --- what the page is told -------------------------------------------------------------------

    def tell_soon(self) -> None:
        """Tell the page how it is; many changes of one moment are told once."""
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        self._telling = None
        here, guild = self.channel, self.tab.here.guild
        speaking = self.client.speaking if self.client else frozenset()
        self.tab.tell(
            "voice",
            key=self.key,
            state=self.state,
            channel=str(here.id) if here else None,
            name=here.name if here else None,
            channels=_people(guild, self.tab, speaking) if guild else {},
            muted=self.muted,
            deaf=self.deaf,
            push=self.push,
            network=self.network,
            recording=self.recorder is not None,
            lost=self.client.lost if self.client else 0,
        )

    def _plays(self, pcm: Pcm) -> None:
        if self._socket is not None:
            now = asyncio.get_running_loop().time()
            self._heard.append((now, pcm.astype("<i2", copy=False).tobytes()))
            self._more.set()

    # --- the socket ----------------------------------------------------------------------------

    async def serve(self, socket: web.WebSocketResponse) -> None:
        """Carry sound both ways until the socket closes; a newer one takes its place."""
        before, self._socket = self._socket, socket
        if before is not None:
            await before.close()
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._write(socket))
                try:
                    await self._read(socket)
                finally:
                    writer.cancel()
        finally:
            if self._socket is socket:
                self._socket = None
                if self.client is not None:
                    self.client.closes()

    async def _write(self, socket: web.WebSocketResponse) -> None:
        loop = asyncio.get_running_loop()
        while not socket.closed:
            await self._more.wait()
            self._more.clear()
            while self._heard:
                at, frame = self._heard.popleft()
                if loop.time() - at < LATE_S:
                    with suppress(ConnectionError):
                        await socket.send_bytes(frame)

    async def _read(self, socket: web.WebSocketResponse) -> None:
        loop = asyncio.get_running_loop()
        ahead = _Ahead(loop.time())
        async for frame in socket:
            if frame.type is not WSMsgType.BINARY or len(frame.data) not in (0, FRAME_BYTES):
                await socket.close(code=1003, message=b"20 ms of 16-bit PCM at 48 kHz")
                return
            if not frame.data:
                if self.client is not None:
                    self.client.closes()
            elif ahead.may(loop.time()):
                await self._takes(np.frombuffer(frame.data, "<i2").astype(np.int16, copy=False))

    async def _takes(self, pcm: Pcm) -> None:
        if self.recorder is not None:
            await self.recorder.take(pcm)
        elif self.client is not None and not self.muted:
            await self.client.says(pcm)


class _Ahead:
    """Lets frames through as fast as time passes, and a burst besides."""

    def __init__(self, now: float) -> None:
        self._free = now - BURST * FRAME_S

    def may(self, now: float) -> bool:
        self._free = max(self._free, now - BURST * FRAME_S)
        if self._free > now:
            return False
        self._free += FRAME_S
        return True


def _people(guild: Guild, tab: Tab, speaking: frozenset[int]) -> dict[str, list[Json]]:
    """Who is in which voice channel of a server, as far as somebody sees the channels."""
    there: dict[str, list[Json]] = {}
    for channel in guild.channels.values():
        if channel.type in VOICE_CHANNELS and tab.view.sees(channel):
            there[str(channel.id)] = []
    for number, state in guild.voice_states.items():
        member = guild.members.get(number)
        if member is not None and (inside := there.get(str(state["channel_id"]))) is not None:
            inside.append(
                {
                    "id": str(number),
                    "name": member.display_name,
                    "speaking": number in speaking,
                    "muted": bool(state["mute"] or state["self_mute"] or state["suppress"]),
                    "deaf": bool(state["deaf"] or state["self_deaf"]),
                }
            )
    return there
