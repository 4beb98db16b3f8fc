"""Inputs nobody sends: mutated real traffic, and noise that gets past each layer's checks.

    python -m tests.unit.audio.discord_voice.fuzz 1000000

Each layer is reached: what is damaged before transport encryption is refused by RTP or the
transport; what is damaged after it comes through to padding, DAVE and the decoder; facts of the
gateway, time and epochs go on in between.
"""

# mypy: ignore-errors

import logging
import random
import sys
import time
from collections import Counter
from contextlib import suppress

from audio import ogg
from audio.discord_voice import unmapped_packets
from audio.errors import AudioError
from audio.jitter_buffer import MAX_READY_PACKETS, MAX_WAITING
from audio.opus import OpusDecoder
from audio.speech_events import SpeechPacket
from local_discord.voice.stream import RtpStream
from local_discord.voice.transport import Datagram, Mode
from tests.fakes.voice_room import ANA, BEN, CAT, Room, speech

OPUS = [frame for frame in speech() if frame is not None]
PEOPLE = (ANA, BEN, CAT)
MAX_KEPT = 2 * (MAX_READY_PACKETS + MAX_WAITING)


def mutated(data, dice):
    """The same bytes with some of them flipped, cut, repeated or put in."""
    data = bytearray(data)
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(data) + 1)
        match dice.randrange(5):
            case 0 if data:
                data[at % len(data)] ^= 1 << dice.randrange(8)
            case 1 if data:
                data[at % len(data)] = dice.choice((0, 1, 0x7F, 0x80, 0xFA, 0xFF))
            case 2:
                del data[at : at + dice.randrange(1, 40)]
            case 3:
                data[at:at] = dice.randbytes(dice.randrange(1, 40))
            case _:
                data[at:at] = data[at : at + dice.randrange(1, 40)]
    return bytes(data[:4000])


class Storm:
    """A call in which everything goes wrong.

    Attributes:
        inputs: How many inputs of each kind were given.
        frames: How many frames of each kind came out.
        most_kept: The most that was ever kept for one person.
    """

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.inputs, self.frames = Counter(), Counter()
        self.most_kept = 0
        self.now = 0.0
        self.decoder = OpusDecoder()
        self._begin()

    def _begin(self):
        self.room = Room(mode=self.dice.choice(list(Mode)), encrypted=self.dice.random() < 0.8)
        self.people = [self.room.join(user_id) for user_id in PEOPLE]
        self.receiver = self.room.receiver(heard=(ANA, BEN))  # Cat has not agreed
        for person in self.people[: self.dice.randrange(4)]:
            self.receiver.map_ssrc(person.user_id, person.ssrc)
        self.ogg = ogg.mux(ogg.OpusStream(tuple(OPUS[:20]), 2))

    def run(self, count):
        """Give so many inputs."""
        kinds = {
            "rtp": self.raw,
            "transport": self.sealed,
            "body": self.body,
            "dave": self.frame,
            "fact": self.fact,
            "ogg": self.file,
        }
        names, weights = list(kinds), (30, 20, 25, 20, 2, 3)
        for number, name in enumerate(self.dice.choices(names, weights, k=count)):
            self.inputs[name] += 1
            kinds[name]()
            self.now += self.dice.random() * 0.01
            if number % 4 == 0:
                self.pull()
            if number % 5000 == 4999:
                self._begin()

    def pull(self):
        """Take what is due, check the bounds, and decode it."""
        for frame in self.receiver.pull(self.now):
            self.frames[type(frame).__name__] += 1
            assert frame.user_id in (ANA, BEN), "somebody who has not agreed was heard"
            if isinstance(frame, SpeechPacket):
                with suppress(AudioError):
                    self.decoder.decode(frame.opus)
        totals = self.receiver.totals
        assert totals.waiting <= unmapped_packets.MAX_STREAMS * unmapped_packets.MAX_PACKETS_EACH
        assert self.receiver._unmapped.bytes <= unmapped_packets.MAX_BYTES
        assert set(self.receiver.health) <= {ANA, BEN}
        kept = max((h.waiting for h in self.receiver.health.values()), default=0)
        assert kept <= MAX_KEPT
        self.most_kept = max(self.most_kept, kept, totals.waiting)

    # -- inputs ----------------------------------------------------------------------------------

    def good(self):
        person = self.dice.choice(self.people)
        return person.says(self.dice.choice(OPUS))

    def raw(self):
        """Noise, or a real datagram that was damaged on its way."""
        noise = self.dice.random() < 0.3
        data = self.dice.randbytes(self.dice.randrange(200)) if noise else self.good()
        self.receiver.receive(mutated(data, self.dice), self.now)

    def sealed(self):
        """Real datagrams: in order, twice, or long ago."""
        data = self.good()
        for _ in range(self.dice.choice((0, 1, 1, 1, 2))):
            self.receiver.receive(data, self.now)

    def body(self):
        """Any header and any body, encrypted for transport as they should be."""
        stream = RtpStream(self.dice.choice([p.ssrc for p in self.people] + [9, 10]), seed=0)
        flags = 0x80 | self.dice.randrange(64)
        clear = stream._header(flags, 0x78, self.dice.randrange(1 << 32))
        if self.dice.random() < 0.7:
            clear = clear[:2] + self.dice.randbytes(6) + clear[8:]
        clear += self.dice.randbytes(4 * (flags & 15))
        if flags & 0x10:
            clear += b"\xbe\xde" + self.dice.choice((0, 1, 2, 9, 65_535)).to_bytes(2, "big")
        body = self.dice.randbytes(self.dice.randrange(80))
        self.receiver.receive(self.room.transport.seal(Datagram(clear, body)), self.now)

    def frame(self):
        """A person's next packet with a damaged frame in it."""
        person = self.dice.choice(self.people)
        frame = person.encrypted(self.dice.choice(OPUS)) or b""
        kind = self.dice.randrange(5)
        if kind == 0:
            frame = self.dice.randbytes(self.dice.randrange(60)) + b"\xfa\xfa"
        elif kind < 3:
            frame = mutated(frame, self.dice)
        elif kind == 3:
            frame = mutated(self.dice.choice(OPUS), self.dice)
        self.receiver.receive(person.sends(frame), self.now)

    def fact(self):
        """What the gateway says, whether or not it makes sense."""
        dice, receiver = self.dice, self.receiver
        user_id = dice.choice((*PEOPLE, 1, 0, -5, 1 << 70, dice.randrange(1 << 64)))
        ssrc = dice.choice((*(p.ssrc for p in self.people), dice.randrange(1 << 32), -1))
        match dice.randrange(24):
            case 0 | 1 | 2:
                receiver.map_ssrc(user_id, ssrc)
            case 3:
                receiver.ignore_ssrc(ssrc)
            case 4:
                receiver.user_left(user_id)
            case 5:
                receiver.forget(user_id)
            case 6:
                receiver.set_dave_session(
                    dice.choice((None, self.room.bot.session)), protocol_version=1
                )
            case 7:
                receiver.set_transport_key(dice.choice((self.room.mode, "none")), self.room.key)
            case 8:
                self._passes_by()
            case _:
                receiver.set_transport_key(self.room.mode, self.room.key)
                receiver.set_dave_session(
                    self.room.bot.session, protocol_version=int(self.room.encrypted)
                )

    def _passes_by(self):
        """Somebody joins and leaves: two epochs, of which the bot learns late, if at all."""
        self.room.behind = self.dice.random() < 0.5
        self.room.join(104)
        self.room.leave(104)
        self.room.catch_up()

    def file(self):
        """A damaged Ogg file."""
        for check in (True, False):
            with suppress(AudioError):
                ogg.demux(mutated(self.ogg, self.dice), check_crc=check)


def main(count, seed=0):
    """Run, and tell what was done."""
    logging.disable()  # modes that do not exist are told of each time
    storm, start = Storm(seed), time.perf_counter()
    storm.run(count)
    seconds = time.perf_counter() - start
    print(f"{count} inputs in {seconds:.0f} s: {dict(storm.inputs)}")
    print(f"out: {dict(storm.frames)}; at most {storm.most_kept} packets were kept")


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(int, sys.argv[2:]))
