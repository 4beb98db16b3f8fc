"""What may hang, and who takes over."""

import threading

from audio.devices import device_thread
from audio.devices.device_thread import DeviceWorkerThread
from tests.waiting import HANGS_S

NOW_S = 100.0


def now():
    return NOW_S


def test_one_thing_after_another():
    done, left = [], []
    some = DeviceWorkerThread(now, left.append)
    some.start()
    for number in range(5):
        some.do(lambda number=number: done.append((number, some.are_here())))
    assert some.end(HANGS_S)
    assert done == [(number, True) for number in range(5)]
    assert not some.are_here()
    assert not left


def test_others_take_over_from_those_that_hang():
    done, left, hangs, thaw = [], [], threading.Event(), threading.Event()
    some = DeviceWorkerThread(now, left.append)
    some.start()

    def hang():
        hangs.set()
        thaw.wait()
        done.append(("hung", some.are_here()))

    some.do(hang)
    some.do(lambda: done.append(("next", some.are_here())))
    assert hangs.wait(HANGS_S)
    assert not some.relieve(NOW_S + device_thread.HANGS_AFTER_S)
    assert some.relieve(NOW_S + device_thread.HANGS_AFTER_S + 1)
    assert not some.relieve(NOW_S + device_thread.HANGS_AFTER_S)
    assert some.end(HANGS_S)
    assert done == [("next", True)]
    assert [thread.is_alive() for thread in left] == [True]
    thaw.set()
    left[0].join(HANGS_S)
    assert done[1:] == [("hung", False)]
    assert not left[0].is_alive()


def test_at_the_end_nobody_waits_for_long():
    thaw, left = threading.Event(), []
    some = DeviceWorkerThread(now, left.append)
    some.start()
    some.do(thaw.wait)
    assert not some.end(0.1)  # and it hangs until we say so
    assert len(left) == 1
    thaw.set()
    left[0].join(HANGS_S)
    assert not left[0].is_alive()
