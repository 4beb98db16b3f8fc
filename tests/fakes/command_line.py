"""The `skydeck` command within this process: quick, where a process is not the point.

What is the process's own (arguments, environment, folder, standard streams) is what the caller
says, and is put back. A test on an event loop runs it in a thread: `await
asyncio.to_thread(skydeck, …)`.
"""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bot.cli.main import run
from bot.settings import Settings


def skydeck(
    *args: str,
    stdin: bytes = b"",
    cwd: Path | None = None,
    encoding: str = "utf-8",
    **environment: str,
) -> "subprocess.CompletedProcess[str]":
    """Run the command; what it wrote, and its exit code."""
    out, err = io.BytesIO(), io.BytesIO()
    code = 0
    with _as_if(args, stdin, out, err, encoding), _surroundings(cwd, environment):
        try:
            run()
        except SystemExit as e:
            code = e.code if isinstance(e.code, int) else int(e.code is not None)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    return subprocess.CompletedProcess(
        ["skydeck", *args], code, out.getvalue().decode(encoding), err.getvalue().decode(encoding)
    )


@contextlib.contextmanager
def _as_if(
    args: tuple[str, ...], stdin: bytes, out: io.BytesIO, err: io.BytesIO, encoding: str
) -> Iterator[None]:
    before = sys.argv, sys.stdin, sys.stdout, sys.stderr
    sys.argv = ["skydeck", *args]
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(out, encoding=encoding, write_through=True)
    sys.stderr = io.TextIOWrapper(err, encoding=encoding, write_through=True)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            stream.detach()
        sys.argv, sys.stdin, sys.stdout, sys.stderr = before


@contextlib.contextmanager
def _surroundings(cwd: Path | None, environment: dict[str, str]) -> Iterator[None]:
    folder, before = Path.cwd(), dict(os.environ)
    for name in Settings.model_fields:
        if name not in {"skydeck_weights_dir", "skydeck_keep_loaded_s"}:
            os.environ.pop(name.upper(), None)
    os.environ.update(environment)
    try:
        os.chdir(cwd or folder)
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)
