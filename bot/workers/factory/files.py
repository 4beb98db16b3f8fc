"""Makes files from callers safe: plain names, limited number and size. Pure."""

import unicodedata
from collections.abc import Iterable

from bot.contract.factory import File
from bot.errors import BadInput, TooLarge

MAX_FILES = 10
_MAX_NAME_CHARS = 80
_MAX_NAME_BYTES = 200
"""File systems allow 255, and a name may get a number."""
_RESERVED = {"CON", "PRN", "AUX", "NUL"} | {f"{port}{n}" for port in ("COM", "LPT") for n in "123"}
"""Windows reserves these names, with any extension."""


def read_files(value: object, *, max_chars: int) -> tuple[File, ...]:
    """Read the files of an earlier build from a parameter.

    Args:
        value: A list of {name, content}, or None.
        max_chars: The limit of all contents together.

    Raises:
        BadInput: The value is something else, there are too many files, or two have the same name.
        TooLarge: Their contents are too long.
    """
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_FILES:
        raise BadInput(f"files must be a list of at most {MAX_FILES} files.")
    files = tuple(_read_file(entry) for entry in value)
    if len({file.name.casefold() for file in files}) < len(files):
        raise BadInput("Two of the files have the same name.")
    total = sum(len(file.content) for file in files)
    if total > max_chars:
        raise TooLarge(
            f"The files have {total:,} characters; this model can read {max_chars:,}.",
            hint="Send only the files to change.",
        )
    return files


def _read_file(entry: object) -> File:
    name, content = (
        (entry.get("name"), entry.get("content")) if isinstance(entry, dict) else (None, None)
    )
    if not isinstance(name, str) or not isinstance(content, str):
        raise BadInput('Each of files must be {"name": "…", "content": "…"}.')
    whole = content.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    return File(name=safe_name(name), content=whole)


def safe_name(name: str) -> str:
    """Return a plain file name: no folder, no leading dot, no terminal control characters."""
    last = unicodedata.normalize("NFKC", name).replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(c if c.isalnum() or c in "._- " else "_" for c in last)[:_MAX_NAME_CHARS]
    short = plain.encode()[:_MAX_NAME_BYTES].decode("utf-8", "ignore")
    kept = short.strip(" .-")
    if kept.split(".", 1)[0].upper() in _RESERVED:
        return f"_{kept}"
    return kept or "file"


def unique_names(names: Iterable[str]) -> list[str]:
    """Return plain file names, no two of which are one file on any file system."""
    taken: dict[str, int] = {}  # the next number for each name
    return [_unique(safe_name(name), taken) for name in names]


def _unique(name: str, taken: dict[str, int]) -> str:
    stem, dot, ending = name.rpartition(".")
    number, free = taken.get(name.casefold(), 2), name
    while free.casefold() in taken:
        free = f"{stem}-{number}.{ending}" if dot else f"{name}-{number}"
        number += 1
    taken[name.casefold()] = number
    taken.setdefault(free.casefold(), 2)
    return free
