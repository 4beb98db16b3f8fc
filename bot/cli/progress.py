"""Shows the progress of the model store: bars in a terminal, lines in a log."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich import progress as rich
from rich.progress import Progress as RichProgress
from rich.progress import TaskID

from bot import terminal
from bot.models.progress import Phase, Progress, Sink
from bot.models.store import megabytes

_STEP_PERCENT = 10
_WAITING = "Another skydeck is fetching models into this folder; waiting for it."


@contextmanager
def shown_progress(stream: TextIO | None = None) -> Iterator[Sink]:
    """Yield a sink that shows the store's events; the bars disappear afterwards."""
    is_screen = terminal.is_screen() if stream is None else stream.isatty()
    stream = stream or sys.stderr
    if not is_screen:
        yield Lines(stream)
        return

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(bar_width=24),
        rich.DownloadColumn(),
        rich.TransferSpeedColumn(),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=terminal.console(to=stream), transient=True) as bars:
        yield Bars(bars)


class Bars:
    """Shows one bar for each phase, over all models."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._tasks: dict[Phase, TaskID] = {}

    def __call__(self, event: Progress, /) -> None:
        """Move a bar."""
        if not event.model:
            self._bars.console.print(event.note or _WAITING, markup=False, highlight=False)
            return
        text = f"{event.phase.capitalize():<9} {event.model:<18}"
        if event.phase not in self._tasks:
            self._tasks[event.phase] = self._bars.add_task(text, total=event.total)
        self._bars.update(
            self._tasks[event.phase], description=text, completed=event.done, total=event.total
        )


class Lines:
    """Writes a line for each tenth of the download, and one for each model in the other phases."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._step = 0
        self._said: set[tuple[Phase, str]] = set()

    def __call__(self, event: Progress, /) -> None:
        """Write a line if the event says something new."""
        if not event.model:
            self._write(event.note or _WAITING)
        elif event.phase is Phase.FETCHING:
            self._fetching(event)
        elif (event.phase, event.model) not in self._said:
            self._said.add((event.phase, event.model))
            self._write(f"{event.phase.capitalize()} {event.model}")

    def _fetching(self, event: Progress) -> None:
        percent = 100 * event.done // max(event.total, 1)
        if percent // _STEP_PERCENT > self._step:
            self._step = percent // _STEP_PERCENT
            done, total = megabytes(event.done), megabytes(event.total)
            self._write(f"Fetched {done} of {total} MB ({percent} %), {event.model}")

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()
