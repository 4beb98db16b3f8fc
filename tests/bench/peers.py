"""Who stands beside us: the same models one after another, and pipecat's own analyzers.

pipecat-ai 1.14.0 (`pipecat_peer.py`) runs in a Python of its own, because its dependencies are not
ours:

    python -m venv peer && peer/bin/pip install pipecat-ai==1.14.0
    SKYDECK_PIPECAT_PYTHON=peer/bin/python make bench       (or make eval)
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from audio import codec
from bot.clock import SystemClock
from bot.contract import Context, Input, System
from bot.llm_source import TINY
from bot.processors import model_threads, usable_processors
from bot.workers.penny.build import STT_ENGLISH, STT_MULTILINGUAL
from bot.workers.penny.prompt import converse_prompt
from bot.workers.penny.tts import LocalVoices
from bot.workers.protocols import complete
from bot.workers.qwen import Qwen
from tests.bench.conversation import Conversation

SILENCE_S = 1.5
"""How much silence ends a turn in Python bots for Discord: Hermes' and ElizaOS' figure."""


_PATIENCE_S = 1800


class PeerMissing(Exception):
    """A peer is not on this machine; the message says how to get it."""


def plain_whisper(weights: Callable[[str], Path], language: str) -> Any:
    """faster-whisper as it comes, with the model that we use for a language."""
    from faster_whisper import WhisperModel

    name = STT_ENGLISH if language == "en" else STT_MULTILINGUAL
    return WhisperModel(str(weights(name)), compute_type="int8", cpu_threads=usable_processors())


@dataclass(frozen=True, slots=True)
class PeerTurn:
    """Where a turn's time went, in seconds."""

    recognizing_s: float
    thinking_s: float
    speaking_s: float

    @property
    def total_s(self) -> float:
        return self.recognizing_s + self.thinking_s + self.speaking_s


class OneAfterAnother:
    """The same models without anything of ours: recognize, answer, speak; in English."""

    def __init__(self, weights: Callable[[str], Path], *, llm: str = TINY) -> None:
        self.voices = LocalVoices(weights)
        self._qwen = Qwen(lambda: weights(llm) / "model.gguf", threads=model_threads())
        self._whisper = plain_whisper(weights, "en")

    async def turn(self, clip: Input, clock: SystemClock) -> PeerTurn:
        """One turn, one step after another."""
        started = clock.now()
        samples = codec.decode(base64.b64decode(clip.data), limit_s=60)
        segments, _ = self._whisper.transcribe(samples, beam_size=1, language="en")
        question = "".join(segment.text for segment in segments)
        recognized = clock.now()
        prompt = converse_prompt(
            question,
            system=System.DECK,
            language="en",
            context=Context(),
            max_tokens=200,
            room_chars=10_000,
        )
        reply, _ = await complete(self._qwen, prompt)
        thought = clock.now()
        await self.voices.synthesize(reply, language="en", voice=None)
        return PeerTurn(recognized - started, thought - recognized, clock.now() - thought)

    async def close(self) -> None:
        await self._qwen.close()
        await self.voices.close()


def pipecat(conversations: Sequence[Conversation], folder: Path) -> dict[str, Any]:
    """What pipecat decides for each stream: `starts` and `ends` of turns in seconds.

    Raises:
        PeerMissing: It is not there, or failed.
    """
    own = sys.executable if find_spec("pipecat") else None
    python = os.environ.get("SKYDECK_PIPECAT_PYTHON", own)
    if python is None:
        raise PeerMissing("pipecat-ai 1.14.0 is not installed (tests/bench/peers.py says how)")
    streams = folder / "streams.npz"
    np.savez(streams, *[conversation.samples for conversation in conversations])
    peer = Path(__file__).with_name("pipecat_peer.py")
    try:
        done = subprocess.run(
            [python, str(peer), str(streams)],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_S,
        )
    except OSError as e:
        raise PeerMissing(f"SKYDECK_PIPECAT_PYTHON cannot be started: {e.strerror}") from e
    except subprocess.TimeoutExpired as e:
        raise PeerMissing(f"pipecat had not answered after {_PATIENCE_S} s") from e
    if done.returncode != 0:
        raise PeerMissing(f"pipecat failed: {' '.join(done.stderr.split())[-300:]}")
    return json.loads(done.stdout)
