"""A tab's microphone and loudspeaker, without a browser: its sockets, frame by frame."""

# mypy: ignore-errors

import asyncio
import base64
import json
import time
from contextlib import asynccontextmanager

import aiohttp
import numpy as np
import pytest

from audio.codec import decode
from audio.constants import FRAME_S, FRAME_SAMPLES, OPUS_RATE_HZ
from audio.samples import from_pcm, to_pcm
from local_discord.page.phone import BURST, FRAME_BYTES
from local_discord.page.recorder import MAX_S, Recorder
from local_discord.page.server import serving
from local_discord.page.voice import CLOSE_UNKNOWN
from tests.integration.local_discord.voice.test_live import likeness
from tests.paths import CLIPS
from tests.waiting import HANGS_S, until


class Browser:
    """A tab, as its page drives it."""

    def __init__(self, page, session, socket):
        self.page, self.session, self.socket = page, session, socket
        self.voice = {}
        self.state = {}
        self.told = []
        self.heard = []
        self.heard_at = []
        self.sound = None
        self._answers = {}
        self._number = 0

    async def read(self):
        """Take what the tab is told."""
        async for frame in self.socket:
            told = json.loads(frame.data)
            if "re" in told:
                self._answers[told["re"]].set_result(told)
                continue
            self.told.append(told)
            if told["event"] in ("voice", "state"):
                setattr(self, told["event"], told)

    async def ask(self, act, **fields):
        """The answer to an act, its error if it has one."""
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": self._number, "do": act, **fields})
        async with asyncio.timeout(HANGS_S):
            told = await answer
        return told.get("error", told.get("data"))

    def channel(self, name):
        """A channel's id, in the first server."""
        return next(c["id"] for c in self.state["servers"][0]["channels"] if c["name"] == name)

    def people(self, name="Lounge"):
        """Who is in a voice channel, by name."""
        return {one["name"]: one for one in self.voice["channels"][self.channel(name)]}

    async def connect(self, key=None):
        """Open the socket for sound."""
        place = f"{self.page.origin}/voice?token={self.page.desk.token}"
        return await self.session.ws_connect(
            f"{place}&key={key or self.voice['key']}", origin=self.page.origin
        )

    async def listen(self):
        """Keep what is heard."""
        async for frame in self.sound:
            self.heard.append(np.frombuffer(frame.data, "<i2"))
            self.heard_at.append(time.monotonic())

    async def speak(self, samples):
        """A clip, as a browser sends it: 20 ms each 20 ms."""
        start = time.monotonic()
        for number in range(len(samples) // FRAME_SAMPLES):
            due = start + (number + 1) * FRAME_S - time.monotonic()
            await asyncio.sleep(max(0.0, due))
            one = samples[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES]
            await self.sound.send_bytes(to_pcm(one).tobytes())

    def all_heard(self):
        """Everything that was heard, one after the other."""
        return from_pcm(np.concatenate([np.zeros(0, np.int16), *self.heard]))


@pytest.fixture
async def page(sim):
    async with serving(sim) as page:
        yield page


@asynccontextmanager
async def tab(page, who, *, sound=True):
    """A tab of somebody's, with its sound."""
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
        place = f"{page.origin}/socket?token={page.desk.token}&as={who}"
        async with session.ws_connect(place, origin=page.origin) as socket:
            one = Browser(page, session, socket)
            running = [tasks.create_task(one.read())]
            await until(lambda: one.voice and one.state)
            if sound:
                one.sound = await one.connect()
                running.append(tasks.create_task(one.listen()))
            yield one
            if one.sound is not None:
                await one.sound.close()
        for task in running:
            task.cancel()


@pytest.fixture
def words():
    said = decode(CLIPS / "question.wav", rate_hz=OPUS_RATE_HZ, limit_s=10)
    return np.concatenate([said, np.zeros(OPUS_RATE_HZ // 2, np.float32)])


async def test_two_tabs_are_two_people_and_hear_each_other(page, words):
    async with tab(page, "Ana") as ana, tab(page, "Marc") as marc:
        for one in (ana, marc):
            assert await one.ask("join", channel=one.channel("Lounge")) is None
        await until(lambda: set(marc.people()) == set(ana.people()) == {"Ana", "Marc"})
        assert marc.voice["state"] == "in"
        assert marc.voice["name"] == "Lounge"
        speaking = asyncio.create_task(ana.speak(words))
        await until(lambda: marc.people()["Ana"]["speaking"] and ana.people()["Ana"]["speaking"])
        await speaking
        await until(lambda: not marc.people()["Ana"]["speaking"])
        assert likeness(words, marc.all_heard()) > 0.95
        assert not ana.heard
        # Muted, nothing leaves; deaf, nothing comes. Everybody sees both.
        await ana.ask("mute", muted=True)
        await until(lambda: marc.people()["Ana"]["muted"])
        marc.heard.clear()
        await ana.speak(words[: OPUS_RATE_HZ // 2])
        await ana.ask("mute", muted=False)
        await marc.ask("mute", deaf=True)
        await until(lambda: ana.people()["Marc"]["deaf"])
        await ana.speak(words[: OPUS_RATE_HZ // 2])
        assert not marc.heard
        assert await ana.ask("leave") is None
        await until(lambda: set(marc.people()) == {"Marc"} and ana.voice["state"] == "out")
        assert "no voice channel" in await ana.ask("leave")


async def test_a_network_is_spoilt_and_a_region_moved_at_the_press_of_a_button(sim, page, words):
    async with tab(page, "Ana") as ana, tab(page, "Marc") as marc:
        for one in (ana, marc):
            await one.ask("join", channel=one.channel("Lounge"))
        bad = {"loss": 0.2, "jitter_ms": 40}
        assert await ana.ask("network", **bad) is None
        await until(lambda: ana.voice["network"].get("loss") == 0.2)
        await ana.speak(words)
        await until(lambda: marc.voice["lost"] > 0)
        await ana.ask("network")
        assert await ana.ask("network", trouble="region") is None
        moving = sim.voice.speakers[int(ana.state["me"]["id"])]
        await ana.ask("mute", push=False)
        await until(lambda: ana.voice["name"] == "Lounge")  # it is still the same place
        await until(lambda: moving.call is not None)
        await moving.secured()
        marc.heard.clear()
        await ana.speak(words)
        await until(lambda: len(marc.heard) > 20)
        assert "the bot is in no voice channel" in await ana.ask("network", trouble="drop")
        for wrong in ({"loss": 2}, {"loss": True}, {"jitter_ms": "1"}, {"trouble": "flood"}):
            assert isinstance(await ana.ask("network", **wrong), str)


async def test_a_voice_message_has_its_duration_and_its_waveform(sim, page, words):
    async with tab(page, "Ana") as ana:
        general = ana.channel("general")
        await ana.ask("look", channel=general)
        assert "nothing is being recorded" in await ana.ask("record", step="send")
        await ana.ask("record", step="start")
        assert "nothing was recorded" in await ana.ask("record", step="send")
        await ana.ask("record", step="start")
        await until(lambda: ana.voice["recording"])
        await ana.speak(words)
        await until(lambda: page.phones._phones[next(iter(page.desk.tabs))].recorder.seconds > 1.5)
        sent = await ana.ask("record", step="send")
        channel = sim.backend.world.channels[int(general)]
        [file] = channel.messages[int(sent["message"])].attachments
        assert file.duration_secs == pytest.approx(len(words) / OPUS_RATE_HZ, abs=0.1)
        heard = decode(file.data, rate_hz=OPUS_RATE_HZ, limit_s=10)
        assert likeness(words, heard) > 0.9
        wave = np.frombuffer(base64.b64decode(file.waveform), np.uint8)
        assert len(wave) == round(file.duration_secs * 10)
        assert wave.max() == 255
        assert wave[-4:].max() < 10  # the silence at the end
        await ana.ask("record", step="start")
        await ana.ask("record", step="cancel")
        assert len(channel.messages) == 1


async def test_who_joins_from_another_tab_hangs_up_in_the_first(page):
    async with tab(page, "Ana") as first, tab(page, "Ana") as second:
        lounge = first.channel("Lounge")
        await first.ask("join", channel=lounge)
        await second.ask("join", channel=lounge)
        await until(lambda: first.voice["state"] == "out")
        assert any("another tab" in told.get("text", "") for told in first.told)
        assert second.voice["state"] == "in"
        assert set(second.people()) == {"Ana"}


async def test_who_becomes_somebody_else_or_closes_the_tab_is_out_of_the_call(sim, page):
    async with tab(page, "Marc") as marc:
        async with tab(page, "Ana") as ana:
            await ana.ask("join", channel=ana.channel("Lounge"))
            await until(lambda: set(marc.people()) == {"Ana"})
            yuki = next(p["id"] for p in ana.state["people"] if p["name"] == "Yuki")
            await ana.ask("become", person=yuki)
            await until(lambda: not marc.people())
            await ana.ask("join", channel=ana.channel("Lounge"))
            await until(lambda: set(marc.people()) == {"Yuki"})
        await until(lambda: not marc.people())
        assert not sim.voice.speakers


async def test_who_is_thrown_out_is_told(sim, page):
    async with tab(page, "Ana") as ana:
        await ana.ask("join", channel=ana.channel("Lounge"))
        await until(lambda: ana.voice["state"] == "in")
        sim.voice.leaves(page.desk.cast.find("Ana"))
        await until(lambda: ana.voice["state"] == "out")


async def test_nobody_is_in_two_servers_calls_at_once(sim, page):
    async with tab(page, "Ana") as ana:
        other = ana.state["servers"][1]["channels"]
        sala = next(c["id"] for c in other if c["name"] == "Sala")
        await ana.ask("join", channel=ana.channel("Lounge"))
        await ana.ask("join", channel=sala)
        await until(lambda: ana.voice["channel"] == sala and not ana.people())


async def test_who_closes_the_tab_while_joining_is_in_no_call(sim, page):
    async with tab(page, "Marc", sound=False) as marc:
        await marc.ask("join", channel=marc.channel("Lounge"))
        sim.voice.habits.signal_delay_s = 3600  # the keys never come
        async with tab(page, "Ana", sound=False) as ana:
            lounge = ana.channel("Lounge")
            await ana.socket.send_json({"id": 99, "do": "join", "channel": lounge})
            await until(lambda: set(marc.people()) == {"Ana", "Marc"})
            assert ana.voice["state"] == "joining"
        await until(lambda: set(marc.people()) == {"Marc"})


async def test_who_becomes_somebody_else_while_joining_is_in_no_call(sim, page):
    async with tab(page, "Marc", sound=False) as marc, tab(page, "Ana", sound=False) as ana:
        await marc.ask("join", channel=marc.channel("Lounge"))
        sim.voice.habits.signal_delay_s = 0.1
        yuki = next(p["id"] for p in ana.state["people"] if p["name"] == "Yuki")
        joining = asyncio.create_task(ana.ask("join", channel=ana.channel("Lounge")))
        await until(lambda: set(marc.people()) == {"Ana", "Marc"})
        await ana.ask("become", person=yuki)
        await joining
        await until(lambda: set(marc.people()) == {"Marc"})


async def test_many_moves_of_region_leave_few_servers(sim, page):
    async with tab(page, "Ana", sound=False) as ana:
        await ana.ask("join", channel=ana.channel("Lounge"))
        for _ in range(12):
            assert await ana.ask("network", trouble="region") is None
        assert len(sim.voice._servers) < 8


async def test_who_may_not_join_is_told_why(page):
    async with tab(page, "Nico") as nico:
        assert "may not join" in await nico.ask("join", channel=nico.channel("Lounge"))
        assert nico.voice["state"] == "out"
        assert not page.desk.sim.voice.speakers
        assert "no voice channel" in await nico.ask("join", channel=nico.channel("general"))
        assert isinstance(await nico.ask("mute", muted="yes"), str)
        assert isinstance(await nico.ask("record", step="play"), str)


@pytest.mark.parametrize("frame", [b"\0" * (FRAME_BYTES - 2), b"\0" * FRAME_BYTES * 3, "text"])
async def test_what_is_no_frame_ends_the_sound_and_nothing_else(page, frame):
    async with tab(page, "Ana", sound=False) as ana:
        sound = await ana.connect()
        await (sound.send_str(frame) if isinstance(frame, str) else sound.send_bytes(frame))
        async with asyncio.timeout(HANGS_S):
            while (await sound.receive()).type is aiohttp.WSMsgType.BINARY:
                pass
        assert sound.closed
        assert await ana.ask("mute", muted=True) is None


async def test_no_other_page_and_no_wrong_key_gets_sound(page):
    async with tab(page, "Ana", sound=False) as ana:
        place = f"{page.origin}/voice?token={page.desk.token}&key={ana.voice['key']}"
        for origin in ("http://evil.example", None):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await ana.session.ws_connect(place, origin=origin)
        sound = await ana.connect(key="wrong")
        await sound.receive()
        assert sound.close_code == CLOSE_UNKNOWN


async def test_a_flood_is_dropped_and_hurts_nobody(page):
    async with tab(page, "Ana") as ana:
        await ana.ask("record", step="start")
        for _ in range(20 * BURST):
            await ana.sound.send_bytes(bytes(FRAME_BYTES))
        await ana.sound.send_str("the end")
        await until(lambda: ana.sound.closed)  # all before it was read
        assert await ana.ask("record", step="cancel") is None


async def test_a_recording_ends_at_its_limit():
    recorder = Recorder()
    quiet = np.zeros(FRAME_SAMPLES, np.int16)
    recorder._loudness = [0.0] * round(MAX_S / FRAME_S)
    await recorder.take(quiet)
    assert recorder.seconds == MAX_S
