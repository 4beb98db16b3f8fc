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
        some.submit(lambda number=number: done.append((number, some.is_current())))
    assert some.stop(HANGS_S)
    assert done == [(number, True) for number in range(5)]
    assert not some.is_current()
    assert not left


def test_others_take_over_from_those_that_hang():
    done, left, hangs, thaw = [], [], threading.Event(), threading.Event()
    some = DeviceWorkerThread(now, left.append)
    some.start()

    def hang():
        hangs.set()
        thaw.wait()
        done.append(("hung", some.is_current()))

    some.submit(hang)
    some.submit(lambda: done.append(("next", some.is_current())))
    assert hangs.wait(HANGS_S)
    assert not some.replace_if_hung(NOW_S + device_thread.HANGS_AFTER_S)
    assert some.replace_if_hung(NOW_S + device_thread.HANGS_AFTER_S + 1)
    assert not some.replace_if_hung(NOW_S + device_thread.HANGS_AFTER_S)
    assert some.stop(HANGS_S)
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
    some.submit(thaw.wait)
    assert not some.stop(0.1)  # and it hangs until we say so
    assert len(left) == 1
    thaw.set()
    left[0].join(HANGS_S)
    assert not left[0].is_alive()
