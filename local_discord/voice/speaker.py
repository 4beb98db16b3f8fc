"""Somebody in a voice channel, with a client that sends as Discord's clients do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.clock import Clock
from local_discord.errors import CannotDo, NotSeen
from local_discord.values import Json, User

from .call import Call, new_ssrc
from .clips import FRAME_S, FRAME_SAMPLES, SILENCE_FRAMES, Clip, Frame, Microphone, Sound, prepare
from .hearing import Ears
from .member import SILENCE, Answer, DaveMember
from .network import Network
from .opcodes import Op
from .stream import RtpStream
from .transport import Datagram

SECURED_WITHIN_S = 60.0
"""So that a test does not hang; Discord's clients take a moment."""
VIDEO_PACKET_BYTES = 900
VIDEO_RATE = 30
REPORT_EVERY = 50
"""Packets between two RTCP reports: a second's worth."""
QUIET = Frame(SILENCE, 127, voiced=False)
"""One of the frames that close a stretch of speech."""


@dataclass(slots=True)
class Habits:
    """How all clients of a local Discord behave.

    Attributes:
        signal_delay_s: The way from the voice server to a client and back, for messages.
        early_keys: Clients change keys with the commit and do not wait for opcode 22, so their
            frames may run ahead of the bot's group.
        op5_delay_s: How much later than the first packet opcode 5 arrives.
        op5_lost: How many of the next opcodes 5 never arrive.
        padded: Share of packets with RTP padding, of those who join from then on.
    """

    signal_delay_s: float = 0.01
    early_keys: bool = False
    op5_delay_s: float = 0.0
    op5_lost: int = 0
    padded: float = 0.04


@dataclass(slots=True)
class Speech:
    """One clip that is being played, or was; all times in seconds of the monotonic clock.

    Attributes:
        clip: What is played.
        began_at: When its first 20 ms began.
        first_packet_at: When the first packet left.
        last_voice_packet_at: When the last packet left that is loud enough to be speech.
        last_packet_at: When the last packet left, silence and all.
        packets: How many have left.
        withheld: Frames not sent, for want of a key that the others know.
        task: What plays it.
    """

    clip: Clip
    began_at: float
    first_packet_at: float | None = None
    last_voice_packet_at: float | None = None
    last_packet_at: float | None = None
    packets: int = 0
    withheld: int = 0
    task: asyncio.Task[None] | None = None

    async def done(self) -> None:
        """Wait until its last packet has left."""
        if self.task is not None:
            await asyncio.wait([self.task])
            if not self.task.cancelled():
                self.task.result()

    @property
    def is_done(self) -> bool:
        """Whether its last packet has left, or it was cut off."""
        return self.task is not None and (self.task.done() or self.task.cancelling() > 0)


@dataclass(slots=True, eq=False)
class Speaker:
    """A client in a call.

    Attributes:
        user: Whose.
        call: Where; None once they have left.
        network: What happens to their packets.
        ears: What they hear with; a speaker without any is deaf, which costs a test nothing.
        microphone: Their voice activity settings.
        speech: What they play, or played last.
    """

    user: User
    habits: Habits
    clock: Clock
    network: Network = field(default_factory=Network)
    microphone: Microphone = field(default_factory=Microphone)
    call: Call | None = None
    speech: Speech | None = None
    ears: Ears | None = None
    dave: DaveMember = field(init=False)
    ssrc: int = 0
    _stream: RtpStream = field(init=False)
    _origin: float = field(init=False)
    _last_sample: int = 0
    _announced: bool = False
    _packets: int = 0
    _secured: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._origin = self.clock.now()

    @property
    def user_id(self) -> int:
        """Their user id."""
        return self.user.id

    # --- in and out of a call ------------------------------------------------------------------

    def enters(self, call: Call) -> None:
        """Connect to a call, as a new client of its voice server."""
        self.call = call
        self.ssrc = new_ssrc()
        self.dave = DaveMember(self.user_id, call.channel.id, early=self.habits.early_keys)
        self._stream = RtpStream(self.ssrc, seed=self.ssrc, padded=self.habits.padded)
        self._secured.clear()
        self._announced = False
        if self.ears is not None:
            self.ears.begin_again(self.dave)
        call.join(self)

    def leaves(self) -> None:
        """Hang up; what is being played is cut off."""
        for task in self._tasks:
            task.cancel()
        self.hangs_up()

    def hangs_up(self) -> None:
        """Leave the call; a clip goes on, unheard, until they are in another."""
        call, self.call = self.call, None
        if call is not None:
            call.leave(self)

    def moves(self, call: Call) -> None:
        """Change to another call, talking on."""
        self.hangs_up()
        self.enters(call)

    async def secured(self, within: float = SECURED_WITHIN_S) -> None:
        """Wait until they can speak so that the others understand.

        Raises:
            NotSeen: The group was not made in time.
        """
        try:
            async with asyncio.timeout(within):
                await self._secured.wait()
        except TimeoutError:
            raise NotSeen(f"{self.user.name} has no key that the others know") from None

    # --- what the voice server says ------------------------------------------------------------

    def tell(self, op: Op, data: Json) -> None:
        """Take a JSON message, a little later."""
        dave = self.dave
        self._later(lambda: dave.told(op, data))

    def tell_binary(self, op: Op, payload: bytes) -> None:
        """Take a binary message, a little later."""
        dave = self.dave
        self._later(lambda: dave.told_binary(op, payload))

    def hear(self, datagram: Datagram) -> None:
        """Take another speaker's packet."""
        if self.ears is not None and self.call is not None:
            self.ears.take(datagram, self.call.participants.values())

    def _later(self, act: Callable[[], list[Answer]]) -> None:
        call = self.call
        loop = asyncio.get_running_loop()
        loop.call_later(self.habits.signal_delay_s, self._act, call, act)

    def _act(self, call: Call | None, act: Callable[[], list[Answer]]) -> None:
        if call is None or self.call is not call:
            return
        for op, answer in act():
            if isinstance(answer, bytes):
                call.take_binary(self, op, answer)
            else:
                call.take(self, op, answer)
        if self.dave.ready:
            self._secured.set()
        else:
            self._secured.clear()
        call.changed()

    # --- speaking ------------------------------------------------------------------------------

    async def plays(self, sound: Sound, *, wait: bool = True) -> Speech:
        """Speak a clip in real time.

        Args:
            sound: A path, a file's bytes, or mono samples at 48 kHz.
            wait: Return when the last packet has left; without it, once the clip has begun.

        Raises:
            CannotDo: They are speaking already.
        """
        if self.speech is not None and not self.speech.is_done:
            raise CannotDo("{name} is speaking already", name=self.user.name)
        clip = await prepare(sound, self.microphone)
        speech = self.speech = Speech(clip, self.clock.now())
        playing, name = self._play(speech), f"{self.user.name} speaks"
        # `_tasks` holds it until it ends; `Speech.done` raises what it fails with.
        speech.task = asyncio.create_task(playing, name=name)  # noqa: TID251 - see above
        self._tasks.add(speech.task)
        speech.task.add_done_callback(self._tasks.discard)
        if wait:
            await speech.done()
        return speech

    def stops(self) -> None:
        """Fall silent in the middle of a clip, as somebody who lets go of push-to-talk."""
        if self.speech is None or self.speech.is_done or self.speech.task is None:
            return
        self.speech.task.cancel()
        for _ in range(SILENCE_FRAMES):
            self._count(self.speech, QUIET, self._last_sample + FRAME_SAMPLES)

    async def shows_camera(self, seconds: float) -> None:
        """Turn the camera on for a while: opcode 12, and packets of another ssrc."""
        call, video = self.call, RtpStream(new_ssrc(), seed=self.ssrc)
        if call is None:
            raise CannotDo("{name} is in no call", name=self.user.name)
        self._tell_camera(call, video.ssrc)
        try:
            for number in range(round(seconds * VIDEO_RATE)):
                await asyncio.sleep(1 / VIDEO_RATE)
                picture = random.randbytes(VIDEO_PACKET_BYTES)  # noqa: S311 - a picture of noise
                self._post(video.video(picture, number * 90_000 // VIDEO_RATE), self.clock.now())
        finally:
            self._tell_camera(call, 0)

    def _tell_camera(self, call: Call, ssrc: int) -> None:
        stream: Json = {"type": "video", "rid": "100", "ssrc": ssrc, "active": bool(ssrc)}
        stream |= {"quality": 100, "rtx_ssrc": ssrc + 1 if ssrc else 0}
        data: Json = {"user_id": str(self.user_id), "audio_ssrc": self.ssrc, "video_ssrc": ssrc}
        call.tell_others(
            self, Op.VIDEO, data | {"rtx_ssrc": stream["rtx_ssrc"], "streams": [stream]}
        )

    async def _play(self, speech: Speech) -> None:
        start = speech.began_at
        first = self.sample_at(start)
        for index, frame in enumerate(speech.clip.frames):
            if frame is None:
                continue
            # A packet leaves when its last sample is recorded; late ones do not put off the rest.
            due = start + (index + 1) * FRAME_S - self.clock.now()
            await asyncio.sleep(max(0.0, due))  # people speak in real time; tests wait for packets
            if speech.clip.starts(index):
                self.begins()
            self._count(speech, frame, first + index * FRAME_SAMPLES)

    def _count(self, speech: Speech, frame: Frame, sample: int) -> None:
        now = self.send(frame, sample)
        if now is None:
            speech.withheld += 1
            return
        speech.packets += 1
        speech.last_packet_at = now
        speech.first_packet_at = speech.first_packet_at or now
        if frame.voiced:
            speech.last_voice_packet_at = now

    def sample_at(self, moment: float) -> int:
        """Where a moment is on the client's own clock, which runs on in silence.

        Two stretches of speech never share a sample of it.
        """
        sample = round((moment - self._origin) / FRAME_S) * FRAME_SAMPLES
        return max(sample, self._last_sample + FRAME_SAMPLES)

    def begins(self) -> None:
        """A stretch of speech begins: opcode 5 goes out again with its first packet."""
        self._announced = False

    def _announce(self) -> None:
        """Opcode 5, which comes before the packets as a rule, and not always."""
        self._announced = True
        if self.habits.op5_lost:
            self.habits.op5_lost -= 1
            return
        call = self.call
        if self.habits.op5_delay_s and call is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(self.habits.op5_delay_s, call.speaking, self, 1)
        elif call is not None:
            call.speaking(self, 1)

    def send(self, frame: Frame, sample: int) -> float | None:
        """Send one frame now.

        Args:
            frame: 20 ms.
            sample: Its first sample on the client's own clock.

        Returns:
            When it left, in monotonic seconds; None when there is no key that the others know.
        """
        self._last_sample = sample
        payload = self.dave.encrypt(frame.opus)
        if payload is None or self.call is None:
            return None
        if not self._announced:
            self._announce()
        now = self.clock.now()
        self._post(self._stream.voice(payload, sample, frame.level), now)
        self._packets += 1
        if self._packets % REPORT_EVERY == 0:
            self._post(self._stream.report(), now)
        return now

    def _muted(self, call: Call) -> bool:
        states = call.channel.guild.voice_states if call.channel.guild else {}
        state = states.get(self.user_id, {})
        return bool(state.get("mute") or state.get("suppress"))

    def _post(self, datagram: Datagram, now: float) -> None:
        call = self.call
        if call is None or self._muted(call):
            return
        for at in self.network.arrivals(now):
            if at <= now:
                call.forward(self, datagram)
            else:
                asyncio.get_running_loop().call_later(at - now, call.forward, self, datagram)
