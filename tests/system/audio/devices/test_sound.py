"""Microphone and loudspeaker through the real PortAudio, on a virtual card."""

import contextlib
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
from audio.devices import local_audio, portaudio
from audio.devices.blocks import BLOCK
from audio.devices.faults import DeviceError, Fault
from audio.devices.local_audio import LocalAudio
from audio.opus import OpusDecoder
from audio.playout import Playout
from tests.paths import CLIPS, ROOT
from tests.virtual_audio.measure import intact, lag_of, rms_db
from tests.virtual_audio.sound_card import LOUDSPEAKER, MICROPHONE, RATE_HZ, SECOND

NOTICED_S = 1.0


class Desk:
    """Both ends, somebody who pulls, and what was told of them."""

    def __init__(self, *, microphone=MICROPHONE, loudspeaker=LOUDSPEAKER, cancels_echo=False):
        self.playout = Playout()
        self.states: list[tuple[float, object]] = []
        self.blocks: list = []
        self.audio = LocalAudio(
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

    def until(self, holds, within=6.0) -> float:
        """When it was told that something holds."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            for at, state in self.states:
                if holds(state):
                    return at
            time.sleep(0.01)
        raise AssertionError(self.states)

    def settle(self):
        """Wait until both ends are in order, on the devices that were chosen."""
        end = time.monotonic() + 6
        while time.monotonic() < end:
            state = self.audio.state
            if all(
                line.is_open and not line.fault for line in (state.microphone, state.loudspeaker)
            ):
                break
            time.sleep(0.02)
        self.forget()

    def forget(self):
        self.states.clear()
        self.blocks.clear()

    def hears(self, card, said: np.ndarray, *, enough_db: float = 60) -> bool:
        """Whether what is said is heard as it was.

        A busy machine gets three tries, and may lose a block here and there: PulseAudio has no
        real-time priority here.
        """
        for _ in range(3):
            self.forget()
            card.say(said)
            if intact(self.heard, said, enough_db) > 0.8:
                return True
        return False

    def plays(self, card, packets, *, enough_db: float) -> bool:
        """Whether what is played is heard as it is; three tries, too."""
        whole = sound_of(packets)
        for number in range(3):
            with card.recorded() as recording:
                self.playout.add(number, packets)
                time.sleep(len(whole) / RATE_HZ + 0.4)
            if intact(recording.samples, whole, enough_db) > 0.8:
                return True
        return False

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
        time.sleep(0.3)
        self.forget()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._puller.join()
        began = time.monotonic()
        self.audio.close()
        assert time.monotonic() - began < 2, "it waits for no device"


@pytest.fixture
def desk(card):
    threads = set(threading.enumerate())
    with Desk() as desk:
        desk.settle()
        yield desk
    assert not [t for t in set(threading.enumerate()) - threads if t.name != "Dummy"]


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    clip = CLIPS / "question.wav"
    return codec.decode(clip, rate_hz=RATE_HZ, limit_s=30)


# -- in order --------------------------------------------------------------------------------------


def test_what_is_said_is_heard_as_it_was(card, desk, speech):
    assert desk.hears(card, speech)
    times = [block.captured_s for block in desk.blocks]
    assert all(len(block.raw) == BLOCK for block in desk.blocks)
    assert all(b > a for a, b in itertools.pairwise(times))
    assert abs(times[-1] - time.monotonic()) < 0.3
    assert abs(times[-1] - times[0] - (len(times) - 1) * BLOCK / RATE_HZ) < 0.1


def test_what_is_played_is_heard_without_a_gap(card, desk, speech):
    packets = codec.encode(speech, RATE_HZ).packets
    assert desk.plays(card, packets, enough_db=40)
    assert desk.playout.played().drained


def test_it_can_be_held_go_on_and_be_thrown_away(card, desk):
    noise = np.random.default_rng(1).normal(0, 0.1, 6 * RATE_HZ).astype(np.float32)
    packets = codec.encode(noise, RATE_HZ).packets
    with card.recorded() as recording:
        desk.playout.add(1, packets)
        time.sleep(0.6)
        desk.playout.hold()
        time.sleep(0.6)
        desk.playout.release()
        time.sleep(0.6)
        desk.playout.clear()
        cut_s = time.monotonic()
        time.sleep(0.6)
    sounds = np.abs(recording.samples) > 0.003
    held = stretches_of_silence(sounds, over_ms=300)
    assert len(held) == 1, "one hold, and nothing lost or repeated around it"
    assert recording.ended_s() - cut_s < 0.4
    (held_from, held_to), began = held[0], np.flatnonzero(sounds)[0]
    before = recording.samples[began:held_from]
    after = recording.samples[held_to : held_to + RATE_HZ // 4]
    whole = sound_of(packets)
    went_on = lag_of(after, whole) - (lag_of(before, whole) + len(before))
    assert abs(went_on) < RATE_HZ // 100, "it went on where it had stopped"


def test_the_level_follows_the_voice(card, desk, speech):
    assert desk.audio.level_dbfs < -60
    saying = card.say(speech, wait=False)
    time.sleep(0.7)
    assert max(levels_of(desk, 0.5)) > -30
    saying.join()


def test_nothing_is_left_at_the_end(card):
    def handles() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    with Desk():  # what is loaded once stays
        pass
    before = handles(), threading.active_count()
    for _ in range(3):
        with Desk() as desk:
            desk.audio.choose(microphone=None, loudspeaker=None)
            time.sleep(0.3)
    assert (handles(), threading.active_count()) == before


def test_devices_are_listed(card):
    names = [device.name for device in portaudio.list_devices()]
    assert {MICROPHONE, LOUDSPEAKER, "default"} <= set(names)


# -- devices as they are ---------------------------------------------------------------------------


def test_a_suspended_microphone_is_noticed_and_mended(card, desk):
    at = time.monotonic()
    card.suspend_microphone()
    told = desk.until(lambda state: state.microphone.fault is Fault.STALLED)
    print(f"\nsuspended: noticed after {told - at:.2f} s")
    assert told - at < NOTICED_S
    assert "suspended" in desk.states[-1][1].microphone.words
    card.resume_microphone()
    desk.forget()
    desk.until(lambda state: state.microphone.is_open)
    desk.forget()
    time.sleep(0.5)
    assert len(desk.blocks) > 10


def test_a_suspended_loudspeaker_does_not_stop_the_microphone(card, desk):
    at = time.monotonic()
    card.suspend_loudspeaker()
    told = desk.until(lambda state: state.loudspeaker.fault is Fault.STALLED)
    assert told - at < NOTICED_S
    desk.blocks.clear()
    time.sleep(0.5)
    assert len(desk.blocks) > 10
    assert desk.audio.state.microphone.is_open
    card.resume_loudspeaker()
    desk.forget()
    desk.until(lambda state: state.loudspeaker.is_open)


def test_a_dead_sound_server_is_noticed_and_found_again(card, desk, speech):
    at = time.monotonic()
    card.kill()
    told = desk.until(lambda state: state.microphone.fault and state.loudspeaker.fault)
    print(f"\nkilled: noticed after {told - at:.2f} s")
    assert told - at < NOTICED_S
    time.sleep(1)
    card.start()
    back = time.monotonic()
    desk.forget()
    at = desk.until(lambda s: s.microphone.is_open and s.loudspeaker.is_open, within=15)
    print(f"mended {at - back:.2f} s after it was there again")
    assert desk.hears(card, speech)


def test_an_unplugged_microphone_is_noticed_replaced_and_taken_again(card, desk, speech):
    """The sound server moves its stream elsewhere and says nothing."""
    at = time.monotonic()
    card.unplug_microphone()
    told = desk.until(lambda s: s.microphone.fault is Fault.GONE)
    print(f"\nunplugged: noticed after {told - at:.2f} s")
    assert told - at < NOTICED_S
    desk.until(lambda s: s.microphone.is_open and s.microphone.fault is Fault.NO_DEVICE)
    state = desk.audio.state.microphone
    assert state.name is None, "the system's default has to do"
    assert MICROPHONE in state.words
    assert desk.audio.state.loudspeaker.is_open
    card.plug_in_microphone()
    desk.forget()
    desk.until(lambda s: s.microphone.name == MICROPHONE and s.microphone.fault is None)
    time.sleep(0.3)
    assert desk.hears(card, speech)


def test_another_microphone_can_be_chosen(card, desk, speech):
    card.unplug_microphone()
    card.plug_in_microphone(SECOND)
    try:
        began = time.monotonic()
        desk.audio.choose(microphone=SECOND, loudspeaker=LOUDSPEAKER)
        assert time.monotonic() - began < 0.1, "whoever chooses does not wait"
        desk.until(lambda s: s.microphone.name == SECOND and s.microphone.is_open)
        time.sleep(0.5)
        assert desk.hears(card, speech)
    finally:
        card.unplug_microphone()
        card.plug_in_microphone()


def test_for_a_microphone_that_is_not_there_the_default_has_to_do(card, speech):
    with Desk(microphone="a better one") as desk:
        state = desk.audio.state.microphone
        assert state.is_open
        assert state.fault is Fault.NO_DEVICE
        assert "a better one" in state.words
        assert desk.hears(card, speech)
        desk.audio.choose(microphone=MICROPHONE, loudspeaker=LOUDSPEAKER)
        desk.until(lambda s: s.microphone.name == MICROPHONE and s.microphone.fault is None)


def test_a_microphone_that_comes_later_is_found(card, monkeypatch):
    monkeypatch.setattr(local_audio, "_COME_EVERY_S", 0.5)
    try:
        with Desk(microphone="late") as desk:
            assert desk.audio.state.microphone.name is None
            time.sleep(1.5)
            assert np.diff([block.captured_s for block in desk.blocks]).max() < 0.1
            assert desk.audio.state.microphone.name is None
            with card.second_name("late"):
                desk.until(lambda s: s.microphone.name == "late" and s.microphone.fault is None)
                desk.until(lambda s: s.loudspeaker.is_open)
    finally:
        portaudio.look_again()


def test_without_a_loudspeaker_the_microphone_hears_on_and_the_answer_goes_by(
    card, monkeypatch, speech
):
    library = portaudio.sounddevice()
    monkeypatch.setattr(library, "RawOutputStream", refused_with(-9985, library))
    with Desk() as desk:
        assert desk.audio.state.loudspeaker.fault is Fault.BUSY
        desk.playout.add(1, codec.encode(speech, RATE_HZ).packets)
        time.sleep(0.5)
        assert not desk.playout.played().drained
        time.sleep(2 + len(speech) / RATE_HZ)
        assert desk.playout.played().drained
        times = [block.captured_s for block in desk.blocks]
        assert np.diff(times).max() < 0.1, "no stream that works was closed for it"


def test_a_frozen_sound_server_is_told_and_holds_nobody_up(card, desk):
    at = time.monotonic()
    card.freeze()
    try:
        told = desk.until(lambda s: s.microphone.fault and s.loudspeaker.fault)
        print(f"\nfrozen: noticed after {told - at:.2f} s")
        assert told - at < NOTICED_S
        began = time.monotonic()
        desk.audio.choose(microphone=SECOND, loudspeaker=None)
        assert time.monotonic() - began < 0.1
        desk.audio.choose(microphone=MICROPHONE, loudspeaker=LOUDSPEAKER)
        desk.audio.close()
        assert time.monotonic() - began < 3
    finally:
        card.thaw()
    time.sleep(1)  # what hung has gone on, and ended: see the fixture


@pytest.mark.parametrize(("code", "fault"), [(-9985, Fault.BUSY), (-9999, Fault.FAILED)])
def test_a_device_that_cannot_be_had_is_told(card, monkeypatch, code, fault):
    library = portaudio.sounddevice()
    with monkeypatch.context() as patched:
        patched.setattr(library, "RawInputStream", refused_with(code, library))
        with Desk() as desk:
            assert desk.audio.state.microphone.fault is fault
            patched.undo()
            desk.until(lambda s: s.microphone.is_open, within=8)


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
        "from audio.devices.faults import DeviceError\n"
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
    assert done.stdout.startswith("no_portaudio Sound devices cannot be reached")


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
    assert portaudio.as_fault(ValueError("No input device matching 'x'")) is Fault.NO_DEVICE
    assert portaudio.as_fault(Exception("Error querying device -1")) is Fault.NO_DEVICE
    assert portaudio.as_fault(Exception("no", -9997)) is Fault.FORMAT
    assert portaudio.as_fault(DeviceError("no", Fault.BUSY)) is Fault.BUSY


# -- the echo --------------------------------------------------------------------------------------


def test_the_loudspeaker_is_taken_out_of_what_the_microphone_hears(card, speech):
    answer = np.tile(speech, 6)
    with Desk(cancels_echo=True) as desk, card.loudspeaker_in_the_room():
        if not desk.audio.is_cancelling:
            pytest.skip("no echo canceller: pip install livekit")
        desk.playout.add(1, codec.encode(answer * np.float32(0.5), RATE_HZ).packets)
        time.sleep(5)
        late = [block for block in desk.blocks if block.near is not None][-100:]
    raw = rms_db(np.concatenate([block.raw for block in late]))
    near = rms_db(np.concatenate([block.near for block in late]))
    print(f"\nechoes: {raw:.0f} dB raw, {near:.0f} dB left")
    assert raw - near > 15


def test_who_speaks_into_the_loudspeaker_is_still_heard(card, speech):
    with Desk(cancels_echo=True) as desk, card.loudspeaker_in_the_room():
        if not desk.audio.is_cancelling:
            pytest.skip("no echo canceller: pip install livekit")
        echo = codec.encode(np.tile(speech, 6) * np.float32(0.3), RATE_HZ).packets
        desk.playout.add(1, echo)
        time.sleep(4)
        quiet = rms_db(np.concatenate([b.near for b in desk.blocks[-75:] if b.near is not None]))
        desk.forget()
        card.say(speech)
        loud = rms_db(np.concatenate([b.near for b in desk.blocks[-75:] if b.near is not None]))
    print(f"\n{quiet:.0f} dB of echo left; {loud:.0f} dB with a voice")
    assert loud - quiet > 10


def test_without_sound_there_is_nothing_to_cancel(card):
    with Desk(cancels_echo=True) as desk:
        time.sleep(0.5)
        assert desk.blocks
        assert all(block.near is None for block in desk.blocks)


# -- helpers ---------------------------------------------------------------------------------------


def sound_of(packets) -> np.ndarray:
    decoder = OpusDecoder(RATE_HZ)
    return np.concatenate([decoder.decode(packet) for packet in packets])


def levels_of(desk: Desk, seconds: float) -> list[float]:
    levels, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        levels.append(desk.audio.level_dbfs)
        time.sleep(0.02)
    return levels


def stretches_of_silence(sounds: np.ndarray, *, over_ms: int) -> list[tuple[int, int]]:
    """Those inside of the sound that are longer than that."""
    loud = np.flatnonzero(sounds)
    gaps = np.flatnonzero(np.diff(loud) > over_ms * RATE_HZ // 1000)
    return [(int(loud[at]) + 1, int(loud[at + 1])) for at in gaps]


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
