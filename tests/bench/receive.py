"""Packets a second on one core, from the datagram to 16 kHz sound, and how many speakers that is.

    python -m tests.bench.receive

Beside it discord-ext-voice-recv's path: `decode_rtp`, `decrypt_rtp`, its jitter buffer, and
discord.py's Opus decoder, all on the same datagrams and the same libopus. That one gives 48 kHz
stereo, which would have to be resampled yet, and knows no end-to-end encryption. Real speech,
stereo Opus at 64 kbit/s as Discord's clients make it.

The speakers in real time are held, not computed: every 20 ms each sends a packet, and all that came
is received, decrypted twice and decoded before the next 20 ms are over. They sit in calls of
eight, and each says something else.
"""

# mypy: ignore-errors

import argparse
import statistics
import time
from itertools import cycle, islice

import discord.opus

from audio import opus
from audio.discord_voice import rtp
from audio.discord_voice.dave import Dave
from audio.discord_voice.transport_crypto import Transport
from audio.jitter_buffer import JitterBuffer
from audio.opus import OpusDecoder
from audio.silence_frames import SILENCE_FRAME
from audio.speech_events import SpeechPacket
from local_discord.voice.transport import Mode
from tests.fakes.voice_room import ANA, Room, speech

PACKETS = 3000
ROUNDS = 6
TICK_S = 0.02
CALL = 8
HELD_S = 3.0
OPUS = [frame for frame in speech() if frame not in (None, SILENCE_FRAME)]


def rate(work, batches):
    """Packets a second of CPU time: the best of some rounds, each on packets of its own."""
    best = 0.0
    for batch in batches:
        start = time.process_time()
        work(batch)
        best = max(best, len(batch) / (time.process_time() - start))
    return best


def batches(say):
    """Fresh packets for each round: none can be decrypted end to end a second time."""
    return [[say(frame) for frame in islice(cycle(OPUS), PACKETS)] for _ in range(ROUNDS)]


def transport(mode):
    """Header, transport decryption, extension and padding."""
    room = Room(mode=mode, encrypted=False)
    ana, key = room.join(ANA), Transport(mode, room.key)

    def work(datagrams):
        for data in datagrams:
            header = rtp.parse(data)
            rtp.payload(header, key.open(data, header))

    return rate(work, batches(ana.says))


def jitter():
    """Packets in order through the jitter buffer."""

    def work(frames):
        buffer, now = JitterBuffer(1), 0.0
        for number, frame in enumerate(frames):
            now += TICK_S
            buffer.put(number, number * 960, frame, now)
            buffer.pull(now)

    return rate(work, batches(bytes))


def dave():
    """End-to-end decryption."""
    room = Room()
    ana, dave = room.join(ANA), Dave()
    dave.use(room.bot.session, 1)

    def work(frames):
        for frame in frames:
            dave.open(ANA, frame)

    return rate(work, batches(ana.encrypted))


def decoding():
    """Opus to 16 kHz mono."""
    decoder = OpusDecoder()

    def work(frames):
        for frame in frames:
            decoder.decode(frame)

    return rate(work, batches(bytes))


def whole(mode, *, encrypted, decode=True):
    """The receiver, and the decoder after it."""
    room = Room(mode=mode, encrypted=encrypted)
    ana, decoder = room.join(ANA), OpusDecoder()
    receiver = room.receiver()
    receiver.map_ssrc(ANA, ana.ssrc)
    now = 0.0

    def work(datagrams):
        nonlocal now
        heard = 0
        for data in datagrams:
            now += TICK_S
            receiver.receive(data, now)
            for frame in receiver.pull(now):
                heard += isinstance(frame, SpeechPacket)
                if decode:
                    decoder.decode(frame.opus)
        if heard != PACKETS:
            raise AssertionError(f"{heard} of {PACKETS} packets were heard")

    return rate(work, batches(ana.says))


class Peer:
    """discord-ext-voice-recv's path."""

    def __init__(self):
        from discord.ext.voice_recv import buffer, reader
        from discord.ext.voice_recv import rtp as peer_rtp

        discord.opus.load_opus(opus._libopus()._name)
        self._decode_rtp = peer_rtp.decode_rtp
        self._buffer = buffer.HeapJitterBuffer
        self._room = Room(mode=Mode.XCHACHA, encrypted=False)
        self._ana = self._room.join(ANA)
        self._decryptor = reader.PacketDecryptor(Mode.XCHACHA.value, self._room.key)

    def transport(self):
        """As `transport`; it leaves padding on."""

        def work(datagrams):
            for data in datagrams:
                self._decryptor.decrypt_rtp(self._decode_rtp(data))

        return rate(work, batches(self._ana.says))

    def jitter(self):
        """As `jitter`; it hands a packet on when the next has come."""
        batch = batches(self._ana.says)

        def work(packets):
            buffer = self._buffer()
            for packet in packets:
                buffer.push(packet)
                buffer.pop()

        return rate(work, [[self._decode_rtp(data) for data in datagrams] for datagrams in batch])

    def decoding(self):
        """To 48 kHz stereo."""
        decoder = discord.opus.Decoder()

        def work(frames):
            for frame in frames:
                decoder.decode(frame, fec=False)

        return rate(work, batches(bytes))

    def whole(self, *, decode=True):
        """All of it."""
        decoder, buffer = discord.opus.Decoder(), self._buffer()

        def work(datagrams):
            for data in datagrams:
                packet = self._decode_rtp(data)
                packet.decrypted_data = self._decryptor.decrypt_rtp(packet)
                buffer.push(packet)
                packet = buffer.pop()
                if packet is not None and decode:
                    decoder.decode(packet.decrypted_data, fec=False)

        return rate(work, batches(self._ana.says))


class Calls:
    """Calls of eight speakers each, every one with keys and a decoder of their own."""

    def __init__(self):
        self._calls = []

    def _grow(self, calls):
        while len(self._calls) < calls:
            room, first = Room(), 1000 + 100 * len(self._calls)
            people = [room.join(first + number) for number in range(CALL)]
            receiver = room.receiver(heard=[person.user_id for person in people])
            for person in people:
                receiver.map_ssrc(person.user_id, person.ssrc)
            decoders = {person.user_id: OpusDecoder() for person in people}
            self._calls.append((receiver, people, decoders))

    def held(self, speakers):
        """Whether so many are heard in real time; the share of the time that it takes."""
        self._grow(speakers // CALL)
        calls = self._calls[: speakers // CALL]
        ticks = round(HELD_S / TICK_S)
        said = [
            [
                [person.says(OPUS[(tick + 13 * person.user_id) % len(OPUS)]) for person in people]
                for _, people, _ in calls
            ]
            for tick in range(ticks)
        ]
        took, heard = [], 0
        start = time.perf_counter()
        for number, tick in enumerate(said, 1):
            began = time.perf_counter()
            for (receiver, _, decoders), datagrams in zip(calls, tick, strict=True):
                for data in datagrams:
                    receiver.receive(data, began)
                for frame in receiver.pull(began):
                    decoders[frame.user_id].decode(frame.opus)
                    heard += 1
            took.append(time.perf_counter() - began)
            time.sleep(max(0.0, start + number * TICK_S - time.perf_counter()))
        if heard != ticks * speakers:
            raise AssertionError(f"{heard} of {ticks * speakers} packets were heard")
        in_time = statistics.quantiles(took, n=100)[98] <= TICK_S
        return in_time, statistics.mean(took) / TICK_S


def speakers_in_real_time():
    """The most speakers that are held: 99 of 100 ticks are done before the next."""
    calls, most, load = Calls(), 0, 0.0
    step = 8 * CALL
    while step >= CALL:
        held, share = calls.held(most + step)
        if held:
            most, load = most + step, share
        else:
            step //= 2
    return most, load


def stages():
    """Our rates and the peer's by stage."""
    peer = Peer()
    gcm = Mode.AES_GCM
    return {
        "header, xchacha20": (transport(Mode.XCHACHA), peer.transport()),
        "header, aes256-gcm": (transport(gcm), None),
        "jitter buffer": (jitter(), peer.jitter()),
        "DAVE": (dave(), None),
        "Opus": (decoding(), peer.decoding()),
        "all but Opus, no DAVE": (
            whole(Mode.XCHACHA, encrypted=False, decode=False),
            peer.whole(decode=False),
        ),
        "all, no DAVE": (whole(Mode.XCHACHA, encrypted=False), peer.whole()),
        "all, DAVE": (whole(Mode.XCHACHA, encrypted=True), None),
        "all, DAVE, aes256-gcm": (whole(gcm, encrypted=True), None),
    }


def run():
    """Measure, print, and give the ratio of the whole paths and the speakers held."""
    print(f"\nPackets a second on one core, {len(OPUS)} packets of real speech over and over")
    print(f"{'':<26}{'ours':>12}{'voice-recv':>14}{'ratio':>8}")
    found = stages()
    for name, (ours, peer) in found.items():
        beside = f"{peer:>14,.0f}{ours / peer:>8.2f}" if peer else f"{'-':>14}{'-':>8}"
        print(f"  {name:<24}{ours:>12,.0f}{beside}")
    most, load = speakers_in_real_time()
    print(f"  Speakers held in real time, with DAVE: {most} ({load:.0%} of a core on average)")
    ours, peer = found["all, no DAVE"]
    with_dave = found["all, DAVE"][0]
    print(f"  Ours x voice-recv's: {ours / peer:.2f}; ours with DAVE: {with_dave / peer:.2f}")
    return with_dave / peer, most


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    run()
