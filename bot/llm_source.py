"""Where the local language model comes from, as SKYDECK_LLM names it. Pure."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.did_you_mean import did_you_mean
from bot.own_path import own_path

AUTO: Final = "auto"
TINY: Final = "qwen2.5-coder-0.5b"
SMALL: Final = "qwen2.5-coder-1.5b"
_SHORT_NAMES: Final = {"tiny": TINY, "small": SMALL}
_HUB: Final = re.compile(
    r"hf:(?P<repo>[A-Za-z0-9][\w.-]{0,95}/[\w.-]{1,96})"
    r"/(?P<file>(?:[\w.-]{1,200}/){0,8}[\w.-]{1,200}\.gguf)",
    re.ASCII | re.IGNORECASE,
)
"""No longer than the hub and a file system allow: a name becomes a path."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A model of our manifest, by its name there."""

    name: str


@dataclass(frozen=True, slots=True)
class GgufFile:
    """A GGUF file on this machine."""

    path: Path

    @property
    def name(self) -> str:
        """The name to show."""
        return self.path.stem


@dataclass(frozen=True, slots=True)
class HubFile:
    """A GGUF file at Hugging Face's hub."""

    repo: str
    file: str

    @property
    def name(self) -> str:
        """The name to show."""
        return Path(self.file).stem


LlmSource = Listed | GgufFile | HubFile


def read_llm(text: str) -> LlmSource | None:
    """Read a value of SKYDECK_LLM; None is `auto`.

    Raises:
        ValueError: It is none of the forms.
    """
    text = text.strip()
    if text.lower() == AUTO:
        return None
    if name := _SHORT_NAMES.get(text.lower()):
        return Listed(name)
    if text in (TINY, SMALL):
        return Listed(text)
    if text.lower().startswith("hf:"):
        match = _HUB.fullmatch(text)
        if match is None or ".." in text:
            raise ValueError("must be hf:owner/repository/file.gguf")
        return HubFile(match["repo"], match["file"])
    if text.lower().endswith(".gguf"):
        return GgufFile(own_path(text))
    guess = did_you_mean(text, (*_SHORT_NAMES, TINY, SMALL))
    rule = f"must be auto, tiny ({TINY}), small ({SMALL}), a .gguf file, "
    rule += "or hf:owner/repository/file.gguf"
    raise ValueError(f"{rule}. {guess}" if guess else rule)
