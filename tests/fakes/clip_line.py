"""A voice line without Discord: people are clips, and what the assistant says is recorded.

Packets come in real time and with Discord's manners: 20 ms each, and silence is told once.
"""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from audio import codec, ogg
from audio.codec import Samples
from audio.frames import SilenceBegan, SpeechFrame, SpeechPacket
from audio.playout import Playout

FRAME_S = ogg.FRAME_MS / 1000


def packets_of(clip: Path | Samples) -> tuple[bytes, ...]:
    """A clip as a client would send it (16 kHz samples, or a file)."""
    samples = codec.decode(clip, limit_s=600) if isinstance(clip, Path) else clip
    return codec.encode(samples, codec.SPEECH_RATE_HZ, bitrate=64_000).packets


@dataclass
class ClipLine:
    """Satisfies `bot.conversation.voice.VoiceLine`. A context manager: its loudspeaker runs inside.

    Attributes:
        spoken: What has been played, packet by packet: when, and the packet.
        last_packet_s: When each person's last packet came.
    """

    playout: Playout = field(default_factory=Playout)
    spoken: list[tuple[float, bytes]] = field(default_factory=list)
    last_packet_s: dict[int, float] = field(default_factory=dict)
    _due: list[SpeechFrame] = field(default_factory=list)
    _clock: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self):
        self._thread = threading.Thread(target=self._play)
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._stop.set()
        self._thread.join()

    def say(self, user_id: int, clip: Path | Samples | tuple[bytes, ...]) -> float:
        """Begin to speak now; the time of the last packet."""
        packets = clip if isinstance(clip, tuple) else packets_of(clip)
        now = time.monotonic()
        timestamp = max(self._clock.get(user_id, 0), int(now * ogg.OPUS_RATE_HZ))
        with self._lock:
            for number, packet in enumerate(packets):
                at_s = now + number * FRAME_S
                stamp = timestamp + number * ogg.FRAME_SAMPLES
                self._due.append(SpeechPacket(user_id, stamp, packet, at_s))
            end_s = now + len(packets) * FRAME_S
            stamp = timestamp + len(packets) * ogg.FRAME_SAMPLES
            self._due.append(SilenceBegan(user_id, stamp, end_s))
            self._due.sort(key=lambda frame: getattr(frame, "arrived_s", getattr(frame, "at_s", 0)))
        self._clock[user_id] = stamp
        self.last_packet_s[user_id] = end_s - FRAME_S
        return end_s - FRAME_S

    def pull(self, now_s: float) -> list[SpeechFrame]:
        with self._lock:
            ready = 0
            for frame in self._due:
                if getattr(frame, "arrived_s", getattr(frame, "at_s", 0)) > now_s:
                    break
                ready += 1
            out, self._due = self._due[:ready], self._due[ready:]
            return out

    def recording(self) -> Samples:
        """All that was played, without the pauses, at 16 kHz."""
        packets = tuple(packet for _, packet in self.spoken)
        if not packets:
            return np.zeros(0, np.float32)
        return codec.decode(ogg.mux(ogg.OpusStream(packets)), limit_s=600)

    def _play(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            packet = self.playout.read(time.monotonic())
            if packet is not None:
                self.spoken.append((time.monotonic(), packet))
            due += FRAME_S
            self._stop.wait(max(0.0, due - time.monotonic()))
