"""Kokoro's voices on our onnxruntime, with eSpeak's phonemes as Kokoro's authors use them.

Source: hexgrad/kokoro and hexgrad/misaki: the symbols of the model's `config.json`, one style for
each number of symbols, and which of eSpeak's phonemes stand for which symbols. kokoro-onnx does the
same with an eSpeak of its own; ours comes with Piper.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from audio.samples import Samples
from bot.errors import JobFailed, WeightsError
from bot.workers.device import runtime_missing
from bot.workers.load_errors import load_error

RATE_HZ: Final = 24_000
_STYLE_SIZE: Final = 256
_MAX_SYMBOLS: Final = 510
_MAX_STYLE_BYTES: Final = 4 * _STYLE_SIZE * 10 * _MAX_SYMBOLS
_TABLE: Final = Path(__file__).with_suffix(".toml")
_HINT: Final = "Kokoro needs an .onnx of Kokoro-82M v1.0, and its voices as voices/NAME.bin."


class Kokoro:
    """One model, and the voices that were used so far. It speaks one text at a time.

    Args:
        threads: Processor threads.
    """

    def __init__(self, model: Path, *, threads: int) -> None:
        try:
            import onnxruntime  # noqa: PLC0415  (heavy)
            from piper.phonemize_espeak import EspeakPhonemizer  # noqa: PLC0415  (heavy)
        except ImportError:
            raise runtime_missing() from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(
                str(model), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as e:
            raise load_error(str(model), e, hint=_HINT) from e
        self._types = {one.name: one.type for one in self._session.get_inputs()}
        self._tokens = "input_ids" if "input_ids" in self._types else "tokens"
        if set(self._types) != {self._tokens, "style", "speed"}:
            raise WeightsError(f"{model} is not a model of Kokoro.", hint=_HINT)
        self._phonemizer = EspeakPhonemizer()
        self._styles: dict[Path, Samples] = {}

    def synthesize(self, text: str, *, style: Path, espeak: str) -> tuple[Samples, int]:
        """Speak `text`. Blocks.

        Args:
            text: The text.
            style: The voice's file.
            espeak: ESpeak's voice for the phonemes, as `en-us`.

        Returns:
            Mono samples and their rate in Hz.

        Raises:
            WeightsError: The voice's file cannot be read.
            JobFailed: The model failed.
        """
        styles = self._style(style)
        pieces = (self._run(symbols, styles) for symbols in self._sentences(text, espeak))
        return np.concatenate([*pieces, np.zeros(0, np.float32)]), RATE_HZ

    def _sentences(self, text: str, espeak: str) -> Iterator[list[int]]:
        try:
            sentences = self._phonemizer.phonemize(espeak, text)
        except (RuntimeError, ValueError) as e:
            raise JobFailed(f"eSpeak NG failed ({_line(e)}).", service_code="tts") from e
        for phonemes in sentences:
            symbols = as_symbols("".join(phonemes), espeak)
            for start in range(0, len(symbols), _MAX_SYMBOLS):
                yield symbols[start : start + _MAX_SYMBOLS]

    def _run(self, symbols: list[int], styles: Samples) -> Samples:
        speed = np.int32 if "int" in self._types["speed"] else np.float32
        inputs = {
            self._tokens: np.array([[0, *symbols, 0]], np.int64),
            "style": styles[min(len(symbols), len(styles)) - 1][None, :],
            "speed": np.ones(1, speed),
        }
        try:
            return np.asarray(self._session.run(None, inputs)[0], np.float32).ravel()
        except Exception as e:
            raise JobFailed(f"Kokoro failed ({_line(e)}).", service_code="tts") from e

    def _style(self, file: Path) -> Samples:
        if file not in self._styles:
            try:
                size = file.stat().st_size
                if not 4 * _STYLE_SIZE <= size <= _MAX_STYLE_BYTES:
                    raise ValueError(size)  # noqa: TRY301
                self._styles[file] = np.fromfile(file, "<f4").reshape(-1, _STYLE_SIZE)
            except (OSError, ValueError):
                raise WeightsError(f"{file} is not a voice of Kokoro.", hint=_HINT) from None
        return self._styles[file]


def as_symbols(phonemes: str, espeak: str) -> list[int]:
    """The model's symbols for eSpeak's phonemes; what it does not know is left out."""
    table = _table()
    text = unicodedata.normalize("NFD", phonemes).replace("c\u0327", "ç")
    text = re.sub(r"(\S)\u0329", r"ᵊ\1", text)
    groups = ["any"]
    if espeak.startswith("en"):
        groups += ["english", "american" if espeak == "en-us" else "british"]
    for old, new in (change for group in groups for change in table.changes[group]):
        text = text.replace(old, new)
    return [table.symbols[one] for one in text if one in table.symbols]


@dataclass(frozen=True, slots=True)
class _Table:
    symbols: dict[str, int]
    changes: dict[str, list[list[str]]]


@cache
def _table() -> _Table:
    data = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    symbols = {
        symbol: number for first, run in data["symbols"] for number, symbol in enumerate(run, first)
    }
    return _Table(symbols, data["changes"])


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
