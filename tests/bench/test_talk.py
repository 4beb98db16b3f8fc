"""Push to talk on a virtual sound card: from key to packet, from key to contract, and to silence.

`python -m pytest -m bench tests/bench/test_talk.py -s`. A null sink has a timer for a clock: these
are the figures of this program, PortAudio and PulseAudio, not of a sound card.
"""

import asyncio
import contextlib
import itertools
import resource
import statistics
import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest
from pydantic import SecretStr

from audio import codec
from audio.devices.duplex import DuplexAudio
from audio.devices.microphone import Microphone
from audio.playout_queue import PlayoutQueue
from bot.catalogue import load_grace
from bot.choices import Mode
from bot.clock import SystemClock
from bot.composition import Services
from bot.contract import Service
from bot.local_voice.controller import open_controller
from bot.local_voice.options import Options, Surroundings
from bot.local_voice.prefs import Prefs
from bot.local_voice.tui.app import TalkApp
from bot.local_voice.view import Doing
from bot.runpod.client import Endpoint, RunPodClient
from bot.service_calls.client import ServiceClient
from bot.settings import Settings
from bot.workers.server.lifecycle import embedded_server
from tests.fakes.handlers import Scripted, completed
from tests.virtual_audio.sound_card import LOUDSPEAKER, MICROPHONE, RATE_HZ

pytestmark = pytest.mark.bench

PRESSES = 30
CUTS = 20


def spread(values: Sequence[float]) -> str:
    ordered = sorted(values)
    p95 = ordered[max(0, round(0.95 * len(ordered)) - 1)]
    return f"median {statistics.median(ordered):7.1f}  p95 {p95:7.1f}  n {len(ordered)}"


async def hear(request):
    """A Penny that has understood at once, and has nothing to say."""
    yield completed("Yes.")


@pytest.fixture
def open_talk(card, tmp_path):
    @contextlib.asynccontextmanager
    async def connect(_):
        endpoints = {
            s: Endpoint(s, s.value.lower(), mode=Mode.STREAM, deadline_s=60) for s in Service
        }
        key, clock = SecretStr("k" * 40), SystemClock()
        handlers = {"penny": Scripted(hear)}
        async with (
            embedded_server(handlers, key=key, clock=clock) as url,
            ServiceClient(RunPodClient(url, key, endpoints, clock=clock), clock=clock) as client,
        ):
            yield Services(client, embedded=True)

    @contextlib.asynccontextmanager
    async def open_talk():
        settings = Settings(_env_file=None)
        options = Options(
            settings=settings,
            prefs=Prefs(microphone=MICROPHONE, loudspeaker=LOUDSPEAKER),
            modules=load_grace(settings),
            prefs_path=tmp_path / "talk.json",
        )
        async with open_controller(options, Surroundings(lambda *_: None, connect)) as controller:
            await until(
                lambda: controller.view().doing is Doing.READY and controller.view().can_hear
            )
            await asyncio.sleep(1)
            yield controller

    return open_talk


async def until(holds, within: float = 30):
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.005)


async def test_from_key_to_packet_and_from_key_to_contract(open_talk):
    kept, sent, own = [], [], []
    async with open_talk() as controller:
        ears, record = controller.devices.speech, controller.transcript
        asked = asyncio.Event()
        stock = record.asked
        record.asked = lambda ask: (sent_at.append(time.monotonic()), stock(ask), asked.set())
        for _ in range(PRESSES):
            sent_at: list[float] = []
            pressed = time.monotonic()
            controller.key_down()
            await asyncio.sleep(0.4)
            first = ears.keyed._recording.packets[0][1] - 0.02
            kept.append((first - pressed) * 1000)
            released = time.monotonic()
            controller.key_up()
            await asyncio.wait_for(asked.wait(), 5)
            asked.clear()
            sent.append((sent_at[0] - released) * 1000)
            own.append(sent[-1] - 200)
            await until(lambda: controller.view().doing is Doing.READY)
    peer = [opened_at_the_press() for _ in range(PRESSES)]
    print(f"\nkey press to first sample kept, ms:        {spread(kept)}  (before the press)")
    print(f"  a stream opened at the press (peer):     {spread(peer)}")
    print(f"key release to contract out, ms:           {spread(sent)}")
    print(f"  of that ours, without the 200 ms tail:   {spread(own)}")


def opened_at_the_press() -> float:
    """What most push-to-talk programs do; when their first sample is, after the press."""
    import sounddevice

    came = threading.Event()
    first = []

    def called(_data, frames, _time, _status):
        if not first:
            first.append(time.monotonic() - frames / RATE_HZ)
            came.set()

    pressed = time.monotonic()
    stream = sounddevice.RawInputStream(
        device=MICROPHONE, samplerate=RATE_HZ, channels=1, dtype="int16", blocksize=960,
        latency="low", callback=called,
    )  # fmt: skip
    stream.start()
    came.wait(5)
    stream.abort()
    stream.close()
    return (first[0] - pressed) * 1000


def test_callbacks_come_in_time(card, monkeypatch):
    at = []
    stock = Microphone._called

    def noted(self, *words):
        at.append(time.monotonic())
        stock(self, *words)

    monkeypatch.setattr(Microphone, "_called", noted)
    audio = local_audio(PlayoutQueue())
    audio.start()
    time.sleep(20)
    audio.close()
    late = [(b - a) * 1000 - 20 for a, b in itertools.pairwise(at[10:])]
    ordered = sorted(late)
    tails = {p: ordered[round(p / 100 * (len(ordered) - 1))] for p in (50, 95, 99)}
    print(
        f"\ncallback lateness, ms: { ({p: round(v, 1) for p, v in tails.items()}) }, n {len(late)}"
    )


def local_audio(playout: PlayoutQueue) -> DuplexAudio:
    return DuplexAudio(
        microphone=MICROPHONE,
        loudspeaker=LOUDSPEAKER,
        playout=playout,
        now=time.monotonic,
        on_state=lambda _: None,
        cancels_echo=False,
    )


async def test_what_it_takes_of_the_processor(open_talk):
    async with open_talk() as controller:
        print(f"\nidle:                {await share(10):4.1f} % of a core")
        app = TalkApp(controller)
        async with app.run_test(size=(80, 24)):
            print(f"idle, with the app:  {await share(10):4.1f} %")
            controller.key_down()
            print(f"recording:           {await share(10):4.1f} %")
            controller.key_up()


async def share(seconds: float) -> float:
    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    before, began = used(), time.monotonic()
    await asyncio.sleep(seconds)
    return (used() - before) / (time.monotonic() - began) * 100


def test_how_soon_it_is_silent(card):
    noise = np.random.default_rng(1).normal(0, 0.1, 4 * RATE_HZ).astype(np.float32)
    packets = codec.encode(noise, RATE_HZ).packets
    playout = PlayoutQueue()
    audio = local_audio(playout)
    audio.start()
    time.sleep(1)
    ours = []
    for _ in range(CUTS):
        with card.recorded() as recording:
            playout.add(1, packets)
            time.sleep(0.5)
            playout.flush()
            cut = time.monotonic()
            time.sleep(0.4)
        ours.append((recording.ended_s() - cut) * 1000)
    audio.close()
    peer = [stopped_by_sounddevice(card, noise) for _ in range(CUTS)]
    print(f"\ninterrupt to silence, ms:          {spread(ours)}")
    print(f"  sounddevice.play and stop (peer): {spread(peer)}")


def stopped_by_sounddevice(card, noise) -> float:
    import sounddevice

    with card.recorded() as recording:
        sounddevice.play(noise, RATE_HZ, device=LOUDSPEAKER)
        time.sleep(0.5)
        cut = time.monotonic()
        sounddevice.stop()
        time.sleep(0.4)
    return (recording.ended_s() - cut) * 1000
