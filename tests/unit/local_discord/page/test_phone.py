"""How fast a page may send its microphone's frames, and how slowly take what it is to play."""

# mypy: ignore-errors

import asyncio

import numpy as np

from audio.constants import FRAME_S, FRAME_SAMPLES
from local_discord.page.phone import BURST, QUEUED_MAX, Phone, _Ahead


def test_a_burst_is_let_through_and_then_no_more_than_time_passes():
    ahead = _Ahead(100.0)
    passed = sum(ahead.may(100.0) for _ in range(10 * BURST))
    assert BURST <= passed <= BURST + 1
    passed = sum(ahead.may(100.0 + number * FRAME_S / 4) for number in range(400))
    assert 99 <= passed <= 101  # two seconds


def test_who_was_silent_for_an_hour_has_no_more_than_a_burst():
    ahead = _Ahead(0.0)
    assert sum(ahead.may(3600.0) for _ in range(10 * BURST)) <= BURST + 1


class Stuck:
    """A socket of a browser that does not read until it is freed."""

    closed = False

    def __init__(self):
        self.reads = asyncio.Event()
        self.sent = []

    async def send_bytes(self, frame):
        await self.reads.wait()
        self.sent.append(frame)


async def test_for_a_browser_that_does_not_read_half_a_second_is_kept():
    phone, socket = Phone(tab=None), Stuck()
    phone._socket = socket
    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(phone._write(socket))
        for number in range(1000):
            phone._plays(np.full(FRAME_SAMPLES, number, np.int16))
            if number == 0:
                await asyncio.sleep(0)  # the first is on its way when the browser stops
        socket.reads.set()
        while len(socket.sent) < QUEUED_MAX + 1:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)
        writing.cancel()
    heard = [int(np.frombuffer(frame, "<i2")[0]) for frame in socket.sent]
    assert heard == [0, *range(1000 - QUEUED_MAX, 1000)]
