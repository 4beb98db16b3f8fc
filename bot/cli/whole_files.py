"""Writes files that a person named: completely, or not at all."""

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast


@contextlib.contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that gets its name when it is complete; until then an older one stays.

    What is no regular file (a pipe, `/dev/stdout`) gets all of it at the end, and so does a file in
    a folder that takes no other.

    Raises:
        OSError: It cannot be written; no part of it is left, and an older file is as it was.
    """
    target = path.resolve() if path.is_symlink() else path
    part = _opened_beside(target) if target.is_file() or not target.exists() else None
    if part is None:
        with tempfile.TemporaryFile() as made:
            yield cast("BinaryIO", made)  # on Windows it is wrapped
            made.seek(0)
            with target.open("wb") as file:
                shutil.copyfileobj(made, file)
        return
    whole = Path(part.name)
    try:
        with part:
            yield part
        if target.exists():
            shutil.copymode(target, whole)
        whole.replace(target)
    except BaseException:
        whole.unlink(missing_ok=True)
        raise


def write_new(path: Path, text: str) -> None:
    """Write a text into a file that is not there yet.

    Raises:
        OSError: It is there, or cannot be written; no part of it is left.
    """
    with path.open("x", encoding="utf-8", errors="replace") as out:
        try:
            out.write(text)
            out.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise


def _opened_beside(target: Path) -> BinaryIO | None:
    """A new file in the same folder; None: the folder takes none."""
    try:
        return target.with_name(f".skydeck-{secrets.token_hex(4)}.part").open("xb")
    except PermissionError:
        return None
