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
    buffer = UnmappedPacketBuffer()
    for at in (1.0, 2.0, 3.0):
        buffer.add(datagram(1, at))
    buffer.add(datagram(2))
    assert [d.arrived_s for d in buffer.oldest(1, 2)] == [1.0, 2.0]
    assert [d.arrived_s for d in buffer.pop_stream(1)] == [1.0, 2.0, 3.0]
    assert buffer.pop_stream(1) == []
    assert (len(buffer), buffer.bytes) == (1, 100)


def test_what_is_too_old_is_given_up():
    buffer = UnmappedPacketBuffer()
    buffer.add(datagram(1, 0.0))
    buffer.add(datagram(1, 1.5))
    buffer.expire(WAIT_S + 0.1)
    assert (len(buffer), buffer.dropped) == (1, 1)
    buffer.expire(10.0)
    assert (len(buffer), buffer.bytes, buffer.dropped) == (0, 0, 2)


def test_it_never_grows_beyond_its_bounds():
    buffer = UnmappedPacketBuffer()
    for number in range(10_000):
        buffer.add(datagram(number % 200, size=2000))
        buffer.add(datagram(7, size=2000))
        assert len(buffer) <= MAX_STREAMS * MAX_PACKETS_EACH
        assert buffer.bytes <= MAX_BYTES
    assert len(buffer.oldest(7, 1000)) <= MAX_PACKETS_EACH
    assert len(buffer) + buffer.dropped == 20_000
    buffer.clear()
    assert (len(buffer), buffer.bytes) == (0, 0)


def test_trials_are_ever_more_seldom():
    buffer = UnmappedPacketBuffer()
    assert not buffer.is_trial_due(1, 0.0)
    tried = 0
    for tick in range(250):
        buffer.add(datagram(1, tick * 0.02))
        tried += buffer.is_trial_due(1, tick * 0.02)
    assert tried == 12
