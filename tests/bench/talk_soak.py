"""Hours of conversation in minutes: memory and open handles must not grow.

`python -m tests.bench.talk_soak [HOURS] [SPEED]`. Microphone, loudspeaker and clock run faster than
life (their threads and rings are the subject of `tests/system/audio/devices`); the controller, the
turn manager, the Opus encoder, the HTTP client and the embedded server are the real ones. Penny is
scripted: half a second to hear, three seconds of speech. Every simulated minute has a turn: most
are spoken, some are cut short, typed, or silent; once an hour the conversation is saved.
"""

import asyncio
import base64
import contextlib
import gc
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from pydantic import SecretStr

from audio.constants import FRAME_S, FRAME_SAMPLES, LIBOPUS_PRE_SKIP
from audio.devices.blocks import Block
from audio.devices.duplex import AudioState, SlotState
from audio.earcons import chime
from audio.ogg import OpusStream, mux
from bot.catalogue import load_grace
from bot.choices import Mode
from bot.composition import Services
from bot.contract import Audio, Output, Response, Service, Status
from bot.local_voice.controller import open_controller
from bot.local_voice.memory import Memory
from bot.local_voice.options import Options, Surroundings
from bot.local_voice.prefs import Prefs
from bot.local_voice.view import Doing
from bot.runpod.client import Endpoint, RunPodClient
from bot.service_calls.client import ServiceClient
from bot.settings import Settings
from bot.workers.server.lifecycle import embedded_server
from tests.fakes.handlers import Scripted

HEARD = "Some words that were said."
SAID = chime([(300.0, 3000)])


class QuickClock:
    """A clock that runs so many times as fast."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._began = time.monotonic()

    def now(self) -> float:
        return 1000 + (time.monotonic() - self._began) * self.speed

    def wall(self) -> float:
        return 1_800_000_000 + self.now()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)


class QuickSound:
    """Both ends, on a quick clock: noise from the microphone, and a loudspeaker that plays."""

    def __init__(self, *, playout, now, **_):
        self._now = now
        self._playout = playout
        self._noise = np.random.default_rng(1).normal(0, 0.05, FRAME_SAMPLES).astype(np.float32)
        self._heard_s = now()
        self._stop = threading.Event()
        self._player = threading.Thread(target=self._play, daemon=True)
        self.level_dbfs = -20.0
        self.state = AudioState(SlotState("quick", True), SlotState("quick", True))

    def start(self):
        self._player.start()

    def close(self):
        self._stop.set()
        self._player.join()

    def choose(self, **_):
        pass

    def pull(self) -> list[Block]:
        blocks = []
        while self._heard_s + FRAME_S <= self._now():
            self._heard_s += FRAME_S
            blocks.append(Block(self._noise, None, self._heard_s))
        return blocks

    def _play(self):
        played_s = self._now()
        while not self._stop.wait(0.005):
            played_s = max(played_s, self._now() - 1)
            while played_s < self._now():
                played_s += FRAME_S
                if self._playout.read(self._now()) is None:
                    played_s = self._now()


def figures() -> tuple[float, int, int, int]:
    """Memory in MB, open handles, threads, objects."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    handles = len(list(Path("/proc/self/fd").iterdir()))
    return pages * 4096 / 1e6, handles, threading.active_count(), len(gc.get_objects())


async def main(hours: float, speed: float) -> None:
    clock = QuickClock(speed)
    file = mux(OpusStream(SAID, 1, LIBOPUS_PRE_SKIP))
    sound = Audio(data=base64.b64encode(file).decode(), format="ogg", text="An answer.")

    async def penny(_request):
        await clock.sleep(0.5)
        yield Response(
            status=Status.PARTIAL, output=Output(transcript="Some words that were said.")
        )
        yield Response(status=Status.PARTIAL, output=Output(text="An answer.", audio=sound))
        yield Response(
            status=Status.COMPLETED,
            output=Output(
                type="text",
                data="An answer.",
                text="An answer.",
                transcript=HEARD,
                audio=sound,
            ),
        )

    @contextlib.asynccontextmanager
    async def connect(_):
        one = Service.PENNY
        endpoints = {one: Endpoint(one, "penny", mode=Mode.STREAM, deadline_s=10_000)}
        key = SecretStr("k" * 40)
        async with (
            embedded_server({"penny": Scripted(penny)}, key=key, clock=clock) as url,
            ServiceClient(RunPodClient(url, key, endpoints, clock=clock), clock=clock) as client,
        ):
            yield Services(client, embedded=True)

    folder = Path(tempfile.mkdtemp())
    settings = Settings(_env_file=None)
    options = Options(
        settings=settings,
        prefs=Prefs(),
        modules=load_grace(settings),
        prefs_path=folder / "talk.json",
        memory=Memory(clock, folder / "memory"),
        save_to=folder,
    )
    print(f"{hours:g} h at {speed:g} times life\n  min   turns      MB  handles  threads   objects")
    async with open_controller(
        options, Surroundings(lambda *_: None, connect, QuickSound, clock)
    ) as controller:
        while controller.view().doing is not Doing.READY:
            await clock.sleep(1)
        for minute in range(round(hours * 60)):
            if minute % 20 == 0:
                print("{:5d} {:7d} {:7.1f} {:8d} {:8d} {:9d}".format(minute, minute, *figures()))
            began = clock.now()
            await one_minute(controller, clock, minute)
            await clock.sleep(max(0.0, 60 - (clock.now() - began)))
        print("{:5d} {:7d} {:7.1f} {:8d} {:8d} {:9d}".format(minute + 1, minute + 1, *figures()))
        over = sum(entry.is_over for entry in controller.view().entries)
        print(f"{over} of {len(controller.view().entries)} entries shown are over")


async def one_minute(controller, clock, minute: int) -> None:
    """A turn of some kind, and silence."""
    if minute % 5 == 4:
        controller.submit("A question that is typed.")
    else:
        controller.key_down()
        await clock.sleep(4)
        controller.key_up()
    await clock.sleep(3)
    if minute % 7 == 6:
        controller.stop()
    if minute % 60 == 59:
        await controller.save()
    controller.view()


if __name__ == "__main__":
    words = [float(word) for word in sys.argv[1:]]
    asyncio.run(main(*(words + [4.0, 40.0][len(words) :])))
