"""What the bot says, as the people in its channel hear it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from audio.codec import wav
from bot.clock import Clock
from local_discord.errors import NotSeen

from .clips import FRAME_S, RATE_HZ
from .member import MARKER, SILENCE, DaveMember
from .transport import Rtp

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAUSE_S = 0.1
"""A packet that comes later than this after what it follows is heard after a pause."""
HELD_S = 2.0
"""How long a frame that nobody can decrypt yet is kept."""
HELD_MAX = 500
KEPT_MAX = 100_000
"""Packets: half an hour of speech; a Discord that runs for days forgets the oldest half."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet of the bot's.

    Attributes:
        at: When it arrived, in seconds of the monotonic clock.
        sequence: Of its RTP header.
        timestamp: Of its RTP header.
        opus: The frame, decrypted.
    """

    at: float
    sequence: int
    timestamp: int
    opus: bytes

    @property
    def silent(self) -> bool:
        """Whether it is one of the frames that close a stretch of speech."""
        return self.opus == SILENCE


@dataclass(frozen=True, slots=True)
class Recording:
    """A stretch of the bot's speech."""

    packets: tuple[Packet, ...]

    @property
    def voice(self) -> tuple[Packet, ...]:
        """The packets but for the frames of silence."""
        return tuple(p for p in self.packets if not p.silent)

    @property
    def began(self) -> float | None:
        """When the first packet arrived that is not silence, in monotonic seconds."""
        return self.voice[0].at if self.voice else None

    @property
    def ended(self) -> float | None:
        """When the last packet arrived that is not silence, in monotonic seconds."""
        return self.voice[-1].at if self.voice else None

    @property
    def samples(self) -> NDArray[np.float32]:
        """Mono sound at 48 kHz, with pauses as long as they were."""
        return _decoded(self.voice)

    @property
    def wav(self) -> bytes:
        """A WAV file: mono, 48 kHz, 16 bits."""
        return wav(self.samples, RATE_HZ)

    @property
    def intervals(self) -> tuple[float, ...]:
        """Seconds from each packet that is not silence to the next: 0.02 when all is well."""
        voice = self.voice
        return tuple(b.at - a.at for a, b in itertools.pairwise(voice))

    @property
    def seconds(self) -> float:
        """How much speech there is, without pauses."""
        return len(self.voice) * FRAME_S


@dataclass(slots=True)
class Line:
    """The bot's side of the calls of one guild, decrypted by whoever listens there.

    Attributes:
        packets: All that was understood.
        plaintext_frames: Frames in the clear, which end-to-end encryption forbids.
        unheard_frames: Frames that came while nobody else was there, or the bot was muted.
        deaf: Whether the bot is sent nothing, although it is connected.
        speaking: Every opcode 5 of the bot's: when, and its flags.
        garbled_packets: Datagrams that are not encrypted for transport as agreed.
    """

    clock: Clock
    packets: list[Packet] = field(default_factory=list)
    plaintext_frames: int = 0
    unheard_frames: int = 0
    garbled_packets: int = 0
    deaf: bool = False
    speaking: list[tuple[float, int]] = field(default_factory=list)
    _held: list[tuple[float, Rtp]] = field(default_factory=list)
    _given_up: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, rtp: Rtp, sender_id: int, listeners: Sequence[DaveMember]) -> bool:
        """A packet of the bot's; False when it is in the clear."""
        now = self.clock.now()
        if rtp.payload == SILENCE:
            self._keep(now, rtp, rtp.payload)
        elif not rtp.payload.endswith(MARKER):
            self.plaintext_frames += 1
            return False
        elif not listeners:
            self.unheard_frames += 1
        elif (opus := _understood(rtp, sender_id, listeners)) is not None:
            self._keep(now, rtp, opus)
        else:
            self._held.append((now, rtp))
            if len(self._held) > HELD_MAX:
                del self._held[0]
                self._given_up += 1
        return True

    def try_again(self, sender_id: int, listeners: Sequence[DaveMember]) -> None:
        """The listeners' keys have changed: perhaps what came too early can be understood now."""
        held, self._held = self._held, []
        now = self.clock.now()
        for at, rtp in held:
            if (opus := _understood(rtp, sender_id, listeners)) is not None:
                self._keep(at, rtp, opus)
            elif at + HELD_S > now:
                self._held.append((at, rtp))
            else:
                self._given_up += 1

    def _keep(self, at: float, rtp: Rtp, opus: bytes) -> None:
        self.packets.append(Packet(at, rtp.sequence, rtp.timestamp, opus))
        if len(self.packets) > 1 and self.packets[-2].at > at:
            self.packets.sort(key=lambda packet: packet.at)
        for kept in (self.packets, self.speaking):
            if len(kept) > KEPT_MAX:
                del kept[: KEPT_MAX // 2]
        self._arrived.set()

    @property
    def undecryptable_frames(self) -> int:
        """Frames that nobody in the call could decrypt, although they waited for the keys."""
        over = self.clock.now() - HELD_S
        return self._given_up + sum(at < over for at, _ in self._held)

    # --- listening -----------------------------------------------------------------------------

    @property
    def recording(self) -> Recording:
        """Everything the bot has said so far."""
        return Recording(tuple(self.packets))

    def since(self, moment: float, until: float = float("inf")) -> Recording:
        """What the bot has said from some moment on, in monotonic seconds."""
        return Recording(tuple(p for p in self.packets if moment <= p.at < until))

    async def until_speaking(self, *, within: float = 60.0, since: float | None = None) -> Packet:
        """Wait for the bot's next packet that is not silence.

        Args:
            within: Seconds to wait.
            since: Count what has come from this moment on; without it, from now on.

        Raises:
            NotSeen: The bot said nothing.
        """
        start = self.clock.now() if since is None else since
        end = self.clock.now() + within
        while True:
            self._arrived.clear()
            if voice := self.since(start).voice:
                return voice[0]
            if not await self._packet(end - self.clock.now()):
                raise NotSeen(f"the bot said nothing within {within:g} s")

    async def until_said(self, seconds: float, *, within: float = 60.0) -> None:
        """Wait until the bot has spoken for so long in all, without pauses.

        Raises:
            NotSeen: It has not.
        """
        end = self.clock.now() + within
        while True:
            self._arrived.clear()
            if self.recording.seconds >= seconds:
                return
            if not await self._packet(end - self.clock.now()):
                raise NotSeen(f"the bot has not spoken for {seconds:g} s within {within:g} s")

    async def until_silent(
        self, *, within: float = 60.0, for_: float = 0.5, since: float = 0.0
    ) -> Packet:
        """Wait until the bot has spoken, and then said nothing for `for_` seconds.

        Args:
            within: Seconds to wait.
            for_: How long the silence is, in seconds.
            since: Only what has come from this moment on counts as speech.

        Returns:
            The last packet of its speech.

        Raises:
            NotSeen: It speaks on, or has not spoken at all.
        """
        end = self.clock.now() + within
        while (now := self.clock.now()) < end:
            self._arrived.clear()
            voice = self.since(since).voice
            quiet = now - voice[-1].at if voice else 0.0
            if voice and quiet >= for_:
                return voice[-1]
            await self._packet(min(end - now, for_ - quiet))
        raise NotSeen(f"the bot was not silent for {for_:g} s within {within:g} s")

    async def _packet(self, within: float) -> bool:
        try:
            async with asyncio.timeout(within):
                await self._arrived.wait()
        except TimeoutError:
            return False
        return True


def _understood(rtp: Rtp, sender_id: int, listeners: Iterable[DaveMember]) -> bytes | None:
    for listener in listeners:
        if (opus := listener.decrypt(sender_id, rtp.payload)) is not None:
            return opus
    return None


def _decoded(packets: Sequence[Packet]) -> NDArray[np.float32]:
    codec: Any = av.CodecContext.create("libopus", "r")
    codec.sample_rate = RATE_HZ
    codec.layout = "mono"
    codec.open()
    pieces: list[NDArray[np.float32]] = []
    length = 0
    for packet in packets:
        due = round((packet.at - packets[0].at) * RATE_HZ)
        if due - length > PAUSE_S * RATE_HZ:
            pieces.append(np.zeros(due - length, np.float32))
            length = due
        for frame in codec.decode(av.Packet(packet.opus)):
            pieces.append(frame.to_ndarray()[0].astype(np.float32) / np.float32(32768))
            length += frame.samples
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
