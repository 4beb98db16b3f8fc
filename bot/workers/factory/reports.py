"""Reads the result of a run from its output and exit code. Pure but for the output file.

The code may forge all of it. Whatever the bytes, reading them never raises an exception.
"""

import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.build_notes import english, note
from bot.contract.factory import Note
from bot.workers.factory.drafts import parse_literal
from bot.workers.factory.sandbox_guest.examine import REPORT
from bot.workers.factory.sandbox_limits import FILE_BYTES
from bot.workers.factory.verdict import ExampleRun

_REPORT_BYTES = 64 * 1024
"""More than five problems and their notes take, however JSON has to escape them."""
_MAX_COUNT = 10_000
"""The limit of checks, and of an example's lines."""
_MAX_NOTES, _MAX_KIND_CHARS, _MAX_VALUE_CHARS = 10, 20, 300
_VALUES = {"check", "error", "file", "got", "line", "source"}
"""What `examine.py` puts into a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessEnd:
    """How the process ended.

    Attributes:
        code: Its exit code, or minus the signal that killed it.
        is_late: Whether it reached the time limit.
        excess: The limit that it exceeded and was killed for.
    """

    code: int = 0
    is_late: bool = False
    excess: Note | None = None


class _Report(BaseModel):
    """The report of `examine`."""

    model_config = ConfigDict(strict=True)

    checks: int = Field(ge=0, le=_MAX_COUNT)
    held: int = Field(ge=0, le=_MAX_COUNT)
    ended: bool
    failed: list[int] = Field(max_length=_MAX_COUNT)
    got: dict[str, str] = Field(max_length=_MAX_COUNT)
    problems: list[str] = Field(max_length=_MAX_COUNT)
    notes: list[dict[str, str]] = Field(default_factory=list, max_length=_MAX_NOTES)


def read_run(out: IO[bytes], ended: ProcessEnd, *, wall_s: int, cpu_s: int) -> ExampleRun:
    """Read the result of a run.

    Args:
        out: All that it printed; the report is the last line.
        ended: How it ended.
        wall_s: Its time limit.
        cpu_s: Its limit of CPU time.
    """
    size = out.seek(0, os.SEEK_END)
    out.seek(max(0, size - _REPORT_BYTES))
    report = find_report(out.read())
    if report is not None:
        return report
    why = ended.excess or _explain_end(ended, size, wall_s=wall_s, cpu_s=cpu_s)
    return ExampleRun(problem=english(why), notes=(why,))


def _explain_end(ended: ProcessEnd, size: int, *, wall_s: int, cpu_s: int) -> Note:
    if ended.is_late:
        return note("late", seconds=wall_s)
    if size >= FILE_BYTES:
        return note("endless_output")
    number = -ended.code if ended.code < 0 else ended.code - 128
    if number == getattr(signal, "SIGKILL", None):  # Windows has none
        return note("processor", seconds=cpu_s)
    if number == signal.SIGSEGV:
        return note("crashed")
    return note("broke_off")


def find_report(tail: bytes) -> ExampleRun | None:
    """Find the report in the last bytes of the output. Returns None if none is valid."""
    _, mark, rest = tail.decode("utf-8", "replace").rpartition(REPORT)
    if not mark:
        return None
    try:
        # the standard library's parser, since pydantic's accepts NaN as a number
        report = _Report.model_validate(json.loads(rest))
    except (ValidationError, ValueError, RecursionError):
        return None
    return ExampleRun(
        ended=report.ended,
        checks=report.checks,
        held=min(report.held, report.checks),
        failed=tuple(line for line in report.failed if 0 < line <= _MAX_COUNT),
        got=_literals(report.got),
        problem=_printable(" ".join(report.problems)),
        notes=tuple(map(_note, report.notes)),
    )


def _note(told: Mapping[str, str]) -> Note:
    values = {name: _printable(told[name][:_MAX_VALUE_CHARS]) for name in _VALUES & told.keys()}
    return note(_printable(told.get("kind", "")[:_MAX_KIND_CHARS]), **values)


def _literals(got: Mapping[str, str]) -> dict[int, str]:
    return {
        int(line): value
        for line, value in got.items()
        if line.isascii() and line.isdecimal() and len(line) <= len(str(_MAX_COUNT))
        if parse_literal(value) is not None
    }


def _printable(words: str) -> str:
    return "".join(c if c.isprintable() else " " for c in words)
