"""What a live client hears: everybody's packets, decrypted, in order, decoded and mixed.

    datagram ─▶ dave.decrypt ─▶ jitter_buffer ─▶ opus (lost frames are concealed) ─▶ mixer ─▶ play

All of it runs on the event loop: a frame takes a tenth of a millisecond.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from audio.constants import FRAME_S, OPUS_RATE_HZ
from audio.errors import AudioError
from audio.jitter_buffer import JitterBuffer, Packet
from audio.opus import OpusDecoder
from audio.samples import Samples
from audio.speech_events import DtxStarted, LostSpeech
from bot.clock import Clock

from .member import DaveMember
from .mixer import Mixer
from .network import Network
from .transport import VOICE_TYPE, Datagram, Rtp

if TYPE_CHECKING:
    from .call import Participant

CONCEALED_SAMPLES = OPUS_RATE_HZ // 5
"""A longer gap is not filled: nobody wants to hear a second of guesses."""
VOICES_MAX = 64
"""How many voices are kept; each region move and each client that joins makes new ones."""

Play = Callable[[Samples], None]
"""Takes 20 ms of mono float32 at 48 kHz."""


class _Voice:
    """One sender's packets, by ssrc."""

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self.buffer = JitterBuffer(user_id)
        self.sealed: set[bytes] = set()
        """Payloads in the buffer that are still encrypted."""
        self.speaking = False
        self._decoder = OpusDecoder(OPUS_RATE_HZ)
        self._gap = 0

    def missed(self, samples: int) -> None:
        """So much is lost; the next packet may carry the end of it."""
        self._gap = min(self._gap + samples, CONCEALED_SAMPLES)

    def decode(self, opus: bytes) -> list[Samples]:
        """What a packet says, after what was lost before it."""
        pieces = []
        if self._gap:
            pieces.append(self._decoder.conceal(self._gap, opus))
            self._gap = 0
        try:
            pieces.append(self._decoder.decode(opus))
        except AudioError:
            self._gap = round(FRAME_S * OPUS_RATE_HZ)
        return pieces


@dataclass(slots=True, eq=False)
class Ears:
    """One client's loudspeaker.

    Attributes:
        dave: Its keys.
        play: Takes what is heard.
        clock: Monotonic time.
        changed: Told who speaks, whenever that changes.
        network: What happens to packets on their way to this client.
        deaf: Whether it plays nothing.
    """

    dave: DaveMember
    play: Play
    clock: Clock
    changed: Callable[[frozenset[int]], None] = lambda _: None
    network: Network = field(default_factory=Network)
    deaf: bool = False
    _voices: dict[int, _Voice] = field(default_factory=dict)
    _mixer: Mixer = field(default_factory=Mixer)
    _tick: asyncio.TimerHandle | None = None
    _speaking: frozenset[int] = frozenset()

    @property
    def speaking(self) -> frozenset[int]:
        """Who is heard now, by user id."""
        return self._speaking

    @property
    def lost(self) -> int:
        """How many packets never came, of all voices that are kept."""
        return sum(voice.buffer.lost for voice in self._voices.values())

    def begin_again(self, dave: DaveMember) -> None:
        """The client has connected to a call: new keys, new voices."""
        self.dave = dave
        self.close()

    def close(self) -> None:
        """Hear nothing more of what has come so far."""
        if self._tick is not None:
            self._tick.cancel()
        self._tick, self._mixer = None, Mixer()
        self._voices.clear()
        self._tell()

    def take(self, datagram: Datagram, there: Iterable[Participant]) -> None:
        """Somebody's packet, as the voice server sends it on; late if the network is bad."""
        if datagram.clear[1] & 0x7F != VOICE_TYPE or self.deaf:  # a camera's, or RTCP
            return
        rtp = datagram.rtp
        sender = next((one for one in there if one.ssrc == rtp.ssrc), None)
        if sender is None:
            return
        now = self.clock.now()
        for at in self.network.arrivals(now):
            if at <= now:
                self._arrived(rtp, sender.user_id, self.dave)
            else:
                loop = asyncio.get_running_loop()
                loop.call_later(at - now, self._arrived, rtp, sender.user_id, self.dave)

    def _arrived(self, rtp: Rtp, user_id: int, dave: DaveMember) -> None:
        if dave is not self.dave:  # it was under way while the client changed its server
            return
        voice = self._voices.get(rtp.ssrc)
        if voice is None:
            if len(self._voices) >= VOICES_MAX:
                del self._voices[next(iter(self._voices))]
            voice = self._voices[rtp.ssrc] = _Voice(user_id)
        now = self.clock.now()
        opus = dave.decrypt(user_id, rtp.payload)
        if opus is None:  # its key has not come; it is tried again when its turn comes
            voice.sealed.add(rtp.payload)
        voice.buffer.put(rtp.sequence, rtp.timestamp, opus or rtp.payload, now)
        self._advance(now)

    # --- in order, decoded, mixed ----------------------------------------------------------------

    def _advance(self, now: float) -> None:
        for ssrc, voice in self._voices.items():
            for one in voice.buffer.pull(now):
                self._hear(ssrc, voice, one, now)
        for piece in self._mixer.pull(now):
            self.play(piece)
        self._tell()
        if self._tick is None and self._is_busy():
            self._tick = asyncio.get_running_loop().call_later(FRAME_S, self._on_tick)

    def _on_tick(self) -> None:
        self._tick = None
        self._advance(self.clock.now())

    def _is_busy(self) -> bool:
        """Whether something follows even if no more packets come: a gap given up, an end."""
        return bool(len(self._mixer)) or any(
            v.speaking or len(v.buffer) for v in self._voices.values()
        )

    def _hear(
        self, ssrc: int, voice: _Voice, one: Packet | LostSpeech | DtxStarted, now: float
    ) -> None:
        if isinstance(one, DtxStarted):
            voice.speaking = False
            self._mixer.stop(ssrc)
        elif isinstance(one, LostSpeech):
            voice.missed(one.samples)
        elif (opus := self._understood(voice, one.payload)) is None:
            voice.missed(one.lasts)
        else:
            voice.speaking = True
            for samples in voice.decode(opus):
                self._mixer.put(ssrc, samples, now)

    def _understood(self, voice: _Voice, payload: bytes) -> bytes | None:
        if payload not in voice.sealed:
            return payload
        voice.sealed.discard(payload)
        return self.dave.decrypt(voice.user_id, payload)

    def _tell(self) -> None:
        speaking = frozenset(v.user_id for v in self._voices.values() if v.speaking)
        if speaking != self._speaking:
            self._speaking = speaking
            self.changed(speaking)
