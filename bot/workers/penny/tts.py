"""Speech synthesis with Piper and eSpeak NG; `voices.py` chooses between them."""

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from audio.samples import Samples
from bot.errors import WeightsError
from bot.languages import DEFAULT
from bot.processors import usable_processors
from bot.workers.device import runtime_missing
from bot.workers.penny.espeak import Espeak
from bot.workers.penny.voices import Engine, choose_voice


class Synthesizer(Protocol):
    """Converts text to speech."""

    async def synthesize(
        self, text: str, *, language: str, voice: str | None
    ) -> tuple[Samples, int]:
        """Speak `text`. Returns mono samples and their rate in Hz.

        Raises:
            BadInput: There is no such voice.
        """
        ...

    async def warm_up(self) -> None:
        """Load the voices."""
        ...

    async def close(self) -> None:
        """Unload the voices."""
        ...


class LocalVoices:
    """A `Synthesizer` on this machine's CPU. It speaks one text at a time.

    Args:
        folder: Returns the folder of a Piper voice's `voice.onnx` by the model's name in the
            manifest; called on a voice's first use.
        threads: Processor threads for Piper; 0: as many as this process may use.
    """

    def __init__(self, folder: Callable[[str], Path], *, threads: int = 0) -> None:
        self._folder = folder
        self._threads = threads or usable_processors()
        self._piper: dict[str, Any] = {}
        self._loading = threading.Lock()
        self._espeak = Espeak()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="tts")

    async def synthesize(
        self, text: str, *, language: str, voice: str | None
    ) -> tuple[Samples, int]:
        """Speak `text`. The voice is one of `VOICES` or another of eSpeak's; None: by language.

        Raises:
            BadInput: There is no such voice.
            WeightsError: The voice cannot be loaded.
            JobFailed: The engine failed.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, self._say, text, language, voice)

    async def warm_up(self) -> None:
        """Load the default language's voice, and speak a word with it."""
        await self.synthesize("Hello.", language=DEFAULT, voice=None)

    async def close(self) -> None:
        """Unload the voices."""
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)
        self._piper.clear()

    def _say(self, text: str, language: str, voice: str | None) -> tuple[Samples, int]:
        chosen = choose_voice(language, voice)
        if chosen.engine is Engine.PIPER:
            piper = self._load(chosen.model)
            pieces = [chunk.audio_float_array for chunk in piper.synthesize(text)]
            sound = np.concatenate([*pieces, np.zeros(0, np.float32)])
            return sound.astype(np.float32), int(piper.config.sample_rate)
        return self._espeak.synthesize(text, chosen.name)

    def _load(self, model: str) -> Any:
        with self._loading:
            if model not in self._piper:
                folder = self._folder(model)
                try:
                    self._piper[model] = _load_piper(folder / "voice.onnx", self._threads)
                except ImportError:
                    raise runtime_missing() from None
                except (RuntimeError, ValueError, OSError) as e:
                    raise WeightsError(
                        f"Piper's voice {model} could not be loaded ({e}).",
                        hint="skydeck models verify",
                    ) from e
            return self._piper[model]


def _load_piper(model: Path, threads: int) -> Any:
    """What `PiperVoice.load` does, but that takes a thread for each core of the machine."""
    import onnxruntime  # noqa: PLC0415  (heavy)
    from piper import PiperConfig, PiperVoice  # noqa: PLC0415  (heavy)

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    config = PiperConfig.from_dict(json.loads(Path(f"{model}.json").read_text("utf-8")))
    session = onnxruntime.InferenceSession(
        str(model), sess_options=options, providers=["CPUExecutionProvider"]
    )
    return PiperVoice(session=session, config=config)
