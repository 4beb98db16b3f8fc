"""What came of a run, read from what it left behind: pure but for the file of its output.

All of it may be forged by the code that was run. Whatever its bytes, they give a verdict, and never
an exception.
"""

import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.workers.factory.drafts import parse_literal
from bot.workers.factory.isolation import FILE_BYTES
from bot.workers.factory.sandbox_guest.examine import REPORT
from bot.workers.factory.verdict import ExampleRun

_REPORT_BYTES = 16 * 1024
_MAX_COUNT = 10_000
"""Of checks, and of the lines of an example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessEnd:
    """How the process ended.

    Attributes:
        code: Its exit code, or minus the signal that killed it.
        is_late: Whether its time was up.
        excess: What it took too much of, in words, and was killed for.
    """

    code: int = 0
    is_late: bool = False
    excess: str = ""


class _Report(BaseModel):
    """As `examine` writes it."""

    model_config = ConfigDict(strict=True)

    checks: int = Field(ge=0, le=_MAX_COUNT)
    held: int = Field(ge=0, le=_MAX_COUNT)
    ended: bool
    failed: list[int] = Field(max_length=_MAX_COUNT)
    got: dict[str, str] = Field(max_length=_MAX_COUNT)
    problems: list[str] = Field(max_length=_MAX_COUNT)


def read_run(out: IO[bytes], ended: ProcessEnd, *, wall_s: int, cpu_s: int) -> ExampleRun:
    """What came of it.

    Args:
        out: All that it has printed; the report is its last line.
        ended: How it ended.
        wall_s: How long it might take, in seconds.
        cpu_s: How much processor time, in seconds.
    """
    size = out.seek(0, os.SEEK_END)
    out.seek(max(0, size - _REPORT_BYTES))
    report = find_report(out.read())
    if report is not None:
        return report
    return ExampleRun(problem=ended.excess or _explain_end(ended, size, wall_s=wall_s, cpu_s=cpu_s))


def _explain_end(ended: ProcessEnd, size: int, *, wall_s: int, cpu_s: int) -> str:
    if ended.is_late:
        return f"It did not end within {wall_s} seconds."
    if size >= FILE_BYTES:
        return "It prints without end."
    number = -ended.code if ended.code < 0 else ended.code - 128
    if number == signal.SIGKILL:
        return f"It takes more than {cpu_s} seconds of processor time."
    if number == signal.SIGSEGV:
        return "It crashed the interpreter."
    return "It broke off before the end of its example."


def find_report(tail: bytes) -> ExampleRun | None:
    """The report in the last bytes of the output; None when there is none that can be read."""
    _, mark, rest = tail.decode("utf-8", "replace").rpartition(REPORT)
    if not mark:
        return None
    try:
        # the standard library's reader, and not pydantic's, which takes NaN for a number
        report = _Report.model_validate(json.loads(rest))
    except (ValidationError, ValueError, RecursionError):
        return None
    return ExampleRun(
        ended=report.ended,
        checks=report.checks,
        held=min(report.held, report.checks),
        failed=tuple(line for line in report.failed if _is_line(line)),
        got=_literals(report.got),
        problem=_printable(" ".join(report.problems)),
    )


def _is_line(number: int) -> bool:
    return 0 < number <= _MAX_COUNT


def _literals(got: Mapping[str, str]) -> dict[int, str]:
    return {
        int(line): value
        for line, value in got.items()
        if line.isascii() and line.isdecimal() and len(line) <= len(str(_MAX_COUNT))
        if parse_literal(value) is not None
    }


def _printable(words: str) -> str:
    return "".join(c if c.isprintable() else " " for c in words)
