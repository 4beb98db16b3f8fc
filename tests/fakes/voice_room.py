"""A voice channel without sockets and clocks: real DAVE, real transport encryption, real RTP.

room = Room()
ana = room.join(ANA)
receiver = room.receiver()
receiver.map_ssrc(ANA, ana.ssrc)
receiver.receive(ana.says(opus), now_s)
"""

# mypy: ignore-errors

from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache

from audio.discord_voice.receiver import Receiver
from local_discord.voice.clips import Microphone, _Content, _prepared
from local_discord.voice.group import DaveGroup
from local_discord.voice.member import SILENCE, DaveMember
from local_discord.voice.opcodes import Op
from local_discord.voice.stream import RtpStream
from local_discord.voice.transport import Mode, Transport
from tests.paths import CLIPS

BOT, ANA, BEN, CAT = 1, 101, 102, 103
CHANNEL = 77
FRAME = 960
FRAME_S = 0.02


@lru_cache
def speech(name="vosk_test.wav", threshold_db=None):
    """A clip of real speech as a Discord client's Opus packets; None where nothing is sent."""
    content = _Content((CLIPS / name).read_bytes())
    clip = _prepared("file", content, Microphone(threshold_db=threshold_db))
    return [frame.opus if frame else None for frame in clip.frames]


@dataclass
class Person:
    """Somebody's client."""

    room: "Room"
    dave: DaveMember
    stream: RtpStream
    sample: int = 0

    @property
    def user_id(self):
        return self.dave.user_id

    @property
    def ssrc(self):
        return self.stream.ssrc

    def encrypted(self, opus):
        """A frame, encrypted end to end if the call is."""
        return self.dave.encrypt(opus) if self.room.encrypted else opus

    def says(self, opus, *, after=0):
        """The datagram of the next 20 ms, `after` more samples in which nothing was sent."""
        return self.sends(self.encrypted(opus), after=after)

    def sends(self, payload, *, after=0):
        """The datagram that carries some payload as the next 20 ms."""
        self.sample += after
        datagram = self.stream.voice(payload, self.sample, 30)
        self.sample += FRAME
        return self.room.transport.seal(datagram)

    def hushes(self):
        """The five frames with which a client falls silent."""
        return [self.sends(SILENCE) for _ in range(5)]


@dataclass
class Room:
    """A call that the bot is in.

    Attributes:
        encrypted: Whether it is encrypted end to end.
        behind: While true, the bot is not told of commits, and so lags an epoch behind.
    """

    mode: Mode = Mode.XCHACHA
    encrypted: bool = True
    key: bytes = bytes(range(32))
    behind: bool = False
    group: DaveGroup = field(default_factory=lambda: DaveGroup(CHANNEL))
    members: dict[int, DaveMember] = field(default_factory=dict)
    _held: list = field(default_factory=list)
    _under_way: deque = field(default_factory=deque)

    def __post_init__(self):
        self.transport = Transport(self.mode, self.key)
        self.bot = self._enter(BOT)

    def join(self, user_id, *, ssrc=None, padded=0.0):
        """Somebody joins, and is in the group."""
        stream = RtpStream(user_id * 10 if ssrc is None else ssrc, seed=user_id, padded=padded)
        return Person(self, self._enter(user_id), stream)

    def leave(self, user_id):
        """Somebody leaves the group."""
        del self.members[user_id]
        self._deliver(self.group.leave(user_id))

    def catch_up(self):
        """Tell the bot what it was not told."""
        self.behind = False
        held, self._held = self._held, []
        self._deliver(held)

    def receiver(self, heard=(ANA, BEN, CAT), **session):
        """The bot's receiver, in this call, with the key."""
        receiver = Receiver(may_hear=set(heard).__contains__)
        receiver.set_transport_key(self.mode, self.key)
        receiver.set_dave_session(self.bot.session, protocol_version=1 if self.encrypted else 0)
        return receiver

    def _enter(self, user_id):
        member = self.members[user_id] = DaveMember(user_id, CHANNEL, early=True)
        if self.encrypted:
            package = self.group.sender.package
            self._answers(user_id, member.told_binary(Op.MLS_EXTERNAL_SENDER, package))
        return member

    def _answers(self, user_id, answers):
        for op, body in answers:
            if op is Op.MLS_KEY_PACKAGE:
                self._deliver(self.group.key_package(user_id, body))
            elif op is Op.MLS_COMMIT_WELCOME:
                self._deliver(self.group.commit(user_id, body))

    def _deliver(self, deliveries):
        """In order: what a message brings about comes after all that was sent before it."""
        idle = not self._under_way
        self._under_way.extend(deliveries)
        while idle and self._under_way:
            told = self._under_way[0]
            if told.user_id == BOT and self.behind and told.op is Op.MLS_ANNOUNCE_COMMIT:
                self._held.append(told)
            elif told.user_id in self.members:
                member = self.members[told.user_id]
                self._answers(told.user_id, member.told_binary(told.op, told.payload))
            self._under_way.popleft()
