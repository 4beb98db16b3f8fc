"""Recognition while somebody speaks: Moonshine beside Whisper's short context, as it is today.

Questions are recognised as far as they were said, again and again, and read into the language
model's cache. The last pass is Whisper's in any case, which hears better beside other voices and
takes a name as a hint. So what counts is how much of *its* words the model has read by then.

Found (2 busy cores, 13 recordings, 239 words): Moonshine takes half of the processor's time (66 ms
instead of 132 a partial, 1.7 s instead of 3.3 a minute of speech) and gets fewer words wrong (7 %
instead of 9). But the model has twice as many words left to read at the end (100 instead of 52, no
fewer with partials twice as often), and the quick model's last reading takes 1.3 times
its time: Moonshine writes "six" for "6", and commas where Whisper has none, and behind the
first difference nothing in the cache counts. That comes after the last word, where a turn waits for
it; nobody waits for what a partial saves. So skydeck does not use it.

    python -m pip download --no-deps moonshine-voice==0.0.55 && python -m zipfile -e *.whl FOLDER
    SKYDECK_MOONSHINE=FOLDER/moonshine_voice/assets/tiny-en \\
        python -m pytest -m bench tests/bench/test_partials.py -s
"""

# mypy: ignore-errors

import os
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from audio import codec
from audio.constants import SPEECH_RATE_HZ
from bot.contract import Context, System
from bot.languages import LanguageHints
from bot.plain_words import words_of
from bot.workers.penny.prompt import converse_prompt
from bot.workers.penny.stt import Whisper
from bot.workers.penny.tts import LocalVoices
from tests.bench.moonshine import Moonshine
from tests.fakes.voice_call import wer

FOLDER = os.environ.get("SKYDECK_MOONSHINE", "")
pytestmark = [
    pytest.mark.bench,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not FOLDER, reason="SKYDECK_MOONSHINE is not set"),
]

QUESTIONS = (
    "I am going to cook for six people tonight, so tell me what I could make with rice and beans.",
    "My brother lives in Canada and his birthday is on Sunday. What present would you send to him?",
    "We have a garden that gets very little sun in winter. Which flowers would grow well in there?",
    "Could you please explain to me in one sentence why the sky is blue during the day?",
)
JFK = (
    "And so my fellow Americans ask not what your country can do for you "
    "ask what you can do for your country"
)
WHISPER, MOONSHINE = "whisper", "moonshine"
TODAY_MS = 2_000
"""Of speech, from one partial to the next: `partial_every_ms` of the endpointing."""
EVERY_MS = (TODAY_MS, 1_000)
TAKES = 3
"""Piper says a question differently each time."""


@dataclass
class Way:
    """What one ear's partials took (seconds), and came to (words)."""

    took: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    read: int = 0
    left: int = 0


@pytest.fixture
async def ears(weights):
    """Each hears a clip: the beginning of a question, or, with `is_partial=False`, all."""
    whisper = Whisper(
        lambda: weights("whisper-tiny.en"), lambda: weights("whisper-base"), threads=2
    )
    moonshine = Moonshine(Path(FOLDER), threads=2)

    async def by_whisper(clip, *, is_partial=True):
        heard = whisper.recognize(
            lambda _: iter([clip]), hints=LanguageHints(pinned="en"), is_partial=is_partial
        )
        return " ".join([segment.text async for segment in heard]).strip()

    async def by_moonshine(clip):
        return moonshine.words(clip)

    yield {WHISPER: by_whisper, MOONSHINE: by_moonshine}
    await whisper.close()


@pytest.fixture
async def spoken(weights, clips):
    """What is said, and its sound at 16 kHz."""
    voices = LocalVoices(weights)
    sounds = []
    for text in QUESTIONS * TAKES:
        samples, rate = await voices.synthesize(text, language="en", voice=None)
        sounds.append((text, codec.decode(codec.wav(samples, rate), limit_s=60)))
    await voices.close()
    return [*sounds, (JFK, codec.decode(clips / "jfk.flac", limit_s=60))]


@pytest.fixture
async def whole(ears, spoken):
    """Whisper's words of all of it: the last pass. Both ears are warm then."""
    ears_by = list(ears.values())
    for hear in ears_by:
        await hear(spoken[0][1])
    return [await ears[WHISPER](clip, is_partial=False) for _, clip in spoken]


def beginnings(clip, every_ms):
    step = every_ms * SPEECH_RATE_HZ // 1000
    return [clip[:end] for end in range(step, len(clip), step)]


async def test_what_partials_cost_and_how_much_they_leave(ears, spoken, whole):
    ways = defaultdict(Way)
    for number, (_, clip) in enumerate(spoken):
        for every_ms in EVERY_MS:
            for ear in sorted(ears, reverse=bool(number % 2)):
                parts = beginnings(clip, every_ms)
                await follow(ways[ear, every_ms], ears[ear], parts, whole[number])
    minutes = sum(len(clip) for _, clip in spoken) / SPEECH_RATE_HZ / 60
    words = sum(len(text.split()) for text in whole)
    print(
        f"\n{'partial by, every':22} a partial    cpu   cpu a minute   read ahead   left of {words}"
    )
    for (ear, every_ms), way in ways.items():
        today = ways[WHISPER, TODAY_MS]
        print(
            f"{ear:12}{every_ms:6} ms {ms(way.took):8.0f} ms {ms(way.cpu):4.0f} ms "
            f"{sum(way.cpu) / minutes:8.2f} s {way.read:12} {way.left:12}   "
            f"cpu {sum(way.cpu) / sum(today.cpu):.2f}, left {way.left / today.left:.2f} of today's"
        )


async def follow(way, hear, clips, whole):
    """One question, partial by partial; an empty one leaves what the model has read."""
    last = ""
    for clip in clips:
        began, began_cpu = time.perf_counter(), time.process_time()
        words = await hear(clip)
        way.took.append(time.perf_counter() - began)
        way.cpu.append(time.process_time() - began_cpu)
        if words:
            way.read += words_behind(last, words)
            last = words
    way.left += words_behind(last, whole)


def words_behind(read, words):
    """How many words a model has to read anew."""
    return len(words[shared(read, words) :].split())


def shared(one, other):
    """How long the common beginning of two texts or lists is."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


async def test_how_long_the_model_reads_after_the_last_pass(qwen, ears, spoken, whole):
    took, cpu = defaultdict(list), defaultdict(list)
    for number, (_, clip) in enumerate(spoken):
        for ear in sorted(ears, reverse=bool(number % 2)):
            heard = [await ears[ear](part) for part in beginnings(clip, TODAY_MS)]
            for words in ["", *filter(None, heard)]:  # the conversation before; then its question
                await qwen.warm_up(prompt_of(words))
            began, began_cpu = time.perf_counter(), time.process_time()
            await qwen.warm_up(prompt_of(whole[number]))
            took[ear].append(time.perf_counter() - began)
            cpu[ear].append(time.process_time() - began_cpu)
    print()
    for ear in ears:
        ratio = sum(cpu[ear]) / sum(cpu[WHISPER])
        print(
            f"{ear:12} {ms(took[ear]):6.0f} ms  cpu {ms(cpu[ear]):5.0f} ms  {ratio:.2f} of today's"
        )


def prompt_of(question):
    return converse_prompt(
        question,
        system=System.DECK,
        language="en",
        context=Context(),
        max_tokens=1,
        room_chars=10_000,
    )


async def test_how_many_words_of_partials_are_wrong(ears, spoken, whole):
    """Against the beginning of what is said that fits best, since a cut clip ends anywhere."""
    print()
    for ear, hear in ears.items():
        rates, kept = [], []
        for (text, clip), end in zip(spoken, whole, strict=True):
            last = words_of(end)
            for part in beginnings(clip, 1_000):
                words = await hear(part)
                rates.append(best_wer(text, words))
                own = words_of(words)
                kept.append(shared(own, last) / max(1, len(own)))
        print(
            f"{ear:12} {len(rates)} partials: {100 * statistics.mean(rates):.1f} % of words wrong, "
            f"words that begin the last pass, too {100 * statistics.mean(kept):.1f} %"
        )


def best_wer(text, words):
    said = words_of(text)
    return min(wer(words, " ".join(said[:count])) for count in range(1, len(said) + 1))


def ms(values):
    return 1000 * statistics.median(values)
