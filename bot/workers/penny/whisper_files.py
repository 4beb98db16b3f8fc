"""The operator's own Whisper model: is its folder whole, and does it know more than English?"""

import json
from pathlib import Path
from typing import Final

from bot.errors import WeightsError

_NEEDED: Final = ("config.json", "model.bin", "tokenizer.json")
_VOCABULARIES: Final = ("vocabulary.json", "vocabulary.txt")
_MAX_VOCABULARY_BYTES: Final = 20_000_000
_MULTILINGUAL_WORDS: Final = 51_865
"""From so many on, a vocabulary has the languages' tokens; CTranslate2 tells it the same way."""


def check_whisper(folder: Path) -> Path:
    """Return the folder if a Whisper model for CTranslate2 is in it.

    Without a tokenizer, faster-whisper would ask the network for one.

    Raises:
        WeightsError: It is not there, or a file is missing.
    """
    hint = (
        "Check SKYDECK_ASR. ct2-transformers-converter makes such a folder; give it "
        "--copy_files tokenizer.json preprocessor_config.json."
    )
    try:
        if not folder.is_dir():
            raise WeightsError(f"There is no folder {folder}.", hint=hint)
        missing = [name for name in _NEEDED if not (folder / name).is_file()]
        if not any((folder / name).is_file() for name in _VOCABULARIES):
            missing.append(_VOCABULARIES[0])
    except OSError as e:
        raise WeightsError(f"{folder} cannot be read: {e.strerror}.", hint=hint) from None
    if missing:
        raise WeightsError(
            f"{folder} is no Whisper model for CTranslate2: {', '.join(missing)} missing.",
            hint=hint,
        )
    return folder


def is_multilingual(folder: Path) -> bool:
    """Whether the model in this folder knows more languages than English.

    Raises:
        WeightsError: Its vocabulary cannot be read.
    """
    path = next((folder / name for name in _VOCABULARIES if (folder / name).is_file()), folder)
    try:
        if path.stat().st_size > _MAX_VOCABULARY_BYTES:
            raise ValueError("too large")  # noqa: TRY301
        text = path.read_text(encoding="utf-8")
        words = json.loads(text) if path.suffix == ".json" else text.splitlines()
        return len(words) >= _MULTILINGUAL_WORDS
    except (OSError, ValueError, TypeError, RecursionError):
        raise WeightsError(
            f"{path} is no vocabulary of Whisper's.", hint="Check SKYDECK_ASR."
        ) from None
