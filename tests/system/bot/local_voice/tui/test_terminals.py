"""The app in real terminals: tmux, which tells no releases, and kitty, which does."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.waiting import HANGS_S, until_true

APP = f"{sys.executable} -m tests.fakes.talk_controller"


def needs(*programs: str):
    lacking = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(lacking), reason=f"apt-get install {' '.join(lacking).lower()}")


class Tmux:
    """A terminal of its own server: nobody else's sessions are touched."""

    def __init__(self, folder: Path) -> None:
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        self.log = folder / "calls"

    def run(self, *words: str) -> str:
        done = subprocess.run(
            [*self._tmux, *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=HANGS_S,
        )
        return done.stdout

    def end(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)

    def press(self, *keys: str) -> None:
        self.run("send-keys", "-t", "0", *keys)

    def screen(self) -> str:
        return self.run("capture-pane", "-p", "-t", "0")

    def sees(self, words: str) -> None:
        until_true(lambda: words in self.screen())

    def calls(self) -> list[str]:
        """What the app asked the controller for, and then what its key made of it."""
        return calls_in(self.log)


def calls_in(log: Path) -> list[str]:
    return log.read_text().split() if log.exists() else []


@pytest.fixture
def tmux(tmp_path) -> Iterator[Tmux]:
    tmux = Tmux(tmp_path)
    # Some shells and test runners export a size; the terminal knows better once it is resized.
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "LINES": "24"}
    words = ["new-session", "-d", "-x", "80", "-y", "24", f"{APP} {tmux.log}"]
    subprocess.run([*tmux._tmux, *words], cwd=ROOT, env=environment, check=True, timeout=HANGS_S)
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
    time.sleep(0.2)  # what follows sooner than 120 ms is a repeat; later is as good
    tmux.press("Space")
    tmux.sees("READY")
    assert "ALSA" not in tmux.screen(), "C libraries write onto the screen"


@needs("tmux")
def test_held_in_a_terminal_that_only_repeats(tmux):
    tmux.press("Space")
    tmux.sees("RECORDING")
    time.sleep(0.2)  # before it repeats, a terminal waits for a quarter of a second or more
    tmux.run("send-keys", "-t", "0", "-N", "25", "Space")
    until_true(lambda: tmux.calls().count("down") == 26)
    until_true(lambda: tmux.calls()[-1] == "END")  # it ceased
    acts = [call for call in tmux.calls() if call.isupper()]
    assert acts == ["START", "END", "RESUME", "END"], "the first repeat looks like another press"
    tmux.sees("READY")


@needs("tmux")
def test_typing_resizing_and_leaving_in_tmux(tmux):
    tmux.press("h", "e", "l", "l", "o", "Space", "y", "o", "u", "Enter")
    tmux.sees("You said: hello you")
    tmux.run("resize-window", "-t", "0", "-x", "60", "-y", "18")
    tmux.sees("READY")
    tmux.press("Escape")
    until_true(lambda: "stop" in tmux.calls())  # else it would begin the key that follows
    tmux.press("C-q")
    until_true(
        lambda: subprocess.run([*tmux._tmux, "ls"], capture_output=True, check=False).returncode
    )


COPYING = {
    "by its own command, as tmux is set by default": ("external", os.environ["PATH"]),
    "by the terminal's sequence, where its command is not there": ("on", "/nowhere"),
}


@needs("tmux")
@pytest.mark.parametrize("how", COPYING)
def test_copying_reaches_tmux(tmp_path, how):
    clipboard, path = COPYING[how]
    tmux = Tmux(tmp_path)
    try:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        words = ["new-session", "-d", "-x", "80", "-y", "24", "sh"]
        subprocess.run(
            [*tmux._tmux, *words], cwd=ROOT, env=environment, check=True, timeout=HANGS_S
        )
        tmux.run("set-option", "-s", "set-clipboard", clipboard)
        command = f"PATH={path} {APP} {tmux.log}"
        tmux.run("respawn-pane", "-k", "-t", "0", command)
        tmux.sees("READY")
        tmux.press("C-y")
        tmux.sees("Copied.")
        until_true(lambda: tmux.run("list-buffers") != "")
        assert tmux.run("show-buffer") == "The moon is"
    finally:
        tmux.end()


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
        subprocess.run(
            ["xdotool", *words], env=os.environ | surroundings, check=True, timeout=HANGS_S
        )

    with running(*kitty, **surroundings):
        until_true(lambda: "view" in calls_in(log))
        press("search", "--sync", "--onlyvisible", "--class", "kitty", "windowfocus", "--sync")
        press("keydown", "space")
        until_true(lambda: "down" in calls_in(log))
        time.sleep(1.5)  # X repeats a key that is held, and only in its own time
        assert "up" not in calls_in(log)
        press("keyup", "space")
        until_true(lambda: "up" in calls_in(log))
        assert calls_in(log).count("down") == 1, "its repeats are none of its presses"
        assert "release" in calls_in(log)
