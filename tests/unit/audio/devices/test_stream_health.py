"""When a stream is out of order, and when it is tried again."""

from audio.devices.device_errors import Fault
from audio.devices.stream_health import PAUSES_S, StreamHealth


def test_it_is_opened_at_once_and_then_left_alone():
    watch = StreamHealth()
    assert watch.wants_opening(10.0)
    watch.opened(10.0)
    assert not watch.wants_opening(11.0)
    assert watch.check(10.3, called_s=None, is_active=True) is None
    assert watch.check(12.0, called_s=11.9, is_active=True) is None
    assert watch.fault is None


def test_silence_is_a_stall_within_a_second():
    watch = StreamHealth()
    watch.opened(10.0)
    assert watch.check(20.0, called_s=19.98, is_active=True) is None
    assert watch.check(20.7, called_s=19.98, is_active=True) is Fault.STALLED


def test_one_that_never_calls_back_is_stalled_too():
    watch = StreamHealth()
    watch.opened(10.0)
    assert watch.check(10.7, called_s=None, is_active=True) is Fault.STALLED


def test_one_that_ended_is_gone():
    watch = StreamHealth()
    watch.opened(10.0)
    assert watch.check(10.1, called_s=10.1, is_active=False) is Fault.GONE


def test_it_is_tried_again_less_and_less_often():
    watch, now, pauses = StreamHealth(), 10.0, []
    for _ in range(7):
        watch.failed(Fault.NO_DEVICE, now)
        began = now
        while not watch.wants_opening(now):
            now = round(now + 0.1, 1)
        pauses.append(round(now - began, 1))
    assert pauses == [*PAUSES_S, PAUSES_S[-1], PAUSES_S[-1]]


def test_it_is_mended_when_it_has_worked_for_a_moment():
    watch = StreamHealth()
    watch.failed(Fault.GONE, 10.0)
    watch.opened(11.0)
    watch.check(11.2, called_s=11.19, is_active=True)
    assert watch.fault is Fault.GONE  # a sleeping device takes some sound, too
    watch.check(12.0, called_s=11.99, is_active=True)
    assert watch.fault is None


def test_trouble_after_a_long_time_is_a_new_one():
    watch = StreamHealth()
    for at in (10.0, 11.0, 12.0):
        watch.failed(Fault.GONE, at)
    watch.opened(20.0)
    watch.failed(Fault.GONE, 90.0)
    assert watch.tries == 1


def test_closed_for_anothers_sake_it_is_opened_at_once():
    watch = StreamHealth()
    watch.opened(10.0)
    watch.closed()
    assert watch.wants_opening(10.0)
