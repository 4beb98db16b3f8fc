"""The jitter buffer: order, gaps, silence, restarts; all by the clock of the calls."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.jitter_buffer import (
    DEFAULT_DEPTH_S,
    MAX_DEPTH_S,
    MAX_READY_PACKETS,
    MAX_WAITING,
    MIN_DEPTH_S,
    Arrival,
    JitterBuffer,
    Packet,
)
from audio.silence_frames import SILENCE_FRAME
from audio.speech_events import DtxStarted, LostSpeech

ANA = 1
FRAME = 960
S0, T0 = 65_530, 2**32 - 3 * FRAME  # both wrap within a few packets


class Stream:
    """A client's numbers, put in by index."""

    def __init__(self, sequence=S0, timestamp=T0):
        self.buffer = JitterBuffer(ANA)
        self.sequence, self.timestamp = sequence, timestamp
        self.now = 50.0

    def put(self, index, payload=None, *, silence=0):
        """The packet `index` after `silence` packets' time in which nothing was sent."""
        return self.buffer.put(
            self.sequence + index & 0xFFFF,
            self.timestamp + (index + silence) * FRAME & 0xFFFFFFFF,
            b"%d" % index if payload is None else payload,
            self.now,
        )

    def pull(self, after=0.0):
        self.now += after
        return self.buffer.pull(self.now)


def summary(items):
    return [
        int(i.payload)
        if isinstance(i, Packet)
        else i.packets
        if isinstance(i, LostSpeech)
        else "dtx"
        for i in items
    ]


@pytest.fixture
def stream():
    return Stream()


def test_numbers_wrap(stream):
    for i in range(10):
        stream.put(i)
    packets = stream.pull()
    assert [p.timestamp for p in packets] == [i * FRAME for i in range(10)]
    assert [p.sequence for p in packets] == [S0 + i for i in range(10)]


def test_reordered_packets_come_in_order_and_at_once(stream):
    stream.put(0)
    stream.put(2)
    stream.put(3)
    assert summary(stream.pull()) == [0]
    stream.put(1)
    assert summary(stream.pull()) == [1, 2, 3]


def test_a_gap_is_named_when_depth_ends(stream):
    stream.put(0)
    stream.put(3)
    assert summary(stream.pull(DEFAULT_DEPTH_S - 0.01)) == [0]
    gap, packet = stream.pull(0.011)
    assert gap == LostSpeech(ANA, FRAME, 2 * FRAME, 2)
    assert packet.timestamp == 3 * FRAME
    assert stream.buffer.lost == 2


def test_what_is_lost_in_a_long_stall_is_speech(stream):
    stream.put(0)
    stream.pull(0.2)
    stream.put(10)
    assert summary(stream.pull(0.07)) == [9, 10]


def test_each_gap_has_its_own_depth(stream):
    stream.put(0)
    stream.put(2)
    stream.now += 0.04
    stream.put(4)
    assert summary(stream.pull(0.021)) == [0, 1, 2]
    assert summary(stream.pull(0.03)) == []
    assert summary(stream.pull(0.01)) == [1, 4]


def test_duplicates_and_late_ones_are_told_apart(stream):
    stream.put(0)
    stream.put(2)
    assert stream.put(2) is Arrival.DUPLICATE
    assert stream.put(0) is Arrival.DUPLICATE
    stream.pull(0.1)
    assert stream.put(1) is Arrival.LATE
    assert stream.put(1) is Arrival.DUPLICATE
    assert stream.put(2) is Arrival.DUPLICATE
    assert stream.pull() == []


def test_lateness_widens_the_depth_and_loss_narrows_it(stream):
    for i in range(1, 100, 2):
        stream.put(i)
        stream.pull(0.2)
    assert stream.buffer.depth_s == MIN_DEPTH_S
    for i in range(40, 98, 2):
        assert stream.put(i) is Arrival.LATE
    assert stream.buffer.depth_s == MAX_DEPTH_S


def test_silence_begins_with_its_first_frame(stream):
    stream.put(0)
    for i in range(1, 6):
        stream.put(i, SILENCE_FRAME)
    packet, dtx = stream.pull()
    assert dtx == DtxStarted(ANA, FRAME, stream.now)
    assert packet.timestamp == 0


def test_speech_after_silence_is_not_delayed(stream):
    stream.put(0)
    for i in range(1, 6):
        stream.put(i, SILENCE_FRAME)
    stream.pull(3.0)
    stream.put(6, silence=150)
    (packet,) = stream.pull()
    assert packet.timestamp == 156 * FRAME


def test_lost_silence_frames_delay_nobody_and_are_no_gap(stream):
    stream.put(0)
    stream.put(1, SILENCE_FRAME)
    stream.pull(3.0)
    stream.put(6, silence=150)
    assert summary(stream.pull()) == [6]
    assert stream.buffer.lost == 0


def test_a_lost_beginning_lies_right_before_what_woke_us(stream):
    stream.put(0)
    for i in range(1, 6):
        stream.put(i, SILENCE_FRAME)
    stream.pull(3.0)
    stream.put(8, silence=150)
    gap, packet = stream.pull(0.07)
    assert packet.timestamp == 158 * FRAME
    assert gap == LostSpeech(ANA, 156 * FRAME, 2 * FRAME, 2)


def test_silence_is_known_when_nothing_comes(stream):
    stream.put(0)
    assert summary(stream.pull(0.1)) == [0]
    assert stream.pull(0.03) == [DtxStarted(ANA, FRAME, stream.now)]
    assert stream.pull(10.0) == []


def test_speech_lost_before_silence_is_a_gap(stream):
    stream.put(0)
    stream.put(2, SILENCE_FRAME)
    assert summary(stream.pull(0.07)) == [0, 1, "dtx"]


def test_padding_alone_has_a_number_and_no_sound(stream):
    stream.put(0)
    stream.put(1, b"")
    stream.put(2, silence=-1)
    assert summary(stream.pull()) == [0, 2]
    assert stream.buffer.lost == 0


def test_loss_before_padding_is_not_forgotten(stream):
    stream.put(0)
    stream.put(2, b"")
    stream.put(3, silence=-1)
    assert summary(stream.pull(0.07)) == [0, 1, 3]


def test_longer_packets_make_longer_gaps():
    buffer = JitterBuffer(ANA)
    for i in (0, 1, 2, 4):
        buffer.put(i, i * 2880, b"60 ms", 0.0)
    *_, gap, _, _ = buffer.pull(1.0)
    assert gap == LostSpeech(ANA, 3 * 2880, 2880, 1)


def test_one_stray_number_changes_nothing(stream):
    stream.put(0)
    assert stream.put(20_000) is Arrival.SUSPECT
    stream.put(1)
    assert summary(stream.pull()) == [0, 1]


def test_stray_numbers_far_apart_in_time_change_nothing(stream):
    stream.put(0)
    stream.put(20_000)
    stream.put(1)
    assert stream.put(20_001) is Arrival.SUSPECT


def test_a_client_that_restarts_is_followed(stream):
    stream.put(0)
    stream.pull()
    stream.now += 2.0
    assert stream.buffer.put(30_000, 5, b"100", stream.now) is Arrival.SUSPECT
    assert stream.buffer.put(30_001, 965, b"101", stream.now) is Arrival.NEW
    first, second = stream.pull()
    assert (first.payload, second.payload) == (b"100", b"101")
    assert first.timestamp == FRAME + 2 * 48_000
    assert second.timestamp == first.timestamp + FRAME


def test_a_restart_hands_on_what_waits(stream):
    stream.put(0)
    stream.put(2)
    stream.buffer.restart()
    assert summary(stream.pull()) == [0, 1, 2]


def test_timestamps_never_go_back(stream):
    stream.put(0)
    stream.buffer.put(S0 + 1, T0 - 500 * FRAME, b"1", stream.now)
    first, second = stream.pull()
    assert second.timestamp == first.timestamp + FRAME


def test_memory_is_bounded_whoever_sends_and_whether_or_not_anybody_pulls():
    buffer = JitterBuffer(ANA)
    for i in range(20_000):
        buffer.put(i, i * FRAME & 0xFFFFFFFF, b"x", i / 50)
    assert len(buffer) <= MAX_READY_PACKETS
    for i in range(20_000, 26_000, 2):
        buffer.put(i & 0xFFFF, 0, b"x", 400.0)
        assert len(buffer) <= MAX_READY_PACKETS + MAX_WAITING


def spurts():
    """How many packets of speech there are between silences."""
    return st.lists(st.integers(1, 60), min_size=1, max_size=5)


def sent(lengths, dice, *, loss, jitter_s, duplicates):
    """What a network makes of some stretches of speech: (arrival, sequence, timestamp, payload)."""
    arrivals, index, at, sample = [], 0, 0.0, 0
    for length in lengths:
        for payload in [b"speech"] * length + [SILENCE_FRAME] * 5:
            copies = 2 if dice.random() < duplicates else 1
            for _ in range(copies if dice.random() >= loss else 0):
                delay = dice.random() * jitter_s if index else 0.0
                arrivals.append((at + delay, index, sample, payload))
            index, at, sample = index + 1, at + 0.02, sample + FRAME
        pause = dice.randrange(5, 100)
        at, sample = at + pause * 0.02, sample + pause * FRAME
    return sorted(arrivals, key=lambda arrival: arrival[0])


def received(arrivals):
    """All that a buffer makes of them, pulled every 20 ms."""
    buffer, out, now = JitterBuffer(ANA), [], 0.0
    for at, index, sample, payload in arrivals:
        while now + 0.02 <= at:
            now += 0.02
            out += buffer.pull(now)
        buffer.put(S0 + index & 0xFFFF, T0 + sample & 0xFFFFFFFF, payload, at)
        assert len(buffer) < 60
    for _ in range(20):
        now += 0.02
        out += buffer.pull(now)
    return buffer, out


@settings(max_examples=200, deadline=None)
@given(spurts(), st.integers(0, 2**32), st.floats(0, 0.5), st.floats(0, 0.3))
def test_whatever_the_network_does_the_order_holds(lengths, seed, loss, jitter_s):
    arrivals = sent(lengths, random.Random(seed), loss=loss, jitter_s=jitter_s, duplicates=0.1)
    buffer, out = received(arrivals)
    numbers = [item.sequence for item in out if isinstance(item, Packet)]
    assert numbers == sorted(set(numbers))
    end = 0
    for item in out:
        assert item.timestamp >= end
        if isinstance(item, Packet):
            end = item.timestamp + item.lasts
        elif isinstance(item, LostSpeech):
            assert item.samples <= item.packets * FRAME
            end = item.timestamp + item.samples
    assert not out or isinstance(out[-1], DtxStarted)
    assert len(buffer) == 0


@settings(max_examples=100, deadline=None)
@given(spurts(), st.integers(0, 2**32))
def test_reordering_within_the_depth_costs_nothing(lengths, seed):
    arrivals = sent(lengths, random.Random(seed), loss=0, jitter_s=0.035, duplicates=0.1)
    buffer, out = received(arrivals)
    assert buffer.lost == 0
    assert len([item for item in out if isinstance(item, Packet)]) == sum(lengths)


@settings(max_examples=100, deadline=None)
@given(spurts(), st.integers(0, 2**32))
def test_each_stretch_of_speech_ends_once(lengths, seed):
    arrivals = sent(lengths, random.Random(seed), loss=0, jitter_s=0, duplicates=0)
    _, out = received(arrivals)
    kinds = [type(item) for item in out]
    assert kinds == [kind for length in lengths for kind in [Packet] * length + [DtxStarted]]
