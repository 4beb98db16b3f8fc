"""Confines itself, then runs an example, statement by statement, and reports.

    python -I -S -B examine.py FOLDER EXAMPLE LIMITS

LIMITS is a JSON object: `cpu_seconds`, `memory_bytes`, `file_bytes` and `threads` of `confine`; and
`scratch`, either null or the folder, bytes and files of a file system in memory to mount.

A statement that asserts is a check. A failed check does not end the run, so that the report can say
how many hold, and what a failed one returned instead. The report is the last line of standard
error: `REPORT` and a JSON object. Malicious code can forge it, and deceives only its own author:
the sandbox holds whatever the report says.
"""

import ast
import builtins
import errno
import importlib
import json
import linecache
import os
import platform
import reprlib
import signal
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

REPORT = "\x1ereport "
_MAX_FAILURES = 5
_MAX_WORDS_CHARS = 300
_OUT_OF_REACH = {
    errno.EPERM: "there is no network here, and no other process can be started",
    errno.EROFS: "files can be written in the current folder only",
    errno.EFBIG: "it writes too much",
    errno.ENOSPC: "it writes too much",
}
_HINTS = {
    errno.EPERM: "no_network",
    errno.EROFS: "folder_only",
    errno.EFBIG: "writes_much",
    errno.ENOSPC: "writes_much",
}


@dataclass
class Report:
    """The result of an example; `ExampleRun` explains its fields."""

    checks: int = 0
    held: int = 0
    ended: bool = False
    failed: list[int] = field(default_factory=list)
    got: dict[int, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[dict[str, str]] = field(default_factory=list)

    def note(self, problem: str, notes: "list[dict[str, str]]") -> None:
        """Add a problem, for the model and as notes for people, if there is room for it."""
        if len(self.problems) < _MAX_FAILURES:
            self.problems.append(problem[:_MAX_WORDS_CHARS])
            self.notes += (
                {name: value[:_MAX_WORDS_CHARS] for name, value in one.items()} for one in notes
            )


class OutOfTime(BaseException):
    """The code reached its limit of CPU time. Its own `except Exception` cannot catch this."""


def _out_of_time(_number: int, _frame: object) -> None:
    raise OutOfTime


def examine(tree: ast.Module, path: str) -> Report:
    """Run an example."""
    report = Report(checks=sum(map(is_check, tree.body)))
    space: dict[str, Any] = {"__name__": "__main__", "__file__": path}
    for node in tree.body:
        try:
            exec(compile(ast.Module([node], []), path, "exec"), space)  # noqa: S102
            report.held += is_check(node)
        except MemoryError:
            space.clear()  # to make room for the report
            report.note("It needs more memory than the limit.", [{"kind": "memory"}])
            return report
        except OutOfTime as e:
            lines = _lines(e.__traceback__, str(Path(path).parent))
            last = lines[-1] if lines else None
            report.note(
                f"It takes too much processor time{_at(last)}.", [_located({"kind": "slow"}, last)]
            )
            return report
        except BaseException as e:  # noqa: BLE001  (the report names it)
            if isinstance(e, SystemExit) and not e.code:
                break
            if not is_check(node):
                report.note(*_what_was_raised(e, node, path))
                return report
            report.failed.append(node.lineno)
            report.note(*_why_not(e, node, space, path))
            if isinstance(e, AssertionError) and (value := _literal(node, space)):
                report.got[node.lineno] = value
    report.ended = True
    return report


def is_check(node: ast.stmt) -> bool:
    """Return whether a statement asserts something when it runs: itself, or by calling a test."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return False
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return ast.unparse(node.value.func).startswith("test")
    return any(isinstance(inner, ast.Assert) for inner in ast.walk(node))


def _why_not(
    error: BaseException, node: ast.stmt, space: dict[str, Any], path: str
) -> "tuple[str, list[dict[str, str]]]":
    if not isinstance(error, AssertionError):
        return _what_was_raised(error, node, path)
    if not (isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare)):
        return f"`{_source(node)}` does not hold.", [{"kind": "fails", "check": _source(node)}]
    sides = [node.test.left, *node.test.comparators]
    came_out = [
        (ast.unparse(side), _value(side, space))
        for side in sides
        if any(isinstance(inner, ast.Call | ast.Name) for inner in ast.walk(side))
    ]
    words = "; ".join(f"{side} is {value}" for side, value in came_out)
    got = "; ".join(f"{side} → {value}" for side, value in came_out)
    told = {"kind": "fails_with", "got": got} if got else {"kind": "fails"}
    problem = f"`{_source(node)}` does not hold{f': {words}' if words else ''}."
    return problem, [told | {"check": _source(node)}]


def _literal(node: ast.stmt, space: dict[str, Any]) -> str:
    """Evaluate the left side of `assert left == literal` again; empty for anything else."""
    match node:
        case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right])):
            try:
                ast.literal_eval(right)
                value = repr(eval(compile(ast.Expression(left), "?", "eval"), space))  # noqa: S307
                ast.literal_eval(value)
            except BaseException:  # noqa: BLE001  (then there is no value to report)
                return ""
            return value if len(value) <= _MAX_WORDS_CHARS else ""
    return ""


def _source(node: ast.stmt) -> str:
    if isinstance(node, ast.Assert):
        return f"assert {ast.unparse(node.test)}"
    return ast.unparse(node).splitlines()[0]


def _value(expression: ast.expr, space: dict[str, Any]) -> str:
    """Evaluate an expression again, and show its value."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = 120
    short.maxlist = short.maxdict = short.maxtuple = short.maxset = 12
    try:
        return short.repr(eval(compile(ast.Expression(expression), "?", "eval"), space))  # noqa: S307
    except BaseException as e:  # noqa: BLE001
        return type(e).__name__


def _what_was_raised(
    error: BaseException, node: ast.stmt, path: str
) -> "tuple[str, list[dict[str, str]]]":
    plain = what = f"{type(error).__name__}: {error}".strip(": ")
    hints = []
    if isinstance(error, EOFError):
        what += " (nobody answers input() here)"
        hints = [{"kind": "no_input"}]
    if isinstance(error, OSError) and error.errno in _OUT_OF_REACH:
        what += f" ({_OUT_OF_REACH[error.errno]})"
        hints = [{"kind": _HINTS[error.errno]}]
    lines = _lines(error.__traceback__, str(Path(path).parent))
    first, last = (lines[0], lines[-1]) if lines else (None, None)
    source = first[2] if first and first[2] else _source(node)
    inner = last if last != first else None
    told = _located({"kind": "raises", "source": source, "error": plain}, inner)
    return f"`{source}` raises {what}{_at(inner)}.", [told, *hints]


def _located(told: dict[str, str], line: tuple[str, int, str] | None) -> dict[str, str]:
    """Add a line of the code to a note."""
    if line is None:
        return told
    return told | {"kind": f"{told['kind']}_at", "file": line[0], "line": str(line[1])}


def _at(line: tuple[str, int, str] | None) -> str:
    return f", in {line[0]} line {line[1]}: `{line[2]}`" if line else ""


def _lines(trace: TracebackType | None, folder: str) -> list[tuple[str, int, str]]:
    """Return file, line and source of each frame in the code, from the example inwards."""
    found = []
    while trace is not None:
        file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        if file.startswith(f"{folder}/"):
            found.append((Path(file).name, line, linecache.getline(file, line).strip()))
        trace = trace.tb_next
    return found


def main() -> None:
    """Run the example of the command line; see the module."""
    sys.path.insert(0, str(Path(__file__).parent))  # an isolated interpreter omits it
    confine, calls = map(importlib.import_module, ("confine", "calls"))

    folder, name, words = sys.argv[1:4]
    path, limits = f"{folder}/{name}", json.loads(words)
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    for ours in ("confine", "calls"):
        del sys.modules[ours]  # the code may have modules of these names
    sys.path[0] = folder
    sys.argv = [name]
    vars(builtins).update(exit=sys.exit, quit=sys.exit)  # there is no site module to add them
    if sys.platform != "win32":
        signal.signal(signal.SIGXCPU, _out_of_time)
    if scratch := limits.pop("scratch"):
        where, size_bytes, inodes = scratch
        confine.mount_scratch(where, size_bytes=size_bytes, inodes=inodes)
        os.chdir(where)
    confine.confine(program=calls.seccomp_filter(platform.machine()), **limits)
    report = examine(tree, path)
    os.write(2, f"\n{REPORT}{json.dumps(asdict(report))}\n".encode())
    os._exit(0)  # without waiting for threads that the code left running


if __name__ == "__main__":
    main()
