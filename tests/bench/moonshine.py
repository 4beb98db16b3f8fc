"""A peer: Moonshine tiny for English, on onnxruntime (github.com/moonshine-ai/moonshine, MIT).

Its encoder takes as long as the clip is, where Whisper's takes ten seconds or more. It knows no
hint of a name, and hears worse beside other voices.
"""

# mypy: ignore-errors

import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from audio.constants import SPEECH_RATE_HZ
from audio.samples import Samples

ENCODER, DECODER, TOKENS = "encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"
SHA256: Final = {
    ENCODER: "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    DECODER: "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    TOKENS: "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
}
"""As the authors' own wheel has them, moonshine-voice 0.0.55."""

_BEGIN, _END = 1, 2
_SPACE: Final = "\u2581".encode()
_MIN_SAMPLES: Final = SPEECH_RATE_HZ // 10
"""The encoder's convolutions need 56 ms."""

_TOKENS_PER_SECOND, _MIN_TOKENS = 6.5, 8
"""The authors' own limit; it stops a decoder that repeats itself."""

_LAYERS, _HEADS, _HEAD_SIZE = 6, 8, 36


class Vocabulary:
    """The tokens of `tokenizer.bin`, each with its length before it; the place is the token's id.

    Args:
        data: The file. A length below 128 is one byte, a longer one two: low, then high times 128.

    Raises:
        ValueError: The file is cut short.
    """

    def __init__(self, data: bytes) -> None:
        self._tokens = list(_tokens(data))

    def __len__(self) -> int:
        """How many tokens there are."""
        return len(self._tokens)

    def text(self, ids: Sequence[int]) -> str:
        """The text of tokens; marks such as `<s>`, and ids that do not exist, have none."""
        known = (self._tokens[one] for one in ids if 0 <= one < len(self._tokens))
        joined = b"".join(token for token in known if not _is_mark(token))
        return joined.replace(_SPACE, b" ").decode("utf-8", "replace").strip()


def _tokens(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size, at = data[at], at + 1
        if size >= 128:
            if at == len(data):
                raise ValueError("The last token's length is cut short.")
            size, at = data[at] * 128 + size - 128, at + 1
        if at + size > len(data):
            raise ValueError("The last token is cut short.")
        yield data[at : at + size]
        at += size


def _is_mark(token: bytes) -> bool:
    return len(token) > 2 and token.startswith(b"<") and token.endswith(b">")


class Moonshine:
    """The model. It may be used by one thread at a time.

    Args:
        folder: Has the three files.
        threads: How many CPU threads.

    Raises:
        ValueError: The files are others than those measured.
        OSError: They are not there.
    """

    def __init__(self, folder: Path, *, threads: int) -> None:
        for name, sha256 in SHA256.items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != sha256:
                raise ValueError(f"{folder / name} is another file than the one that was measured")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        # A waiting thread would keep a processor busy that the language model needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._encoder, self._decoder = (
            onnxruntime.InferenceSession(
                str(folder / name), options, providers=["CPUExecutionProvider"]
            )
            for name in (ENCODER, DECODER)
        )
        self._vocabulary = Vocabulary((folder / TOKENS).read_bytes())
        self._names = [one.name for one in self._decoder.get_outputs()[1:]]

    def words(self, clip: Samples) -> str:
        """What is said in a clip: mono, 16 kHz; empty if nothing is."""
        if len(clip) < _MIN_SAMPLES:
            return ""
        limit = int(_MIN_TOKENS + len(clip) / SPEECH_RATE_HZ * _TOKENS_PER_SECOND)
        return self._vocabulary.text(list(islice(self._decode(clip), limit)))

    def _decode(self, clip: Samples) -> Iterator[int]:
        """The likeliest tokens, one after the other."""
        sound = np.ascontiguousarray(clip[np.newaxis], np.float32)
        heard = np.ones(sound.shape, np.int64)
        [hidden] = self._encoder.run(None, {"input_values": sound, "attention_mask": heard})
        past = _nothing_yet()
        token, is_first = _BEGIN, True
        while True:
            logits, *present = self._decoder.run(
                None,
                {
                    "input_ids": np.array([[token]], np.int64),
                    "encoder_hidden_states": hidden,
                    "encoder_attention_mask": heard,  # in samples: the graph shortens it itself
                    "use_cache_branch": np.array([not is_first]),
                    **past,
                },
            )
            for name, value in zip(self._names, present, strict=True):
                key = name.replace("present", "past_key_values")
                if is_first or ".decoder." in key:  # the encoder's are the same in each step
                    past[key] = value
            token, is_first = int(logits[0, -1].argmax()), False
            if token == _END:
                return
            yield token


def _nothing_yet() -> dict[str, NDArray[np.float32]]:
    empty = np.zeros((1, _HEADS, 0, _HEAD_SIZE), np.float32)
    return {
        f"past_key_values.{layer}.{side}.{kind}": empty
        for layer in range(_LAYERS)
        for side in ("decoder", "encoder")
        for kind in ("key", "value")
    }
