"""The app in real terminals: tmux, which tells no releases, and kitty, which does."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.paths import ROOT

APP = f"{sys.executable} -m tests.fakes.talk_desk"


def needs(*programs: str):
    lacking = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(lacking), reason=f"apt-get install {' '.join(lacking).lower()}")


def until(holds: Callable[[], object], within: float = 20.0) -> None:
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end, holds
        time.sleep(0.1)


class Tmux:
    """A terminal of its own server: nobody else's sessions are touched."""

    def __init__(self, socket: Path) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [*self._tmux, *words], cwd=ROOT, capture_output=True, text=True, check=True, timeout=20
        )
        return done.stdout

    def end(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)

    def press(self, *keys: str) -> None:
        self.run("send-keys", "-t", "0", *keys)

    def screen(self) -> str:
        return self.run("capture-pane", "-p", "-t", "0")

    def sees(self, words: str, within: float = 20.0) -> None:
        until(lambda: words in self.screen(), within)


@pytest.fixture
def tmux(tmp_path) -> Iterator[Tmux]:
    tmux = Tmux(tmp_path / "tmux")
    # Some shells and test runners export a size; the terminal knows better once it is resized.
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "LINES": "24"}
    words = ["new-session", "-d", "-x", "80", "-y", "24", APP]
    subprocess.run([*tmux._tmux, *words], cwd=ROOT, env=environment, check=True, timeout=20)
    try:
        tmux.sees("READY")
        yield tmux
    finally:
        tmux.end()


@needs("tmux")
def test_tapped_in_tmux(tmux):
    assert "You ⇄ Alfred on this machine" in tmux.screen()
    assert "Space: talk" in tmux.screen()
    tmux.press("Space")
    tmux.sees("RECORDING")
    time.sleep(0.5)
    tmux.press("Space")
    tmux.sees("READY")
    assert "ALSA" not in tmux.screen(), "C libraries write onto the screen"


@needs("tmux")
def test_held_in_a_terminal_that_only_repeats(tmux):
    tmux.press("Space")
    tmux.sees("RECORDING")
    time.sleep(0.4)
    for _ in range(25):
        tmux.run("send-keys", "-t", "0", "Space")
        time.sleep(0.02)
    assert "RECORDING" in tmux.screen()
    tmux.sees("READY")  # it ceased


@needs("tmux")
def test_typing_resizing_and_leaving_in_tmux(tmux):
    tmux.press("h", "e", "l", "l", "o", "Space", "y", "o", "u", "Enter")
    tmux.sees("You said: hello you")
    tmux.run("resize-window", "-t", "0", "-x", "60", "-y", "18")
    tmux.sees("READY")
    tmux.press("Escape")
    time.sleep(0.5)
    tmux.press("C-q")
    until(lambda: subprocess.run([*tmux._tmux, "ls"], capture_output=True, check=False).returncode)


@contextlib.contextmanager
def running(*words: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def display() -> Iterator[str]:
    """An X server on a free number, which it tells itself."""
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    command = [
        "Xvfb",
        "-displayfd",
        str(writing),
        "-screen",
        "0",
        "1000x700x24",
        "-nolisten",
        "tcp",
    ]
    process = subprocess.Popen(
        command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            yield f":{told.readline().strip()}"
    finally:
        process.terminate()
        process.wait(5)


@needs("kitty", "Xvfb", "xdotool")
def test_held_in_kitty(display, tmp_path):
    log = tmp_path / "calls"
    kitty = ["kitty", "--config", "NONE", "-o", "linux_display_server=x11", *APP.split(), str(log)]
    surroundings = {
        "DISPLAY": display,
        "PYTHONPATH": str(ROOT),
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "HOME": str(tmp_path),
    }

    def press(*words: str) -> None:
        subprocess.run(["xdotool", *words], env=os.environ | surroundings, check=True, timeout=20)

    def calls() -> str:
        return log.read_text() if log.exists() else ""

    with running(*kitty, **surroundings):
        until(lambda: "view" in calls(), within=60)
        time.sleep(1)
        press("keydown", "space")
        time.sleep(1.5)
        assert "down" in calls()
        assert "up" not in calls()
        press("keyup", "space")
        until(lambda: "up" in calls())
        assert calls().split().count("down") == 1, "its repeats are none of its presses"
        assert "release" in calls()
