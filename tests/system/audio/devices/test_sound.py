"""Microphone and loudspeaker through the real PortAudio, on a virtual card."""

import contextlib
import ctypes.util
import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from audio import codec
from audio.constants import FRAME_SAMPLES
from audio.devices import duplex, portaudio
from audio.devices.device_errors import DeviceError, Fault
from audio.devices.duplex import DuplexAudio
from audio.opus import OpusDecoder
from audio.playout_queue import PlayoutQueue
from tests.paths import CLIPS, ROOT
from tests.virtual_audio.measure import intact, lag_of, rms_db
from tests.virtual_audio.sound_card import LOUDSPEAKER, MICROPHONE, RATE_HZ, SECOND
from tests.waiting import until_true

TRIES = 8
"""A busy machine loses blocks here and there: PulseAudio has no real-time priority here.
A quiet one needs one try."""


class Desk:
    """Both ends, somebody who pulls, and what was told of them."""

    def __init__(self, *, microphone=MICROPHONE, loudspeaker=LOUDSPEAKER, cancels_echo=False):
        self.playout = PlayoutQueue()
        self.states: list[tuple[float, object]] = []
        self.blocks: list = []
        self.audio = DuplexAudio(
            microphone=microphone,
            loudspeaker=loudspeaker,
            playout=self.playout,
            now=time.monotonic,
            on_state=lambda state: self.states.append((time.monotonic(), state)),
            cancels_echo=cancels_echo,
        )
        self._stop = threading.Event()
        self._puller = threading.Thread(target=self._pull)

    def _pull(self):
        while not self._stop.wait(0.02):
            self.blocks += self.audio.pull()

    def until(self, holds) -> float:
        """Wait until it was told that something holds, and give when."""

        def told():
            return [at for at, state in list(self.states) if holds(state)]

        try:
            return until_true(told)[0]
        except AssertionError:
            raise AssertionError(self.states) from None

    def settle(self):
        """Wait until both ends are in order, on the devices that were chosen."""

        def is_settled():
            state = self.audio.state
            lines = state.microphone, state.loudspeaker
            return all(line.is_open and not line.fault for line in lines)

        until_true(is_settled)
        self.forget()

    def hears_on(self, blocks: int) -> None:
        """Wait until so many more blocks have come: 20 ms each, by the card's own time."""
        enough = len(self.blocks) + blocks
        until_true(lambda: len(self.blocks) >= enough)

    @property
    def stalls(self) -> int:
        """How often it was told that the microphone delivers nothing: a busy machine's may."""
        told = [state.microphone.fault for _, state in list(self.states)]
        return told.count(Fault.STALLED)

    def forget(self):
        self.states.clear()
        self.blocks.clear()

    def hears(self, card, said: np.ndarray, *, enough_db: float = 60) -> bool:
        """Whether what is said is heard as it was, at one of the tries."""
        for _ in range(TRIES):
            self.forget()
            card.say(said)
            self.hears_on(25)
            if intact(self.heard, said, enough_db) > 0.8:
                return True
        return False

    def plays(self, card, packets, *, enough_db: float) -> bool:
        """Whether what is played is heard as it is, at one of the tries, too."""
        whole = sound_of(packets)
        for number in range(TRIES):
            with card.recorded() as recording:
                self.playout.add(number, packets)
                until_true(lambda number=number: self.has_played(number))
                recording.goes_on(0.5)  # what the device has taken is yet to sound
            if intact(recording.samples, whole, enough_db) > 0.8:
                return True
        return False

    def has_played(self, number: int) -> bool:
        played = self.playout.progress()
        return played.utterance_id == number and played.drained

    @property
    def near(self) -> list:
        """The blocks out of which an echo was taken."""
        return [block for block in list(self.blocks) if block.near is not None]

    def echo_left_db(self) -> float:
        """How loud the echo of the last 1.5 of the next four seconds still is."""
        self.forget()
        until_true(lambda: len(self.near) >= 200)
        return rms_db(np.concatenate([block.near for block in self.near[-75:]]))

    @property
    def heard(self) -> np.ndarray:
        return np.concatenate([block.raw for block in list(self.blocks)])

    def __enter__(self):
        self.audio.start()
        self._puller.start()
        try:
            self.until(lambda state: state.microphone.is_open or state.microphone.fault)
        except AssertionError:
            self.__exit__()
            raise
        if self.audio.state.microphone.is_open:
            self.hears_on(15)
        self.forget()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._puller.join()
        self.audio.close()


@pytest.fixture
def desk(card):
    threads = set(threading.enumerate())
    with Desk() as desk:
        desk.settle()
        yield desk
    until_true(  # what hung goes on, and ends
        lambda: (
            not [t for t in set(threading.enumerate()) - threads if not t.name.startswith("Dummy")]
        )
    )


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    clip = CLIPS / "question.wav"
    return codec.decode(clip, rate_hz=RATE_HZ, limit_s=30)


# -- in order --------------------------------------------------------------------------------------


def test_what_is_said_is_heard_as_it_was(card, desk, speech):
    opened_s = desk.blocks[0].captured_s if desk.blocks else time.monotonic()
    assert desk.hears(card, speech)
    times = [block.captured_s for block in desk.blocks]
    assert all(len(block.raw) == FRAME_SAMPLES for block in desk.blocks)
    assert all(b > a for a, b in itertools.pairwise(times))
    assert opened_s - 1 < times[0] < times[-1] <= time.monotonic(), "by the clock it was given"


def test_what_is_played_is_heard_without_a_gap(card, desk, speech):
    packets = codec.encode(speech, RATE_HZ).packets
    assert desk.plays(card, packets, enough_db=40)
    assert desk.playout.progress().drained


def test_it_can_be_held_go_on_and_be_thrown_away(card, desk):
    noise = np.random.default_rng(1).normal(0, 0.1, 20 * RATE_HZ).astype(np.float32)
    packets = codec.encode(noise, RATE_HZ).packets
    for number in range(TRIES):
        with card.recorded() as recording:
            desk.playout.add(number, packets)
            recording.until_sounding(0.5)
            desk.playout.hold()
            recording.until_silent(0.5)
            desk.playout.release()
            recording.until_sounding(0.5)
            desk.playout.flush()
            taken = desk.playout.progress().packets
            recording.until_silent(0.5)
        sounds = np.abs(recording.samples) > 0.003
        if went_on_where_it_was(recording.samples, sounds, sound_of(packets)):
            break
    else:
        pytest.fail("not one hold, or something was lost or repeated around it")
    assert desk.has_played(number)
    assert taken < len(packets)
    assert sounds.sum() <= taken * FRAME_SAMPLES, "no more than had been taken"


def went_on_where_it_was(samples, sounds, whole) -> bool:
    """Whether there was one pause, and what follows it follows what was before it."""
    held = stretches_of_silence(sounds, over_ms=300)
    if len(held) != 1:
        return False
    (held_from, held_to), some = held[0], RATE_HZ // 4
    before, after = samples[held_from - some : held_from], samples[held_to : held_to + some]
    missing = lag_of(after, whole) - (lag_of(before, whole) + len(before))
    return abs(missing) < RATE_HZ // 100


def test_the_level_follows_the_voice(card, desk, speech):
    assert desk.audio.level_dbfs < -60
    saying = card.say(speech, wait=False)
    until_true(lambda: desk.audio.level_dbfs > -30)
    saying.join()
    until_true(lambda: desk.audio.level_dbfs < -60)


def test_nothing_is_left_at_the_end(card):
    def handles() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    def threads() -> set[threading.Thread]:
        """Without those that PortAudio's callbacks came on: Python never learns of their end."""
        return {thread for thread in threading.enumerate() if not thread.name.startswith("Dummy")}

    with Desk():  # what is loaded once stays
        pass
    handles_before, threads_before = handles(), threads()
    for _ in range(3):
        with Desk() as desk:
            desk.audio.choose(microphone=None, loudspeaker=None)
            desk.until(lambda state: state.microphone.name is None and state.microphone.is_open)
    # Of other tests something may end meanwhile; a leak of ours would show three times.
    until_true(lambda: handles() <= handles_before and not threads() - threads_before)


def test_devices_are_listed(card):
    names = [device.name for device in portaudio.list_devices()]
    assert {MICROPHONE, LOUDSPEAKER, "default"} <= set(names)


# -- devices as they are ---------------------------------------------------------------------------


def test_a_suspended_microphone_is_noticed_and_mended(card, desk):
    card.suspend_microphone()
    desk.until(lambda state: state.microphone.fault is Fault.STALLED)
    assert "suspended" in desk.states[-1][1].microphone.message
    card.resume_microphone()
    desk.forget()
    desk.until(lambda state: state.microphone.is_open)
    desk.hears_on(10)


def test_a_suspended_loudspeaker_does_not_stop_the_microphone(card, desk):
    card.suspend_loudspeaker()
    desk.until(lambda state: state.loudspeaker.fault is Fault.STALLED)
    desk.hears_on(10)
    assert desk.audio.state.microphone.is_open
    card.resume_loudspeaker()
    desk.forget()
    desk.until(lambda state: state.loudspeaker.is_open)


def test_a_dead_sound_server_is_noticed_and_found_again(card, desk, speech, monkeypatch):
    looks = counted(monkeypatch, portaudio, "rescan_devices")
    card.kill()
    try:
        desk.until(lambda state: state.microphone.fault and state.loudspeaker.fault)
        until_true(lambda: len(looks) > 1)  # in vain
    finally:
        card.start()
    desk.forget()
    desk.until(lambda s: s.microphone.is_open and s.loudspeaker.is_open)
    assert desk.hears(card, speech)


def test_an_unplugged_microphone_is_noticed_replaced_and_taken_again(card, desk, speech):
    """The sound server moves its stream elsewhere and says nothing."""
    card.unplug_microphone()
    desk.until(lambda s: s.microphone.fault is Fault.GONE)
    desk.until(lambda s: s.microphone.is_open and s.microphone.fault is Fault.NO_DEVICE)
    state = desk.audio.state.microphone
    assert state.name is None, "your system default takes over"
    assert MICROPHONE in state.message
    assert desk.audio.state.loudspeaker.is_open
    card.plug_in_microphone()
    desk.forget()
    desk.until(lambda s: s.microphone.name == MICROPHONE and s.microphone.fault is None)
    desk.hears_on(15)
    assert desk.hears(card, speech)


def test_another_microphone_can_be_chosen(card, desk, speech):
    card.unplug_microphone()
    card.plug_in_microphone(SECOND)
    try:
        desk.audio.choose(microphone=SECOND, loudspeaker=LOUDSPEAKER)
        desk.until(lambda s: s.microphone.name == SECOND and s.microphone.is_open)
        desk.hears_on(25)
        assert desk.hears(card, speech)
    finally:
        card.unplug_microphone()
        card.plug_in_microphone()


def test_for_a_microphone_that_is_not_there_the_default_has_to_do(card, speech):
    with Desk(microphone="a better one") as desk:
        state = desk.audio.state.microphone
        assert state.is_open
        assert state.fault is Fault.NO_DEVICE
        assert "a better one" in state.message
        assert desk.hears(card, speech)
        desk.audio.choose(microphone=MICROPHONE, loudspeaker=LOUDSPEAKER)
        desk.until(lambda s: s.microphone.name == MICROPHONE and s.microphone.fault is None)


def test_a_microphone_that_comes_later_is_found(card, monkeypatch):
    monkeypatch.setattr(duplex, "_SCAN_EVERY_S", 0.5)
    looks = counted(monkeypatch, portaudio, "has_appeared")
    opened = counted(monkeypatch, portaudio.sounddevice(), "RawInputStream")
    try:
        with Desk(microphone="late") as desk:
            assert desk.audio.state.microphone.name is None
            tries = len(opened)
            until_true(lambda: len(looks) > 2)
            desk.hears_on(10)
            assert len(opened) <= tries + desk.stalls, "no stream that works was closed for it"
            assert desk.audio.state.microphone.name is None
            with card.second_name("late"):
                desk.until(lambda s: s.microphone.name == "late" and s.microphone.fault is None)
                desk.until(lambda s: s.loudspeaker.is_open)
    finally:
        portaudio.rescan_devices()


def test_without_a_loudspeaker_the_microphone_hears_on_and_the_answer_goes_by(
    card, monkeypatch, speech
):
    library = portaudio.sounddevice()
    monkeypatch.setattr(library, "RawOutputStream", refused_with(-9985, library))
    opened = counted(monkeypatch, library, "RawInputStream")
    with Desk() as desk:
        desk.playout.add(1, codec.encode(speech, RATE_HZ).packets)
        until_true(lambda: desk.audio.state.loudspeaker.fault is Fault.BUSY)
        until_true(lambda: desk.playout.progress().drained)
        desk.hears_on(10)
        assert len(opened) <= 1 + desk.stalls, "no stream that works was closed for it"


def test_a_frozen_sound_server_is_told_and_holds_nobody_up(card, desk):
    """Whoever waited for a device here would wait for ever: it thaws only when all is done."""
    card.freeze()
    try:
        desk.until(lambda s: s.microphone.fault and s.loudspeaker.fault)
        desk.audio.choose(microphone=SECOND, loudspeaker=None)
        desk.audio.choose(microphone=MICROPHONE, loudspeaker=LOUDSPEAKER)
        desk.audio.close()
    finally:
        card.thaw()


@pytest.mark.parametrize(("code", "fault"), [(-9985, Fault.BUSY), (-9999, Fault.FAILED)])
def test_a_device_that_cannot_be_had_is_told(card, monkeypatch, code, fault):
    library = portaudio.sounddevice()
    with monkeypatch.context() as patched:
        patched.setattr(library, "RawInputStream", refused_with(code, library))
        with Desk() as desk:
            assert desk.audio.state.microphone.fault is fault
            patched.undo()
            desk.until(lambda s: s.microphone.is_open)


def test_another_rate_is_taken_where_48_khz_is_refused(card, monkeypatch, speech):
    library, rate_hz = portaudio.sounddevice(), 44_100
    for name in ("RawInputStream", "RawOutputStream"):
        monkeypatch.setattr(library, name, only_at(rate_hz, getattr(library, name), library))
    query = library.query_devices

    def with_its_rate(*words, **options):
        found = query(*words, **options)
        return found | {"default_samplerate": rate_hz} if isinstance(found, dict) else found

    monkeypatch.setattr(library, "query_devices", with_its_rate)
    with Desk() as desk:
        assert desk.hears(card, speech, enough_db=12)
        assert desk.plays(card, codec.encode(speech, RATE_HZ).packets, enough_db=8)


def test_without_portaudio_it_is_told(tmp_path):
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    script = (
        "from audio.devices.portaudio import list_devices\n"
        "from audio.devices.device_errors import DeviceError\n"
        "try: list_devices()\n"
        "except DeviceError as e: print(e.fault, e)\n"
    )
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    fault, _, words = done.stdout.partition(" ")
    assert fault == ("no_alsa" if ctypes.util.find_library("portaudio") else "no_portaudio")
    assert words.startswith("Sound devices cannot be reached: ")


def test_what_c_libraries_write_does_not_reach_the_screen(tmp_path):
    script = (
        "import ctypes, sys, logging\n"
        "from pathlib import Path\n"
        "from audio.devices.portaudio import quiet_native_errors\n"
        f"quiet_native_errors(Path({str(tmp_path / 'log')!r}))\n"
        "libc = ctypes.CDLL(None)\n"
        "libc.perror(b'ALSA lib pcm.c')\n"
        "print('the app', file=sys.__stderr__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "the app\n"
    assert "ALSA lib" in (tmp_path / "log").read_text()


def test_an_error_knows_its_fault():
    assert portaudio.fault_of(ValueError("No input device matching 'x'")) is Fault.NO_DEVICE
    assert portaudio.fault_of(Exception("Error querying device -1")) is Fault.NO_DEVICE
    assert portaudio.fault_of(Exception("no", -9997)) is Fault.FORMAT
    assert portaudio.fault_of(DeviceError("no", Fault.BUSY)) is Fault.BUSY


# -- the echo --------------------------------------------------------------------------------------


def test_the_loudspeaker_is_taken_out_of_what_the_microphone_hears(card, speech):
    answer = np.tile(speech, 12)
    with Desk(cancels_echo=True) as desk, card.loudspeaker_in_the_room():
        if not desk.audio.is_cancelling:
            pytest.skip("no echo canceller: pip install livekit")
        for number in range(TRIES):  # where a busy machine loses sound, the echo is another one
            desk.playout.add(number, codec.encode(answer * np.float32(0.5), RATE_HZ).packets)
            near = desk.echo_left_db()
            raw = rms_db(np.concatenate([block.raw for block in desk.near[-75:]]))
            print(f"\nechoes: {raw:.0f} dB raw, {near:.0f} dB left")
            if raw - near > 15:
                return
    raise AssertionError("the echo was not taken out")


def test_who_speaks_into_the_loudspeaker_is_still_heard(card, speech):
    with Desk(cancels_echo=True) as desk, card.loudspeaker_in_the_room():
        if not desk.audio.is_cancelling:
            pytest.skip("no echo canceller: pip install livekit")
        echo = codec.encode(np.tile(speech, 12) * np.float32(0.3), RATE_HZ).packets
        for number in range(TRIES):  # where a busy machine loses sound, the echo is another one
            desk.playout.add(number, echo)
            quiet = desk.echo_left_db()
            card.say(speech)
            loud = rms_db(np.concatenate([block.near for block in desk.near[-75:]]))
            print(f"\n{quiet:.0f} dB of echo left; {loud:.0f} dB with a voice")
            if loud - quiet > 10:
                return
    raise AssertionError("a voice was no louder than the echo")


def test_without_sound_there_is_nothing_to_cancel(card):
    with Desk(cancels_echo=True) as desk:
        desk.hears_on(25)
        assert all(block.near is None for block in desk.blocks)


# -- helpers ---------------------------------------------------------------------------------------


def sound_of(packets) -> np.ndarray:
    decoder = OpusDecoder(RATE_HZ)
    return np.concatenate([decoder.decode(packet) for packet in packets])


def stretches_of_silence(sounds: np.ndarray, *, over_ms: int) -> list[tuple[int, int]]:
    """Those inside of the sound that are longer than that."""
    loud = np.flatnonzero(sounds)
    gaps = np.flatnonzero(np.diff(loud) > over_ms * RATE_HZ // 1000)
    return [(int(loud[at]) + 1, int(loud[at + 1])) for at in gaps]


def counted(monkeypatch, owner, name: str) -> list:
    """The calls of something, which is called all the same."""
    calls, real = [], getattr(owner, name)

    def count(*words, **options):
        calls.append((words, options))
        return real(*words, **options)

    monkeypatch.setattr(owner, name, count)
    return calls


def refused_with(code: int, library):
    """A device that cannot be opened."""

    def make(**_):
        raise library.PortAudioError("Error opening a stream", code)

    return make


def only_at(rate_hz: int, kind, library):
    """A device that takes one rate."""

    def make(**options):
        if options["samplerate"] != rate_hz:
            raise library.PortAudioError("Invalid sample rate", -9997)
        return kind(**options)

    return make


with contextlib.suppress(ImportError):
    import livekit  # noqa: F401  (its import takes a second: not in the middle of a test)
