"""What may hang, and who takes over."""

import threading
import time

from audio.devices import hands
from audio.devices.hands import Hands


def test_one_thing_after_another():
    done, left = [], []
    some = Hands(time.monotonic, left.append)
    some.start()
    for number in range(5):
        some.do(lambda number=number: done.append((number, some.are_here())))
    assert some.end(5)
    assert done == [(number, True) for number in range(5)]
    assert not some.are_here()
    assert not left


def test_others_take_over_from_those_that_hang():
    done, left, thaw = [], [], threading.Event()
    some = Hands(time.monotonic, left.append)
    some.start()

    def hang():
        thaw.wait(10)
        done.append(("hung", some.are_here()))

    some.do(hang)
    some.do(lambda: done.append(("next", some.are_here())))
    time.sleep(0.1)
    now = time.monotonic()
    assert not some.relieve(now)
    assert some.relieve(now + hands.HANGS_AFTER_S + 1)
    assert not some.relieve(now + hands.HANGS_AFTER_S + 1)
    assert some.end(5)
    assert done == [("next", True)]
    assert [thread.is_alive() for thread in left] == [True]
    thaw.set()
    left[0].join(5)
    assert done[1:] == [("hung", False)]
    assert not left[0].is_alive()


def test_at_the_end_nobody_waits_for_long():
    thaw, left = threading.Event(), []
    some = Hands(time.monotonic, left.append)
    some.start()
    some.do(lambda: thaw.wait(10))
    assert not some.end(0.1)
    assert len(left) == 1
    thaw.set()
    left[0].join(5)
    assert not left[0].is_alive()
