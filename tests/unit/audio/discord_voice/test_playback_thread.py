"""A packet every 20 ms, by a clock that is driven by hand: the pace, what is late, what is held."""

import pytest

from audio.discord_voice.playback_thread import PlaybackThread
from audio.playout_queue import PlayoutQueue
from audio.silence_frames import SILENCE_FRAME

FRAME_S = 0.02


class Outlet:
    """What it was given, and when."""

    def __init__(self, clock):
        self.clock, self.can_speak = clock, True
        self.sent, self.told, self.skipped, self.skipped_before = [], [], 0, []

    def send(self, opus):
        self.skipped_before.append(self.skipped)
        self.sent.append((round(self.clock.now_s, 6), opus))
        return True

    def skip(self, frames=1):
        self.skipped += frames

    def announce(self, *, speaking):
        self.told.append(speaking)


class Clock:
    """Stands, but for those who wait; and stops the player when it is time.

    Attributes:
        then: What happens at some moment, in the order of their times.
    """

    def __init__(self):
        self.now_s, self.ends_s = 100.0, 100.0
        self.then = []

    def now(self):
        return self.now_s

    def wait(self, seconds):
        end = self.now_s + seconds
        while self.then and self.then[0][0] <= end:
            self.now_s, act = self.then.pop(0)
            if act():  # somebody is woken
                return True
        self.now_s = max(self.now_s, end)
        return False

    def is_set(self):
        return self.now_s >= self.ends_s


class Queue(PlayoutQueue):
    """One whose reader waits by that clock."""

    def __init__(self, clock):
        super().__init__()
        self._clock, self.waits = clock, 0

    def wait(self, seconds):
        self.waits += 1
        return super().wait(0) or self._clock.wait(seconds)


class Stage:
    def __init__(self):
        self.clock = Clock()
        self.playout, self.outlet = Queue(self.clock), Outlet(self.clock)
        self.player = PlaybackThread(self.playout, self.outlet, self.clock.now)
        self.player._stopped = self.clock

    def at(self, seconds, act, *, wakes=False):
        def acts():
            act()
            return wakes

        self.clock.then.append((100.0 + seconds, acts))

    def runs(self, seconds):
        self.clock.ends_s = 100.0 + seconds
        self.player.run()

    @property
    def sounds(self):
        return [(at, opus) for at, opus in self.outlet.sent if opus != SILENCE_FRAME]


@pytest.fixture
def stage():
    return Stage()


def packets(count):
    return [bytes([number]) for number in range(count)]


def test_a_packet_leaves_every_20_ms(stage):
    stage.playout.add(1, packets(50))
    stage.runs(2.0)
    assert stage.sounds == [
        (round(100 + number * FRAME_S, 6), opus) for number, opus in enumerate(packets(50))
    ]
    assert [opus for _, opus in stage.outlet.sent[50:]] == [SILENCE_FRAME] * 5
    assert stage.outlet.told == [True, False]


def test_what_comes_while_nothing_is_played_begins_at_once(stage):
    stage.at(0.513, lambda: stage.playout.add(1, packets(3)), wakes=True)
    stage.runs(1.0)
    assert [at for at, _ in stage.sounds] == [100.513, 100.533, 100.553]


def test_a_little_lateness_is_made_good_and_more_is_let_go(stage):
    def oversleep(seconds):
        stage.clock.now_s += seconds

    stage.playout.add(1, packets(20))
    stage.at(0.09, lambda: oversleep(0.06))
    stage.at(0.29, lambda: oversleep(0.51))
    stage.runs(2.0)
    times = [round(at - 100, 3) for at, _ in stage.sounds]
    assert times[:8] == [0.0, 0.02, 0.04, 0.06, 0.08, 0.15, 0.15, 0.15]
    assert times[8:15] == [0.16, 0.18, 0.2, 0.22, 0.24, 0.26, 0.28]
    assert times[15:] == [0.8, 0.8, 0.82, 0.84, 0.86]


def test_what_is_held_stops_within_20_ms_and_goes_on_where_it_was(stage):
    stage.playout.add(1, packets(50))
    stage.at(0.51, stage.playout.hold)
    stage.at(0.91, stage.playout.release, wakes=True)
    stage.runs(3.0)
    times = [round(at - 100, 3) for at, _ in stage.sounds]
    assert [opus for _, opus in stage.sounds] == packets(50)
    assert not [at for at in times if 0.52 <= at < 0.91]
    assert len([at for at in times if at < 0.52]) == 26


def test_while_it_cannot_be_understood_nothing_is_lost(stage):
    stage.outlet.can_speak = False
    stage.playout.add(1, packets(5))
    stage.at(1.0, lambda: setattr(stage.outlet, "can_speak", True))
    stage.runs(3.0)
    assert [opus for _, opus in stage.sounds] == packets(5)
    assert stage.sounds[0][0] == pytest.approx(101.0, abs=FRAME_S)
    assert stage.outlet.skipped >= 49


@pytest.mark.parametrize("can_speak", [True, False])
def test_with_nothing_to_play_it_sleeps_and_time_goes_on(stage, can_speak):
    stage.outlet.can_speak = can_speak
    stage.runs(60.0)
    assert stage.playout.waits <= 15
    assert stage.outlet.skipped == pytest.approx(60.0 / FRAME_S, abs=20)


def test_after_a_long_silence_the_time_of_what_is_sent_is_right(stage):
    stage.at(47.0, lambda: stage.playout.add(1, packets(2)), wakes=True)
    stage.runs(50.0)
    assert [at for at, _ in stage.sounds] == [147.0, 147.02]
    assert stage.outlet.skipped_before[0] == pytest.approx(47.0 / FRAME_S, abs=1)


def test_it_ends_though_its_wake_up_was_swallowed(stage):
    stage.clock.ends_s = stage.clock.now_s  # stopped
    assert stage.player._rest(100.0) == 100.0
    assert stage.playout.waits == 0
