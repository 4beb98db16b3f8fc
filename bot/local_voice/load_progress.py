"""How far the models are at the start of a conversation. Pure: the caller passes the time.

Nothing says how much of a model is loaded; so a part's progress is its time so far, as a share of
the time that it took before. Files have real figures: their bytes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.loading import LoadPart

MAX_SHARE = 0.95
"""A part that takes longer than before is never shown as complete."""


@dataclass(frozen=True, slots=True)
class LoadStep:
    """One part, as it is shown.

    Attributes:
        names: The models that belong to it.
        is_done: Whether it is loaded.
        seconds: Whole seconds since it began, or that it took; None: it has not begun.
        share: How much of it is loaded, from 0 to 1; None: not known.
        done_bytes: How many bytes of files are fetched or checked.
        total_bytes: How many there are; 0: not known.
    """

    part: LoadPart
    names: tuple[str, ...] = ()
    is_done: bool = False
    seconds: int | None = None
    share: float | None = None
    done_bytes: int = 0
    total_bytes: int = 0


class LoadProgress:
    """All parts of one start.

    Args:
        names: The parts in their usual order, with their models.
        before_s: How many seconds each part took before, as far as that is known.

    Attributes:
        is_stopped: Whether nobody waits any more, so that a fetch is to end; it is set by whoever
            waits, and read by the thread that fetches.
    """

    def __init__(
        self, names: Mapping[LoadPart, Iterable[str]], before_s: Mapping[str, float]
    ) -> None:
        self._names = {part: tuple(models) for part, models in names.items()}
        self._before_s = before_s
        self._began_s: dict[LoadPart, float] = {}
        self._took_s: dict[LoadPart, float] = {}
        self._current: LoadPart | None = None
        self._bytes = 0, 0
        self._file = ""
        self.is_stopped = False

    @property
    def took_s(self) -> dict[str, float]:
        """How long each part took that is loaded, in seconds, by its name."""
        return {part.value: round(took, 2) for part, took in self._took_s.items()}

    def begins(self, part: LoadPart, now_s: float) -> None:
        """A part begins; the one before it is loaded."""
        if part is self._current:
            return
        self.ends(now_s)
        self._names.setdefault(part, ())
        self._began_s[part] = now_s - self._took_s.pop(part, 0.0)
        self._current = part

    def reads(self, file: str, done: int, total: int) -> None:
        """Note how many bytes of the files are fetched or checked; any thread may call it."""
        self._file, self._bytes = file, (done, total)

    def ends(self, now_s: float) -> None:
        """The current part is loaded."""
        if self._current is not None:
            self._took_s[self._current] = now_s - self._began_s[self._current]
            self._current = None

    def steps(self, now_s: float) -> tuple[LoadStep, ...]:
        """All parts, in their order."""
        return tuple(self._step(part, now_s) for part in self._names)

    def _step(self, part: LoadPart, now_s: float) -> LoadStep:
        names = self._names[part]
        if part is not self._current:
            took_s = self._took_s.get(part)
            is_done = took_s is not None
            seconds = None if took_s is None else round(took_s)
            return LoadStep(part, names, is_done, seconds, 1.0 if is_done else None)
        so_far_s = max(0.0, now_s - self._began_s[part])
        if part is LoadPart.FILES and self._file:
            done, total = self._bytes
            share = done / total if total else None
            return LoadStep(part, (self._file,), False, int(so_far_s), share, done, total)
        before_s = self._before_s.get(part.value)
        share = min(MAX_SHARE, so_far_s / before_s) if before_s else None
        return LoadStep(part, names, False, int(so_far_s), share)
