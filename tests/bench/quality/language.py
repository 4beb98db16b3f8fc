"""How often the language of a short recording is told right when nobody names it."""

# mypy: ignore-errors

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bot.languages import LanguageHints
from bot.settings import Settings
from bot.workers.penny.build import build_recognizer, build_voices
from tests.bench.peers import plain_whisper
from tests.bench.quality.clips import CHECKING, Recording, recordings
from tests.bench.quality.findings import Chart, Section, Unit
from tests.fakes.voice_call import wer

OTHER = {"en": "es-ES", "es": "en-US"}
TOLD, UNTOLD = "told", "not told, other Discord"
HINTS = {
    TOLD: lambda own, other: LanguageHints(pinned=own),
    UNTOLD: lambda own, other: LanguageHints(locale=OTHER[own]),
    "  the operator names en,es": lambda own, other: LanguageHints(
        locale=OTHER[own], allowed={"en", "es"}
    ),
    "  last turn in it": lambda own, other: LanguageHints(locale=OTHER[own], speaker=[{own: 1.0}]),
    "  last turns in the other": lambda own, other: LanguageHints(
        locale=OTHER[own], speaker=[{other: 1.0}] * 3
    ),
}
SHOWN = {
    TOLD: "language told",
    UNTOLD: "not told",
    "  the operator names en,es": "not told, the operator names en,es",
    "  last turns in the other": "not told, last turns in the other",
}
"""The hints that the page has, and their names there."""
NAMES = {"en": "English", "es": "Spanish"}


@dataclass
class Heard:
    """What became of recordings with one kind of hint, by language.

    Attributes:
        right: How many were told right.
        errors: The word error rate of each.
        seconds: What each took, of all languages.
        taken_for: What the others were taken for.
    """

    right: Counter[str] = field(default_factory=Counter)
    errors: dict[str, list[float]] = field(default_factory=lambda: {"en": [], "es": []})
    seconds: list[float] = field(default_factory=list)
    taken_for: Counter[str | None] = field(default_factory=Counter)

    def take(self, own: str, found: str | None, error: float, seconds: float) -> None:
        self.right[own] += found == own
        self.taken_for[found] += found != own
        self.errors[own].append(error)
        self.seconds.append(seconds)

    @property
    def share(self) -> float:
        return self.right.total() / len(self.seconds)

    @property
    def wer(self) -> float:
        return float(np.mean(self.errors["en"] + self.errors["es"]))


async def hear_all(stt, every: Sequence[Recording], hints=HINTS) -> dict[str, Heard]:
    """Recognize all recordings with each kind of hint; `TOLD` is the first of them."""
    real: dict[int, str] = {}  # what is heard of a real piece when its language is told
    found = {name: Heard() for name in hints}
    for number, one in enumerate(every):
        other = "es" if one.language == "en" else "en"
        for name, hint in hints.items():
            started = time.perf_counter()
            given = hint(one.language, other)
            parts = [
                p async for p in stt.recognize(lambda _, one=one: iter([one.clip]), hints=given)
            ]
            took = time.perf_counter() - started
            words = " ".join(part.text for part in parts)
            reference = one.text or real.setdefault(number, words)
            language = parts[0].language if parts else None
            found[name].take(one.language, language, wer(words, reference), took)
    return found


def measure(weights: Callable[[str], Path]) -> Section:
    """Recognize the checking half, and let Whisper choose among all its languages beside it."""
    every, found = asyncio.run(_measure(weights))
    whisper = plain_whisper(weights, "es")
    alone = Counter(
        one.language for one in every if whisper.detect_language(one.clip)[0] == one.language
    )
    counts = Counter(one.language for one in every)
    rows = {
        f"skydeck, {SHOWN[name]}": [heard.right[code] for code in NAMES]
        for name, heard in found.items()
        if name != TOLD
    }
    rows["Whisper's own choice of 99"] = [alone[code] for code in NAMES]
    errors = {
        SHOWN[name]: [100 * float(np.mean(heard.errors[c])) for c in NAMES]
        for name, heard in found.items()
    }
    groups = [*NAMES.values()]
    return Section(
        title="The language told right",
        about=(
            "Recordings of two to three seconds. Nobody names their language, and the speaker's "
            "Discord is in the other one of the two; beside it, what an operator's setting and the "
            "turns before do."
        ),
        inputs=f"{len(every)} recordings: sentences by four voices, and pieces of a real speech",
        peer="the same Whisper (base), choosing among its 99 languages",
        charts=[
            Chart(
                title="Language told right", unit="", groups=groups, rows=rows,
                of=[counts[code] for code in NAMES],
            ),
            Chart(
                title="Word error rate", unit=Unit.PERCENT, groups=groups, rows=errors,
            ),
        ],
    )  # fmt: skip


async def _measure(weights) -> tuple[list[Recording], dict[str, Heard]]:
    settings = Settings(_env_file=None)
    stt, tts = build_recognizer(settings, weights), build_voices(settings, weights)
    await stt.warm_up()
    every = [one async for one in recordings(tts, CHECKING)]
    found = await hear_all(stt, every, {name: HINTS[name] for name in SHOWN})
    await tts.close()
    await stt.close()
    return every, found
