"""What is played, in which order, and how far it is."""

import threading

from audio.playout_queue import PlayoutProgress, PlayoutQueue
from tests.waiting import HANGS_S

A, B, C = b"a", b"b", b"c"


def read_all(playout, now_s=1.0):
    out = []
    while (packet := playout.read(now_s)) is not None:
        out.append(packet)
    return out


def test_in_order_and_counted_by_ask():
    playout = PlayoutQueue()
    assert playout.read(0.0) is None
    assert playout.progress() == PlayoutProgress()
    playout.add(1, [A, B])
    assert playout.progress() == PlayoutProgress(1, 0, drained=False)
    assert playout.read(5.0) == A
    playout.add(2, [C])
    assert playout.progress() == PlayoutProgress(1, 1, drained=False, first_s=5.0)
    assert read_all(playout, 6.0) == [B, C]
    assert playout.progress() == PlayoutProgress(2, 1, drained=True, first_s=6.0)


def test_held_it_stands_still_and_goes_on():
    playout = PlayoutQueue()
    playout.add(1, [A, B])
    assert playout.read(1.0) == A
    playout.hold()
    assert read_all(playout) == []
    assert not playout.progress().drained
    playout.release()
    assert read_all(playout) == [B]


def test_cleared_it_is_silent_and_no_longer_held():
    playout = PlayoutQueue()
    playout.add(1, [A, B, C])
    playout.read(1.0)
    playout.hold()
    playout.flush()
    assert read_all(playout) == []
    assert playout.progress() == PlayoutProgress(1, 1, drained=True, first_s=1.0)
    playout.add(2, [B])
    assert read_all(playout) == [B]


def test_a_cue_only_fills_a_silence():
    playout = PlayoutQueue()
    playout.cue([A, A])
    assert playout.read(1.0) == A
    playout.add(1, [B])
    assert read_all(playout) == [B]
    playout.add(1, [B])
    playout.cue([A])
    assert read_all(playout) == [B]
    playout.hold()
    playout.cue([A])
    playout.release()
    assert read_all(playout) == []


def test_whoever_waits_is_woken_by_what_comes():
    playout = PlayoutQueue()
    assert not playout.wait(0.01)
    woken = []
    waiting = threading.Thread(target=lambda: woken.append(playout.wait(3600)), daemon=True)
    waiting.start()
    playout.add(1, [A])
    waiting.join(HANGS_S)
    assert woken == [True]
    assert playout.read(1.0) == A
    assert playout.read(1.0) is None
    assert not playout.wait(0)


def test_whoever_waits_is_not_woken_for_nothing():
    """Else who waits where nothing can be pulled would take a whole processor."""
    playout = PlayoutQueue()
    playout.add(1, [A, B])
    assert playout.wait(0)
    playout.hold()
    assert not playout.wait(0)
    playout.release()
    assert playout.wait(0)
    playout.flush()
    assert not playout.wait(0)
    playout.cue([C])
    assert playout.wait(0)
    assert playout.read(1.0) == C
    assert not playout.wait(0)
    assert playout.is_empty
    playout.wake()
    assert playout.wait(0)
    assert playout.read(1.0) is None
    assert not playout.wait(0)


def test_what_is_taken_says_whose_it_is_and_whether_it_still_counts():
    playout = PlayoutQueue()
    playout.cue([C])
    cue = playout.pull(1.0)
    assert (cue.opus, cue.utterance_id) == (C, None)
    playout.add(1, [A, B])
    taken = playout.pull(5.5)
    assert (taken.opus, taken.utterance_id) == (A, 1)
    assert taken.flush_generation == playout.flush_generation
    assert playout.progress().first_s == 5.5
    playout.flush()
    assert taken.flush_generation != playout.flush_generation
    playout.add(2, [B])
    assert playout.pull(6.0).flush_generation == playout.flush_generation
