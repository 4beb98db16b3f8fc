"""The model store: a folder of models, fetched when missing and hashed before use."""

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
from bot.models.hub import Hub, size_of
from bot.models.hub_source import REGISTRY, HubSource
from bot.models.lock import exclusive
from bot.models.manifest import Manifest, Model, ModelFile, load_manifest
from bot.models.plan import Fetch, Finding, Plan, Problem, make_plan
from bot.models.progress import Advance, Meter, Phase, Progress, Sink, ignore
from bot.models.verified_marks import MARKS_FILE, VerifiedMarks
from bot.models.wheel_cache import WheelCache, sha256_of

_TEN_MEGABYTES = 10_000_000


class ModelState(StrEnum):
    """The state of a model's folder, judged without reading its files."""

    MISSING = "missing"
    INCOMPLETE = "incomplete"
    """Some files are missing or have the wrong size, or a fetch was interrupted."""
    UNVERIFIED = "unverified"
    """All files have the right size; the store hashes them when the model is first used."""
    READY = "ready"
    """All files were hashed, were right, and have not changed since."""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model and its state on disk."""

    name: str
    role: str
    licence: str
    source: str
    bytes: int
    """Size on disk when complete."""
    download_bytes: int
    """Size of the wheels that carry it."""
    state: ModelState
    folder: Path


class ModelStore:
    """Model files in a folder, one folder per model.

    Every method blocks: call it in a thread. Several processes and threads may use the same folder
    at once; one fetches and the others wait. A read-only folder works as long as nothing has to be
    fetched.

    Args:
        folder: Where the models are kept; created by the first fetch.
        manifest: The models to choose from; by default the manifest that comes with skydeck.
        hub: Where the authors publish them; None: the hub that `huggingface_hub` is set to.
    """

    def __init__(
        self, folder: Path, manifest: Manifest | None = None, *, hub: Hub | None = None
    ) -> None:
        self.folder = folder
        self.manifest = manifest or load_manifest()
        self.hub = HubSource(hub or Hub())
        self._cache = WheelCache(folder / ".partial")

    def status(self) -> list[ModelStatus]:
        """The state of each model, from names, sizes and marks only."""
        with self._storage_errors():
            return [self._status(model) for model in self.manifest.models.values()]

    def plan(self, names: Iterable[str]) -> Plan:
        """What `ensure` would fetch; false if it would fetch nothing.

        Raises:
            WrongUse: No model has one of the names.
        """
        with self._storage_errors():
            return self._plan(self._look(self.manifest.pick(names)))

    def ensure(self, names: Iterable[str], progress: Sink = ignore) -> dict[str, Path]:
        """Make sure that these models are on disk and correct.

        Fetches files that are missing or have the wrong size. Hashes a file that has the right size
        at its first use, and again whenever it has changed since.

        Returns:
            The folder of each model.

        Raises:
            WrongUse: No model has one of the names.
            WeightsError: A file is damaged (the error names it, and the store does not replace it
                behind the user's back), cannot be fetched, or does not fit on the disk.
        """
        models = self.manifest.pick(names)
        with self._storage_errors():
            if self._look(models):
                with self._lock(progress):
                    # Look again: the previous holder of the lock may have fetched these.
                    self._carry_out(self._plan(self._look(models)), progress)
            refuse(self._read(models, progress, trust_marks=True), self.folder)
        return {model.name: self.folder / model.name for model in models}

    def pull(self, names: Iterable[str], progress: Sink = ignore, *, force: bool = False) -> Plan:
        """Fetch the missing files of these models, and replace damaged ones.

        Args:
            names: The models.
            progress: Receives progress events.
            force: Fetch every file again, even if it is right.

        Returns:
            What was done; false if there was nothing to do.

        Raises:
            WrongUse: No model has one of the names.
            WeightsError: A file cannot be fetched, or does not fit on the disk.
        """
        models = self.manifest.pick(names)
        with self._storage_errors(), self._lock(progress):
            if force:
                findings = [Finding(m, f, Problem.MISSING) for m in models for f in m.files]
            else:
                findings = self._read(models, progress, trust_marks=False)
            plan = self._plan(findings)
            self._carry_out(plan, progress)
        return plan

    def verify(self, names: Iterable[str], progress: Sink = ignore) -> list[Finding]:
        """Read and hash every file of these models.

        Returns:
            The files that are wrong.

        Raises:
            WrongUse: No model has one of the names.
            WeightsError: A file cannot be read.
        """
        with self._storage_errors():
            return self._read(self.manifest.pick(names), progress, trust_marks=False)

    def remove(self, names: Iterable[str], progress: Sink = ignore) -> int:
        """Delete these models, and what an interrupted fetch left of them.

        Deletes only files that the manifest names; a folder with other files in it stays.

        Returns:
            The number of bytes freed.

        Raises:
            WrongUse: No model has one of the names.
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
        begun = any(
            self._cache.seems_to_hold(w) for w in self.manifest.wheels_of(model.files)
        ) or any(_hub_part(self._path(model, file)).exists() for file in model.files)
        if not findings:
            marks = VerifiedMarks(self.folder / model.name)
            ready = all(marks.confirms(f, self._path(model, f).stat()) for f in model.files)
            return ModelState.READY if ready else ModelState.UNVERIFIED
        missing = all(finding.problem is Problem.MISSING for finding in findings)
        if missing and len(findings) == len(model.files) and not begun:
            return ModelState.MISSING
        return ModelState.INCOMPLETE

    def _look(self, models: Iterable[Model]) -> list[Finding]:
        """Files that are missing or have the wrong size."""
        findings = []
        for model in models:
            for file in model.files:
                path = self._path(model, file)
                if not path.is_file():
                    findings.append(Finding(model, file, Problem.MISSING))
                elif path.stat().st_size != file.bytes:
                    findings.append(Finding(model, file, Problem.WRONG_SIZE))
        return findings

    def _read(self, models: list[Model], progress: Sink, *, trust_marks: bool) -> list[Finding]:
        """Files that are missing, or have the wrong size or hash."""
        findings = self._look(models)
        unusable = {(finding.model.name, finding.file.name) for finding in findings}
        todo = [
            (model, file)
            for model in models
            for file in model.files
            if (model.name, file.name) not in unusable
            and not (trust_marks and self._is_marked(model, file))
        ]
        meter = Meter(progress, Phase.CHECKING, sum(file.bytes for _, file in todo))
        for model, file in todo:
            if not self._hash_is_right(model, file, meter.of(model.name)):
                findings.append(Finding(model, file, Problem.DAMAGED))
        return findings

    def _is_marked(self, model: Model, file: ModelFile) -> bool:
        return VerifiedMarks(self.folder / model.name).confirms(
            file, self._path(model, file).stat()
        )

    def _hash_is_right(self, model: Model, file: ModelFile, advance: Advance) -> bool:
        path = self._path(model, file)
        before = path.stat()  # so a write while we read voids the mark
        right = sha256_of(path, advance) == file.sha256
        marks = VerifiedMarks(path.parent)
        if right:
            marks.record(file, before)
        else:
            marks.forget(file)
        return right

    # -- changing --------------------------------------------------------------------------------

    def _plan(self, findings: Iterable[Finding]) -> Plan:
        return make_plan(self.manifest, findings, self._cache.seems_to_hold)

    def _carry_out(self, plan: Plan, progress: Sink) -> None:
        """Fetch, assemble and verify, then delete the wheels, model by model."""
        if not plan:
            return
        self._cache.tidy(self.manifest.wheels.values())
        from_hub, line = self.hub.choose((f.model, file) for f in plan.fetches for file in f.files)
        progress(Progress(Phase.SOURCE, note=line))
        room_bytes = plan.hub_room_bytes - self._begun(plan) if from_hub else plan.room_bytes
        self._refuse_without_room(room_bytes)
        fetching = Meter(progress, Phase.FETCHING, plan.download_bytes)
        unpacking = Meter(progress, Phase.UNPACKING, plan.unpack_bytes)
        for index, fetch in enumerate(plan.fetches):
            try:
                left = self._from_hub(fetch, fetching, progress) if from_hub else fetch.files
                for wheel in self.manifest.wheels_of(left):
                    self._cache.fetch(wheel, fetching.of(fetch.model.name), fetch.model.name)
                for file in left:
                    self._assemble(fetch.model, file, unpacking.of(fetch.model.name))
            except OSError as e:
                if e.errno != errno.ENOSPC:
                    raise
                missing = [
                    Finding(later.model, file, Problem.MISSING)
                    for later in plan.fetches[index:]
                    for file in later.files
                ]
                raise self._no_room(self._plan(missing).room_bytes) from None
            self._cache.discard(plan.last_used_by(index))

    def _begun(self, plan: Plan) -> int:
        """How many bytes an interrupted fetch from the hub left of the files to fetch."""
        parts = (_hub_part(self._path(f.model, file)) for f in plan.fetches for file in f.files)
        return sum(map(size_of, parts))

    def _from_hub(self, fetch: Fetch, fetching: Meter, progress: Sink) -> list[ModelFile]:
        """Fetch a model's files from the hub; return those that it does not give."""
        left, said = [], ""
        for file in fetch.files:
            if fetch.model.hub_file(file) is None:
                left.append(file)
                continue
            target = self._path(fetch.model, file)
            part = _hub_part(target)
            why = self.hub.fetch(fetch.model, file, part, fetching.of(fetch.model.name))
            if not why:
                part.replace(target)
                VerifiedMarks(target.parent).record(file, target.stat())
                continue
            left.append(file)
            if why != said:
                said = why
                line = f"{fetch.model.name}/{file.name}: {why}; from {REGISTRY} instead."
                progress(Progress(Phase.SOURCE, note=line))
        return left

    def _assemble(self, model: Model, file: ModelFile, advance: Advance) -> None:
        """Write one model file beside its final name, and move it there once it is verified."""
        target = self._path(model, file)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = _unfinished(target)
        digest = hashlib.sha256()
        try:
            with fresh.open("wb") as out:
                for chunk in self._cache.read(file, self.manifest.wheels, model.name):
                    out.write(chunk)
                    digest.update(chunk)
                    advance(len(chunk))
                out.flush()
                os.fsync(out.fileno())
            if digest.hexdigest() != file.sha256:
                raise WeightsError(
                    f"{model.name}/{file.name}: the download has other bytes than its authors "
                    "published; nothing was stored."
                )
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
        VerifiedMarks(target.parent).record(file, target.stat())

    def _remove(self, model: Model) -> int:
        freed = 0
        folder = self.folder / model.name
        whole = [self._path(model, file) for file in model.files]
        begun = [*map(_unfinished, whole), *map(_hub_part, whole)]
        for path in [*whole, *begun, folder / MARKS_FILE]:
            if path.is_file():
                freed += path.stat().st_size
                path.unlink()
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        spent = self.manifest.wheels_of(model.files)
        freed += sum(wheel.bytes for wheel in spent if self._cache.seems_to_hold(wheel))
        self._cache.discard(spent)
        return freed

    def _path(self, model: Model, file: ModelFile) -> Path:
        return self.folder / model.name / file.name

    @contextmanager
    def _lock(self, progress: Sink) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with exclusive(self.folder / ".lock", lambda: progress(Progress(Phase.WAITING))):
            yield

    # -- refusing --------------------------------------------------------------------------------

    def _refuse_without_room(self, needed_bytes: int) -> None:
        if shutil.disk_usage(self.folder).free < needed_bytes:
            raise self._no_room(needed_bytes)

    def _no_room(self, needed_bytes: int) -> WeightsError:
        free = shutil.disk_usage(self.folder).free
        return WeightsError(
            f"Not enough disk space for the model files: {megabytes(needed_bytes)} MB needed, "
            f"{megabytes(free)} MB free in {self.folder}.",
            hint="Free some space, or set SKYDECK_WEIGHTS_DIR to another disk; finished downloads "
            "are kept.",
        )

    @contextmanager
    def _storage_errors(self) -> Iterator[None]:
        """Report what the file system refused, in one line."""
        try:
            yield
        except OSError as e:
            raise WeightsError(
                f"The model folder {self.folder} cannot be used: {e.strerror or e}.",
                hint="Set SKYDECK_WEIGHTS_DIR to a writable folder.",
            ) from e


def _unfinished(path: Path) -> Path:
    """Where a file is written until it is complete.

    The name is fixed: we hold the lock, and overwrite what a killed run left.
    """
    return path.with_name(f".{path.name}.part")


def _hub_part(path: Path) -> Path:
    """Where a file from the hub is written until it is complete; an interrupted fetch continues."""
    return path.with_name(f".{path.name}.hub")


def refuse(findings: list[Finding], folder: Path) -> None:
    """Raise if anything is wrong.

    Raises:
        WeightsError: Names the first file, how many more there are, and how to fix them.
    """
    if not findings:
        return
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    names = " ".join(dict.fromkeys(finding.model.name for finding in findings))
    raise WeightsError(
        f"Model file {folder}/{findings[0]}{more}.",
        hint=f"Fix this with: skydeck models pull {names}",
    )


def megabytes(count: int) -> str:
    """A number of bytes in MB (10^6), for people."""
    return f"{count / 1e6:,.0f}" if count >= _TEN_MEGABYTES else f"{count / 1e6:,.1f}"
