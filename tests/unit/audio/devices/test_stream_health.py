"""When a stream is out of order, and when it is tried again."""

import pytest

from audio.devices.device_errors import Fault
from audio.devices.stream_health import PAUSES_S, StreamHealth


def test_it_is_opened_at_once_and_then_left_alone():
    health = StreamHealth()
    assert health.wants_opening(10.0)
    health.opened(10.0)
    assert not health.wants_opening(11.0)
    assert health.check(10.3, called_s=None, is_active=True) is None
    assert health.check(12.0, called_s=11.9, is_active=True) is None
    assert health.fault is None


def checked(health: StreamHealth, *, until: float, called_s: float | None) -> Fault | None:
    """The fault after checks every tenth of a second from 10.0 on."""
    fault = None
    for tenth in range(1, round((until - 10.0) * 10) + 1):
        fault = health.check(10.0 + tenth / 10, called_s=called_s, is_active=True)
    return fault


def test_silence_is_a_stall_within_a_second():
    health = StreamHealth()
    health.opened(10.0)
    assert checked(health, until=10.6, called_s=10.05) is None
    assert checked(health, until=10.8, called_s=10.05) is Fault.STALLED


def test_one_that_never_calls_back_is_stalled_too():
    health = StreamHealth()
    health.opened(10.0)
    assert checked(health, until=10.5, called_s=None) is None
    assert checked(health, until=10.7, called_s=None) is Fault.STALLED


def test_a_process_that_was_held_up_blames_no_device():
    health = StreamHealth()
    health.opened(10.0)
    assert health.check(10.1, called_s=10.09, is_active=True) is None
    assert health.check(13.0, called_s=10.09, is_active=True) is None  # before the next callback
    assert health.check(13.1, called_s=13.01, is_active=True) is None
    assert health.fault is None


@pytest.mark.parametrize("every_s", [0.1, 0.2, 1.0, 3600.0])
def test_a_stall_is_found_however_late_the_checks_come(every_s):
    health, now_s, faults = StreamHealth(), 10.0, []
    health.opened(now_s)
    while Fault.STALLED not in faults:
        now_s += every_s
        faults.append(health.check(now_s, called_s=10.01, is_active=True))
        assert len(faults) <= 7


def test_one_that_ended_is_gone():
    health = StreamHealth()
    health.opened(10.0)
    assert health.check(10.1, called_s=10.1, is_active=False) is Fault.GONE


def test_it_is_tried_again_less_and_less_often():
    health, now, pauses = StreamHealth(), 10.0, []
    for _ in range(7):
        health.failed(Fault.NO_DEVICE, now)
        began = now
        while not health.wants_opening(now):
            now = round(now + 0.1, 1)
        pauses.append(round(now - began, 1))
    assert pauses == [*PAUSES_S, PAUSES_S[-1], PAUSES_S[-1]]


def test_it_is_well_again_when_it_has_worked_for_a_moment():
    health = StreamHealth()
    health.failed(Fault.GONE, 10.0)
    health.opened(11.0)
    health.check(11.2, called_s=11.19, is_active=True)
    assert health.fault is Fault.GONE  # a sleeping device takes some sound, too
    health.check(12.0, called_s=11.99, is_active=True)
    assert health.fault is None


def test_trouble_after_a_long_time_is_a_new_one():
    health = StreamHealth()
    for at in (10.0, 11.0, 12.0):
        health.failed(Fault.GONE, at)
    health.opened(20.0)
    health.failed(Fault.GONE, 90.0)
    assert health.tries == 1


def test_closed_for_anothers_sake_it_is_opened_at_once():
    health = StreamHealth()
    health.opened(10.0)
    health.rest()
    assert health.wants_opening(10.0)
