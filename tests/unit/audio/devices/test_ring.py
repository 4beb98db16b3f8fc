"""Samples between two threads."""

import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.devices.ring import PcmRing


@given(st.lists(st.tuples(st.sampled_from("wrd"), st.integers(0, 50))))
def test_it_is_a_bounded_queue(steps):
    ring, queue, n = PcmRing(32), [], 0
    for what, count in steps:
        if what == "w":
            samples = np.arange(n, n + count, dtype=np.int16)
            taken = ring.write(samples)
            assert taken == min(count, 32 - len(queue))
            queue += list(samples[:taken])
            n = (n + count) % 30_000
        elif what == "r":
            assert list(ring.read(count)) == queue[:count]
            del queue[:count]
        else:
            keep = min(count, len(queue))
            ring.drop(ring.written - keep)
            del queue[: len(queue) - keep]
        assert list(ring.peek(count)) == queue[:count]
        assert ring.written - ring.taken == ring.waiting
        assert ring.waiting == len(queue)
        assert ring.room == 32 - len(queue)


@pytest.fixture
def _many_switches():
    """Threads take turns after 0.05 ms instead of 5 ms."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.000_05)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_many_switches")
def test_two_threads_lose_and_double_nothing():
    ring, got = PcmRing(1000), []
    numbers = np.arange(100_000, dtype=np.int64)

    def play():
        left = len(numbers)
        while left:
            got.append(ring.read(333))
            left -= len(got[-1])

    player = threading.Thread(target=play)
    player.start()
    at = 0
    while at < len(numbers):
        at += ring.write((numbers[at : at + 777] % 32_000).astype(np.int16))
    player.join(30)
    assert np.array_equal(np.concatenate(got), (numbers % 32_000).astype(np.int16))
