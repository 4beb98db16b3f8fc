"""The weights store: a folder of models, fetched when missing, hashed before they are used."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.errors import WeightsError
from bot.models.lock import exclusive
from bot.models.manifest import Manifest, Model, WeightFile, load_manifest
from bot.models.plan import Finding, Plan, Problem, make_plan
from bot.models.progress import Advance, Meter, Phase, Progress, Sink, ignore
from bot.models.verified_marks import STAMPS, VerifiedMarks
from bot.models.wheel_cache import WheelCache, sha256_of

_TEN_MEGABYTES = 10_000_000


class ModelState(StrEnum):
    """What a look at a model's folder tells, without reading its files."""

    MISSING = "missing"
    INCOMPLETE = "incomplete"
    """Some files are missing or of the wrong size, or a fetch was interrupted."""
    UNVERIFIED = "unverified"
    """All files have their size; they will be hashed when the model is first used."""
    READY = "ready"
    """All files were hashed, were right, and were not touched since."""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model and what is stored of it."""

    name: str
    role: str
    licence: str
    source: str
    bytes: int
    """On disk, when complete."""
    download_bytes: int
    """Of the wheels that carry it."""
    state: ModelState
    folder: Path


class ModelStore:
    """Model files in a folder, one folder per model.

    Everything here blocks: call it in a thread. Several processes and threads may use the same
    folder at once; one fetches and the others wait. A read-only folder works as long as nothing has
    to be fetched.

    Args:
        folder: Where the models are kept. Made when something is fetched.
        manifest: Which models there are; the shipped manifest unless given.
    """

    def __init__(self, folder: Path, manifest: Manifest | None = None) -> None:
        self.folder = folder
        self.manifest = manifest or load_manifest()
        self._shelf = WheelCache(folder / ".partial")

    def status(self) -> list[ModelStatus]:
        """What is stored of each model; looks at names, sizes and stamps only."""
        with self._storage_errors():
            return [self._status(model) for model in self.manifest.models.values()]

    def plan(self, names: Iterable[str]) -> Plan:
        """What `ensure` would fetch; false when nothing is to be fetched.

        Raises:
            WrongUse: There is no model of one of the names.
        """
        with self._storage_errors():
            return self._plan(self._look(self.manifest.pick(names)))

    def ensure(self, names: Iterable[str], progress: Sink = ignore) -> dict[str, Path]:
        """Have these models on disk, and know that they are right.

        Fetches files that are missing or not of their size. A file that has its size is hashed at
        its first use, and whenever it was touched since.

        Returns:
            The folder of each model.

        Raises:
            WrongUse: There is no model of one of the names.
            WeightsError: A file is damaged (it is named, and not replaced behind the user's back),
                cannot be fetched, or has no room.
        """
        models = self.manifest.pick(names)
        with self._storage_errors():
            if self._look(models):
                with self._lock(progress):
                    # Looked at again: whoever held the lock may have fetched just these.
                    self._carry_out(self._plan(self._look(models)), progress)
            refuse(self._read(models, progress, trust_stamps=True), self.folder)
        return {model.name: self.folder / model.name for model in models}

    def pull(self, names: Iterable[str], progress: Sink = ignore, *, force: bool = False) -> Plan:
        """Fetch what is missing of these models, and replace what is damaged.

        Args:
            names: The models.
            progress: Told how it goes.
            force: Fetch every file again, whatever is there.

        Returns:
            What was done; false when nothing was wanting.

        Raises:
            WrongUse: There is no model of one of the names.
            WeightsError: A file cannot be fetched, or has no room.
        """
        models = self.manifest.pick(names)
        with self._storage_errors(), self._lock(progress):
            if force:
                findings = [Finding(m, f, Problem.MISSING) for m in models for f in m.files]
            else:
                findings = self._read(models, progress, trust_stamps=False)
            plan = self._plan(findings)
            self._carry_out(plan, progress)
        return plan

    def verify(self, names: Iterable[str], progress: Sink = ignore) -> list[Finding]:
        """Read and hash every file of these models.

        Returns:
            What is wrong; empty when all is well.

        Raises:
            WrongUse: There is no model of one of the names.
            WeightsError: A file cannot be read.
        """
        with self._storage_errors():
            return self._read(self.manifest.pick(names), progress, trust_stamps=False)

    def remove(self, names: Iterable[str], progress: Sink = ignore) -> int:
        """Delete these models, and what an interrupted fetch left of them.

        Only files that the manifest names are deleted; a folder with other files in it stays.

        Returns:
            How many bytes were freed.

        Raises:
            WrongUse: There is no model of one of the names.
            WeightsError: A file cannot be deleted.
        """
        models = self.manifest.pick(names)
        if not self.folder.is_dir():
            return 0
        freed = 0
        with self._storage_errors(), self._lock(progress):
            for model in models:
                freed += self._remove(model)
        return freed

    # -- looking ---------------------------------------------------------------------------------

    def _status(self, model: Model) -> ModelStatus:
        wheels = self.manifest.wheels_of(model.files)
        return ModelStatus(
            name=model.name,
            role=model.role,
            licence=model.licence,
            source=model.source,
            bytes=model.bytes,
            download_bytes=sum(wheel.bytes for wheel in wheels),
            state=self._state(model),
            folder=self.folder / model.name,
        )

    def _state(self, model: Model) -> ModelState:
        findings = self._look([model])
        begun = any(self._shelf.seems_to_hold(w) for w in self.manifest.wheels_of(model.files))
        if not findings:
            stamps = VerifiedMarks(self.folder / model.name)
            ready = all(stamps.confirms(f, self._path(model, f).stat()) for f in model.files)
            return ModelState.READY if ready else ModelState.UNVERIFIED
        missing = all(finding.trouble is Problem.MISSING for finding in findings)
        if missing and len(findings) == len(model.files) and not begun:
            return ModelState.MISSING
        return ModelState.INCOMPLETE

    def _look(self, models: Iterable[Model]) -> list[Finding]:
        """Files that are not there in their size."""
        findings = []
        for model in models:
            for file in model.files:
                path = self._path(model, file)
                if not path.is_file():
                    findings.append(Finding(model, file, Problem.MISSING))
                elif path.stat().st_size != file.bytes:
                    findings.append(Finding(model, file, Problem.CUT_SHORT))
        return findings

    def _read(self, models: list[Model], progress: Sink, *, trust_stamps: bool) -> list[Finding]:
        """Files that are not what they should be, by their hash."""
        findings = self._look(models)
        wanting = {(finding.model.name, finding.file.name) for finding in findings}
        todo = [
            (model, file)
            for model in models
            for file in model.files
            if (model.name, file.name) not in wanting
            and not (trust_stamps and self._stamped(model, file))
        ]
        meter = Meter(progress, Phase.CHECKING, sum(file.bytes for _, file in todo))
        for model, file in todo:
            if not self._hash_is_right(model, file, meter.of(model.name)):
                findings.append(Finding(model, file, Problem.DAMAGED))
        return findings

    def _stamped(self, model: Model, file: WeightFile) -> bool:
        return VerifiedMarks(self.folder / model.name).confirms(
            file, self._path(model, file).stat()
        )

    def _hash_is_right(self, model: Model, file: WeightFile, advance: Advance) -> bool:
        path = self._path(model, file)
        before = path.stat()  # a write while it is read makes the stamp void, as it should
        right = sha256_of(path, advance) == file.sha256
        stamps = VerifiedMarks(path.parent)
        if right:
            stamps.record(file, before)
        else:
            stamps.forget(file)
        return right

    # -- changing --------------------------------------------------------------------------------

    def _plan(self, findings: Iterable[Finding]) -> Plan:
        return make_plan(self.manifest, findings, self._shelf.seems_to_hold)

    def _carry_out(self, plan: Plan, progress: Sink) -> None:
        """Fetch, assemble, verify, and throw the wheels away, model by model."""
        if not plan:
            return
        self._shelf.tidy(self.manifest.wheels.values())
        self._refuse_without_room(plan)
        fetching = Meter(progress, Phase.FETCHING, plan.download_bytes)
        unpacking = Meter(progress, Phase.UNPACKING, plan.unpack_bytes)
        for index, job in enumerate(plan.jobs):
            try:
                for wheel in job.wheels:
                    self._shelf.fetch(wheel, fetching.of(job.model.name))
                for file in job.files:
                    self._assemble(job.model, file, unpacking.of(job.model.name))
            except OSError as e:
                if e.errno != errno.ENOSPC:
                    raise
                left = [
                    Finding(later.model, file, Problem.MISSING)
                    for later in plan.jobs[index:]
                    for file in later.files
                ]
                raise self._no_room(self._plan(left)) from None
            self._shelf.discard(plan.spent_by(index))

    def _assemble(self, model: Model, file: WeightFile, advance: Advance) -> None:
        """Write one model file beside its final name, and move it there when it is right."""
        target = self._path(model, file)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = _unfinished(target)
        digest = hashlib.sha256()
        try:
            with fresh.open("wb") as out:
                for chunk in self._shelf.read(file, self.manifest.wheels):
                    out.write(chunk)
                    digest.update(chunk)
                    advance(len(chunk))
                out.flush()
                os.fsync(out.fileno())
            if digest.hexdigest() != file.sha256:
                raise WeightsError(
                    f"{model.name}/{file.name}: the packages hold other bytes than they should; "
                    "nothing was stored."
                )
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
        VerifiedMarks(target.parent).record(file, target.stat())

    def _remove(self, model: Model) -> int:
        freed = 0
        folder = self.folder / model.name
        whole = [self._path(model, file) for file in model.files]
        for path in [*whole, *map(_unfinished, whole), folder / STAMPS]:
            if path.is_file():
                freed += path.stat().st_size
                path.unlink()
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        spent = self.manifest.wheels_of(model.files)
        freed += sum(wheel.bytes for wheel in spent if self._shelf.seems_to_hold(wheel))
        self._shelf.discard(spent)
        return freed

    def _path(self, model: Model, file: WeightFile) -> Path:
        return self.folder / model.name / file.name

    @contextmanager
    def _lock(self, progress: Sink) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with exclusive(self.folder / ".lock", lambda: progress(Progress(Phase.WAITING))):
            yield

    # -- refusing --------------------------------------------------------------------------------

    def _refuse_without_room(self, plan: Plan) -> None:
        if shutil.disk_usage(self.folder).free < plan.room_bytes:
            raise self._no_room(plan)

    def _no_room(self, plan: Plan) -> WeightsError:
        free = shutil.disk_usage(self.folder).free
        return WeightsError(
            f"Not enough room for the model files: {megabytes(plan.room_bytes)} MB needed, "
            f"{megabytes(free)} MB free in {self.folder}.",
            hint="Make room, or set SKYDECK_WEIGHTS_DIR to another disk; what was fetched is kept.",
        )

    @contextmanager
    def _storage_errors(self) -> Iterator[None]:
        """Say what the file system refused, in one line."""
        try:
            yield
        except OSError as e:
            raise WeightsError(
                f"The weights folder {self.folder} cannot be used: {e.strerror or e}.",
                hint="Set SKYDECK_WEIGHTS_DIR to a folder that can be written to.",
            ) from e


def _unfinished(path: Path) -> Path:
    """Where a file is written until it is whole.

    One fixed name: the lock is held, and what a killed run left is overwritten.
    """
    return path.with_name(f".{path.name}.part")


def refuse(findings: list[Finding], folder: Path) -> None:
    """Do nothing if there is nothing wrong.

    Raises:
        WeightsError: Names the first file, how many more there are, and how to mend them.
    """
    if not findings:
        return
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    names = " ".join(dict.fromkeys(finding.model.name for finding in findings))
    raise WeightsError(
        f"Model file {findings[0]} in {folder}{more}.",
        hint=f"Mend it with: skydeck models pull {names}",
    )


def megabytes(count: int) -> str:
    """A number of bytes in MB (10^6), for a person."""
    return f"{count / 1e6:,.0f}" if count >= _TEN_MEGABYTES else f"{count / 1e6:,.1f}"
