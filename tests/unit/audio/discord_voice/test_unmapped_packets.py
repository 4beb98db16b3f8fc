"""Datagrams that wait for their owner: bounded, and never for long."""

from audio.discord_voice.rtp import Rtp
from audio.discord_voice.unmapped_packets import (
    MAX_BYTES,
    MAX_PACKETS_EACH,
    MAX_STREAMS,
    WAIT_S,
    Datagram,
    UnmappedPacketBuffer,
)


def datagram(ssrc, at=0.0, size=100):
    return Datagram(bytes(size), Rtp(0, 0, ssrc, 12, 0, False), at)


def test_a_stream_is_taken_in_order():
    room = UnmappedPacketBuffer()
    for at in (1.0, 2.0, 3.0):
        room.add(datagram(1, at))
    room.add(datagram(2))
    assert [d.arrived_s for d in room.oldest(1, 2)] == [1.0, 2.0]
    assert [d.arrived_s for d in room.take(1)] == [1.0, 2.0, 3.0]
    assert room.take(1) == []
    assert (len(room), room.bytes) == (1, 100)


def test_what_is_too_old_is_given_up():
    room = UnmappedPacketBuffer()
    room.add(datagram(1, 0.0))
    room.add(datagram(1, 1.5))
    room.tidy(WAIT_S + 0.1)
    assert (len(room), room.dropped) == (1, 1)
    room.tidy(10.0)
    assert (len(room), room.bytes, room.dropped) == (0, 0, 2)


def test_it_never_grows_beyond_its_bounds():
    room = UnmappedPacketBuffer()
    for number in range(10_000):
        room.add(datagram(number % 200, size=2000))
        room.add(datagram(7, size=2000))
        assert len(room) <= MAX_STREAMS * MAX_PACKETS_EACH
        assert room.bytes <= MAX_BYTES
    assert len(room.oldest(7, 1000)) <= MAX_PACKETS_EACH
    assert len(room) + room.dropped == 20_000
    room.clear()
    assert (len(room), room.bytes) == (0, 0)


def test_trials_are_ever_more_seldom():
    room = UnmappedPacketBuffer()
    assert not room.may_try(1, 0.0)
    tried = 0
    for tick in range(250):
        room.add(datagram(1, tick * 0.02))
        tried += room.may_try(1, tick * 0.02)
    assert tried == 12
