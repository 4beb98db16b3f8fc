"""Speech synthesis with Piper, Kokoro and eSpeak NG; `voice_book.py` chooses between them."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from audio.samples import Samples
from bot.errors import BadInput, JobFailed, WeightsError
from bot.languages import DEFAULT
from bot.processors import usable_processors
from bot.voices.voice_book import Engine, Voice, VoiceBook
from bot.workers.device import runtime_missing
from bot.workers.load_errors import load_error
from bot.workers.penny import espeak
from bot.workers.penny.kokoro import Kokoro
from bot.workers.penny.voice_files import check_piper

log = logging.getLogger(__name__)

_UNLOADABLE = (RuntimeError, ValueError, OSError, LookupError, TypeError, MemoryError)
_MAX_PIPER = 8
"""How many of Piper's voices stay loaded, in about 100 MB each: people may choose any of them."""


class Sound(NamedTuple):
    """Mono samples, their rate, and whether the text ends with them; those may be none."""

    samples: Samples
    rate_hz: int
    is_last: bool = True


class Synthesizer(Protocol):
    """Converts text to speech."""

    def stream(self, text: str, *, language: str, voice: str | None) -> AsyncGenerator[Sound, None]:
        """Speak `text`; yields sound as it is made. Closing it stops the work.

        Raises:
            BadInput: There is no such voice.
        """

    async def warm_up(self) -> None:
        """Load the voices."""

    async def close(self) -> None:
        """Unload the voices."""


class LocalVoices:
    """A `Synthesizer` on this machine's CPU. It speaks one text at a time.

    Args:
        folder: Returns the folder of a Piper voice's `voice.onnx` by the model's name in the
            manifest; called on a voice's first use.
        threads: Processor threads for Piper and Kokoro; 0: as many as this process may use.
        book: Returns all voices of this machine; called now and then, since one may pull another.
        kokoro: Returns Kokoro's model; None: there is none.
    """

    def __init__(
        self,
        folder: Callable[[str], Path],
        *,
        threads: int = 0,
        book: Callable[[], VoiceBook] = VoiceBook,
        kokoro: Callable[[], Path | None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._threads = threads or usable_processors()
        self._book = book
        self._kokoro_file = kokoro
        self._piper: dict[Voice, Any] = {}
        self._kokoro: Kokoro | None = None
        self._broken: set[Voice] = set()
        self._loading = threading.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="tts")

    async def synthesize(
        self, text: str, *, language: str, voice: str | None
    ) -> tuple[Samples, int]:
        """Speak `text`. The voice is one of the book's or another of eSpeak's; None: by language.

        Raises:
            BadInput: There is no such voice.
            WeightsError: The voice cannot be loaded.
            JobFailed: The engine failed.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, self._say, text, language, voice)

    def knows(self, voice: str) -> bool:
        """Whether a voice of this name is in the book. Blocks."""
        return any(one.name == voice for one in self._book().all)

    async def stream(
        self, text: str, *, language: str, voice: str | None
    ) -> AsyncGenerator[Sound, None]:
        """Speak `text`, as `synthesize` does; the sound comes in one piece."""
        yield Sound(*await self.synthesize(text, language=language, voice=voice))

    async def warm_up(self) -> None:
        """Load the default language's voice, and speak a word with it."""
        await self.synthesize("Hello.", language=DEFAULT, voice=None)

    async def close(self) -> None:
        """Unload the voices."""
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)
        self._piper.clear()
        self._kokoro = None

    def _say(self, text: str, language: str, voice: str | None) -> tuple[Samples, int]:
        book = self._book()
        if voice is not None:
            return self._say_with(book.choose(language, voice), text)
        for broken in self._broken:
            book = book.without(broken)
        while True:
            chosen = book.choose(language, None)
            try:
                return self._say_with(chosen, text)
            except (WeightsError, BadInput, JobFailed) as e:
                if chosen.file is None and (chosen not in book.chosen.values() or chosen.model):
                    raise
                # Nobody asked for this very voice, so another speaks rather than none.
                log.warning("%s cannot speak, so another voice does: %s", chosen.name, e)
                if not isinstance(e, JobFailed):  # which may be about this text alone
                    self._broken.add(chosen)
                book = book.without(chosen)

    def _say_with(self, voice: Voice, text: str) -> tuple[Samples, int]:
        match voice.engine:
            case Engine.PIPER:
                return _speak_piper(self._load(voice), text)
            case Engine.KOKORO:
                style = voice.file or Path()
                return self._load_kokoro().synthesize(text, style=style, espeak=voice.language)
        return espeak.synthesize(text, voice.name)

    def _load(self, voice: Voice) -> Any:
        with self._loading:
            if voice not in self._piper:
                path = self._folder(voice.model) / "voice.onnx" if voice.model else voice.file
                try:
                    model = check_piper(path or Path())
                    self._piper[voice] = _load_piper(model, self._threads)
                except ImportError:
                    raise runtime_missing() from None
                except _UNLOADABLE as e:
                    hint = "skydeck models verify" if voice.model else f"Check {path}."
                    name = f"Piper's voice {voice.model or voice.name}"
                    raise load_error(name, e, hint=hint) from e
            model = self._piper[voice] = self._piper.pop(voice)  # the latest comes last
            if len(self._piper) > _MAX_PIPER:
                del self._piper[next(iter(self._piper))]
            return model

    def _load_kokoro(self) -> Kokoro:
        with self._loading:
            if self._kokoro is None:
                file = self._kokoro_file()
                if file is None:
                    raise WeightsError(
                        "Kokoro's model is not there.",
                        hint="skydeck models pull af_heart, or set SKYDECK_KOKORO_DIR.",
                    )
                self._kokoro = Kokoro(file, threads=self._threads)
            return self._kokoro


def _speak_piper(piper: Any, text: str) -> tuple[Samples, int]:
    try:
        pieces = [chunk.audio_float_array for chunk in piper.synthesize(text)]
    except Exception as e:  # the operator's own model may fail in any way
        why = " ".join(str(e).split())[:200]
        raise JobFailed(f"Piper failed ({why}).", service_code="tts") from e
    sound = np.concatenate([*pieces, np.zeros(0, np.float32)])
    return sound.astype(np.float32), int(piper.config.sample_rate)


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
