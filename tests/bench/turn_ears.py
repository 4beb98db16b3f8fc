"""The product's own ears, for streams that are faster than time."""

# mypy: ignore-errors

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from audio import codec
from audio.turn_detector import TurnDetector
from audio.vad import Vad
from bot.languages import LanguageHints
from bot.workers.penny.stt import Whisper


class Ears:
    """The models that hear a turn. `close` frees what runs."""

    def __init__(self, weights: Callable[[str], Path]) -> None:
        self.vad = Vad(weights("silero-vad") / "model.onnx")
        self.detector = TurnDetector(weights("smart-turn-v3.2") / "model.onnx")
        self.whisper = Whisper(
            lambda: weights("whisper-tiny.en"), lambda: weights("whisper-base"), threads=2
        )

    def hear(self, ogg: bytes, language: str) -> str:
        """The words of a clip whose language is told. Blocks; no event loop may run."""
        samples = codec.decode(ogg, limit_s=120)[-28 * 16_000 :]

        async def words() -> str:
            hints = LanguageHints(pinned=language)
            heard = self.whisper.recognize(lambda _: iter([samples]), hints=hints)
            return " ".join([segment.text async for segment in heard]).strip()

        return asyncio.run(words())

    def close(self) -> None:
        self.detector.close()
        asyncio.run(self.whisper.close())


class Simulated:
    """The turn detector on simulated time: it takes as long as its one thread computed just now.

    On the clock, other programs would decide which pauses its answer comes in time for.
    """

    def __init__(self, turns: TurnDetector) -> None:
        self._turns = turns
        self._waiting: list[tuple[float, Future[float], float]] = []
        self._now_s = 0.0

    def ask(self, samples) -> Future[float]:
        started = time.thread_time()
        completeness = self._turns.completeness(samples)
        took_s = time.thread_time() - started
        answer: Future[float] = Future()
        self._waiting.append((self._now_s + took_s, answer, completeness))
        return answer

    def advance(self, now_s: float) -> None:
        self._now_s = now_s
        for due_s, answer, completeness in self._waiting:
            if due_s <= now_s and not answer.done():
                answer.set_result(completeness)
        self._waiting = [entry for entry in self._waiting if not entry[1].done()]
