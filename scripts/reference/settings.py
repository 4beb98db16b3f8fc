"""The page of settings: the words of `.env.example`, and values as `bot.settings` checks them."""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Final, get_args

from pydantic import HttpUrl, SecretStr
from pydantic.fields import FieldInfo

from bot.settings import Settings
from scripts.reference.markdown import NOTE, cell, table

INTRO: Final = """
# Settings

skydeck reads its settings from environment variables and from a file `.env` in the folder where you
start it; the environment wins. Every setting may be empty. `cp .env.example .env` gives you a file
with all of them, and `skydeck doctor` says what is wrong with one.
"""
_HEADING: Final = re.compile(r"# --- (.+?) -+")
_KINDS: Final = {bool: "true, false", Path: "a path", HttpUrl: "a URL", SecretStr: "a secret"}


def settings_page(example: str) -> str:
    """The page.

    Args:
        example: The text of `.env.example`.
    """
    parts = [NOTE + INTRO]
    for heading, blocks in _sections(example):
        rows = (_row(*block) for block in blocks)
        parts.append(f"## {heading}\n\n" + table(("setting", "values", "what it does"), rows))
    return "\n".join(parts)


def _sections(example: str) -> Iterator[tuple[str, list[tuple[list[str], str]]]]:
    """Each heading, and the settings under it: names that share an explanation, and it."""
    heading, blocks, words, names = "", [], [], []
    for line in [*example.splitlines(), "# --- end ---"]:
        if not line.startswith("#") and "=" in line:
            names.append(line.partition("=")[0])
            continue
        if names:
            blocks.append((names, " ".join(words)))
            words, names = [], []
        if found := _HEADING.fullmatch(line):
            if blocks:
                yield heading, blocks
            heading, blocks, words = found[1], [], []
        elif line.startswith("#"):
            words.append(line.removeprefix("#").strip())


def _row(names: list[str], words: str) -> tuple[str, str, str]:
    fields = [(name, Settings.model_fields[name.lower()]) for name in names]
    settings = "<br>".join(f"`{name}`" for name in names)
    # A group's values are of one kind, and differ in their defaults.
    kinds = list(dict.fromkeys(_values(field) for _, field in fields))
    defaults = [_default(field) for _, field in fields]
    values = "<br>".join(kinds)
    if any(defaults):
        values += f"<br>default: {', '.join(f'`{one}`' for one in defaults)}"
    return settings, values, cell(words)


def _values(field: FieldInfo) -> str:
    kind = _kind(field.annotation)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{one.value}`" for one in kind)
    limits = {type(one).__name__: one for one in field.metadata}
    low, high = limits.get("Ge") or limits.get("Gt"), limits.get("Le")
    if low is not None and high is not None:
        least = getattr(low, "ge", None)
        return f"{'over 0' if least is None else f'{least:,}'} to {high.le:,}"
    return _KINDS.get(kind, "text")


def _kind(annotation: Any) -> Any:
    if isinstance(annotation, UnionType):
        return next(one for one in get_args(annotation) if one is not type(None))
    return annotation


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:  # a folder of this user's
        return ""
    value = field.default
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        value = str(value).lower()
    return "" if value is None else str(value)
