"""From `skydeck try` to a spoken answer: a browser's microphone, a browser's loudspeaker.

The first test's microphone is Chromium's own fake one, which plays a recorded question again and
again. The others' plays what the test says, when it says so.
"""

# mypy: ignore-errors

import asyncio
import base64
import re
from contextlib import asynccontextmanager

import numpy as np
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import TimeoutError as NotYet

from audio import codec
from audio.constants import OPUS_RATE_HZ, SPEECH_RATE_HZ
from audio.samples import from_pcm
from bot.workers.penny.stt import Whisper
from bot.workers.penny.tts import LocalVoices
from tests.fakes.chromium import NARROW, WIDE, chromium, opened
from tests.paths import CLIPS
from tests.waiting import HANGS_S

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.models]

HEARS = """async () => {
  const { listeners } = await import("/static/voice.js");
  window.heard = [];
  window.came = () => {};
  listeners.heard = (pcm) => {
    window.heard.push(...new Int16Array(pcm));
    window.came();
  };
}"""
COMES = """(samples) => new Promise((done) => {
  window.came = () => window.heard.length > samples && done();
  window.came();
})"""
HEARD = """() => {
  const bytes = new Uint8Array(new Int16Array(window.heard.splice(0)).buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}"""
LOOK = "(channel) => import('/static/page.js').then(({ ask }) => ask('look', { channel }))"
MICROPHONE = """(() => {
  const context = new AudioContext({ sampleRate: 48000 });
  const microphone = context.createMediaStreamDestination();
  navigator.mediaDevices.getUserMedia = async () => {
    await context.resume();
    return microphone.stream.clone();
  };
  window.speak = async (wav) => {
    const bytes = Uint8Array.from(atob(wav), (one) => one.charCodeAt(0));
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(bytes.buffer);
    source.connect(microphone);
    await new Promise((done) => { source.onended = done; source.start(); });
  };
})()"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory):
    """A Chromium whose microphone hears a question every 20 s, and nothing else."""
    question = codec.decode(CLIPS / "question.wav", rate_hz=OPUS_RATE_HZ, limit_s=10)
    heard = np.zeros(20 * OPUS_RATE_HZ, np.float32)
    heard[OPUS_RATE_HZ : OPUS_RATE_HZ + len(question)] = question
    file = tmp_path_factory.mktemp("microphone") / "question.wav"
    file.write_bytes(codec.wav(heard, OPUS_RATE_HZ))
    async with chromium(
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={file}",
    ) as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ears(weights):
    """What is said in PCM of 48 kHz, in words."""
    whisper = Whisper(
        lambda: weights("whisper-tiny.en"), lambda: weights("whisper-base"), threads=1
    )

    async def words_of(pcm):
        sound = codec.decode(
            codec.wav(from_pcm(pcm), OPUS_RATE_HZ), rate_hz=SPEECH_RATE_HZ, limit_s=600
        )
        return " ".join([one.text async for one in whisper.recognize(lambda _: iter([sound]))])

    yield words_of
    await whisper.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def says(weights):
    """A person's words as a WAV file in base64, in Piper's voice."""
    voices = LocalVoices(weights, threads=1)

    async def spoken(text):
        samples, rate_hz = await voices.synthesize(text, language="en", voice=None)
        return base64.b64encode(codec.wav(samples, rate_hz)).decode()

    yield spoken
    await voices.close()


class Caller:
    """Somebody's tab, in the lounge."""

    def __init__(self, page):
        self.page = page
        self.sound = np.zeros(0, np.int16)
        self.alfred = page.locator("#call-people li", has_text="Alfred")
        self.log = page.locator("#log")

    async def joins(self):
        """Press the button, and be in the call."""
        await self.page.get_by_role("button", name="Join Lounge").click()
        await self.page.locator("#call-state", has_text="In Lounge").wait_for()

    async def calls_alfred(self):
        """Use /join, and again if Discord says that the bot did not respond."""
        failed = self.page.get_by_text("The application did not respond")
        for _ in range(3):
            await self.page.fill("#words", "/join")
            await self.page.locator("#palette [role=option]", has_text="/join").first.click()
            await self.page.keyboard.press("Enter")
            try:
                await self.alfred.or_(failed).first.wait_for()
            except NotYet:
                break
            if not await failed.count():
                await self.reads("Ana called me")
                return
            await self.page.get_by_role("button", name="Cancel").click()  # it says so, and stays
        pytest.fail(f"he did not come, and this read: {await self.log.inner_text()}")

    async def leaves(self):
        """Hang up."""
        await self.page.get_by_role("button", name="Leave").click()
        await self.page.get_by_role("button", name="Join Lounge").wait_for()

    async def speaks(self, wav):
        """Say it, to the end."""
        await self.page.evaluate("(wav) => window.speak(wav)", wav)

    async def asks(self, wav, answer):
        """Say it until an answer with these words reads: who got no answer says it again."""
        answered = self.log.locator("article", has_text=re.compile(answer)).last
        for _ in range(3):
            await self.speaks(wav)
            try:
                return await answered.wait_for(timeout=HANGS_S * 1000 / 3)
            except NotYet:
                continue
        pytest.fail(f"{answer!r} was not answered, and this read: {await self.log.inner_text()}")

    async def hears(self):
        """All that came since this was last forgotten: PCM."""
        came = base64.b64decode(await self.page.evaluate(HEARD))
        self.sound = np.concatenate([self.sound, np.frombuffer(came, "<i2")])
        return self.sound

    async def until_heard(self, seconds):
        """Wait until so much has come since it was last asked for."""
        async with asyncio.timeout(HANGS_S):
            await self.page.evaluate(COMES, seconds * OPUS_RATE_HZ)

    async def hears_alfred_say(self, word, ears):
        """Wait until he has said it, pausing between sentences."""
        heard = ""
        while word not in heard.lower():
            try:
                await self.until_heard(0)
            except TimeoutError:
                pytest.fail(f"{heard!r} was heard, and this read: {await self.log.inner_text()}")
            await self.until_alfred(speaks=False)
            heard = await ears(await self.hears())
        self.sound = self.sound[:0]

    async def until_alfred(self, *, speaks):
        """Wait until he speaks, or has stopped."""
        mark = ".speaking" if speaks else ":not(.speaking)"
        await self.page.wait_for_selector(f"#call-people li{mark}:has-text('Alfred')")

    async def reads(self, words):
        """Wait for a message of Alfred's with these words; its text."""
        message = self.log.locator("article", has_text=re.compile(words)).last
        await message.wait_for()
        return await message.inner_text()


@asynccontextmanager
async def caller(browser, tried, who, *, own_microphone=False):
    """Somebody's tab, looking at the lounge."""
    page = await opened(
        browser, f"{tried.address}&as={who}", script=MICROPHONE if own_microphone else ""
    )
    try:
        await page.locator("#channels .place", has_text="Lounge").click()
        await page.get_by_role("button", name="Join Lounge").wait_for()
        await page.evaluate(HEARS)
        yield Caller(page)
        assert page.complaints == []
    finally:
        await page.context.close()


async def test_a_question_at_the_microphone_gets_a_spoken_answer(browser, tried, ears):
    async with caller(browser, tried, "Ana") as ana:
        await ana.joins()
        await ana.calls_alfred()
        await ana.hears_alfred_say("paris", ears)
        await ana.reads("capital of France")
        began = await ana.page.evaluate("import('/static/voice.js').then((m) => m.counts.began)")
        assert began > 0  # it did not only come, it was played
        await ana.page.click("#panel-toggle")  # and it shows where the time went
        turn = ana.page.locator("#panel details", has_text="Spoken").first
        # Recognition may take no time of its own: it runs while more speech is awaited.
        await turn.locator("tr", has_text="playback").wait_for()


async def test_consent_two_tabs_as_two_people_and_barge_in(browser, tried, ears, says):
    question = await says("Alfred, what is the capital of Spain?")
    story = await says("Tell me a long story about a dog and a cat.")
    other = await says("No, wait. I want to ask you this: what is the capital of Spain?")
    async with (
        caller(browser, tried, "Ana", own_microphone=True) as ana,
        caller(browser, tried, "Marc", own_microphone=True) as marc,
    ):
        await ana.joins()
        if not await ana.alfred.count():
            await ana.calls_alfred()
            await ana.hears_alfred_say("button", ears)  # he says hello
        await marc.joins()
        ask = marc.log.locator("article", has_text="Marc: I only listen to people who agree")
        await ask.wait_for()
        # Who has not agreed is heard by people, and not by Alfred.
        await marc.speaks(question)
        assert "capital" in (await ears(await ana.hears())).lower()
        await ask.get_by_role("button", name="Listen to me").click()
        await marc.reads("Thank you")
        await marc.asks(question, "capital of Spain")
        await marc.reads("💬")
        await marc.leaves()
        # Alone with her, Alfred tells a story, and is interrupted: both lines are open at once.
        await ana.log.locator("article", has_text="▌").wait_for(state="detached")
        await ana.until_alfred(speaks=False)
        await ana.hears()
        await ana.speaks(story)
        await ana.until_heard(2.0)
        await ana.speaks(other)
        await ana.reads("interrupted")


async def test_without_a_microphone_one_listens_and_is_told(browser, site):
    refuses = """navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException("no", "NotAllowedError");
    };"""
    page = await opened(browser, f"{site.address}&as=Lucía", script=refuses)
    await page.locator("#channels .place", has_text="Lounge").click()
    await page.get_by_role("button", name="Entrar en Lounge").click()
    await page.locator("#call-state", has_text="En Lounge").wait_for()
    await page.locator("#notices", has_text="permítelo").wait_for()
    assert page.complaints == []
    await page.context.close()
    missing = """Object.defineProperty(navigator, "mediaDevices", { value: undefined });"""
    page = await opened(browser, f"{site.address}&as=Ana", script=missing)
    await page.locator("#channels .place", has_text="Lounge").click()
    await page.get_by_role("button", name="Join Lounge").click()
    await page.locator("#notices", has_text="skydeck try shows").wait_for()
    await page.locator("#call-state", has_text="In Lounge").wait_for()
    assert page.complaints == []
    await page.context.close()


RING = """async () => {
  globalThis.AudioWorkletProcessor = class {
    constructor() { this.port = { postMessage: (told) => (dropped += told.dropped ?? 0) }; }
  };
  globalThis.sampleRate = 48000;
  globalThis.currentTime = 1;
  let made, dropped = 0;
  globalThis.registerProcessor = (name, one) => (made = one);
  await import("/static/loudspeaker.js");
  const ring = new made();
  const frame = (level) => ring.take(new Int16Array(960).fill(level * 32768));
  const plays = (samples) => {  // how many of them are heard
    let heard = 0;
    for (let at = 0; at < samples; at += 120) {
      const out = new Float32Array(120);
      ring.process([], [[out]]);
      heard += out.filter((one) => Math.abs(one) > 0.4).length;
      globalThis.currentTime += 120 / 48000;
    }
    return heard;
  };
  const facts = {};
  frame(0.5);
  facts.waits = plays(480);
  frame(0.5);
  facts.begins = plays(1920);
  facts.dry = plays(960);
  frame(0.5);
  frame(0.5);
  facts.waitsLonger = plays(480);
  frame(0.5);
  facts.goesOn = plays(2880);
  plays(48000);
  frame(0.5);
  facts.short = plays(4800);
  for (let n = 0; n < 40; n += 1) frame(0.5);
  facts.dropped = dropped;
  facts.held = ring.held;
  return facts;
}"""


async def test_the_loudspeaker_waits_for_late_packets_and_throws_the_past_away(browser, site):
    page = await opened(browser, f"{site.address}&as=Ana")
    facts = await page.evaluate(RING)
    await page.context.close()
    ramp, echo = 100, 20  # samples: it begins softly, and fades
    assert facts["waits"] == 0
    assert facts["begins"] == pytest.approx(1920, abs=ramp)
    assert facts["dry"] <= echo
    assert facts["waitsLonger"] <= echo  # it ran dry in the middle of speech: 60 ms now
    assert facts["goesOn"] == pytest.approx(2880, abs=ramp)
    assert facts["short"] == pytest.approx(960, abs=ramp)
    assert facts["held"] + facts["dropped"] == 40 * 960
    assert facts["held"] <= 12 * 960


async def test_push_to_talk_with_the_keyboard_alone_and_a_recorded_message(browser, site):
    page = await opened(browser, f"{site.address}&as=Marc", script=MICROPHONE)
    await page.locator("#channels .place", has_text="Lounge").focus()
    await page.keyboard.press("Enter")
    join = page.get_by_role("button", name="Join Lounge")
    await join.focus()
    await page.keyboard.press("Enter")
    push = page.get_by_role("button", name="Push to talk")
    await push.focus()
    await page.keyboard.press("Space")
    own = page.locator("#call-people li.speaking", has_text="Marc")
    await page.locator("#call-state", has_text="In Lounge").wait_for()
    await page.get_by_role("button", name="Hold to talk").wait_for()
    await page.keyboard.down("F9")
    await own.wait_for()
    await page.keyboard.up("F9")
    await own.wait_for(state="detached")
    await page.get_by_role("button", name="Record a voice message").focus()
    await page.keyboard.press("Enter")
    await page.locator("#recording").get_by_text("Recording 0:01").wait_for()
    await page.keyboard.press("Enter")  # the button to send it has the focus
    await page.locator("#log article.own audio").wait_for()
    assert page.complaints == []
    await page.context.close()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_all_can_use_the_bar(browser, site, size, colours):
    """axe-core, with all of it open; and nothing is wider than the page."""
    address = f"{site.address}&as=Lucía"
    page = await opened(browser, address, script=MICROPHONE, viewport=size, color_scheme=colours)
    lounge = next(iter(site.sim.backend.world.guilds.values())).channels.values()
    number = next(one.id for one in lounge if one.name == "Lounge")
    await page.evaluate(LOOK, str(number))
    await page.get_by_role("button", name="Entrar en Lounge").click()
    await page.locator("#call-network summary").click()
    await page.get_by_role("button", name="Pulsar para hablar").click()
    await page.get_by_role("button", name="Mantén pulsado").wait_for()
    await page.get_by_role("button", name="Silenciar").click()
    await page.locator("#call-people [role=img]").wait_for()
    await page.get_by_role("button", name="Grabar un mensaje de voz").click()
    await page.locator("#recording").wait_for()
    found = (await Axe().run(page)).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert page.complaints == []
    await page.context.close()
